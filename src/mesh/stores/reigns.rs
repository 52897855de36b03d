//! Where the primary of a database is, and when: decided by faults and operators alone, before the first request.
//!
//! A primary is missed while it is dead, or while no replica that is up hears it. A copy stands in all zones of its
//! cluster: two hear each other while there is a way between any zone of the one and any of the other that are alive.
//! Who follows has what the primary had acknowledged `lag` before it was last heard by it; what is acknowledged after
//! that is lost with the old primary. A copy follows a new primary once it has heard it: until then it neither misses
//! it nor takes its place, so that two that are cut off from each other do not depose each other by turns.

use crate::mesh::actions::Deed;
use crate::mesh::control::{Away, Spans, away_of, cluster_of, way_of};
use crate::random::Key;
use crate::world::{ClusterId, CopyWay, Database, DatabaseId, PlaceId, Set, Target, World};

/// From so long before a run on all is known; sums with it stay within bounds.
const EVER: i64 = i64::MIN / 4;

/// One copy's time as the primary.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Reign {
    pub(super) cluster: ClusterId,
    /// When it takes writes.
    pub(super) accepts: Spans,
    /// What of these its successor does not have.
    pub(super) lost: (i64, i64),
}

/// One copy takes over from another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Promotion {
    /// Since when the old one was missed; where it was not, when the switch was ordered.
    pub(super) since: i64,
    /// What made it missed began then.
    pub(super) cause: i64,
    /// When it was decided who follows.
    pub(super) decided: i64,
    /// When the new one takes writes.
    pub(super) done: i64,
    /// An operator's order, which the old primary heard: it stops, its replica catches up, nothing is lost.
    pub(super) planned: bool,
    /// How far the data goes back: from the first write that is lost to the last that the old primary took.
    pub(super) rpo: u64,
}

/// All primaries of a run, in order; a promotion stands between each and the next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Reigns {
    pub(super) reigns: Vec<Reign>,
    pub(super) promotions: Vec<Promotion>,
    /// By place: whom a write from there reaches, ascending and disjoint.
    reached: Vec<Vec<(i64, i64, u32)>>,
}

impl Reigns {
    /// The reign that takes a write from a cluster at an instant, nanoseconds from t = 0.
    pub(super) fn at(&self, from: PlaceId, at: i64) -> Option<u32> {
        let reached = &self.reached[from.0 as usize];
        let next = reached.partition_point(|&(begins, ..)| begins <= at);
        let &(_, to, reign) = reached.get(next.checked_sub(1)?)?;
        (at < to).then_some(reign)
    }
}

/// The primaries of a database in one run.
pub(super) fn reigns(
    world: &World,
    id: DatabaseId,
    (seed, replication): (u64, u32),
    away: &Away,
    deeds: &[Deed],
) -> Reigns {
    let database = &world.databases[id];
    let copies = &database.copies;
    let dead = |&cluster: &ClusterId| {
        Spans::any([&away_of(away, Target::Database(id, cluster)), &cluster_of(world, away, cluster)])
    };
    let place = |place| if place == PlaceId::NONE { Spans::default() } else { away_of(away, Target::Place(place)) };
    // Of several ways one is enough.
    let open = |ways: &Vec<CopyWay>| {
        let cut = ways.iter().map(|to| Spans::any([&place(to.to), &way_of(world, away, &to.way)]));
        if away.is_empty() { Spans::default() } else { Spans::all(&cut.collect::<Vec<_>>()) }
    };
    let sight = Copies {
        world,
        database,
        dead: copies.iter().map(dead).collect(),
        gone: world.places.ids().map(place).collect(),
        cut: database.ways.iter().map(open).collect(),
    };
    let mut orders: Vec<(i64, usize)> = Vec::new();
    for deed in deeds {
        for set in &world.actions[deed.action].sets {
            if let Set::Primary(of, cluster) = set
                && *of == id
                && let Some(copy) = copies.iter().position(|copy| copy == cluster)
            {
                // Who is down cannot be promoted; the operator waits.
                orders.push((sight.dead[copy].over(deed.done), copy));
            }
        }
    }
    orders.sort_by_key(|(at, _)| *at);
    let lag = Key::new(seed, replication, &database.name, "lag");
    let lag = |number: usize| {
        let law = database.lag.as_ref();
        let seconds = law.map_or(0.0, |law| law.sample(lag.uniform(number as u64)));
        (seconds * 1e9) as i64
    };
    sight.succession(&orders, lag)
}

/// Which copies are there when, and who hears whom.
struct Copies<'w> {
    world: &'w World,
    database: &'w Database,
    /// By copy.
    dead: Vec<Spans>,
    /// By place.
    gone: Vec<Spans>,
    /// Row `place * copies + copy`: there is no way.
    cut: Vec<Spans>,
}

/// A primary of which it is not yet known how it ends.
struct Open {
    copy: usize,
    from: i64,
    /// By copy: when it does not follow: it is dead, or has not heard of this primary yet.
    out: Vec<Spans>,
    /// When it was held to take no writes, though it stayed the primary in the end.
    held: Vec<(i64, i64)>,
}

/// What comes of an attempt to promote.
enum Outcome {
    /// This copy, decided then, takes writes from then on.
    Done { copy: usize, decided: i64, done: i64 },
    /// The old primary is back before anybody could take its place.
    Back(i64),
}

impl Copies<'_> {
    fn cut(&self, from: PlaceId, copy: usize) -> &Spans {
        &self.cut[from.0 as usize * self.dead.len() + copy]
    }

    /// When no zone of a copy that is alive has a way to another copy.
    fn between(&self, copy: usize, other: usize) -> Spans {
        let here = |id: &PlaceId| self.world.places[*id].cluster == self.database.copies[copy];
        let deaf = |id: PlaceId| Spans::any([&self.gone[id.0 as usize], self.cut(id, other)]);
        Spans::all(&self.world.places.ids().filter(here).map(deaf).collect::<Vec<_>>())
    }

    fn others(&self, primary: usize) -> impl Iterator<Item = usize> {
        (0..self.dead.len()).filter(move |copy| *copy != primary)
    }

    /// When a replica does not hear a primary: one of them is dead, or the way between them.
    fn unheard(&self, primary: usize, replica: usize) -> Spans {
        Spans::any([&self.dead[primary], &self.dead[replica], &self.between(replica, primary)])
    }

    /// When no replica has what a primary that lives takes.
    fn alone(&self, primary: usize) -> Spans {
        Spans::all(&self.others(primary).map(|replica| self.unheard(primary, replica)).collect::<Vec<_>>())
    }

    fn open(&self, primary: usize, from: i64) -> Open {
        let out = |replica: usize| {
            let hears = if replica == primary { from } else { self.unheard(primary, replica).over(from) };
            let deaf = if hears > from { vec![(i64::MIN, hears)] } else { Vec::new() };
            Spans::any([&self.dead[replica], &Spans::of(deaf)])
        };
        Open { copy: primary, from, out: (0..self.dead.len()).map(out).collect(), held: Vec::new() }
    }

    /// When a primary is missed: it is dead, or no replica that follows hears it. Where none does, nobody looks.
    fn missed(&self, open: &Open) -> Spans {
        let deaf: Vec<Spans> = self
            .others(open.copy)
            .map(|replica| Spans::any([&self.unheard(open.copy, replica), &open.out[replica]]))
            .collect();
        let nobody = Spans::all(self.others(open.copy).map(|replica| &open.out[replica]));
        Spans::any([&self.dead[open.copy], &Spans::all(&deaf).but(&nobody)])
    }

    fn succession(&self, orders: &[(i64, usize)], lag: impl Fn(usize) -> i64) -> Reigns {
        let takes = self.database.takes.nanos().cast_signed();
        let (mut reigns, mut promotions) = (Vec::new(), Vec::new());
        let mut open = self.open(0, EVER);
        let (mut at, mut orders) = (EVER, orders.iter().copied().peekable());
        loop {
            let primary = open.copy;
            let missed = self.missed(&open);
            let noticed = self.noticed(&missed, at);
            let due = |&(due, copy): &(i64, usize)| self.dead[copy].over(due.max(at));
            // An order of who is the primary then does nothing. Who that is may be decided by a promotion before it.
            let idle = |order: &(i64, usize)| {
                let first = noticed.is_none_or(|(_, decided)| due(order) <= decided);
                due(order) == i64::MAX || order.1 == primary && first
            };
            while orders.next_if(idle).is_some() {}
            let ordered = orders.peek().map(|order| (due(order), order.1)).filter(|&(_, copy)| copy != primary);
            let by_order = ordered.is_some_and(|(due, _)| noticed.is_none_or(|(_, decided)| due <= decided));
            let (since, decided, wanted) = match (ordered, noticed) {
                (Some((due, copy)), _) if by_order => {
                    orders.next();
                    (missed.around(due).map_or(due, |span| span.0.max(at)), due, Some(copy))
                }
                (_, Some((since, decided))) => (since, decided, None),
                (Some(_), None) | (None, None) => {
                    reigns.push(self.closed(&open, i64::MAX, None));
                    break;
                }
            };
            let heard = wanted.is_some_and(|copy| !self.unheard(primary, copy).holds(decided));
            let stops = heard || self.database.fence;
            match self.elect(&open, &missed, decided, wanted, takes) {
                Outcome::Back(back) => {
                    if stops {
                        open.held.push((decided, back));
                    }
                    at = back;
                }
                Outcome::Done { copy, decided: elected, done } => {
                    let planned = heard && wanted == Some(copy) && elected == decided;
                    let unheard = self.unheard(primary, copy);
                    // Without a fence it goes on until it hears of the new one.
                    let hears = Spans::any([&self.dead[primary], &self.between(copy, primary)]);
                    let stop = if stops { decided } else { hears.over(done) };
                    let had = match unheard.around(elected) {
                        _ if planned => stop,
                        Some((from, _)) => from.saturating_sub(lag(promotions.len())),
                        // A planned switch of which the wanted copy fell: another one follows, which was heard all the time.
                        None => stop,
                    };
                    let reign = self.closed(&open, stop, Some(had));
                    let taken = reign.accepts.within(reign.lost).iter().last().map_or(reign.lost.0, |(_, to)| to);
                    let cause = missed.around(since).map_or(since, |span| span.0);
                    let rpo = taken.min(self.end()).saturating_sub(reign.lost.0).max(0).cast_unsigned();
                    promotions.push(Promotion { since, cause, decided: elected, done, planned, rpo });
                    reigns.push(reign);
                    open = self.open(copy, done);
                    at = done;
                }
            }
            if at == i64::MAX {
                if reigns.len() == promotions.len() {
                    reigns.push(self.closed(&open, i64::MAX, None));
                }
                break;
            }
        }
        let reached = self.world.places.ids().map(|place| self.reached(place, &reigns)).collect();
        Reigns { reigns, promotions, reached }
    }

    /// When the primary is next missed for long enough: since when, and when that is decided.
    fn noticed(&self, missed: &Spans, at: i64) -> Option<(i64, i64)> {
        let after = self.database.after?.nanos().cast_signed();
        let spans = missed.iter().map(|(from, to)| (from.max(at), to));
        let long = |(from, to): (i64, i64)| {
            let decided = from.saturating_add(after);
            (decided < to).then_some((from, decided))
        };
        spans.filter(|(from, to)| from < to).find_map(long)
    }

    /// From a decision on: the wanted copy, or the first in order that follows, becomes the primary, if it lives so long.
    fn elect(&self, open: &Open, missed: &Spans, decided: i64, wanted: Option<usize>, takes: i64) -> Outcome {
        let (mut at, mut wanted) = (decided, wanted);
        loop {
            let (up, copy) = match wanted.take() {
                Some(copy) => (at, copy),
                None => {
                    let ups = self.others(open.copy).map(|copy| (open.out[copy].over(at), copy));
                    let (up, copy) = ups.min_by_key(|(up, _)| *up).expect("a database has a replica");
                    let back = missed.over(at);
                    if back <= up {
                        return Outcome::Back(back);
                    }
                    (up, copy)
                }
            };
            let done = up.saturating_add(takes);
            match self.dead[copy].iter().map(|(from, _)| from).find(|from| (up..done).contains(from)) {
                Some(falls) => at = falls,
                None => return Outcome::Done { copy, decided: up, done },
            }
        }
    }

    /// A reign that ends at `stop`, whose successor has what was acknowledged before `had`.
    fn closed(&self, open: &Open, stop: i64, had: Option<i64>) -> Reign {
        let dead = &self.dead[open.copy];
        // What nobody else has is not acknowledged.
        let alone = if self.database.lag.is_none() { self.alone(open.copy) } else { Spans::default() };
        let not = Spans::any([dead, &Spans::of(open.held.clone()), &alone]);
        let accepts = Spans::of(vec![(open.from, stop)]).but(&not);
        let lost = had.map_or((stop, stop), |had| (had.clamp(open.from.min(stop), stop), stop));
        Reign { cluster: self.database.copies[open.copy], accepts, lost }
    }

    /// Whom a write from a place reaches: of several that take it the newest.
    fn reached(&self, from: PlaceId, reigns: &[Reign]) -> Vec<(i64, i64, u32)> {
        let (mut taken, mut reached) = (Spans::default(), Vec::new());
        for (number, reign) in reigns.iter().enumerate().rev() {
            let copy = self.database.copies.iter().position(|copy| *copy == reign.cluster).expect("a copy reigns");
            let here = reign.accepts.but(self.cut(from, copy)).but(&taken);
            reached.extend(here.iter().map(|(begins, ends)| (begins, ends, number as u32)));
            taken = Spans::any([&taken, &here]);
        }
        reached.sort_unstable();
        reached
    }

    /// Of the horizon, nanoseconds from t = 0.
    fn end(&self) -> i64 {
        self.world.plan.horizon.nanos().cast_signed()
    }
}

#[cfg(test)]
mod tests;
