//! How a connection comes up: the SYN, repeated while nobody answers, then TLS, whose CPU the two proxies pay.
//!
//! Whether anybody answers is judged when the SYN arrives: who is refused hears so a round trip after it was sent. A
//! lost SYN, or answer to one, is repeated after 1 s, 3 s, 7 s (RFC 6298); what is lost of TLS is sent again as other
//! segments are. Who has no valid certificate is told when it is shown (`barriers`). Where nothing can change before
//! the SYN arrives, its arrival needs no event.

use super::connections::{Connection, State};
use super::event::Kind;
use super::machine::Machine;
use super::noise::FAULTS;
use super::tcp;
use crate::engine::Schedule;
use crate::random::mix;
use crate::record::Failure;
use crate::units::{Bytes, Duration, SimTime};
use crate::world::{Direction, Leg, PathId};

/// What a connection's next event of its handshake is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// A SYN arrives.
    Syn,
    /// It was refused, and the refusal arrives.
    Refused,
    /// The client's hello arrives at the server's proxy.
    Hello,
    /// The server's certificate arrives at the client's.
    Certificate,
    /// All is done.
    Ready,
    /// The connect timeout.
    TooLate,
}

/// What chance does to a message of a handshake on its way.
#[derive(Clone, Copy, Debug)]
struct Packet {
    jitter: Duration,
    recovery: Duration,
}

impl Packet {
    fn whole(self) -> Duration {
        self.jitter + self.recovery
    }
}

/// A SYN with the options that Linux sends (RFC 9293, section 3.1; 20 of IP, 20 of TCP, 20 of options), and a RST, which has
/// none. Who is refused has sent and got no more.
const SYN_BYTES: u64 = 60;
/// See [`SYN_BYTES`].
const RST_BYTES: u64 = 40;

/// Packets of a server's hello and certificates.
const CERTIFICATE_SEGMENTS: u64 = 2;

impl Machine<'_> {
    /// Jitter and recovery of a message in one direction of a path, and whether any of it was lost.
    fn packet(&mut self, path: PathId, direction: Direction, key: u64, segments: u64, at: SimTime) -> (Packet, bool) {
        let way = &self.world.paths[path];
        let legs = if direction == Direction::Forward { &way.legs } else { &way.back };
        let (mut packet, mut any) = (Packet { jitter: Duration::ZERO, recovery: Duration::ZERO }, false);
        for (leg, &stop) in legs.iter().enumerate() {
            if let Leg::Noise(link) = stop {
                let (jitter, delay, lost) = self.draw_noise(link, path, mix(key, leg as u64), segments, at);
                packet.jitter += jitter;
                packet.recovery += delay;
                any |= lost > 0;
            }
        }
        if self.strained {
            let side = usize::from(direction == Direction::Back);
            let (added, delay, lost) = self.draw_strain(path, side, mix(key, FAULTS), segments, at);
            packet.jitter += added;
            packet.recovery += delay;
            any |= lost > 0;
        }
        (packet, any)
    }

    /// There and back, one round trip of handshakes: a gateway that ends TLS answers in place of the server.
    fn greeting(&self, path: PathId) -> (Duration, Duration) {
        let (way, whole) = (&self.world.paths[path], self.world.greeting(path));
        if whole == way.floor + way.floor_back {
            return (way.floor, way.floor_back);
        }
        let half = Duration::from_nanos(whole.nanos() / 2);
        (half, whole.saturating_sub(half))
    }

    /// When a connection must be up.
    fn patience(&self, slot: u32) -> u64 {
        let connection = &self.connections[slot];
        connection.opened.saturating_add(self.policy_of(connection.upstream).connect_timeout.nanos())
    }

    /// The next event of a handshake, or the end of patience if that comes before.
    fn next_phase(&mut self, slot: u32, phase: Phase, at: SimTime, schedule: &mut Schedule) {
        let limit = self.patience(slot);
        let connection = &mut self.connections[slot];
        (connection.phase, connection.at) =
            if at.nanos() > limit { (Phase::TooLate, limit) } else { (phase, at.nanos()) };
        let at = SimTime::from_nanos(connection.at).max(schedule.now());
        connection.at = at.nanos();
        schedule.at(at, Kind::Connected.order_of(0, connection.key), slot);
    }

    /// Sends the next SYN that is not lost on the way, nor its answer.
    pub(super) fn knock(&mut self, slot: u32, schedule: &mut Schedule) {
        let limit = self.patience(slot);
        let connection = &self.connections[slot];
        let (path, key, opened) = (connection.path, connection.key, connection.opened);
        let (floor, floor_back) = self.greeting(path);
        loop {
            let number = self.connections[slot].syns;
            let sent = SimTime::from_nanos(opened.saturating_add(tcp::SYN_TIMEOUT * ((1 << number.min(20)) - 1)));
            if sent.nanos() > limit {
                self.next_phase(slot, Phase::TooLate, SimTime::from_nanos(limit), schedule);
                return;
            }
            self.connections[slot].syns = number + 1;
            let key = mix(key, u64::from(number));
            let (out, lost) = self.packet(path, Direction::Forward, key, 1, sent);
            let (back, lost_back) = self.packet(path, Direction::Back, mix(key, 1), 1, sent);
            let arrives = sent + floor + out.jitter;
            if lost || lost_back {
                self.ledger.lost(path, sent);
                continue;
            }
            if self.shut(path, arrives) {
                continue;
            }
            let answered = arrives + floor_back + back.jitter;
            self.connections[slot].answered = answered.nanos();
            if self.down == 0 && self.connections[slot].admitted && self.certain(arrives) && arrives.nanos() <= limit {
                self.meter_handshake(slot, arrives);
                self.accepted(slot, answered, schedule);
            } else {
                self.next_phase(slot, Phase::Syn, arrives, schedule);
            }
            return;
        }
    }

    /// The client has the answer to its SYN at `at`: TLS, if there is any.
    fn accepted(&mut self, slot: u32, at: SimTime, schedule: &mut Schedule) {
        let connection = &self.connections[slot];
        let (path, key) = (connection.path, mix(connection.key, 64));
        let way = &self.world.paths[path];
        let rounds = u64::from(way.handshake.saturating_sub(1));
        let (floor, floor_back) = self.greeting(path);
        if rounds == 0 {
            self.next_phase(slot, Phase::Ready, at, schedule);
            return;
        }
        // TLS 1.2 has a round trip more, in which nobody computes much.
        let mut at = at;
        for round in 1..rounds {
            let out = self.packet(path, Direction::Forward, mix(key, 4 * round), 1, at).0;
            let back = self.packet(path, Direction::Back, mix(key, 4 * round + 1), 1, at).0;
            at = at + floor + out.whole() + floor_back + back.whole();
            if round == 1 && self.distrusts(slot, at) {
                self.next_phase(slot, Phase::Refused, at, schedule);
                return;
            }
        }
        let hello = at + floor + self.packet(path, Direction::Forward, mix(key, 2), 1, at).0.whole();
        if self.guarded() || self.handshake_cpu(slot).iter().any(|cpu| *cpu > Duration::ZERO) {
            self.next_phase(slot, Phase::Hello, hello, schedule);
        } else {
            let ready = self.certified(slot, hello);
            self.next_phase(slot, Phase::Ready, ready, schedule);
        }
    }

    /// Somebody answers the SYN that arrives at `at`: from here on the handshakes cost what they cost, TLS that fails included.
    pub(super) fn meter_handshake(&mut self, slot: u32, at: SimTime) {
        let connection = &mut self.connections[slot];
        if std::mem::replace(&mut connection.metered, true) {
            return;
        }
        let path = connection.path;
        let [forward, back] = self.world.paths[path].handshake_bytes;
        self.ledger.bytes(path, forward, back, at);
    }

    /// When the certificate that is sent at `at` is at the client.
    fn certified(&mut self, slot: u32, at: SimTime) -> SimTime {
        let connection = &self.connections[slot];
        let (path, key) = (connection.path, mix(mix(connection.key, 64), 3));
        let floor_back = self.greeting(path).1;
        let back = self.packet(path, Direction::Back, key, CERTIFICATE_SEGMENTS, at).0;
        at + floor_back + back.whole()
    }

    /// What a handshake costs the client's proxy and the server's.
    fn handshake_cpu(&self, slot: u32) -> [Duration; 2] {
        let connection = &self.connections[slot];
        let client = self.upstream(connection.upstream).proxy;
        let server = self.world.endpoints[connection.endpoint].proxy;
        [client, server].map(|proxy| {
            let proxy = &self.world.proxies[proxy];
            if proxy.station.is_none() { Duration::ZERO } else { proxy.handshake }
        })
    }

    /// The next event of a handshake.
    pub(super) fn connected(&mut self, slot: u32, now: SimTime, schedule: &mut Schedule) {
        let connection = &self.connections[slot];
        if connection.state != State::Connecting || connection.at != now.nanos() {
            return;
        }
        let phase = connection.phase;
        if matches!(phase, Phase::TooLate | Phase::Refused) {
            if phase == Phase::TooLate && !connection.metered {
                let (path, syns) = (connection.path, u64::from(connection.syns));
                self.ledger.bytes(path, Bytes(SYN_BYTES * syns), Bytes(0), now);
            }
            self.break_connection(slot, Failure::Connect, now, schedule);
            return;
        }
        // Who finds a table of connections full is not answered either.
        let admitted = self.admitted(slot, now, now);
        let connection = &self.connections[slot];
        if !admitted || self.down > 0 && self.dead_since(connection).is_some() {
            if admitted && self.refused_by(connection) {
                // The refusal is back as fast as an answer would be.
                let back = self.greeting(connection.path).1;
                if !connection.metered {
                    self.ledger.bytes(connection.path, Bytes(SYN_BYTES), Bytes(RST_BYTES), now);
                }
                let at = if phase == Phase::Syn { SimTime::from_nanos(connection.answered) } else { now + back };
                self.next_phase(slot, Phase::Refused, at, schedule);
            } else {
                self.knock(slot, schedule);
            }
            return;
        }
        match phase {
            Phase::Syn => {
                let answered = SimTime::from_nanos(connection.answered);
                self.meter_handshake(slot, now);
                self.accepted(slot, answered, schedule);
            }
            Phase::Hello => {
                let endpoint = connection.endpoint;
                let proxy = &self.world.proxies[self.world.endpoints[endpoint].proxy];
                let (station, cpu) = (proxy.station, proxy.handshake);
                let done = if station.is_none() { now } else { self.station_serve(station, now, cpu) };
                let certified = self.certified(slot, done);
                self.next_phase(slot, Phase::Certificate, certified, schedule);
            }
            Phase::Certificate if self.distrusts(slot, now) => {
                self.break_connection(slot, Failure::Connect, now, schedule);
            }
            Phase::Certificate => {
                let proxy = &self.world.proxies[self.upstream(connection.upstream).proxy];
                let (station, cpu) = (proxy.station, proxy.handshake);
                let done = if station.is_none() { now } else { self.station_serve(station, now, cpu) };
                self.next_phase(slot, Phase::Ready, done, schedule);
            }
            Phase::Ready if self.guarded() => self.verified(slot, now, schedule),
            Phase::Ready => self.up(slot, now, schedule),
            Phase::Refused | Phase::TooLate => unreachable!("handled above"),
        }
    }

    /// The client is through; the server may have, or have had, another view of its certificate.
    fn verified(&mut self, slot: u32, now: SimTime, schedule: &mut Schedule) {
        let path = self.connections[slot].path;
        let rounds = self.world.paths[path].handshake;
        let (out, back) = self.greeting(path);
        if rounds > 2 && self.distrusted(slot, now) {
            // In TLS 1.2, and where a tunnel is asked for, the server's word comes before the first request.
            self.break_connection(slot, Failure::Connect, now, schedule);
            return;
        }
        if rounds == 2 && self.distrusted(slot, now + out) {
            let later = if self.strained { self.hot.strains.later(self.world, path, now) } else { 0 };
            self.turned_away_after(slot, now, (out + back).nanos() + later, schedule);
        }
        self.up(slot, now, schedule);
    }

    /// Has the server's kernel heard of a connection that is not up yet?
    pub(super) fn shakes_hands(&self, connection: &Connection) -> bool {
        connection.state == State::Connecting && !matches!(connection.phase, Phase::Syn | Phase::TooLate)
    }
}
