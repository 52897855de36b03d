//! What comes too late, or never, for a run to show it: faults that begin or end after it, actions that are never due.

use super::fault;
use super::fields::Decoder;
use crate::provider::Books;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{Action, ActionWhen, Effect, Fault, Scenario, Start, When};
use crate::scenario::span::{Span, Spanned};
use crate::units::Duration;

impl Decoder {
    /// Faults and actions that nothing of the run will meet.
    pub(super) fn check_times(&mut self, scenario: &Scenario) {
        let horizon = scenario.run.horizon;
        for (name, action) in &scenario.actions {
            self.check_action(scenario, name, action);
        }
        for (name, fault) in &scenario.faults {
            let long;
            let often = |span: Span| {
                Diagnostic::error("EW429", format!("fault `{name}` comes more than 10,000 times in a run"))
                    .at(span, "")
                    .help("for what comes and goes that fast write `flap`, or `loss`")
            };
            if let Some(flap) = fault.flap {
                let cycle = (flap.down + flap.up).seconds();
                let lasts = match &fault.when {
                    When::Told { lasts, every: None, .. } => lasts.value.min(horizon.value),
                    _ => horizon.value,
                };
                if fault::too_often(cycle, lasts) {
                    let text = format!("fault `{name}` flaps more than 10,000 times in a run");
                    let help = "what comes and goes faster than connections break and proxies notice is `loss`, `slow` or `errors` of the network: write these, or a longer `down` and `up`";
                    self.say(Diagnostic::error("EW429", text).at(fault.span, "").help(help));
                    continue;
                }
                if flap.down >= lasts {
                    let text =
                        format!("fault `{name}` lasts {lasts} and never flaps: it is down for {} first", flap.down);
                    let help = "write a shorter `down`, or leave `flap` out";
                    self.say(Diagnostic::warning("EW416", text).at(fault.span, "").help(help));
                }
            }
            let (at, lasts) = match &fault.when {
                When::Told { at, lasts, every } => {
                    if every.is_some_and(|every| fault::too_often(every.seconds(), horizon.value)) {
                        self.say(often(lasts.span));
                        continue;
                    }
                    // Of a time of day the place decides when it comes.
                    let Start::After(after) = at.value else { continue };
                    (Spanned::new(after, at.span), (every.is_none()).then_some(lasts))
                }
                When::Replay { at, incident, speed } => {
                    let Start::After(after) = at.value else { continue };
                    let phases = Books::builtin().replayed(&incident.value);
                    let last = phases.map(|phase| phase.span(*speed).1).max().unwrap_or_default();
                    long = Spanned::new(Duration::from_nanos(last.cast_unsigned()), incident.span);
                    (Spanned::new(after, at.span), Some(&long))
                }
                When::Chance { span, renewal, .. } => {
                    if fault::too_often(renewal.up.mean() + renewal.down.mean(), horizon.value) {
                        self.say(often(*span));
                    }
                    continue;
                }
            };
            if at.value.nanos() >= horizon.value.nanos() {
                self.say(
                    Diagnostic::error("EW313", format!("fault `{name}` begins when the run is over"))
                        .at(at.span, "")
                        .at(horizon.span, "the run lasts this long"),
                );
            } else if let Some(lasts) =
                lasts.filter(|lasts| at.value.nanos() + lasts.value.nanos() > horizon.value.nanos())
            {
                self.say(
                    Diagnostic::warning(
                        "EW314",
                        format!("fault `{name}` ends after the run, so its recovery is not seen"),
                    )
                    .at(lasts.span, "")
                    .at(horizon.span, "the run lasts this long"),
                );
            } else if let Some(grace) = grace(fault)
                && at.value.nanos().saturating_add(grace.nanos()) > horizon.value.nanos()
            {
                let text = format!("fault `{name}` ends after the run: what leaves works on for {grace}");
                self.say(
                    Diagnostic::warning("EW314", text)
                        .at(fault.span, "")
                        .at(horizon.span, "the run lasts this long")
                        .help("write a shorter `grace`, or a longer `run.horizon`"),
                );
            }
        }
    }

    /// An action that is due when the run is over, or never.
    fn check_action(&mut self, scenario: &Scenario, name: &str, action: &Action) {
        let horizon = scenario.run.horizon;
        let told = |fault: &str| scenario.faults.get(fault).map(|fault| &fault.when);
        if let ActionWhen::Alarm { fault, rings, .. } = &action.when
            && let Some(When::Told { lasts, .. }) = told(fault)
            && lasts.value < *rings
        {
            let lasts = lasts.value;
            let text = format!(
                "action `{name}` is never due: the alarm of `{fault}` rings after {rings}, and the fault lasts {lasts}"
            );
            let help =
                format!("write `alarm: {}` or less, or let the fault last longer", lasts.to_string().replace(' ', ""));
            self.say(Diagnostic::warning("EW495", text).at(action.span, "").help(help));
            return;
        }
        // When it is due, and where that is written.
        let due = match &action.when {
            ActionWhen::At(at) => Some((at.value.nanos(), at.span)),
            ActionWhen::End { fault, then } => match told(fault) {
                Some(When::Told { at: Spanned { value: Start::After(at), .. }, lasts, every: None }) => {
                    let ends = at.nanos().saturating_add(lasts.value.nanos());
                    Some((ends.saturating_add(then.nanos()), action.span))
                }
                _ => None,
            },
            ActionWhen::Alarm { fault, rings, then } => match told(fault) {
                Some(When::Told { at: Spanned { value: Start::After(at), .. }, every: None, .. }) => {
                    let rings = at.nanos().saturating_add(rings.nanos());
                    Some((rings.saturating_add(then.nanos()), action.span))
                }
                _ => None,
            },
        };
        if let Some((_, span)) = due.filter(|(at, _)| *at >= horizon.value.nanos()) {
            let late = Diagnostic::warning("EW495", format!("action `{name}` is due when the run is over"));
            self.say(late.at(span, "").at(horizon.span, "the run lasts this long"));
        }
    }
}

/// How long those who are sent away work on.
fn grace(fault: &Fault) -> Option<Duration> {
    fault.effects.iter().find_map(|effect| match effect {
        Effect::Drain(grace) => Some(*grace),
        Effect::Restart(Some(rollout)) => Some(rollout.grace),
        _ => None,
    })
}
