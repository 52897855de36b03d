//! When a fault comes, and for how long.

use super::super::fields::{Decoder, Fields, Path, below};
use super::super::mesh::positive;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::When;
use crate::scenario::quantity;
use crate::scenario::span::Spanned;
use crate::scenario::tree::Entry;
use crate::units::{Duration, SimTime};

/// How long a public address stays blackholed after an attack, unless told (book of limits, `eip.blackhole`).
const BLACKHOLE: Duration = Duration::from_secs(9_000);

impl Decoder {
    /// `at` and `for`; `attacked`: a public address is hit, whose blackhole has a length of its own.
    pub(super) fn when(
        &mut self,
        map: &Fields<'_>,
        path: &Path,
        name: &str,
        entry: &Entry,
        attacked: bool,
    ) -> Option<When> {
        let at = map.read(self, "at", quantity::duration);
        let lasts = map.said(self, "for").map(|said| self.read(&said.node, "a duration", positive));
        let lasts = match lasts {
            None if attacked => {
                self.fill(below(path, "for"), "2h30m", false, "provider");
                Some(Spanned::unsaid(BLACKHOLE))
            }
            None => {
                let lacks = format!("`faults.{name}` lacks `for`");
                let lacks = Diagnostic::error("EW013", lacks).at(entry.key, "of this");
                self.say(
                    lacks.help("for: For how long, `5m`; only a blackholed `eip/..` has a length of its own, 2h30m."),
                );
                None
            }
            Some(lasts) => lasts,
        };
        Some(When::Once { at: at?.map(|at| SimTime::from_nanos(at.nanos())), lasts: lasts? })
    }
}
