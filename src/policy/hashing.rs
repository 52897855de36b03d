//! What the hash balancers share: Envoy's hash functions, weights as shares, and bounded loads.
//!
//! `thread_aware_lb_impl.cc` and `source/common/common/hash.cc` of Envoy.

use rand_mt::Mt;
use twox_hash::XxHash64;

/// Which function places a host on a ring.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum HashFunction {
    /// xxHash64 with seed 0, the default of Envoy and Istio.
    #[default]
    XxHash,
    /// MurmurHash2 for 64 bits with libstdc++'s seed.
    Murmur2,
}

impl HashFunction {
    /// The hash of `bytes`.
    pub fn hash(self, bytes: &[u8]) -> u64 {
        match self {
            HashFunction::XxHash => xx_hash(bytes, 0),
            HashFunction::Murmur2 => murmur2(bytes, 0xc70f_6907),
        }
    }
}

/// xxHash64, as Envoy hashes header values, addresses and host keys.
pub fn xx_hash(bytes: &[u8], seed: u64) -> u64 {
    XxHash64::oneshot(seed, bytes)
}

/// MurmurHash64A (Austin Appleby, public domain), which is libstdc++'s `std::hash` of strings.
fn murmur2(bytes: &[u8], seed: u64) -> u64 {
    const M: u64 = 0xc6a4_a793_5bd1_e995;
    let mixed = |word: u64| word ^ (word >> 47);
    let mut hash = seed ^ (bytes.len() as u64).wrapping_mul(M);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let word = mixed(u64::from_le_bytes(*word).wrapping_mul(M)).wrapping_mul(M);
        hash = (hash ^ word).wrapping_mul(M);
    }
    if !rest.is_empty() {
        let word = rest.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
        hash = (hash ^ word).wrapping_mul(M);
    }
    mixed(mixed(hash).wrapping_mul(M))
}

/// Hosts of one locality: its weight and theirs, each with the number that the caller knows it by.
#[derive(Clone, Debug)]
pub struct Weighted<'a> {
    /// The locality's weight; 0: none of its hosts is chosen.
    pub weight: u32,
    /// Its hosts.
    pub hosts: &'a [(u16, u32)],
}

/// Each host's share, sum 1: its locality's weight among all, times its own within the locality. What is missing of a
/// locality's hosts takes nothing from its weight here. Without locality weights, give one locality. Hosts of a
/// locality without weight are left out.
pub fn shares(localities: &[Weighted<'_>]) -> Vec<(u16, f64)> {
    let sum: u64 = localities.iter().map(|locality| u64::from(locality.weight)).sum();
    let mut shares = Vec::new();
    for locality in localities.iter().filter(|locality| locality.weight > 0) {
        let weight = f64::from(locality.weight) / sum as f64;
        let within: u64 = locality.hosts.iter().map(|&(_, weight)| u64::from(weight)).sum();
        let share = |&(host, own): &(u16, u32)| (host, f64::from(own) * weight / within as f64);
        shares.extend(locality.hosts.iter().map(share));
    }
    shares
}

/// Bounded loads (Envoy `hash_balance_factor`): `chosen`, unless it has more than `percent` of its share of the active
/// requests; then the first host that has not, in an order that the hash shuffles, or the least overloaded.
///
/// `active` counts a host's requests, `all` those of all hosts of the upstream, whatever is believed of them; `order` is
/// room for the shuffle. The shuffle is that of libstdc++'s mt19937, seeded by the low bits of the hash.
pub fn bounded(
    chosen: u16,
    shares: &[(u16, f64)],
    percent: u32,
    hash: u64,
    (active, all): (impl Fn(u16) -> u32, u64),
    order: &mut Vec<u32>,
) -> u16 {
    let slots = ((all + 1) * u64::from(percent)).div_ceil(100) as f64;
    let overload = |&(host, share): &(u16, f64)| f64::from(active(host)) / (slots * share).ceil().max(1.0);
    let Some(first) = shares.iter().find(|(host, _)| *host == chosen) else { return chosen };
    let mut least = (overload(first), chosen);
    if least.0 <= 1.0 {
        return chosen;
    }
    let mut random = Mt::new(hash as u32);
    let mut below = |n: u32| {
        let bucket = ((1_u64 << 32) / u64::from(n)) as u32;
        loop {
            let drawn = if n == 1 { 0 } else { random.next_u32() / bucket };
            if drawn < n {
                return drawn;
            }
        }
    };
    order.clear();
    order.extend(0..shares.len() as u32);
    for index in 0..order.len() {
        let other = index + below((order.len() - index) as u32) as usize;
        order.swap(index, other);
        let row = &shares[order[index] as usize];
        if row.0 == chosen {
            continue;
        }
        let load = overload(row);
        if load <= 1.0 {
            return row.0;
        }
        if load < least.0 {
            least = (load, row.0);
        }
    }
    least.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_published_functions() {
        // Envoy's test/common/common/hash_test.cc.
        let xx = |text: &str| HashFunction::XxHash.hash(text.as_bytes());
        assert_eq!(xx("foo"), 3_728_699_739_546_630_719);
        assert_eq!(xx("foo\nbar"), 8_917_841_378_505_826_757);
        assert_eq!(xx(""), 17_241_709_254_077_376_921);
        let murmur = |text: &str| HashFunction::Murmur2.hash(text.as_bytes());
        assert_eq!(murmur("foo"), 9_631_199_822_919_835_226);
        assert_eq!(murmur("foo\nbar"), 16_306_510_975_912_980_159);
        assert_eq!(murmur(""), 6_142_509_188_972_423_790);
    }

    #[test]
    fn nobody_gets_more_than_the_bound_while_another_host_has_room() {
        let shares: Vec<(u16, f64)> = (0..5).map(|host| (host, 0.2)).collect();
        let mut active = [0_u32; 5];
        let mut order = Vec::new();
        for hash in 0..1_000 {
            // Every request hashes to host 0.
            let all: u32 = active.iter().sum();
            let counts = (|host| active[usize::from(host)], u64::from(all));
            let host = bounded(0, &shares, 150, hash, counts, &mut order);
            let slots = (f64::from((all + 1) * 150).div_euclid(100.0) * 0.2).ceil() + 1.0;
            assert!(f64::from(active[usize::from(host)]) <= slots);
            active[usize::from(host)] += 1;
        }
        assert!(active.iter().all(|&active| active > 100), "{active:?}");
    }
}
