//! What servers do with what nobody waits for any more, by hand arithmetic.

use eastwest::mesh;
use eastwest::provider::Books;
use eastwest::record::{Failure, Run};
use eastwest::scenario::{self, Inputs};

/// A request a second, whose user waits for 300 ms. 100 ms of work, a call of two pieces of 400 ms, 500 ms of work.
fn run(web: &str, db: &str) -> Run {
    let text = format!(
        "
eastwest: 1
topology: {{regions: {{hangzhou: {{is: alibaba/cn-hangzhou, zones: [h]}}}}, clusters: {{shop: {{region: hangzhou}}}}}}
services:
  web: {{replicas: {{shop: 1}}, workers: 10, on-cancel: {web}, steps: [{{work: 100ms}}, {{call: db}}, {{work: 500ms}}]}}
  db:  {{replicas: {{shop: 1}}, workers: 10, on-cancel: {db}, steps: [{{work: 400ms}}, {{work: 400ms}}]}}
mesh: {{traffic: {{\"*\": {{timeout: none, retries: 2}}}}}}
workload: {{users: {{from: hangzhou, to: web, rate: 1rps, arrivals: constant, patience: 300ms}}}}
run: {{horizon: 60s, fill: 0s, seed: 1}}
"
    );
    let loaded =
        scenario::load_text("cancel.yaml", &text, &[]).unwrap_or_else(|wrong| panic!("{:?}", wrong.diagnostics));
    let one = &loaded.variants[0];
    let world = scenario::compile(&one.scenario, &one.name, Books::builtin(), Inputs::default());
    let world = world.unwrap_or_else(|said| panic!("{said:?}"));
    let run = mesh::run(&world, 1, 0);
    let full = mesh::run_in_full(&world, 1, 0);
    assert!((&run.rows, &run.edges, &run.services) == (&full.rows, &full.edges, &full.services));
    run
}

/// Milliseconds that a service works for each request, and how many of its callers' calls were given up.
fn told(run: &Run, service: &str) -> (u64, u64) {
    let busy: u128 = run.services.iter().filter(|row| row.service == service).map(|row| row.busy_ns).sum();
    let edges = run.edges.iter().filter(|row| row.to == service);
    let given: u64 = edges.map(|row| row.failed[Failure::Abandoned as usize]).sum();
    let calls: u64 = run.edges.iter().filter(|row| row.to == service).map(|row| row.calls).sum();
    assert!((59..=60).contains(&calls), "no retry of what was given up: {calls}");
    // The last one's work lies in part behind the horizon: rounded up to 10 ms.
    ((busy as u64 / 1_000_000 / calls).next_multiple_of(10), given * 60 / calls)
}

#[test]
fn what_has_begun_is_finished_unless_its_server_stops() {
    for word in ["finish", "drop-queued"] {
        let run = run(word, word);
        assert_eq!((told(&run, "web"), told(&run, "db")), ((600, 60), (800, 0)), "{word}");
    }
}

#[test]
fn who_stops_ends_with_the_work_that_it_is_at_and_gives_up_its_calls() {
    // News comes at 300 ms: web waits for db, which is at its first piece until 500 ms.
    let both = run("stop", "stop");
    assert_eq!((told(&both, "web"), told(&both, "db")), ((100, 60), (400, 60)));
    // A callee that finishes does all of it for nobody.
    let first = run("stop", "finish");
    assert_eq!((told(&first, "web"), told(&first, "db")), ((100, 60), (800, 60)));
    // A caller that finishes waits for its answer: nobody tells the callee.
    let second = run("finish", "stop");
    assert_eq!((told(&second, "web"), told(&second, "db")), ((600, 60), (800, 0)));
}
