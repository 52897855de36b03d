//! Maglev: a request's hash names an entry of a table that hosts have filled in turn (Envoy MAGLEV; Eisenbud 2016).

use super::hashing::xx_hash;

/// How large the table is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Maglev {
    /// Entries, a prime (Envoy and Istio: 65,537).
    pub table_size: u32,
    /// Percent of its share of the active requests beyond which a host is passed over; none: not looked at.
    pub bound: Option<u32>,
}

impl Default for Maglev {
    fn default() -> Self {
        Maglev::ENVOY
    }
}

impl Maglev {
    /// The largest table that Envoy takes.
    pub const LARGEST: u32 = 5_000_011;
    /// Envoy's own, and Istio's.
    pub const ENVOY: Maglev = Maglev { table_size: 65_537, bound: None };

    /// Is this a size that Envoy takes: a prime, and not too large?
    pub fn is_size(size: u32) -> bool {
        let divides = |n: u32| size.is_multiple_of(n);
        (2..=Self::LARGEST).contains(&size) && !(2..).take_while(|n| n * n <= size).any(divides)
    }
}

/// The filled table.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Table {
    entries: Vec<u16>,
}

impl Table {
    /// The table of hosts with these shares (sum 1), by their keys. Hosts take turns in the order of their keys, one
    /// of a smaller share fewer; each has an order of its own in which it takes entries.
    ///
    /// # Panics
    /// Where `table_size` is no size of a table, see [`Maglev::is_size`].
    pub fn new<'a>(shares: &[(u16, f64)], rule: &Maglev, key: impl Fn(u16) -> &'a str) -> Table {
        struct Host {
            host: u16,
            share: f64,
            place: u64,
            skip: u64,
            target: f64,
        }
        assert!(Maglev::is_size(rule.table_size), "the table size of maglev is a prime");
        if shares.is_empty() {
            return Table::default();
        }
        let size = u64::from(rule.table_size);
        let most = shares.iter().fold(0.0, |most: f64, &(_, share)| most.max(share));
        let mut sorted: Vec<(&str, u16, f64)> = shares.iter().map(|&(host, share)| (key(host), host, share)).collect();
        sorted.sort_by(|a, b| a.0.cmp(b.0).then(a.1.cmp(&b.1)));
        let start = |(key, host, share): (&str, u16, f64)| Host {
            host,
            share,
            place: xx_hash(key.as_bytes(), 0) % size,
            skip: xx_hash(key.as_bytes(), 1) % (size - 1) + 1,
            target: 0.0,
        };
        let mut hosts: Vec<Host> = sorted.into_iter().map(start).collect();
        let mut entries = vec![u16::MAX; size as usize];
        let (mut free, mut round) = (size, 0_u32);
        while free > 0 {
            round += 1;
            for host in &mut hosts {
                // One of half the largest share has a turn every second round.
                if free == 0 || f64::from(round) * host.share < host.target {
                    continue;
                }
                host.target += most;
                while entries[host.place as usize] != u16::MAX {
                    host.place = (host.place + host.skip) % size;
                }
                entries[host.place as usize] = host.host;
                host.place = (host.place + host.skip) % size;
                free -= 1;
            }
        }
        Table { entries }
    }

    /// The host for a hash; further tries change the hash.
    pub fn choose(&self, hash: u64, attempt: u32) -> Option<u16> {
        let changed = if attempt == 0 { hash } else { hash ^ (!0 - u64::from(attempt) + 1) };
        let index = changed.checked_rem(self.entries.len() as u64)?;
        self.entries.get(index as usize).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_primes_are_sizes() {
        let sizes: Vec<u32> = (0..30).filter(|&size| Maglev::is_size(size)).collect();
        assert_eq!(sizes, [2, 3, 5, 7, 11, 13, 17, 19, 23, 29]);
        assert!(Maglev::is_size(65_537) && Maglev::is_size(Maglev::LARGEST) && !Maglev::is_size(5_000_029));
    }
}
