//! Messages on their way: leg by leg, bytes counted, caps and gateways met at the time they are reached.

use super::calls::{Attempt, NONE, nth};
use super::connections::State;
use super::event::Kind;
use super::machine::Machine;
use super::tcp;
use crate::engine::Schedule;
use crate::random::mix;
use crate::record::Failure;
use crate::units::{Bytes, Duration, SimTime};
use crate::world::{Direction, Leg, LinkId, Manner, Path, PathId};

/// Bytes on the wire of an answer that is only a status: headers, TLS record, TCP and IP (estimated).
const STATUS_WIRE: Bytes = Bytes(300);

impl Machine<'_> {
    /// The request leaves the client's proxy at `at`.
    pub(super) fn send_request(&mut self, attempt: u32, at: SimTime, now: SimTime, schedule: &mut Schedule) {
        let operation = &self.world.operations[self.calls[self.attempts[attempt].call].operation];
        let (payload, wire, acks) = (operation.request, operation.request_wire, operation.request_acks);
        let path = self.attempts[attempt].path;
        // Where there is a cap, what passes it is counted as it passes.
        let counted = if capped(&self.world.paths[path].legs) { Bytes(0) } else { wire };
        self.ledger.bytes(path, counted, acks, at);
        let at = self.slow_start(attempt, payload, 0, at);
        self.attempts[attempt].leg = 0;
        self.travel(attempt, at, now, schedule);
    }

    /// The answer leaves the server at `at`.
    pub(super) fn send_response(&mut self, attempt: u32, at: SimTime, now: SimTime, schedule: &mut Schedule) {
        let row = &mut self.attempts[attempt];
        row.flags = (row.flags | Attempt::RESPONSE) & !Attempt::INSIDE;
        row.leg = 0;
        let path = row.path;
        let failed = row.core.failed > 0;
        let operation = &self.world.operations[self.calls[row.call].operation];
        let (payload, wire, acks) = if failed {
            (Bytes(0), STATUS_WIRE, Bytes(0))
        } else {
            (operation.response, operation.response_wire, operation.response_acks)
        };
        let counted = if capped(&self.world.paths[path].back) { Bytes(0) } else { wire };
        self.ledger.bytes(path, acks, counted, at);
        let at = self.slow_start(attempt, payload, 1, at);
        self.travel(attempt, at, now, schedule);
    }

    /// Round trips that a message spends because the window of its connection is still small.
    fn slow_start(&mut self, attempt: u32, payload: Bytes, direction: usize, at: SimTime) -> SimTime {
        let connection = &mut self.connections[self.attempts[attempt].connection];
        let path = &self.world.paths[connection.path];
        let round_trip = (path.floor + path.floor_back).nanos();
        let idle = at.nanos().saturating_sub(connection.sent[direction]);
        connection.sent[direction] = connection.sent[direction].max(at.nanos());
        // Until it is open, `at` is when the handshake ends, and its event must find it so.
        if connection.state == State::Open {
            connection.at = connection.at.max(at.nanos());
        }
        if round_trip == 0 {
            return at;
        }
        let window = tcp::rested(connection.window[direction], idle, round_trip);
        let segments = tcp::segments(payload.0);
        connection.window[direction] = tcp::grown(window, segments);
        let extra = (tcp::rounds(segments, window) - 1) * round_trip;
        if extra == 0 {
            return at;
        }
        let leaves = at + Duration::from_nanos(extra);
        self.trace_span(attempt, "network", at, leaves, |_, _| "slow start".into());
        leaves
    }

    /// On from the current leg, which the message reaches at `at`, not before now.
    pub(super) fn travel(&mut self, attempt: u32, at: SimTime, now: SimTime, schedule: &mut Schedule) {
        let world = self.world;
        let row = &self.attempts[attempt];
        let response = row.is(Attempt::RESPONSE);
        let path: &Path = &world.paths[row.path];
        let legs = if response { &path.back } else { &path.legs };
        let mut leg = usize::from(row.leg);
        let mut at = at;
        while let Some(&stop) = legs.get(leg) {
            match stop {
                Leg::Wait(delay) => {
                    self.trace_hops(attempt, leg, at, delay);
                    at += delay;
                }
                Leg::Noise(link) => at = self.disturb(attempt, link, leg, at),
                Leg::Cap(_) | Leg::Gateway(_) if at > now => break,
                Leg::Cap(link) => match self.pass_cap(attempt, link, !capped(&legs[leg + 1..]), at) {
                    Ok(passed) => at = passed,
                    Err(again) => {
                        at = again;
                        break;
                    }
                },
                Leg::Gateway(_) if self.connections[self.attempts[attempt].connection].replica.is_none() => (),
                Leg::Gateway(gateway) => {
                    let bytes = self.wire_bytes(attempt);
                    let per_kib = world.gateways[gateway].cpu_per_kib;
                    let work = Duration::from_nanos((per_kib.nanos() * bytes).div_ceil(1024));
                    let replica = self.connections[self.attempts[attempt].connection].replica;
                    let done = self.station_serve(replica, at, work);
                    self.trace_span(attempt, "gateway", at, done, |world, _| world.stations[replica].name.clone());
                    at = done;
                }
            }
            leg += 1;
        }
        let row = &mut self.attempts[attempt];
        row.leg = leg as u8;
        row.flags |= Attempt::TRAVELLING;
        let call = &self.calls[row.call];
        schedule.at(at, Kind::Leg.order_of(call.ordinal, call.key ^ u64::from(row.number) << 56), attempt);
    }

    /// Bytes of the message under way.
    fn wire_bytes(&self, attempt: u32) -> u64 {
        let row = &self.attempts[attempt];
        let operation = &self.world.operations[self.calls[row.call].operation];
        match (row.is(Attempt::RESPONSE), row.core.failed > 0) {
            (false, _) => operation.request_wire.0,
            (true, false) => operation.response_wire.0,
            (true, true) => STATUS_WIRE.0,
        }
    }

    fn segments(&self, attempt: u32) -> u64 {
        let row = &self.attempts[attempt];
        let operation = &self.world.operations[self.calls[row.call].operation];
        tcp::segments(match (row.is(Attempt::RESPONSE), row.core.failed > 0) {
            (false, _) => operation.request.0,
            (true, false) => operation.response.0,
            (true, true) => 0,
        })
    }

    /// A cap lets the message pass, at a time, or makes it come again with what was dropped, at a time. At the last cap
    /// of a way, what passes is counted on the path: a provider meters what it carries, not what it drops.
    fn pass_cap(&mut self, attempt: u32, link: LinkId, last: bool, at: SimTime) -> Result<SimTime, SimTime> {
        let cap = self.world.links[link].cap.expect("a cap leg's link has a cap");
        let row = &self.attempts[attempt];
        let again = row.next != NONE;
        let bytes = if again { u64::from(row.next) } else { self.wire_bytes(attempt) };
        let (path, resent) = (row.path, row.resent);
        let passed = self.caps[link.0 as usize].offer(&cap, at.nanos(), bytes);
        self.ledger.cap(link, bytes, passed.dropped);
        let direction = if row.is(Attempt::RESPONSE) { Direction::Back } else { Direction::Forward };
        if again {
            self.ledger.resent(path, direction, bytes, false, at);
        }
        if last {
            self.ledger.passed(path, direction, bytes - passed.dropped, at);
        }
        let row = &mut self.attempts[attempt];
        let done = SimTime::from_nanos(passed.at);
        if passed.dropped == 0 {
            row.next = NONE;
            row.resent = 0;
            self.trace_span(attempt, "cap", at, done, |world, _| world.links[link].name.clone());
            return Ok(done);
        }
        row.next = u32::try_from(passed.dropped).unwrap_or(u32::MAX - 1);
        let way = &self.world.paths[path];
        let round_trip = (way.floor + way.floor_back).nanos();
        // What followed tells of a first loss within a round trip; when nothing passed, or what was sent again was
        // dropped again, only the timeout does, and it doubles each time (RFC 6298).
        row.resent = resent.saturating_add(1);
        let wait = if passed.dropped < bytes && resent == 0 {
            round_trip.max(1)
        } else {
            tcp::backed_off(tcp::timeout(round_trip), u32::from(resent.saturating_sub(1)))
        };
        self.ledger.lost(path, at);
        let back = at + Duration::from_nanos(wait);
        self.trace_span(attempt, "retransmission", at, back, |world, _| {
            format!("dropped at the cap of {}", world.links[link].name)
        });
        Err(back)
    }

    /// Jitter and loss of a link.
    fn disturb(&mut self, attempt: u32, link: LinkId, leg: usize, at: SimTime) -> SimTime {
        let row = &self.attempts[attempt];
        let call = &self.calls[row.call];
        let key = nth(call.key, u64::from(row.number) << 16 | u64::from(row.is(Attempt::RESPONSE)) << 15 | leg as u64);
        let (path, response) = (row.path, row.is(Attempt::RESPONSE));
        let (jitter, delay, lost) = self.draw_noise(link, path, key, self.segments(attempt), at);
        if lost > 0 {
            let bytes = u64::from(lost) * tcp::MSS.min(self.wire_bytes(attempt));
            let direction = if response { Direction::Back } else { Direction::Forward };
            self.ledger.resent(path, direction, bytes, true, at);
            self.ledger.lost(path, at);
        }
        let jittered = at + jitter;
        let leaves = jittered + delay;
        self.trace_span(attempt, "jitter", at, jittered, |world, _| world.links[link].name.clone());
        self.trace_span(attempt, "retransmission", jittered, leaves, |world, _| {
            format!("{lost} lost on {}", world.links[link].name)
        });
        leaves
    }

    fn draw_noise(
        &self,
        link: LinkId,
        path: PathId,
        key: u64,
        segments: u64,
        at: SimTime,
    ) -> (Duration, Duration, u32) {
        let (world, keys) = (self.world, &self.link_keys[link.0 as usize]);
        let noise = &world.links[link];
        let jitter = noise.jitter.map_or(Duration::ZERO, |jitter| {
            let seconds = world.laws[jitter.law].sample(keys.jitter.uniform(key));
            Duration::from_seconds_f64(seconds * jitter.factor.at(at, self.zero))
        });
        let Some(loss) = &noise.loss else { return (jitter, Duration::ZERO, 0) };
        let way = &world.paths[path];
        let round_trip = (way.floor + way.floor_back).nanos();
        let (delay, lost) = tcp::recovery(keys.loss.uniform(key), loss.at(at, self.zero), segments, round_trip);
        (jitter, Duration::from_nanos(delay), lost)
    }

    /// Jitter and loss of one round trip of single packets over a path, for handshakes.
    pub(super) fn noise(&self, path: PathId, key: u64, now: SimTime) -> Duration {
        let way = &self.world.paths[path];
        let mut sum = Duration::ZERO;
        for (leg, &stop) in way.legs.iter().chain(&way.back).enumerate() {
            if let Leg::Noise(link) = stop {
                let (jitter, delay, _) = self.draw_noise(link, path, mix(key, leg as u64), 1, now);
                sum += jitter + delay;
            }
        }
        sum
    }

    /// A message reached its next stop, or its end.
    pub(super) fn arrived(&mut self, attempt: u32, now: SimTime, schedule: &mut Schedule) {
        let row = &mut self.attempts[attempt];
        row.flags &= !Attempt::TRAVELLING;
        if row.is(Attempt::INSIDE) {
            self.admit(attempt, now, schedule);
            return;
        }
        let response = row.is(Attempt::RESPONSE);
        let path = &self.world.paths[row.path];
        let legs = if response { path.back.len() } else { path.legs.len() };
        if self.down > 0 || row.is(Attempt::FOLDED) {
            let connection = row.connection;
            if self.lost_inside(attempt, now) || self.dead_since(&self.connections[connection]).is_some() {
                let server = &self.servers[self.attempts[attempt].endpoint.0 as usize];
                let refused = !response && server.down > 0 && server.manner == Manner::Refused;
                if refused && self.path_states[self.attempts[attempt].path.0 as usize].down == 0 {
                    self.reset_by_peer(attempt, now, schedule);
                } else {
                    self.hang(attempt, now, schedule);
                }
                return;
            }
        }
        let connection = &self.connections[self.attempts[attempt].connection];
        if connection.stuck[usize::from(response)] {
            self.hang(attempt, now, schedule);
            return;
        }
        if usize::from(self.attempts[attempt].leg) < legs {
            self.travel(attempt, now, now, schedule);
        } else if response {
            self.receive(attempt, now, schedule);
        } else {
            self.deliver(attempt, now, schedule);
        }
    }

    /// Did the process die before the work behind this folded answer was done?
    fn lost_inside(&self, attempt: u32, now: SimTime) -> bool {
        let row = &self.attempts[attempt];
        if !row.is(Attempt::FOLDED) {
            return false;
        }
        let server = &self.servers[row.endpoint.0 as usize];
        let left = now.nanos() - self.world.paths[row.path].floor_back.nanos();
        server.epoch != row.epoch && server.died_at < left
    }

    /// The peer's kernel answers for a process that is not there: the connection is gone, and this call with it.
    pub(super) fn reset_by_peer(&mut self, attempt: u32, now: SimTime, schedule: &mut Schedule) {
        let row = &mut self.attempts[attempt];
        row.flags |= Attempt::SERVER_DONE;
        let (connection, given_up) = (row.connection, row.is(Attempt::CLIENT_DONE));
        self.break_connection(connection, Failure::Reset, now, schedule);
        if given_up {
            self.free_attempt(attempt);
        }
    }
}

/// Does a way meet a cap?
fn capped(legs: &[Leg]) -> bool {
    legs.iter().any(|leg| matches!(leg, Leg::Cap(_)))
}
