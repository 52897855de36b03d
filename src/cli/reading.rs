//! From the command line to a loaded scenario, and how its diagnostics are shown.

use std::io::Read;
use std::path::Path;

use super::options::{Changes, Manner};
use super::outcome::{Exit, Stop};
use crate::scenario::{self, Diagnostic, Loaded, Refused, Sources, render};
use crate::study::availability;

/// A longer scenario is not read, as with files.
const STDIN_MAX_BYTES: u64 = 16 << 20;

/// What every command says of a scenario that only worlds as a whole tell: `reliability` of nothing that there is, and
/// services that are too small to lose something.
pub(super) fn in_the_long_run(loaded: &Loaded) -> Vec<Diagnostic> {
    [availability::idle(loaded), availability::undersized(loaded)].concat()
}

/// Reads a scenario (`-` is stdin); its warnings go to stderr.
pub(super) fn load(file: &Path, changes: &Changes, manner: &Manner) -> Result<Loaded, Stop> {
    let mut loaded = quietly(file, changes)?.map_err(|wrong| refused(&wrong.diagnostics, &wrong.sources, manner))?;
    let found = in_the_long_run(&loaded);
    loaded.diagnostics.extend(found);
    warn(&loaded.diagnostics, &loaded.sources, manner);
    Ok(loaded)
}

/// The same without a word: what is wrong is the caller's to tell.
pub(super) fn quietly(file: &Path, changes: &Changes) -> Result<Result<Loaded, Box<Refused>>, Stop> {
    let sets = pairs(changes)?;
    if file.as_os_str() != "-" {
        return Ok(scenario::load(file, &sets));
    }
    let mut text = String::new();
    let read = std::io::stdin().take(STDIN_MAX_BYTES + 1).read_to_string(&mut text);
    read.map_err(|error| Stop::io(format!("cannot read stdin: {error}")))?;
    if text.len() as u64 > STDIN_MAX_BYTES {
        return Err(Stop::wrong(format!("stdin is larger than {} MiB", STDIN_MAX_BYTES >> 20)));
    }
    Ok(scenario::load_text("stdin", &text, &sets))
}

/// Every `--set` as path and value.
pub(super) fn pairs(changes: &Changes) -> Result<Vec<(String, String)>, Stop> {
    changes.set.iter().map(|set| pair(set)).collect()
}

/// `a.b=c` as path and value.
fn pair(set: &str) -> Result<(String, String), Stop> {
    match set.split_once('=') {
        Some((path, value)) if !path.trim().is_empty() => Ok((path.trim().to_owned(), value.trim().to_owned())),
        _ => Err(Stop::wrong(format!("--set takes KEY.PATH=VALUE, not `{set}`"))),
    }
}

/// The variants that were asked for, all where none was.
pub(super) fn chosen<'a>(loaded: &'a Loaded, names: &[String]) -> Result<Vec<&'a scenario::Variant>, Stop> {
    for name in names {
        if !loaded.variants.iter().any(|variant| variant.name == *name) {
            let known: Vec<&str> = loaded.variants.iter().map(|variant| variant.name.as_str()).collect();
            return Err(Stop::wrong(format!("no variant is named `{name}`; there are: {}", known.join(", "))));
        }
    }
    Ok(loaded.variants.iter().filter(|variant| names.is_empty() || names.contains(&variant.name)).collect())
}

/// All that is wrong, as the reason why a command stops.
pub(super) fn refused(diagnostics: &[Diagnostic], sources: &Sources, manner: &Manner) -> Stop {
    let document = manner.json().then(|| format!("{:#}\n", render::json(sources, diagnostics)));
    Stop { exit: Exit::Wrong, message: render::rendered(sources, diagnostics, manner.color_err()), document }
}

/// Warnings on stderr, unless nobody wants them.
pub(super) fn warn(diagnostics: &[Diagnostic], sources: &Sources, manner: &Manner) {
    if !manner.quiet && !diagnostics.is_empty() {
        eprintln!("{}", render::rendered(sources, diagnostics, manner.color_err()).trim_end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_split_at_its_first_equals_sign() {
        let split = pair("objectives.fast.check=p99(web, from=hangzhou) < 1ms").expect("it is a pair");
        assert_eq!(split, ("objectives.fast.check".to_owned(), "p99(web, from=hangzhou) < 1ms".to_owned()));
        assert_eq!(pair("nothing").expect_err("no sign").exit, Exit::Wrong);
        assert_eq!(pair("=1").expect_err("no path").exit, Exit::Wrong);
    }
}
