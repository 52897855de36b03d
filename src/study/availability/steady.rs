//! Availability in the long run of units that fail and are mended independently, and of units that share a cause.

/// Share of time up, of a unit up and down by turns for these means: of any laws with finite means (renewal theorem).
pub fn availability(mean_up: f64, mean_down: f64) -> f64 {
    mean_up / (mean_up + mean_down)
}

/// Share of time down; computed by itself, since `1 - availability` loses its digits.
pub fn unavailability(mean_up: f64, mean_down: f64) -> f64 {
    mean_down / (mean_up + mean_down)
}

/// P(exactly `down` of `n` independent units are down), each with unavailability `u`.
pub fn exactly_down(n: u32, down: u32, u: f64) -> f64 {
    let ways = (0..down).fold(1.0, |ways, i| ways * f64::from(n - i) / f64::from(i + 1));
    ways * libm::pow(u, f64::from(down)) * libm::pow(1.0 - u, f64::from(n - down))
}

/// P(fewer than `k` of `n` independent units are up), each down with probability `u`: a sum of small terms, exact to the
/// last digits however small.
pub fn k_of_n(k: u32, n: u32, u: f64) -> f64 {
    let tolerated = n.saturating_sub(k);
    // From the rarest on, so that small terms are added first.
    (tolerated + 1..=n).rev().map(|down| exactly_down(n, down, u)).sum::<f64>().min(1.0)
}

/// The beta-factor model (Fleming 1975) as a split of probability: of a unit's unavailability `u` the share `beta` is one
/// shock that takes all units, the rest is each unit's own. Returns (own, shock).
pub fn split(u: f64, beta: f64) -> (f64, f64) {
    ((1.0 - beta) * u, beta * u)
}

/// P(fewer than `k` of `n` units are up) where a share `beta` of each one's unavailability `u` is common to all.
pub fn k_of_n_common(k: u32, n: u32, u: f64, beta: f64) -> f64 {
    let (own, shock) = split(u, beta);
    shock + (1.0 - shock) * k_of_n(k, n, own)
}
