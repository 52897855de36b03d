//! Least request: the least busy of a few hosts drawn at random (Envoy LEAST_REQUEST with equal weights).

/// The host among `n` that the draws choose: each draw names a host (with replacement), the first one stays unless a
/// later one has strictly fewer active requests of this proxy. Envoy draws two. With unequal weights, see `edf`.
pub fn choose<const K: usize>(n: usize, active: impl Fn(usize) -> u32, draws: [u64; K]) -> usize {
    assert!(n > 0 && K > 0, "there is a host to choose and a draw to choose it by");
    let named = |draw: u64| (draw % n as u64) as usize;
    let mut chosen = named(draws[0]);
    let mut least = active(chosen);
    for draw in &draws[1..] {
        let host = named(*draw);
        let requests = active(host);
        if requests < least {
            (chosen, least) = (host, requests);
        }
    }
    chosen
}

/// Weight of a host of weight `weight` with `active` requests, where weights are unequal: `weight / (active + 1)`
/// (Envoy's active request bias of 1).
pub fn weight(weight: f64, active: u32) -> f64 {
    weight / (f64::from(active) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tie_keeps_the_first_draw() {
        assert_eq!(choose(3, |_| 4, [2, 1]), 2);
    }

    #[test]
    fn of_two_hosts_the_busier_one_still_gets_a_quarter() {
        let picked = (0..2).flat_map(|a| (0..2).map(move |b| choose(2, |host| host as u32, [a, b])));
        assert_eq!(picked.filter(|&host| host == 1).count(), 1);
    }
}
