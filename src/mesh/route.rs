//! Which way a call goes by rules, and what it carries: decided once, before its first attempt.
//!
//! A rule is a row of a table (`RouteTable`); chance chooses among its destinations. A retry stays where its call went.

use super::calls::{Call, NONE};
use super::machine::Machine;
use super::settle::Opening;
use crate::engine::Schedule;
use crate::policy::shares::settled;
use crate::random::mix;
use crate::record::Failure;
use crate::units::SimTime;
use crate::world::{Action, Destination, EdgeId, EndpointId, StreamId};

/// A copy is a call of its own, with luck of its own.
const MIRRORED: u64 = 0x6d69_7272_6f72;

impl Machine<'_> {
    /// Opens a call on an edge with rules, or answers it.
    #[inline(never)]
    pub(super) fn route(&mut self, opening: Opening, now: SimTime, schedule: &mut Schedule) {
        let world = self.world;
        let Opening { key, edge, operation, .. } = opening;
        if self.unrouted(&opening, now) {
            if let Some(watch) = self.ledger.watch.as_mut().filter(|_| opening.flags & Call::ROOT != 0) {
                watch.lacked(edge, opening.proxy, now);
            }
            self.turn_down(opening, Failure::NoRoute, now, schedule);
            return;
        }
        if world.edges[edge].routing.is_none() {
            self.open_on(opening, now, schedule);
            return;
        }
        let (written, draws) = (&world.edges[edge], self.edge_keys[edge.0 as usize]);
        let number = operation.0 - world.services[written.to].operations[0].0;
        let table = &world.routing.tables[written.routing];
        let Some(route) = world.routing.routes.get(table.row(opening.version, number, opening.context)) else {
            self.turn_down(opening, Failure::NoRoute, now, schedule);
            return;
        };
        let to = match &route.action {
            Action::Send(to) => to,
            Action::Respond(status) if *status < 400 => {
                self.answer_at_once(opening, now, schedule);
                return;
            }
            Action::Respond(_) => {
                self.turn_down(opening, Failure::DirectResponse, now, schedule);
                return;
            }
        };
        let draw = if to.len() == 1 { 0.0 } else { draws.route.uniform(key) };
        let chosen = to.iter().find(|to| draw < to.below).unwrap_or(&to[to.len() - 1]);
        match self.sent_to(opening, chosen, number, now) {
            Some(opening) => self.open_on(opening, now, schedule),
            None => self.turn_down(opening, Failure::NoCluster, now, schedule),
        }
        for (index, mirror) in route.mirrors.iter().enumerate() {
            let key = mix(key, MIRRORED ^ index as u64);
            if draws.mirror.uniform(key) >= mirror.share.get() {
                continue;
            }
            // The frame that waits for the original may be gone before the copy is.
            let copy = Opening { key, parent: NONE, flags: Call::MIRROR, ..opening };
            if let Some(copy) = self.sent_to(copy, &mirror.to, number, now) {
                self.open_on(copy, now, schedule);
            }
        }
    }

    /// The call as it goes to a destination; none where there is no such cluster.
    fn sent_to(&mut self, opening: Opening, to: &Destination, number: u32, now: SimTime) -> Option<Opening> {
        let edge = self.healthy(opening, to, now);
        if edge.is_none() {
            return None;
        }
        let operation = to.operations.get(number as usize).copied().unwrap_or(opening.operation);
        Some(Opening { edge, operation, context: self.world.mapped(to.headers, opening.context), ..opening })
    }

    /// The destination, or while none of its hosts is healthy the first fallback that has one.
    fn healthy(&mut self, opening: Opening, to: &Destination, now: SimTime) -> EdgeId {
        if to.fallback.is_empty() {
            return to.edge;
        }
        self.catch_up(now);
        settled(to.edge, &to.fallback, |edge| {
            !edge.is_none() && {
                let row = self.upstream_of(opening.proxy, edge);
                let upstream = self.upstream(row);
                self.hot.views.get(upstream.host_set.0 as usize).is_some_and(|view| upstream.has_healthy(view))
            }
        })
    }

    /// The client's proxy answers with an error.
    fn turn_down(&mut self, opening: Opening, failure: Failure, now: SimTime, schedule: &mut Schedule) {
        let slot = self.enter(opening, now);
        self.settle_call(slot, Some(failure), now, schedule);
    }

    /// The client's proxy answers well.
    fn answer_at_once(&mut self, opening: Opening, now: SimTime, schedule: &mut Schedule) {
        if opening.flags & (Call::ROOT | Call::MIRROR) != 0 {
            let slot = self.enter(opening, now);
            self.settle_call(slot, None, now, schedule);
            return;
        }
        // By way of an event: a long list of calls that are answered at once must not become a deep stack.
        let slot = self.enter(Opening { flags: opening.flags | Call::MIRROR, ..opening }, now);
        let parent = opening.parent;
        self.settle_call(slot, None, now, schedule);
        if let Some(at) = self.joined(parent, None, now) {
            self.resume(parent, at.max(now), schedule);
        }
    }

    /// What the service of a replica passes on of what it was sent.
    #[cold]
    pub(super) fn passed_on(&self, endpoint: EndpointId, context: u16) -> u16 {
        let service = &self.world.services[self.world.endpoints[endpoint].service];
        self.world.mapped(service.forwards, context)
    }

    /// What a request of a stream carries.
    #[inline]
    pub(super) fn carried(&self, stream: u32, key: u64) -> u16 {
        let carried = &self.world.streams[StreamId(stream)].carried;
        if carried.contexts.is_empty() {
            return 0;
        }
        let mut row = 0;
        for (header, draws) in carried.drawn.iter().zip(&self.streams[stream as usize].headers) {
            let value = draws.bits(key) % u64::from(header.count);
            let class = header.classes.get(value as usize).copied().unwrap_or(0);
            row = row * usize::from(header.class_count) + usize::from(class);
        }
        carried.contexts[row]
    }
}
