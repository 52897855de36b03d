//! Address ranges: parsed once, and compared where a product needs them apart.

use std::fmt;

/// An IPv4 range in CIDR notation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cidr {
    base: u32,
    bits: u8,
}

impl Cidr {
    /// Reads `10.10.0.0/16`; none where it is not four octets and a prefix length of 0..=32 with no bits set past it.
    pub fn parse(text: &str) -> Option<Cidr> {
        let (address, bits) = text.trim().split_once('/')?;
        Cidr::new(u32::from(address.parse::<std::net::Ipv4Addr>().ok()?), bits.parse().ok()?)
    }

    /// The range of `bits` leading bits of `base`; none where there are more than 32, or bits set past them.
    pub fn new(base: u32, bits: u8) -> Option<Cidr> {
        let range = Cidr { base, bits };
        (bits <= 32).then_some(range).filter(|range| base & !range.mask() == 0)
    }

    const fn mask(self) -> u32 {
        if self.bits == 0 { 0 } else { u32::MAX << (32 - self.bits) }
    }

    /// Does it hold all addresses of the other?
    pub const fn contains(self, other: Cidr) -> bool {
        self.bits <= other.bits && self.overlaps(other)
    }

    /// Do the two share an address? Ranges either nest or are apart.
    pub const fn overlaps(self, other: Cidr) -> bool {
        let mask = self.mask() & other.mask();
        self.base & mask == other.base & mask
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", std::net::Ipv4Addr::from(self.base), self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(a: &str, b: &str, overlap: bool) {
        let (a, b) = (Cidr::parse(a).unwrap(), Cidr::parse(b).unwrap());
        assert_eq!((a.overlaps(b), b.overlaps(a)), (overlap, overlap), "{a} {b}");
    }

    #[test]
    fn ranges_nest_or_are_apart() {
        check("10.10.0.0/16", "10.10.0.0/16", true);
        check("10.10.0.0/16", "10.10.3.0/24", true);
        check("10.10.0.0/16", "10.11.0.0/16", false);
        check("0.0.0.0/0", "192.168.0.0/24", true);
        check("10.0.0.1/32", "10.0.0.0/32", false);
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in ["10.10.0.0", "10.10.0.0/33", "10.10.0/16", "10.10.0.1/16", "ten/8", ""] {
            assert_eq!(Cidr::parse(text), None, "{text}");
        }
    }
}
