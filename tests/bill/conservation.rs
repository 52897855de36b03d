//! Laws of every invoice: nothing is charged twice, nothing is lost, and how usage is cut into lines does not matter.

use eastwest::bill::{
    Allowance, CapacityHour, CapacitySize, Day, Entry, Exact, Held, Line, Part, Period, Pool, PriceRange, Quantity,
    Tariff, Tier, invoice, total,
};
use eastwest::units::Money;
use proptest::prelude::*;

/// A price in up to five steps that begin anywhere, some of it free, shared by the account.
fn tariff() -> impl Strategy<Value = Tariff> {
    let steps = prop::collection::btree_map(1_u64..1_000_000, 0_i64..2_000_000_000, 0..5);
    (0_i64..2_000_000_000, steps, prop::option::of(0_u64..100_000), any::<bool>()).prop_map(
        |(first, steps, free, region)| {
            let tier = |from: u64, nano: i64| Tier {
                from: Exact::whole(from),
                price: Some(PriceRange::exact(Money(i128::from(nano)))),
            };
            let mut tiers = vec![tier(0, first)];
            tiers.extend(steps.into_iter().map(|(from, nano)| tier(from, nano)));
            let pool = if region { Pool::Region } else { Pool::Account };
            let allowance = free.map(|units| Allowance { units: Exact::whole(units), pool });
            Tariff { unit: "GB".into(), tiers, pool, allowance, ..Tariff::default() }
        },
    )
}

fn bytes(tariff: &Tariff, cuts: &[u64]) -> Vec<Line> {
    let entry = |&cut: &u64| Entry {
        product: "p",
        scope: "",
        payer: "",
        at: "here",
        tariff,
        quantity: Quantity::Bytes(Exact::whole(cut)),
    };
    invoice(&cuts.iter().map(entry).collect::<Vec<_>>())
}

fn parts(line: &Line) -> Exact {
    line.parts.iter().map(|part: &Part| part.quantity.clone()).sum()
}

proptest! {
    /// Every byte is in exactly one part of exactly one line.
    #[test]
    fn the_parts_of_a_line_are_its_quantity(tariff in tariff(), cuts in prop::collection::vec(0_u64..1 << 50, 1..6)) {
        let lines = bytes(&tariff, &cuts);
        for (line, &cut) in lines.iter().zip(&cuts) {
            prop_assert_eq!(&line.quantity, &Exact::ratio(cut, 1_u64 << 30));
            prop_assert_eq!(&parts(line), &line.quantity);
        }
        let all: Exact = lines.iter().map(|line| line.quantity.clone()).sum();
        prop_assert_eq!(all, Exact::ratio(cuts.iter().sum::<u64>(), 1_u64 << 30));
    }

    /// Usage that shares its steps costs the same in one line and in several, but for the rounding of each line.
    #[test]
    fn how_usage_is_cut_into_lines_does_not_matter(
        tariff in tariff(),
        cuts in prop::collection::vec(0_u64..1 << 50, 1..6),
    ) {
        let (cut, whole) = (total(&bytes(&tariff, &cuts)), total(&bytes(&tariff, &[cuts.iter().sum()])));
        prop_assert!((cut.mid.0 - whole.mid.0).abs() <= cuts.len() as i128, "{:?} {:?}", cut, whole);
    }

    /// More never costs less where no step is below nothing.
    #[test]
    fn more_never_costs_less(tariff in tariff(), low in 0_u64..1 << 50, more in 0_u64..1 << 50) {
        let cost = |bytes_of: u64| total(&bytes(&tariff, &[bytes_of])).mid;
        prop_assert!(cost(low) <= cost(low + more));
    }

    /// A line is its parts at their prices, rounded once: checked with whole numbers of any length, term by term.
    #[test]
    fn an_amount_is_its_parts_at_their_prices(tariff in tariff(), used in 0_u64..1 << 50) {
        let line = bytes(&tariff, &[used]).remove(0);
        let sum: Exact = line
            .parts
            .iter()
            .map(|part| &Exact::whole(part.price.expect("a price").mid.0) * &part.quantity)
            .sum();
        prop_assert_eq!(line.amount.expect("a price").mid, sum.rounded());
    }

    /// Capacity units: never fewer than any one dimension needs, and as many as one of them does, hour by hour.
    #[test]
    fn capacity_units_are_the_greatest_dimension_of_each_hour(
        hours in prop::collection::vec((0_u64..10_000_000, 0_u64..1_000_000, 0_u64..1 << 40), 1..30),
    ) {
        let size = CapacitySize {
            new_per_second: Exact::whole(800),
            open: Exact::whole(100_000),
            gigabytes_per_hour: Exact::whole(1),
        };
        let tariff = Tariff { capacity: Some(size), ..Tariff::default() };
        let hour = |&(new, open, bytes): &(u64, u64, u64)| CapacityHour {
            hours: Exact::whole(1),
            new: Exact::whole(new),
            open: Exact::whole(open),
            bytes: Exact::whole(bytes),
        };
        let units = Quantity::Capacity(hours.iter().map(hour).collect()).units(&tariff);
        let by = |of: &dyn Fn(&(u64, u64, u64)) -> Exact| hours.iter().map(of).collect::<Vec<_>>();
        let dimensions = [
            by(&|hour| Exact::ratio(hour.0, 800_u64 * 3600)),
            by(&|hour| Exact::ratio(hour.1, 100_000_u64)),
            by(&|hour| Exact::ratio(hour.2, 1_u64 << 30)),
        ];
        let want: Exact =
            (0..hours.len()).map(|h| dimensions.iter().map(|d| d[h].clone()).fold(Exact::ZERO(), Exact::max)).sum();
        prop_assert_eq!(units, want);
    }

    /// Begun hours are whole ones, at most one more for each thing.
    #[test]
    fn begun_hours_add_at_most_one_for_each_thing(minutes in prop::collection::vec(1_u64..100_000, 1..20)) {
        let held = minutes.iter().map(|&m| Held { units: Exact::whole(1), hours: Exact::ratio(m, 60_u64) });
        let held: Vec<Held> = held.collect();
        let units = |period| Quantity::Held(held.clone()).units(&Tariff { period, ..Tariff::default() });
        let (exact, begun) = (units(Period::Exact), units(Period::Hour));
        prop_assert_eq!(begun.clone(), minutes.iter().map(|&m| Exact::whole(m.div_ceil(60))).sum());
        prop_assert!(begun >= exact && &begun - &exact < Exact::whole(minutes.len() as i128));
    }

    /// A day of bandwidth costs its highest hour: no hour below it matters.
    #[test]
    fn a_day_costs_its_highest_hour(mbps in prop::collection::vec(1_u64..200, 24), peak in 200_u64..500, at in 0_usize..24) {
        let mut hours: Vec<Exact> = mbps.iter().map(|&mbps| Exact::whole(mbps)).collect();
        hours[at] = Exact::whole(peak);
        let whole = Day { mbps: Exact::whole(peak), hours: Exact::whole(24), times: Exact::whole(1) };
        prop_assert_eq!(Quantity::days_of(&hours), Quantity::Days(vec![whole]));
    }
}
