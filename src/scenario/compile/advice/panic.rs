//! Panic thresholds that send calls to dead hosts, and those that nothing can reach.

use std::collections::BTreeSet;

use super::{Called, Reading, Say, Told, percent, replicas};
use crate::policy::outlier::may_eject;
use crate::policy::priority::{self, LEVELS, PriorityLoad};
use crate::world::{HostSet, PlaceId, ZoneId};

pub(super) fn advice(reading: &Reading<'_>, told: &mut Told) {
    for called in reading.edges() {
        let Some(at) = reading.written(&called, |patch| {
            patch
                .panic_threshold
                .or(patch.min_health)
                .map(|_| patch.outlier.map_or(crate::scenario::Span::NONE, |outlier| outlier.span))
        }) else {
            continue;
        };
        let threshold = called.rules.policy.panic_threshold;
        if threshold == 0 {
            continue;
        }
        if called.rules.policy.outlier.is_none() {
            let say = Say {
                code: "EW398",
                before: "the panic threshold on ".to_owned(),
                after: " is never reached: without outlier detection every host counts as healthy, dead ones too"
                    .to_owned(),
                at,
                help: "write `outlier: {..}` beside it (Istio: `outlierDetection.minHealthPercent`), or leave it out"
                    .to_owned(),
            };
            told.say(&called.edge.name, say);
            continue;
        }
        let worst = reading.views(&called).into_iter().filter_map(|(place, set)| panics(reading, &called, place, set));
        let Some((share, zone, healthy, hosts)) = worst.max_by(|a, b| a.0.total_cmp(&b.0)) else { continue };
        let say = Say {
            code: "EW398",
            before: format!("panic at {threshold} % undoes outlier detection on "),
            after: format!(
                ": with {zone} dead {healthy} of {hosts} hosts are healthy, so that calls go to all of them, and {} fail",
                percent(share)
            ),
            at,
            help: "write `panic: 0%` (Istio: `outlierDetection.minHealthPercent: 0`, its default), and let the rest bear the load".to_owned(),
        };
        told.say(&called.edge.name, say);
    }
}

/// The zone whose death, its hosts ejected as far as that goes, sends most calls to dead hosts by panic.
fn panics(reading: &Reading<'_>, called: &Called<'_>, from: PlaceId, set: &HostSet) -> Option<(f64, String, u32, u32)> {
    let outlier = called.rules.policy.outlier.as_ref()?;
    let world = reading.world;
    let zone_of = |place: PlaceId| world.places[place].zone;
    let hosts = set.hosts.len() as u32;
    let allowed = (0..hosts).take_while(|out| may_eject(*out, hosts, outlier)).count() as u32;
    let zones: BTreeSet<ZoneId> =
        set.hosts.iter().flat_map(replicas).map(|(endpoint, _)| zone_of(reading.at(endpoint))).collect();
    let mut worst: Option<(f64, String, u32, u32)> = None;
    for zone in zones.into_iter().filter(|zone| *zone != zone_of(from)) {
        let (mut total, mut dead) = ([0_u32; LEVELS], [0_u32; LEVELS]);
        for host in set.hosts.iter() {
            let level = usize::from(host.priority).min(LEVELS - 1);
            total[level] += 1;
            dead[level] += u32::from(replicas(host).iter().all(|(at, _)| zone_of(reading.at(*at)) == zone));
        }
        let gone: u32 = dead.iter().sum();
        if gone == 0 || gone == hosts || gone > allowed {
            continue;
        }
        let levels = usize::from(set.priorities).clamp(1, LEVELS);
        let healthy: Vec<u32> = total.iter().zip(&dead).map(|(all, dead)| all - dead).collect();
        let mut load = PriorityLoad::default();
        priority::loads(&healthy[..levels], &total[..levels], called.rules.policy.panic_threshold, &mut load);
        let share: f64 = (0..levels)
            .filter(|level| load.panics(*level) && total[*level] > 0)
            .map(|level| f64::from(load.healthy(level)) / 100.0 * f64::from(dead[level]) / f64::from(total[level]))
            .sum();
        if share > 0.0 && worst.as_ref().is_none_or(|(most, ..)| share > *most) {
            let (region, name) = &world.zones[zone];
            worst = Some((share, format!("{}/{name}", world.regions[*region]), hosts - gone, hosts));
        }
    }
    worst
}
