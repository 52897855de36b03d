//! Load in the background of caps: replication, backups, telemetry.

use super::PathId;
use crate::fault::{Calendar, Span};
use crate::units::BitsPerSec;

/// Bytes that flow beside the calls: they take their share of each cap on their way, and are counted and billed on it.
#[derive(Clone, PartialEq, Debug)]
pub struct Flow {
    /// The name.
    pub name: String,
    /// Its way, there; acknowledgements go back.
    pub path: PathId,
    /// Bits a second while it flows, headers included; less than every cap on the way, all flows of an instant together.
    pub rate: BitsPerSec,
    /// When it flows; none: always.
    pub when: Option<Calendar>,
}

impl Flow {
    /// When it flows within `[from, to)`, nanoseconds from t = 0: ascending, apart from each other, cut at both ends.
    pub fn spans(&self, from: i64, to: i64) -> Vec<Span> {
        match &self.when {
            None => Vec::from_iter((from < to).then_some((from, to))),
            Some(when) => {
                let cut = |(begins, ends): Span| (begins.max(from), ends.min(to));
                when.spans(from, to).into_iter().map(cut).collect()
            }
        }
    }

    /// By equal window of `[0, horizon)`: bytes that it sends, and those of the acknowledgements that come back. Whole
    /// bytes, nothing lost between windows.
    pub fn by_window(&self, horizon: u64, windows: usize) -> Vec<(u64, u64)> {
        let spans = self.spans(0, horizon.cast_signed());
        let sent = |window: usize| {
            let until = u128::from(horizon) * window as u128 / windows as u128;
            let flowed = |&(from, to): &Span| (to as u128).min(until).saturating_sub(from as u128);
            let ns: u128 = spans.iter().map(flowed).sum();
            u64::try_from(u128::from(self.rate.0) * ns / 8_000_000_000).unwrap_or(u64::MAX)
        };
        let acks = |bytes: u64| (u128::from(bytes) * u128::from(ACKS.0) / u128::from(ACKS.1)) as u64;
        let sums: Vec<u64> = (0..=windows).map(sent).collect();
        sums.windows(2).map(|pair| (pair[1] - pair[0], acks(pair[1]) - acks(pair[0]))).collect()
    }

    /// Of `whole`, a stretch of time, the part in which it flows, as a fraction of two numbers: all of it; for its
    /// length once in as long as it takes to come again; or for its length, where it comes but once.
    pub fn part_of(&self, whole: i128) -> (i128, i128) {
        let Some(when) = &self.when else { return (whole, 1) };
        let lasts = i128::from(when.lasts.nanos());
        match when.every {
            Some(every) => (whole * lasts, i128::from(every.nanos())),
            None => (lasts.min(whole), 1),
        }
    }
}

/// Bytes of an acknowledgement, and of the two full segments that it is for (RFC 5681, 4.2).
pub const ACKS: (u64, u64) = (40, 3_000);

/// The most bits a second that of these flows any instant has. What comes at times of its own may meet all others.
pub(crate) fn most(flows: &[&Flow], from: i64, to: i64) -> u64 {
    let mut turns: Vec<(i64, bool, u64)> = Vec::new();
    for flow in flows {
        for (begins, ends) in flow.spans(from, to) {
            turns.extend([(begins, true, flow.rate.0), (ends, false, flow.rate.0)]);
        }
    }
    // Of one instant ends come first.
    turns.sort_unstable();
    let (mut taken, mut most) = (0_u64, 0);
    for (_, begins, rate) in turns {
        taken = if begins { taken.saturating_add(rate) } else { taken.saturating_sub(rate) };
        most = most.max(taken);
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Duration;

    const HOUR: i64 = 3_600_000_000_000;

    fn flow(mbps: u64, when: Option<Calendar>) -> Flow {
        Flow { name: "backup".into(), path: PathId(0), rate: BitsPerSec(mbps * 1_000_000), when }
    }

    fn nightly(at: i64) -> Calendar {
        let [lasts, day] = [3_600, 86_400].map(Duration::from_secs);
        Calendar { at, lasts, every: Some(day), before: true }
    }

    #[test]
    fn what_flows_at_times_is_counted_at_those() {
        // 8 Mbit/s is a megabyte a second: half an hour of it in the second of two windows of an hour.
        let half_past = flow(8, Some(nightly(3 * HOUR / 2)));
        assert_eq!(half_past.by_window(2 * HOUR.cast_unsigned(), 2), [(0, 0), (1_800_000_000, 24_000_000)]);
        let always = flow(8, None);
        assert_eq!(always.by_window(2 * HOUR.cast_unsigned(), 2), [(3_600_000_000, 48_000_000); 2]);
        assert_eq!(always.spans(-5, 10), [(-5, 10)]);
        // Its first hour began before the run.
        assert_eq!(flow(8, Some(nightly(-HOUR / 2))).spans(0, 24 * HOUR), [(0, HOUR / 2), (47 * HOUR / 2, 24 * HOUR)]);
    }

    #[test]
    fn a_month_has_as_much_of_it_as_its_calendar_says() {
        let month = 730 * i128::from(HOUR);
        let hours = |flow: &Flow| {
            let (part, whole) = flow.part_of(month);
            part as f64 / whole as f64 / HOUR as f64
        };
        assert_eq!(hours(&flow(8, None)), 730.0);
        assert!((hours(&flow(8, Some(nightly(0)))) - 730.0 / 24.0).abs() < 1e-9);
        assert_eq!(hours(&flow(8, Some(Calendar { every: None, ..nightly(0) }))), 1.0);
    }

    #[test]
    fn flows_of_one_instant_add_up_and_those_after_each_other_do_not() {
        let (first, second, always) = (flow(40, Some(nightly(0))), flow(30, Some(nightly(HOUR))), flow(8, None));
        assert_eq!(most(&[&first, &second, &always], 0, 24 * HOUR), 48_000_000);
        let meets = flow(30, Some(nightly(HOUR / 2)));
        assert_eq!(most(&[&first, &meets, &always], 0, 24 * HOUR), 78_000_000);
        assert_eq!(most(&[], 0, HOUR), 0);
    }
}
