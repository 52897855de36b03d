//! Where axes are marked: round numbers of a person's choosing, not of the data's.

/// A round step, 1, 2 or 5 times a power of ten, that cuts `span` into about `count` parts.
fn step(span: f64, count: f64) -> f64 {
    let raw = (span / count).max(f64::MIN_POSITIVE);
    let decade = libm::pow(10.0, libm::floor(libm::log10(raw)));
    let mantissa = raw / decade;
    let round = [1.0, 2.0, 5.0, 10.0].into_iter().find(|round| mantissa <= *round * 1.0001).unwrap_or(10.0);
    round * decade
}

/// Multiples of `step` within `low..=high`.
fn multiples(low: f64, high: f64, step: f64) -> Vec<f64> {
    let (first, last) = (libm::ceil(low / step - 1e-9) as i64, libm::floor(high / step + 1e-9) as i64);
    (first..=last.min(first + 100)).map(|index| index as f64 * step).collect()
}

/// Round marks within `low..=high`, about `count` of them.
pub(super) fn linear(low: f64, high: f64, count: usize) -> Vec<f64> {
    if high <= low {
        return vec![low];
    }
    multiples(low, high, step(high - low, count as f64))
}

/// The range from a round number at or below `low` to one at or above `high`.
pub(super) fn rounded_out(low: f64, high: f64, count: usize) -> (f64, f64) {
    let step = step((high - low).max(high.abs() * 1e-3).max(1e-9), count as f64);
    (libm::floor(low / step + 1e-9) * step, libm::ceil(high / step - 1e-9) * step)
}

/// Marks of a logarithmic axis within `low..=high`: 1-2-5 where that gives enough, else finer, else evenly spaced.
pub(super) fn logarithmic(low: f64, high: f64) -> Vec<f64> {
    let sets: [&[f64]; 3] = [&[1.0], &[1.0, 2.0, 5.0], &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0]];
    let decades = || libm::floor(libm::log10(low)) as i32..=libm::ceil(libm::log10(high)) as i32;
    for set in sets {
        let all =
            decades().flat_map(|decade| set.iter().map(move |mantissa| mantissa * libm::pow(10.0, f64::from(decade))));
        let marks = all.filter(|mark| (low..=high).contains(mark)).collect::<Vec<_>>();
        if marks.len() >= 4 {
            return marks;
        }
    }
    linear(low, high, 5)
}

/// Marks of a time axis in seconds: steps that a clock has.
pub(super) fn time(horizon: f64) -> Vec<f64> {
    let steps =
        [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 14_400.0, 21_600.0];
    let fits = steps.into_iter().find(|step| horizon / step <= 8.5);
    multiples(0.0, horizon, fits.unwrap_or_else(|| step(horizon, 7.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_inside() {
        assert_eq!(linear(0.0, 16_000.0, 8), (0..=8).map(|i| f64::from(i) * 2000.0).collect::<Vec<_>>());
        assert_eq!(logarithmic(90.0, 2100.0), vec![100.0, 200.0, 500.0, 1000.0, 2000.0]);
        assert_eq!(logarithmic(30.0, 41.0), vec![30.0, 35.0, 40.0]);
        assert_eq!(time(600.0), vec![0.0, 120.0, 240.0, 360.0, 480.0, 600.0]);
        assert_eq!(time(86_400.0).len(), 7);
    }

    #[test]
    fn a_range_is_rounded_outwards() {
        assert_eq!(rounded_out(57.0, 214.0, 5), (50.0, 250.0));
        assert_eq!(rounded_out(0.0, 0.0, 5).0, 0.0);
    }
}
