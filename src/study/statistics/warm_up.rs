//! Where the steady state begins: MSER-5 (White 1997; White, Cobb and Spratt 2000).

/// The least-squares truncation point of a series.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Minimum {
    /// Batches to delete.
    pub cut: usize,
    /// Batches in all, the trailing remainder dropped.
    pub batches: usize,
    /// The statistic at the minimum.
    pub statistic: f64,
    /// Mean of what is kept.
    pub mean: f64,
}

/// Why no cut is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WarmUpError {
    /// Fewer than 20 batches.
    #[error("the series is too short for MSER-5: {0} batches, 20 are needed")]
    TooShort(usize),
    /// The minimum is at, or within 5 % of, half of the series.
    #[error("the series has not settled within its first half: run longer")]
    NotSettled,
}

/// MSER over batches of `batch` values: for d = 0..=floor(k/2) the sum of squares about the mean of what is left, over
/// its number squared; the least d that minimises it. None for a series shorter than one batch.
pub fn mser(series: &[f64], batch: usize) -> Option<Minimum> {
    assert!(batch > 0, "a batch has values");
    let means: Vec<f64> = series.chunks_exact(batch).map(|values| values.iter().sum::<f64>() / batch as f64).collect();
    let mut best: Option<Minimum> = None;
    for cut in 0..=means.len() / 2 {
        let kept = &means[cut..];
        if kept.is_empty() {
            break;
        }
        let mean = kept.iter().sum::<f64>() / kept.len() as f64;
        let squares = kept.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>();
        let statistic = squares / (kept.len() * kept.len()) as f64;
        // Strictly less: ties go to the earliest cut.
        if best.is_none_or(|best| statistic < best.statistic) {
            best = Some(Minimum { cut, batches: means.len(), statistic, mean });
        }
    }
    best
}

/// How many values of `series` to delete, by MSER-5; refused where the series is short or still settling at its middle.
pub fn warm_up_cut(series: &[f64]) -> Result<usize, WarmUpError> {
    const BATCH: usize = 5;
    let batches = series.len() / BATCH;
    if batches < 20 {
        return Err(WarmUpError::TooShort(batches));
    }
    let minimum = mser(series, BATCH).expect("20 batches are more than one");
    if minimum.cut as f64 >= 0.95 * (batches / 2) as f64 {
        Err(WarmUpError::NotSettled)
    } else {
        Ok(minimum.cut * BATCH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn close(id: &str, got: f64, want: f64) {
        assert!((got - want).abs() <= 1e-9 * want.abs(), "{id}: {got} is not {want}");
    }

    #[rustfmt::skip]
    const AR1: [f64; 200] = [
        24.673, 23.131, 23.498, 23.298, 22.034, 21.459, 19.197, 18.73, 19.351, 19.808, 19.211, 17.888, 17.494, 17.987,
        16.16, 17.646, 16.792, 15.632, 14.669, 13.957, 15.359, 13.815, 13.433, 14.072, 12.966, 12.366, 14.81, 14.105,
        13.433, 15.535, 15.351, 14.762, 14.686, 14.277, 13.569, 10.683, 12.168, 12.064, 13.618, 13.819, 14.23, 12.629,
        12.641, 13.464, 11.523, 11.377, 10.86, 11.308, 11.218, 10.874, 11.854, 11.999, 12.355, 12.339, 10.332, 10.796,
        10.129, 12.04, 11.334, 12.157, 12.1, 11.511, 9.73, 9.89, 10.63, 11.546, 12.778, 12.111, 13.383, 11.551,
        11.294, 10.501, 9.753, 8.363, 7.464, 10.27, 8.689, 8.637, 8.164, 9.223, 8.307, 7.914, 9.452, 9.989,
        9.694, 11.14, 12.058, 11.501, 10.09, 10.795, 10.913, 12.771, 11.861, 11.867, 10.909, 12.817, 11.457, 12.58,
        13.8, 11.133, 9.401, 8.849, 8.52, 9.126, 8.064, 9.745, 10.239, 9.044, 9.199, 11.829, 11.04, 10.861,
        10.841, 8.874, 10.381, 11.467, 8.791, 10.054, 9.083, 9.573, 9.278, 9.348, 7.248, 7.113, 8.672, 8.231,
        9.362, 8.862, 9.141, 10.294, 11.141, 10.176, 12.2, 11.11, 11.035, 10.084, 9.159, 12.07, 9.175, 8.35,
        10.107, 8.421, 9.233, 9.029, 7.349, 9.894, 11.334, 9.739, 9.582, 9.267, 9.899, 9.253, 9.933, 10.834,
        10.468, 9.476, 10.271, 10.78, 9.801, 9.309, 8.991, 8.468, 11.274, 11.543, 8.827, 8.876, 9.1, 7.74,
        9.827, 10.91, 10.711, 11.19, 10.428, 10.826, 10.184, 9.224, 12.395, 10.378, 8.053, 9.98, 11.081, 11.383,
        11.298, 9.502, 8.337, 9.963, 10.701, 10.31, 10.577, 11.175, 9.103, 10.66, 10.092, 11.139, 9.751, 10.437,
        11.753, 9.746, 10.895, 8.955,
    ];

    #[test]
    fn the_cut_is_the_tables_and_one_at_the_bound_is_refused() {
        let minimum = mser(&AR1, 5).expect("a series");
        assert_eq!((minimum.cut, minimum.batches), (20, 40), "MSER5-001");
        close("MSER5-003", minimum.statistic, 0.0225629526800);
        assert_eq!(warm_up_cut(&AR1), Err(WarmUpError::NotSettled));
    }

    #[test]
    fn plain_mser_is_a_batch_of_one() {
        let z = [
            30.0, 25.0, 20.0, 16.0, 13.0, 11.0, 10.0, 9.0, 11.0, 10.0, 9.0, 10.0, 11.0, 10.0, 9.0, 10.0, 11.0, 9.0,
            10.0, 10.0,
        ];
        let minimum = mser(&z, 1).expect("a series");
        assert_eq!(minimum.cut, 6, "MSER5-010");
        close("MSER5-011", minimum.mean, 9.92857142857);
    }

    #[test]
    fn a_constant_series_loses_nothing_and_a_short_one_is_refused() {
        assert_eq!(warm_up_cut(&[4.0; 100]), Ok(0));
        assert_eq!(warm_up_cut(&[4.0; 99]), Err(WarmUpError::TooShort(19)));
        assert_eq!(mser(&[1.0, 2.0], 5), None);
    }

    #[test]
    fn a_transient_is_cut_and_a_trailing_remainder_dropped() {
        let mut series = vec![10.0; 303];
        series[..20].fill(50.0);
        series[301] = 1e9;
        assert_eq!(warm_up_cut(&series), Ok(20));
    }
}
