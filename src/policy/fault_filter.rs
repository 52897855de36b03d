//! Injected faults: delays and aborts that a client's proxy makes (Envoy's fault filter, Istio `fault`).

use super::Status;
use crate::units::{Duration, Ratio};

/// What is injected into the calls of an edge, before a host is chosen.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct FaultFilter {
    /// This long, for this share of the calls.
    pub delay: Option<(Duration, Ratio)>,
    /// This answer in place of the upstream's, to this share of the calls; drawn on its own, and given after the delay.
    pub abort: Option<(Status, Ratio)>,
    /// Delays at once of one proxy to one upstream; beyond, none is injected (Envoy `max_active_faults`).
    pub max_active: Option<u32>,
}

/// What is injected into one call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Injected {
    /// It waits so long.
    pub delay: Option<Duration>,
    /// Then it is answered with this.
    pub abort: Option<Status>,
}

impl FaultFilter {
    /// What happens to a call by its two draws, of 0 to 1, while `active` calls are being delayed.
    pub fn inject(&self, draws: [f64; 2], active: u32) -> Injected {
        let room = self.max_active.is_none_or(|most| active < most);
        let struck = |draw: f64, share: Ratio| draw < share.get();
        Injected {
            delay: self.delay.filter(|&(_, share)| room && struck(draws[0], share)).map(|(delay, _)| delay),
            abort: self.abort.filter(|&(_, share)| room && struck(draws[1], share)).map(|(status, _)| status),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delay_and_abort_are_drawn_each_by_itself() {
        let share = |share| Ratio::new(share).expect("a share");
        let (delay, status) = (Duration::from_secs(2), Status::Http(503));
        let faults =
            FaultFilter { delay: Some((delay, share(0.1))), abort: Some((status, share(0.5))), max_active: Some(3) };
        assert_eq!(faults.inject([0.2, 0.7], 0), Injected::default());
        assert_eq!(faults.inject([0.05, 0.7], 2), Injected { delay: Some(delay), abort: None });
        assert_eq!(faults.inject([0.05, 0.2], 2), Injected { delay: Some(delay), abort: Some(status) });
        assert_eq!(faults.inject([0.05, 0.2], 3), Injected::default(), "three are delayed already");
    }
}
