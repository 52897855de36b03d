//! One failure, simulated: before it, while it is found out, in it, and after it.
//!
//! A fault falls into a mesh that runs, so that who learns of it learns of it as in any run; what is measured as the steady
//! state of a class is what comes once that is over. So one run says both, what a state costs while it lasts and what its
//! coming and going cost.

use super::component::Fall;
use super::mark;
use crate::record::{Run, SparseHistogram};
pub use crate::record::{TrialCount as Count, TrialPromotion as Promoted, TrialSeen as Seen};
use crate::study::faults::{calls_to, up_to};
use crate::table::Table;
use crate::units::{Duration, SimTime};
use crate::world::{Change, Database, Effect, Fault, FaultId, Kept, World};

/// What is simulated of a failure.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Course {
    /// Nothing fails.
    Whole,
    /// It comes, stays until all is settled and measured, and goes.
    Long,
    /// It comes and stays; its coming is not of interest.
    Standing,
    /// It lasts so many seconds on average, often less than it takes to settle: counted whole, by the event.
    Short(f64),
}

/// What the failure is called in its run.
const FAULT: &str = "availability";
/// Seconds of a window, at least and at most.
pub(super) const WINDOW: (f64, f64) = (6.0, 50.0);
/// Requests in the steady part that are worth having.
const REQUESTS: f64 = 4_000.0;
/// A call without a timeout hangs on a silent path until TCP gives up, 924.6 s.
const HANGS: f64 = 1000.0;
/// What the slowest of detectors takes otherwise: a node's lease (50 s), its push, a sweep, an ejection.
const LEARNS: f64 = 120.0;

impl Course {
    /// Its windows.
    pub(super) fn length(self) -> u64 {
        match self {
            // As long as a failure must last to be long.
            Course::Whole => mark::MENDED - mark::FALLS,
            Course::Standing => mark::MENDED,
            Course::Long | Course::Short(_) => mark::END,
        }
    }

    /// Which of a run's `count` rows of figures begins at a mark.
    pub(super) fn row(self, mark: u64, count: usize) -> usize {
        mark as usize * count / self.length() as usize
    }

    /// Its steady part.
    pub(super) fn steady(self, count: usize) -> std::ops::Range<usize> {
        let (from, to) = match self {
            Course::Whole => (0, self.length()),
            Course::Long => (mark::SETTLED, mark::SAVED),
            Course::Standing => (mark::SETTLED, mark::MENDED),
            // All of it belongs to the event.
            Course::Short(_) => (mark::END, mark::END),
        };
        self.row(from, count)..self.row(to, count)
    }
}

/// What takes longer than so many times the longest outage on average is not waited for: hardly one lasts so long (of those of
/// random length one in 150, and of their time as little).
const OUTLASTS: f64 = 5.0;
/// A trial is no longer than this, seconds: 31 days, as a run.
const LONGEST: f64 = 31.0 * 86_400.0;

/// Seconds of a window of a long course in this world: what it takes to settle, and enough requests. `outage`: the longest, on
/// average, seconds.
pub fn window(world: &World, rate: f64, outage: f64) -> f64 {
    let hangs = world.policies.rows().iter().any(|policy| policy.timeout.is_none() && policy.http2_ping.is_none());
    let settles = if hangs { HANGS } else { LEARNS };
    let ejects =
        world.policies.rows().iter().filter_map(|policy| policy.outlier).map(|outlier| outlier.eject.seconds());
    let settles = ejects.fold(settles, |longest, eject| longest.max(2.0 * eject));
    let (leads, knocks) = entries(world);
    let waits = world.policies.rows().iter().filter_map(|policy| policy.timeout).map(Duration::seconds);
    let saved = waits.fold(knocks, f64::max).min(HANGS);
    let settles = settles.max(leads).max(promotes(world).min(OUTLASTS * outage));
    let enough = REQUESTS / ((mark::SAVED - mark::SETTLED) as f64 * rate.max(1e-9));
    let least = (settles / mark::SETTLING as f64).max(saved / (mark::MENDED - mark::SAVED) as f64).max(WINDOW.0);
    libm::ceil(least.max(enough.min(WINDOW.1))).min(libm::floor(LONGEST / mark::END as f64))
}

/// Seconds until the last client that a global entry leads elsewhere is there, and those that a client knocks in vain.
fn entries(world: &World) -> (f64, f64) {
    world.entries.rows().iter().fold((0.0, 0.0), |(leads, knocks): (f64, f64), entry| {
        let check = &entry.check;
        let taken_out = check.every.seconds() * f64::from(check.misses + 1) + check.timeout.seconds();
        let kept = match entry.kept {
            Kept::No => 0.0,
            Kept::Answer { ttl, ignored, hold } => match hold.filter(|_| ignored.get() > 0.0) {
                Some(hold) => ttl.seconds().max(hold.seconds()),
                None => ttl.seconds(),
            },
        };
        let tries = entry.connect_timeout.seconds();
        (leads.max(taken_out + kept + tries), knocks.max(tries))
    })
}

/// Seconds until a database whose primary is missed has another.
fn promotes(world: &World) -> f64 {
    let of = |database: &Database| database.after.map_or(0.0, |after| (after + database.takes).seconds());
    world.databases.rows().iter().map(of).fold(0.0, f64::max)
}

/// How long a failure must last for its course to be long, seconds.
pub fn settled_after(window: f64) -> f64 {
    window * (mark::MENDED - mark::FALLS) as f64
}

/// The longest outage that is simulated, seconds.
pub fn longest(window: f64) -> f64 {
    window * (mark::ENDED - mark::FALLS) as f64
}

/// The world with this failure in it for so many seconds, and none of the scenario's own, nor what operators do about those.
/// Flows that come and go are left out: a trial stands for all times of a year, and they would be there in all of it or
/// in none. What another zone takes over is back as soon as it has.
pub fn world(whole: &World, falls: &[Fall], course: Course, window: f64, lasts: f64) -> World {
    let mut world = whole.clone().without_faults();
    world.actions = Table::default();
    world.flows.retain(|flow| flow.when.is_none());
    let seconds = |windows: f64| Duration::from_seconds_f64(windows * window);
    world.plan.horizon = seconds(course.length() as f64);
    let at = |windows: u64| SimTime::ZERO + seconds(windows as f64);
    let start = at(mark::FALLS);
    let end = match course {
        Course::Whole => return world,
        Course::Standing => None,
        Course::Long | Course::Short(_) => Some(start + Duration::from_seconds_f64(lasts)),
    };
    let never = SimTime::ZERO + seconds(1000.0) + world.plan.drain;
    let name = FAULT.to_owned();
    let spans = vec![[start, end.unwrap_or(never)].map(|at| at.nanos().cast_signed()).into()];
    let fault = Fault { name, hits: String::new(), spans, recovery: Duration::ZERO };
    let fault: FaultId = world.faults.push(fault);
    let mut falls: Vec<Fall> = falls.to_vec();
    falls.dedup_by_key(|fall| fall.0);
    for (target, manner) in falls {
        let effect = Effect::Down(manner);
        let spared = world.takes_over(target).map(|after| start + after);
        let ends = [end, spared].into_iter().flatten().min();
        for (at, begins) in [(Some(start), true), (ends, false)] {
            world.changes.extend(at.map(|at| Change { at, fault, target, effect, begins }));
        }
    }
    // Stable: all of one instant stays in the order of the falls.
    world.changes.sort_by_key(|change| change.at);
    world
}

impl Count {
    fn add(&mut self, sent: u64, lost: u64) {
        self.sent += sent;
        self.lost += lost;
    }

    /// The share lost; 0 of nothing.
    pub fn share(&self) -> f64 {
        if self.sent == 0 { 0.0 } else { self.lost as f64 / self.sent as f64 }
    }
}

impl Seen {
    /// Reads a run off. An answer that comes later than `good_within_ns` is lost, to the precision of the histogram.
    pub fn of(run: &Run, course: Course, streams: &[String], good_within_ns: Option<u64>) -> Self {
        let count = run.rows.iter().map(|row| row.windows.len()).max().unwrap_or(0);
        let settled = course.steady(count);
        let blank = vec![Count::default(); streams.len()];
        let mut seen = Seen {
            by_stream: blank.clone(),
            moving: blank,
            windows: vec![Count::default(); count],
            latency: SparseHistogram::empty(10),
            ..Seen::default()
        };
        let mut latencies = Vec::new();
        for row in &run.rows {
            let stream = streams.iter().position(|name| *name == row.stream);
            for (number, window) in row.windows.iter().enumerate() {
                let late = good_within_ns.map_or(0, |limit| window.latency.count - up_to(&window.latency, limit));
                let lost: u64 = window.failed.iter().sum::<u64>() + late;
                seen.windows[number].add(window.sent, lost);
                let steady = settled.contains(&number);
                if steady {
                    seen.steady.add(window.sent, lost);
                    latencies.push(&window.latency);
                }
                if let Some(stream) = stream {
                    let of = if steady { &mut seen.by_stream[stream] } else { &mut seen.moving[stream] };
                    of.add(window.sent, lost);
                }
            }
        }
        seen.latency = SparseHistogram::merged(10, latencies);
        let unplanned = run.promotions.iter().filter(|row| !row.planned && row.lost > 0);
        seen.promotions = unplanned.map(|row| Promoted { lost: row.lost, rpo_s: row.rpo_ns as f64 / 1e9 }).collect();
        seen.services = calls_to(std::slice::from_ref(run), FAULT).into_iter().collect();
        seen
    }
}
