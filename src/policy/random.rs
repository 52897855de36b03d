//! Random: every host with the same chance; weights are ignored, as in Envoy.

/// The host among `n` that `draw` names.
pub fn choose(n: usize, draw: u64) -> usize {
    assert!(n > 0, "there is a host to choose");
    (draw % n as u64) as usize
}
