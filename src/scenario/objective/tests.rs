//! Checks that are read, and those that are not.

use super::*;

#[track_caller]
fn figure(text: &str) -> (Metric, Option<String>, bool, Bound) {
    match parse(text) {
        Ok(Parsed { check: Check::Figure { term, below, bound }, .. }) => (term.metric, term.from, below, bound),
        other => panic!("{text}: {other:?}"),
    }
}

#[track_caller]
fn wrong(text: &str, at: &str, code: &str) {
    let misread = parse(text).expect_err("it is refused");
    assert_eq!((&text[misread.at.clone()], misread.complaint.code), (at, code), "{misread:?}");
}

#[test]
fn each_figure_has_its_unit() {
    let subject = || "web".to_owned();
    assert_eq!(
        figure("p99.9(web.list, from=hangzhou) < 350ms"),
        (
            Metric::Quantile { percent: 99.9, subject: "web.list".into() },
            Some("hangzhou".into()),
            true,
            Bound::Value(0.35)
        )
    );
    assert!(!figure("availability(web)>=99.9%").2);
    assert_eq!(figure("recovery(zone-out) < 1m").3, Bound::Value(60.0));
    let most = figure("recovery(zone-out, 95%) < 1m").0;
    assert_eq!(most, Metric::Recovery { fault: "zone-out".into(), share: Some(0.95) });
    wrong("recovery(zone-out, 95) < 1m", "95", "EW101");
    wrong("recovery(zone-out, 100%) < 1m", "100%", "EW105");
    assert_eq!(figure("lost(zone-out) <= 1000").3, Bound::Value(1000.0));
    assert_eq!(
        figure("amplification(orders->payments) < 1.25").0,
        Metric::Amplification { from: "orders".into(), to: "payments".into() }
    );
    assert_eq!(figure("cost(network) < 2500 USD/month").3, Bound::Value(2500.0));
    assert_eq!(
        figure("throughput(web) > 90rps"),
        (Metric::Throughput { subject: subject() }, None, false, Bound::Value(90.0))
    );
    assert_eq!(figure("utilisation(web) < 80%").3, Bound::Value(0.8));
    assert_eq!(
        figure("mean(web) <= 105% of variant(privatelink)").3,
        Bound::OfVariant { factor: 1.05, variant: "privatelink".into() }
    );
    let path = parse("path(orders -> payments) avoids internet").expect("it is read");
    assert_eq!(
        path.check,
        Check::Path(PathCheck { from: "orders".into(), to: "payments".into(), avoids: "internet".into() })
    );
}

#[test]
fn figures_of_faults_and_of_users_are_read() {
    assert_eq!(figure("detect(zone-out) < 15s").0, Metric::Detect { fault: "zone-out".into() });
    assert_eq!(figure("shift(zone-out) < 15s").3, Bound::Value(15.0));
    assert_eq!(figure("burn(zone-out) < 250%").3, Bound::Value(2.5));
    assert_eq!(figure("user-uptime(web) >= 99.9%").0, Metric::UserUptime { subject: "web".into() });
    assert_eq!(figure("mcr(web, 5m) >= 95%").0, Metric::Mcr { subject: "web".into(), window: 300.0 });
    let (metric, from, ..) = figure("availability(web, within=800ms, from=hangzhou) >= 99.9%");
    assert_eq!((metric, from), (Metric::Good { subject: "web".into(), within: 0.8 }, Some("hangzhou".into())));
    wrong("mcr(web) >= 95%", ")", "EW500");
    wrong("mcr(web, 5) >= 95%", "5", "EW101");
    wrong("p99(web, within=1s) < 1s", "within", "EW501");
    wrong("detect(zone-out) < 15", "15", "EW101");
    wrong("availability(web, within=0s) > 1%", "0s", "EW105");
}

#[test]
fn a_misread_check_points_into_the_text() {
    wrong("p99(checkout) < 350", "350", "EW101");
    wrong("p99 checkout < 350ms", "c", "EW500");
    wrong("q99(checkout) < 350ms", "q99", "EW501");
    wrong("p100(checkout) < 350ms", "p100", "EW501");
    wrong("availability(web) = 99%", "=", "EW500");
    wrong("cost(network) < 2500", "2500", "EW101");
    wrong("cost(network, from=a) < 2500 USD/month", "from", "EW501");
    wrong("path(a -> b) avoids x y", "y", "EW500");
    wrong("", "", "EW500");
    wrong("p99(web) <", "", "EW500");
}

proptest::proptest! {
    #[test]
    fn no_check_panics(text in "\\PC*", tail in "[a-z0-9()<>=% ->,.]*") {
        let _ = parse(&text);
        let _ = parse(&format!("p99({tail}"));
        let _ = parse(&format!("mean(a) < {tail}"));
    }
}

#[test]
fn gates_that_too_few_replications_leave_open_are_told_beforehand() {
    const SHOP: &str = "
eastwest: 1
topology:
  regions: {r: {is: alibaba/cn-hangzhou}}
  clusters: {a: {region: r}}
services: {web: {replicas: {a: 1}, work: 1ms}}
workload: {users: {from: r, to: web, rate: 1rps}}
objectives: {up: {check: availability(web) >= 99%}, dear: {check: cost(total) < 1000 USD/month}}
run: {horizon: 5m, replications: 4}
";
    let said = |text: &str| {
        let loaded =
            crate::scenario::load_text("shop.yaml", text, &[]).unwrap_or_else(|no| panic!("{:?}", no.diagnostics));
        let told = loaded.diagnostics.iter().filter(|diagnostic| diagnostic.code == "EW526");
        told.map(|diagnostic| diagnostic.message.clone()).collect::<Vec<_>>()
    };
    let few = said(SHOP);
    assert_eq!(few, ["4 replications give no interval, so that `up` will have not enough evidence"], "a bill is exact");
    assert!(said(&SHOP.replace("replications: 4", "replications: 5")).is_empty());
    assert!(said(&SHOP.replace("up: {check: availability(web) >= 99%}, ", "")).is_empty());
}
