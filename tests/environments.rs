//! Test environments (scenarios/test-environments.yaml): waiting and spoilt tests are those of closed forms, and copies
//! cost what lanes cost at the number of developers that arithmetic says.

use std::path::Path;

use eastwest::record::{Sweep, SweepPoint};
use eastwest::scenario::{self, Origin, load_points};
use eastwest::study::{self, Options, Unwatched, sweep::Known};

/// The scenario over these numbers of developers, runs shortened.
fn swept(developers: &str, sets: &[(&str, &str)]) -> Sweep {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/test-environments.yaml");
    let mut all = vec![("sweep.developers.to".to_owned(), developers.to_owned())];
    all.extend(sets.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    let base = scenario::load(&path, &all).unwrap_or_else(|wrong| panic!("{:?}", wrong.diagnostics));
    let axes = &base.variants[0].scenario.sweep;
    let points = load_points(Origin::File(&path), &all, axes).unwrap_or_else(|wrong| panic!("{:?}", wrong.diagnostics));
    let options = Options { replications: Some(8), ..Options::default() };
    study::sweep(axes, &points, &options, &Known::new(), &mut |_| (), &Unwatched).expect("it runs")
}

fn value(point: &SweepPoint, variant: &str, figure: &str) -> f64 {
    let of = point.variants.iter().find(|one| one.name == variant).expect("the variant is there");
    let found = of.figures.iter().find(|one| one.name == figure).unwrap_or_else(|| panic!("no {figure}: {of:?}"));
    found.estimate.value.expect("a value")
}

/// M/M/c//N, machines and repairmen: the mean wait for a repairman (Kleinrock I, 3.8; birth-death).
fn repairmen(machines: u32, repairmen: u32, repair: f64, up: f64) -> f64 {
    let mut weights = vec![1.0];
    for down in 1..=machines {
        let rate = f64::from(machines - down + 1) / up / (f64::from(down.min(repairmen)) / repair);
        weights.push(weights.last().expect("there is one") * rate);
    }
    let total: f64 = weights.iter().sum();
    let mean = |of: fn(u32, u32) -> u32| -> f64 {
        let each = (0..=machines).zip(&weights).map(|(down, weight)| f64::from(of(down, repairmen)) * weight);
        each.sum::<f64>() / total
    };
    let (down, busy) = (mean(|down, _| down), mean(|down, all| down.min(all)));
    down / (busy / repair) - repair
}

#[test]
fn the_closed_form_of_waiting_is_that_of_textbooks() {
    // One machine never waits; many wait for the others: N x S / c - Z - S.
    assert!(repairmen(1, 1, 10.0, 50.0).abs() < 1e-12);
    assert!((repairmen(200, 2, 10.0, 50.0) - 940.0).abs() < 1e-6);
    // Two machines, one repairman: p0 : p1 : p2 = 1 : 2r : 2r^2 with r = 1/5.
    let (p1, p2) = (0.4, 0.08);
    let total = 1.0 + p1 + p2;
    let want = (p1 + 2.0 * p2) / ((p1 + p2) / 10.0) - 10.0;
    assert!((repairmen(2, 1, 10.0, 50.0) - want).abs() < 1e-9, "{total}");
}

#[test]
fn developers_wait_and_are_disturbed_as_closed_forms_say() {
    let found = swept("[10, 60]", &[("run.horizon", "60h"), ("run.fill", "20h")]);
    for (point, developers, tolerance) in [(&found.points[0], 10, 0.12), (&found.points[1], 60, 0.03)] {
        let (minutes, want) = (value(point, "shared", "wait(runner)") / 60_000.0, repairmen(developers, 2, 10.0, 50.0));
        assert!((minutes / want - 1.0).abs() < tolerance, "{developers} wait {minutes} min, and {want} by hand");
        let spoilt = 1.0 - value(point, "shared", "availability");
        let want = 1.0 - (1.0_f64 - 0.02 * 0.1).powi(developers as i32);
        // 10 developers test some 5,000 times, 60 some 5,800: three standard deviations.
        let three = 3.0 * (want * (1.0 - want) / 5_000.0_f64).sqrt();
        assert!((spoilt - want).abs() < three, "{developers}: {spoilt} of tests are spoilt, {want} by hand");
        for apart in ["copies", "lanes"] {
            let own = 1.0 - value(point, apart, "availability");
            assert!((own - 0.002).abs() < 0.0015, "{apart}: only one's own change fails: {own}");
            assert!((value(point, apart, "mean") / 600_000.0 - 1.0).abs() < 0.05, "nobody waits in {apart}");
        }
        // Nothing fails where the header is dropped, and nothing was tested.
        assert_eq!(value(point, "forgotten", "availability"), 1.0);
    }
}

#[test]
fn copies_cost_what_lanes_cost_where_arithmetic_says_so() {
    let found = swept("[5, 10]", &[("run.horizon", "5h"), ("run.fill", "1h"), ("run.drain", "10h")]);
    let cost = |at: usize, variant: &str| value(&found.points[at], variant, "cost");
    // 11 vCPU of a copy; 41 of the baseline and one for each developer, 730 h a month, at 0.05 USD; and ASM's edition. Istio
    // asks for 0.1 vCPU beside each pod: 23 of the baseline, two for each developer.
    let vcpu = cost(0, "copies") / 5.0 / 11.0;
    assert!((cost(1, "copies") - 110.0 * vcpu).abs() < 1e-6);
    let (baseline, lane) = (41.0 + 2.3, 1.2);
    assert!((cost(1, "lanes") - cost(0, "lanes") - 5.0 * lane * vcpu).abs() < 1e-6);
    assert!((cost(1, "shared") - 46.0 * vcpu).abs() < 1e-6, "a developer's change takes half a vCPU");
    let edition = cost(0, "lanes") - (baseline + 5.0 * lane) * vcpu;
    assert!(edition > 0.0);
    let even = (baseline * vcpu + edition) / (11.0 * vcpu - lane * vcpu);
    let meeting = found.meetings.iter().find(|one| one.after == "lanes").expect("they cross");
    assert_eq!((meeting.before.as_str(), meeting.from.as_str(), meeting.to.as_str()), ("copies", "5", "10"));
    assert!((meeting.about.expect("numbers") - even).abs() < 1e-6, "{:?} against {even}", meeting.about);
    let told = format!("Copies is cheaper than lanes and forgotten up to about developers {even:.2}");
    assert!(found.verdict.contains(&told), "{told}: {}", found.verdict);
}
