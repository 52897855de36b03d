//! Locality: how near a host is, and what Istio makes of it (`pilot/pkg/networking/core/loadbalancer`).
//!
//! Failover orders hosts by nearness into priorities; distribute divides traffic by weight. Names are numbers here:
//! the caller says which number is which region.

/// Where a proxy or a host stands. Zones and subzones are compared within their region only.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Locality {
    /// The region.
    pub region: u32,
    /// The zone of that region.
    pub zone: u32,
    /// The subzone of that zone; 0 where subzones are not used.
    pub subzone: u32,
}

/// "When `from` fails, go to `to`", in regions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Failover {
    /// The proxy's region.
    pub from: u32,
    /// Where its traffic goes next.
    pub to: u32,
}

/// How far `host` is from `proxy`: 0 same subzone, 1 same zone, 2 same region, 3 elsewhere. A failover rule of the
/// proxy's region keeps 3 for the region that it names and sends all others to 4.
pub fn level(proxy: Locality, host: Locality, failover: &[Failover]) -> u32 {
    if host.region != proxy.region {
        return 3 + u32::from(fails_over_elsewhere(proxy, host, failover).unwrap_or(false));
    }
    match (host.zone == proxy.zone, host.subzone == proxy.subzone) {
        (true, true) => 0,
        (true, false) => 1,
        (false, _) => 2,
    }
}

/// The same for zone-aware routing, which balances zones itself: 0 same region, 1 the region that a failover rule of the
/// proxy's region names, 2 elsewhere.
pub fn region_level(proxy: Locality, host: Locality, failover: &[Failover]) -> u32 {
    if host.region == proxy.region {
        return 0;
    }
    1 + u32::from(fails_over_elsewhere(proxy, host, failover).unwrap_or(true))
}

/// Does the first rule of the proxy's region name another region than the host's? None: there is no such rule.
fn fails_over_elsewhere(proxy: Locality, host: Locality, failover: &[Failover]) -> Option<bool> {
    failover.iter().find(|rule| rule.from == proxy.region).map(|rule| rule.to != host.region)
}

/// What nearness does to the order that labels gave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Nearness<'a> {
    /// Nothing.
    Ignored,
    /// It orders within each priority, by these rules.
    Levels(&'a [Failover]),
    /// It orders regions within each priority, by these rules (zone-aware routing).
    Regions(&'a [Failover]),
}

/// Levels that nearness tells apart.
const LEVELS_OF_NEARNESS: u32 = 5;

/// Priorities of hosts or groups of them, each with the priority that it has already: that times 5 plus its level, then
/// compacted.
pub fn priorities(proxy: Locality, nearness: Nearness<'_>, hosts: &[(Locality, u32)]) -> Vec<u32> {
    let place = |&(at, already): &(Locality, u32)| match nearness {
        Nearness::Ignored => already,
        Nearness::Levels(rules) => already * LEVELS_OF_NEARNESS + level(proxy, at, rules),
        Nearness::Regions(rules) => already * LEVELS_OF_NEARNESS + region_level(proxy, at, rules),
    };
    let mut levels: Vec<u32> = hosts.iter().map(place).collect();
    compact(&mut levels);
    levels
}

/// Closes the gaps: the least level becomes priority 0, the next one 1, and so on.
pub fn compact(levels: &mut [u32]) {
    let mut used = levels.to_vec();
    used.sort_unstable();
    used.dedup();
    for level in levels {
        *level = used.partition_point(|used| used < level) as u32;
    }
}

/// A pattern over localities: `region/zone/*`; what is not said matches everything.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pattern {
    /// The region; none matches any.
    pub region: Option<u32>,
    /// The zone.
    pub zone: Option<u32>,
    /// The subzone.
    pub subzone: Option<u32>,
}

impl Pattern {
    /// Does `at` fit?
    pub fn matches(&self, at: Locality) -> bool {
        self.region.is_none_or(|region| region == at.region)
            && self.zone.is_none_or(|zone| zone == at.zone)
            && self.subzone.is_none_or(|subzone| subzone == at.subzone)
    }
}

/// "Traffic from here goes there in these parts."
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Distribute {
    /// Proxies that it is for.
    pub from: Pattern,
    /// Where to, in percent.
    pub to: Vec<(Pattern, u32)>,
}

/// Weights of locality groups under the first rule that fits the proxy; none where no rule does, and then the groups keep
/// their own weights: under distribute nobody has a failover.
///
/// Each part of a rule is divided among the groups that it matches in proportion to their own weight, rounded up. A
/// group belongs to the first part that matches it; one that nothing matches gets 0 and is never chosen, not even when
/// all others are dead.
pub fn distribute(proxy: Locality, rules: &[Distribute], groups: &[(Locality, u32)]) -> Option<Vec<u32>> {
    let parts = parts(proxy, rules, groups.iter().map(|&(at, _)| at))?;
    let matched = |part: usize| -> u64 {
        let mine = parts.iter().zip(groups).filter(|(mine, _)| mine.is_some_and(|(mine, _)| mine == part));
        mine.map(|(_, (_, own))| u64::from(*own)).sum()
    };
    let weight = |(part, (_, own)): (&Option<(usize, u32)>, &(Locality, u32))| match *part {
        // Never more than the part, for a group is never more than all that matched.
        Some((part, percent)) if matched(part) > 0 => {
            (u64::from(*own) * u64::from(percent)).div_ceil(matched(part)) as u32
        }
        _ => 0,
    };
    Some(parts.iter().zip(groups).map(weight).collect())
}

/// The part of the rule that fits the proxy to which each group belongs, and its percent; none where no rule fits.
pub fn parts(
    proxy: Locality,
    rules: &[Distribute],
    groups: impl Iterator<Item = Locality>,
) -> Option<Vec<Option<(usize, u32)>>> {
    let rule = rules.iter().find(|rule| rule.from.matches(proxy))?;
    let part_of = |at: Locality| {
        let part = rule.to.iter().position(|(pattern, _)| pattern.matches(at))?;
        Some((part, rule.to[part].1))
    };
    Some(groups.map(part_of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Locality = Locality { region: 1, zone: 1, subzone: 0 };

    #[test]
    fn a_zone_of_the_same_number_in_another_region_is_elsewhere() {
        assert_eq!(level(HOME, Locality { region: 2, ..HOME }, &[]), 3);
    }

    #[test]
    fn a_rule_of_another_region_changes_nothing() {
        let rules = [Failover { from: 9, to: 2 }];
        assert_eq!(level(HOME, Locality { region: 5, ..HOME }, &rules), 3);
        assert_eq!(region_level(HOME, Locality { region: 2, ..HOME }, &rules), 2);
    }

    #[test]
    fn of_two_rules_for_a_region_the_first_holds() {
        let rules = [Failover { from: 1, to: 2 }, Failover { from: 1, to: 3 }];
        let levels = [2, 3].map(|region| level(HOME, Locality { region, ..HOME }, &rules));
        assert_eq!(levels, [3, 4]);
    }

    #[test]
    fn compaction_keeps_the_order_and_closes_the_gaps() {
        let mut levels = [4, 0, 3, 3, 0];
        compact(&mut levels);
        assert_eq!(levels, [2, 0, 1, 1, 0]);
    }

    #[test]
    fn a_group_that_two_parts_match_counts_in_the_first_alone() {
        let zone = |zone| Locality { zone, ..HOME };
        let to = vec![
            (Pattern { region: Some(1), zone: Some(1), subzone: None }, 60),
            (Pattern { region: Some(1), ..Pattern::default() }, 40),
        ];
        let rules = [Distribute { from: Pattern::default(), to }];
        assert_eq!(distribute(HOME, &rules, &[(zone(1), 9), (zone(2), 1), (zone(3), 3)]), Some(vec![60, 10, 30]));
    }
}
