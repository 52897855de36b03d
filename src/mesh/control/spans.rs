//! When something is away: spans of time.

/// Disjoint spans `[from, to)`, ascending, in nanoseconds from t = 0; `i64::MAX` ends one that has no end.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(in crate::mesh) struct Spans(Vec<(i64, i64)>);

impl Spans {
    /// Of any spans, those that meet are one.
    pub(in crate::mesh) fn of(mut spans: Vec<(i64, i64)>) -> Self {
        spans.retain(|(from, to)| from < to);
        spans.sort_unstable();
        let mut apart: Vec<(i64, i64)> = Vec::with_capacity(spans.len());
        for (from, to) in spans {
            match apart.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => apart.push((from, to)),
            }
        }
        Spans(apart)
    }

    /// Any of them is away.
    pub(in crate::mesh) fn any<'s>(all: impl IntoIterator<Item = &'s Spans>) -> Self {
        Spans::of(all.into_iter().flat_map(|spans| spans.0.iter().copied()).collect())
    }

    /// All of them are; none at all is never away.
    pub(in crate::mesh) fn all<'s>(all: impl IntoIterator<Item = &'s Spans>) -> Self {
        let mut all = all.into_iter();
        let first = all.next().cloned().unwrap_or_default();
        all.fold(first, |common, other| {
            let pairs = common.0.iter().flat_map(|a| other.0.iter().map(move |b| (a.0.max(b.0), a.1.min(b.1))));
            Spans::of(pairs.collect())
        })
    }

    /// When it is away and `other` is not.
    pub(in crate::mesh) fn but(&self, other: &Spans) -> Self {
        let mut left = Vec::new();
        for (from, to) in self.iter() {
            let mut rest = from;
            for (begins, ends) in other.iter().filter(|&(begins, ends)| begins < to && from < ends) {
                left.push((rest, begins));
                rest = ends;
            }
            left.push((rest, to));
        }
        Spans::of(left)
    }

    /// What of it lies in a span.
    pub(in crate::mesh) fn within(&self, (from, to): (i64, i64)) -> Self {
        Spans::of(self.iter().map(|(begins, ends)| (begins.max(from), ends.min(to))).collect())
    }

    /// The span that an instant lies in.
    pub(in crate::mesh) fn around(&self, at: i64) -> Option<(i64, i64)> {
        self.iter().find(|(from, to)| (*from..*to).contains(&at))
    }

    /// The first instant at or after `at` when it is there.
    pub(in crate::mesh) fn over(&self, at: i64) -> i64 {
        self.0.iter().find(|(from, to)| (*from..*to).contains(&at)).map_or(at, |(_, to)| *to)
    }

    /// Since when it has been away; none: it is there.
    pub(in crate::mesh) fn since(&self, at: i64) -> Option<i64> {
        self.0.iter().find(|(from, to)| (*from..*to).contains(&at)).map(|(from, _)| *from)
    }

    pub(in crate::mesh) fn holds(&self, at: i64) -> bool {
        self.over(at) != at
    }

    pub(in crate::mesh) fn iter(&self) -> impl Iterator<Item = (i64, i64)> + '_ {
        self.0.iter().copied()
    }

    pub(in crate::mesh) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(in crate::mesh) fn as_slice(&self) -> &[(i64, i64)] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(list: &[(i64, i64)]) -> Spans {
        Spans::of(list.to_vec())
    }

    #[test]
    fn spans_that_meet_are_one() {
        assert_eq!(spans(&[(5, 7), (1, 3), (3, 4), (6, 9), (2, 2)]), spans(&[(1, 4), (5, 9)]));
        assert_eq!(spans(&[(1, 3)]).over(2), 3);
        assert_eq!(spans(&[(1, 3)]).over(3), 3);
        assert_eq!(spans(&[(1, 3)]).over(0), 0);
    }

    #[test]
    fn what_is_left_of_one_without_the_other() {
        let (a, b) = (spans(&[(1, 5), (8, 12), (20, i64::MAX)]), spans(&[(0, 2), (3, 4), (9, 10), (12, 30)]));
        assert_eq!(a.but(&b), spans(&[(2, 3), (4, 5), (8, 9), (10, 12), (30, i64::MAX)]));
        assert_eq!(a.but(&Spans::default()), a);
        assert_eq!(a.but(&a), Spans::default());
        assert_eq!(a.within((4, 9)), spans(&[(4, 5), (8, 9)]));
        assert_eq!((a.around(8), a.around(5)), (Some((8, 12)), None));
    }

    #[test]
    fn one_is_enough_for_any_and_none_may_lack_for_all() {
        let (a, b) = (spans(&[(1, 5), (8, 9)]), spans(&[(4, 8)]));
        assert_eq!(Spans::any([&a, &b]), spans(&[(1, 9)]));
        assert_eq!(Spans::all([&a, &b]), spans(&[(4, 5)]));
        assert_eq!(Spans::all([]), Spans::default());
        assert_eq!(Spans::all([&a]), a);
    }
}
