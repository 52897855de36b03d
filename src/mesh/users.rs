//! Who sent a request, as a proxy that balances by hash sees it: the source address, a header, a cookie.

use super::calls::{Call, NONE, Request};
use super::machine::Machine;
use crate::policy::{HashOn, hashing};
use crate::random::{hash_name, mix};
use crate::units::SimTime;
use crate::world::{Caller, HeaderId, HeaderValue, StreamId};

impl Machine<'_> {
    /// The hash of a call under a hash policy; none: it carries nothing to hash, and chance chooses.
    pub(super) fn hash_of(&self, slot: u32, rule: HashOn) -> Option<u64> {
        let call = &self.calls[slot];
        let proxy = &self.world.proxies[call.proxy];
        match rule {
            // At a sidecar all comes from its own replica.
            HashOn::SourceIp { .. } if !proxy.endpoint.is_none() => Some(hashing::xx_hash(proxy.name.as_bytes(), 0)),
            HashOn::SourceIp { values } => Some(decimal(self.user(slot, 0, values))),
            HashOn::Value { name, values } => {
                let known = |(_, header): &(HeaderId, &String)| hash_name(header) == name;
                match self.world.routing.headers.iter().find(known) {
                    Some((header, _)) => self.carried_value(slot, header),
                    None => values.map(|values| decimal(self.user(slot, name, Some(values)))),
                }
            }
        }
    }

    /// Which of a stream's users a request is from; none: the stream has none to speak of.
    fn person(&self, request: &Request) -> Option<u64> {
        let count = self.ledger.people.as_ref()?.count(request.stream)?;
        if request.user != NONE {
            return Some(u64::from(request.user) % count);
        }
        // The one that a source address stands for (`user`).
        let key = mix(self.streams[request.stream as usize].name, request.ordinal);
        Some(self.user_key.bits(mix(0, key)) % count)
    }

    #[cold]
    pub(super) fn user_asks(&mut self, request: &Request, slot: u32, now: SimTime) {
        if let (Some(user), Some(people)) = (self.person(request), &mut self.ledger.people) {
            people.asks(request.stream, user, slot, now);
        }
    }

    #[cold]
    pub(super) fn user_refused(&mut self, request: &Request, now: SimTime) {
        if let (Some(user), Some(people)) = (self.person(request), &mut self.ledger.people) {
            people.refused(request.stream, user, now);
        }
    }

    /// `answered`: when its answer left the ingress, if it has one.
    #[cold]
    pub(super) fn user_told(&mut self, request: &Request, slot: u32, asked: u64, answered: Option<SimTime>) {
        let home = answered.map(|at| at + self.way_home(request));
        self.user_heard(request, slot, (self.sent_at(request, asked), asked), home);
    }

    /// The same of a request that its user sent at `sent` and that was at its ingress at `asked`; `home`: when its user has
    /// the answer, if it is a good one.
    #[cold]
    pub(super) fn user_heard(
        &mut self,
        request: &Request,
        slot: u32,
        (sent, asked): (u64, u64),
        home: Option<SimTime>,
    ) {
        let good_within = self.world.people.get(&StreamId(request.stream)).and_then(|people| people.good_within);
        let in_time = |home| good_within.is_none_or(|good| home <= SimTime::from_nanos(sent) + good);
        let well = home.is_some_and(in_time);
        if let (Some(user), Some(people)) = (self.person(request), &mut self.ledger.people) {
            people.told(request.stream, user, slot, asked, well);
        }
    }

    /// The call of the user's request at the root of a call's tree. A copy has nobody above it.
    fn root_of(&self, slot: u32) -> &Call {
        let mut root = &self.calls[slot];
        while !root.is(Call::ROOT | Call::MIRROR) {
            root = &self.calls[self.attempts[self.attempt_of(root.parent)].call];
        }
        root
    }

    /// One of so many users: of a closed stream the one who asks, else one by chance.
    fn user(&self, slot: u32, name: u64, values: Option<u32>) -> u64 {
        let root = self.root_of(slot);
        let user = if root.is(Call::ROOT) && root.is(Call::LIVE) { self.requests[root.parent].user } else { NONE };
        let who = if user == NONE { self.user_key.bits(mix(name, root.key)) } else { u64::from(user) };
        values.map_or(who, |values| who % u64::from(values))
    }

    /// The hash of a header of a call, where it carries it.
    fn carried_value(&self, slot: u32, header: HeaderId) -> Option<u64> {
        let context = &self.world.routing.contexts[usize::from(self.calls[slot].context)];
        let (_, value) = context.headers.iter().find(|(known, _)| *known == header)?;
        if let HeaderValue::Text(text) = value {
            return Some(hashing::xx_hash(text.as_bytes(), 0));
        }
        let root = self.root_of(slot);
        let Caller::Stream(stream) = self.world.edges[root.edge].from else { return None };
        let drawn = &self.world.streams[stream].carried.drawn;
        let row = drawn.iter().position(|drawn| drawn.header == header)?;
        let value = self.streams[stream.0 as usize].headers[row].bits(root.key) % u64::from(drawn[row].count);
        match drawn[row].values.get(value as usize) {
            Some(text) => Some(hashing::xx_hash(text.as_bytes(), 0)),
            None => Some(decimal(value)),
        }
    }
}

/// The hash of a number written out.
fn decimal(number: u64) -> u64 {
    let (mut digits, mut at, mut rest) = ([0; 20], 20, number);
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            return hashing::xx_hash(&digits[at..], 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_hashed_as_it_is_written() {
        for number in [0, 7, 10, 1_999, u64::MAX] {
            assert_eq!(decimal(number), hashing::xx_hash(number.to_string().as_bytes(), 0));
        }
    }
}
