//! Who fails on an ordinary day already: nothing that it is said to save in a fault makes up for that.

use super::share;
use crate::record::{Estimate, VariantResult};
use crate::study::words::listed;
use crate::units::significant;

/// Variants with faults of which more fails with nothing down than the objective (or a point) allows, beyond doubt.
pub(super) fn warned(variants: &[VariantResult]) -> Option<String> {
    let failing = |variant: &VariantResult| {
        let of = variant.failing_calm.as_ref().filter(|of| too_much(of, variant.availability.up_at))?;
        let of = format!("{} fails {}", variant.name, told(of.value?));
        (!variant.faults.is_empty()).then_some(of)
    };
    let each: Vec<String> = variants.iter().filter_map(failing).collect();
    (!each.is_empty()).then(|| format!("{} of requests with nothing down.", listed(&each)))
}

/// Without an interval the figure itself decides.
fn too_much(of: &Estimate, up_at: f64) -> bool {
    let allowed = 1.0 - if up_at > 0.0 { up_at } else { 0.99 };
    of.low.or(of.value).is_some_and(|low| low > allowed)
}

fn told(failing: f64) -> String {
    if failing >= 1.0 { share(Some(1.0)) } else { format!("{} %", significant(100.0 * failing, 3)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::FaultSummary;

    #[test]
    fn who_fails_on_a_calm_day_is_warned_of_and_noise_within_the_objective_is_not() {
        let of = |name: &str, failing: f64, up_at: f64| {
            let noise = Estimate { low: Some(0.9 * failing), high: Some(1.1 * failing), ..Estimate::exact(failing) };
            let mut variant =
                VariantResult { name: name.into(), failing_calm: Some(noise), ..VariantResult::default() };
            variant.faults = vec![FaultSummary::default()];
            variant.availability.up_at = up_at;
            variant
        };
        let all = [of("kept", 0.0, 0.999), of("two-zones", 0.358, 0.999), of("near", 0.00105, 0.999)];
        assert_eq!(warned(&all).as_deref(), Some("two-zones fails 35.8 % of requests with nothing down."));
        assert_eq!(warned(&all[..1]), None);
        assert_eq!(warned(&[of("shop", 0.005, 0.0)]), None, "without an objective a point is allowed");
        let calm = VariantResult { faults: Vec::new(), ..all[1].clone() };
        assert_eq!(warned(&[calm]), None, "where nothing ever fails its success says it");
    }
}
