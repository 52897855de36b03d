//! Keys and draws: a number is a pure function of what it is for, never of when it was drawn.
//!
//! A [`Key`] names a purpose (seed, replication, entity, use); a counter names one draw. No state is kept, so that
//! adding a service, reordering events or cutting the run over threads shifts nobody else's numbers
//! (common random numbers). The functions and their constants are frozen: changing one changes every result.

use std::convert::Infallible;

use rand::rand_core::TryRng;

/// 2^64 divided by the golden ratio, odd: the step of SplitMix64 (Steele, Lea, Flood 2014).
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
/// First multiplier of Stafford's mix 13, the finaliser of SplitMix64.
const STAFFORD_1: u64 = 0xBF58_476D_1CE4_E5B9;
/// Second multiplier of Stafford's mix 13.
const STAFFORD_2: u64 = 0x94D0_49BB_1331_11EB;
/// An odd multiplier with good spectral figures (Steele, Vigna 2021), so that a path is not its own reverse.
const PATH: u64 = 0xD134_2543_DE82_EF95;
/// Offset basis of FNV-1a, 64 bits.
const FNV_BASIS: u64 = 0xCBF2_9CE4_8422_2325;
/// Prime of FNV-1a, 64 bits.
const FNV_PRIME: u64 = 0x0000_0100_0000_01B3;

/// The finaliser of SplitMix64: a bijection in which every input bit moves every output bit.
#[inline]
const fn finalise(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(STAFFORD_1);
    z = (z ^ (z >> 27)).wrapping_mul(STAFFORD_2);
    z ^ (z >> 31)
}

/// The path hash: the name of step `b` below `a`. For a fixed `a` a bijection of `b`, and the other way round;
/// `mix(a, b)` and `mix(b, a)` differ.
#[inline]
pub const fn mix(a: u64, b: u64) -> u64 {
    finalise(finalise(a.wrapping_add(GOLDEN)) ^ b.wrapping_mul(PATH))
}

/// FNV-1a over the bytes of a name, finalised, so that names that differ in their last letter are far apart.
pub const fn hash_name(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let mut hash = FNV_BASIS;
    let mut index = 0;
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u64).wrapping_mul(FNV_PRIME);
        index += 1;
    }
    finalise(hash)
}

/// What draws are for: one stream of numbers, addressed by counter.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Key(u64);

impl Key {
    /// The stream of `purpose` (`arrivals`, `work`, `jitter`) of the entity that the scenario calls `name`.
    pub const fn new(seed: u64, replication: u32, name: &str, purpose: &str) -> Key {
        Key(mix(mix(mix(seed, replication as u64), hash_name(name)), hash_name(purpose)))
    }

    /// Draw `counter` of this stream: 64 random bits.
    ///
    /// The keyed double mix: the inner mix walks the counter, the outer one takes the key again, so that streams
    /// whose keys differ by a multiple of the step do not overlap.
    #[inline]
    pub const fn bits(self, counter: u64) -> u64 {
        finalise(finalise(counter.wrapping_mul(GOLDEN).wrapping_add(self.0)) ^ self.0.rotate_left(32))
    }

    /// Draw `counter` as a number strictly between 0 and 1, a multiple of 2^-53; `1 - u` is exact.
    #[inline]
    pub fn uniform(self, counter: u64) -> f64 {
        // 52 bits and a half: 53 bits and a half would round to 1 at the top. The bits become the mantissa of a number
        // in 1..2; taking 1 less half a step from it is exact, and cheaper than a conversion.
        const ONE: u64 = 1.0f64.to_bits();
        f64::from_bits(ONE | (self.bits(counter) >> 12)) - (1.0 - 0.5 * f64::EPSILON)
    }

    /// A stream of its own at `counter`.
    pub(super) const fn below(self, counter: u64) -> Key {
        Key(self.bits(counter))
    }

    /// A generator of its own at `counter`, for laws that take more than one draw: all of rand and rand_distr works
    /// on it, and whatever it consumes shifts nobody else.
    #[inline]
    pub const fn rng(self, counter: u64) -> KeyedRng {
        KeyedRng { key: self.below(counter), next: 0 }
    }
}

/// The draws of one [`Key`] one after the other, as a generator in rand's sense.
#[derive(Clone, Debug)]
pub struct KeyedRng {
    key: Key,
    next: u64,
}

impl TryRng for KeyedRng {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        // The upper half.
        self.try_next_u64().map(|bits| (bits >> 32) as u32)
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let bits = self.key.bits(self.next);
        self.next += 1;
        Ok(bits)
    }

    fn try_fill_bytes(&mut self, target: &mut [u8]) -> Result<(), Infallible> {
        for chunk in target.chunks_mut(8) {
            let bytes = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, RngExt};

    #[test]
    fn the_finaliser_is_that_of_splitmix64() {
        // The first outputs of SplitMix64 seeded with 1234567, as published with its reference code (Vigna 2015).
        let known = [6457827717110365317, 3203168211198807973, 9817491932198370423];
        for (step, want) in known.into_iter().enumerate() {
            assert_eq!(finalise(GOLDEN.wrapping_mul(step as u64 + 1).wrapping_add(1_234_567)), want);
        }
    }

    #[test]
    fn hashes_and_draws_are_frozen() {
        // Worked out by an independent coding (Python integers).
        assert_eq!(mix(0, 0), 0x4821_8226_FF3C_D4BF);
        assert_eq!(mix(1, 2), 0xEC89_9128_0680_B330);
        assert_eq!(mix(2, 1), 0xD635_BD39_2439_12AF);
        assert_eq!(hash_name(""), finalise(FNV_BASIS));
        assert_eq!(hash_name("payments"), 0x6570_B212_9171_541F);
        let key = Key::new(42, 3, "payments", "work");
        assert_eq!(key, Key(0x031F_5EB7_08F2_11A2));
        assert_eq!(
            [key.bits(0), key.bits(1), key.bits(u64::MAX)],
            [0x5304_4B67_FC1E_0C73, 0x8364_652F_3FC0_E729, 0xCD64_6BE8_B394_3C87]
        );
        assert_eq!(key.rng(7).next_u64(), 0xD68A_C541_496B_82C3);
    }

    #[test]
    fn each_part_of_a_key_makes_a_stream_of_its_own() {
        let keys = [
            Key::new(1, 0, "a", "work"),
            Key::new(2, 0, "a", "work"),
            Key::new(1, 1, "a", "work"),
            Key::new(1, 0, "b", "work"),
            Key::new(1, 0, "a", "gap"),
            Key::new(1, 0, "work", "a"),
        ];
        for (index, one) in keys.iter().enumerate() {
            for other in &keys[index + 1..] {
                assert_ne!(one, other);
                // Uncorrelated: n = 40,000 pairs, standard error 1 / sqrt(n) = 0.005; five of them.
                let n = 40_000;
                let product: f64 = (0..n).map(|i| (one.uniform(i) - 0.5) * (other.uniform(i) - 0.5)).sum();
                assert!((product * 12.0 / n as f64).abs() < 0.025);
            }
        }
    }

    #[test]
    fn uniforms_are_uniform_and_never_0_or_1() {
        let key = Key::new(7, 0, "web", "gap");
        let n = 1_000_000;
        let mut draws: Vec<f64> = (0..n).map(|i| key.uniform(i)).collect();
        draws.sort_by(f64::total_cmp);
        assert!(draws[0] > 0.0 && draws[n as usize - 1] < 1.0);
        // Kolmogorov-Smirnov at 1e-3: 1.95 / sqrt(n).
        let distance = (0..n as usize).map(|i| (draws[i] - (i as f64 + 0.5) / n as f64).abs()).fold(0.0, f64::max);
        assert!(distance < 1.95 / 1000.0, "{distance}");
    }

    #[test]
    fn a_uniform_is_its_bits_and_a_half() {
        let key = Key::new(7, 0, "web", "gap");
        for counter in 0..100_000 {
            let want = ((key.bits(counter) >> 12) as f64 + 0.5) / (1u64 << 52) as f64;
            assert_eq!(key.uniform(counter).to_bits(), want.to_bits());
        }
    }

    #[test]
    fn neighbouring_counters_are_independent() {
        let key = Key::new(7, 0, "web", "gap");
        let n = 1_000_000u64;
        for lag in [1, 2, 32, 1 << 16, 1 << 32] {
            let product: f64 = (0..n).map(|i| (key.uniform(i) - 0.5) * (key.uniform(i + lag) - 0.5)).sum();
            assert!((product * 12.0 / n as f64).abs() < 0.005, "lag {lag}");
        }
    }

    #[test]
    fn rand_works_on_a_keyed_generator() {
        let mut rng = Key::new(1, 2, "x", "y").rng(9);
        let first: f64 = rng.random();
        assert!((0.0..1.0).contains(&first));
        let mut bytes = [0u8; 11];
        rng.fill_bytes(&mut bytes);
        assert!(bytes.iter().any(|&byte| byte != 0));
        assert!((3..9).contains(&rng.random_range(3..9)));
    }
}
