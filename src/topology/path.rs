//! What a message meets on its way: legs, and how consecutive quiet links fold into one wait.

use super::LinkId;
use crate::id;
use crate::units::Duration;

id! {
    /// An east-west gateway: its replicas.
    GatewayId,
}

/// One leg of a path.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Leg {
    /// Fixed delay: consecutive links that cannot queue.
    Wait(Duration),
    /// A link's random parts: jitter and loss of `links[link]` (its fixed delay is in a `Wait`).
    Noise(LinkId),
    /// A link's cap: police or shape.
    Cap(LinkId),
    /// The CPU of the gateway replica that the connection is pinned to.
    Gateway(GatewayId),
}

/// Folds consecutive waits into one, and drops waits of no time. What may queue, lose or draw stays alone and in order:
/// a path over four quiet links costs one event, not four.
pub fn fold(legs: impl IntoIterator<Item = Leg>) -> Vec<Leg> {
    let mut folded: Vec<Leg> = Vec::new();
    for leg in legs {
        match (folded.last_mut(), leg) {
            (_, Leg::Wait(span)) if span.is_zero() => {}
            (Some(Leg::Wait(sum)), Leg::Wait(span)) => *sum += span,
            (_, leg) => folded.push(leg),
        }
    }
    folded
}

/// The fixed delay of these legs: the floor, neither queueing nor jitter.
pub fn floor(legs: &[Leg]) -> Duration {
    legs.iter().map(|leg| if let Leg::Wait(span) = leg { *span } else { Duration::ZERO }).sum()
}

/// Chance that a packet is lost on links in a row, each with its own chance: 1 - prod(1 - p).
pub fn loss_over(chances: impl IntoIterator<Item = f64>) -> f64 {
    1.0 - chances.into_iter().map(|p| 1.0 - p).product::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    /// `5ms @1 ~2 g0`: a wait, the cap of link 1, the noise of link 2, gateway 0.
    #[track_caller]
    fn check(legs: &str, want: Expect) {
        let legs = legs.split_whitespace().map(|word| match word.split_at(1) {
            ("@", link) => Leg::Cap(LinkId(link.parse().unwrap())),
            ("~", link) => Leg::Noise(LinkId(link.parse().unwrap())),
            ("g", gateway) => Leg::Gateway(GatewayId(gateway.parse().unwrap())),
            _ => Leg::Wait(Duration::from_millis(word.trim_end_matches("ms").parse().unwrap())),
        });
        let shown: Vec<String> = fold(legs)
            .iter()
            .map(|leg| match leg {
                Leg::Wait(span) => format!("[wait {span}]"),
                Leg::Noise(link) => format!("[noise {}]", link.0),
                Leg::Cap(link) => format!("[cap {}]", link.0),
                Leg::Gateway(gateway) => format!("[gateway {}]", gateway.0),
            })
            .collect();
        want.assert_eq(&shown.join(" "));
    }

    #[test]
    fn unloaded_links_fold() {
        check("5ms 5ms", expect!["[wait 10 ms]"]);
        check("0ms 5ms 0ms 5ms 1ms 0ms", expect!["[wait 11 ms]"]);
    }

    #[test]
    fn a_loaded_link_stays_alone() {
        check("5ms @1 5ms", expect!["[wait 5 ms] [cap 1] [wait 5 ms]"]);
        check("5ms ~1 5ms g0 0ms", expect!["[wait 5 ms] [noise 1] [wait 5 ms] [gateway 0]"]);
    }

    #[test]
    fn losses_compose_as_independent_chances() {
        assert_eq!(loss_over([0.5, 0.5]), 0.75);
        assert_eq!(loss_over([]), 0.0);
        assert!((loss_over([0.01, 0.02, 0.03]) - (1.0 - 0.99 * 0.98 * 0.97)).abs() < 1e-15);
    }

    #[test]
    fn delays_add() {
        let legs = [Leg::Wait(Duration::from_micros(1)), Leg::Noise(LinkId(0)), Leg::Wait(Duration::from_micros(2))];
        assert_eq!(floor(&legs), Duration::from_micros(3));
    }
}
