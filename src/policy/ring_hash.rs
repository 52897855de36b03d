//! Ring hash: a request's hash names a place on a ring of hosts, and the next host on it is chosen (Envoy RING_HASH).

use super::hashing::HashFunction;

/// How large a ring is, and what places hosts on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RingHash {
    /// Least number of places (Envoy and Istio: 1024).
    pub min_size: u32,
    /// Largest number of places (Envoy: 8,388,608).
    pub max_size: u32,
    /// Percent of its share of the active requests beyond which a host is passed over; none: not looked at.
    pub bound: Option<u32>,
    /// What hashes a host's places.
    pub function: HashFunction,
}

impl RingHash {
    /// The largest ring that Envoy builds.
    pub const LARGEST: u32 = 8_388_608;
    /// Envoy's own, and Istio's.
    pub const ENVOY: RingHash =
        RingHash { min_size: 1024, max_size: Self::LARGEST, bound: None, function: HashFunction::XxHash };
}

impl Default for RingHash {
    fn default() -> Self {
        RingHash::ENVOY
    }
}

/// Places of hosts by their hash.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ring {
    places: Vec<(u64, u16)>,
    size: u64,
}

impl Ring {
    /// The ring of hosts with these shares (sum 1), each by the hashes of `<key>_0`, `<key>_1` and so on.
    ///
    /// The host of the least share gets a whole number of places; of the others fractions are carried from host to host.
    pub fn new<'a>(shares: &[(u16, f64)], rule: &RingHash, key: impl Fn(u16) -> &'a str) -> Ring {
        let least = shares.iter().fold(1.0, |least: f64, &(_, share)| least.min(share));
        if shares.is_empty() {
            return Ring::default();
        }
        let scale = ((least * f64::from(rule.min_size)).ceil() / least).min(f64::from(rule.max_size));
        let size = scale.ceil() as u64;
        let mut places = Vec::with_capacity(size as usize);
        let (mut due, mut text) = (0.0, String::new());
        for &(host, share) in shares {
            due += scale * share;
            let mut number = 0_u32;
            while (places.len() as f64) < due {
                use std::fmt::Write;
                text.clear();
                write!(text, "{}_{number}", key(host)).expect("a string takes what is written");
                places.push((rule.function.hash(text.as_bytes()), host));
                number += 1;
            }
        }
        places.sort_by_key(|&(hash, _)| hash);
        Ring { places, size }
    }

    /// The number of places that was aimed at.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// How many places a host has.
    pub fn places_of(&self, host: u16) -> usize {
        self.places.iter().filter(|place| place.1 == host).count()
    }

    /// The host for a hash: the first place not before it, from the top on around; at the n-th further try n places on.
    pub fn choose(&self, hash: u64, attempt: u32) -> Option<u16> {
        let first = self.places.partition_point(|&(place, _)| place < hash);
        let index = (first % self.places.len().max(1) + attempt as usize) % self.places.len().max(1);
        self.places.get(index).map(|&(_, host)| host)
    }
}
