//! Availability in the long run of units that fail and are mended independently, and of units that share a cause.

/// Share of time up, of a unit up and down by turns for these means: of any laws with finite means (renewal theorem).
pub fn availability(mean_up: f64, mean_down: f64) -> f64 {
    if mean_up.is_infinite() { 1.0 } else { mean_up / (mean_up + mean_down) }
}

/// Share of time down; computed by itself, since `1 - availability` loses its digits.
pub fn unavailability(mean_up: f64, mean_down: f64) -> f64 {
    if mean_down.is_infinite() { 1.0 } else { mean_down / (mean_up + mean_down) }
}

/// P(exactly `down` of `n` independent units are down), each with unavailability `u`; 0 of more than there are.
pub fn exactly_down(n: u32, down: u32, u: f64) -> f64 {
    if down > n {
        return 0.0;
    }
    // Each factor is multiplied in as soon as the rest is above one: of thousands of units the ways alone overflow, and chances
    // alone are nothing.
    let (mut chance, mut dead, mut up) = (1.0, down, n - down);
    for i in 0..down.min(n - down) {
        chance *= f64::from(n - i) / f64::from(i + 1);
        while chance > 1.0 && dead + up > 0 {
            let of = if dead > 0 { (&mut dead, u) } else { (&mut up, 1.0 - u) };
            *of.0 -= 1;
            chance *= of.1;
        }
    }
    chance * libm::pow(u, f64::from(dead)) * libm::pow(1.0 - u, f64::from(up))
}

/// P(fewer than `k` of `n` independent units are up), each down with probability `u`: a sum of small terms, exact to the
/// last digits however small. None needed (`k` = 0) is never missed, more than there are always.
pub fn k_of_n(k: u32, n: u32, u: f64) -> f64 {
    if k > n {
        return 1.0;
    }
    let tolerated = n - k;
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
    if k == 0 {
        // A shock takes no more than all of them.
        return 0.0;
    }
    let (own, shock) = split(u, beta);
    shock + (1.0 - shock) * k_of_n(k, n, own)
}
