//! What a month costs at every volume: a bill in closed form as a line with kinks, and where two such lines cross.
//!
//! A bill is linear in the traffic between the volumes at which a tier begins, a capacity unit is measured by another
//! dimension, a minimum or an allowance ends. Those volumes are not asked of the rules, they are found: a stretch that
//! is not straight is halved until it is. So a new rule needs nothing here.

/// Differences of a month's cost below this are rounding, in units of currency: half a cent.
pub(super) const NOTHING: f64 = 0.005;
/// A stretch is straight where its inner points lie this close to the straight line, in units of currency; and this share
/// of the cost beside it.
const STRAIGHT: (f64, f64) = (1e-3, 1e-7);
/// A kink is known to this share of its volume, or is a jump.
const FINE: f64 = 1e-9;
/// Where a stretch is looked at; no simple fractions of each other, so that no kink hides behind its own mirror image.
const INNER: [f64; 3] = [0.2113, 0.5, 0.7671];

/// Cost by multiple of the scenario's traffic.
pub(super) struct Curve {
    /// Ascending, the first at no traffic.
    knots: Vec<(f64, f64)>,
}

/// Where two curves change places.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Crossing {
    /// Multiple of the scenario's traffic.
    pub(super) at: f64,
    /// Is the first curve the cheaper one below it?
    pub(super) first_below: bool,
}

impl Curve {
    /// Of `cost` from no traffic to `top` times the scenario's; past that it goes on as it ends.
    pub(super) fn of(cost: &dyn Fn(f64) -> f64, top: f64) -> Curve {
        let first = (0.0, cost(0.0));
        let edges: Vec<(f64, f64)> =
            (0..=10).rev().map(|step| top / 8f64.powi(step)).map(|edge| (edge, cost(edge))).collect();
        // Most bills are straight from no traffic to any: prices by the gigabyte, and fees.
        let slope = (edges[10].1 - first.1) / edges[10].0;
        if edges.iter().all(|&(x, y)| (first.1 + slope * x - y).abs() <= STRAIGHT.0 + STRAIGHT.1 * y.abs()) {
            return Curve { knots: vec![first, edges[10]] };
        }
        let mut knots = vec![first];
        for right in edges {
            let left = *knots.last().expect("a curve begins at no traffic");
            refine(cost, left, right, &mut knots);
            knots.push(right);
        }
        Curve { knots }
    }

    /// Of nothing: never asked.
    pub(super) fn none() -> Curve {
        Curve { knots: vec![(0.0, 0.0), (1.0, 0.0)] }
    }

    fn at(&self, x: f64) -> f64 {
        let after = self.knots.partition_point(|knot| knot.0 < x).clamp(1, self.knots.len() - 1);
        let ((x0, y0), (x1, y1)) = (self.knots[after - 1], self.knots[after]);
        y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    }

    /// Where `self` and `other` change places, by volume. Where they cost the same over a stretch, it is its beginning.
    pub(super) fn crossings(&self, other: &Curve) -> Vec<Crossing> {
        let mut xs: Vec<f64> = self.knots.iter().chain(&other.knots).map(|knot| knot.0).collect();
        xs.sort_by(f64::total_cmp);
        xs.dedup();
        // Past the last knot both are straight: far enough out, the sign is that of the slopes.
        let last = xs[xs.len() - 1];
        xs.push(last * 1e6);
        let mut found = Vec::new();
        let mut before: Option<(f64, f64)> = None;
        let mut same_from: Option<f64> = None;
        for x in xs {
            let (a, b) = (self.at(x), other.at(x));
            let gap = a - b;
            // What rounding leaves of two equal slopes grows with the volume, and is no difference.
            if gap.abs() < NOTHING + 10.0 * STRAIGHT.1 * a.abs().max(b.abs()) {
                same_from = same_from.or(Some(x));
                continue;
            }
            if let Some((x0, gap0)) = before
                && (gap0 < 0.0) != (gap < 0.0)
            {
                let at = same_from.unwrap_or_else(|| x0 + (x - x0) * gap0 / (gap0 - gap));
                found.push(Crossing { at, first_below: gap0 < 0.0 });
            }
            (before, same_from) = (Some((x, gap)), None);
        }
        found
    }
}

/// Adds the knots between `left` and `right`, both of which the caller adds.
fn refine(cost: &dyn Fn(f64) -> f64, left: (f64, f64), right: (f64, f64), knots: &mut Vec<(f64, f64)>) {
    let wide = right.0 - left.0;
    if wide <= FINE * right.0 {
        return;
    }
    let straight = |part: f64| left.1 + (right.1 - left.1) * part;
    let middle = (left.0 + wide * 0.5, cost(left.0 + wide * 0.5));
    let limit = STRAIGHT.0 + STRAIGHT.1 * right.1.abs();
    let bent = INNER.iter().any(|&part| {
        let value = if part == 0.5 { middle.1 } else { cost(left.0 + wide * part) };
        (value - straight(part)).abs() > limit
    });
    if bent {
        refine(cost, left, middle, knots);
        knots.push(middle);
        refine(cost, middle, right, knots);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roots(a: &dyn Fn(f64) -> f64, b: &dyn Fn(f64) -> f64) -> Vec<(f64, bool)> {
        let crossings = Curve::of(a, 1e6).crossings(&Curve::of(b, 1e6));
        crossings.iter().map(|crossing| (crossing.at, crossing.first_below)).collect()
    }

    #[track_caller]
    fn check(a: &dyn Fn(f64) -> f64, b: &dyn Fn(f64) -> f64, want: &[(f64, bool)]) {
        let found = roots(a, b);
        let near = |(x, below): &(f64, bool), (y, wanted): &(f64, bool)| (x / y - 1.0).abs() < 1e-5 && below == wanted;
        assert!(found.len() == want.len() && found.iter().zip(want).all(|(f, w)| near(f, w)), "{found:?}");
    }

    #[test]
    fn two_straight_bills_cross_once_or_never() {
        check(&|x| 10.0 + x, &|x| 2.0 * x, &[(10.0, false)]);
        check(&|x| 2.0 * x, &|x| 10.0 + x, &[(10.0, true)]);
        check(&|x| 10.0 + x, &|x| x, &[]);
        check(&|x| x, &|x| x, &[]);
        // Far beyond what was looked at, and so close to no traffic that no first step would meet it.
        check(&|x| 1e8 + x, &|x| 2.0 * x, &[(1e8, false)]);
        check(&|x| 1.0 + x, &|x| 1e6 * x, &[(1.0 / 999_999.0, false)]);
    }

    #[test]
    fn a_bill_in_steps_may_be_cheaper_below_and_above_and_dearer_between() {
        // 5 a unit up to 10 units, then 1; against 20 and 2 a unit: 5x = 20 + 2x at 20/3, 50 + x - 10 = 20 + 2x at 20.
        let steps = |x: f64| if x < 10.0 { 5.0 * x } else { 40.0 + x };
        check(&steps, &|x| 20.0 + 2.0 * x, &[(20.0 / 3.0, true), (20.0, false)]);
    }

    #[test]
    fn a_jump_past_the_other_bill_is_a_crossing() {
        // A plan of another size is needed from 3 on: 10, then 30, against 7 a unit: dearer below 10/7, then cheaper to 3,
        // then dearer to 30/7.
        let plan = |x: f64| if x < 3.0 { 10.0 } else { 30.0 };
        check(&plan, &|x| 7.0 * x, &[(10.0 / 7.0, false), (3.0, true), (30.0 / 7.0, false)]);
    }

    #[test]
    fn a_stretch_at_the_same_cost_is_passed_at_its_beginning() {
        let a = |x: f64| if x < 5.0 { 5.0 } else { x };
        let b = |x: f64| if x < 10.0 { x } else { 2.0 * x - 10.0 };
        // Half a cent early: closer than that, costs are the same.
        let found = roots(&a, &b);
        assert!(found.len() == 1 && (found[0].0 - 5.0).abs() < 0.006 && !found[0].1, "{found:?}");
    }
}
