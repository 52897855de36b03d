//! What becomes of a try that failed or took too long; and what a fault filter does before the first.

use super::calls::{Attempt, Call, Core, NONE, nth};
use super::event::Kind;
use super::ledger::Blame;
use super::machine::Machine;
use super::settle::{Try, WHOLE_CALL};
use crate::engine::Schedule;
use crate::policy::fault_filter::Injected;
use crate::policy::outlier::ResultClass;
use crate::policy::retry::{self, Decision, Seen};
use crate::policy::{Policy, Status};
use crate::random::mix;
use crate::record::Failure;
use crate::units::{Duration, SimTime};

impl Machine<'_> {
    /// A fault filter looks at a call before a host is chosen. Tells whether it takes it: then it goes on, or is answered,
    /// after the delay, by way of an event.
    #[cold]
    pub(super) fn inject(&mut self, slot: u32, now: SimTime, schedule: &mut Schedule) -> bool {
        let call = &self.calls[slot];
        let (key, ordinal, edge) = (call.key, call.ordinal, call.edge);
        let Some(filter) = self.route_of(slot).fault else { return false };
        let draws = self.edge_keys[edge.0 as usize].fault;
        let upstream = self.upstream_of(call.proxy, edge);
        let active = self.upstream(upstream).delayed;
        let Injected { delay, abort } = filter.inject([0, 1].map(|n| draws.uniform(nth(key, n))), active);
        if delay.is_none() && abort.is_none() {
            return false;
        }
        if filter.max_active.is_some() && delay.is_some() {
            self.upstream_mut(upstream).delayed += 1;
            self.history(slot).delayed = true;
        }
        let history = self.history(slot);
        (history.abort, history.planned) = (abort, true);
        self.calls[slot].tries = 0;
        let at = now + delay.unwrap_or(Duration::ZERO);
        self.trace_injected(slot, now, at);
        schedule.at(at, Kind::Retry.order_of(ordinal, mix(key, 0)), slot);
        true
    }

    fn route_of(&self, slot: u32) -> &Policy {
        &self.world.policies[self.world.edges[self.calls[slot].edge].policy]
    }

    /// What the end of a try tells outlier detection.
    pub(super) fn heard(&self, attempt: u32, failure: Option<Failure>) -> Option<ResultClass> {
        let row = &self.attempts[attempt];
        let rule = self.hot.edges[self.calls[row.call].edge.0 as usize].outlier.as_ref()?;
        let status = |status: Status| Some(ResultClass::answered(rule, status.http()));
        match failure {
            Some(Failure::Error) => status(self.status_seen(attempt)),
            Some(Failure::Overflow | Failure::NoPrimary) => status(Status::Http(503)),
            Some(Failure::RateLimited) => status(Status::Http(429)),
            Some(Failure::WrongPartition) => status(Status::WRONG_PARTITION),
            Some(Failure::WrongService) => status(Status::WRONG_SERVICE),
            // Who still waits for its connection never was on one.
            Some(Failure::Timeout) if row.is(Attempt::PARKED) => Some(ResultClass::Local { connected: false }),
            other => ResultClass::of(other.map_or(Ok(()), Err)),
        }
    }

    /// The status of an application's bad answer.
    fn status_seen(&self, attempt: u32) -> Status {
        match self.attempts[attempt].core.answer {
            0 | Core::RELAYED => Status::ERROR,
            index => self.hot.statuses[usize::from(index) - 1],
        }
    }

    /// A try failed: `seen` is what the proxy saw, `cause` what is counted if the call fails with it.
    pub(super) fn try_again(
        &mut self,
        attempt: u32,
        seen: Failure,
        cause: Failure,
        now: SimTime,
        schedule: &mut Schedule,
    ) {
        let slot = self.attempts[attempt].call;
        let saw = Seen::of(seen, Some(self.status_seen(attempt)));
        let blame = self.blame_of_attempt(attempt, seen, now);
        if self.is_kept(slot, attempt) {
            self.kept_failed(attempt, (seen, saw, cause), blame, now, schedule);
            return;
        }
        let decision = self.decide(slot, saw, now);
        let host = self.attempts[attempt].host;
        self.leave(attempt, Some(seen), now, schedule);
        match decision {
            Decision::Retry => self.plan_retry(slot, host, now, schedule),
            // What was reset leaves the answer to others that are still out.
            _ if !matches!(saw, Some(Seen::Answer { .. })) && self.waits_for_others(slot, attempt) => {}
            _ => {
                self.blames.now = Some(blame);
                self.settle_call(slot, Some(cause), now, schedule);
            }
        }
    }

    /// A try failed for which another one was sent already: nobody retries it again.
    fn kept_failed(
        &mut self,
        attempt: u32,
        (seen, saw, cause): (Failure, Option<Seen>, Failure),
        blame: Blame,
        now: SimTime,
        schedule: &mut Schedule,
    ) {
        let slot = self.attempts[attempt].call;
        let bad = match saw {
            Some(saw @ Seen::Answer { .. }) => retry::would_retry(&self.route_of(slot).retry_on, saw),
            _ => true,
        };
        let others = self.waits_for_others(slot, attempt);
        self.history(slot).kept.retain(|&kept| kept != attempt);
        self.leave(attempt, Some(seen), now, schedule);
        if !bad || !others {
            self.blames.now = Some(blame);
            self.settle_call(slot, Some(cause), now, schedule);
        }
    }

    /// Is a call tried again that saw this? Where it is, the retry counts from now on.
    fn decide(&mut self, slot: u32, saw: Option<Seen>, now: SimTime) -> Decision {
        // The retry before, if there was one, is over.
        self.retry_over(slot);
        let Some(saw) = saw else { return Decision::No };
        let world = self.world;
        let policy = &world.policies[world.edges[self.calls[slot].edge].policy];
        let done = u32::from(self.calls[slot].tries) - 1;
        retry::decide(&policy.retry_on, saw, done, policy.retries, || self.may_retry(slot, now))
    }

    /// A try outlasts its timeout: it is given up, or kept while another one is sent.
    pub(super) fn try_timed_out(&mut self, attempt: u32, now: SimTime, schedule: &mut Schedule) {
        let slot = self.attempts[attempt].call;
        let policy = self.route_of(slot);
        if !policy.hedge {
            self.try_again(attempt, Failure::Timeout, Failure::Timeout, now, schedule);
            return;
        }
        // Whatever `retry-on` says: the timeout has reset nothing.
        let (retries, call) = (policy.retries, &self.calls[slot]);
        let done = u32::from(call.tries) - 1;
        let (proxy, edge) = (call.proxy, call.edge);
        if let Some(class) = self.heard(attempt, Some(Failure::Timeout)) {
            let (row, host) = (self.upstream_of(proxy, edge), self.attempts[attempt].host);
            self.observe(row, host, class, now, schedule);
        }
        self.retry_over(slot);
        if done < retries && self.may_retry(slot, now) {
            self.calls[slot].attempt = NONE;
            self.history(slot).kept.push(attempt);
            self.plan_retry(slot, self.attempts[attempt].host, now, schedule);
        }
    }

    /// Another try after a pause.
    fn plan_retry(&mut self, slot: u32, host: u16, now: SimTime, schedule: &mut Schedule) {
        let frequency = self.route_of(slot).previous_priorities;
        let (proxy, edge) = (self.calls[slot].proxy, self.calls[slot].edge);
        let priority = frequency.map(|_| {
            let row = self.upstream_of(proxy, edge);
            self.hot.views[self.upstream(row).host_set.0 as usize].priority_of(host)
        });
        let history = self.history(slot);
        history.hosts.push(host);
        history.planned = true;
        if let Some(priority) = priority {
            history.priorities.attempted(priority);
        }
        let call = &self.calls[slot];
        let policy = self.route_of(slot);
        let key = mix(call.key, u64::from(call.tries));
        let draw = self.edge_keys[call.edge.0 as usize].backoff.bits(key);
        let wait = match policy.max_backoff {
            None => retry::backoff(policy.backoff, u32::from(call.tries), draw),
            Some(max) => retry::backoff_within(policy.backoff, max, u32::from(call.tries), draw),
        };
        let order = Kind::Retry.order_of(call.ordinal, key);
        self.trace_backoff(slot, now, now + wait);
        schedule.at(now + wait, order, slot);
    }

    /// A back-off or an injected delay is over; a call that timed out meanwhile is known by its order, or by having an
    /// attempt.
    pub(super) fn retry(&mut self, slot: u32, order: u32, now: SimTime, schedule: &mut Schedule) {
        let call = &self.calls[slot];
        let expected = Kind::Retry.order_of(call.ordinal, mix(call.key, u64::from(call.tries)));
        if call.is(Call::LIVE) && call.attempt == NONE && expected == order {
            self.start_again(slot, now, schedule);
        }
    }

    #[inline(never)]
    fn start_again(&mut self, slot: u32, now: SimTime, schedule: &mut Schedule) {
        let history = self.history(slot);
        history.planned = false;
        let (abort, delayed) = (history.abort.take(), std::mem::take(&mut history.delayed));
        let call = &mut self.calls[slot];
        let number = call.tries;
        call.tries = number.saturating_add(1);
        let (key, started, edge, operation) = (call.key, call.started, call.edge, call.operation);
        let (proxy, ordinal) = (call.proxy, call.ordinal);
        if delayed {
            let row = self.upstream_of(proxy, edge);
            self.upstream_mut(row).delayed -= 1;
        }
        if let Some(status) = abort {
            self.settle_call(slot, status.fails().then_some(Failure::Aborted), now, schedule);
            return;
        }
        if let (0, Some(list)) = (number, self.hot.edges[edge.0 as usize].timers[0]) {
            // The clock of the call starts behind the fault filter.
            self.start_timer(list, slot, WHOLE_CALL, now, schedule);
        }
        self.start_attempt(Try { slot, key, started, edge, operation, proxy, ordinal, number }, now, schedule);
    }

    /// The first good answer of a call is here: it waits for no other.
    #[cold]
    pub(super) fn won(&mut self, slot: u32, attempt: u32, now: SimTime, schedule: &mut Schedule) {
        if self.calls[slot].attempt == attempt {
            self.calls[slot].attempt = NONE;
        }
        self.history(slot).kept.retain(|&kept| kept != attempt);
        self.forget(slot, now, schedule);
    }
}
