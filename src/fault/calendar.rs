//! Times that are known beforehand: once, every so often, on and off again within.

use super::Span;
use crate::units::Duration;

/// Something that comes at a time and may come again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Calendar {
    /// When it comes, nanoseconds from t = 0.
    pub at: i64,
    /// For how long.
    pub lasts: Duration,
    /// After how long it comes again; none: never.
    pub every: Option<Duration>,
    /// It has come at the same times before `at`, as what a time of day dates has.
    pub before: bool,
}

impl Calendar {
    /// All that lies in `[from, to)`, ascending; the last may end after `to`, the first may have begun before `from`.
    pub fn spans(&self, from: i64, to: i64) -> Vec<Span> {
        let lasts = self.lasts.nanos().cast_signed();
        let Some(every) = self.every.map(|every| every.nanos().cast_signed().max(1)) else {
            return Vec::from_iter((self.at < to && self.at.saturating_add(lasts) > from).then(|| self.from(self.at)));
        };
        // The first that has not ended by `from`.
        let passed = from.saturating_sub(lasts).saturating_sub(self.at).div_euclid(every) + 1;
        let first = if self.before { passed } else { passed.max(0) };
        let starts = (first..).map(|number| self.at.saturating_add(number.saturating_mul(every)));
        starts.take_while(|&at| at < to).map(|at| self.from(at)).collect()
    }

    fn from(&self, at: i64) -> Span {
        (at, at.saturating_add(self.lasts.nanos().cast_signed()))
    }
}

/// On for a while, off for a while, over and over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Flap {
    /// How long it acts.
    pub down: Duration,
    /// How long it rests.
    pub up: Duration,
}

impl Flap {
    /// When it acts within a span: from the span's start on.
    pub fn within(self, span: Span) -> Vec<Span> {
        let (down, up) = (self.down.nanos().cast_signed().max(1), self.up.nanos().cast_signed());
        let mut spans = Vec::new();
        let mut at = span.0;
        while at < span.1 {
            spans.push((at, at.saturating_add(down).min(span.1)));
            at = at.saturating_add(down).saturating_add(up);
        }
        spans
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000_000;

    fn hours(spans: &[Span]) -> Vec<(i64, i64)> {
        spans.iter().map(|&(from, to)| (from / HOUR, to / HOUR)).collect()
    }

    #[test]
    fn once_is_once() {
        let once = Calendar { at: 2 * HOUR, lasts: Duration::from_secs(3600), every: None, before: false };
        assert_eq!(hours(&once.spans(0, 10 * HOUR)), [(2, 3)]);
        assert!(once.spans(3 * HOUR, 10 * HOUR).is_empty() && once.spans(0, 2 * HOUR).is_empty());
    }

    #[test]
    fn evenings_come_every_day_and_the_last_one_may_still_last() {
        let five = Duration::from_secs(5 * 3600);
        let day = Some(Duration::from_secs(24 * 3600));
        // 19:00 to 24:00; t = 0 is 22:00, so that the next one is in 21 h and the last one began 3 h ago.
        let evenings = Calendar { at: 21 * HOUR, lasts: five, every: day, before: true };
        assert_eq!(hours(&evenings.spans(-HOUR, 48 * HOUR)), [(-3, 2), (21, 26), (45, 50)]);
        let told = Calendar { before: false, ..evenings };
        assert_eq!(hours(&told.spans(-HOUR, 48 * HOUR)), [(21, 26), (45, 50)]);
    }

    #[test]
    fn what_begins_at_the_end_has_not_come() {
        let hourly =
            Calendar { at: 0, lasts: Duration::from_secs(60), every: Some(Duration::from_secs(3600)), before: false };
        assert_eq!(hourly.spans(0, 3 * HOUR).len(), 3);
        assert_eq!(hourly.spans(60_000_000_000, 3 * HOUR).len(), 2, "the first has ended by then");
    }

    #[test]
    fn flapping_begins_down_and_ends_with_its_span() {
        let flap = Flap { down: Duration::from_nanos(2), up: Duration::from_nanos(3) };
        assert_eq!(flap.within((10, 21)), [(10, 12), (15, 17), (20, 21)]);
        assert_eq!(flap.within((-3, 1)), [(-3, -1)]);
        assert!(flap.within((5, 5)).is_empty());
    }
}
