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
    queue: Queue,
    now: f64,
    inserted: u64,
}

/// Turns to come. Up to so many are looked through sooner than a heap is kept: the same turns in the same order.
#[derive(Clone, Debug)]
enum Queue {
    Few(Vec<Turn>),
    Many(BinaryHeap<Turn>),
}

const FEW: usize = 8;

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
        let queue = match weights.len() {
            few if few <= FEW => Queue::Few(Vec::with_capacity(few)),
            many => Queue::Many(BinaryHeap::with_capacity(many)),
        };
        let mut edf = Edf { queue, now: 0.0, inserted: 0 };
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
    #[inline]
    pub fn pick(&mut self, weight_now: impl Fn(usize) -> f64) -> usize {
        let order = self.inserted;
        self.inserted += 1;
        let again = |turn: Turn| {
            let weight = weight_now(turn.host as usize);
            assert!(weight > 0.0, "a scheduled host has a weight above zero");
            Turn { deadline: turn.deadline + 1.0 / weight, order, ..turn }
        };
        let turn = match &mut self.queue {
            Queue::Few(turns) => {
                let mut next = 0;
                for at in 1..turns.len() {
                    let (this, best) = (&turns[at], &turns[next]);
                    let sooner = this.deadline < best.deadline;
                    if sooner || this.deadline == best.deadline && this.order < best.order {
                        next = at;
                    }
                }
                let back = again(turns[next]);
                std::mem::replace(&mut turns[next], back)
            }
            Queue::Many(turns) => {
                let mut next = turns.peek_mut().expect("a schedule has at least one host");
                let back = again(*next);
                std::mem::replace(&mut *next, back)
            }
        };
        self.now = turn.deadline;
        turn.host as usize
    }

    fn insert(&mut self, deadline: f64, host: u32) {
        let turn = Turn { deadline, order: self.inserted, host };
        match &mut self.queue {
            Queue::Few(turns) => turns.push(turn),
            Queue::Many(turns) => turns.push(turn),
        }
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
    fn few_are_looked_through_in_the_order_of_a_heap() {
        let weights = [1.0, 2.0, 2.0, 5.0, 0.7, 2.0];
        let mut few = Edf::new(&weights, 77);
        let Queue::Few(turns) = &few.queue else { panic!("six are few") };
        let mut many = Edf { queue: Queue::Many(turns.iter().copied().collect()), ..few };
        // Weights that change as they are used, as those of least request do.
        for round in 0..5_000 {
            let weight = |host: usize| weights[host] / f64::from(1 + (round + host as u32) % 3);
            assert_eq!(few.pick(weight), many.pick(weight), "pick {round}");
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
