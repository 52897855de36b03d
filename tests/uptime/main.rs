//! User-uptime against reference values: `vectors.csv`, rows of the project's theory vectors, family UPTIME. Each row goes
//! through the accumulator that a run fills ([`UserTime`]), and through the exact search over event boundaries.

use std::collections::BTreeMap;

use eastwest::meter::{Active, UserTime, decided_until, exact_minimal_ratio, minimal_cumulative_ratio, user_uptime};
use serde_json::Value;

/// Whole seconds, in nanoseconds as a run counts them.
const SECOND: u64 = 1_000_000_000;

struct Log {
    users: BTreeMap<String, Vec<(u64, bool)>>,
    cutoff: u64,
    span: (u64, u64),
}

impl Log {
    fn of(inputs: &Value) -> Self {
        let ns = |value: &Value| (value.as_f64().expect("a time") * SECOND as f64).round() as u64;
        let event = |event: &Value| (ns(&event[0]), event[1].as_f64() == Some(1.0));
        let users = inputs["events"].as_object().expect("events by user").iter();
        let users = users.map(|(name, events)| {
            (name.clone(), events.as_array().expect("a list of events").iter().map(event).collect())
        });
        Log { users: users.collect(), cutoff: ns(&inputs["cutoff"]), span: (ns(&inputs["t"][0]), ns(&inputs["t"][1])) }
    }

    /// As a run counts it.
    fn bins(&self) -> Vec<Active> {
        let mut time = UserTime::new(self.span, SECOND, self.cutoff);
        for events in self.users.values() {
            for (index, &(at, well)) in events.iter().enumerate() {
                time.event(at, events.get(index + 1).map(|next| next.0), well);
            }
        }
        time.bins()
    }

    fn decided(&self) -> Vec<(u64, u64, bool)> {
        let of_user = |events: &Vec<(u64, bool)>| {
            let next = |index: usize| events.get(index + 1).map(|event| event.0);
            let each = events
                .iter()
                .enumerate()
                .map(|(index, &(at, well))| (at, decided_until(at, next(index), self.cutoff, self.span.1), well));
            each.collect::<Vec<_>>()
        };
        self.users.values().flat_map(of_user).collect()
    }
}

#[test]
fn the_reference_values_come_out() {
    let mut reader = csv::Reader::from_reader(include_str!("vectors.csv").as_bytes());
    let (mut log, mut held) = (None, 0);
    for row in reader.records() {
        let row = row.expect("vectors.csv is well-formed");
        let (id, quantity, value) = (&row[0], &row[2], row[4].parse::<f64>().expect("a value"));
        let inputs: Value = serde_json::from_str(&row[3]).expect("inputs are JSON");
        // A row speaks of its own log or of the last one before it; cutoffs are of the row.
        if inputs.get("events").is_some() {
            log = Some(Log::of(&inputs));
        }
        let log = log.as_mut().expect("the first row has a log");
        if let Some(cutoff) = inputs.get("cutoff").and_then(Value::as_f64) {
            log.cutoff = (cutoff * SECOND as f64).round() as u64;
        }
        let window =
            quantity.split("window ").nth(1).and_then(|rest| rest.split([',', ' ']).next()?.parse::<f64>().ok());
        let got = if quantity.starts_with("user-uptime") {
            vec![user_uptime(&log.bins())]
        } else if let Some(window) = window {
            let ns = (window * SECOND as f64).round() as u64;
            // Of a log whose events come at whole seconds no window is worse than the worst that begins at one.
            let whole =
                log.decided().iter().all(|&(from, to, _)| from.is_multiple_of(SECOND) && to.is_multiple_of(SECOND));
            let exact = exact_minimal_ratio(&log.decided(), ns, log.span);
            let grid = ns.is_multiple_of(SECOND).then(|| minimal_cumulative_ratio(&log.bins(), (ns / SECOND) as usize));
            let integer = quantity.contains("integer");
            grid.filter(|_| integer || whole).into_iter().chain((!integer || whole).then_some(exact)).collect()
        } else if quantity.starts_with("request success") {
            let all: Vec<bool> = log.users.values().flatten().map(|event| event.1).collect();
            vec![Some(all.iter().filter(|well| **well).count() as f64 / all.len() as f64)]
        } else {
            panic!("{id}: nothing is known of `{quantity}`");
        };
        assert!(!got.is_empty(), "{id}");
        for got in got {
            let got = got.unwrap_or_else(|| panic!("{id}: nobody was active"));
            assert!((got - value).abs() < 1e-11, "{id}: {got} against {value}");
        }
        held += 1;
    }
    assert!(held >= 3);
}
