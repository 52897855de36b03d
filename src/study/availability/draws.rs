//! The second range: what the answer would be at other rates of failure, drawn from what is believed of them.

use super::component::Component;
use super::model::{Model, Times};
use crate::random::Key;
use crate::study::statistics::{gamma_quantile, normal_quantile};

/// How many draws.
pub const DRAWS: u64 = 1000;
/// The 95 % point of the standard normal law.
const Z95: f64 = 1.644_853_626_951_472_7;

/// The times up of each row in draw `number`: their logarithm is normal to both sides, with 5 % beyond either end. A row's
/// draw is the same in all variants.
pub fn times(components: &[Component], seed: u64, number: u64) -> Times {
    let factor = |component: &Component| {
        let u = Key::new(seed, 0, &component.row, "rate of failure").uniform(number);
        if let Some(shape) = component.counted {
            // The rate is Gamma(shape, time), the time up its inverse: late for a high draw, as below.
            return shape / gamma_quantile(shape, 1.0 - u);
        }
        let z = normal_quantile(u);
        let end = if z < 0.0 { component.range_h.0 } else { component.range_h.1 };
        libm::exp(libm::log(end / component.mean_up_h) * z.abs() / Z95)
    };
    components.iter().map(|component| (component.row.clone(), factor(component))).collect()
}

/// The unavailability in each draw, in their order.
pub fn unavailabilities(model: &Model, seed: u64) -> Vec<f64> {
    (0..DRAWS).map(|number| model.lost(&times(&model.components, seed, number)).all).collect()
}

/// The band that holds 90 % of them.
pub fn band(mut draws: Vec<f64>) -> Option<(f64, f64)> {
    draws.sort_by(f64::total_cmp);
    let at =
        |share: f64| draws.get(((draws.len() as f64 * share) as usize).min(draws.len().saturating_sub(1))).copied();
    Some((at(0.05)?, at(0.95)?))
}
