use super::*;
use crate::random::Law;
use crate::topology::Place;
use crate::units::Duration;
use crate::world::{ControlWay, LinkId, RegionId, ZoneId};

/// Seconds.
const S: i64 = 1_000_000_000;

/// Three copies in clusters of their own, `after` 5 s, `takes` 2 s, a lag of 1 s, a run of 100 s.
struct Three {
    dead: [Vec<(i64, i64)>; 3],
    /// Between which two, and when.
    cut: Vec<(usize, usize, i64, i64)>,
    orders: Vec<(i64, usize)>,
    after: Option<u64>,
    fence: bool,
    lag: i64,
}

impl Default for Three {
    fn default() -> Self {
        let dead = [vec![], vec![], vec![]];
        Three { dead, cut: vec![], orders: vec![], after: Some(5), fence: true, lag: 1 }
    }
}

fn spans(list: &[(i64, i64)]) -> Spans {
    Spans::of(list.iter().map(|&(from, to)| (from * S, to.saturating_mul(S))).collect())
}

fn place(cluster: ClusterId) -> Place {
    Place { region: RegionId(0), zone: ZoneId(0), cluster, name: String::new() }
}

impl Three {
    fn reigns(&self) -> Reigns {
        let mut world = World::default();
        let copies: Vec<ClusterId> = ["a", "b", "c"].map(|name| world.clusters.push(name.into())).to_vec();
        for &cluster in &copies {
            world.places.push(place(cluster));
        }
        world.plan.horizon = Duration::from_secs(100);
        let id = world.databases.push(Database {
            name: "db".into(),
            copies,
            ways: vec![vec![]; 9],
            writes: vec![],
            lag: (self.lag > 0).then_some(Law::Constant(self.lag as f64)),
            after: self.after.map(Duration::from_secs),
            takes: Duration::from_secs(2),
            fence: self.fence,
        });
        let between = |one: usize, other: usize| {
            let of = |&&(a, b, ..): &&(usize, usize, i64, i64)| (a, b) == (one, other) || (b, a) == (one, other);
            spans(&self.cut.iter().filter(of).map(|&(_, _, from, to)| (from, to)).collect::<Vec<_>>())
        };
        let sight = Copies {
            world: &world,
            database: &world.databases[id],
            dead: self.dead.iter().map(|list| spans(list)).collect(),
            gone: vec![Spans::default(); 3],
            cut: (0..9).map(|row| between(row / 3, row % 3)).collect(),
        };
        let orders: Vec<(i64, usize)> = self.orders.iter().map(|&(at, copy)| (at * S, copy)).collect();
        sight.succession(&orders, |_| self.lag * S)
    }

    /// Who takes over: from when missed, from when on, of which copy, how much is lost.
    fn told(&self) -> Vec<(i64, i64, u32, u64)> {
        let reigns = self.reigns();
        let of = reigns.promotions.iter().zip(&reigns.reigns[1..]);
        of.map(|(p, reign)| (p.since / S, p.done / S, reign.cluster.0, p.rpo / S.cast_unsigned())).collect()
    }
}

/// Whom writes from a cluster reach: by second of the run, `-` where nobody.
fn reached(reigns: &Reigns, from: u32, seconds: std::ops::Range<i64>) -> String {
    let at = |second: i64| reigns.at(PlaceId(from), second * S + S / 2);
    let name = |reign: u32| ["a", "b", "c"][reigns.reigns[reign as usize].cluster.0 as usize];
    seconds.map(|second| at(second).map_or("-", name)).collect()
}

#[test]
fn a_dead_primary_is_followed_by_the_first_replica_after_it_was_missed() {
    let three = Three { dead: [vec![(10, 60)], vec![], vec![]], ..Three::default() };
    assert_eq!(three.told(), [(10, 17, 1, 1)]);
    let reigns = three.reigns();
    assert_eq!(reached(&reigns, 2, 8..20), "aa-------bbb");
    assert_eq!(reached(&reigns, 0, 58..62), "bbbb", "the old one comes back as a replica");
    assert_eq!(reigns.reigns[0].lost, (9 * S, 15 * S));
    assert_eq!(reigns.at(PlaceId(0), i64::MIN / 8), Some(0), "it has reigned for ever");
}

#[test]
fn who_is_back_in_time_stays() {
    let three = Three { dead: [vec![(10, 15), (20, 24)], vec![], vec![]], ..Three::default() };
    assert_eq!(three.told(), []);
    assert_eq!(reached(&three.reigns(), 1, 8..26), "aa-----aaaaa----aa");
    let never = Three { dead: [vec![(10, 90)], vec![], vec![]], after: None, ..Three::default() };
    assert_eq!(never.told(), []);
}

#[test]
fn replicas_follow_in_order_and_the_dead_are_passed_over() {
    let three = Three { dead: [vec![(10, 90)], vec![(12, 30)], vec![]], ..Three::default() };
    assert_eq!(three.told(), [(10, 17, 2, 1)]);
    // Nobody is there: the first that is up again, who has heard nothing since the beginning.
    let dead = [vec![(10, 90)], vec![(8, 40)], vec![(12, 30)]];
    assert_eq!(Three { dead, ..Three::default() }.told(), [(10, 32, 2, 1)]);
    let dead = [vec![(10, 90)], vec![(8, 25)], vec![(12, 30)]];
    assert_eq!(
        Three { dead, ..Three::default() }.told(),
        [(10, 27, 1, 3)],
        "what it lacks since 8 s less 1 s: 7 to 10"
    );
    // The old one is back before anybody is there.
    let dead = [vec![(10, 20)], vec![(8, 25)], vec![(12, 30)]];
    let three = Three { dead, ..Three::default() };
    assert_eq!(three.told(), []);
    assert_eq!(reached(&three.reigns(), 0, 8..22), "aa----------aa");
}

#[test]
fn a_replica_that_falls_while_it_is_promoted_is_passed_over() {
    let three = Three { dead: [vec![(10, 90)], vec![(16, 40)], vec![]], ..Three::default() };
    assert_eq!(three.told(), [(10, 18, 2, 1)]);
    // Or the old primary is back by then.
    let three = Three { dead: [vec![(10, 16)], vec![(16, 40)], vec![]], ..Three::default() };
    assert_eq!(three.told(), []);
    // Who has begun goes on, though the old primary is back.
    let three = Three { dead: [vec![(10, 16)], vec![], vec![]], ..Three::default() };
    assert_eq!(three.told(), [(10, 17, 1, 1)]);
    assert_eq!(reached(&three.reigns(), 0, 14..19), "---bb");
}

#[test]
fn one_promotion_follows_another_and_the_first_primary_comes_before_replicas() {
    let three = Three { dead: [vec![(10, 30)], vec![(50, 80)], vec![]], ..Three::default() };
    assert_eq!(three.told(), [(10, 17, 1, 1), (50, 57, 0, 1)]);
    // Dead as soon as it has taken over.
    let three = Three { dead: [vec![(10, 99)], vec![(18, 80)], vec![]], ..Three::default() };
    assert_eq!(three.told(), [(10, 17, 1, 1), (18, 25, 2, 1)]);
    // Who has not heard of it does not follow it.
    let cut = vec![(1, 2, 12, 30)];
    let three = Three { cut, dead: [vec![(10, 99)], vec![(18, 80)], vec![]], ..Three::default() };
    assert_eq!(three.told(), [(10, 17, 1, 1)]);
}

#[test]
fn a_primary_that_is_cut_off_is_fenced_or_goes_on_for_nothing() {
    let cut = vec![(0, 1, 10, 40), (0, 2, 10, 40)];
    let fenced = Three { cut: cut.clone(), ..Three::default() };
    assert_eq!(fenced.told(), [(10, 17, 1, 6)], "a second of lag and five until the fence");
    let reigns = fenced.reigns();
    assert_eq!(reached(&reigns, 0, 8..20), "aaaaaaa-----");
    assert_eq!(reached(&reigns, 1, 8..20), "aa-------bbb");
    assert_eq!(reached(&reigns, 0, 38..42), "--bb");
    let split = Three { cut, fence: false, ..Three::default() };
    assert_eq!(split.told(), [(10, 17, 1, 31)]);
    let reigns = split.reigns();
    assert_eq!(reached(&reigns, 0, 8..20), "aaaaaaaaaaaa");
    assert_eq!(reached(&reigns, 2, 8..20), "aa-------bbb");
    assert_eq!(reached(&reigns, 0, 38..42), "aabb");
    assert_eq!(reigns.reigns[0].lost, (9 * S, 40 * S));
}

#[test]
fn a_primary_is_missed_where_nobody_up_hears_it_and_by_nobody_where_nobody_is_up() {
    // One replica hears it.
    assert_eq!(Three { cut: vec![(0, 1, 10, 40)], ..Three::default() }.told(), []);
    // The other one is dead: it is not asked.
    let cut = vec![(0, 1, 10, 40)];
    let three = Three { cut: cut.clone(), dead: [vec![], vec![], vec![(20, 60)]], ..Three::default() };
    assert_eq!(
        three.told(),
        [(20, 27, 1, 16)],
        "who takes over has heard nothing since 10 s, and the old one is fenced at 25 s"
    );
    let three = Three { cut, dead: [vec![], vec![(10, 40)], vec![(20, 60)]], ..Three::default() };
    assert_eq!(three.told(), []);
    assert_eq!(reached(&three.reigns(), 0, 8..60), "a".repeat(52));
}

#[test]
fn an_operator_switches_without_loss_where_the_primary_hears_and_with_loss_where_not() {
    let three = Three { orders: vec![(20, 2)], after: None, ..Three::default() };
    let reigns = three.reigns();
    assert_eq!((three.told(), reigns.promotions[0].planned), (vec![(20, 22, 2, 0)], true));
    assert_eq!(reached(&reigns, 1, 18..24), "aa--cc");
    // Dead since 10 s: nobody waits for `after`, and the lag is lost.
    let dead = || [vec![(10, 99)], vec![], vec![]];
    let three = Three { orders: vec![(20, 2)], dead: dead(), after: None, ..Three::default() };
    assert_eq!((three.told(), three.reigns().promotions[0].planned), (vec![(10, 22, 2, 1)], false));
    // The order comes before what would happen by itself, and after what has happened already.
    assert_eq!(Three { orders: vec![(12, 2)], dead: dead(), ..Three::default() }.told(), [(10, 14, 2, 1)]);
    assert_eq!(
        Three { orders: vec![(16, 2)], dead: dead(), ..Three::default() }.told(),
        [(10, 17, 1, 1), (17, 19, 2, 0)]
    );
    // There and back.
    let three = Three { orders: vec![(20, 2), (40, 0), (50, 0)], after: None, ..Three::default() };
    assert_eq!(three.told(), [(20, 22, 2, 0), (40, 42, 0, 0)]);
    // Who is ordered and falls before he is ready: the old primary goes on.
    let dead = [vec![], vec![], vec![(21, 30)]];
    let three = Three { orders: vec![(20, 2)], dead, after: None, ..Three::default() };
    assert_eq!((three.told(), reached(&three.reigns(), 1, 18..23)), (vec![], "aa-aa".to_owned()));
}

#[test]
fn what_a_replica_has_is_never_lost_and_nothing_is_acknowledged_without_one() {
    let three = Three { lag: 0, dead: [vec![(10, 60)], vec![], vec![]], ..Three::default() };
    assert_eq!(three.told(), [(10, 17, 1, 0)]);
    let cut = vec![(0, 1, 10, 40), (0, 2, 10, 40)];
    let three = Three { lag: 0, cut, ..Three::default() };
    assert_eq!(three.told(), [(10, 17, 1, 0)]);
    assert_eq!(reached(&three.reigns(), 0, 8..20), "aa----------");
    // No replica at all: it waits for one.
    let three = Three { lag: 0, dead: [vec![], vec![(20, 30)], vec![(25, 40)]], ..Three::default() };
    assert_eq!(reached(&three.reigns(), 0, 23..32), "aa-----aa");
}

#[test]
fn an_operator_leads_back_who_was_configured_or_set_before() {
    let dead = || [vec![(10, 30)], vec![], vec![]];
    let back = Three { dead: dead(), orders: vec![(40, 0)], ..Three::default() };
    assert_eq!(back.told(), [(10, 17, 1, 1), (40, 42, 0, 0)]);
    assert_eq!(reached(&back.reigns(), 2, 38..44), "bb--aa");
    // Said before the promotion it does nothing, and said twice no more than once; each promotion may be undone.
    let twice = [vec![(10, 30), (60, 80)], vec![], vec![]];
    let orders = vec![(5, 0), (40, 0), (45, 0), (90, 0)];
    let told = Three { dead: twice, orders, ..Three::default() }.told();
    assert_eq!(told, [(10, 17, 1, 1), (40, 42, 0, 0), (60, 67, 1, 1), (90, 92, 0, 0)]);
    // Said while he is missed it does nothing if he stays; while another is promoted it is done after that.
    assert_eq!(Three { dead: dead(), orders: vec![(16, 1)], ..Three::default() }.told(), [(10, 17, 1, 1)]);
    let cut = vec![(0, 1, 10, 30), (0, 2, 10, 30)];
    let told = Three { cut, orders: vec![(12, 0), (50, 0)], ..Three::default() }.told();
    assert_eq!(told, [(10, 17, 1, 6), (50, 52, 0, 0)]);
}

/// Two copies of two zones each, `a` in the places 0 and 1, `b` in 2 and 3; link 2 * zone + zone joins a zone of `a` with one
/// of `b`. `after` 5 s, `takes` 2 s, a lag of 1 s.
fn zoned(dead: &[(Target, i64, i64)]) -> Reigns {
    let mut world = World::default();
    let copies: Vec<ClusterId> = ["a", "b"].map(|name| world.clusters.push(name.into())).to_vec();
    for cluster in [0, 0, 1, 1] {
        world.places.push(place(copies[cluster]));
    }
    world.plan.horizon = Duration::from_secs(100);
    let to = |from: u32, to: u32| {
        let (a, b) = (from.min(to), from.max(to) - 2);
        let way = ControlWay { links: vec![LinkId(2 * a + b)], ..ControlWay::default() };
        CopyWay { to: PlaceId(to), way }
    };
    let ways = (0..4u32).flat_map(|place| {
        let far = |zones: [u32; 2]| zones.map(|zone| to(place, zone)).to_vec();
        if place < 2 { [vec![], far([2, 3])] } else { [far([0, 1]), vec![]] }
    });
    let id = world.databases.push(Database {
        name: "db".into(),
        copies,
        ways: ways.collect(),
        writes: vec![],
        lag: Some(Law::Constant(1.0)),
        after: Some(Duration::from_secs(5)),
        takes: Duration::from_secs(2),
        fence: true,
    });
    let away = dead.iter().map(|&(target, from, to)| ((target, false), spans(&[(from, to)]))).collect();
    reigns(&world, id, (1, 0), &away, &[])
}

fn took_over(reigns: &Reigns) -> Vec<(i64, i64)> {
    reigns.promotions.iter().map(|promotion| (promotion.since / S, promotion.done / S)).collect()
}

#[test]
fn copies_hear_each_other_while_any_two_of_their_zones_do() {
    let zone = |at: u32, from, to| (Target::Place(PlaceId(at)), from, to);
    let link = |at: u32, from, to| (Target::Link(LinkId(at)), from, to);
    // A zone of either copy; the other one of both; three links of four.
    assert_eq!(took_over(&zoned(&[zone(0, 10, 60)])), []);
    assert_eq!(took_over(&zoned(&[zone(2, 10, 60)])), []);
    let two = zoned(&[zone(0, 10, 60), zone(2, 10, 60)]);
    assert_eq!(took_over(&two), []);
    assert_eq!(reached(&two, 3, 0..100), "a".repeat(100));
    assert_eq!(took_over(&zoned(&[link(0, 10, 60), link(1, 10, 60), link(2, 10, 60)])), []);
    // All links, for as long as all of them are down.
    let cut = zoned(&[link(0, 10, 60), link(1, 20, 60), link(2, 5, 60), link(3, 15, 90)]);
    assert_eq!(took_over(&cut), [(20, 27)]);
    // The one way that is left begins in a dead zone, or ends in one: it is none.
    let no = [link(0, 10, 60), link(1, 10, 60), link(2, 10, 60)];
    assert_eq!(took_over(&zoned(&[&no[..], &[zone(1, 20, 60)]].concat())), [(20, 27)]);
    assert_eq!(took_over(&zoned(&[&no[..], &[zone(3, 20, 60)]].concat())), [(20, 27)]);
    // Both zones: the copy is dead.
    assert_eq!(took_over(&zoned(&[zone(0, 10, 60), zone(1, 30, 60)])), [(30, 37)]);
    let dead = zoned(&[zone(2, 10, 60), zone(3, 30, 60)]);
    assert_eq!((took_over(&dead), reached(&dead, 0, 0..100)), (vec![], "a".repeat(100)));
}

#[test]
fn who_writes_needs_a_way_of_its_own_zone() {
    let link = |at: u32| (Target::Link(LinkId(at)), 10, 60);
    // The second zone of `b` has lost both of its ways; the first keeps one.
    let reigns = zoned(&[link(1), link(3), link(0)]);
    assert_eq!(took_over(&reigns), []);
    assert_eq!(reached(&reigns, 3, 8..12), "aa--");
    assert_eq!(reached(&reigns, 2, 8..12), "aaaa");
    assert_eq!(reached(&reigns, 0, 8..12), "aaaa");
}
