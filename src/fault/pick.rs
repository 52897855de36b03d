//! Some of what a pattern finds.

use super::Scene;
use super::contract::{glob, plain};
use crate::random::{hash_name, mix};
use crate::units::Ratio;

/// How many.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Pick {
    /// So many, or all where there are fewer.
    Count(u32),
    /// The nearest to this share, at least one.
    Share(Ratio),
}

impl Pick {
    fn of(self, all: usize) -> usize {
        match self {
            Pick::Count(count) => all.min(count as usize),
            Pick::Share(share) => ((all as f64 * share.get() + 0.5) as usize).max(1).min(all),
        }
    }
}

/// Who of several is picked first, by a hash of its name and of the name of who picks.
pub fn rank(by: &str, name: &str) -> u64 {
    mix(hash_name(by), hash_name(&plain(name)))
}

impl<T: Copy + Ord> Scene<T> {
    /// The scene with no more of what `hit` finds than some. Which ones is decided by a hash of their names and of the name
    /// of who picks: the same in all variants, seeds and replications, and with more replicas those picked before stay
    /// before the others that were there.
    #[must_use]
    pub fn picked(&self, hit: &str, pick: Pick, by: &str) -> Scene<T> {
        let pattern = plain(hit);
        let word = pattern.split('/').next().unwrap_or_default();
        let mut found: Vec<&(String, Vec<T>)> =
            self.domains.iter().filter(|(name, _)| glob(&pattern, &plain(name))).collect();
        // Of these kinds a pattern finds wholes and their parts, and some by two names: the wholes are meant.
        if ["gateway", "link", "service", "product"].contains(&word) {
            let all = found.clone();
            let mut index = 0;
            found.retain(|this| {
                index += 1;
                let within = |other: &[T]| this.1.iter().all(|target| other.contains(target));
                let larger = |other: &[T]| other.len() > this.1.len() && within(other);
                !all.iter().any(|other| larger(&other.1))
                    && !all[..index - 1].iter().any(|other| other.1.len() == this.1.len() && within(&other.1))
            });
        }
        found.sort_by_key(|(name, _)| (rank(by, name), name.clone()));
        found.truncate(pick.of(found.len()));
        let mut scene = Scene::default();
        for (name, targets) in found {
            scene.declare(name);
            targets.iter().for_each(|&target| scene.add(name, target));
        }
        scene
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene(replicas: u32) -> Scene<u32> {
        let mut scene = Scene::default();
        for number in 0..replicas {
            scene.add(&format!("replica/web@east#{number}"), number);
            scene.add("service/web", number);
            scene.add("service/web@east", number);
        }
        scene.add("service/db", 900);
        scene
    }

    fn picked(replicas: u32, hit: &str, pick: Pick) -> Vec<u32> {
        scene(replicas).picked(hit, pick, "crash").targets(hit).expect("it finds something").0
    }

    #[test]
    fn as_many_are_picked_as_is_said() {
        let half = Pick::Share(Ratio::new(0.5).expect("a share"));
        assert_eq!(picked(10, "replica/*", Pick::Count(3)).len(), 3);
        assert_eq!(picked(10, "replica/*", half).len(), 5);
        assert_eq!(picked(2, "replica/*", Pick::Count(3)).len(), 2);
        assert_eq!(picked(3, "replica/web@*", Pick::Share(Ratio::new(0.01).expect("a share"))).len(), 1);
    }

    #[test]
    fn more_replicas_leave_the_order_of_the_others_as_it_was() {
        let few = picked(10, "replica/*", Pick::Count(4));
        let many: Vec<u32> =
            picked(20, "replica/*", Pick::Count(20)).into_iter().filter(|number| *number < 10).take(4).collect();
        assert_eq!(few, many);
    }

    #[test]
    fn of_wholes_and_their_parts_the_wholes_are_picked() {
        let all = picked(5, "service/*", Pick::Count(2));
        assert_eq!(all.len(), 6, "{all:?}");
    }
}
