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
pub fn level(proxy: Locality, host: Locality, failover: &[Failover]) -> u8 {
    if host.region != proxy.region {
        return match failover.iter().find(|rule| rule.from == proxy.region) {
            Some(rule) if rule.to != host.region => 4,
            _ => 3,
        };
    }
    match (host.zone == proxy.zone, host.subzone == proxy.subzone) {
        (true, true) => 0,
        (true, false) => 1,
        (false, _) => 2,
    }
}

/// Closes the gaps: the least level becomes priority 0, the next one 1, and so on.
pub fn compact(levels: &mut [u8]) {
    let mut used = [false; 256];
    for &level in levels.iter() {
        used[usize::from(level)] = true;
    }
    for level in levels {
        *level = used[..usize::from(*level)].iter().filter(|&&used| used).count() as u8;
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
    /// Where to, in percent or any other parts of a whole.
    pub to: Vec<(Pattern, u32)>,
}

/// Weights of locality groups under the first rule that fits the proxy; none where no rule does.
///
/// Each part of a rule is divided among the groups that it matches in proportion to their own weight, rounded up. A
/// group that nothing matches gets 0 and is never chosen, not even when all others are dead: distribute has no failover.
pub fn distribute(proxy: Locality, rules: &[Distribute], groups: &[(Locality, u32)]) -> Option<Vec<u32>> {
    let rule = rules.iter().find(|rule| rule.from.matches(proxy))?;
    let mut weights = vec![0; groups.len()];
    for &(pattern, part) in &rule.to {
        let of_part = groups.iter().filter(|(at, _)| pattern.matches(*at));
        let matched: u64 = of_part.map(|&(_, weight)| u64::from(weight)).sum();
        for (weight, (at, own)) in weights.iter_mut().zip(groups) {
            // A group belongs to the first part that matches it.
            if pattern.matches(*at) && *weight == 0 && matched > 0 {
                // Never more than the part, for a group is never more than all that matched.
                *weight = (u64::from(*own) * u64::from(part)).div_ceil(matched) as u32;
            }
        }
    }
    Some(weights)
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
    }

    #[test]
    fn compaction_keeps_the_order_and_closes_the_gaps() {
        let mut levels = [4, 0, 3, 3, 0];
        compact(&mut levels);
        assert_eq!(levels, [2, 0, 1, 1, 0]);
    }
}
