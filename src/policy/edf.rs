//! Earliest deadline first: weighted turns, for round robin and least request once weights are unequal.
//!
//! A host of weight w is due 1/w after its last turn; the earliest deadline is next, ties go to the longest waiting.
//! A change of weight is seen only when the host is put back, as in Envoy (`edf_scheduler.h`): an old deadline
//! stands until the host's next turn.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Added to weights when a schedule is built, so that one weight is no exact multiple of another: it decides ties.
const EPSILON: f64 = 1e-13;
/// Seeds count picks modulo this (UINT32_MAX / 10).
const SEED_MODULUS: u32 = 429_496_729;

/// A schedule of weighted turns. Building it allocates; picking does not.
#[derive(Clone, Debug)]
pub struct Edf {
    queue: BinaryHeap<Turn>,
    now: f64,
    inserted: u64,
}

#[derive(Clone, Copy, Debug)]
struct Turn {
    deadline: f64,
    order: u64,
    host: u32,
}

impl Ord for Turn {
    /// Reversed: the heap pops the greatest, and the earliest is wanted.
    fn cmp(&self, other: &Self) -> Ordering {
        other.deadline.total_cmp(&self.deadline).then(other.order.cmp(&self.order))
    }
}

impl PartialOrd for Turn {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Turn {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Turn {}

impl Edf {
    /// A schedule of hosts with these weights (all above zero) in which about `seed_picks` picks have been made: each
    /// proxy starts at a place of its own, so that not all of them begin with the first host.
    pub fn new(weights: &[f64], seed_picks: u32) -> Self {
        assert!(!weights.is_empty(), "there is a host to schedule");
        assert!(weights.iter().all(|&weight| weight > 0.0), "a scheduled host has a weight above zero");
        let picks = f64::from(seed_picks % SEED_MODULUS);
        let weights_built = weights.iter().map(|weight| weight + EPSILON);
        let sum: f64 = weights_built.clone().sum();
        let mut edf = Edf { queue: BinaryHeap::with_capacity(weights.len()), now: 0.0, inserted: 0 };
        let mut made = 0.0;
        for (host, weight) in weights_built.enumerate() {
            // By picks/sum of virtual time, a host of this weight has had its whole number of turns.
            let mut turns = (picks * weight / sum).floor();
            if turns > 0.0 && turns / weight >= picks / sum {
                turns -= 1.0;
            }
            made += turns;
            edf.now = edf.now.max(turns / weight);
            edf.insert((turns + 1.0) / weight, host as u32);
        }
        // Rounding down left fewer turns than hosts to make.
        while made < picks {
            edf.pick(|host| weights[host]);
            made += 1.0;
        }
        edf
    }

    /// The host whose turn it is; it is put back with the weight that it has now.
    pub fn pick(&mut self, weight_now: impl Fn(usize) -> f64) -> usize {
        let turn = self.queue.pop().expect("a schedule has at least one host");
        let host = turn.host as usize;
        let weight = weight_now(host);
        assert!(weight > 0.0, "a scheduled host has a weight above zero");
        self.now = turn.deadline;
        self.insert(self.now + 1.0 / weight, turn.host);
        host
    }

    fn insert(&mut self, deadline: f64, host: u32) {
        self.queue.push(Turn { deadline, order: self.inserted, host });
        self.inserted += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_shared_in_proportion_to_weight() {
        let weights = [1.0, 2.0, 5.0];
        let mut edf = Edf::new(&weights, 12_345);
        let mut turns = [0; 3];
        for _ in 0..8_000 {
            turns[edf.pick(|host| weights[host])] += 1;
        }
        for (turns, expected) in turns.into_iter().zip([1_000_i32, 2_000, 5_000]) {
            assert!((turns - expected).abs() <= 1, "{turns} turns, {expected} due");
        }
    }

    #[test]
    fn a_seed_is_picks_already_made() {
        let weights = [1.0, 3.0, 4.0];
        for seed in [1, 7, 8, 20, 1_000] {
            let mut plain = Edf::new(&weights, 0);
            for _ in 0..seed {
                plain.pick(|host| weights[host]);
            }
            let mut seeded = Edf::new(&weights, seed);
            // Ties may fall otherwise, so compare how often each host comes over a whole round.
            let round = |edf: &mut Edf| {
                let mut turns = [0; 3];
                (0..8).for_each(|_| turns[edf.pick(|host| weights[host])] += 1);
                turns
            };
            assert_eq!(round(&mut plain), round(&mut seeded), "seed {seed}");
        }
    }
}
