//! Round robin: hosts in turn (Envoy ROUND_ROBIN with equal weights). With unequal weights, see `edf`.

/// The host of the `turn`-th pick among `n`. The turn survives a change of the host set, as in Envoy.
pub fn choose(n: usize, turn: u64) -> usize {
    assert!(n > 0, "there is a host to choose");
    (turn % n as u64) as usize
}
