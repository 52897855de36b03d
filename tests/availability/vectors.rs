//! Every reference value, through the function that `eastwest availability` calls.

use eastwest::study::availability::chain::Crews;
use eastwest::study::availability::group::{Group, Repair};
use eastwest::study::availability::renewal::{Alternating, Start, variance_rate};
use eastwest::study::availability::{samples, states, steady};
use eastwest::study::erlang_a::ErlangA;
use serde_json::Value;

fn number(inputs: &Value, key: &str) -> f64 {
    inputs[key].as_f64().unwrap_or_else(|| panic!("{key} of {inputs}"))
}

/// Of a unit: where it is written, since `1 - a` loses its digits.
fn down_share(inputs: &Value) -> f64 {
    inputs["u"].as_f64().unwrap_or_else(|| 1.0 - number(inputs, "a"))
}

fn whole(inputs: &Value, key: &str) -> u32 {
    u32::try_from(inputs[key].as_u64().unwrap_or_else(|| panic!("{key} of {inputs}"))).expect("small")
}

/// `>= 0.9995)` of the quantity's words.
fn share(quantity: &str) -> f64 {
    let after = quantity.split(">=").nth(1).expect("a share is named");
    after.trim().split([')', ' ']).next().and_then(|text| text.parse().ok()).expect("a share is a number")
}

/// `<= 2 components` or `more than 3 down` of the quantity's words.
fn within(quantity: &str) -> u32 {
    let words: Vec<&str> = quantity.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "<=" || *word == "than").expect("a bound is named");
    words[at + 1].parse().expect("a bound is a number")
}

fn groups(inputs: &Value) -> Vec<(Group, u32)> {
    let rows = inputs["groups"].as_array().expect("groups");
    let number = |row: &Value, at: usize| row[at].as_u64().expect("a count") as u32;
    rows.iter()
        .map(|row| (Group::of_availability(row[1].as_f64().expect("a"), number(row, 2)), number(row, 3)))
        .collect()
}

fn crews(inputs: &Value) -> Crews {
    let (n, crews) = (whole(inputs, "n"), whole(inputs, "crews"));
    Crews { n, fail: number(inputs, "lambda"), mend: number(inputs, "mu"), crews }
}

/// `n` of `1-out-of-n` systems such as `1-out-of-2`.
fn system(inputs: &Value) -> (u32, u32) {
    let text = inputs["system"].as_str().expect("a system");
    let parts: Vec<u32> = text.split("-out-of-").map(|part| part.parse().expect("a number")).collect();
    (parts[0], parts[1])
}

fn alternating(inputs: &Value) -> (Alternating, f64, Start) {
    let start = match inputs["start"].as_str() {
        Some("down") => Start::Down,
        Some("steady" | "stationary") => Start::Steady,
        _ => Start::Up,
    };
    (Alternating { up: number(inputs, "mean_up_h"), down: number(inputs, "mean_down_h") }, number(inputs, "t_h"), start)
}

fn value(quantity: &str, inputs: &Value) -> f64 {
    let is = |words: &str| quantity.starts_with(words);
    if is("steady-state availability") {
        return steady::availability(number(inputs, "mean_up_h"), number(inputs, "mean_down_h"));
    }
    if is("UNavailability of k-out-of-n, independent") {
        return steady::k_of_n(whole(inputs, "k"), whole(inputs, "n"), down_share(inputs));
    }
    if is("UNavailability 1oo2 with beta-factor") {
        let (k, n) = system(inputs);
        return steady::k_of_n_common(k, n, down_share(inputs), number(inputs, "beta"));
    }
    if is("UNavailability k-of-n, hot units, shared repair crews") {
        return crews(inputs).unavailability(whole(inputs, "k"));
    }
    if is("MTTF from all units up") {
        return crews(inputs).time_to_failure(whole(inputs, "k"));
    }
    if is("error budget minutes") {
        return samples::budget_minutes(number(inputs, "slo"), number(inputs, "hours"));
    }
    if quantity.contains("full enumeration") {
        let groups = groups(inputs);
        return states::series(&groups, groups.iter().map(|(group, _)| group.n).sum()).0;
    }
    if is("lower bound: states with") {
        return states::series(&groups(inputs), within(quantity)).0;
    }
    if is("bound gap") {
        return states::series(&groups(inputs), within(quantity)).1;
    }
    if is("crude MC samples") {
        return samples::crude(number(inputs, "p"), number(inputs, "eps"));
    }
    if is("independent Bernoulli samples to tell") {
        return samples::tell_apart(number(inputs, "p0"), number(inputs, "p1"));
    }
    if is("P(abandon)") || is("P(wait)") || is("mean wait Wq") {
        let queue = ErlangA {
            servers: whole(inputs, "c"),
            arrivals: number(inputs, "lambda"),
            services: number(inputs, "mu"),
            impatience: number(inputs, "theta"),
        };
        let found = queue.stationary().expect("whoever gives up leaves room");
        return match quantity.split(' ').next() {
            Some("P(abandon)") => found.abandons,
            Some("P(wait)") => found.waits,
            _ => found.wait,
        };
    }
    let (of, t, start) = alternating(inputs);
    if is("point availability") {
        return of.at(t, start);
    }
    if is("expected interval availability") {
        return of.over(t, start);
    }
    if is("asymptotic var") {
        return variance_rate((of.up, of.up), (of.down, of.down));
    }
    if is("P(interval availability") {
        return of.attains(share(quantity), t, start);
    }
    panic!("nothing computes `{quantity}`")
}

#[test]
fn every_reference_value_is_computed_to_eleven_digits() {
    held(include_str!("vectors.csv"), 35);
}

/// One unit, none or all of them needed, unavailabilities of 1e-12 and of nearly one, more crews than units and too few,
/// thousands of units, patience without end and none, months that nearly never keep a promise.
#[test]
fn so_are_the_ends_of_the_ranges() {
    held(include_str!("grid.csv"), 140);
}

fn held(text: &str, least: usize) {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
    let mut wrong = Vec::new();
    let mut count = 0;
    for row in reader.records() {
        let row = row.expect("vectors.csv is well-formed");
        let inputs: Value = serde_json::from_str(&row[3]).expect("inputs are JSON");
        let (want, got) = (row[4].parse::<f64>().expect("a number"), value(&row[2], &inputs));
        // Twelve digits are printed; complements such as 1 - 0.99995 lose a few where the weights are sums of them.
        let near = if want == 0.0 { got == 0.0 } else { (got / want - 1.0).abs() < 1e-10 };
        if !near {
            wrong.push(format!("{} {}: {got:e}, not {want:e}", &row[0], &row[2]));
        }
        count += 1;
    }
    assert!(wrong.is_empty() && count >= least, "{count} rows\n{}", wrong.join("\n"));
}

#[test]
fn crews_enough_are_independent_units_and_one_crew_is_worse() {
    let group = |repair| Group { n: 4, mean_up: 100.0, mean_down: 3.0, repair };
    let (each, enough, one) = (group(Repair::Each), group(Repair::Crews(4)), group(Repair::Crews(1)));
    assert_eq!(each.down(), enough.down());
    let chain = Crews { n: 4, fail: 0.01, mend: 1.0 / 3.0, crews: 4 }.down();
    assert!(each.down().iter().zip(&chain).all(|(a, b)| (a / b - 1.0).abs() < 1e-12));
    assert!(one.down()[3] > 4.0 * each.down()[3]);
    // As many are mended as fail, in the long run.
    let mended: f64 = one.down().iter().skip(1).map(|share| share / 3.0).sum();
    assert!((mended / one.failures() - 1.0).abs() < 1e-12);
}
