use super::*;
use crate::random::Key;

const MS: u64 = 1_000_000;

fn course(round_trip: u64) -> Course {
    let receive_window = f32::from(LARGEST_WINDOW);
    Course { round_trip, timeout: tcp::timeout(round_trip), receive_window }
}

/// Segments a second of one transfer over a path of constant loss.
fn goodput(segments: u64, loss: f64, round_trip: u64, seed: u64) -> f64 {
    let key = Key::new(seed, 0, "path", "transfer");
    let mut next = 0;
    let draw = || {
        next += 1;
        key.uniform(next)
    };
    let sent = { Window::FRESH }.send(segments, course(round_trip), |_| loss, draw);
    segments as f64 * 1e9 / (sent.span + round_trip) as f64
}

/// Mathis, Semke, Mahdavi, Ott (1997): C / (RTT sqrt p) segments a second, C = sqrt(3/2).
fn mathis(loss: f64, round_trip: u64) -> f64 {
    (1.5 / loss).sqrt() * 1e9 / round_trip as f64
}

/// Padhye, Firoiu, Towsley, Kurose (1998), the full formula, an acknowledgement for each segment (b = 1), first timeout T0.
fn padhye(p: f64, round_trip: u64) -> f64 {
    let (rtt, t0) = (round_trip as f64 / 1e9, tcp::timeout(round_trip) as f64 / 1e9);
    let q = 1.0 - p;
    let window = 1.0 + (8.0 * q / (3.0 * p) + 1.0).sqrt();
    let by_timeout = ((1.0 - q.powi(3)) * (1.0 + q.powi(3) * (1.0 - libm::pow(q, window - 3.0)))
        / (1.0 - libm::pow(q, window)))
    .min(1.0);
    let backoff = 1.0 + p + 2.0 * p.powi(2) + 4.0 * p.powi(3) + 8.0 * p.powi(4) + 16.0 * p.powi(5) + 32.0 * p.powi(6);
    (q / p + window + by_timeout / q) / (rtt * (window / 2.0 + 1.0) + by_timeout * backoff * t0 / q)
}

#[test]
fn without_loss_a_transfer_takes_the_rounds_of_slow_start() {
    for (bytes, rounds) in
        [(14_600, 1), (14_601, 2), (43_800, 2), (102_200, 3), (102_201, 4), (1_000_000, 7), (10_000_000, 10)]
    {
        let sent = { Window::FRESH }.send(tcp::segments(bytes), course(100 * MS), |_| 0.0, || 0.5);
        assert_eq!(sent, Sent { span: (rounds - 1) * 100 * MS, again: 0 }, "{bytes} bytes");
    }
}

#[test]
fn goodput_below_one_per_cent_of_loss_is_within_20_per_cent_of_mathis() {
    for (number, loss) in [1e-4, 3e-4, 1e-3, 3e-3, 1e-2].into_iter().enumerate() {
        for round_trip in [10, 20, 50, 100, 200] {
            // 10,000 losses: the figure's own noise is about 1 %. Shorter ones: 400 losses, 5 %.
            let segments = (10_000.0 / loss) as u64;
            let ratio = goodput(segments, loss, round_trip * MS, number as u64) / mathis(loss, round_trip * MS);
            assert!((0.8..=1.2).contains(&ratio), "{loss} {round_trip} ms: {ratio}");
            let means: f64 =
                (0..10).map(|seed| goodput(segments / 25, loss, round_trip * MS, seed)).sum::<f64>() / 10.0;
            let ratio = means / mathis(loss, round_trip * MS);
            assert!((0.8..=1.2).contains(&ratio), "{loss} {round_trip} ms, shorter: {ratio}");
        }
    }
}

#[test]
fn goodput_above_one_per_cent_of_loss_is_within_25_per_cent_of_padhye() {
    for (number, loss) in [0.01, 0.02, 0.03, 0.05, 0.08, 0.1, 0.12, 0.15].into_iter().enumerate() {
        for round_trip in [10, 20, 50, 100, 200] {
            let segments = (10_000.0 / loss) as u64;
            let ratio = goodput(segments, loss, round_trip * MS, number as u64) / padhye(loss, round_trip * MS);
            assert!((0.75..=1.25).contains(&ratio), "{loss} {round_trip} ms: {ratio}");
            let means: f64 = (0..20).map(|seed| goodput(segments / 4, loss, round_trip * MS, seed)).sum::<f64>() / 20.0;
            let ratio = means / padhye(loss, round_trip * MS);
            assert!((0.75..=1.25).contains(&ratio), "{loss} {round_trip} ms, shorter: {ratio}");
        }
    }
}

#[test]
fn a_64_kib_window_over_100_ms_carries_5_243_mbit_a_second() {
    // 65,536 bytes a round trip; a gigabyte, so that the first rounds weigh 1e-4.
    let course = Course { receive_window: 65_536.0 / tcp::MSS as f32, ..course(100 * MS) };
    let bytes = 1_000_000_000;
    let sent = { Window::FRESH }.send(tcp::segments(bytes), course, |_| 0.0, || 0.5);
    let rate = bytes as f64 * 8.0 / ((sent.span + 100 * MS) as f64 / 1e9);
    assert!((rate / 5_242_880.0 - 1.0).abs() < 3e-4, "{rate}");
}

#[test]
fn a_loss_that_later_segments_tell_of_costs_a_round_trip_and_half_the_window() {
    // Ten segments: a draw that lets two pass, then one that never ends; what is sent again arrives.
    let mut draws = [libm::exp(-2.5 * 0.01), 1e-9, 0.5].into_iter();
    let hazard = 1.0 - libm::exp(-0.01);
    let mut window = Window::FRESH;
    let sent = window.send(10, course(50 * MS), |_| hazard, || draws.next().expect("three draws"));
    assert_eq!(sent, Sent { span: 50 * MS, again: 1 });
    assert_eq!(window, Window { open: 5.0, threshold: 5.0 });
}

#[test]
fn a_lost_tail_is_probed_for_after_two_round_trips() {
    let mut draws = [libm::exp(-8.5 * 0.01), 1e-9, 0.5].into_iter();
    let hazard = 1.0 - libm::exp(-0.01);
    let sent = { Window::FRESH }.send(10, course(50 * MS), |_| hazard, || draws.next().expect("three draws"));
    assert_eq!(sent, Sent { span: 100 * MS, again: 1 });
    // A lone segment: 200 ms more, but never later than the timeout.
    let mut draws = [libm::exp(-0.5 * 0.01), 1e-9, 0.5].into_iter();
    let sent = { Window::FRESH }.send(1, course(50 * MS), |_| hazard, || draws.next().expect("three draws"));
    assert_eq!(sent, Sent { span: 250 * MS, again: 1 });
}

#[test]
fn timeouts_double_and_leave_a_window_of_two() {
    // Three segments of twenty: all lost but the first, sent again in vain twice.
    let always = 0.999;
    let mut sent = Window::FRESH;
    let went = sent.send(40, course(0), |_| always, || 0.999_999);
    assert!(went.span >= tcp::LEAST_TIMEOUT && went.again >= 40, "{went:?}");
    assert_eq!(Window::after_timeout(20.0), Window { open: 2.0, threshold: 10.0 });
}

#[test]
fn a_window_rests_by_halves_and_remembers_where_it_was() {
    let wide = Window { open: 80.0, threshold: f32::INFINITY };
    let timeout = 300 * MS;
    assert_eq!(wide.rested(299 * MS, timeout), wide);
    assert_eq!(wide.rested(601 * MS, timeout).open, 20.0);
    assert_eq!(wide.rested(60_000 * MS, timeout).open, 10.0);
    let narrow = Window { open: 4.0, threshold: 4.0 };
    assert_eq!(narrow.rested(60_000 * MS, timeout).open, 4.0);
}

#[test]
fn a_window_that_is_not_used_does_not_open() {
    let mut window = Window::FRESH;
    (0..100).for_each(|_| window.acknowledged(1));
    assert_eq!(window, Window::FRESH);
    window.acknowledged(6);
    assert_eq!(window.open, 16.0);
    let mut window = Window { open: 16.0, threshold: 16.0 };
    window.acknowledged(16);
    assert_eq!(window.open, 17.0);
}
