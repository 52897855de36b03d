//! The nevers of the house, kept by reading the source: who may import whom, who may touch files, threads, clocks and
//! the environment, who may name which crate, and how long a file may be.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A source file of the library.
struct Source {
    /// Below `src/`, with `/`.
    path: String,
    /// Text without comments and without the tests at its end.
    code: String,
    /// Lines of the whole file.
    lines: usize,
}

impl Source {
    /// The room: the first part of the path.
    fn room(&self) -> &str {
        let first = self.path.split('/').next().expect("a path has a first part");
        first.strip_suffix(".rs").unwrap_or(first)
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below `folder` that pass `keep`, in order of path.
fn files(folder: &Path, keep: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            found.extend(files(&path, keep));
        } else if keep(&path) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The library's source, tests left out: a test may look at anything.
fn sources() -> Vec<Source> {
    let src = root().join("src");
    let rust = files(&src, &|path| path.extension().is_some_and(|ending| ending == "rs"));
    let mut sources = Vec::new();
    for path in rust {
        let text = fs::read_to_string(&path).expect("a source file is UTF-8");
        let below = path.strip_prefix(&src).expect("found below src").to_string_lossy().replace('\\', "/");
        if below.ends_with("tests.rs") || below.contains("/tests/") {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let code: String = code.lines().map(|line| format!("{}\n", line.split("//").next().unwrap_or(""))).collect();
        sources.push(Source { path: below, code, lines: text.lines().count() });
    }
    assert!(sources.len() > 50, "the source was found");
    sources
}

/// Rooms, highest floor first; a room imports only rooms of lower floors.
const FLOORS: [&[&str]; 11] = [
    &["main"],
    &["cli"],
    &["study"],
    &["scenario", "mesh"],
    &["world"],
    &["connect", "policy", "fault", "workload", "meter", "report", "import"],
    &["bill"],
    &["provider"],
    &["engine", "topology", "random", "record"],
    &["units", "table"],
    &[],
];

/// Rooms with a shorter list than their floor allows.
const NARROWER: [(&str, &[&str]); 5] = [
    ("bill", &["provider", "units"]),
    ("engine", &["units"]),
    ("report", &["record", "units"]),
    ("main", &["cli"]),
    ("mesh", &["world", "policy", "fault", "workload", "meter", "engine", "random", "record", "units", "table"]),
];

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

/// May a file of `room` name `other`?
fn may_import(room: &str, other: &str) -> bool {
    if room == other {
        return true;
    }
    if let Some((_, only)) = NARROWER.iter().find(|(name, _)| *name == room) {
        return only.contains(&other);
    }
    match (floor(room), floor(other)) {
        (Some(upper), Some(lower)) => upper < lower,
        // Macros and items at the crate's root.
        _ => true,
    }
}

/// Names that follow `prefix` in `code`: `crate::{a, b::c}` counts as `a` and `b`.
fn named_after(code: &str, prefix: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        let rest = &code[at + prefix.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut name = String::new();
            for letter in group.chars() {
                match letter {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => names.push(std::mem::take(&mut name)),
                    _ if depth == 0 => name.push(letter),
                    _ => {}
                }
            }
            names.push(name);
        } else {
            names.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    let first = |name: String| name.trim().split("::").next().unwrap_or("").trim().to_owned();
    names.into_iter().map(first).filter(|name| !name.is_empty()).collect()
}

#[test]
fn a_room_imports_only_rooms_of_lower_floors() {
    let mut wrong = Vec::new();
    for source in sources() {
        if source.path == "lib.rs" {
            continue;
        }
        for prefix in ["crate::", "eastwest::"] {
            for other in named_after(&source.code, prefix) {
                if floor(&other).is_some() && !may_import(source.room(), &other) {
                    wrong.push(format!("src/{} names {prefix}{other}", source.path));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "imports against the floors:\n{}", wrong.join("\n"));
}

#[test]
fn every_room_has_a_floor() {
    let mut rooms: BTreeMap<String, String> = BTreeMap::new();
    for source in sources() {
        rooms.insert(source.room().to_owned(), source.path.clone());
    }
    rooms.remove("lib");
    for (room, path) in rooms {
        assert!(floor(&room).is_some(), "src/{path}: the room `{room}` stands on no floor");
    }
}

/// Where a word may stand: any file whose path begins with one of these.
const PRIVILEGES: [(&str, &[&str]); 19] = [
    ("num_bigint", &["bill/exact.rs"]),
    ("num_rational", &["bill/exact.rs"]),
    ("num_traits", &["bill/exact.rs"]),
    ("petgraph::", &["topology/graph.rs"]),
    ("plotters", &["report/"]),
    ("regex::", &["policy/route_match.rs"]),
    ("resvg", &["report/"]),
    ("rust_xlsxwriter", &["report/"]),
    ("saphyr_parser", &["scenario/"]),
    ("annotate_snippets", &["scenario/", "cli/"]),
    ("clap", &["cli/", "main.rs"]),
    ("indicatif", &["cli/"]),
    ("std::fs", &["cli/", "study/", "report/", "scenario/"]),
    ("std::env", &["cli/", "main.rs"]),
    ("std::thread", &["cli/", "study/"]),
    ("rayon", &["cli/", "study/"]),
    ("std::time", &["cli/"]),
    ("println!", &["cli/"]),
    ("std::process", &["cli/", "main.rs"]),
];

#[test]
fn only_the_outer_rooms_touch_files_threads_clocks_and_the_terminal() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (word, places) in PRIVILEGES {
            let here = places.iter().any(|place| source.path.starts_with(place));
            if !here && source.code.contains(word) {
                wrong.push(format!("src/{} names {word}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "words out of place:\n{}", wrong.join("\n"));
}

#[test]
fn only_what_is_read_or_written_as_a_document_derives_serde() {
    let allowed =
        ["scenario/file", "scenario/schema", "provider/", "record/", "world/charge.rs", "study/files", "units.rs"];
    for source in sources() {
        if allowed.iter().any(|place| source.path.starts_with(place)) {
            continue;
        }
        for derive in source.code.split("derive(").skip(1) {
            let list = derive.split(')').next().unwrap_or_default();
            for word in ["Serialize", "Deserialize", "JsonSchema"] {
                assert!(!list.contains(word), "src/{} derives {word}", source.path);
            }
        }
    }
}

#[test]
fn no_file_is_too_long_to_be_read_in_one_go() {
    let long: Vec<_> = sources().into_iter().filter(|source| source.lines > 500).collect();
    let list: Vec<_> = long.iter().map(|source| format!("src/{}: {} lines", source.path, source.lines)).collect();
    assert!(list.is_empty(), "past 400 lines a file is split by noun; past 500 it fails:\n{}", list.join("\n"));
}

#[test]
fn every_module_says_what_it_is_on_top() {
    for path in files(&root().join("src"), &|path| path.extension().is_some_and(|ending| ending == "rs")) {
        if path.ends_with("tests.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a source file is UTF-8");
        assert!(text.starts_with("//!"), "{} opens with its own documentation", path.display());
        assert!(!text.starts_with("//! To be filled"), "{} is empty", path.display());
    }
}

#[test]
fn every_scenario_asks_a_question_on_top() {
    let scenarios = root().join("scenarios");
    let yaml = files(&scenarios, &|path| path.extension().is_some_and(|ending| ending == "yaml"));
    let shown: Vec<_> = yaml.iter().filter(|path| !path.starts_with(scenarios.join("bad"))).collect();
    assert!(shown.len() >= 6);
    for path in shown {
        let text = fs::read_to_string(path).expect("a scenario is UTF-8");
        if path.starts_with(scenarios.join("theory")) {
            assert!(text.contains("\nquestion:"), "{} has a question", path.display());
            continue;
        }
        let question = text.lines().find_map(|line| line.strip_prefix("question:")).unwrap_or_default();
        assert!(question.trim_end().ends_with('?'), "{} has a question that ends with `?`", path.display());
        assert!(text.starts_with('#'), "{} opens with a comment", path.display());
    }
}

/// Files of the repository itself: no build output, no history, no results of the reader's own.
fn tracked() -> Vec<PathBuf> {
    let own = ["target", ".git", "results"];
    let mut found = Vec::new();
    for entry in fs::read_dir(root()).expect("the root is readable") {
        let path = entry.expect("a readable entry").path();
        let name = path.file_name().expect("an entry has a name").to_string_lossy().into_owned();
        if own.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() { found.extend(files(&path, &|_| true)) } else { found.push(path) }
    }
    found
}

#[test]
fn no_file_names_a_machine_or_a_registry_of_its_own() {
    // Written in two parts, so that this file is not a finding.
    let machine =
        [["/ho", "me/"], ["/ro", "ot/"], ["/wo", "rk/"], ["/Use", "rs/"], ["local", "host:"], ["169.", "254."]];
    let official = "registry+https://github.com/rust-lang/crates.io-index";
    for path in tracked() {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for parts in machine {
            let word = parts.concat();
            assert!(!text.contains(&word), "{} names {word}", path.display());
        }
        for line in text.lines().filter(|line| line.contains("source = \"registry")) {
            assert!(line.contains(official), "{}: {line}", path.display());
        }
    }
    let cargo = fs::read_to_string(root().join(".cargo/config.toml")).expect("the cargo aliases are there");
    for word in ["registr", "[source", "replace-with", "proxy", "token"] {
        assert!(!cargo.contains(word), ".cargo/config.toml names {word}");
    }
}

#[test]
fn the_reader_of_imports_reads_groups() {
    assert_eq!(
        named_after("use crate::{units::Bytes, table::{Table, Id}, record};", "crate::"),
        ["units", "table", "record"]
    );
    assert_eq!(named_after("use crate::mesh::Mesh; crate::id! {}", "crate::"), ["mesh", "id"]);
    assert!(!may_import("mesh", "scenario") && !may_import("scenario", "mesh"));
    assert!(!may_import("engine", "table") && may_import("cli", "report"));
}
