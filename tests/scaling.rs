//! From text to replicas that come and go: what is run, what is billed, what is said beforehand.

use eastwest::provider::Books;
use eastwest::scenario::{Inputs, Loaded, compile_with_warnings, complaints, load_text};
use eastwest::study::bill::bill;
use eastwest::study::estimate::estimate;
use eastwest::world::{EndpointId, World};
use eastwest::{mesh, scenario::compile};

const SHOP: &str = r#"
eastwest: 1
topology:
  regions: {hangzhou: {is: alibaba/cn-hangzhou, zones: [h, i]}}
  clusters: {east: {region: hangzhou}}
services:
  web: {replicas: {east: 4}, workers: 1, queue: 10, work: 10ms, AUTOSCALE}
  stock: {replicas: {east: 2}, work: 1ms}
mesh: {control-plane: {kind: multi-primary}, traffic: {"*": {retries: 0}}}
workload: {users: {from: hangzhou, to: web, rate: {steps: {0s: 200rps, 2m: RATE}}, arrivals: constant}}
run: {horizon: 10m, fill: 0s}
"#;

fn loaded(autoscale: &str, rate: &str) -> Loaded {
    let text = SHOP.replace("AUTOSCALE", autoscale).replace("RATE", rate);
    load_text("shop.yaml", &text, &[]).unwrap_or_else(|refused| panic!("{:#?}", refused.diagnostics))
}

fn world(autoscale: &str, rate: &str) -> World {
    let loaded = loaded(autoscale, rate);
    let variant = &loaded.variants[0];
    compile(&variant.scenario, &variant.name, Books::builtin(), Inputs::default()).expect("a sound scenario")
}

const USUAL: &str = "autoscale: {target: 60%, min: 2, max: 9, boot: 40s}";

#[test]
fn each_zone_has_room_for_all_and_the_start_is_what_it_would_be() {
    let (moving, fixed) = (world(USUAL, "400rps"), world("cpu: 1", "400rps"));
    let [scaler] = &moving.autoscalers[..] else { panic!("one autoscaler") };
    assert_eq!((scaler.name.as_str(), scaler.start, scaler.members.len()), ("web@east", 4, 18));
    let name = |id: &EndpointId| moving.endpoints[*id].name.as_str();
    assert_eq!((name(&scaler.members[3]), name(&scaler.members[4])), ("web@east#3", "web@east#4"));
    assert_eq!(*moving.at_start(), fixed, "before anything has scaled");
    // A number that never changes serves as one that cannot.
    let steady = mesh::run(&world("autoscale: {target: 99%, min: 4, max: 4, boot: 40s}", "200rps"), 5, 0);
    let plain = mesh::run(&world("cpu: 1", "200rps"), 5, 0);
    assert_eq!((steady.edges[0].calls, steady.edges[0].failed), (plain.edges[0].calls, plain.edges[0].failed));
    assert_eq!(steady.scaling[0].steps.len(), 1);
}

#[test]
fn replicas_follow_a_step_and_are_billed_by_the_second() {
    let moving = world(USUAL, "480rps");
    let run = mesh::run(&moving, 3, 0);
    let row = &run.scaling[0];
    let wanted: Vec<u32> = row.steps.iter().map(|step| step.wanted).collect();
    // 50 % of 60 % is four of four; then 100 %: seven, of which 480/s are 68 % (within the tolerance of a seventh: eight).
    assert_eq!((wanted[0], *wanted.last().expect("some")), (4, 8), "{wanted:?}");
    // A month at the mean: vCPU of each and a tenth for its sidecar, 0.05 USD an hour; stock and istiod beside it.
    let bill = bill(&moving, std::slice::from_ref(&run));
    let lines: Vec<_> = bill.lines.iter().filter(|line| line.product == "compute").collect();
    let of_web = lines.iter().find(|line| line.scope.contains("web@east")).expect("a line of its own");
    let mean = row.pod_ns.iter().sum::<u64>() as f64 / run.horizon_ns as f64;
    let due = mean * 1.1 * 0.05 * 730.0;
    let found = of_web.amount.value.expect("priced");
    assert!((found - due).abs() < 0.01, "{found} {due}");
    assert!(mean > 4.0 && mean < 8.0);
    // Busy is told of those that there were.
    let place = run.services.iter().filter(|row| row.service == "web");
    let (busy, there) = place.fold((0, 0), |(busy, there), row| (busy + row.busy_ns, there + row.there_ns));
    let share = busy as f64 / there as f64;
    assert!(share > 0.5 && share < 0.75, "{share}");
}

#[test]
fn closed_forms_are_of_the_start_and_say_so() {
    let told = estimate(&[world(USUAL, "400rps")]);
    assert!(
        told.assumptions
            .iter()
            .any(|line| line.contains("web@east has 4 replicas here") && line.contains("from 2 to 9"))
    );
    let fixed = estimate(&[world("cpu: 1", "400rps")]);
    assert_eq!(told.variants[0].bill.month, fixed.variants[0].bill.month);
    assert_eq!(told.variants[0].loads, fixed.variants[0].loads);
}

#[track_caller]
fn advised(autoscale: &str, rate: &str, want: &[(&str, &str)]) {
    let loaded = loaded(autoscale, rate);
    let said = complaints(&loaded.variants, Books::builtin());
    let found: Vec<_> = said.iter().filter(|one| one.code.starts_with("EW46")).collect();
    assert_eq!(found.len(), want.len(), "{found:?}");
    for (one, (code, words)) in found.iter().zip(want) {
        assert!(one.code == *code && one.message.contains(words), "{one:?}");
    }
    assert!(compile_with_warnings(&loaded.variants[0].scenario, "", Books::builtin(), Inputs::default()).is_ok());
}

#[test]
fn advice_tells_of_a_most_that_is_too_little_and_of_a_zone_that_others_cannot_carry() {
    advised(USUAL, "1000rps", &[("EW463", "111 %")]);
    // 75 % of four is 150 % of two.
    advised(USUAL, "300rps", &[("EW464", "150 %")]);
    advised(USUAL, "190rps", &[("EW464", "100 %")]);
}
