//! Intervals over replications: mean, ratio of sums, paired difference.

use super::distribution::student_quantile;

/// A figure and its interval.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Interval {
    /// The point estimate.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    fn around(value: f64, half: f64) -> Self {
        Interval { value, low: value - half, high: value + half }
    }

    /// Half of its width.
    pub fn half_width(&self) -> f64 {
        (self.high - self.low) / 2.0
    }
}

/// The critical value for intervals over replications: Student's t, split over a family (Bonferroni, which holds under
/// any dependence and so under common random numbers).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Critical {
    /// How many replications.
    pub replications: u32,
    /// Confidence of the whole family.
    pub confidence: f64,
    /// Intervals in the family, at least 1.
    pub family: u32,
    /// The t that half-widths are scaled with.
    pub t: f64,
}

impl Critical {
    /// For `replications` (at least 2) at `confidence` over `family` intervals together.
    pub fn new(replications: u32, confidence: f64, family: u32) -> Self {
        assert!(replications >= 2, "a spread needs two replications");
        assert!(confidence > 0.0 && confidence < 1.0 && family >= 1, "a confidence lies between 0 and 1");
        let tail = (1.0 - confidence) / 2.0 / f64::from(family);
        let t = student_quantile(1.0 - tail, f64::from(replications - 1));
        Critical { replications, confidence, family, t }
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The sample variance (divisor n - 1) of at least two values.
pub fn variance(values: &[f64]) -> f64 {
    assert!(values.len() >= 2, "a variance needs two values");
    let mean = mean(values);
    values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (values.len() - 1) as f64
}

/// The mean of one value per replication, with Student's interval.
pub fn mean_interval(values: &[f64], critical: Critical) -> Interval {
    assert_eq!(values.len(), critical.replications as usize, "one value per replication");
    Interval::around(mean(values), critical.t * libm::sqrt(variance(values) / values.len() as f64))
}

/// The ratio of sums, E Y / E X (errors per request, cost per request), by the delta method: not the mean of ratios.
/// `pairs` holds each replication's (Y, X); none where no X is above zero.
pub fn ratio_interval(pairs: &[(f64, f64)], critical: Critical) -> Option<Interval> {
    assert_eq!(pairs.len(), critical.replications as usize, "one pair per replication");
    let over = pairs.iter().map(|&(_, x)| x).sum::<f64>();
    if over <= 0.0 {
        return None;
    }
    let ratio = pairs.iter().map(|&(y, _)| y).sum::<f64>() / over;
    let residuals: Vec<f64> = pairs.iter().map(|&(y, x)| y - ratio * x).collect();
    let count = pairs.len() as f64;
    Some(Interval::around(ratio, critical.t * libm::sqrt(variance(&residuals) / count) / (over / count)))
}

/// A figure of all replications together with one value for each, so that differences can be taken pair by pair.
#[derive(Clone, PartialEq, Debug)]
pub struct Sections {
    /// Of all replications together.
    pub value: f64,
    /// One per replication; their mean is the value, or nearly (quantiles).
    pub each: Vec<f64>,
}

impl Sections {
    /// The mean of one value per replication.
    pub fn mean(each: Vec<f64>) -> Self {
        Sections { value: mean(&each), each }
    }

    /// The ratio of sums, (numerator, denominator) of each replication, each with its linear contribution (delta
    /// method); none where no denominator is above zero.
    pub fn ratio(pairs: &[(f64, f64)]) -> Option<Self> {
        let over = pairs.iter().map(|&(_, x)| x).sum::<f64>();
        let value = pairs.iter().map(|&(y, _)| y).sum::<f64>() / over;
        let mean_over = over / pairs.len() as f64;
        let each = || pairs.iter().map(|&(y, x)| value + (y - value * x) / mean_over).collect();
        (over > 0.0).then(|| Sections { value, each: each() })
    }

    /// All values times `factor`.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        Sections { value: self.value * factor, each: self.each.iter().map(|value| value * factor).collect() }
    }

    /// `self - factor * other`, replication by replication: the spread of the differences about that of the whole
    /// (sectioning; Student's interval where the whole is the mean).
    pub fn less(&self, other: &Sections, factor: f64, critical: Critical) -> Interval {
        assert_eq!(self.each.len(), other.each.len(), "pairs come in twos");
        let value = self.value - factor * other.value;
        let square = |(a, b): (&f64, &f64)| (a - factor * b - value) * (a - factor * b - value);
        let count = self.each.len() as f64;
        let spread = self.each.iter().zip(&other.each).map(square).sum::<f64>() / (count - 1.0);
        Interval::around(value, critical.t * libm::sqrt(spread / count))
    }
}

/// (Var a + Var b) / Var(a - b): how many times more replications the difference would have cost without common random
/// numbers; none where the difference does not vary at all.
pub fn variance_ratio(a: &[f64], b: &[f64]) -> Option<f64> {
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let paired = variance(&differences);
    (paired > 0.0).then(|| (variance(a) + variance(b)) / paired)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: [f64; 10] = [102.31, 98.77, 110.42, 95.18, 101.93, 107.65, 99.04, 104.88, 96.51, 103.27];
    const B: [f64; 10] = [100.12, 97.03, 107.95, 93.6, 100.02, 105.11, 97.81, 102.45, 95.02, 101.08];

    #[track_caller]
    fn close(id: &str, got: f64, want: f64) {
        assert!((got - want).abs() <= 1e-9 * want.abs(), "{id}: {got} is not {want}");
    }

    #[test]
    fn a_paired_difference_is_the_tables() {
        let critical = Critical::new(10, 0.95, 1);
        let difference = Sections::mean(A.to_vec()).less(&Sections::mean(B.to_vec()), 1.0, critical);
        close("PAIRED-001", difference.value, 1.977);
        close("PAIRED-003", difference.low, 1.65097282552);
        close("PAIRED-005", difference.value * critical.t / difference.half_width(), 13.7175213015);
        close("PAIRED-008", variance_ratio(&A, &B).expect("they vary"), 205.704543145);
    }

    #[test]
    fn a_mean_has_the_half_width_of_the_tables() {
        let mean = mean_interval(&A, Critical::new(10, 0.95, 1));
        close("SEQ-001", mean.half_width() / mean.value, 0.0337716742258);
    }

    #[test]
    fn a_ratio_is_one_of_sums() {
        let pairs = [(412.0, 41.0), (388.0, 40.0), (455.0, 44.0), (401.0, 39.0), (397.0, 41.0), (430.0, 42.0)];
        let ratio = ratio_interval(&pairs, Critical::new(6, 0.95, 1)).expect("there are requests");
        close("RATIO-001", ratio.value, 10.0526315789);
        // By hand: residuals y - nu x, their variance over six, over the mean of x (41 1/6), times t(5) = 2.570581836.
        let residual = pairs.map(|(y, x)| y - 2483.0 / 247.0 * x);
        let spread = (residual.iter().map(|r| r * r).sum::<f64>() / 5.0 / 6.0).sqrt();
        close("delta method", ratio.half_width(), 2.570581835636314 * spread / (247.0 / 6.0));
        assert_eq!(ratio_interval(&[(0.0, 0.0); 6], Critical::new(6, 0.95, 1)), None);
        // Sections of the same ratio have the same interval, and differ from themselves by nothing.
        let (sections, critical) = (Sections::ratio(&pairs).expect("there are requests"), Critical::new(6, 0.95, 1));
        let nothing = Sections::mean(vec![0.0; 6]);
        close("sections", sections.less(&nothing, 1.0, critical).half_width(), ratio.half_width());
        assert!(sections.less(&sections, 1.0, critical).half_width() < 1e-12);
        close("twice", sections.less(&sections, 2.0, critical).value, -ratio.value);
    }

    #[test]
    fn a_family_is_wider_than_its_members() {
        assert!(Critical::new(20, 0.95, 6).t > Critical::new(20, 0.95, 1).t);
        assert_eq!(variance_ratio(&[1.0, 1.0], &[3.0, 3.0]), None);
    }
}
