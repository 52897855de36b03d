//! Polynomial pieces of a quantile function, 32 to the octave of the nearer tail, from 1/512 to 1/2.
//!
//! Quantile functions bend the harder the nearer their ends; pieces whose width is a fixed share of the distance to the
//! end need the same degree all the way. A piece is one cache line, and nearly all draws fall on those of the last octaves.

/// Coefficients of a piece.
pub(super) const TERMS: usize = 8;
/// Octaves that have pieces: tails down to 2^-9, beyond which one draw in 256 lies.
const OCTAVES: usize = 8;
/// Pieces in all, and one more that begins at 1/2 itself.
pub(super) const PIECES: usize = OCTAVES * 32 + 1;
/// 2^-9: where the first piece begins.
const FIRST: u64 = (1023 - 9) << 52;
/// Low bits of a mantissa, which say where in its piece a number lies; 5 high ones name the piece.
const WITHIN: u64 = (1 << 47) - 1;

/// A polynomial in the distance from the middle of its piece, constant first.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Piece(pub(super) [f64; TERMS]);

impl Piece {
    pub(super) const ZERO: Piece = Piece([0.0; TERMS]);

    /// The value `t` from the middle; in pairs, so that the multiplications overlap.
    #[inline]
    pub(super) fn at(&self, t: f64) -> f64 {
        let [a, b, c, d, e, f, g, h] = self.0;
        let square = t * t;
        let low = (a + b * t) + square * (c + d * t);
        let high = (e + f * t) + square * (g + h * t);
        low + (square * square) * high
    }
}

/// The distance to the nearer end, at most 1/2, and whether that is the lower one. 1 - u is exact for u of 1/2 or more.
#[inline]
pub(super) fn tail(u: f64) -> (f64, bool) {
    let above = 1.0 - u;
    (if u < above { u } else { above }, u < above)
}

/// The piece that `tail` lies in and how far from its middle; none nearer to the end than the first piece.
#[inline]
pub(super) fn find(tail: f64) -> Option<(usize, f64)> {
    let bits = tail.to_bits();
    let index = (bits.wrapping_sub(FIRST) >> 47) as usize;
    // Exact: a number minus one of its own binade.
    (index < PIECES).then(|| (index, tail - f64::from_bits((bits & !WITHIN) | (WITHIN + 1) >> 1)))
}

/// The middle of a piece.
pub(super) const fn centre(index: usize) -> f64 {
    f64::from_bits(FIRST + ((index as u64) << 47) + ((WITHIN + 1) >> 1))
}

/// The product of two power series, cut where they are.
pub(super) const fn product(a: &[f64; TERMS], b: &[f64; TERMS]) -> [f64; TERMS] {
    let mut product = [0.0; TERMS];
    let mut i = 0;
    while i < TERMS {
        let mut j = 0;
        while i + j < TERMS {
            product[i + j] += a[i] * b[j];
            j += 1;
        }
        i += 1;
    }
    product
}
