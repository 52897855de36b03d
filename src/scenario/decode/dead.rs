//! What is written and changes nothing, and gates that nothing can be held against: who writes a setting means something
//! by it, and who writes a gate relies on it.

use super::calls::calls_of;
use super::fields::Decoder;
use crate::policy::RetryOn;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{
    ActionSet, Bound, CallTarget, Check, Dataplane, JUDGED_FROM, Metric, Objective, Population, Rule, Scenario,
    Selector, Store, Stream, StreamArrivals, StreamFrom, Traffic,
};
use std::collections::BTreeSet;

/// Callers (services and streams) with what they call.
type Pairs<'s> = BTreeSet<(&'s str, &'s str)>;

/// What became of an entry of `traffic:` on the edges that it is for.
#[derive(Clone, Copy, Default)]
struct Fate {
    /// Some edge is chosen by it.
    taken: bool,
    /// Its failover: asked for on some edge, and in force on one.
    failover: (bool, bool),
    /// Its retries likewise.
    retries: (bool, bool),
}

impl Decoder {
    /// Notes entries of `traffic:` that no call obeys and gates that are never judged.
    pub(super) fn check_dead(&mut self, scenario: &Scenario, variant: &str) {
        let mut calls: Vec<(&str, CallTarget)> = Vec::new();
        for (name, service) in &scenario.services {
            let mut found = Vec::new();
            let bodies = service.operations.keys().flat_map(|operation| service.bodies(operation));
            bodies.for_each(|steps| calls_of(steps, &mut found));
            calls.extend(found.into_iter().map(|call| (name.as_str(), call.value)));
        }
        let streams = scenario.workload.iter().map(|(name, stream)| (name.as_str(), stream.to.value.as_str()));
        // A stream's `to` may name an operation.
        let streams = streams.map(|(name, to)| (name, to.split_once('.').map_or(to, |(service, _)| service)));
        let pairs: Pairs<'_> = calls.iter().map(|(from, to)| (*from, to.service.as_str())).chain(streams).collect();
        self.check_traffic(scenario, &pairs);
        self.check_evidence(scenario, variant);
        for (name, objective) in &scenario.objectives {
            let asked = objective.variants.is_empty() || objective.variants.iter().any(|only| only.value == variant);
            if let Some((what, help)) = Some(()).filter(|()| asked).and_then(|()| unjudged(objective, scenario, &pairs))
            {
                self.say(
                    Diagnostic::warning("EW504", format!("objective `{name}` says nothing: {what}"))
                        .at(objective.span, objective.text.clone())
                        .help(help),
                );
            }
        }
    }

    /// Gates that an interval decides, where too few replications give none.
    fn check_evidence(&mut self, scenario: &Scenario, variant: &str) {
        let replications = &scenario.run.replications;
        let open = |objective: &Objective| {
            let asked = objective.variants.is_empty() || objective.variants.iter().any(|only| only.value == variant);
            // What a bill says of fixed things is exact.
            let noisy =
                matches!(&objective.check, Check::Figure { term, .. } if !matches!(term.metric, Metric::Cost { .. }));
            asked && noisy
        };
        let names: Vec<&str> = scenario
            .objectives
            .iter()
            .filter(|(_, objective)| open(objective))
            .map(|(name, _)| name.as_str())
            .collect();
        if replications.value >= JUDGED_FROM || names.is_empty() {
            return;
        }
        let count = replications.value;
        let are = if count == 1 { "replication gives" } else { "replications give" };
        self.say(
            Diagnostic::warning(
                "EW526",
                format!("{count} {are} no interval, so that `{}` will have not enough evidence", names.join("`, `")),
            )
            .at(replications.span, format!("{JUDGED_FROM} are needed at least"))
            .help("gates are met or missed by their whole interval; leave `replications` out, or take 10 and more"),
        );
    }

    fn check_traffic(&mut self, scenario: &Scenario, pairs: &Pairs<'_>) {
        let traffic = &scenario.mesh.traffic;
        let mut fates = vec![Fate::default(); traffic.len()];
        let mut asked: BTreeSet<(&str, &str, Option<&str>)> =
            pairs.iter().map(|(from, to)| (*from, *to, None)).collect();
        for (from, to) in pairs {
            let targets =
                scenario.mesh.rules.get(*to).into_iter().flat_map(|rules| rules.values().flat_map(Rule::targets));
            asked.extend(targets.map(|target| (*from, target.service.as_str(), target.subset.as_deref())));
        }
        for (from, to, subset) in asked {
            let found = scenario.mesh.entries_of(from, to, subset);
            let first = |says: fn(&Traffic) -> bool| found.iter().flatten().find(|(_, entry)| says(entry)).copied();
            found.iter().flatten().for_each(|(index, _)| fates[*index].taken = true);
            let ejects = first(|entry| entry.policy.outlier.is_some())
                .is_some_and(|(_, entry)| entry.policy.outlier.is_some_and(|outlier| outlier.value.is_some()));
            if let Some((index, entry)) = first(|entry| entry.policy.locality.is_some())
                && let Some(locality) = entry
                    .policy
                    .locality
                    .as_ref()
                    .filter(|locality| !(locality.failover.is_empty() && locality.failover_priority.is_empty()))
            {
                fates[index].failover.0 = true;
                fates[index].failover.1 |= ejects && locality.enabled;
            }
            if let Some((index, entry)) = first(|entry| entry.policy.retries.is_some())
                && entry.policy.retries.is_some_and(|retries| retries.value > 0)
            {
                let on = first(|entry| entry.policy.retry_on.is_some()).and_then(|(_, entry)| entry.policy.retry_on);
                fates[index].retries.0 = true;
                fates[index].retries.1 |= on != Some(RetryOn::default());
            }
        }
        for (entry, fate) in traffic.values().zip(fates) {
            if !fate.taken {
                let (who, help) = match &entry.selector {
                    Selector::All => ("anything".to_owned(), "nobody calls anybody in this scenario"),
                    Selector::To(to) => {
                        (format!("`{to}`"), "no step and no stream calls this service; remove the entry")
                    }
                    Selector::Edge(from, to) => {
                        (format!("`{to}` from `{from}`"), "a selector names a caller and what it calls itself")
                    }
                };
                self.say(
                    Diagnostic::warning("EW317", format!("nobody calls {who}")).at(entry.span, "for nobody").help(help),
                );
                continue;
            }
            // Where proxies only lack outlier detection, advice tells with numbers.
            let advised = scenario.mesh.dataplane != Dataplane::None;
            if let (Some(locality), (true, false)) = (&entry.policy.locality, fate.failover)
                && !(locality.enabled && advised)
            {
                let why = if locality.enabled { "without outlier detection" } else { "not enabled" };
                let said =
                    Diagnostic::warning("EW317", "this failover never happens: its calls have no locality order");
                self.say(said.at(locality.span, why).help(
                    "say `outlier: {}` beside it (and `enabled: true`): Istio orders hosts by locality only where it ejects",
                ));
            }
            if let (Some(retries), (true, false)) = (entry.policy.retries, fate.retries) {
                let said = Diagnostic::warning("EW317", "these retries never happen: `retry-on` names nothing");
                self.say(said.at(retries.span, "never used").help(
                    "name what is tried again, `retry-on: [connect-failure, refused-stream]`, or say `retries: 0`",
                ));
            }
        }
    }
}

/// Why an objective can never be missed or never be judged, and what to do.
fn unjudged(objective: &Objective, scenario: &Scenario, pairs: &Pairs<'_>) -> Option<(String, String)> {
    let uncalled = |from: &str, to: &str| {
        let what = format!("`{from}` does not call `{to}`");
        (!pairs.contains(&(from, to))).then(|| (what, "name a caller and what it calls itself".to_owned()))
    };
    let (term, below, bound) = match &objective.check {
        Check::Path(path) => return uncalled(&path.from, &path.to),
        Check::Figure { term, below, bound } => (term, *below, bound),
    };
    let why = match &term.metric {
        Metric::Quantile { subject, .. }
        | Metric::Mean { subject }
        | Metric::Availability { subject }
        | Metric::Good { subject, .. }
        | Metric::Throughput { subject } => unheard(scenario, subject, term.from.as_deref()),
        Metric::Amplification { from, to } => uncalled(from, to),
        Metric::UserUptime { subject } | Metric::Mcr { subject, .. } => {
            unheard(scenario, subject, None).or_else(|| nobody(scenario, subject))
        }
        Metric::Burn { .. } => scenario.business.as_ref().is_none_or(|business| business.slo.is_none()).then(|| {
            let help = "say it: `business: {slo: 99.95%}`";
            ("there is no error budget without an objective".to_owned(), help.to_owned())
        }),
        Metric::Reconnected { .. } | Metric::Reconnects { .. } => {
            scenario.workload.values().all(|stream| stream.sessions.is_none()).then(|| {
                let help = "say that users do: `workload.NAME.sessions`";
                ("nobody keeps a connection that could break".to_owned(), help.to_owned())
            })
        }
        Metric::Rto { store } | Metric::Rpo { store } | Metric::LostWrites { store } => unpromoted(scenario, store),
        Metric::Recovery { .. }
        | Metric::Lost { .. }
        | Metric::Detect { .. }
        | Metric::Shift { .. }
        | Metric::Cost { .. }
        | Metric::Utilisation { .. } => None,
    };
    let share = matches!(
        term.metric,
        Metric::Availability { .. }
            | Metric::Good { .. }
            | Metric::UserUptime { .. }
            | Metric::Mcr { .. }
            | Metric::Utilisation { .. }
    );
    // `<` and `<=` mean the same: who writes `< 0` means a limit that nothing touches.
    let strict = !objective.text.contains('=');
    why.or_else(|| match bound {
        Bound::Value(limit) if share && !below && (*limit > 1.0 || strict && *limit >= 1.0) => Some((
            "no share is above 100 %".to_owned(),
            "write a limit that can be met; one that is touched is met: `>= 100%` asks that none fails".to_owned(),
        )),
        Bound::Value(limit) if !matches!(term.metric, Metric::Cost { .. }) && below && strict && *limit <= 0.0 => {
            let help = "write a limit that can be met; one that is touched is met, so for none at all write `<= 0`";
            Some(("this figure is never below 0".to_owned(), help.to_owned()))
        }
        Bound::Value(limit) if share && below && *limit >= 1.0 => {
            Some(("no share is above 100 %".to_owned(), "write a limit that can be missed".to_owned()))
        }
        Bound::Value(limit) if share && !below && *limit <= 0.0 => {
            Some(("no share is below 0 %".to_owned(), "write a limit that can be missed".to_owned()))
        }
        // Money may be saved, everything else is counted or measured from nothing on.
        Bound::Value(limit) if !matches!(term.metric, Metric::Cost { .. }) && !below && *limit <= 0.0 => {
            let help =
                "write a limit that can be missed; a limit that is touched is met, so for more than none write `>= 1`";
            Some(("this figure is never below 0".to_owned(), help.to_owned()))
        }
        _ => None,
    })
}

/// Why promotions tell nothing: there are none.
fn unpromoted(scenario: &Scenario, store: &str) -> Option<(String, String)> {
    let replication = scenario.stores.get(store).and_then(Store::replication)?;
    let by_itself = replication.promote.is_some_and(|promote| promote.after.is_some()) && !scenario.faults.is_empty();
    let orders = |set: &ActionSet| matches!(set, ActionSet::Primary(of, _) if of == store);
    let ordered = scenario.actions.values().any(|action| action.sets.iter().any(orders));
    (!by_itself && !ordered).then(|| {
        let help = "say when one does: `promote: {after: 30s}` and a fault, or an action that sets its `primary`";
        (format!("no replica of `{store}` ever takes over"), help.to_owned())
    })
}

/// Why users tell nothing: none of those who ask are told apart.
fn nobody(scenario: &Scenario, subject: &str) -> Option<(String, String)> {
    let of = |(name, stream): &(&String, &Stream)| subject == "all" || *name == subject || stream.to.value == subject;
    let comes = |stream: &Stream| {
        stream.sessions.as_ref().is_some_and(|sessions| matches!(sessions.population, Population::Arrive(_)))
    };
    let told = |stream: &Stream| {
        stream.users.is_some() || matches!(stream.arrivals, StreamArrivals::Closed { .. }) && !comes(stream)
    };
    (!scenario.workload.iter().filter(of).any(|(_, stream)| told(stream))).then(|| {
        let what = format!("the users behind `{subject}` are not told apart");
        (what, "say how many send an open stream's requests: `users: 5000`".to_owned())
    })
}

/// Why no user's request is the subject of a gate.
fn unheard(scenario: &Scenario, subject: &str, from: Option<&str>) -> Option<(String, String)> {
    let means = |name: &str, target: &CallTarget| {
        let whole = subject
            .split_once('.')
            .is_some_and(|(service, operation)| service == target.service && operation == target.operation);
        subject == "all" || whole || subject == name || subject == target.service || subject == target.operation
    };
    let asks = |(name, stream): &(&String, &Stream)| {
        let login = stream.sessions.as_ref().and_then(|sessions| sessions.login.as_ref());
        stream.mix.iter().any(|(target, share)| share.get() > 0.0 && means(name, target))
            || login.is_some_and(|login| means(name, login))
    };
    let asking: Vec<(&String, &Stream)> = scenario.workload.iter().filter(asks).collect();
    if asking.is_empty() {
        let help = "a gate holds against requests of users; a service behind others is seen in theirs, and in `utilisation(SERVICE)`";
        return Some((format!("no users ask for `{subject}`"), help.to_owned()));
    }
    let from = from?;
    let comes = |(name, stream): &&(&String, &Stream)| match &stream.from.value {
        _ if *name == from => true,
        StreamFrom::Region(region) => region == from,
        StreamFrom::Cluster(cluster) => {
            cluster == from
                || scenario.topology.clusters.get(cluster).is_some_and(|cluster| cluster.region.value == from)
        }
    };
    if asking.iter().any(|stream| comes(&stream)) {
        return None;
    }
    let names: Vec<String> = asking.iter().map(|(name, _)| format!("`from={name}`")).collect();
    Some((format!("no users from `{from}` ask for `{subject}`"), format!("for example {}", names.join(", "))))
}
