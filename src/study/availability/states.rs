//! Failure states of independent groups, all with up to so many units down, and the weight of those that are left out.
//!
//! The weight of what is left out is summed, not one minus the rest: it is a bound, and may be 1e-12.

use super::group::Group;

/// Which groups have units down, and how many: `(group, count)`, ascending.
pub type State = Vec<(usize, u32)>;

/// States with their weights.
#[derive(Clone, PartialEq, Debug)]
pub struct States {
    /// The states with at most so many units down; the first one is nothing down.
    pub known: Vec<(State, f64)>,
    /// The weight of all others.
    pub rest: f64,
}

/// How many units are down in a state.
pub(super) fn units(state: &State) -> u32 {
    state.iter().map(|(_, count)| count).sum()
}

/// How many states there are with up to `within` units down, of groups of these sizes; `most` where there are more.
pub fn count(sizes: &[u32], within: u32, most: usize) -> usize {
    // By units down so far.
    let mut ways = vec![0usize; within as usize + 1];
    ways[0] = 1;
    for &size in sizes {
        let before = ways.clone();
        for (down, way) in ways.iter_mut().enumerate() {
            *way =
                (0..=down.min(size as usize)).fold(0usize, |sum, own| sum.saturating_add(before[down - own]).min(most));
        }
    }
    ways.iter().fold(0usize, |sum, way| sum.saturating_add(*way)).min(most)
}

/// Enumerates; `down` holds each group's chances of 0, 1, ... n units down.
pub fn enumerate(down: &[Vec<f64>], within: u32) -> States {
    let mut known = Vec::new();
    let all_up: f64 = down.iter().map(|chances| chances[0]).product();
    assert!(all_up > 0.0, "there is a state in which nothing is down");
    walk(down, 0, within, &mut Vec::new(), all_up, &mut known);
    States { known, rest: beyond(down, within) }
}

/// The weights alone, in the order of [`enumerate`], for other chances.
pub fn weigh(states: &[(State, f64)], down: &[Vec<f64>]) -> Vec<f64> {
    let all_up: f64 = down.iter().map(|chances| chances[0]).product();
    let weight = |state: &State| {
        state.iter().fold(all_up, |weight, &(group, count)| weight * down[group][count as usize] / down[group][0])
    };
    states.iter().map(|(state, _)| weight(state)).collect()
}

fn walk(down: &[Vec<f64>], from: usize, left: u32, state: &mut State, weight: f64, known: &mut Vec<(State, f64)>) {
    known.push((state.clone(), weight));
    for group in from..down.len() {
        for count in 1..=left.min(down[group].len() as u32 - 1) {
            state.push((group, count));
            let weight = weight * down[group][count as usize] / down[group][0];
            walk(down, group + 1, left - count, state, weight, known);
            state.pop();
        }
    }
}

/// P(more than `within` units are down).
pub fn beyond(down: &[Vec<f64>], within: u32) -> f64 {
    let within = within as usize;
    // Chances of 0 ... within down so far, and of more.
    let (mut few, mut more) = (vec![0.0; within + 1], 0.0);
    few[0] = 1.0;
    for chances in down {
        let mut next = vec![0.0; within + 1];
        for (before, chance) in few.iter().enumerate() {
            for (own, p) in chances.iter().enumerate() {
                match next.get_mut(before + own) {
                    Some(sum) => *sum += chance * p,
                    None => more += chance * p,
                }
            }
        }
        few = next;
    }
    more
}

/// Unavailability of a series of groups, each of which needs `k` units up: (of the known states, with the bound on top).
pub fn series(groups: &[(Group, u32)], within: u32) -> (f64, f64) {
    let down: Vec<Vec<f64>> = groups.iter().map(|(group, _)| group.down()).collect();
    let states = enumerate(&down, within);
    let fails = |state: &State| state.iter().any(|&(group, count)| groups[group].0.n - count < groups[group].1);
    let mut lost: Vec<f64> = states.known.iter().filter(|(state, _)| fails(state)).map(|(_, weight)| *weight).collect();
    lost.sort_by(f64::total_cmp);
    let known = lost.iter().sum();
    (known, states.rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_counted_before_they_are_made() {
        let groups: Vec<Group> = [3, 1, 4].map(|n| Group::of_availability(0.9, n)).to_vec();
        let down: Vec<Vec<f64>> = groups.iter().map(Group::down).collect();
        for within in 0..=8 {
            let states = enumerate(&down, within);
            assert_eq!(states.known.len(), count(&[3, 1, 4], within, 1000), "{within}");
            let sum: f64 = states.known.iter().map(|(_, weight)| weight).sum();
            assert!((sum + states.rest - 1.0).abs() < 1e-14, "{within}: {sum} {}", states.rest);
            let again = weigh(&states.known, &down);
            assert!(states.known.iter().zip(again).all(|((_, a), b)| (a / b - 1.0).abs() < 1e-14));
        }
        assert_eq!(count(&[1; 60], 30, 5000), 5000);
    }
}
