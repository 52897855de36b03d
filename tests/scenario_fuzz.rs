//! No text makes the front end panic or hang: bytes of the shipped scenarios are changed, cut, doubled and swapped.

use eastwest::scenario::{load, load_text, render};
use std::fs;
use std::time::{Duration, Instant};

/// A small generator of our own, so that a failure repeats.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n.max(1)
    }
}

const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ": ",
    ",",
    "\n",
    "\n  ",
    "\t",
    "&a ",
    "*a",
    "!!int ",
    "null",
    "~",
    "\"",
    "'",
    "-",
    "- ",
    "|",
    ">",
    "%",
    "#",
    "99999999999999999999",
    "-1",
    "0",
    "1e999",
    ".nan",
    "5ms",
    "100%",
    "\u{feff}",
    "\u{0}",
    "é",
    "web",
    "->",
    "<<",
    "? ",
    "...",
    "---\n",
];

fn mutated(text: &str, draw: &mut Draw) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    for _ in 0..1 + draw.below(6) {
        let at = draw.below(letters.len());
        match draw.below(5) {
            0 => drop(letters.splice(at..(at + draw.below(30)).min(letters.len()), [])),
            1 => letters.truncate(at),
            2 => {
                let piece = PIECES[draw.below(PIECES.len())];
                drop(letters.splice(at..at, piece.chars()));
            }
            3 => {
                let copy: Vec<char> = letters[at..(at + draw.below(200)).min(letters.len())].to_vec();
                let to = draw.below(letters.len());
                drop(letters.splice(to..to, copy));
            }
            _ => {
                let other = draw.below(letters.len());
                if !letters.is_empty() {
                    letters.swap(at, other);
                }
            }
        }
        if letters.is_empty() {
            break;
        }
    }
    letters.into_iter().collect()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a hang is told by the wall clock, and nothing else depends on it")]
fn changed_scenarios_neither_panic_nor_hang() {
    let (mut good, mut texts) = (Vec::new(), Vec::new());
    for folder in ["scenarios", "scenarios/bad", "scenarios/planned"] {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("a readable entry").path();
            if path.extension().is_some_and(|ending| ending == "yaml") {
                let list = if folder == "scenarios" { &mut good } else { &mut texts };
                list.extend(fs::read_to_string(&path));
            }
        }
    }
    good.sort();
    texts.sort();
    assert!(good.len() > 5 && texts.len() > 40);
    let mut draw = Draw(1);
    let (mut loaded, mut refused) = (0, 0);
    for round in 0..3000 {
        let list = if round % 2 == 0 { &good } else { &texts };
        let text = mutated(&list[round / 2 % list.len()], &mut draw);
        let begin = Instant::now();
        match load_text("x.yaml", &text, &[]) {
            Ok(found) => {
                loaded += 1;
                let _ = render::rendered(&found.sources, &found.diagnostics, false);
                for variant in &found.variants {
                    let _ = eastwest::scenario::resolve::resolved(&found, variant);
                }
            }
            Err(found) => {
                refused += 1;
                assert!(!found.diagnostics.is_empty());
                let _ = render::rendered(&found.sources, &found.diagnostics, round % 4 < 2);
                let _ = render::json(&found.sources, &found.diagnostics);
            }
        }
        assert!(begin.elapsed() < Duration::from_secs(10), "round {round} took {:?}:\n{text}", begin.elapsed());
    }
    assert!(loaded > 50 && refused > 500, "{loaded} loaded, {refused} refused");
}

#[test]
fn any_text_as_an_istio_file_neither_panics_nor_is_ignored() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("istio-fuzz");
    fs::create_dir_all(&folder).expect("a folder");
    let texts: Vec<String> = ["rules", "broken", "differs", "whole"]
        .iter()
        .map(|name| fs::read_to_string(format!("scenarios/bad/istio/{name}.yaml")).expect("it is there"))
        .collect();
    let scenario = fs::read_to_string("scenarios/bad/istio-differs.yaml").expect("it is there");
    fs::write(folder.join("scenario.yaml"), scenario.replace("istio/differs.yaml", "rules.yaml")).expect("a file");
    let mut draw = Draw(7);
    let (mut loaded, mut refused) = (0, 0);
    for round in 0..2000 {
        let text = mutated(&texts[round % texts.len()], &mut draw);
        fs::write(folder.join("rules.yaml"), &text).expect("a file");
        match load(&folder.join("scenario.yaml"), &[]) {
            Ok(found) => {
                loaded += 1;
                let _ = render::rendered(&found.sources, &found.diagnostics, false);
                for variant in &found.variants {
                    let _ = eastwest::scenario::resolve::resolved(&found, variant);
                }
            }
            Err(found) => {
                refused += 1;
                assert!(!found.diagnostics.is_empty());
                let _ = render::rendered(&found.sources, &found.diagnostics, false);
            }
        }
    }
    assert!(loaded > 50 && refused > 500, "{loaded} loaded, {refused} refused");
}

#[test]
fn odd_settings_from_the_command_line_neither_panic_nor_are_ignored() {
    let text = fs::read_to_string("scenarios/first.yaml").expect("it is there");
    for (key, value) in [
        ("", "1"),
        (".", "1"),
        ("a..b", "1"),
        ("run.seed.deep", "1"),
        ("services.web.replicas", "7"),
        ("\"", "1"),
        ("run", "[1"),
        ("topology", "null"),
        ("variants.cen", "5"),
        ("nothing", "1"),
        ("run.seed", "x"),
        ("run.seed", ""),
    ] {
        let refused = load_text("x.yaml", &text, &[(key.to_owned(), value.to_owned())]);
        match (key, value) {
            // Removing what was said is allowed: the default comes back.
            ("run.seed", "") => assert!(refused.is_ok()),
            _ => assert!(refused.is_err(), "{key}={value}"),
        }
    }
    let set = [
        ("workload.shoppers.scale".to_owned(), "2".to_owned()),
        ("variants.cen.run.drain".to_owned(), "9s".to_owned()),
    ];
    let loaded = load_text("x.yaml", &text, &set).expect("it loads");
    assert!(loaded.variants.iter().all(|variant| variant.scenario.workload["shoppers"].scale.value == 2.0));
    let drains = loaded.variants.iter().map(|variant| variant.scenario.run.drain.seconds());
    let [cen, other, ..] = drains.collect::<Vec<_>>()[..] else { panic!("two variants") };
    assert!(cen == 9.0 && other != 9.0, "{cen} {other}");
}
