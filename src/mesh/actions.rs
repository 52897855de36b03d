//! Occasion operators do what they do: decided by the faults of this run alone, before the first request.

use super::control::{Away, Spans, away_of};
use crate::record::ActionRow;
use crate::world::{ActionId, Change, FaultId, Occasion, OperatorAction, World};

/// An action that comes due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Deed {
    pub(super) action: ActionId,
    /// Occasion it should be done, nanoseconds from t = 0.
    pub(super) due: i64,
    /// Occasion it is, once all that it needs is there; `i64::MAX`: never.
    pub(super) done: i64,
}

/// All that is done, in order of time; of one instant in the order of the scenario.
pub(super) fn deeds(world: &World, changes: &[(i64, Change)], away: &Away) -> Vec<Deed> {
    let mut deeds = Vec::new();
    for (id, action) in world.actions.iter() {
        deeds.extend(due(action, changes).into_iter().map(|due| Deed {
            action: id,
            due,
            done: done(action, due, away),
        }));
    }
    deeds.sort_by_key(|deed| deed.done);
    deeds
}

/// What is told of them: those that come due before the run is over.
pub(super) fn rows(world: &World, deeds: &[Deed]) -> Vec<ActionRow> {
    let end = world.plan.horizon.nanos();
    let within = |at: i64| u64::try_from(at).ok().filter(|at| *at < end);
    let row = |deed: &Deed| {
        let (action, done_ns) = (world.actions[deed.action].name.clone(), within(deed.done));
        within(deed.due).map(|due_ns| ActionRow { action, due_ns, done_ns })
    };
    deeds.iter().filter_map(row).collect()
}

/// Occasion an action comes due, each time.
fn due(action: &OperatorAction, changes: &[(i64, Change)]) -> Vec<i64> {
    let signed = |nanos: u64| nanos.min(i64::MAX as u64 / 8).cast_signed();
    match action.when {
        Occasion::At(at) => vec![signed(at.nanos())],
        Occasion::Alarm { fault, rings, then } => {
            let rings = signed(rings.nanos());
            let lasted = spells(changes, fault).into_iter().filter(|(from, to)| to - from >= rings);
            lasted.map(|(from, _)| from + rings + signed(then.nanos())).collect()
        }
        Occasion::End { fault, then } => {
            let ended = spells(changes, fault).into_iter().filter(|(_, to)| *to < i64::MAX);
            ended.map(|(_, to)| to + signed(then.nanos())).collect()
        }
    }
}

/// Occasion a fault has anything down, from its first effect to its last.
fn spells(changes: &[(i64, Change)], fault: FaultId) -> Vec<(i64, i64)> {
    let (mut spells, mut open, mut since) = (Vec::new(), 0, 0);
    for &(at, change) in changes.iter().filter(|(_, change)| change.fault == fault) {
        if change.begins {
            if open == 0 {
                since = at;
            }
            open += 1;
        } else {
            open -= 1;
            if open == 0 {
                spells.push((since, at));
            }
        }
    }
    if open > 0 {
        spells.push((since, i64::MAX));
    }
    spells
}

/// Occasion an action that is due can be done.
fn done(action: &OperatorAction, due: i64, away: &Away) -> i64 {
    let needs: Vec<Spans> = action.needs.iter().map(|&target| away_of(away, target)).collect();
    Spans::any(&needs).over(due)
}
