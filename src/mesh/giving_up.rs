//! Who no longer waits: users whose patience ends, and servers that hear that their caller gave up.
//!
//! A caller that gives up (a timeout, a user who leaves, a hedged try that lost) resets its stream: HTTP/2 sends a
//! RST_STREAM, HTTP/1.1 closes the connection (RFC 9113, 5.4.2; RFC 9112, 9.6). That reaches the server one way later,
//! never before the request itself. Most servers do nothing with it; one that is told to (`OnCancel::DropQueued`) takes
//! the request out of its queue, if it has not begun; one that stops (`OnCancel::Stop`) also ends what has begun.

use super::calls::{Attempt, Call, NONE, nth};
use super::event::Kind;
use super::machine::Machine;
use crate::engine::Schedule;
use crate::record::Failure;
use crate::units::{Duration, SimTime};
use crate::world::{Caller, OnCancel, StreamId, World};

/// Something that somebody hears later. Whom it meant may be gone by then.
#[derive(Clone, Copy, Debug)]
pub(super) struct News {
    call: u32,
    generation: u32,
    /// The try that is no longer wanted; NONE: the patience of the call's user ends.
    attempt: u32,
    number: u8,
    /// Of the call.
    key: u64,
}

impl News {
    /// What orders news of one instant.
    pub(super) fn content(&self) -> (u64, u64) {
        (self.key, if self.attempt == NONE { u64::MAX } else { u64::from(self.number) })
    }
}

/// Does a caller stop what nobody waits for, and give up its calls with it?
pub(super) fn gives_up(world: &World, caller: Caller) -> bool {
    matches!(caller, Caller::Service(service) if world.services[service].on_cancel == OnCancel::Stop)
}

/// By attempt's slot, at services that stop: the calls that an attempt has opened, of which some may be settled. An attempt
/// is known by its call, that one's generation, and its number.
#[derive(Debug, Default)]
pub(super) struct Opened(Vec<((u32, u32, u8), Vec<u32>)>);

impl Machine<'_> {
    /// A call on an edge where something more than a first try may begin it. True: that goes on without its opener.
    #[inline(never)]
    pub(super) fn begins_unusually(&mut self, slot: u32, now: SimTime, schedule: &mut Schedule) -> bool {
        let call = &self.calls[slot];
        let rules = &self.hot.edges[call.edge.0 as usize];
        if rules.impatient && call.is(Call::ROOT) {
            let (key, ends) = (call.key, self.patience_ends(call));
            let news = News { call: slot, generation: call.generation, attempt: NONE, number: 0, key };
            self.bring(news, ends, schedule);
        }
        if rules.leaves {
            self.remember(slot);
        }
        let faulty = self.world.policies[self.hot.edges[self.calls[slot].edge.0 as usize].policy].fault.is_some();
        faulty && self.inject(slot, now, schedule)
    }

    fn bring(&mut self, news: News, at: SimTime, schedule: &mut Schedule) {
        let row = self.news.insert(news);
        schedule.at(at, Kind::News.order_of(0, news.key), row);
    }

    /// When the user of a root call gives up: by the request alone, whatever becomes of it.
    fn patience_ends(&self, call: &Call) -> SimTime {
        let Caller::Stream(stream) = self.world.edges[call.edge].from else { return SimTime::NEVER };
        let sent = self.session_sent(&self.requests[call.parent]).unwrap_or(call.started);
        self.patience_from(stream.0, call.key, SimTime::from_nanos(sent))
    }

    /// When the user of a request gives up who sent it at `sent`.
    pub(super) fn patience_from(&self, stream: u32, key: u64, sent: SimTime) -> SimTime {
        let Some(law) = self.world.streams[StreamId(stream)].patience else { return SimTime::NEVER };
        let draw = self.streams[stream as usize].patience.uniform(nth(key, 0));
        sent + Duration::from_seconds_f64(self.world.laws[law].sample(draw))
    }

    /// Will the user of a call still wait at `at`?
    #[cold]
    pub(super) fn is_patient(&self, call: &Call, at: SimTime) -> bool {
        !call.is(Call::ROOT) || at < self.patience_ends(call)
    }

    /// The client resets the stream of a try. A dead path carries no news, and of what was never sent there is none.
    #[cold]
    pub(super) fn send_news(&mut self, attempt: u32, failure: Option<Failure>, at: SimTime, schedule: &mut Schedule) {
        let row = &self.attempts[attempt];
        let resets = matches!(failure, Some(Failure::Timeout | Failure::Abandoned | Failure::Unfinished));
        if !resets
            || row.connection == NONE
            || row.flags & (Attempt::PARKED | Attempt::SERVER_DONE | Attempt::HUNG) != 0
        {
            return;
        }
        let connection = &self.connections[row.connection];
        if self.down > 0 && self.dead_since(connection).is_some() {
            return;
        }
        let call = &self.calls[row.call];
        let (generation, key) = (call.generation, call.key);
        let news = News { call: row.call, generation, attempt, number: row.number, key };
        let way = Duration::from_nanos(self.hot.paths[connection.path.0 as usize].floor);
        self.bring(news, at + way, schedule);
    }

    /// Somebody hears of it.
    pub(super) fn news_come(&mut self, row: u32, now: SimTime, schedule: &mut Schedule) {
        let News { call, generation, attempt, number, .. } = self.news[row];
        self.news.release(row);
        if self.calls[call].generation != generation {
            return;
        }
        if attempt == NONE {
            if self.calls[call].is(Call::LIVE) {
                self.give_up_call(call, Failure::Abandoned, now, schedule);
            }
            return;
        }
        let this = &self.attempts[attempt];
        let meant = this.is(Attempt::LIVE) && this.call == call && this.number == number;
        if !meant || this.is(Attempt::SERVER_DONE) || this.is(Attempt::HUNG) {
            return;
        }
        let service = self.world.endpoints[self.endpoint_of(attempt)].service;
        let stops = self.world.services[service].on_cancel == OnCancel::Stop;
        let this = &mut self.attempts[attempt];
        if this.flags & (Attempt::TRAVELLING | Attempt::HELD | Attempt::SHARED) != 0 {
            // Not there yet: the news waits at the server's door.
            this.flags |= Attempt::UNWANTED | if stops { Attempt::STOPPED } else { 0 };
        } else if !self.drop_queued(attempt, now, schedule) && stops {
            self.stop(attempt, now, schedule);
        }
    }

    /// What has begun goes on to the end of the work that it is at, and no further. The calls that it waits for are given
    /// up, and their servers hear of it in turn.
    fn stop(&mut self, attempt: u32, now: SimTime, schedule: &mut Schedule) {
        self.attempts[attempt].flags |= Attempt::STOPPED;
        let who = self.who(attempt);
        let opened = self.opened.0.get(attempt as usize).filter(|(whose, _)| *whose == who);
        let slots = opened.into_iter().flat_map(|(_, calls)| calls).filter(|&&slot| self.is_below(slot, attempt));
        let mut given: Vec<(u64, u32, u32)> =
            slots.map(|&slot| (self.calls[slot].key, slot, self.calls[slot].generation)).collect();
        given.sort_unstable();
        // A slot may have been one call's and then another's.
        given.dedup();
        for (_, slot, generation) in given {
            let call = &self.calls[slot];
            if call.is(Call::LIVE) && call.generation == generation {
                self.give_up_call(slot, Failure::Abandoned, now, schedule);
            }
        }
    }

    fn who(&self, attempt: u32) -> (u32, u32, u8) {
        let row = &self.attempts[attempt];
        (row.call, self.calls[row.call].generation, row.number)
    }

    /// Does an attempt wait for a call?
    fn is_below(&self, slot: u32, attempt: u32) -> bool {
        let call = &self.calls[slot];
        call.flags & (Call::LIVE | Call::ROOT | Call::MIRROR) == Call::LIVE && self.attempt_of(call.parent) == attempt
    }

    /// A call is opened by a service that may give it up.
    fn remember(&mut self, slot: u32) {
        let call = &self.calls[slot];
        if call.is(Call::ROOT | Call::MIRROR) {
            return;
        }
        let attempt = self.attempt_of(call.parent);
        let who = self.who(attempt);
        let mut rows = std::mem::take(&mut self.opened.0);
        if rows.len() <= attempt as usize {
            rows.resize_with(attempt as usize + 1, Default::default);
        }
        let (whose, calls) = &mut rows[attempt as usize];
        if *whose != who {
            *whose = who;
            calls.clear();
        }
        if calls.len() == calls.capacity() {
            // Who makes many calls one after the other has few of them open.
            calls.retain(|&slot| self.is_below(slot, attempt));
        }
        calls.push(slot);
        self.opened.0 = rows;
    }
}
