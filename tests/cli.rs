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
    for word in ["sweep", "search", "availability", "bill", "import"] {
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
