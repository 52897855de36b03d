//! Invoices of metered usage, no world and no run: each with its arithmetic and where its prices are from.
//!
//! GB is 2^30 bytes unless the case says otherwise; amounts are in billionths of a US dollar.

use eastwest::bill::{
    Allowance, CapacityHour, Entry, Exact, Held, Line, OwnPrice, Part, Pool, PriceRange, PriceStatus, Quantity, Step,
    Tariff, Terms, Tier, by_payer, invoice, total,
};
use eastwest::provider::Books;
use eastwest::units::Money;

const GIB: i128 = 1 << 30;

fn tariff(item: &str, from: &str, to: &str) -> Tariff {
    let found = Terms::default().tariff(Books::builtin(), item, from, to);
    found.unwrap_or_else(|| panic!("the book has {item} from {from} to {to}"))
}

fn gigabytes(gigabytes: i128) -> Quantity {
    Quantity::Bytes(Exact::whole(gigabytes * GIB))
}

fn months(things: i128) -> Quantity {
    Quantity::month_of(Exact::whole(things))
}

fn entry<'a>(at: &'a str, tariff: &'a Tariff, quantity: Quantity) -> Entry<'a> {
    Entry { product: "test", scope: at, payer: "", at, tariff, quantity }
}

fn one(tariff: &Tariff, quantity: Quantity) -> Line {
    invoice(&[entry("here", tariff, quantity)]).remove(0)
}

#[track_caller]
fn nanos(line: &Line) -> i128 {
    line.amount.expect("the price is known").mid.0
}

/// (where the step begins, units in it); what is free begins nowhere.
fn steps(line: &Line) -> Vec<(Option<f64>, f64)> {
    let step = |part: &Part| match &part.step {
        Step::Free => (None, part.quantity.value()),
        Step::From(from) => (Some(from.value()), part.quantity.value()),
    };
    line.parts.iter().map(step).collect()
}

/// A flat price of so many billionths.
fn flat(nano: i128, unit: &str) -> Tariff {
    let price = Some(PriceRange::exact(Money(nano)));
    Tariff { unit: unit.into(), tiers: vec![Tier { from: Exact::ZERO(), price }], ..Tariff::default() }
}

/// AWS, data transfer out to the internet, us and eu: 0.09 to 10 TB, 0.085 to 50 TB, 0.07 to 150 TB, 0.05 above; the first
/// 100 GB of a month are free. <https://leanopstech.com/blog/aws-data-transfer-pricing-2026/>, 2026-04-27.
#[test]
fn sixty_terabytes_out_of_aws_climb_three_tiers_after_the_free_hundred_gigabytes() {
    let line = one(&tariff("aws.egress", "us-east-1", "*"), gigabytes(60 * 1024));
    // 61 440 GB: 100 free, 10 140 at 0.09 = 912.60, 40 960 at 0.085 = 3481.60, 10 240 at 0.07 = 716.80; 5111.00 in all
    assert_eq!(nanos(&line), 5_111_000_000_000);
    let want = [(None, 100.0), (Some(0.0), 10_140.0), (Some(10_240.0), 40_960.0), (Some(51_200.0), 10_240.0)];
    assert_eq!(steps(&line), want);
    assert_eq!(line.quantity, Exact::whole(61_440));
}

/// The same price list: the steps are climbed by region, what is free is free once for the account.
#[test]
fn tiers_are_climbed_by_region_and_the_allowance_is_the_accounts() {
    let aws = tariff("aws.egress", "us-east-1", "*");
    let of = |at, tb: i128| entry(at, &aws, gigabytes(tb * 1024));
    let lines = invoice(&[of("us-east-1", 8), of("us-east-1", 4), of("eu-west-1", 8)]);
    // us-east-1 first: 100 GB free, (8192 - 100) * 0.09 = 728.28
    assert_eq!(nanos(&lines[0]), 728_280_000_000);
    // us-east-1 again, from 8192 GB on: 2048 * 0.09 = 184.32 up to 10 TB, 2048 * 0.085 = 174.08
    assert_eq!(nanos(&lines[1]), 358_400_000_000);
    // eu-west-1 begins at the foot of its own steps, with nothing left to give: 8192 * 0.09 = 737.28
    assert_eq!(nanos(&lines[2]), 737_280_000_000);
    // Another account has its own.
    let other = Entry { payer: "shop", ..of("us-east-1", 1) };
    // (1024 - 100) * 0.09 = 83.16
    assert_eq!(nanos(&invoice(&[of("us-east-1", 60), other])[1]), 83_160_000_000);
}

/// Less than what is free costs nothing, and is on the invoice.
#[test]
fn a_free_allowance_is_shown_and_costs_nothing() {
    let line = one(&tariff("aws.egress", "us-east-1", "*"), gigabytes(40));
    assert_eq!((nanos(&line), steps(&line)), (0, vec![(None, 40.0)]));
    // An allowance of each line by itself, at a price of 0.02: 150 GB are 100 free and 50 paid, twice.
    let allowance = Some(Allowance { units: Exact::whole(100), pool: Pool::Line });
    let tariff = Tariff { allowance, ..flat(20_000_000, "GB") };
    let lines = invoice(&[entry("a", &tariff, gigabytes(150)), entry("a", &tariff, gigabytes(150))]);
    assert_eq!(lines.iter().map(nanos).collect::<Vec<_>>(), [1_000_000_000; 2]);
}

/// CDT Gold China - Asia Pacific 0.80 USD/GB, the sender pays, hourly; transit router 0.05 an attachment and hour and 0.02
/// USD/GB into it (estimated). <https://www.alibabacloud.com/help/en/vpc/vpc-product-billing>, 2026-03-12.
#[test]
fn cen_bills_both_directions_each_to_its_sender() {
    let (hz, sg) = ("cn-hangzhou", "ap-southeast-1");
    let (out, back) = (tariff("cdt.gold", hz, sg), tariff("cdt.gold", sg, hz));
    let (into, attachment) = (tariff("cen.processing", hz, "*"), tariff("cen.attachment", "*", "*"));
    let as_of = |payer, at, tariff, quantity| Entry { payer, ..entry(at, tariff, quantity) };
    let lines = invoice(&[
        as_of("shop", hz, &attachment, months(1)),
        as_of("bank", sg, &attachment, months(1)),
        as_of("shop", hz, &into, gigabytes(1000)),
        as_of("bank", sg, &into, gigabytes(3000)),
        as_of("shop", hz, &out, gigabytes(1000)),
        as_of("bank", sg, &back, gigabytes(3000)),
    ]);
    let want = [36_500_000_000, 36_500_000_000, 20_000_000_000, 60_000_000_000, 800_000_000_000, 2_400_000_000_000];
    assert_eq!(lines.iter().map(nanos).collect::<Vec<_>>(), want);
    // Who pays what: shop 36.5 + 20 + 800, bank 36.5 + 60 + 2400.
    let payers = by_payer(&lines);
    assert_eq!((payers["shop"].mid.0, payers["bank"].mid.0), (856_500_000_000, 2_496_500_000_000));
    assert_eq!(total(&lines).mid.0, 3_353_000_000_000);
    assert_eq!((lines[0].status, lines[4].status), (PriceStatus::Estimated, PriceStatus::Sourced));
}

/// A consumer in Singapore reaches an endpoint in Hangzhou over CEN: the sum of both products.
/// PrivateLink 0.01 a zone and hour, 0.01 USD/GB both ways; NLB 0.02 an hour, LCU 0.005.
/// <https://help.aliyun.com/en/privatelink/private-link-billing-description>, 2026; SLB billing 2025-03-25.
#[test]
fn privatelink_chained_behind_cen_is_the_sum_of_both() {
    let (hz, sg) = ("cn-hangzhou", "ap-southeast-1");
    let item = |item, from, to| tariff(item, from, to);
    let tariffs = [
        item("cen.attachment", "*", "*"),
        item("cdt.gold", sg, hz),
        item("cdt.gold", hz, sg),
        item("privatelink.zone-hour", hz, "*"),
        item("privatelink.processing", hz, "*"),
        item("nlb.hour", hz, "*"),
        item("nlb.lcu", hz, "*"),
    ];
    let through = CapacityHour {
        hours: Exact::whole(730),
        new: Exact::ZERO(),
        open: Exact::whole(200),
        bytes: Exact::whole(7300 * GIB),
    };
    // 2300 GB of requests, 5000 GB of answers.
    let quantities = [
        months(2),
        gigabytes(2300),
        gigabytes(5000),
        months(2),
        gigabytes(7300),
        months(1),
        Quantity::Capacity(vec![through]),
    ];
    let entries: Vec<Entry<'_>> = tariffs.iter().zip(quantities).map(|(t, quantity)| entry(hz, t, quantity)).collect();
    let lines = invoice(&entries);
    let want = [
        73_000_000_000,    // 2 attachments * 730 h * 0.05
        1_840_000_000_000, // 2300 * 0.80
        4_000_000_000_000, // 5000 * 0.80
        14_600_000_000,    // 2 zones * 730 h * 0.01
        73_000_000_000,    // 7300 * 0.01, both ways
        14_600_000_000,    // 730 h * 0.02
        36_500_000_000,    // 7300 GB in 730 h are 10 LCU: 7300 LCU-hours * 0.005
    ];
    assert_eq!(lines.iter().map(nanos).collect::<Vec<_>>(), want);
    assert_eq!(total(&lines).mid.0, 6_051_700_000_000);
}

/// An address paid by bandwidth, Hangzhou: 1 to 5 Mbit/s a day 0.14, 0.28, 0.43, 0.57, 0.71 together, each further one
/// 0.50 (table of 2021-06). The highest of each day counts, for the hours in which there was any.
#[test]
fn an_address_by_bandwidth_pays_the_highest_of_each_day() {
    let eip = tariff("eip.bandwidth-day", "cn-hangzhou", "*");
    // Day 1: 5 Mbit/s, raised to 20 for two hours. Day 2: 5 all day. Day 3: given back after 6 hours at 3.
    let mut mbps = vec![Exact::whole(5); 48];
    (mbps[10], mbps[11]) = (Exact::whole(20), Exact::whole(20));
    mbps.extend(vec![Exact::whole(3); 6]);
    let line = one(&eip, Quantity::days_of(&mbps));
    // 0.71 + 15 * 0.50 = 8.21; 0.71; 0.43 * 6 / 24 = 0.1075: 9.0275
    assert_eq!(nanos(&line), 9_027_500_000);
    // 20 Mbit/s for a whole month: 8.21 * 730 / 24 = 249.720833333...
    assert_eq!(nanos(&one(&eip, Quantity::steady_days(Exact::whole(20)))), 249_720_833_333);
    // 2.5 Mbit/s are sold as 3: 0.43 * 730 / 24 = 13.0791666...
    assert_eq!(nanos(&one(&eip, Quantity::steady_days(Exact::ratio(5, 2)))), 13_079_166_667);
}

/// NLB: an LCU holds 800 new connections a second, 100 000 open ones or 1 GB an hour; 0.005 an LCU-hour.
/// <https://www.alibabacloud.com/help/en/slb/product-overview/billing-for-load-balancing-products>, 2025-03-25.
#[test]
fn a_capacity_unit_is_the_greatest_of_three_dimensions_in_each_hour() {
    let lcu = tariff("nlb.lcu", "cn-hangzhou", "*");
    let hour = |new: i128, open: i128, gb: i128| CapacityHour {
        hours: Exact::whole(1),
        new: Exact::whole(new),
        open: Exact::whole(open),
        bytes: Exact::whole(gb * GIB),
    };
    let of = |hours: Vec<CapacityHour>| nanos(&one(&lcu, Quantity::Capacity(hours)));
    // New connections: 7 200 000 in an hour are 2000 a second, 2.5 LCU.
    assert_eq!(of(vec![hour(7_200_000, 100_000, 2)]), 12_500_000); // 2.5 * 0.005
    // Open connections: 400 000 are 4 LCU.
    assert_eq!(of(vec![hour(7_200_000, 400_000, 2)]), 20_000_000); // 4 * 0.005
    // Bytes: 7 GB are 7 LCU.
    assert_eq!(of(vec![hour(7_200_000, 400_000, 7)]), 35_000_000); // 7 * 0.005
    // The maximum is taken hour by hour: 2.5 + 4 + 7 and not three times the maximum of the means.
    let day = vec![hour(7_200_000, 0, 1), hour(0, 400_000, 1), hour(0, 0, 7)];
    assert_eq!(of(day), 67_500_000); // 13.5 * 0.005
    // One new connection in an hour is 1 / 2 880 000 LCU-hour: 0.005 * that is 1.736 billionths.
    assert_eq!(of(vec![hour(1, 0, 0)]), 2);
}

/// NAT: 0.034 an hour; CU 0.034 (estimated), 1000 new a second, 10 000 open, 1 GB an hour.
#[test]
fn nat_costs_its_hours_and_its_capacity_units() {
    let (hour, cu) = (tariff("nat.hour", "cn-hangzhou", "*"), tariff("nat.cu", "cn-hangzhou", "*"));
    assert_eq!(nanos(&one(&hour, months(2))), 49_640_000_000); // 2 * 730 * 0.034
    let steady = CapacityHour {
        hours: Exact::whole(730),
        new: Exact::whole(0),
        open: Exact::whole(25_000),
        bytes: Exact::whole(365 * GIB),
    };
    // 25 000 open are 2.5 CU, half a GB an hour is less: 2.5 * 730 * 0.034 = 62.05
    assert_eq!(nanos(&one(&cu, Quantity::Capacity(vec![steady]))), 62_050_000_000);
}

/// Hours of endpoint zones are rounded up, each by itself; seconds of compute are not hours.
#[test]
fn begun_hours_are_whole_hours_for_each_thing_by_itself() {
    let zone = tariff("privatelink.zone-hour", "cn-hangzhou", "*");
    let held = |hours: Exact| Held { units: Exact::whole(1), hours };
    // 10 min, 61 min and 24 h: 1 + 2 + 24 = 27 zone-hours at 0.01. Together they would have been 26.
    let three = vec![held(Exact::ratio(1, 6)), held(Exact::ratio(61, 60)), held(Exact::whole(24))];
    let line = one(&zone, Quantity::Held(three));
    assert_eq!((nanos(&line), line.quantity), (270_000_000, Exact::whole(27)));
    // Compute by the second, 0.05 a vCPU-hour (estimated): 4 vCPU for 1000.2 s are 4 * 1001 s = 1.11222.. vCPU-hours.
    let vcpu = tariff("compute.vcpu", "cn-hangzhou", "*");
    let line = one(&vcpu, Quantity::Held(vec![Held { units: Exact::whole(4), hours: Exact::ratio(10_002, 36_000) }]));
    assert_eq!(nanos(&line), 55_611_111); // 4 * 1001 / 3600 * 0.05 = 0.0556111...
}

/// CEN bandwidth plan: the price is on the buy page only, so the contract states it; at least 2 Mbps are sold.
/// <https://www.alibabacloud.com/help/en/cen/product-overview/billing-rules>, 2026-03-23.
#[test]
fn a_bandwidth_plan_is_sold_by_the_month_from_two_megabits_on() {
    let unknown = one(&tariff("cen.plan", "china", "asia-pacific"), Quantity::Bandwidth(Exact::whole(50)));
    assert_eq!((unknown.amount, unknown.status), (None, PriceStatus::NotFound));
    let own = OwnPrice {
        item: "cen.plan".into(),
        from: "*".into(),
        to: "*".into(),
        tiers: vec![Tier { from: Exact::ZERO(), price: Some(PriceRange::exact(Money(90_000_000_000))) }],
        currency: "USD".into(),
        gigabyte: None,
        source: "the contract".into(),
        as_of: String::new(),
    };
    let terms = Terms { own: vec![own], ..Terms::default() };
    let plan = terms.tariff(Books::builtin(), "cen.plan", "china", "asia-pacific").unwrap();
    assert_eq!(plan.status, PriceStatus::User);
    assert_eq!(nanos(&one(&plan, Quantity::Bandwidth(Exact::whole(50)))), 4_500_000_000_000); // 50 * 90
    assert_eq!(nanos(&one(&plan, Quantity::Bandwidth(Exact::whole(1)))), 180_000_000_000); // 2 * 90
}

/// A discount on a family and a currency stated by the reader: one rounding for all of it.
#[test]
fn discount_and_exchange_are_applied_to_the_line_and_rounded_with_it() {
    let terms = Terms {
        currency: "EUR".into(),
        rates: [("EUR".to_owned(), Exact::parse("0.92").unwrap())].into(),
        discounts: [("cdt".to_owned(), Exact::ratio(1, 5)), ("nlb.hour".to_owned(), Exact::ratio(1, 3))].into(),
        own: Vec::new(),
    };
    let tariff = |item, from, to| terms.tariff(Books::builtin(), item, from, to).unwrap();
    // 1000 GB * 0.072 = 72 USD, less 20 % = 57.60 USD, at 0.92 = 52.992 EUR
    let line = one(&tariff("cdt.gold", "cn-hangzhou", "cn-beijing"), gigabytes(1000));
    assert_eq!(nanos(&line), 52_992_000_000);
    assert_eq!((line.discount.value(), line.exchange.value(), line.price_currency.as_str()), (0.2, 0.92, "USD"));
    // 730 h * 0.02 = 14.60 USD, less a third = 9.7333..., at 0.92 = 8.954666...: rounded once, up
    assert_eq!(nanos(&one(&tariff("nlb.hour", "cn-hangzhou", "*"), months(1))), 8_954_666_667);
    // Nothing is taken off what the reader gave no discount on: 730 * 0.01 * 0.92
    assert_eq!(nanos(&one(&tariff("privatelink.zone-hour", "cn-hangzhou", "*"), months(1))), 6_716_000_000);
}

/// A rate of exchange between two other currencies goes over the dollar; one that nobody stated is no rate.
#[test]
fn an_exchange_goes_over_the_dollar_and_is_never_guessed() {
    let rate = |text: &str| Exact::parse(text).unwrap();
    let rates = [("EUR".to_owned(), rate("0.92")), ("CNY".to_owned(), rate("7.2"))];
    let terms = Terms { currency: "EUR".into(), rates: rates.into(), ..Terms::default() };
    assert_eq!(terms.exchange("CNY"), Some(Exact::ratio(92, 720)));
    assert_eq!(terms.exchange("EUR"), Some(Exact::whole(1)));
    assert_eq!(terms.exchange("GBP"), None);
}

/// The gigabyte is the row's: 10^12 bytes are 931.32 GB of 2^30 and 1000 of 10^9.
#[test]
fn a_gigabyte_is_as_many_bytes_as_the_row_says() {
    let binary = flat(100_000_000, "GB");
    let decimal = Tariff { gigabyte: 1_000_000_000, ..binary.clone() };
    let bytes = || Quantity::Bytes(Exact::whole(1_000_000_000_000_i128));
    // 10^12 / 2^30 * 0.10 = 93.1322574615478515625: the 63 half-billionths and more round up
    assert_eq!(nanos(&one(&binary, bytes())), 93_132_257_462);
    assert_eq!(nanos(&one(&decimal, bytes())), 100_000_000_000);
}

/// A line is rounded once, half to even, whatever it is made of.
#[test]
fn a_line_rounds_once_and_half_to_even() {
    let byte = |nano: i128| nanos(&one(&flat(nano, "GB"), Quantity::Bytes(Exact::whole(1))));
    // 2^29 billionths a GB: one byte is half a billionth, to even 0; three times that is 1.5, to even 2.
    assert_eq!((byte(1 << 29), byte(3 << 29), byte(5 << 29)), (0, 2, 2));
    // Two steps that end in halves: 0.5 + 0.5 is 1, and not 0 + 0.
    let half = Some(PriceRange::exact(Money(1 << 29)));
    let step = |from: Exact| Tier { from, price: half };
    let two = Tariff { tiers: vec![step(Exact::ZERO()), step(Exact::ratio(1, GIB))], ..flat(0, "GB") };
    assert_eq!(nanos(&one(&two, Quantity::Bytes(Exact::whole(2)))), 1);
}

/// The reader's own prices: the most specific place holds, of equals the last; their steps replace the list's.
#[test]
fn own_prices_override_the_book_where_they_say() {
    let own = |from: &str, to: &str, nano: i128| OwnPrice {
        item: "cdt.gold".into(),
        from: from.into(),
        to: to.into(),
        tiers: vec![Tier { from: Exact::ZERO(), price: Some(PriceRange::exact(Money(nano))) }],
        currency: "USD".into(),
        gigabyte: None,
        source: "the contract".into(),
        as_of: "2026-01".into(),
    };
    let terms =
        Terms { own: vec![own("china", "asia-pacific", 500_000_000), own("*", "*", 60_000_000)], ..Terms::default() };
    let price = |from, to| terms.tariff(Books::builtin(), "cdt.gold", from, to).unwrap().first().unwrap().mid.0;
    assert_eq!(price("cn-hangzhou", "ap-southeast-1"), 500_000_000);
    assert_eq!(price("ap-southeast-1", "cn-hangzhou"), 500_000_000, "a price between two areas holds both ways");
    assert_eq!(price("cn-hangzhou", "cn-beijing"), 60_000_000);
    // A discount is off the list, and not off what the reader pays.
    let terms = Terms { discounts: [("cdt".to_owned(), Exact::ratio(1, 5))].into(), ..terms };
    let of = |item: &str| terms.tariff(Books::builtin(), item, "cn-hangzhou", "cn-beijing").unwrap().discount;
    assert_eq!((of("cdt.gold"), of("cdt.platinum").map(|(key, _)| key)), (None, Some("cdt".to_owned())));
}
