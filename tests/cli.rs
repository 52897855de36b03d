//! The program as a user meets it: exit codes, what goes to stdout, what goes to stderr.

use assert_cmd::Command;
use serde_json::Value;

/// The built program, without colours or a terminal.
fn eastwest(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("eastwest").expect("the program is built");
    command.args(arguments).env("NO_COLOR", "1").env_remove("CLICOLOR_FORCE");
    command
}

/// Exit code, stdout, stderr.
#[track_caller]
fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = eastwest(arguments).output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    (output.status.code().expect("it ends by itself"), text(output.stdout), text(output.stderr))
}

#[track_caller]
fn json(arguments: &[&str]) -> Value {
    let (code, stdout, stderr) = run(arguments);
    assert_eq!(code, 0, "{stderr}");
    serde_json::from_str(&stdout).expect("one JSON document")
}

#[test]
fn a_wrong_command_line_ends_with_2_and_says_nothing_on_stdout() {
    for arguments in [&["compare"][..], &["frobnicate"], &["catalog", "weather"], &["--format", "xml", "catalog"]] {
        let (code, stdout, stderr) = run(arguments);
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(stderr.starts_with("error:"), "{stderr}");
    }
}

#[test]
fn help_and_version_are_answers() {
    let (code, stdout, _) = run(&["--help"]);
    assert_eq!(code, 0);
    for word in ["compare", "estimate", "explain", "validate", "check", "catalog", "init", "report", "schema"] {
        assert!(stdout.contains(word), "help names {word}");
    }
    assert!(stdout.contains("Exit codes"));
    let (code, stdout, _) = run(&["--version"]);
    assert_eq!((code, stdout), (0, format!("eastwest {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn commands_of_later_versions_are_refused_with_a_sentence() {
    for word in ["search", "import"] {
        let (code, stdout, stderr) = run(&[word, "scenarios/first.yaml"]);
        assert_eq!((code, stdout.as_str()), (2, ""), "{word}");
        assert!(stderr.contains("not in this version"), "{stderr}");
    }
}

#[test]
fn the_catalogue_shows_every_row_with_its_source() {
    let books = json(&["catalog", "--format", "json"]);
    for book in books["books"].as_array().expect("a list") {
        let name = book["name"].as_str().expect("a name");
        let rows = json(&["catalog", name, "--format", "json"]);
        for row in rows["rows"].as_array().expect("a list") {
            assert!(row["source"].as_str().is_some_and(|source| !source.is_empty()), "{name}: {row}");
        }
    }
    let (code, stdout, _) = run(&["catalog", "prices", "cdt.gold", "china", "europe"]);
    assert_eq!(code, 0);
    assert!(stdout.contains("0.8"), "{stdout}");
}

#[test]
fn a_typo_in_a_book_is_answered_with_the_nearest_one() {
    let (_, _, stderr) = run(&["catalog", "price"]);
    assert!(stderr.contains("did you mean `prices`?"), "{stderr}");
}

#[test]
fn init_writes_a_scenario_once_and_never_over_a_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let init = |arguments: &[&str]| eastwest(arguments).current_dir(folder.path()).output().expect("it starts");
    let first = init(&["init"]);
    assert!(first.status.success());
    let written = std::fs::read_to_string(folder.path().join("first.yaml")).expect("it was written");
    assert!(written.contains("question:"));
    assert!(
        written.contains("`eastwest schema > scenario.schema.json`") && !written.contains("../schema"),
        "{written}"
    );
    let second = init(&["init"]);
    assert_eq!(second.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&second.stderr).contains("already there"));
    let printed = init(&["init", "first", "--output", "-"]);
    assert_eq!(String::from_utf8_lossy(&printed.stdout), written);
    assert_eq!(init(&["init", "nosuch"]).status.code(), Some(2));
}

#[test]
fn completions_name_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let (code, stdout, _) = run(&["completions", shell]);
        assert_eq!(code, 0);
        assert!(stdout.contains("compare"), "{shell}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    use std::process::{Command, Stdio};
    let program = assert_cmd::cargo::cargo_bin("eastwest");
    let mut command = Command::new(program);
    command.args(["catalog", "rtt"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

/// The first scenario, made short.
const SHORT: [&str; 8] =
    ["scenarios/first.yaml", "--set", "run.horizon=30s", "--replications", "6", "--seed", "7", "--quiet"];

/// `command` on the short scenario with files below `folder`.
fn short<'a>(command: &'a str, folder: &'a std::path::Path, more: &[&'a str]) -> Vec<&'a str> {
    let out = folder.to_str().expect("a temporary folder has a plain name");
    [&[command], &SHORT[..], &["--out", out], more].concat()
}

/// Name and bytes of every file below `folder`.
fn contents(folder: &std::path::Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("found below").to_string_lossy().into_owned();
                found.push((name, std::fs::read(&path).expect("a readable file")));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn compare_answers_on_stdout_and_writes_the_same_files_on_any_number_of_threads() {
    let [one, eight] = [(); 2].map(|()| tempfile::tempdir().expect("a temporary folder"));
    let (code, stdout, stderr) = run(&short("compare", one.path(), &["--threads", "1"]));
    assert_eq!((code, stderr.as_str()), (0, ""), "quiet means quiet");
    for part in ["cen", "public", "Result", "Bill per month", "Gates", "report.html"] {
        assert!(stdout.contains(part), "{part} is missing:\n{stdout}");
    }
    run(&short("compare", eight.path(), &["--threads", "8"]));
    let (left, right) = (contents(one.path()), contents(eight.path()));
    assert!(left.len() > 20, "tables, records, charts, page");
    assert!(left == right, "the same bytes");
}

#[test]
fn json_is_one_document_and_a_missed_gate_ends_with_1() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let gate = ["--format", "json", "--set", "objectives.fast.check=p99(web) < 1ms"];
    let (code, stdout, _) = run(&short("compare", folder.path(), &gate));
    assert_eq!(code, 1);
    let document: Value = serde_json::from_str(&stdout).expect("one JSON document");
    assert_eq!(document["scenario"], "first");
    let missed = document["gates"].as_array().expect("gates").iter().filter(|gate| gate["outcome"] == "missed");
    assert_eq!(missed.count(), 2, "one for each variant");
}

#[test]
fn thin_evidence_ends_with_3() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    // 18000 requests without a failure say nothing about 99.9999 %.
    let gate = ["--set", "objectives.up.check=availability(web) >= 99.9999%"];
    let (code, _, stderr) = run(&short("compare", folder.path(), &gate));
    assert_eq!(code, 3, "{stderr}");
}

#[test]
fn a_followed_request_adds_up_to_its_latency() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (code, text, stderr) = run(&short("run", folder.path(), &["--variant", "public", "--trace", "slowest"]));
    assert_eq!(code, 0, "{stderr}");
    assert!(text.contains("stock"), "{text}");
    let (_, stdout, _) =
        run(&short("run", folder.path(), &["--variant", "public", "--trace", "slowest", "--format", "json"]));
    let document: Value = serde_json::from_str(&stdout).expect("one JSON document");
    let trace = &document["variants"][0]["traces"][0];
    let spans = trace["spans"].as_array().expect("spans").iter().filter(|span| span["critical"] == true);
    let sum: f64 = spans.map(|span| span["length_ms"].as_f64().expect("a length")).sum();
    let latency = trace["latency_ms"].as_f64().expect("a latency");
    assert!((sum - latency).abs() < 1e-3, "{sum} and {latency}");
}

#[test]
fn validate_tells_all_mistakes_of_a_file_and_ends_with_2() {
    let sets = ["--set", "routes.default.via=bakcbone", "--set", "workload.shoppers.rate=100"];
    let (code, stdout, _) = run(&[&["validate", "scenarios/first.yaml"], &sets[..]].concat());
    assert_eq!(code, 2);
    assert!(stdout.contains("did you mean `backbone`") && stdout.contains("rps"), "{stdout}");
    let (code, stdout, _) = run(&[&["validate", "--format", "json", "scenarios/first.yaml"], &sets[..]].concat());
    assert_eq!(code, 2);
    let document: Value = serde_json::from_str(&stdout).expect("one JSON document");
    assert_eq!((&document["valid"], &document["error_count"]), (&false.into(), &2.into()));
    let (code, stdout, _) = run(&["validate", "scenarios/first.yaml", "scenarios/asia-and-europe.yaml"]);
    assert_eq!((code, stdout.lines().count()), (0, 2), "{stdout}");
}

#[test]
fn a_wrong_scenario_is_a_json_document_too_where_json_was_asked_for() {
    let wrong = ["--set", "routes.default.via=nowhere", "--format", "json"];
    for command in ["estimate", "explain", "compare"] {
        let (code, stdout, stderr) = run(&[&[command, "scenarios/first.yaml"], &wrong[..]].concat());
        assert_eq!(code, 2);
        assert!(stderr.contains("nowhere"), "{stderr}");
        let document: Value = serde_json::from_str(&stdout).expect("one JSON document");
        assert_eq!(document["valid"], false);
    }
}

#[test]
fn calls_are_counted_over_all_variants_that_run() {
    let validate = |more: &[&str]| {
        let sets = ["--concise", "scenarios/first.yaml", "--set", "run.horizon=24h", "--set", "run.replications=3000"];
        run(&[&["validate"], &sets[..], more].concat()).1
    };
    let (both, one) = (validate(&[]), validate(&["--variant", "cen"]));
    let billions = |said: &str| -> f64 {
        let found = said.split("about ").nth(1).and_then(|rest| rest.split(' ').next());
        found.and_then(|figure| figure.parse().ok()).unwrap_or_else(|| panic!("{said}"))
    };
    assert!(both.contains("of 2 variants each") && !one.contains("variants each"), "{both}{one}");
    assert!((billions(&both) / billions(&one) - 2.0).abs() < 0.1, "{both}{one}");
}

#[test]
fn estimate_explain_and_schema_answer_without_a_run() {
    let estimated = json(&["estimate", "scenarios/two-mainland-regions.yaml", "--format", "json"]);
    let sentences = estimated["break_evens"].to_string();
    assert!(sentences.contains("cen is cheaper than public at every volume"), "{sentences}");
    let (_, text, _) = run(&["estimate", "scenarios/two-mainland-regions.yaml"]);
    assert!(text.contains("cheaper than public at every volume"), "{text}");
    let (code, text, _) = run(&["explain", "scenarios/first.yaml", "web -> stock", "--variant", "cen"]);
    assert_eq!(code, 0);
    assert!(text.contains("hangzhou") && text.contains("ms") && text.contains("USD"), "{text}");
    let (code, text, _) = run(&["explain", "scenarios/first.yaml", "--resolved", "--variant", "cen"]);
    assert_eq!(code, 0);
    assert!(text.contains("default of Istio") && text.contains("scenarios/first.yaml:"), "{text}");
    assert_eq!(run(&["explain", "EW015"]).0, 0);
    assert_eq!(run(&["explain", "EW999"]).0, 2);
    assert_eq!(run(&["explain", "scenarios/first.yaml", "nobody"]).0, 2);
    let schema = json(&["schema"]);
    assert!(schema["$defs"]["the-file"]["properties"]["topology"].is_object());
}

#[test]
fn a_result_is_reported_again_without_a_run() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    run(&short("compare", folder.path(), &[]));
    let before = contents(folder.path());
    std::fs::remove_dir_all(folder.path().join("charts")).expect("the charts are there");
    let (code, stdout, _) = run(&["report", folder.path().to_str().expect("a plain name")]);
    assert_eq!(code, 0);
    assert!(stdout.contains("Result"));
    assert!(contents(folder.path()) == before, "charts and page are the same again");
    assert_eq!(run(&["report", "no-such-folder"]).0, 74);
}

#[test]
fn check_leaves_a_junit_file_and_goes_on_past_a_wrong_one() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let more = ["scenarios/planned/drills.yaml"];
    let (code, stdout, stderr) = run(&short("check", folder.path(), &more));
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("not supported yet"), "{stderr}");
    assert!(stdout.contains("1 scenario, 4 gates, 4 met; 1 file wrong"), "{stdout}");
    let junit = std::fs::read_to_string(folder.path().join("junit.xml")).expect("it was written");
    assert_eq!(junit.matches("<testcase ").count(), 5, "four gates and the file that is wrong");
    assert!(folder.path().join("first/report.html").exists() && folder.path().join("summary.md").exists());
}

/// Starts a study of ten thousand short replications and stops it after a second: long enough to begin, on any machine;
/// far too short to end. What it says, both ways, and the folder.
#[cfg(unix)]
fn stopped(arguments: &[&str]) -> (String, String, tempfile::TempDir) {
    use std::process::{Command, Stdio};
    let folder = tempfile::tempdir().expect("a temporary folder");
    let long = ["--set", "run.horizon=1s", "--set", "run.fill=0s", "--replications", "10000", "--quiet", "--out"];
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("eastwest"));
    command.args(arguments).args(long).arg(folder.path()).arg("--threads=2");
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    std::thread::sleep(std::time::Duration::from_secs(1));
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("signals can be sent");
    assert!(sent.success());
    let output = child.wait_with_output().expect("it ends");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("stopping"), "{stderr}");
    (stdout.into_owned(), stderr.into_owned(), folder)
}

#[cfg(unix)]
#[test]
fn an_interrupted_study_ends_with_130_and_keeps_what_was_finished() {
    for (command, runs) in [("compare", "of 20000 runs"), ("run", "of 10000 runs")] {
        let (stdout, _, folder) = stopped(&[command, "scenarios/first.yaml"]);
        assert!(stdout.starts_with("Stopped after "), "{stdout}");
        let manifest = std::fs::read_to_string(folder.path().join("manifest.json")).expect("it was written");
        let manifest: Value = serde_json::from_str(&manifest).expect("one JSON document");
        assert!(manifest["partial"].as_str().is_some_and(|said| said.contains(runs)), "{manifest}");
    }
}

#[cfg(unix)]
#[test]
fn a_run_under_way_is_given_up_where_it_is_asked_twice() {
    use std::process::{Command, Stdio};
    let folder = tempfile::tempdir().expect("a temporary folder");
    // One replication of ten days: nobody waits for it.
    let long = ["run", "scenarios/first.yaml", "--set", "run.horizon=240h", "--replications=1", "--quiet", "--out"];
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("eastwest"));
    let child = command.args(long).arg(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.expect("it starts");
    for signal in ["-TERM", "-INT"] {
        std::thread::sleep(std::time::Duration::from_millis(700));
        let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("signals can be sent");
        assert!(sent.success());
    }
    let output = child.wait_with_output().expect("it ends");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("giving up the runs under way"), "{stderr}");
    assert!(stderr.contains("Stopped before any of"), "{stderr}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("it is there").count(), 0, "nothing is written");
}

#[cfg(unix)]
#[test]
fn an_interrupted_check_says_what_was_not_run() {
    let (stdout, _, folder) = stopped(&["check", "scenarios/first.yaml", "scenarios/yardstick.yaml"]);
    assert!(stdout.contains("first: Stopped after "), "{stdout}");
    assert!(stdout.contains("scenarios/yardstick.yaml: stopped: not run\n"), "{stdout}");
    assert!(stdout.ends_with("; stopped: 1 file not run\n"), "{stdout}");
    let junit = std::fs::read_to_string(folder.path().join("junit.xml")).expect("it was written");
    assert!(junit.contains("errors=\"2\""), "{junit}");
    assert_eq!(junit.matches("<error message=\"stopped: ").count(), 2, "{junit}");
    let summary = std::fs::read_to_string(folder.path().join("summary.md")).expect("it was written");
    assert!(summary.ends_with("- `scenarios/yardstick.yaml`: stopped: not run\n"), "{summary}");
}
