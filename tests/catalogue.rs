//! The shipped books: complete, each row with its source, and round trips that a globe allows.

use std::collections::BTreeSet;

use eastwest::provider::{
    Books, Counts, Level, LossProfile, PricedBy, Provider, PublicDirection, PublicLine, Region, RttMethod, RttRow,
    Rule, RuleRow, Status, catalog,
};
use eastwest::units::Money;

fn books() -> &'static Books {
    Books::builtin()
}

#[test]
fn the_books_hold_what_was_collected() {
    let b = books();
    let counts = [
        ("regions", b.regions.len(), 113), // 32 of Alibaba, 23 of AWS, 27 of Google Cloud, 31 of Azure
        ("rtt", b.rtt.len(), 843), // each pair once: 25 * 24 / 2 of Alibaba, 13 * 12 / 2 of AWS, 31 * 30 / 2 of Azure
        ("sla", b.slas.len(), 33), // 23 statements, credits in 3 rows and one row of two figures in 2
        ("limits", b.limits.len(), 42),
        ("incidents", b.incidents.len(), 16),
        ("incident phases", b.phases.len(), 33),
        ("reliability", b.reliability.len(), 20),
        ("CDT Gold area pairs", b.prices.iter().filter(|p| p.item == "cdt.gold").count(), 21), // 6 areas: 6 * 7 / 2
        ("EIP fees", b.prices.iter().filter(|p| p.item == "eip.hour").count(), 32),
        ("EIP egress", b.prices.iter().filter(|p| p.item == "eip.egress").count(), 32),
    ];
    for (book, found, collected) in counts {
        assert_eq!(found, collected, "{book}");
    }
    let proxies = b.rtt.iter().filter(|row| row.method == RttMethod::CityProxy).count();
    assert_eq!(proxies, 35);
}

#[test]
fn every_row_says_how_it_is_known_where_from_and_when() {
    let words: BTreeSet<&str> = ["sourced", "secondary", "proxy", "estimated", "not-found"].into();
    for (name, _) in catalog::names() {
        let table = catalog::table(name, "").unwrap();
        let column = |want: &str| table.header.iter().position(|c| c == want);
        let source = column("source").unwrap_or_else(|| panic!("{name} has no source"));
        let as_of = column("as_of").unwrap_or_else(|| panic!("{name} has no date"));
        let status = column("status").unwrap_or_else(|| panic!("{name} has no status"));
        for row in &table.rows {
            assert!(words.contains(row[status].as_str()), "{name}: {row:?}");
            assert!(!row[source].is_empty() && !row[as_of].is_empty(), "{name}: {row:?}");
        }
    }
}

#[test]
fn no_key_stands_twice() {
    let keys: [(&str, &[&str]); 12] = [
        ("regions", &["provider", "id"]),
        ("rules", &["rule", "provider", "item"]),
        ("rtt-fit", &["key"]),
        ("latency", &["key"]),
        ("loss", &["profile", "path", "line"]),
        ("prices", &["item", "from", "to", "tier_from"]),
        ("capacity-units", &["item", "protocol"]),
        ("sla", &["provider", "service", "configuration"]),
        ("limits", &["key", "provider"]),
        ("incidents", &["id"]),
        ("incident-phases", &["incident", "phase"]),
        ("reliability", &["key"]),
    ];
    for (name, columns) in keys {
        let table = catalog::table(name, "").unwrap();
        let at: Vec<usize> = columns.iter().map(|c| table.header.iter().position(|h| h == c).unwrap()).collect();
        let mut seen = BTreeSet::new();
        for row in &table.rows {
            let key: Vec<&str> = at.iter().map(|&i| row[i].as_str()).collect();
            assert!(seen.insert(key.clone()), "{name}: {key:?} stands twice");
        }
    }
    let mut pairs = BTreeSet::new();
    for row in &books().rtt {
        let pair = if row.a < row.b { (&row.a, &row.b) } else { (&row.b, &row.a) };
        assert!(row.a != row.b && pairs.insert((row.provider, pair)), "{pair:?} stands twice");
    }
}

#[test]
fn prices_are_ordered_and_sourced_ones_are_points_unless_the_note_says_why() {
    for row in &books().prices {
        let key = format!("{} {} {} tier {}", row.item, row.from, row.to, row.tier_from);
        match (row.at(Level::Low), row.at(Level::Mid), row.at(Level::High)) {
            (Some(low), Some(mid), Some(high)) => {
                assert!(Money::ZERO <= low && low <= mid && mid <= high, "{key}");
                assert_ne!(row.status, Status::NotFound, "{key}");
                if row.status == Status::Sourced && low < high {
                    assert!(row.note.contains("stale") || row.note.contains("0.16-0.181"), "{key}: {}", row.note);
                }
                if row.status == Status::Estimated {
                    assert!(!row.note.is_empty(), "{key}: an estimate says what it rests on");
                }
            }
            (None, None, None) => assert_eq!(row.status, Status::NotFound, "{key}"),
            _ => panic!("{key}: half a range"),
        }
        assert_eq!(row.unit == "GB", row.gigabyte_bytes.is_some(), "{key}: a price per GB says its gigabyte");
        assert!(row.gigabyte_bytes.is_none_or(|bytes| bytes == 1 << 30 || bytes == 1_000_000_000), "{key}");
    }
}

#[test]
fn the_prices_that_decide_are_the_collected_ones() {
    let usd = |item: &str, from: &str, to: &str| {
        books().price(item, from, to).and_then(|row| row.at(Level::Mid)).map(|money| money.units())
    };
    assert_eq!(usd("cdt.gold", "cn-hangzhou", "cn-beijing"), Some(0.072));
    assert_eq!(usd("cdt.gold", "cn-hangzhou", "cn-hongkong"), Some(0.8), "Hong Kong lies across the border");
    assert_eq!(usd("cdt.gold", "ap-southeast-1", "cn-hangzhou"), Some(0.8), "a pair holds both ways");
    assert_eq!(usd("cdt.gold", "eu-central-1", "us-east-1"), Some(0.05));
    assert_eq!(usd("cdt.gold", "me-east-1", "me-central-1"), None, "not found is not zero");
    assert_eq!(usd("cdt.platinum", "ap-southeast-1", "ap-northeast-1"), Some(0.12));
    assert_eq!(usd("cen.plan", "cn-hangzhou", "ap-southeast-1"), None);
    assert_eq!(usd("eip.egress", "alibaba/cn-hongkong", "*"), Some(0.156));
    assert_eq!(usd("eip.egress", "cn-qingdao", "*"), Some(0.113));
    assert_eq!(usd("nlb.lcu", "cn-hangzhou", "*"), Some(0.005));
    assert_eq!(usd("nat.hour", "eu-west-1", "*"), Some(0.043));
    assert_eq!(usd("ga.cross-border", "ap-southeast-1", "cn-shanghai"), Some(0.96));
    assert_eq!(usd("ga.cross-border", "ap-southeast-1", "eu-west-1"), None, "the line joins the mainland with abroad");
    assert_eq!(usd("aws.inter-region", "us-east-1", "us-east-2"), Some(0.01), "the pair beats its source region");
    assert_eq!(usd("aws.inter-region", "us-east-1", "eu-west-1"), Some(0.02));
    let tiers: Vec<u64> = books().price_tiers("aws.egress", "*", "*").iter().map(|row| row.tier_from).collect();
    assert_eq!(tiers, [0, 10_240, 51_200, 153_600]);
    let (steps, more) = books().eip_bandwidth("cn-hangzhou").unwrap();
    let steps: Vec<f64> = steps.iter().map(|row| row.at(Level::Mid).unwrap().units()).collect();
    assert_eq!((steps, more.at(Level::Mid).unwrap().units()), (vec![0.14, 0.28, 0.43, 0.57, 0.71], 0.5));
    assert!(books().eip_bandwidth("ap-northeast-2").is_none());
    let lcu = books().capacity_unit("nlb.lcu", "tcp").unwrap();
    assert_eq!((lcu.new_per_second, lcu.open, lcu.gigabytes_per_hour), (800.0, 100_000.0, 1.0));
}

/// The two regions of a row.
fn ends(row: &RttRow) -> (&'static Region, &'static Region) {
    let region = |id: &str| books().region(&format!("{}/{id}", row.provider)).unwrap_or_else(|| panic!("{row:?}"));
    (region(&row.a), region(&row.b))
}

#[test]
fn no_round_trip_is_faster_than_light_in_fibre() {
    for row in &books().rtt {
        let (a, b) = ends(row);
        // Cities, not data centres: 20 km of each end is not known, 0.4 ms both ways and back.
        assert!(row.mid_ms + 0.4 >= a.fibre_rtt_ms(b), "{} - {}: {} ms", row.a, row.b, row.mid_ms);
        assert!(row.low_ms <= row.mid_ms && row.mid_ms <= row.high_ms, "{} - {}", row.a, row.b);
        assert!((a.distance_km(b) - row.great_circle_km).abs() <= 2.0, "{} - {}", row.a, row.b);
    }
}

#[test]
fn no_estimated_round_trip_is_longer_than_a_detour_by_more_than_its_uncertainty() {
    let b = books();
    let seen = |row: &&RttRow| matches!(row.method, RttMethod::CityProxy | RttMethod::Measured);
    for row in b.rtt.iter().filter(|row| !seen(row)) {
        for via in &b.regions {
            let (Some(one), Some(two)) = (b.rtt_row(&row.a, &via.id), b.rtt_row(&via.id, &row.b)) else { continue };
            let detour = one.mid_ms + two.mid_ms;
            assert!(
                row.mid_ms <= detour + (row.high_ms - row.mid_ms),
                "{} - {} takes {} ms, by {} {detour} ms",
                row.a,
                row.b,
                row.mid_ms,
                via.id
            );
        }
    }
}

#[test]
fn mainland_and_abroad_meet_at_an_exit() {
    let b = books();
    const EXITS: [&str; 4] = ["cn-beijing", "cn-shanghai", "cn-guangzhou", "cn-shenzhen"];
    for row in b.rtt.iter().filter(|row| row.method != RttMethod::CityProxy) {
        let (x, y) = ends(row);
        if x.mainland() == y.mainland() {
            continue;
        }
        let (inland, abroad) = if x.mainland() { (x, y) } else { (y, x) };
        if EXITS.contains(&inland.id.as_str()) {
            continue;
        }
        assert_eq!(row.method, RttMethod::GreatCircleViaGateway, "{} - {}", row.a, row.b);
        let mid = |p: &str, q: &str| b.rtt_row(p, q).unwrap().mid_ms;
        let shortest =
            EXITS.iter().map(|exit| mid(&inland.id, exit) + mid(exit, &abroad.id)).min_by(f64::total_cmp).unwrap();
        // Each half is rounded to a tenth; the sum may be off by one more.
        assert!(row.mid_ms >= shortest - 0.3, "{} - {}: {} < {shortest}", row.a, row.b, row.mid_ms);
    }
}

#[test]
fn every_pair_of_regions_has_a_round_trip_and_the_modelled_ones_say_so() {
    let b = books();
    let mut modelled = 0;
    for x in &b.regions {
        for y in &b.regions {
            let pair = format!("{} - {}", x.key(), y.key());
            let rtt = b.rtt(&x.key(), &y.key()).unwrap();
            assert!(rtt.low <= rtt.mid && rtt.mid <= rtt.high, "{pair}");
            assert_eq!(rtt, b.rtt(&y.key(), &x.key()).unwrap(), "{pair} both ways");
            assert!(rtt.mid.millis() + 0.4 >= x.fibre_rtt_ms(y), "{pair}: {}", rtt.mid);
            // Nobody's book has a pair of two providers.
            assert!(rtt.modelled || x.provider == y.provider, "{pair}");
            modelled += usize::from(rtt.modelled && x.key() < y.key());
        }
    }
    assert_eq!(modelled, 113 * 112 / 2 - 843);
    // Nanjing lies 270 km from Shanghai and must leave through it: longer than Shanghai's own way, yet by little.
    let (near, far) = (b.rtt("cn-shanghai", "ap-southeast-1").unwrap(), b.rtt("cn-nanjing", "ap-southeast-1").unwrap());
    assert!(far.modelled && far.mid > near.mid && far.mid.millis() < near.mid.millis() + 10.0, "{far:?}");
    // The fit gives back what the book holds where both know the pair: Qingdao - Beijing, 550 km: 1 + 2.2 * 5.5 ms.
    assert_eq!(b.rtt("cn-qingdao", "cn-beijing").unwrap().mid.nanos(), 13_100_000);
    assert!(b.rtt("cn-qingdao", "cn-atlantis").is_none());
}

#[test]
fn what_was_measured_elsewhere_lies_within_the_fits_range_as_often_as_it_says() {
    let b = books();
    let blind = Books { rtt: Vec::new(), ..b.clone() };
    // Measured: 77 of 78, and 397 of 465. Azure's ways from the Gulf and in Europe are longer than the fit's.
    for (provider, least) in [(Provider::Aws, 0.95), (Provider::Azure, 0.8)] {
        let rows: Vec<_> = b.rtt.iter().filter(|row| row.provider == provider).collect();
        let within = rows.iter().filter(|row| {
            let (x, y) = ends(row);
            let fit = blind.rtt(&x.key(), &y.key()).unwrap();
            // A measured figure has a range of its own.
            fit.low.millis() <= row.high_ms && row.low_ms <= fit.high.millis()
        });
        let share = within.count() as f64 / rows.len() as f64;
        assert!(share >= least, "{provider}: {share}");
    }
}

#[test]
fn the_evening_loses_packets_only_on_the_way_in() {
    let b = books();
    for profile in LossProfile::ALL {
        let inbound = b.loss(profile, PublicDirection::between(false, true), PublicLine::Bgp);
        let outbound = b.loss(profile, PublicDirection::between(true, false), PublicLine::Bgp);
        let hours = inbound.loss_by_hour();
        assert!(hours[21] > 3.0 * hours[9], "{profile:?}");
        assert_eq!(outbound.loss_by_hour()[21], outbound.loss_by_hour()[9], "{profile:?}");
        assert!(b.loss(profile, PublicDirection::OneSide, PublicLine::Bgp).base < inbound.base, "{profile:?}");
    }
    assert_eq!(
        b.loss(LossProfile::Typical, PublicDirection::AbroadToMainland, PublicLine::Bgp).loss_by_hour()[20],
        0.05
    );
}

#[test]
fn phases_lie_within_their_incident_and_every_incident_has_one() {
    let b = books();
    for incident in &b.incidents {
        assert!(b.phases(&incident.id).next().is_some(), "{}", incident.id);
    }
    for phase in &b.phases {
        let incident = b.incident(&phase.incident).unwrap_or_else(|| panic!("{} is an incident", phase.incident));
        assert!(phase.start_min < phase.end_min && phase.end_min <= incident.minutes, "{phase:?}");
        assert!(0.0 <= phase.loss_low && phase.loss_low <= phase.loss_high && phase.loss_high <= 1.0, "{phase:?}");
    }
}

#[test]
fn a_mistyped_region_is_recognised() {
    let nearest = |name: &str| books().nearest(name).map(|region| region.id.as_str());
    assert_eq!(nearest("cn-hangzou"), Some("cn-hangzhou"));
    assert_eq!(nearest("alibaba/ap-southeast1"), Some("ap-southeast-1"));
    assert_eq!(nearest("Frankfurt"), Some("eu-central-1"));
    assert_eq!(nearest("???"), None);
}

#[test]
fn every_provider_says_of_every_rule_what_it_charges() {
    let b = books();
    for provider in Provider::ALL {
        for rule in Rule::ALL {
            let rows: Vec<_> = b.rule(rule, provider).collect();
            let what = format!("{} at {provider}", rule.word());
            assert!(!rows.is_empty(), "{what}: no row");
            let nothing = |row: &RuleRow| matches!(row.counts, Counts::Free | Counts::NotOffered);
            assert!(rows.len() == 1 || !rows.iter().any(|row| nothing(row)), "{what}: free and charged at once");
            assert!(rows.iter().all(|row| row.item.is_empty() == nothing(row)), "{what}");
            // A byte is charged once per item: an item stands under a rule once.
            let items: BTreeSet<&str> = rows.iter().map(|row| row.item.as_str()).collect();
            assert_eq!(items.len(), rows.len(), "{what}");
        }
    }
    assert_eq!(
        b.rules.len(),
        Provider::ALL.iter().flat_map(|p| Rule::ALL.map(|r| b.rule(r, *p).count())).sum::<usize>()
    );
}

#[test]
fn every_item_that_a_provider_charges_has_a_price_in_each_of_its_regions_or_says_that_none_was_found() {
    let b = books();
    for provider in Provider::ALL {
        let own: Vec<_> = b.regions.iter().filter(|region| region.provider == provider).collect();
        for row in Rule::ALL.iter().flat_map(|rule| b.charged(*rule, provider)) {
            assert!(b.prices.iter().any(|price| price.item == row.item && price.provider == provider), "{}", row.item);
            // Prices of pairs of areas that Alibaba has no table for are missing, and bills say so.
            if provider == Provider::Alibaba {
                continue;
            }
            for from in &own {
                let missing = match row.by {
                    PricedBy::Place => b.price(&row.item, &from.key(), "*").is_none().then(String::new),
                    PricedBy::Pair => {
                        let to = own.iter().find(|to| b.price(&row.item, &from.key(), &to.key()).is_none());
                        to.map(|to| to.key())
                    }
                };
                assert_eq!(missing, None, "{} has no price from {}", row.item, from.key());
            }
        }
    }
}

#[test]
fn prices_of_the_other_providers_are_what_their_sources_say() {
    let usd = |item: &str, from: &str, to: &str| {
        books().price(item, from, to).and_then(|row| row.at(Level::Mid)).map(|money| money.units())
    };
    // The pair beats the sender; a region of another provider is not a region of this one.
    assert_eq!(usd("aws.inter-region", "aws/us-east-1", "aws/us-east-2"), Some(0.01));
    assert_eq!(usd("aws.inter-region", "aws/us-east-2", "aws/us-east-1"), Some(0.01));
    assert_eq!(usd("aws.inter-region", "aws/us-east-1", "aws/ap-southeast-1"), Some(0.02));
    assert_eq!(usd("aws.inter-region", "aws/ap-southeast-1", "aws/us-east-1"), Some(0.09));
    assert_eq!(usd("aws.inter-region", "aws/us-east-1", "alibaba/us-east-2"), Some(0.02));
    assert_eq!(usd("aws.egress", "aws/ap-northeast-1", "*"), Some(0.114));
    let tiers = |from: &str| -> Vec<(u64, f64)> {
        let rows = books().price_tiers("aws.egress", from, "*");
        rows.iter().map(|row| (row.tier_from, row.at(Level::Mid).unwrap().units())).collect()
    };
    assert_eq!(tiers("aws/eu-central-1"), [(0, 0.09), (10_240, 0.085), (51_200, 0.07), (153_600, 0.05)]);
    assert_eq!(tiers("aws/ap-southeast-1"), [(0, 0.12), (10_240, 0.085), (51_200, 0.082), (153_600, 0.08)]);
    // Azure: each end of a global peering by its own zone, hub to hub by continents.
    assert_eq!(usd("azure.global-peering.out", "azure/westeurope", "*"), Some(0.035));
    assert_eq!(usd("azure.global-peering.in", "azure/southeastasia", "*"), Some(0.09));
    assert_eq!(usd("azure.vwan.transfer", "azure/eastus", "azure/westeurope"), Some(0.07));
    assert_eq!(usd("azure.vwan.transfer", "azure/southeastasia", "azure/eastus"), Some(0.12));
    assert_eq!(usd("azure.vwan.transfer", "azure/eastus", "azure/southeastasia"), None, "not found is not zero");
    // Google: by destination; the mainland is dear from anywhere.
    assert_eq!(usd("gcp.egress", "gcp/us-east4", "alibaba/cn-hangzhou"), Some(0.23));
    assert_eq!(usd("gcp.egress", "gcp/us-east4", "aws/us-east-1"), Some(0.12));
    assert_eq!(usd("gcp.inter-region", "gcp/europe-west3", "gcp/europe-west2"), Some(0.02));
    assert_eq!(usd("gcp.inter-region", "gcp/us-east4", "gcp/asia-southeast2"), Some(0.15));
    assert_eq!(usd("gcp.ncc.spoke", "gcp/us-east4", "*"), None);
}
