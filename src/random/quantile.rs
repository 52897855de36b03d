//! Quantile functions without a closed form: the normal and the Erlang law.
//!
//! libm only, so that the last bit is the same on every platform.

#![allow(clippy::excessive_precision, reason = "coefficients stand as they were published")]

/// Quantile of the standard normal law: Wichura's AS 241 (1988), PPND16, relative error about 1e-16; 0 < u < 1.
pub(super) fn normal(u: f64) -> f64 {
    let centre = u - 0.5;
    if centre.abs() <= 0.425 {
        let r = 0.180625 - centre * centre;
        return centre * ratio(r, &CENTRE_ABOVE, &CENTRE_BELOW);
    }
    let tail = if centre < 0.0 { u } else { 1.0 - u };
    let r = libm::sqrt(-libm::log(tail));
    let size =
        if r <= 5.0 { ratio(r - 1.6, &MIDDLE_ABOVE, &MIDDLE_BELOW) } else { ratio(r - 5.0, &FAR_ABOVE, &FAR_BELOW) };
    if centre < 0.0 { -size } else { size }
}

/// One polynomial over another, by Horner's rule, coefficients from the constant up.
fn ratio(r: f64, above: &[f64; 8], below: &[f64; 8]) -> f64 {
    let horner = |terms: &[f64; 8]| terms.iter().rev().fold(0.0, |sum, term| sum * r + term);
    horner(above) / horner(below)
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

/// Quantile of the sum of `shape` exponentials of mean 1: Newton's rule on its cdf, kept inside a bracket; 0 < u < 1.
pub(super) fn erlang(shape: u32, u: f64) -> f64 {
    if shape <= 1 {
        return -libm::log(1.0 - u);
    }
    let k = f64::from(shape);
    let log_factorial = libm::lgamma(k);
    let (mut low, mut high) = (0.0f64, f64::INFINITY);
    // Wilson and Hilferty (1931): the cube root of a gamma variate is nearly normal.
    let cube_root = 1.0 - 1.0 / (9.0 * k) + normal(u) / (3.0 * libm::sqrt(k));
    let mut x = if cube_root > 0.1 { k * cube_root * cube_root * cube_root } else { k * 1e-3 };
    for _ in 0..200 {
        let density = libm::exp((k - 1.0) * libm::log(x) - x - log_factorial);
        // The tail that is small is summed, so that neither end loses digits.
        let excess = if u < 0.5 { density * lower(k, x) - u } else { (1.0 - u) - density * upper(shape, x) };
        if excess > 0.0 {
            high = x
        } else {
            low = x
        }
        let newton = x - excess / density;
        let next = if newton > low && newton < high {
            newton
        } else if high.is_finite() {
            0.5 * (low + high)
        } else {
            2.0 * x
        };
        let step = (next - x).abs();
        x = next;
        if step <= 1e-14 * x {
            break;
        }
    }
    x
}

/// The cdf over the density: x/k (1 + x/(k+1) + x^2/((k+1)(k+2)) + ...).
fn lower(k: f64, x: f64) -> f64 {
    let (mut term, mut sum, mut at) = (x / k, x / k, k);
    while term > sum * 1e-17 {
        at += 1.0;
        term *= x / at;
        sum += term;
    }
    sum
}

/// The tail over the density: 1 + (k-1)/x + (k-1)(k-2)/x^2 + ...
fn upper(shape: u32, x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for left in (1..shape).rev() {
        term *= f64::from(left) / x;
        sum += term;
        if term < sum * 1e-17 {
            break;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn the_erlang_quantile_inverts_its_own_cdf_at_both_ends() {
        for shape in [2, 3, 4, 10, 100, 1000] {
            for u in [1e-12, 1e-6, 0.01, 0.3, 0.5, 0.8, 0.99, 0.9999, 1.0 - 1e-12] {
                let x = erlang(shape, u);
                // 1 - e^-x sum x^i / i!, in logarithms so that shape 1000 does not overflow.
                let terms =
                    (0..4000u32).map(|i| libm::exp(f64::from(i) * libm::log(x) - x - libm::lgamma(f64::from(i) + 1.0)));
                let (below, above): (f64, f64) = terms.enumerate().fold((0.0, 0.0), |(below, above), (i, term)| {
                    if (i as u32) < shape { (below + term, above) } else { (below, above + term) }
                });
                let (got, want) = if u < 0.5 { (above, u) } else { (below, 1.0 - u) };
                assert!((got / want - 1.0).abs() < 1e-9, "shape {shape}, u {u}: {got} {want}");
            }
        }
    }
}
