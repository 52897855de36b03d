//! A message longer than its connection's window: TCP Reno by rounds, one draw for each loss.
//!
//! A round is a window of segments and the round trip in which it is acknowledged. Slow start and congestion avoidance
//! (RFC 5681), fast retransmit on three duplicate acknowledgements with the window halved, timeout with the window at one
//! segment (RFC 6298), the peer's receive window; a tail that is lost is probed for (RFC 8985). Segments are lost each by
//! itself: the number that pass until the next loss is geometric, and drawn at once. Held by its tests against Mathis
//! (1997) below 1 % loss and Padhye (1998) above.

use super::tcp::{self, INITIAL_WINDOW, LARGEST_WINDOW};

/// Duplicate acknowledgements that make a fast retransmit.
const DUPLICATES: u64 = 3;
/// Loss beyond which a chance is no chance: what always loses never arrives.
const MOST_LOSS: f64 = 0.999;
/// So many timeouts in a row and the kernel gives up (`tcp_retries2`); the connection's own clock ends it long before.
const MOST_TIMEOUTS: u32 = 15;

/// The congestion window of one direction of a connection, segments.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Window {
    /// Segments that may be under way.
    open: f32,
    /// Slow start up to here, congestion avoidance from here on.
    threshold: f32,
}

/// What a transfer meets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Course {
    /// Round trip without queueing, nanoseconds.
    pub(super) round_trip: u64,
    /// First retransmission timeout, nanoseconds.
    pub(super) timeout: u64,
    /// What the receiver lets be under way, segments.
    pub(super) receive_window: f32,
}

/// How a transfer went.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Sent {
    /// From the first segment to the last that was sent, nanoseconds.
    pub(super) span: u64,
    /// Segments that were sent again.
    pub(super) again: u64,
}

impl Window {
    /// Of a fresh connection.
    pub(super) const FRESH: Window = Window { open: INITIAL_WINDOW as f32, threshold: f32::INFINITY };

    /// After a retransmission timeout, whatever was under way.
    #[cfg(test)]
    pub(super) fn after_timeout(flight: f32) -> Window {
        let mut window = Window { open: flight, threshold: f32::INFINITY };
        window.timed_out(flight);
        window
    }

    /// After `idle` nanoseconds without a segment: halved for every timeout that passed, never below the initial one;
    /// what it was is where slow start ends (RFC 2861, Linux `tcp_slow_start_after_idle` = 1).
    #[must_use]
    pub(super) fn rested(self, idle: u64, timeout: u64) -> Window {
        let initial = f32::from(INITIAL_WINDOW).min(self.open);
        if idle < timeout || self.open <= initial {
            return self;
        }
        let halvings = (idle / timeout).min(15) as i32;
        let mut open = self.open;
        for _ in 0..halvings {
            open *= 0.5;
        }
        Window { open: open.max(initial), threshold: self.threshold.max(0.75 * self.open) }
    }

    /// How many segments may be under way, at least one.
    pub(super) fn segments(&self) -> u64 {
        (self.open as u64).max(1)
    }

    /// Do so many segments go at once?
    #[inline]
    pub(super) fn holds(&self, segments: u64, receive_window: f32) -> bool {
        segments as f32 <= self.open.min(receive_window)
    }

    /// So many segments were acknowledged, all of one window. In slow start it opens only while half of it is in use
    /// (Linux `tcp_is_cwnd_limited`).
    pub(super) fn acknowledged(&mut self, segments: u64) {
        let n = segments as f32;
        if self.open < self.threshold {
            if 2.0 * n > self.open {
                self.open = (self.open + n).min(self.threshold.max(self.open));
            }
        } else if n + 1.0 > self.open {
            self.open += n / self.open;
        }
        self.open = self.open.min(f32::from(LARGEST_WINDOW));
    }

    /// A loss was told by duplicate acknowledgements while `window` segments might be under way: Linux halves the window,
    /// not what happens to be in flight of it (`tcp_reno_ssthresh`).
    fn halved(&mut self, window: f32) {
        self.threshold = (0.5 * window).max(2.0);
        self.open = self.threshold;
    }

    /// A message within the window lost something.
    pub(super) fn lost(&mut self) {
        self.halved(self.open);
    }

    /// Only the timeout told of a loss; what was sent again is acknowledged, and with that the window is two segments.
    fn timed_out(&mut self, window: f32) {
        self.halved(window);
        self.open = 2.0;
    }

    /// Sends `segments`, more than the window holds or over a path that loses some. `chance` is that of loss so long
    /// after the first segment, `draw` the next uniform.
    pub(super) fn send(
        &mut self,
        segments: u64,
        course: Course,
        mut chance: impl FnMut(u64) -> f64,
        mut draw: impl FnMut() -> f64,
    ) -> Sent {
        let Course { round_trip, timeout, receive_window } = course;
        let (mut left, mut sent, mut fraction) = (segments, Sent::default(), 0.0_f32);
        // What -ln(1 - p) adds up to over segments until one is lost: exponential, so that p may change on the way.
        let mut patience = -libm::log(draw());
        let mut pass = |count: u64, hazard: f64, draw: &mut dyn FnMut() -> f64| -> Option<u64> {
            let spent = count as f64 * hazard;
            if patience >= spent {
                patience -= spent;
                return None;
            }
            let before = ((patience / hazard) as u64).min(count - 1);
            patience = -libm::log(draw());
            Some(before)
        };
        loop {
            let hazard = -libm::log1p(-chance(sent.span).clamp(0.0, MOST_LOSS));
            // A receive window is of bytes, and slides: its part of a segment is carried to the next round. A congestion
            // window lets whole segments go.
            let limited = self.open >= receive_window;
            let whole = if limited { receive_window + fraction } else { self.open };
            let flight = (whole as u64).max(1).min(left);
            fraction = if limited { (whole - flight as f32).clamp(0.0, 1.0) } else { 0.0 };
            let Some(before) = pass(flight, hazard, &mut draw) else {
                left -= flight;
                if left == 0 {
                    self.acknowledged(flight);
                    return sent;
                }
                self.acknowledged(flight);
                sent.span += round_trip;
                continue;
            };
            // The acknowledgements of what came before the loss let as many follow; of all that follows, some is lost too.
            let more = before.min(left - flight);
            let followers = flight - 1 - before + more;
            let (mut lost, mut rest) = (0, followers);
            while rest > 0
                && let Some(passed) = pass(rest, hazard, &mut draw)
            {
                lost += 1;
                rest -= passed + 1;
            }
            let over = left == flight;
            left -= flight + more;
            sent.again += 1 + lost;
            let again_lost = |draw: &mut dyn FnMut() -> f64| hazard > 0.0 && -libm::log(draw()) < hazard;
            let told = followers - lost >= DUPLICATES;
            // A second hole is told of in time only if enough was sent after the first was mended (Fall and Floyd 1996).
            let mendable = lost == 0 || lost == 1 && flight / 2 >= before + 2 + DUPLICATES;
            let mut timeouts = None;
            if told && mendable {
                sent.span += round_trip * (1 + lost);
                self.halved(self.open.min(receive_window));
                if (0..=lost).any(|_| again_lost(&mut draw)) {
                    timeouts = Some(0);
                }
            } else if over {
                sent.span += tcp::probe(flight, round_trip, timeout);
                self.halved(self.open.min(receive_window));
                if again_lost(&mut draw) {
                    timeouts = Some(0);
                }
            } else {
                // Acknowledgements of what came before the loss set the clock anew.
                if before > 0 {
                    sent.span += round_trip;
                }
                timeouts = Some(0);
            }
            if let Some(mut n) = timeouts {
                sent.span += tcp::backed_off(timeout, n);
                while n < MOST_TIMEOUTS && again_lost(&mut draw) {
                    n += 1;
                    sent.again += 1;
                    sent.span += tcp::backed_off(timeout, n);
                }
                self.timed_out(self.open.min(receive_window));
                if left > 0 {
                    sent.span += round_trip;
                }
            }
            if left == 0 {
                return sent;
            }
        }
    }
}

#[cfg(test)]
mod tests;
