//! Every code that is said is explained.

use super::*;
use std::collections::BTreeSet;
use std::path::Path;

fn in_source(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("the source is there") {
        let path = entry.expect("a readable entry").path();
        if path.ends_with("codes") || path.ends_with("codes.rs") {
            continue;
        }
        if path.is_dir() {
            in_source(&path, found);
        } else {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            for (at, _) in text.match_indices("\"EW") {
                let word: String = text[at + 1..].chars().take_while(char::is_ascii_alphanumeric).collect();
                if word.len() == 5 {
                    found.insert(word);
                }
            }
        }
    }
}

#[test]
fn every_code_that_is_said_is_explained_and_none_is_explained_that_is_not_said() {
    let mut said = BTreeSet::new();
    in_source(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut said);
    let explained: BTreeSet<String> = all().iter().map(|code| code.code.to_owned()).collect();
    assert_eq!(explained.len(), all().len(), "no code twice");
    assert_eq!(said, explained);
}
