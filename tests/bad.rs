//! Every scenario in `scenarios/bad/` is refused or warned of, and what is said stands beside it as `NAME.expected`.
//!
//! `EASTWEST_UPDATE=1 cargo test --test bad` writes the expected texts anew; read the difference before committing it.

use eastwest::provider::Books;
use eastwest::scenario::{complaints, load, render};
use eastwest::study::availability::idle;
use std::fs;
use std::path::{Path, PathBuf};

fn bad() -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir("scenarios/bad")
        .expect("the folder is there")
        .map(|entry| entry.expect("a readable entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .collect();
    found.sort();
    found
}

/// All that is said about a scenario, errors and warnings.
fn said(path: &Path) -> String {
    match load(path, &[]) {
        Ok(mut loaded) => {
            let mut found = loaded.diagnostics.split_off(0);
            found.extend(complaints(&loaded.variants, Books::builtin()));
            found.extend(idle(&loaded));
            render::rendered(&loaded.sources, &found, false)
        }
        Err(refused) => render::rendered(&refused.sources, &refused.diagnostics, false),
    }
}

#[test]
fn every_broken_scenario_gets_the_complaints_beside_it() {
    let update = std::env::var_os("EASTWEST_UPDATE").is_some();
    let mut wrong = Vec::new();
    for path in bad() {
        let said = said(&path);
        let beside = path.with_extension("expected");
        if update {
            fs::write(&beside, &said).expect("the expected text is written");
        }
        let expected = fs::read_to_string(&beside).unwrap_or_default();
        if said != expected {
            wrong.push(format!("=== {}\n--- expected\n{expected}\n--- said\n{said}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn there_are_at_least_forty_of_them_and_each_is_complained_of() {
    let bad = bad();
    assert!(bad.len() >= 40, "{}", bad.len());
    for path in bad {
        assert!(!said(&path).is_empty(), "{} is complained of", path.display());
    }
}

#[test]
fn shipped_scenarios_load_without_errors() {
    let mut count = 0;
    for folder in ["scenarios", "scenarios/theory"] {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("a readable entry").path();
            if path.extension().is_some_and(|ending| ending == "yaml") {
                count += 1;
                if let Err(refused) = load(&path, &[]) {
                    panic!("{}", render::rendered(&refused.sources, &refused.diagnostics, false));
                }
            }
        }
    }
    assert!(count >= 6);
}
