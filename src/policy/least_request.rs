//! Least request: the least busy of a few hosts drawn at random (Envoy LEAST_REQUEST with equal weights).

use super::LeastRequest;

/// The host among `n` that the draws choose: each draw names a host (with replacement), the first one stays unless a
/// later one has strictly fewer active requests of this proxy. Envoy draws two. With unequal weights, see `edf`.
#[inline(always)]
pub fn choose(n: usize, active: impl Fn(usize) -> u32, choices: u32, draw: impl Fn(u32) -> u64) -> usize {
    assert!(n > 0 && choices > 0, "there is a host to choose and a draw to choose it by");
    let named = |choice: u32| (draw(choice) % n as u64) as usize;
    let mut chosen = named(0);
    let mut least = active(chosen);
    for choice in 1..choices {
        let host = named(choice);
        let requests = active(host);
        if requests < least {
            (chosen, least) = (host, requests);
        }
    }
    chosen
}

/// The least busy of all `n` hosts; each of those that are equally busy with the same chance: draw k keeps the k-th of
/// them with chance 1 in k (a reservoir of one). Envoy's FULL_SCAN.
pub fn full_scan(n: usize, active: impl Fn(usize) -> u32, draw: impl Fn(u32) -> u64) -> usize {
    assert!(n > 0, "there is a host to choose");
    let (mut chosen, mut least, mut tied) = (0, active(0), 1);
    for host in 1..n {
        let requests = active(host);
        if requests < least {
            (chosen, least, tied) = (host, requests, 1);
        } else if requests == least {
            tied += 1;
            if draw(host as u32).is_multiple_of(tied) {
                chosen = host;
            }
        }
    }
    chosen
}

/// The most hosts that are drawn without repetition.
pub const DISTINCT: usize = 16;

/// The same with hosts drawn without repetition, as in the theory of the supermarket model; Envoy does not. Of fewer
/// hosts than draws, all are drawn.
pub fn choose_distinct(n: usize, active: impl Fn(usize) -> u32, choices: u32, draw: impl Fn(u32) -> u64) -> usize {
    assert!(n > 0 && (1..=DISTINCT).contains(&(choices as usize)), "a few hosts are drawn");
    // Those drawn so far, ascending: the draw counts those that are left.
    let mut drawn = [usize::MAX; DISTINCT];
    let (mut chosen, mut least) = (0, u32::MAX);
    for choice in 0..(choices as usize).min(n) {
        let mut host = (draw(choice as u32) % (n - choice) as u64) as usize;
        let mut place = 0;
        while place < choice && drawn[place] <= host {
            host += 1;
            place += 1;
        }
        drawn[place..=choice].rotate_right(1);
        drawn[place] = host;
        let requests = active(host);
        if choice == 0 || requests < least {
            (chosen, least) = (host, requests);
        }
    }
    chosen
}

/// Weight of a host of weight `weight` with `active` requests, where weights are unequal or hosts are new:
/// `weight / (active + 1)^bias` (Envoy's active request bias, 1 unless told; at 0 weights alone count).
pub fn weight(weight: f64, active: u32, bias: f64) -> f64 {
    let busy = f64::from(active) + 1.0;
    if bias == 1.0 { weight / busy } else { weight / libm::pow(busy, bias) }
}

impl LeastRequest {
    /// Envoy's two draws, as Istio leaves them.
    pub const ISTIO: LeastRequest = LeastRequest { choices: 2, bias: 1.0, full_scan: false, distinct: false };
}

impl Default for LeastRequest {
    fn default() -> Self {
        LeastRequest::ISTIO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tie_keeps_the_first_draw() {
        assert_eq!(choose(3, |_| 4, 2, |choice| [2, 1][choice as usize]), 2);
    }

    #[test]
    fn of_two_hosts_the_busier_one_still_gets_a_quarter() {
        let choice = |a, b| choose(2, |host| host as u32, 2, move |choice| [a, b][choice as usize]);
        let picked = (0..2).flat_map(|a| (0..2).map(move |b| choice(a, b)));
        assert_eq!(picked.filter(|&host| host == 1).count(), 1);
    }

    #[test]
    fn distinct_draws_name_each_set_of_hosts_equally_often() {
        let mut seen = std::collections::BTreeMap::new();
        for draws in 0..5 * 4 * 3_u64 {
            let asked = std::cell::RefCell::new(Vec::new());
            let look = |host: usize| {
                asked.borrow_mut().push(host);
                0
            };
            let first = choose_distinct(5, look, 3, |choice| [draws % 5, draws / 5 % 4, draws / 20][choice as usize]);
            let mut hosts = asked.into_inner();
            assert_eq!(first, hosts[0]);
            hosts.sort_unstable();
            hosts.dedup();
            assert_eq!(hosts.len(), 3);
            *seen.entry(hosts).or_insert(0) += 1;
        }
        assert_eq!(seen.len(), 10);
        assert!(seen.values().all(|&times| times == 6), "{seen:?}");
        assert_eq!(choose_distinct(2, |host| host as u32, 16, |_| 7), 0);
    }
}
