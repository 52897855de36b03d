//! Where users go who come in by a global entry: while all is well, while a cluster or a region is dead, after how long;
//! and what operators do about it.

use std::collections::BTreeSet;

use crate::units::{Duration, significant};
use crate::world::{Entry, Kept, Occasion, RegionId, Set, Stream, Via, World};

/// One sentence for each stream that an entry leads, and for each that may die of what it leads to; then the actions.
pub(super) fn sentences(world: &World) -> Vec<String> {
    let mut told = Vec::new();
    for stream in world.streams.rows() {
        if let Some(via) = &stream.via {
            told.extend(of_stream(world, stream, via));
        }
    }
    told.extend(world.actions.rows().iter().map(|action| {
        let needs = if action.needs.is_empty() {
            String::new()
        } else {
            format!(", and waits while the API server or control plane that it needs is down ({})", action.needs.len())
        };
        let sets = action.sets.iter().map(|set| match set {
            Set::Entry(id, to) => {
                let entry = &world.entries[*id];
                let names = to.iter().map(|(row, _)| world.clusters[entry.targets[usize::from(*row)]].as_str());
                format!("leads {} to {}", entry.name, names.collect::<Vec<_>>().join(", "))
            }
            Set::Least(row, min) => {
                format!("lets the autoscaler of {} keep at least {min}", world.autoscalers[*row as usize].name)
            }
            Set::Primary(id, cluster) => {
                format!("makes {} the primary of {}", world.clusters[*cluster], world.databases[*id].name)
            }
        });
        format!("action {}: {} {}{needs}", action.name, when(world, action.when), sets.collect::<Vec<_>>().join("; "))
    }));
    told
}

fn when(world: &World, when: Occasion) -> String {
    match when {
        Occasion::At(at) => format!("at {} s", significant(at.seconds(), 6)),
        Occasion::Alarm { fault, rings, then } => {
            format!("{then} after the alarm of {}, which rings when it has lasted {rings},", world.faults[fault].name)
        }
        Occasion::End { fault, then } => format!("{then} after the end of {}", world.faults[fault].name),
    }
}

fn of_stream(world: &World, stream: &Stream, via: &Via) -> Vec<String> {
    let entry = &world.entries[via.entry];
    let well = vec![true; entry.targets.len()];
    let (users, name) = (&stream.name, &entry.name);
    let region = &world.regions[via.region];
    let mut told = vec![format!("{users} ({region}) by entry/{name}: {}", led(world, entry, via, &well))];
    let region_of = |row: usize| {
        let cluster = entry.targets[row];
        world.places.iter().find(|(_, place)| place.cluster == cluster).map(|(_, place)| place.region)
    };
    let targets = || entry.to.iter().map(|(row, _)| usize::from(*row));
    let mut deaths: Vec<(String, Vec<bool>)> = Vec::new();
    for row in targets() {
        let alone = (0..entry.targets.len()).map(|other| other != row).collect();
        deaths.push((world.clusters[entry.targets[row]].clone(), alone));
    }
    let regions: BTreeSet<RegionId> = targets().filter_map(region_of).collect();
    for dead in regions {
        let healthy: Vec<bool> = (0..entry.targets.len()).map(|row| region_of(row) != Some(dead)).collect();
        if targets().filter(|row| !healthy[*row]).count() > 1 {
            deaths.push((world.regions[dead].clone(), healthy));
        }
    }
    let before = entry.shares(&entry.to, &well, &via.fronts);
    for (dead, healthy) in deaths {
        let lost: f64 = before.iter().zip(&healthy).filter(|(_, healthy)| !**healthy).map(|(share, _)| share).sum();
        if lost <= 0.0 {
            told.push(format!("with {dead} dead: as before, it has none of them"));
        } else if targets().all(|row| !healthy[row]) {
            told.push(format!("with {dead} dead: nobody is left to answer them"));
        } else {
            told.push(format!(
                "with {dead} dead: {}; {}",
                led(world, entry, via, &healthy),
                shift(world, entry, stream)
            ));
        }
    }
    told
}

/// `100 % to south (31 ms away)`.
fn led(world: &World, entry: &Entry, via: &Via, healthy: &[bool]) -> String {
    let shares = entry.shares(&entry.to, healthy, &via.fronts);
    let parts = shares.iter().zip(&via.fronts).zip(&entry.targets).filter(|((share, _), _)| **share > 0.0);
    let part = |((share, front), cluster): ((&f64, &crate::world::Front), &crate::world::ClusterId)| {
        let name = &world.clusters[*cluster];
        let away = front.round_trip();
        let away = if away.is_zero() { String::new() } else { format!(" ({} ms away)", significant(away.millis(), 3)) };
        format!("{} % to {name}{away}", significant(share * 100.0, 3))
    };
    parts.map(part).collect::<Vec<_>>().join(", ")
}

/// After how long users are led elsewhere, where their cluster does not answer at all.
fn shift(world: &World, entry: &Entry, stream: &Stream) -> String {
    let check = &entry.check;
    let least = check.every.saturating_mul(u64::from(check.misses.max(1)) - 1) + check.timeout;
    let most = least + check.every;
    let noticed = format!("the entry notices after {least} to {most} ({} checks, {} apart)", check.misses, check.every);
    let connects = entry.connect_timeout;
    let patience = stream.patience.map(|law| Duration::from_seconds_f64(world.laws[law].mean()));
    let waits = patience.map_or(connects, |patience| patience.min(connects));
    let moves = match entry.kept {
        Kept::No => "at once".to_owned(),
        Kept::Answer { ttl, ignored, hold } => {
            let share = significant(ignored.get() * 100.0, 3);
            let never = match hold {
                _ if ignored.get() <= 0.0 => String::new(),
                None => format!(" ({share} % never)"),
                Some(hold) => format!(" ({share} % within {hold})"),
            };
            format!("evenly over {ttl}, as their answers run out{never}")
        }
    };
    match (&stream.sessions, entry.kept) {
        // Established connections stay where they are, whatever the entry says.
        (Some(_), _) => {
            let loses = patience.map_or_else(
                || "its kernel gives it up".to_owned(),
                |patience| format!("a request has had no answer for {patience}"),
            );
            format!(
                "{noticed}; an open session stays until {loses}, and who then connects anew moves {moves}; until then \
                 connects fail after {connects}"
            )
        }
        (None, Kept::No) => format!("{noticed} and moves all new connections; until then they fail after {waits}"),
        (None, Kept::Answer { .. }) => {
            format!("{noticed}, then clients move {moves}; until then requests fail after {waits}")
        }
    }
}
