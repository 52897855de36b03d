//! When traffic has left what a fault hit, to the tenth of a second.

/// Length of a bin, nanoseconds: the resolution of what is told here.
pub const SHIFT_BIN: u64 = 100_000_000;
/// The share of usual that still goes there once it has left.
pub const SHIFT_REST: f64 = 0.1;
/// So many calls would usually have gone there while it is looked at, so that a tenth of them is told from none.
const EXPECTED: f64 = 30.0;
/// Bins that are looked at together, at least: a second.
const LOOKED_AT: usize = 10;

/// Calls in a bin that could have gone to what is hit, and of them those that did.
pub type Calls = [u32; 2];

/// What became of the traffic.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Left {
    /// After so many nanoseconds from the fault's start.
    After(u64),
    /// Not while it was looked at.
    Never,
    /// Too few calls went there before to tell.
    Unknown,
}

/// The share of calls that went there.
pub fn share(of: &[Calls]) -> Option<f64> {
    let (all, hit) = of.iter().fold((0, 0), |sum, bin| (sum.0 + u64::from(bin[0]), sum.1 + u64::from(bin[1])));
    (all > 0).then(|| hit as f64 / all as f64)
}

/// The first instant from which on, over a second or as much longer as needs be to count 30 usual calls, no more than a
/// tenth of the usual share goes to what is hit.
pub fn left(before: &[Calls], during: &[Calls]) -> Left {
    let Some(usual) = share(before).filter(|&usual| usual > 0.0) else { return Left::Unknown };
    let all: u64 = before.iter().map(|bin| u64::from(bin[0])).sum();
    let a_bin = usual * all as f64 / before.len() as f64;
    if a_bin * (before.len() as f64) < EXPECTED {
        return Left::Unknown;
    }
    let length = (libm::ceil(EXPECTED / a_bin) as usize).max(LOOKED_AT);
    let gone = |first: &usize| {
        let seen = &during[*first..first + length];
        share(seen).is_none_or(|share| share <= SHIFT_REST * usual)
    };
    match (0..(during.len() + 1).saturating_sub(length)).find(gone) {
        Some(first) => Left::After(first as u64 * SHIFT_BIN),
        None if during.len() < length => Left::Unknown,
        None => Left::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traffic_has_left_when_a_tenth_of_usual_or_less_goes_there() {
        let before = vec![[30, 10]; 100];
        let mut during = vec![[30, 10]; 50];
        during.extend(vec![[30, 1]; 50]);
        assert_eq!(left(&before, &during), Left::After(5_000_000_000));
        assert_eq!(left(&before, &during[..50]), Left::Never);
        during.extend(vec![[30, 10]; 50]);
        assert_eq!(left(&before, &during), Left::After(5_000_000_000), "what comes back later has left before");
        assert_eq!(left(&before, &vec![[30, 2]; 60]), Left::Never, "a fifth of usual has not left");
    }

    #[test]
    fn few_calls_are_looked_at_for_longer_and_too_few_not_at_all() {
        // One call a second goes there: thirty seconds are looked at.
        let one_in_ten = |hits: bool, bins: usize| -> Vec<Calls> {
            (0..bins).map(|bin| [1, u32::from(hits && bin % 10 == 0)]).collect()
        };
        let mut during = one_in_ten(true, 100);
        during.extend(one_in_ten(false, 400));
        let Left::After(after) = left(&one_in_ten(true, 300), &during) else { panic!("it has left") };
        // From bin 61 on the next 300 hold three such calls, a tenth of the usual thirty.
        assert_eq!(after, 6_100_000_000);
        assert_eq!(left(&one_in_ten(true, 200), &during), Left::Unknown);
        assert_eq!(left(&one_in_ten(false, 300), &during), Left::Unknown);
    }

    #[test]
    fn nobody_who_calls_is_nobody_who_calls_what_is_hit() {
        assert_eq!(left(&[[100, 50]; 10], &[[0, 0]; 20]), Left::After(0));
    }
}
