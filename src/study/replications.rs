//! The replications that all variants have: what is compared where a study was stopped.

use crate::record::Run;

/// A study's own runs, by variant.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Replications {
    /// Of each variant the replications that all variants have finished, in order: they faced the same requests.
    pub(super) compared: Vec<Vec<Run>>,
    /// Of each variant those that not all of them have: kept, not compared.
    pub(super) left: Vec<Vec<Run>>,
    /// How many were finished in all.
    pub(super) done: usize,
}

impl Replications {
    /// From what was finished, handed over replication by replication, `variants` of each.
    pub(super) fn of(done: Vec<Option<Run>>, variants: usize) -> Self {
        let mut found = Replications {
            compared: vec![Vec::new(); variants],
            left: vec![Vec::new(); variants],
            done: done.iter().flatten().count(),
        };
        let mut done = done.into_iter();
        while done.len() > 0 {
            let one: Vec<Option<Run>> = done.by_ref().take(variants).collect();
            let into = if one.iter().all(Option::is_some) { &mut found.compared } else { &mut found.left };
            for (runs, run) in into.iter_mut().zip(one) {
                runs.extend(run);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_all_variants_have_is_compared_and_nothing_is_lost() {
        let run = |replication| Some(Run { replication, ..Run::default() });
        let done = vec![run(0), run(0), run(1), None, None, None, run(3), run(3), None, run(4)];
        let found = Replications::of(done, 2);
        let numbers = |runs: &[Run]| runs.iter().map(|run| run.replication).collect::<Vec<_>>();
        assert_eq!(found.compared.iter().map(|runs| numbers(runs)).collect::<Vec<_>>(), [[0, 3], [0, 3]]);
        assert_eq!(found.left.iter().map(|runs| numbers(runs)).collect::<Vec<_>>(), [[1], [4]]);
        assert_eq!(found.done, 6);
    }
}
