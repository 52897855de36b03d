//! Quantile function of the normal law: a table between the tails, Wichura's rational functions in them.

#![allow(clippy::excessive_precision, reason = "coefficients stand as they were published")]

use super::elementary;
use super::piece::{self, PIECES, Piece};

/// Quantile of the standard normal law; 0 < u < 1. Absolute error below 1e-15 where |z| < 2.9 (u within 1/512 of
/// neither end), relative error about 1e-16 beyond.
#[inline]
pub(super) fn normal(u: f64) -> f64 {
    let (tail, below) = piece::tail(u);
    // The table is that of the lower tail; the upper one is its mirror image.
    let z = match piece::find(tail) {
        Some((index, t)) => TABLE[index].at(t),
        None => far(tail),
    };
    if below { z } else { -z }
}

/// Draws in the tails, one in 256, are too rare to be laid in line.
#[cold]
#[inline(never)]
fn far(tail: f64) -> f64 {
    wichura(tail)
}

/// The lower half of the quantile function by Taylor series of its differential equation, w' = sqrt(2 pi) exp(w^2 / 2):
/// with y = w' it is y' = w y^2, coefficient by coefficient.
static TABLE: [Piece; PIECES] = {
    let mut table = [Piece::ZERO; PIECES];
    let mut index = 0;
    while index < PIECES {
        let centre = piece::centre(index);
        let start = wichura(centre);
        const SQRT_TAU: f64 = 2.506_628_274_631_000_502_4;
        let (mut w, mut y) = ([0.0; piece::TERMS], [0.0; piece::TERMS]);
        w[0] = start;
        y[0] = SQRT_TAU * elementary::within(0.5 * start * start);
        let mut n = 0;
        while n + 1 < piece::TERMS {
            w[n + 1] = y[n] / (n + 1) as f64;
            let square = piece::product(&y, &y);
            y[n + 1] = piece::product(&w, &square)[n] / (n + 1) as f64;
            n += 1;
        }
        table[index] = Piece(w);
        index += 1;
    }
    table
};

/// Wichura's AS 241 (1988), PPND16, relative error about 1e-16; 0 < u < 1.
pub(super) const fn wichura(u: f64) -> f64 {
    let centre = u - 0.5;
    if centre.abs() <= 0.425 {
        let r = 0.180625 - centre * centre;
        return centre * ratio(r, &CENTRE_ABOVE, &CENTRE_BELOW);
    }
    let tail = if centre < 0.0 { u } else { 1.0 - u };
    let r = root(-elementary::ln(tail));
    let size =
        if r <= 5.0 { ratio(r - 1.6, &MIDDLE_ABOVE, &MIDDLE_BELOW) } else { ratio(r - 5.0, &FAR_ABOVE, &FAR_BELOW) };
    if centre < 0.0 { -size } else { size }
}

/// The square root of 1 < x < 1000 by Newton's rule: the standard library's is none that constants may use.
const fn root(x: f64) -> f64 {
    // Half the exponent, half the mantissa: within 7 %, which four steps square away.
    let mut y = f64::from_bits((x.to_bits() >> 1) + (1023 << 51));
    let mut step = 0;
    while step < 4 {
        y = 0.5 * (y + x / y);
        step += 1;
    }
    y
}

/// One polynomial over another, by Horner's rule, coefficients from the constant up.
const fn ratio(r: f64, above: &[f64; 8], below: &[f64; 8]) -> f64 {
    let (mut over, mut under, mut index) = (0.0, 0.0, 8);
    while index > 0 {
        index -= 1;
        over = over * r + above[index];
        under = under * r + below[index];
    }
    over / under
}

const CENTRE_ABOVE: [f64; 8] = [
    3.387_132_872_796_366_608_0,
    133.141_667_891_784_377_45,
    1_971.590_950_306_551_442_7,
    13_731.693_765_509_461_125,
    45_921.953_931_549_871_457,
    67_265.770_927_008_700_853,
    33_430.575_583_588_128_105,
    2_509.080_928_730_122_672_7,
];
const CENTRE_BELOW: [f64; 8] = [
    1.0,
    42.313_330_701_600_911_252,
    687.187_007_492_057_908_30,
    5_394.196_021_424_751_107_7,
    21_213.794_301_586_595_867,
    39_307.895_800_092_710_610,
    28_729.085_735_721_942_674,
    5_226.495_278_852_854_561_0,
];
const MIDDLE_ABOVE: [f64; 8] = [
    1.423_437_110_749_683_577_34,
    4.630_337_846_156_545_295_90,
    5.769_497_221_460_691_405_50,
    3.647_848_324_763_204_605_04,
    1.270_458_252_452_368_382_58,
    0.241_780_725_177_450_611_770,
    0.022_723_844_989_269_184_583_3,
    7.745_450_142_783_414_076_40e-4,
];
const MIDDLE_BELOW: [f64; 8] = [
    1.0,
    2.053_191_626_637_758_821_87,
    1.676_384_830_183_803_849_40,
    0.689_767_334_985_100_004_550,
    0.148_103_976_427_480_074_590,
    0.015_198_666_563_616_457_196_6,
    5.475_938_084_995_344_946_00e-4,
    1.050_750_071_644_416_843_24e-9,
];
const FAR_ABOVE: [f64; 8] = [
    6.657_904_643_501_103_777_20,
    5.463_784_911_164_114_369_90,
    1.784_826_539_917_291_335_80,
    0.296_560_571_828_504_891_230,
    0.026_532_189_526_576_123_093_0,
    1.242_660_947_388_078_438_60e-3,
    2.711_555_568_743_487_578_15e-5,
    2.010_334_399_292_288_132_65e-7,
];
const FAR_BELOW: [f64; 8] = [
    1.0,
    0.599_832_206_555_887_937_690,
    0.136_929_880_922_735_805_310,
    0.014_875_361_290_850_614_852_5,
    7.868_691_311_456_132_591_00e-4,
    1.846_318_317_510_054_681_80e-5,
    1.421_511_758_316_445_888_70e-7,
    2.044_263_103_389_939_785_64e-15,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key;

    #[test]
    fn the_normal_quantile_is_that_of_the_published_tables() {
        // The three check values of AS 241 itself, and two of every table.
        let known = [
            (0.25, -0.674_489_750_196_081_7),
            (0.001, -3.090_232_306_167_813_5),
            (1e-20, -9.262_340_089_798_408),
            (0.5, 0.0),
            (0.975, 1.959_963_984_540_054),
        ];
        for (u, want) in known {
            assert!((normal(u) - want).abs() <= 4e-15 * want.abs().max(1.0), "{u}: {} {want}", normal(u));
        }
    }

    #[test]
    fn the_normal_quantile_inverts_the_error_function() {
        for u in (1..2000).map(|i| f64::from(i) / 2000.0).chain([1e-15, 1e-12, 1e-9, 1e-6]) {
            let back = 0.5 * libm::erfc(-normal(u) / std::f64::consts::SQRT_2);
            assert!((back / u - 1.0).abs() < 2e-14, "{u}: {back}");
        }
    }

    #[test]
    fn the_table_is_the_rational_function_and_rises() {
        let key = Key::new(4, 0, "normal", "table");
        let joints = (0..9 * 32).flat_map(|i| {
            let joint = libm::ldexp(1.0 + f64::from(i % 32) / 32.0, -1 - i / 32);
            (-4..4).map(move |n| joint + (f64::from(n) + 0.5) * f64::EPSILON)
        });
        for u in joints.chain((0..500_000).map(|i| key.uniform(i))) {
            for u in [u, 1.0 - u] {
                let (got, want) = (normal(u), wichura(u));
                assert!((got - want).abs() <= 1e-15 * want.abs().max(1.0), "{u:e}: {got} {want}");
                assert!(normal(u - f64::EPSILON) <= got, "{u:e}");
            }
        }
        assert!(normal(0.5).abs() < 1e-16);
    }

    #[test]
    fn the_ends_are_finite_and_mirrored() {
        let mut u = 0.5;
        while u > 1e-300 {
            assert!((normal(u) - wichura(u)).abs() < 1e-14);
            u *= 0.75;
        }
        for i in 0..1_000 {
            let u = (f64::from(i) + 0.5) * f64::EPSILON;
            assert_eq!(normal(u), -normal(1.0 - u));
        }
    }

    #[test]
    fn newton_takes_square_roots() {
        for x in (1..100_000).map(|i| f64::from(i) * 0.01) {
            assert!((root(x) / libm::sqrt(x) - 1.0).abs() <= 2.3e-16, "{x}");
        }
    }
}
