//! What a draw costs: bits, uniforms, and each law beside the same law through libm, in one run.
//!
//! One iteration is one variate, its uniform included; take `uniform` off for the law alone. Formulas of the other side
//! are those that libm would give: log, exp and pow, AS 241 for the normal law, Newton's rule for Erlang's.

#![allow(clippy::excessive_precision, reason = "coefficients stand as they were published")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use eastwest::random::{Key, Law, mix};
use eastwest::units::Duration;

/// Draws `sample(u)` for the uniforms of one key, one after the other.
fn each(bench: &mut Criterion, name: &str, side: &str, mut sample: impl FnMut(f64) -> f64) {
    let key = black_box(Key::new(1, 0, "bench", "draws"));
    bench.bench_function(&format!("{name}/{side}"), |bencher| {
        let mut counter = 0u64;
        bencher.iter(|| {
            counter += 1;
            sample(key.uniform(counter))
        });
    });
}

/// A law as the machine has it, in a table and of unknown kind, beside its formula through libm.
fn both(bench: &mut Criterion, name: &str, law: Law, formula: impl FnMut(f64) -> f64) {
    let law = black_box(law);
    // What is worked out at the first draw is not timed.
    law.sample(0.5);
    each(bench, name, "own", |u| law.sample(u));
    each(bench, name, "libm", formula);
}

fn draws(bench: &mut Criterion) {
    let key = black_box(Key::new(1, 0, "bench", "draws"));
    let mut counter = 0u64;
    bench.bench_function("mix", |bencher| {
        bencher.iter(|| {
            counter += 1;
            mix(black_box(7), counter)
        });
    });
    bench.bench_function("bits", |bencher| {
        bencher.iter(|| {
            counter += 1;
            key.bits(counter)
        });
    });
    each(bench, "uniform", "own", |u| u);
    bench.bench_function("nanoseconds", |bencher| {
        bencher.iter(|| {
            counter += 1;
            Duration::from_seconds_f64(key.uniform(counter))
        });
    });
}

fn laws(bench: &mut Criterion) {
    // Parameters that neither side may fold into its code.
    let (mean, low, high) = black_box((2.0, 1.0, 4.0));
    both(bench, "constant", Law::Constant(mean), |_| mean);
    both(bench, "exponential", Law::Exponential { mean }, |u| -mean * libm::log(1.0 - u));
    both(bench, "uniform law", Law::Uniform { low, high }, |u| low + (high - low) * u);
    let (mu, sigma) = black_box((-0.5, 0.8));
    both(bench, "lognormal", Law::Lognormal { mu, sigma }, |u| libm::exp(mu + sigma * normal(u)));
    let (shape, scale) = black_box((1.5, 2.0));
    both(bench, "weibull", Law::Weibull { shape, scale }, |u| scale * libm::pow(-libm::log(1.0 - u), 1.0 / shape));
    let (alpha, min, max) = black_box((2.5, 1.0, 100.0));
    both(bench, "pareto", Law::Pareto { alpha, min, max }, |u| {
        let above = libm::pow(min / max, alpha);
        (min * libm::pow(1.0 - u * (1.0 - above), -1.0 / alpha)).min(max)
    });
    let branches = black_box([(0.9, 0.5), (0.1, 5.0)]);
    both(bench, "hyperexponential", Law::Hyperexponential(branches.to_vec()), |u| {
        let (chance, mean, below) = if u < branches[0].0 {
            (branches[0].0, branches[0].1, 0.0)
        } else {
            (branches[1].0, branches[1].1, branches[0].0)
        };
        -mean * libm::log(1.0 - (u - below) / chance)
    });
    for shape in [4, 20] {
        let mean = f64::from(shape);
        both(bench, &format!("erlang {shape}"), Law::Erlang { shape, mean }, |u| erlang(shape, u));
    }
    let values: Vec<f64> = (0..1000).map(f64::from).collect();
    let law = black_box(Law::Empirical(values));
    each(bench, "empirical", "own", |u| law.sample(u));
}

/// Wichura's AS 241 as it is published, with libm's logarithm.
fn normal(u: f64) -> f64 {
    let centre = u - 0.5;
    if centre.abs() <= 0.425 {
        let r = 0.180625 - centre * centre;
        return centre * ratio(r, &CENTRE);
    }
    let r = libm::sqrt(-libm::log(if centre < 0.0 { u } else { 1.0 - u }));
    let size = if r <= 5.0 { ratio(r - 1.6, &MIDDLE) } else { ratio(r - 5.0, &FAR) };
    if centre < 0.0 { -size } else { size }
}

fn ratio(r: f64, terms: &[[f64; 8]; 2]) -> f64 {
    let horner = |terms: &[f64; 8]| terms.iter().rev().fold(0.0, |sum, term| sum * r + term);
    horner(&terms[0]) / horner(&terms[1])
}

const CENTRE: [[f64; 8]; 2] = [
    [
        3.387_132_872_796_366_608_0,
        133.141_667_891_784_377_45,
        1_971.590_950_306_551_442_7,
        13_731.693_765_509_461_125,
        45_921.953_931_549_871_457,
        67_265.770_927_008_700_853,
        33_430.575_583_588_128_105,
        2_509.080_928_730_122_672_7,
    ],
    [
        1.0,
        42.313_330_701_600_911_252,
        687.187_007_492_057_908_30,
        5_394.196_021_424_751_107_7,
        21_213.794_301_586_595_867,
        39_307.895_800_092_710_610,
        28_729.085_735_721_942_674,
        5_226.495_278_852_854_561_0,
    ],
];
const MIDDLE: [[f64; 8]; 2] = [
    [
        1.423_437_110_749_683_577_34,
        4.630_337_846_156_545_295_90,
        5.769_497_221_460_691_405_50,
        3.647_848_324_763_204_605_04,
        1.270_458_252_452_368_382_58,
        0.241_780_725_177_450_611_770,
        0.022_723_844_989_269_184_583_3,
        7.745_450_142_783_414_076_40e-4,
    ],
    [
        1.0,
        2.053_191_626_637_758_821_87,
        1.676_384_830_183_803_849_40,
        0.689_767_334_985_100_004_550,
        0.148_103_976_427_480_074_590,
        0.015_198_666_563_616_457_196_6,
        5.475_938_084_995_344_946_00e-4,
        1.050_750_071_644_416_843_24e-9,
    ],
];
const FAR: [[f64; 8]; 2] = [
    [
        6.657_904_643_501_103_777_20,
        5.463_784_911_164_114_369_90,
        1.784_826_539_917_291_335_80,
        0.296_560_571_828_504_891_230,
        0.026_532_189_526_576_123_093_0,
        1.242_660_947_388_078_438_60e-3,
        2.711_555_568_743_487_578_15e-5,
        2.010_334_399_292_288_132_65e-7,
    ],
    [
        1.0,
        0.599_832_206_555_887_937_690,
        0.136_929_880_922_735_805_310,
        0.014_875_361_290_850_614_852_5,
        7.868_691_311_456_132_591_00e-4,
        1.846_318_317_510_054_681_80e-5,
        1.421_511_758_316_445_888_70e-7,
        2.044_263_103_389_939_785_64e-15,
    ],
];

/// Newton's rule on the cdf from Wilson and Hilferty's start.
fn erlang(shape: u32, u: f64) -> f64 {
    let k = f64::from(shape);
    let log_factorial = libm::lgamma(k);
    let cube_root = 1.0 - 1.0 / (9.0 * k) + normal(u) / (3.0 * libm::sqrt(k));
    let mut x = k * (cube_root * cube_root * cube_root).max(1e-3);
    for _ in 0..50 {
        let density = libm::exp((k - 1.0) * libm::log(x) - x - log_factorial);
        // The tail over the density: 1 + (k-1)/x + (k-1)(k-2)/x^2 + ...
        let tail = (1..shape).rev().fold((1.0, 1.0), |(sum, term), left| {
            let term = term * f64::from(left) / x;
            (sum + term, term)
        });
        let step = ((1.0 - u) - density * tail.0) / density;
        x = (x - step).max(0.5 * x);
        if step.abs() <= 1e-9 * x {
            break;
        }
    }
    x
}

criterion_group!(benches, draws, laws);
criterion_main!(benches);
