//! Worlds by chance: whatever they are made of and whatever goes down, every call is settled once.

use eastwest::fault::Calendar;
use eastwest::policy::autoscale::{self, Rule};
use eastwest::policy::entry::Check;
use eastwest::policy::pool::UNLIMITED;
use eastwest::policy::readiness::Readiness;
use eastwest::policy::{
    Balance, Budget, Codes, FailurePercentage, FaultFilter, Keepalive, Outlier, Policy, Pool, Protocol, RateLimit,
    Reconnect, Status, SuccessRate, defaults,
};
use eastwest::random::{Key, Law};
use eastwest::units::{BitsPerSec, Bytes, Duration, Ratio, SimTime};
use eastwest::world::*;

use crate::worlds::{down, poisson};

/// Draws for one world.
pub(crate) struct Dice(Key, u64);

impl Dice {
    pub(crate) fn new(seed: u64, what: &str) -> Self {
        Dice(Key::new(seed, 0, "chaos", what), 0)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.1 += 1;
        self.0.bits(self.1) % n
    }

    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// Three places, a front end that calls two services in ways decided by chance, and faults.
pub(crate) fn world(seed: u64) -> World {
    let mut world = world_with(seed, |_, _| {});
    stores(&mut world, &mut Dice(Key::new(seed, 0, "chaos", "stores"), 0));
    databases(&mut world, &mut Dice(Key::new(seed, 0, "chaos", "databases"), 0));
    sessions(&mut world, &mut Dice(Key::new(seed, 0, "chaos", "sessions"), 0));
    people(&mut world, &mut Dice(Key::new(seed, 0, "chaos", "people"), 0));
    world
}

/// In every other world some operations write to databases, whose copies die, lose sight of each other and are promoted.
fn databases(world: &mut World, dice: &mut Dice) {
    if dice.one_in(2) {
        return;
    }
    // Somebody raises or lowers the least there are of what follows its load.
    for row in 0..world.autoscalers.len() {
        let max = world.autoscalers[row].rule.max;
        let (at, least) = (dice.below(25_000), 1 + dice.below(u64::from(max)) as u32);
        let when = Occasion::At(SimTime::ZERO + Duration::from_millis(at));
        let sets = vec![Set::Least(row as u32, least)];
        world.actions.push(OperatorAction { name: format!("scale {row}"), when, needs: vec![], sets });
    }
    // Copies need clusters: those that there are and some without replicas.
    let clusters = world.clusters.len();
    while world.clusters.len() < 3 {
        world.clusters.push(format!("spare {}", world.clusters.len()));
    }
    let more = vec![ControlWay::default(); world.clusters.len() - clusters];
    let watches = std::mem::take(&mut world.control.watches);
    world.control.watches = watches.chunks(clusters).flat_map(|row| [row, &more[..]].concat()).collect();
    let ms = Duration::from_millis;
    for name in ["ledger", "stock"] {
        let copies: Vec<ClusterId> = world.clusters.ids().collect();
        let way = |dice: &mut Dice| {
            let links = dice.one_in(2).then(|| LinkId(dice.below(world.links.len() as u64) as u32));
            let to = if dice.one_in(2) { PlaceId(dice.below(world.places.len() as u64) as u32) } else { PlaceId::NONE };
            CopyWay { to, way: ControlWay { links: links.into_iter().collect(), ..ControlWay::default() } }
        };
        // Some hear each other whatever happens, some on one way, some on several.
        let ways = |dice: &mut Dice| (0..dice.below(4)).map(|_| way(dice)).collect();
        let ways = (0..world.places.len() * copies.len()).map(|_| ways(dice)).collect();
        let id = world.databases.push(Database {
            name: name.into(),
            copies,
            ways,
            writes: world.operations.ids().filter(|_| dice.one_in(2)).collect(),
            lag: (!dice.one_in(3)).then_some(Law::Exponential { mean: 0.5 }),
            after: (!dice.one_in(4)).then(|| ms(dice.below(4_000))),
            takes: ms(dice.below(2_000)),
            fence: dice.one_in(2),
        });
        for number in 0..dice.below(4) {
            let from = dice.below(20);
            let target = Target::Database(id, ClusterId(dice.below(3) as u32));
            down(world, &format!("{name} {number}"), from, from + 1 + dice.below(10), &[target], Manner::Silent);
        }
        if dice.one_in(2) {
            world.actions.push(OperatorAction {
                name: format!("move {name}"),
                when: Occasion::At(SimTime::ZERO + ms(dice.below(25_000))),
                needs: vec![],
                sets: vec![Set::Primary(id, ClusterId(dice.below(3) as u32))],
            });
        }
    }
}

/// In two of three worlds users are told apart, and to some an answer that comes late is none.
fn people(world: &mut World, dice: &mut Dice) {
    if dice.one_in(3) {
        return;
    }
    for id in world.streams.ids().collect::<Vec<_>>() {
        let count = match world.streams[id].arrivals {
            eastwest::workload::Arrivals::Closed { users, .. } => users,
            eastwest::workload::Arrivals::Open { .. } => 1 + dice.below(100) as u32,
        };
        let ms = Duration::from_millis;
        let good_within = (!dice.one_in(3)).then(|| ms(1 + dice.below(400)));
        world.people.insert(id, People { count, cutoff: ms(500 + dice.below(30_000)), good_within });
    }
}

/// In every other world users keep their connections, and an ingress may die that says so.
fn sessions(world: &mut World, dice: &mut Dice) {
    if dice.one_in(2) {
        return;
    }
    let think = Law::Exponential { mean: 0.1 + dice.below(20) as f64 / 10.0 };
    let open = 1 + dice.below(100) as u32;
    let long = Law::Exponential { mean: 1.0 + dice.below(20) as f64 };
    let population = if dice.one_in(2) {
        Population::Open(open)
    } else {
        Population::Arrive(eastwest::workload::Rate::constant(1.0 + dice.below(5) as f64))
    };
    let comes = matches!(population, Population::Arrive(_));
    let ms = Duration::from_millis;
    let reconnect = Reconnect {
        after: ms(dice.below(1_000)),
        jitter: ms(dice.below(5_000)),
        base: ms(1 + dice.below(1_000)),
        max: ms(1_001 + dice.below(4_000)),
        give_up: dice.one_in(3).then(|| ms(1_000 + dice.below(10_000))),
    };
    let last = (comes || dice.one_in(2)).then_some(long);
    let login = dice.one_in(2).then_some(0);
    let stream = &mut world.streams[StreamId(0)];
    stream.arrivals = eastwest::workload::Arrivals::Closed { users: open, think: think.clone() };
    stream.sessions = Some(Box::new(Sessions { population, last, think, asks: 1, login, reconnect }));
    for number in 0..dice.below(3) {
        let place = Target::Place(PlaceId(dice.below(3) as u32));
        let from = dice.below(20);
        down(world, &format!("reset {number}"), from, from + 1 + dice.below(10), &[place], Manner::Refused);
    }
}

/// Such a world, changed before anybody has looked for hosts.
pub(crate) fn world_with(seed: u64, change: impl FnOnce(&mut World, &mut Dice)) -> World {
    let mut dice = Dice(Key::new(seed, 0, "chaos", "dice"), 0);
    // Dice of its own, so that the rest of a world stays what it was.
    let mut more = Dice(Key::new(seed, 0, "chaos", "links"), 0);
    let mut world = World { variant: format!("chaos {seed}"), ..World::default() };
    let cluster = world.clusters.push("one".into());
    for name in ["a", "b", "c"] {
        let region = world.regions.push(name.into());
        let zone = world.zones.push((region, "z".into()));
        world.places.push(Place { region, zone, cluster, name: format!("one/{name}") });
    }
    let places: Vec<PlaceId> = world.places.ids().collect();
    let noisy = world.laws.push(Law::Lognormal { mu: -7.0, sigma: 1.0 });
    let mut gateways = Vec::new();
    for &place in &places {
        let replicas = (0..2)
            .map(|number| {
                let name = format!("gateway {}#{number}", place.0);
                world.stations.push(Station { name, servers: 1, place })
            })
            .collect();
        let us = Duration::from_micros;
        let name = format!("gateway {}", place.0);
        gateways.push(world.gateways.push(Gateway {
            name,
            replicas,
            cpu_per_connection: us(300),
            cpu_per_kib: us(5),
            cpu_per_request: us(0),
            by_client: false,
        }));
    }
    let by_gateway = dice.one_in(2);
    for &from in &places {
        for &to in &places {
            let far = Duration::from_millis(if from == to { 0 } else { 5 + dice.below(40) });
            let cap = (from != to && dice.one_in(3)).then(|| Cap {
                rate: BitsPerSec(1_000_000 + dice.below(20_000_000)),
                past: if dice.one_in(2) {
                    PastCap::Police { burst: Bytes(20_000) }
                } else {
                    PastCap::Shape { buffer: Duration::from_millis(100) }
                },
            });
            let loss = dice.one_in(3).then(|| Loss::flat(0.02));
            let bad = BadState {
                chance: HourLaw::flat(0.3),
                mean_good: Duration::from_secs(3),
                mean_bad: Duration::from_millis(200),
            };
            let loss = loss.map(|loss| Loss { bad: more.one_in(2).then_some(bad), ..loss });
            let fair = PastCap::Fair {
                above: Bytes(10_000),
                buffer: Duration::from_millis(100),
                by_round_trip: more.one_in(2),
            };
            let cap = cap.map(|cap| if more.one_in(4) { Cap { past: fair, ..cap } } else { cap });
            let jitter = dice.one_in(3).then(|| Jitter { law: noisy, factor: HourLaw::flat(1.0) });
            let mut link = |way: &str| {
                let name = format!("{way} {} {}", from.0, to.0);
                world.links.push(Link { name, delay: far, jitter, loss, cap })
            };
            let (out, home) = (link("out"), link("home"));
            let legs = |link: LinkId| {
                let mut legs = vec![Leg::Wait(far)];
                if jitter.is_some() || loss.is_some() {
                    legs.push(Leg::Noise(link));
                }
                if cap.is_some() {
                    legs.push(Leg::Cap(link));
                }
                if by_gateway && from != to {
                    legs.push(Leg::Gateway(gateways[to.0 as usize]));
                }
                legs
            };
            world.paths.push(Path {
                from,
                to,
                name: format!("{} -> {}", from.0, to.0),
                legs: legs(out),
                back: legs(home),
                links: vec![out],
                back_links: vec![home],
                hops: vec![("out".into(), far)],
                back_hops: vec![("home".into(), far)],
                floor: far,
                floor_back: far,
                handshake: 2,
                handshake_bytes: [Bytes(2_000), Bytes(3_000)],
                idle_silent: dice.one_in(3),
                idle_limit: Duration::from_secs(2),
                via: "chaos".into(),
            });
        }
    }
    let open =
        |path: &Path| path.links.iter().all(|link| world.links[*link].cap.is_none_or(|cap| cap.rate.0 > 900_000));
    if let Some((path, _)) = world.paths.iter().find(|(_, path)| path.from != path.to && open(path)) {
        world.flows.push(Flow { name: "background".into(), path, rate: BitsPerSec(800_000), when: None });
    }
    at_times(&mut world, &mut Dice(Key::new(seed, 0, "chaos", "flows"), 0));
    services(&mut world, &mut dice);
    let window = more.one_in(3).then_some(Bytes(16_384));
    world.policies.ids().collect::<Vec<_>>().into_iter().for_each(|id| world.policies[id].receive_window = window);
    change(&mut world, &mut Dice(Key::new(seed, 0, "chaos", "rules"), 0));
    host_sets(&mut world, by_gateway, &gateways);
    world.plan =
        RunPlan { fill: Duration::from_secs(2), horizon: Duration::from_secs(30), drain: Duration::from_secs(30) };
    faults(&mut world, &mut dice);
    control(&mut world, &mut Dice(Key::new(seed, 0, "chaos", "control"), 0));
    resilience(&mut world, &mut Dice(Key::new(seed, 0, "chaos", "limits"), 0));
    crate::effects::by_chance(&mut world, &mut Dice(Key::new(seed, 0, "chaos", "effects"), 0));
    entry(&mut world, &mut Dice(Key::new(seed, 0, "chaos", "entry"), 0));
    scaling(&mut world, &mut Dice(Key::new(seed, 0, "chaos", "scaling"), 0));
    giving_up(&mut world, &mut Dice(Key::new(seed, 0, "chaos", "giving up"), 0));
    crate::barriers::by_chance(&mut world, &mut Dice(Key::new(seed, 0, "chaos", "barriers"), 0));
    crate::pods::by_chance(&mut world, &mut Dice(Key::new(seed, 0, "chaos", "pods"), 0));
    world
}

/// In every other world the flow comes and goes, before a run and within; in some another one on top of it.
fn at_times(world: &mut World, dice: &mut Dice) {
    if !dice.one_in(2) {
        return;
    }
    let ms = |dice: &mut Dice, most| 1 + dice.below(most);
    let mut flows = std::mem::take(&mut world.flows);
    if let Some(flow) = flows.first_mut() {
        flow.rate = BitsPerSec(400_000);
        let other = dice.one_in(2).then(|| flow.clone());
        flows.extend(other);
    }
    for flow in &mut flows {
        let (at, lasts) = (ms(dice, 20_000).cast_signed() - 5_000, Duration::from_millis(ms(dice, 8_000)));
        let every = dice.one_in(2).then(|| lasts + Duration::from_millis(ms(dice, 4_000)));
        flow.when = Some(Calendar { at: at * 1_000_000, lasts, every, before: dice.one_in(2) });
    }
    world.flows = flows;
}

/// In every other world users lose patience, or servers drop what nobody waits for any more.
fn giving_up(world: &mut World, dice: &mut Dice) {
    if dice.one_in(2) {
        return;
    }
    let patience = Law::Exponential { mean: 0.05 + dice.below(400) as f64 / 1_000.0 };
    let patience = world.laws.push(patience);
    for id in world.streams.ids().collect::<Vec<_>>() {
        world.streams[id].patience = (!dice.one_in(3)).then_some(patience);
    }
    for id in world.services.ids().collect::<Vec<_>>() {
        let words = [OnCancel::Finish, OnCancel::DropQueued, OnCancel::Stop];
        world.services[id].on_cancel = words[dice.below(3) as usize];
    }
    if dice.one_in(2) {
        caching(world, dice);
    }
}

/// In every third world the last place is a cluster of its own, and data is divided between it and the rest.
fn stores(world: &mut World, dice: &mut Dice) {
    if !dice.one_in(3) {
        return;
    }
    let clusters = world.clusters.len();
    let apart = world.clusters.push("apart".into());
    if world.autoscalers.is_empty() {
        world.places[PlaceId(2)].cluster = apart;
    }
    let watches = std::mem::take(&mut world.control.watches);
    let longer = |row: &[ControlWay]| [row, &[ControlWay::default()]].concat();
    world.control.watches = watches.chunks(clusters).flat_map(longer).collect();
    for name in ["first", "second"] {
        let used_by = world.services.ids().filter(|_| dice.one_in(2)).collect();
        world.stores.push(Store { name: name.into(), used_by, refuses: dice.one_in(2) });
    }
}

/// Replicas of some services come and go with their load, in every third world.
fn scaling(world: &mut World, dice: &mut Dice) {
    if !dice.one_in(3) {
        return;
    }
    let ms = Duration::from_millis;
    for (id, service) in world.services.iter() {
        if dice.one_in(3) {
            continue;
        }
        let start = 1 + dice.below(6) as u32;
        let rule = Rule {
            target_percent: 5 + dice.below(60) as u32,
            min: 1 + dice.below(u64::from(start)) as u32,
            max: start + dice.below(7 - u64::from(start)) as u32,
            every: ms(500 + dice.below(3_000)),
            window: ms(500 + dice.below(3_000)),
            down_window: ms(dice.below(6_000)),
            up_window: ms(if dice.one_in(2) { 0 } else { dice.below(3_000) }),
            ..autoscale::DEFAULT
        };
        world.autoscalers.push(Autoscaler {
            name: format!("{}@one", service.name),
            service: id,
            cluster: ClusterId(0),
            members: service.endpoints.clone(),
            start,
            rule,
            boot: ms(dice.below(4_000)),
            evict: ms(500 + dice.below(8_000)),
            grace: ms(dice.below(5_000)),
        });
    }
}

/// Half of the worlds learn of what is ready, by one plane or two, that fall themselves.
fn control(world: &mut World, dice: &mut Dice) {
    if dice.one_in(2) {
        return;
    }
    let (push, push_max) = (Duration::from_millis(dice.below(300)), Duration::from_millis(500));
    for name in ["first", "second"] {
        let cluster = dice.one_in(2).then_some(ClusterId(0));
        world.control.planes.push(Plane { name: name.into(), region: RegionId(0), cluster, push, push_max });
    }
    let way = |dice: &mut Dice| {
        let path = PathId(dice.below(9) as u32);
        let delay = Duration::from_millis(dice.below(50));
        let links = vec![LinkId(dice.below(18) as u32)];
        ControlWay {
            delay,
            links,
            path: dice.one_in(2).then_some(path),
            gateways: vec![GatewayId(dice.below(3) as u32)],
        }
    };
    world.control.serves = (0..3).map(|_| Serves { plane: PlaneId(dice.below(2) as u32), way: way(dice) }).collect();
    world.control.watches = (0..2).map(|_| way(dice)).collect();
    let probe = Readiness {
        period: Duration::from_millis(200 + dice.below(3_000)),
        timeout: Duration::from_millis(100),
        failures: 1 + dice.below(3) as u32,
        success: 1 + dice.below(2) as u32,
    };
    world.control.readiness = (0..3).map(|_| (!dice.one_in(4)).then_some(probe)).collect();
    world.control.node_grace = Duration::from_secs(1 + dice.below(12));
    world.control.configures = dice.one_in(2);
    for number in 0..dice.below(3) {
        let target = match dice.below(3) {
            0 => Target::Api(ClusterId(0)),
            1 => Target::Plane(PlaneId(dice.below(2) as u32)),
            _ => Target::Pushes(PlaneId(dice.below(2) as u32)),
        };
        let from = dice.below(20);
        down(world, &format!("control {number}"), from, from + 1 + dice.below(20), &[target], Manner::Silent);
    }
}

/// In every other world the users come by an entry, near or from afar, that may fail or freeze itself, and operators move them.
fn entry(world: &mut World, dice: &mut Dice) {
    if dice.one_in(2) {
        return;
    }
    // No place stands there: its ingress is borrowed, and checks of it never fail.
    let other = world.clusters.push("other".into());
    let watches = std::mem::take(&mut world.control.watches).into_iter();
    world.control.watches = watches.flat_map(|way| [way, ControlWay::default()]).collect();
    let share = Ratio::new(dice.below(40) as f64 / 100.0).expect("a share");
    let ttl = Duration::from_millis(dice.below(8_000));
    let hold = dice.one_in(2).then(|| Duration::from_secs(1 + dice.below(20)));
    let check = Check {
        every: Duration::from_millis(500 + dice.below(3_000)),
        timeout: Duration::from_millis(500),
        misses: 1 + dice.below(3) as u32,
        hits: 1 + dice.below(3) as u32,
    };
    let id = world.entries.push(Entry {
        name: "shop".into(),
        kept: if dice.one_in(3) { Kept::No } else { Kept::Answer { ttl, ignored: share, hold } },
        check,
        path: dice.one_in(3).then_some(ServiceId(0)),
        answer: [Answer::Nearest, Answer::Weighted, Answer::First][dice.below(3) as usize],
        connect_timeout: Duration::from_millis(500 + dice.below(9_000)),
        targets: vec![ClusterId(0), other],
        to: vec![(0, 3.0), (1, 1.0)],
    });
    let mut front = |first, count| {
        let far = dice.one_in(2).then(|| LinkId(dice.below(18) as u32));
        let delay = far.map_or(Duration::ZERO, |link| world.links[link].delay);
        Front { first, count, there: far, back: far, delay, delay_back: delay }
    };
    let fronts = vec![front(0, 2), front(2, 1)];
    let stream = &mut world.streams[StreamId(0)];
    stream.via = Some(Box::new(Via { entry: id, region: RegionId(0), fronts }));
    for number in 0..dice.below(3) {
        let target = if dice.one_in(2) { Target::Entry(id) } else { Target::Records(id) };
        let from = dice.below(20);
        down(world, &format!("entry {number}"), from, from + 1 + dice.below(10), &[target], Manner::Silent);
    }
    let places: Vec<Target> = world.places.ids().map(Target::Place).collect();
    if dice.one_in(2) {
        let from = 3 + dice.below(10);
        down(world, "all of it", from, from + 2 + dice.below(10), &places, Manner::Silent);
    }
    let fault = FaultId(0);
    let then = Duration::from_millis(dice.below(3_000));
    let when = match dice.below(3) {
        1 if !world.faults.is_empty() => Occasion::Alarm { fault, rings: Duration::from_secs(1), then },
        2 if !world.faults.is_empty() => Occasion::End { fault, then },
        _ => Occasion::At(SimTime::ZERO + Duration::from_secs(dice.below(20))),
    };
    let needs = if dice.one_in(2) { vec![Target::Place(PlaceId(0))] } else { Vec::new() };
    let sets = vec![Set::Entry(id, vec![(1, 1.0)])];
    world.actions.push(OperatorAction { name: "move".into(), when, needs, sets });
}

/// Budgets, hedging, injected faults, rate limits, statuses, outliers by rates: in every other world.
fn resilience(world: &mut World, dice: &mut Dice) {
    if dice.one_in(2) {
        return;
    }
    let share = |percent: u64| Ratio::new(percent as f64 / 100.0).expect("a share");
    for id in world.policies.ids().collect::<Vec<_>>() {
        let policy = &mut world.policies[id];
        policy.hedge = dice.one_in(2);
        policy.retry_budget =
            dice.one_in(2).then(|| Budget { percent: dice.below(40) as f64, min: dice.below(3) as u32 });
        policy.previous_priorities = dice.one_in(3).then(|| 1 + dice.below(2) as u32);
        policy.max_backoff = dice.one_in(3).then_some(Duration::from_millis(40));
        policy.retry_on.envoy_ratelimited = dice.one_in(2);
        policy.retry_on.codes = Codes::NONE.with(503);
        let delay = dice.one_in(2).then(|| (Duration::from_millis(1 + dice.below(400)), share(dice.below(30))));
        let abort = dice.one_in(2).then(|| (Status::Http(503), share(dice.below(10))));
        let max_active = dice.one_in(2).then(|| dice.below(4) as u32);
        policy.fault = dice.one_in(2).then_some(FaultFilter { delay, abort, max_active });
        if let Some(outlier) = &mut policy.outlier {
            let rates = dice.one_in(2);
            outlier.success_rate = rates.then_some(SuccessRate { factor: 500, volume: 5, min_hosts: 2, enforce: 70 });
            outlier.failure_percentage =
                dice.one_in(2).then_some(FailurePercentage { threshold: 30, volume: 5, min_hosts: 1, enforce: 100 });
            outlier.consecutive_local = dice.one_in(2).then_some(3);
            outlier.interval = Duration::from_secs(3);
            outlier.eject = Duration::from_secs(2);
            outlier.jitter = Duration::from_millis(dice.below(3_000));
        }
    }
    for id in world.services.ids().collect::<Vec<_>>() {
        let (max_tokens, tokens_per_fill) = (1 + dice.below(40) as u32, 1 + dice.below(20) as u32);
        let fill_interval = Duration::from_millis(50 + dice.below(300));
        world.services[id].rate_limit =
            dice.one_in(3).then_some(RateLimit { max_tokens, tokens_per_fill, fill_interval });
    }
    for id in world.operations.ids().collect::<Vec<_>>() {
        let status = [Status::Http(503), Status::Http(404), Status::Grpc(14)][dice.below(3) as usize];
        world.operations[id].errors.push((status, share(dice.below(8))));
    }
}

/// The left service works again for what it has not kept; what it keeps dies with processes, and is forgotten at times.
fn caching(world: &mut World, dice: &mut Dice) {
    let left = world.operations[OperationId(1)].clone();
    let (work, start) = (world.program[left.start as usize], world.program.len() as u32);
    let (ask, keep) = (Step::Cache { cache: 0, hit: start + 4 }, Step::Fill { cache: 0, asked: start + 1 });
    world.program.extend([work, ask, work, keep, Step::End]);
    world.operations[OperationId(1)].start = start;
    let scope = [CacheScope::Replica, CacheScope::Cluster, CacheScope::Service][dice.below(3) as usize];
    let hit = Ratio::new(0.9).expect("a share");
    world.caches.push(Cache { name: "left".into(), service: left.service, hit, keys: 300, scope });
    let from = dice.below(20);
    crate::worlds::hit(world, "forgotten", [from, from + 1 + dice.below(5)], &[Target::Cache(0)], &[Effect::Forget]);
}

fn services(world: &mut World, dice: &mut Dice) {
    let law = world.laws.push(Law::Exponential { mean: 0.004 });
    let work = Step::Work { law };
    let again = Step::Again { chance: Ratio::new(0.2).expect("a share"), to: 0 };
    let steps = match dice.below(4) {
        0 => vec![work, Step::Call { site: 0 }, Step::Call { site: 1 }, Step::End],
        1 => vec![work, Step::Fork { first: 0, count: 2 }, work, Step::End],
        2 => vec![Step::Call { site: 0 }, again, work, Step::End],
        _ => vec![work, Step::Repeat { body: 4, times: 3 }, Step::Branch { first: 0, count: 2 }, Step::End],
    };
    world.program = steps;
    // Bodies of a repeat and of two branches.
    while world.program.len() < 4 {
        world.program.push(Step::End);
    }
    let body = [Step::Call { site: 1 }, Step::End, work, Step::Call { site: 0 }, Step::End];
    world.program.extend(body);
    let leaf = world.program.len() as u32;
    world.program.extend([work, Step::End]);
    world.choices = vec![Choice { below: 0.5, start: 4 }, Choice { below: 1.0, start: 6 }];
    let names = ["front", "left", "right"];
    for (index, name) in names.into_iter().enumerate() {
        let service = ServiceId(index as u32);
        let operation = world.operations.push(Operation {
            name: name.into(),
            service,
            start: if index == 0 { 0 } else { leaf },
            request: Bytes(1_000),
            response: Bytes(1_000 + dice.below(40_000)),
            request_wire: Bytes(1_200),
            request_acks: Bytes(60),
            response_wire: Bytes(12_000),
            response_acks: Bytes(300),
            priority: 0,
            errors: vec![(Status::ERROR, Ratio::new(dice.below(3) as f64 * 0.05).expect("a share"))],
            variants: Vec::new(),
        });
        world.services.push(Service {
            name: name.into(),
            workers: 1 + dice.below(3) as u32,
            threads: dice.one_in(3).then(|| 4 + dice.below(20) as u32),
            queue: (!dice.one_in(3)).then(|| dice.below(50) as u32),
            discipline: [Discipline::Fcfs, Discipline::ProcessorSharing, Discipline::Priority][dice.below(3) as usize],
            operations: vec![operation],
            endpoints: Vec::new(),
            rate_limit: None,
            vcpu: 0.0,
            versions: Vec::new(),
            forwards: ContextMapId::NONE,
            on_cancel: OnCancel::Finish,
        });
    }
    let bare = dice.one_in(3);
    let mut rows = 0;
    for place in world.places.ids().collect::<Vec<_>>() {
        let mut station = |name: &str| world.stations.push(Station { name: name.into(), servers: 1, place });
        let ingress = station("ingress");
        let cpu = Duration::from_micros(200);
        let delay = Duration::from_micros(500);
        let name = format!("ingress {}", place.0);
        let none = EndpointId::NONE;
        let handshake = Duration::from_micros(800);
        world.proxies.push(Proxy {
            name,
            place,
            endpoint: none,
            station: ingress,
            cpu,
            delay,
            handshake,
            first_upstream: rows,
        });
        rows += 1;
        for service in world.services.ids().collect::<Vec<_>>() {
            for number in 0..2 {
                let name = format!("{}@{}#{number}", world.services[service].name, place.0);
                let sidecar = world.stations.push(Station { name: name.clone(), servers: 1, place });
                let endpoint = EndpointId(world.endpoints.len() as u32);
                let first_upstream = rows;
                rows += 2;
                let proxy = world.proxies.push(Proxy {
                    name: format!("sidecar {name}"),
                    place,
                    endpoint,
                    station: if bare { StationId::NONE } else { sidecar },
                    cpu,
                    delay: if bare { Duration::ZERO } else { delay },
                    handshake,
                    first_upstream,
                });
                world.endpoints.push(Endpoint { service, place, name, proxy, version: 0 });
                world.services[service].endpoints.push(endpoint);
            }
        }
    }
    let policy = Policy {
        balance: [Balance::LEAST_REQUEST, Balance::RoundRobin, Balance::Random][dice.below(3) as usize],
        timeout: dice.one_in(2).then(|| Duration::from_millis(300 + dice.below(1_000))),
        per_try: dice.one_in(2).then(|| Duration::from_millis(100 + dice.below(300))),
        retries: dice.below(4) as u32,
        retry_on: eastwest::policy::RetryOn {
            connect_failure: true,
            refused_stream: true,
            reset: true,
            gateway_error: true,
            server_error: dice.one_in(2),
            ..eastwest::policy::RetryOn::default()
        },
        outlier: dice.one_in(2).then_some(Outlier { max_ejection_percent: 60, ..defaults::OUTLIER }),
        http2_ping: dice.one_in(3).then_some((Duration::from_secs(2), Duration::from_secs(1))),
        max_connection_age: dice.one_in(3).then_some(Duration::from_secs(5)),
        pool: pool(dice),
        ..defaults::policy((1, 24))
    };
    let policy = world.policies.push(policy);
    let edge = |from, to, name: &str, ordinal| Edge::written(from, ServiceId(to), name, policy, ordinal);
    world.edges.push(edge(Caller::Stream(StreamId(0)), 0, "users -> front", 0));
    world.edges.push(edge(Caller::Service(ServiceId(0)), 1, "front -> left", 0));
    world.edges.push(edge(Caller::Service(ServiceId(0)), 2, "front -> right", 1));
    world.call_sites = vec![
        CallSite { edge: EdgeId(1), operation: OperationId(1) },
        CallSite { edge: EdgeId(2), operation: OperationId(2) },
    ];
    let entries = world.proxies.iter().filter(|(_, proxy)| proxy.endpoint.is_none()).map(|(id, _)| id).collect();
    world.streams.push(Stream {
        name: "users".into(),
        edge: EdgeId(0),
        entries,
        mix: vec![(OperationId(0), Ratio::ONE)],
        carried: Carried::default(),
        arrivals: poisson(50.0 + dice.below(300) as f64),
        patience: None,
        entry_detect: Duration::from_secs(2),
        via: None,
        sessions: None,
    });
}

/// Half of the worlds limit nothing.
fn pool(dice: &mut Dice) -> Pool {
    let mut pool = Pool { idle_timeout: Some(Duration::from_millis(300 + dice.below(3_000))), ..Pool::default() };
    if dice.one_in(3) {
        let (time, interval) = (Duration::from_secs(1), Duration::from_millis(700));
        pool.keepalive = Some(Keepalive { time, interval, probes: 2 });
    }
    if dice.one_in(2) {
        return pool;
    }
    let mut limit = |least: u64, most: u64| {
        if dice.one_in(3) { least as u32 + dice.below(most) as u32 } else { UNLIMITED }
    };
    pool.max_connections = limit(1, 8);
    pool.max_streams = limit(1, 4);
    pool.max_requests_per_connection = limit(1, 30);
    pool.max_pending = limit(0, 20);
    pool.max_requests = limit(1, 40);
    pool.max_retries = limit(0, 3);
    if dice.one_in(2) {
        pool.protocol = Protocol::Http1;
    }
    pool
}

fn host_sets(world: &mut World, by_gateway: bool, gateways: &[GatewayId]) {
    let path = |from: PlaceId, to: PlaceId| PathId(from.0 * 3 + to.0);
    for (_, edge) in world.edges.iter() {
        for place in world.places.ids() {
            let mut hosts = Vec::new();
            let service = &world.services[edge.to];
            for there in world.places.ids() {
                let behind: Vec<_> = service
                    .endpoints
                    .iter()
                    .filter(|&&endpoint| world.endpoints[endpoint].place == there)
                    .filter(|&&endpoint| {
                        let version = world.endpoints[endpoint].version;
                        world.routing.subsets.get(edge.subset).is_none_or(|subset| subset.versions.contains(&version))
                    })
                    .map(|&endpoint| (endpoint, path(place, there)))
                    .collect();
                let priority = u8::from(there != place);
                if by_gateway && there != place {
                    let weight = behind.len() as u32;
                    let target = HostTarget::Gateway(gateways[there.0 as usize], behind);
                    hosts.push(Host { target, weight, priority, locality: 0 });
                } else {
                    hosts.extend(behind.into_iter().map(|(endpoint, path)| Host {
                        target: HostTarget::Endpoint(endpoint, path),
                        weight: 1,
                        priority,
                        locality: 0,
                    }));
                }
            }
            hosts.sort_by_key(|host| host.priority);
            let set = world.host_sets.push(HostSet { hosts: hosts.into(), priorities: 2, ..HostSet::default() });
            world.host_set_of.push(set);
        }
    }
}

/// Anything that can go down.
pub(crate) fn target(world: &World, dice: &mut Dice) -> Target {
    match dice.below(5) {
        0 => Target::Place(PlaceId(dice.below(3) as u32)),
        1 => Target::Link(LinkId(dice.below(world.links.len() as u64) as u32)),
        2 => Target::Endpoint(EndpointId(dice.below(world.endpoints.len() as u64) as u32)),
        3 => Target::Station(StationId(dice.below(6) as u32)),
        _ => Target::Path(PathId(dice.below(9) as u32)),
    }
}

fn faults(world: &mut World, dice: &mut Dice) {
    for number in 0..dice.below(4) {
        let manner = if dice.one_in(2) { Manner::Silent } else { Manner::Refused };
        let target = target(world, dice);
        let manner = if matches!(target, Target::Endpoint(_)) { manner } else { Manner::Silent };
        let from = dice.below(20);
        down(world, &format!("fault {number}"), from, from + 1 + dice.below(20), &[target], manner);
    }
    assert!(world.changes.iter().all(|change| change.at >= SimTime::ZERO));
}
