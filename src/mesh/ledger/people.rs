//! Users of streams that have any: how long each found the service working, event by event, in memory of as many users.

use crate::meter::UserTime;
use crate::record::UserRow;
use crate::units::SimTime;
use crate::world::{StreamId, World};

/// Bins of the horizon, at most; a second each where it is shorter.
const BINS: u64 = 3600;
const SECOND: u64 = 1_000_000_000;
/// The user's last request is still open.
const OPEN: u8 = 2;
/// The user has not asked yet.
const NEVER: u8 = 3;

/// Users of all streams.
#[derive(Debug)]
pub(in crate::mesh) struct People {
    /// By stream; none where it has no users.
    streams: Vec<Option<Stream>>,
    /// By slot of a request: when its user asks again, if that has been seen.
    next: Vec<u64>,
}

#[derive(Debug)]
struct Stream {
    users: Vec<User>,
    time: UserTime,
    cutoff: u64,
    bin: u64,
}

#[derive(Clone, Copy, Debug)]
struct User {
    /// When it last asked.
    at: u64,
    /// How that went: 0 well, 1 not, or [`OPEN`] or [`NEVER`].
    went: u8,
    /// The slot of the open request.
    slot: u32,
}

impl People {
    /// None where no stream has users.
    pub(super) fn new(world: &World, zero: SimTime, horizon: u64) -> Option<Box<Self>> {
        let span = (zero.nanos(), zero.nanos() + horizon);
        let bin = horizon.div_ceil(BINS).div_ceil(SECOND).max(1) * SECOND;
        let stream = |stream: StreamId| {
            let people = world.people.get(&stream)?;
            let cutoff = people.cutoff.nanos();
            let users = vec![User { at: 0, went: NEVER, slot: 0 }; people.count as usize];
            Some(Stream { users, time: UserTime::new(span, bin, cutoff), cutoff, bin })
        };
        let streams: Vec<Option<Stream>> = world.streams.ids().map(stream).collect();
        streams.iter().any(Option::is_some).then(|| Box::new(People { streams, next: Vec::new() }))
    }

    /// How many users a stream has; none: it has none to speak of.
    pub(in crate::mesh) fn count(&self, stream: u32) -> Option<u64> {
        Some(self.streams[stream as usize].as_ref()?.users.len() as u64)
    }

    /// A user asks. What the user's last request decided, if it is settled, ends here.
    pub(in crate::mesh) fn asks(&mut self, stream: u32, user: u64, slot: u32, now: SimTime) {
        let Some(stream) = &mut self.streams[stream as usize] else { return };
        let known = &mut stream.users[user as usize];
        let now = now.nanos();
        match known.went {
            NEVER => {}
            OPEN => self.next[known.slot as usize] = now,
            went => stream.time.event(known.at, Some(now), went == 0),
        }
        *known = User { at: now, went: OPEN, slot };
        if self.next.len() <= slot as usize {
            self.next.resize(slot as usize + 1, u64::MAX);
        }
        self.next[slot as usize] = u64::MAX;
    }

    /// A user asks, and nobody is there.
    pub(in crate::mesh) fn refused(&mut self, stream: u32, user: u64, now: SimTime) {
        let Some(of) = &mut self.streams[stream as usize] else { return };
        let known = &mut of.users[user as usize];
        let at = now.nanos();
        match known.went {
            NEVER => {}
            OPEN => self.next[known.slot as usize] = at,
            went => of.time.event(known.at, Some(at), went == 0),
        }
        *known = User { at, went: 1, slot: 0 };
    }

    /// A user's request of `asked` is settled, well or not.
    pub(in crate::mesh) fn told(&mut self, stream: u32, user: u64, slot: u32, asked: u64, well: bool) {
        let Some(stream) = &mut self.streams[stream as usize] else { return };
        let known = &mut stream.users[user as usize];
        if known.went == OPEN && known.slot == slot && known.at == asked {
            known.went = u8::from(!well);
            return;
        }
        let next = self.next[slot as usize];
        stream.time.event(asked, (next < u64::MAX).then_some(next), well);
    }

    /// What users saw; a request that nobody answered by the end did not go well.
    pub(super) fn finish(self, world: &World) -> Vec<UserRow> {
        let streams = self.streams.into_iter().zip(world.streams.ids());
        let row = |(stream, id): (Option<Stream>, StreamId)| {
            let Stream { users, mut time, cutoff, bin } = stream?;
            for user in users.iter().filter(|user| user.went != NEVER) {
                time.event(user.at, None, user.went == 0);
            }
            let bins = time.bins();
            let stream = world.streams[id].name.clone();
            Some(UserRow { stream, users: users.len() as u64, cutoff_ns: cutoff, bin_ns: bin, bins })
        };
        streams.filter_map(row).collect()
    }
}
