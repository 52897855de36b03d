//! Closed forms at the ends of their ranges: nothing fails, nobody mends, thousands of units, patience without end and none.

use eastwest::study::availability::chain::Crews;
use eastwest::study::availability::steady::{availability, exactly_down, k_of_n, k_of_n_common, unavailability};
use eastwest::study::erlang_a::{ErlangA, Stationary};

#[test]
fn thousands_of_units_neither_overflow_nor_vanish() {
    for (n, u) in [(5000, 0.5), (5000, 0.99), (3000, 1e-12), (1, 1.0), (4, 0.0)] {
        let sum: f64 = (0..=n).map(|down| exactly_down(n, down, u)).sum();
        assert!((sum - 1.0).abs() < 1e-11, "{n} units of {u}: {sum}");
    }
    // The middle of 5000 fair coins, by Stirling's series.
    let half = 2500.0_f64;
    let exact = (1.0 - 1.0 / (8.0 * half) + 1.0 / (128.0 * half * half)) / libm::sqrt(std::f64::consts::PI * half);
    assert!((exactly_down(5000, 2500, 0.5) / exact - 1.0).abs() < 1e-11);
}

#[test]
fn none_needed_is_never_missed_and_more_than_there_are_always() {
    assert_eq!((k_of_n(0, 3, 0.5), k_of_n(4, 3, 1e-9), k_of_n(3, 3, 0.0), k_of_n(1, 1, 1.0)), (0.0, 1.0, 0.0, 1.0));
    assert_eq!((k_of_n_common(0, 2, 0.1, 0.5), k_of_n_common(3, 2, 0.1, 0.5)), (0.0, 1.0));
    assert_eq!((availability(f64::INFINITY, 1.0), unavailability(f64::INFINITY, 1.0)), (1.0, 0.0));
}

/// Any chain by Grassmann, Taksar and Heyman's elimination (1985): `rates[i][j]` from state i to j.
fn stationary(mut rates: Vec<Vec<f64>>) -> Vec<f64> {
    let n = rates.len();
    for last in (1..n).rev() {
        let out: f64 = rates[last][..last].iter().sum();
        let row: Vec<f64> = rates[last][..last].to_vec();
        for from in rates.iter_mut().take(last) {
            let via = from[last] / out;
            from[last] = via;
            from.iter_mut().zip(&row).for_each(|(rate, next)| *rate += via * next);
        }
    }
    let mut shares = vec![1.0];
    for state in 1..n {
        shares.push(shares.iter().zip(&rates).map(|(share, row)| share * row[state]).sum());
    }
    let sum: f64 = shares.iter().sum();
    shares.iter().map(|share| share / sum).collect()
}

#[test]
fn shares_are_those_of_the_elimination_of_states() {
    for (n, fail, mend, crews) in
        [(1, 1e-9, 1.0, 1), (4, 0.3, 1.0, 2), (12, 1e-4, 0.5, 1), (9, 7.0, 1.0, 3), (30, 0.1, 1.0, 40)]
    {
        let of = Crews { n, fail, mend, crews };
        let mut rates = vec![vec![0.0; n as usize + 1]; n as usize + 1];
        for down in 0..n {
            rates[down as usize][down as usize + 1] = f64::from(n - down) * fail;
            rates[down as usize + 1][down as usize] = f64::from(crews.min(down + 1)) * mend;
        }
        for (share, other) in of.down().into_iter().zip(stationary(rates)) {
            assert!((share / other - 1.0).abs() < 1e-12, "{of:?}: {share:e}, not {other:e}");
        }
    }
}

#[test]
fn ends_of_the_range_have_answers() {
    let of = |n, fail, mend, crews| Crews { n, fail, mend, crews };
    assert_eq!(of(3, 0.0, 1.0, 1).down(), [1.0, 0.0, 0.0, 0.0], "nothing fails");
    assert_eq!(of(3, 1.0, 0.0, 1).down(), [0.0, 0.0, 0.0, 1.0], "nobody mends");
    assert_eq!(of(2, 1.0, 1.0, 0).unavailability(1), 1.0);
    assert_eq!((of(3, 1.0, 1.0, 1).unavailability(0), of(3, 1.0, 1.0, 1).unavailability(4)), (0.0, 1.0));
    // One crew for a thousand that fail a thousand times as fast as it mends: all but one in a million of the time.
    let worn = of(1000, 1000.0, 1.0, 1).down();
    assert!((worn[1000] - 0.999).abs() < 1e-3 && worn.iter().all(|share| share.is_finite()), "{}", worn[1000]);
    assert_eq!((of(2, 0.0, 1.0, 1).time_to_failure(1), of(2, 1.0, 1.0, 1).time_to_failure(3)), (f64::INFINITY, 0.0));
    assert_eq!(of(2, 1.0, 1.0, 1).time_to_failure(0), f64::INFINITY);
    assert!((of(2, 0.5, 0.0, 1).time_to_failure(1) - 3.0).abs() < 1e-15, "nobody mends: 1 + 2");
}

fn palm(servers: u32, arrivals: f64, services: f64, impatience: f64) -> Stationary {
    ErlangA { servers, arrivals, services, impatience }.stationary().expect("it settles")
}

#[track_caller]
fn near(found: f64, want: f64) {
    assert!((found / want - 1.0).abs() < 1e-11, "{found} is not {want}");
}

#[test]
fn from_endless_patience_to_none() {
    // Too much for the servers and nobody in a hurry: what is too much gives up, whatever the patience.
    for impatience in [1e-3, 1e-6, 1e-12, 1e-30] {
        let found = palm(10, 12.0, 1.0, impatience);
        near(found.abandons, 2.0 / 12.0);
        near(found.busy, 10.0);
        near(found.queue, 2.0 / impatience);
    }
    // Less and less patience: Erlang B of 8 erlangs at 10 servers.
    let blocked = 0.121_661_064_252_951_5;
    near(palm(10, 8.0, 1.0, f64::INFINITY).abandons, blocked);
    near(palm(10, 8.0, 1.0, 1e15).abandons, blocked);
    assert_eq!(palm(10, 8.0, 1.0, f64::INFINITY).queue, 0.0);
    let idle = palm(3, 0.0, 1.0, 1.0);
    assert_eq!((idle.waits, idle.abandons, idle.wait), (0.0, 0.0, 0.0));
}
