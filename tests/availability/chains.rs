//! Three systems of up to 12 components: the weights that `availability` gives their states, against the Markov chain over
//! all states, solved here by another way; and the components drawn one by one, against both.

use eastwest::random::Law;
use eastwest::study::availability::component::Component;
use eastwest::study::availability::group::Repair;
use eastwest::study::availability::model::{Model, Times};
use eastwest::study::availability::states::{State, enumerate};
use eastwest::study::availability::{months, steady};

/// Interchangeable units: how many, mean hours up and down, crews, and the share of the time down that is theirs.
#[derive(Clone, Copy)]
struct Of(u32, f64, f64, Option<u32>, f64);

fn component(number: usize, of: Of) -> Component {
    let Of(n, mean_up_h, mean_down_h, crews, share) = of;
    Component {
        name: format!("part/{number}"),
        units: vec![Vec::new(); n as usize],
        mean_up_h,
        range_h: (mean_up_h / 2.0, mean_up_h * 2.0),
        counted: None,
        mean_down_h,
        down: Law::Exponential { mean: mean_down_h },
        serves_after_h: 0.0,
        share,
        repair: crews.map_or(Repair::Each, Repair::Crews),
        row: format!("row-{number}"),
        whose: "the scenario",
    }
}

/// A model in which all is lost where the system `fails`; all states are told apart.
fn model(parts: &[Of], fails: impl Fn(&[u32]) -> bool) -> Model {
    let components: Vec<Component> = parts.iter().enumerate().map(|(number, of)| component(number, *of)).collect();
    let down: Vec<Vec<f64>> = components.iter().map(|component| component.group(1.0).down()).collect();
    let within = parts.iter().map(|of| of.0).sum();
    let states = enumerate(&down, within);
    assert!(states.rest < 1e-15);
    let states: Vec<State> = states.known.into_iter().map(|(state, _)| state).collect();
    let loss = states.iter().map(|state| f64::from(fails(&counts(parts.len(), state)))).collect();
    Model {
        moving_s: vec![0.0; components.len()],
        by_length: vec![0.0; components.len()],
        by_event: vec![0.0; components.len()],
        components,
        states,
        loss,
        base: 0.0,
        within,
    }
}

fn counts(parts: usize, state: &State) -> Vec<u32> {
    let mut counts = vec![0; parts];
    state.iter().for_each(|&(part, count)| counts[part] = count);
    counts
}

/// The stationary shares of the whole chain by sweeps of Gauss and Seidel, in the order of mixed radix counts.
fn solved(parts: &[Of]) -> Vec<f64> {
    let radix: Vec<usize> = parts.iter().map(|of| of.0 as usize + 1).collect();
    let total: usize = radix.iter().product();
    let stride: Vec<usize> = (0..radix.len()).map(|part| radix[..part].iter().product()).collect();
    let count = |state: usize, part: usize| (state / stride[part] % radix[part]) as u32;
    let rates = |part: usize| {
        let Of(_, up, down, _, share) = parts[part];
        let u = share * down / (up + down);
        (u / (1.0 - u) / down, 1.0 / down)
    };
    let failing = |part: usize, down: u32| f64::from(parts[part].0 - down) * rates(part).0;
    let mending = |part: usize, down: u32| f64::from(down.min(parts[part].3.unwrap_or(u32::MAX))) * rates(part).1;
    let mut share = vec![1.0 / total as f64; total];
    for _ in 0..20_000 {
        let mut moved: f64 = 0.0;
        for state in 0..total {
            let (mut into, mut out) = (0.0, 0.0);
            for part in 0..radix.len() {
                let down = count(state, part);
                if down > 0 {
                    out += mending(part, down);
                    into += share[state - stride[part]] * failing(part, down - 1);
                }
                if down < parts[part].0 {
                    out += failing(part, down);
                    into += share[state + stride[part]] * mending(part, down + 1);
                }
            }
            let next = into / out;
            moved = moved.max((next / share[state] - 1.0).abs());
            share[state] = next;
        }
        if moved < 1e-14 {
            break;
        }
    }
    let sum: f64 = share.iter().sum();
    share.iter().map(|one| one / sum).collect()
}

#[track_caller]
fn check(parts: &[Of], fails: impl Fn(&[u32]) -> bool) -> f64 {
    let units: u32 = parts.iter().map(|of| of.0).sum();
    assert!(units <= 12, "{units} components");
    let model = model(parts, &fails);
    let chain = solved(parts);
    let down = model.down(&Times::new());
    let weights = enumerate(&down, model.within).known;
    assert_eq!(weights.len(), chain.len());
    let mut unavailability = 0.0;
    for (state, weight) in &weights {
        let counts = counts(parts.len(), state);
        let index =
            counts.iter().zip(parts).rev().fold(0, |index, (count, of)| index * (of.0 as usize + 1) + *count as usize);
        assert!((weight / chain[index] - 1.0).abs() < 1e-9, "{state:?}: {weight:e}, not {:e}", chain[index]);
        unavailability += if fails(&counts) { chain[index] } else { 0.0 };
    }
    let lost = model.lost(&Times::new()).all;
    assert!((lost / unavailability - 1.0).abs() < 1e-9, "{lost:e}, not {unavailability:e}");
    // Drawn one by one for 1,600 years.
    let (mean, half) = months::mean(&months::months(&model, 7, 20_000));
    assert!((mean - lost).abs() < 1.5 * half, "drawn {mean:e} ± {half:e}, not {lost:e}");
    assert!(half < 0.2 * lost, "{half:e} of {lost:e}");
    lost
}

#[test]
fn twelve_independent_components_two_of_three_and_one_of_several() {
    // 2 of 3 gateways, 2 of 4 replicas, 1 of 3 routers, 1 of 2 databases.
    let parts = [
        Of(3, 500.0, 6.0, None, 1.0),
        Of(4, 200.0, 8.0, None, 1.0),
        Of(3, 100.0, 9.0, None, 1.0),
        Of(2, 700.0, 12.0, None, 1.0),
    ];
    let lost = check(&parts, |down| down[0] > 1 || down[1] > 2 || down[2] > 2 || down[3] > 1);
    let u = |of: Of| steady::unavailability(of.1, of.2);
    let up = [(2, 3), (2, 4), (1, 3), (1, 2)].iter().zip(parts).map(|(&(k, n), of)| 1.0 - steady::k_of_n(k, n, u(of)));
    assert!((lost - (1.0 - up.product::<f64>())).abs() < 1e-12);
}

#[test]
fn nine_components_that_share_repair_crews() {
    let parts = [Of(4, 150.0, 5.0, Some(1), 1.0), Of(3, 90.0, 4.0, Some(2), 1.0), Of(2, 300.0, 10.0, Some(1), 1.0)];
    let shared = check(&parts, |down| down[0] > 1 || down[1] > 2 || down[2] > 1);
    let each = parts.map(|Of(n, up, down, ..)| Of(n, up, down, None, 1.0));
    assert!(shared > check(&each, |down| down[0] > 1 || down[1] > 2 || down[2] > 1));
}

#[test]
fn ten_components_with_a_common_cause() {
    // Two zones of one region, and what they do together; four replicas in each zone.
    let (beta, zone) = (0.05, (1000.0, 10.0));
    let parts = [
        Of(1, zone.0, zone.1, None, 1.0 - beta),
        Of(1, zone.0, zone.1, None, 1.0 - beta),
        Of(1, zone.0, zone.1, None, beta),
        Of(4, 400.0, 20.0, None, 1.0),
        Of(3, 400.0, 20.0, None, 1.0),
    ];
    let zones = |down: &[u32]| down[2] > 0 || (down[0] > 0 && down[1] > 0);
    let lost = check(&parts, zones);
    let closed = steady::k_of_n_common(1, 2, steady::unavailability(zone.0, zone.1), beta);
    assert!((lost / closed - 1.0).abs() < 1e-12, "{lost:e}, not {closed:e}");
    assert!(check(&parts, |down| zones(down) || (down[0] > 0 && down[4] > 2) || (down[1] > 0 && down[3] > 3)) > lost);
}

#[test]
fn two_redundant_sites_of_three_nines_have_six_until_they_share_a_cause() {
    let site = |share| Of(2, 999.0, 1.0, None, share);
    let both = |down: &[u32]| down[0] > 1;
    let six = model(&[site(1.0)], both).lost(&Times::new()).all;
    assert!((six / 1e-6 - 1.0).abs() < 1e-9, "{six:e}");
    let shared = model(&[site(0.95), Of(1, 999.0, 1.0, None, 0.05)], |down| both(down) || down[1] > 0);
    let shared = shared.lost(&Times::new()).all;
    assert!((shared / 5.090_245_487_5e-5 - 1.0).abs() < 1e-9, "{shared:e}");
}

#[test]
fn what_events_count_whole_is_not_counted_again_where_several_are_down() {
    // In series: by its states, and with each part's outages counted by the event.
    let parts = [Of(1, 4.0, 2.0 / 3.0, None, 1.0), Of(1, 3.0, 0.5, None, 1.0), Of(2, 9.0, 1.0, None, 1.0)];
    let by_states = model(&parts, |down| down.iter().any(|&down| down > 0));
    let exact = 1.0 - (6.0f64 / 7.0) * (6.0 / 7.0) * 0.9 * 0.9;
    assert!((by_states.lost(&Times::new()).all - exact).abs() < 1e-12);
    let mut by_events = by_states.clone();
    by_events.moving_s = parts.iter().map(|of| of.2 * 3600.0).collect();
    by_events.by_event = vec![1.0; 3];
    for (state, loss) in by_events.states.iter().zip(&mut by_events.loss) {
        if state.iter().map(|(_, count)| count).sum::<u32>() == 1 {
            *loss = 0.0;
        }
    }
    let lost = by_events.lost(&Times::new());
    assert!((lost.all - exact).abs() < 1e-12, "{} {exact}", lost.all);
    // Only pairs told apart: what is left out is the square of something small, and has the right sign.
    let mut pairs = by_events.clone();
    let keep: Vec<bool> =
        pairs.states.iter().map(|state| state.iter().map(|(_, count)| count).sum::<u32>() < 3).collect();
    let mut kept = keep.iter();
    pairs.states.retain(|_| *kept.next().expect("as many"));
    let mut kept = keep.iter();
    pairs.loss.retain(|_| *kept.next().expect("as many"));
    pairs.within = 2;
    let off = pairs.lost(&Times::new()).all - exact;
    assert!(off.abs() < 0.01, "{off}");
    // The same components, drawn.
    let (mean, half) = months::mean(&months::months(&by_events, 5, 20_000));
    assert!((mean - exact).abs() < 1.5 * half, "{mean} {half} {exact}");
}
