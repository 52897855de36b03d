//! One variant: what `eastwest run` does, with its slowest request followed.

use super::design::{Options, Study, StudyError, compare};
use super::progress::Progress;
use crate::scenario::Loaded;

/// Runs one variant, the first where none is named. Inputs are not varied: there is nothing to compare.
pub fn run(
    loaded: &Loaded,
    variant: Option<&str>,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Study, StudyError> {
    let first = loaded.variants.first().expect("a scenario has a variant");
    let name = variant.unwrap_or(&first.name).to_owned();
    compare(loaded, &Options { variants: vec![name], inputs: false, ..options.clone() }, progress)
}
