//! Downtime and years to come, against arithmetic by hand on what the run counted.

use eastwest::record::{Business, Comparison};
use eastwest::study::{self, Options, Unwatched};
use eastwest::{report, scenario};

const SHOP: &str = r"
eastwest: 1
topology:
  regions:
    hangzhou:  {is: alibaba/cn-hangzhou, zones: [h, i]}
    singapore: {is: alibaba/ap-southeast-1, zones: [a, b]}
  clusters: {shop: {region: hangzhou}, stock: {region: singapore}}
connectivity: {backbone: {cen: {bandwidth: 20Mbps}}}
routes: {default: {via: backbone}}
services:
  web:       {replicas: {shop: 2}, cpu: 0, work: 1ms, calls: [inventory]}
  inventory: {replicas: {stock: 2}, cpu: 0, work: 1ms, request: 2KiB, response: 2KiB}
workload: {shoppers: {from: hangzhou, to: web, rate: 50rps}}
run: {horizon: 120s, replications: 3}
";

fn answer(more: &str) -> Comparison {
    let loaded = scenario::load_text("shop.yaml", &format!("{SHOP}{more}"), &[]);
    let loaded = loaded.unwrap_or_else(|refused| panic!("{:?}", refused.diagnostics));
    let options = Options { inputs: false, trace: false, ..Options::default() };
    study::compare(&loaded, &options, &Unwatched).expect("it runs").comparison
}

fn of(answer: &Comparison) -> &Business {
    answer.variants[0].business.as_ref().expect("the scenario has `business:`")
}

#[track_caller]
fn close(got: Option<f64>, want: f64) {
    let got = got.expect("a figure");
    assert!((got - want).abs() <= 1e-6 * want.abs().max(1e-9), "{got} is not {want}");
}

#[test]
fn each_year_is_billed_at_its_own_volume_and_what_is_held_stays_as_it_is() {
    let answer = answer("business: {growth: 100%/year, horizon: 3 years}\n");
    let business = of(&answer);
    let bill = &answer.variants[0].bill;
    let amount = |by_gb: bool| -> f64 {
        bill.lines.iter().filter(|line| (line.unit == "GB") == by_gb).filter_map(|line| line.amount.value).sum()
    };
    let (usage, held) = (amount(true), amount(false));
    assert!(usage > 1.0 && held > 1.0, "both kinds of lines are on the bill: {usage}, {held}");
    // Flat prices: 1, 2 and 4 times the bytes. Bytes are whole in each window, which is worth less than a ten-thousandth.
    for (year, times) in [1.0, 2.0, 4.0].into_iter().enumerate() {
        assert_eq!((business.years[year].year as usize, business.years[year].times), (year + 1, times));
        let want = 12.0 * (held + times * usage);
        let got = business.years[year].bill.value.expect("a bill");
        assert!((got / want - 1.0).abs() < 1e-4, "year {}: {got} is not {want}", year + 1);
    }
    let sum: f64 = business.years.iter().filter_map(|year| year.bill.value).sum();
    close(business.total.value, sum);
    // 50 requests a second of a little over 2 KiB each way are 1 Mbit/s of 20: four times that still fits, 31 times not.
    assert!(business.years.iter().all(|year| year.over.is_empty()), "{:?}", business.years);
    assert_eq!((business.downtime_hour, business.downtime_year.value), (None, None));
}

#[test]
fn a_year_that_a_cap_does_not_carry_says_so() {
    let answer = answer("business: {growth: 3000%/year, horizon: 2 years}\n");
    let over = &of(&answer).years[1].over;
    assert!(over.iter().any(|what| what.starts_with("cap ")), "{over:?}");
    assert!(of(&answer).years[0].over.is_empty());
}

#[test]
fn a_run_without_faults_says_nothing_of_downtime_and_says_so() {
    let answer = answer("business: {downtime: 20000 USD/h, horizon: 2 years}\n");
    let business = of(&answer);
    assert_eq!((business.downtime_hour, business.downtime_year.value), (Some(20_000.0), None));
    assert!(business.basis.iter().any(|text| text.contains("says nothing of downtime: none is counted")));
    close(business.total.value, 24.0 * answer.variants[0].bill.month.value.expect("a bill"));
    let text = report::terminal::compare(&answer, 100, report::terminal::Style::PLAIN);
    assert!(text.contains("Business, 2 years") && text.contains("not counted"), "{text}");
}

#[test]
fn a_fault_costs_its_lost_requests_and_a_year_counts_stated_rates_only() {
    let answer = answer(
        "faults:
  all: {at: 30s, for: 20s, hit: service/web, down: true}
  one: {at: 80s, for: 10s, hit: replica/inventory/stock/0, down: true}
business: {downtime: 7200 USD/h, outages-per-year: {all: 2}}\n",
    );
    let business = of(&answer);
    let [all, one] = &business.faults[..] else { panic!("two faults: {:?}", business.faults) };
    // By hand: requests lost over the mean rate are seconds; 7200 USD an hour is 2 USD a second.
    let result = &answer.variants[0];
    let rate = result.windows.iter().map(|window| window.rate).sum::<f64>() / result.windows.len() as f64;
    let lost = result.faults[0].lost.value.expect("requests were lost");
    assert!(lost > 900.0, "20 s at 50 a second: {lost}");
    close(all.hours.value, lost / rate / 3600.0);
    close(all.cost.value, lost / rate * 2.0);
    assert_eq!((all.per_year, one.per_year), (Some(2.0), None));
    close(business.downtime_year.value, 2.0 * lost / rate * 2.0);
    close(business.total.value, 12.0 * result.bill.month.value.expect("a bill") + 4.0 * lost / rate);
    for text in ["one: no rate in", "only the named faults are counted", "own estimate"] {
        assert!(business.basis.iter().any(|line| line.contains(text)), "{text}: {:?}", business.basis);
    }
}

#[test]
fn what_fails_on_a_calm_day_is_downtime_of_the_year_and_the_verdict_warns_of_it() {
    let answer = answer(
        "faults:
  all: {at: 60s, for: 10s, hit: service/web, down: true}
business: {downtime: 1000 USD/h, outages-per-year: {all: 1}}
variants:
  enough: {}
  few: {services: {inventory: {replicas: {stock: 1}, workers: 1, queue: 5, work: 50ms}}}\n",
    );
    let [enough, few] = &answer.variants[..] else { panic!("two variants") };
    // One worker answers 20 of 50 a second, fault or none.
    let share = few.failing_calm.as_ref().and_then(|of| of.value).expect("told by a twin or what precedes");
    assert!((share - 0.6).abs() < 0.05, "{share}");
    assert_eq!(enough.failing_calm.as_ref().and_then(|of| of.value), Some(0.0));
    let business = few.business.as_ref().expect("said");
    let fault = &business.faults[0];
    close(business.downtime_year.value, share * 8760.0 * 1000.0 + fault.cost.value.expect("priced"));
    close(business.minutes_year.value, 60.0 * (share * 8760.0 + fault.hours.value.expect("told")));
    // Three replications tell nothing apart; more would ask for more outages than a year holds.
    assert_eq!((fault.even_per_year, fault.even_why.as_str()), (None, "not told apart"));
    assert!(answer.verdict.contains("of requests with nothing down."), "{}", answer.verdict);
    assert!(
        business.basis.iter().any(|text| text.contains("with nothing down (told by twins")),
        "{:?}",
        business.basis
    );
    let base = enough.business.as_ref().expect("said");
    assert_eq!((base.calm_hours.as_ref(), base.faults[0].name.as_str()), (None, "all"));
    let text = report::terminal::compare(&answer, 120, report::terminal::Style::PLAIN);
    assert!(text.contains("failing with nothing"), "{text}");
}

#[test]
fn a_year_of_drills_says_that_its_outages_are_as_long_as_they() {
    let answer = answer(
        "faults:
  zone: {at: 30s, for: 20s, hit: zone/hangzhou/h, down: true}
  pod:  {at: 80s, for: 10s, hit: replica/inventory/stock/0, down: true}
  dark: {mean-up: 1h, mean-down: 10s, hit: region/singapore, down: true}
reliability: {rows: {zone/hangzhou: {mean-up: 1 year, mean-down: 1h}}}
business: {downtime: 7200 USD/h, outages-per-year: {zone: 2, pod: 5}}\n",
    );
    let faults = &of(&answer).faults;
    let length = |name: &str| {
        let fault = faults.iter().find(|fault| fault.name == name).expect("it is told");
        fault.length.clone().map(|length| (length.lasts_s, length.mean_down_s, length.by))
    };
    assert_eq!(length("zone"), Some((20.0, Some(3600.0), "`reliability`".to_owned())));
    assert_eq!(
        length("pod"),
        Some((10.0, None, String::new())),
        "a gateway's or a replica's rows are of one that is alone"
    );
    assert!(length("dark").is_none_or(|(_, mean, _)| mean.is_none()), "a fault by chance is as long as it says");
    let text = report::terminal::compare(&answer, 160, report::terminal::Style::PLAIN);
    for said in [
        "2 times of 20 s (`reliability`: 60 min)",
        "5 times of 10 s",
        "outages as long as here",
        "total of 1 year, outages as long as here",
        "each taken to last 20 s as here (60 min on average by `reliability`)",
        "`eastwest availability` weighs",
    ] {
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(said), "{said}: {text}");
    }
    let warned =
        |text: &&String| text.starts_with("minutes and money of a year take outages to be as long as the faults here");
    let warning = answer.warnings.iter().find(warned).expect("20 s are no hour");
    assert!(warning.contains("zone 20 s") && !warning.contains("pod"), "{warning}");
}
