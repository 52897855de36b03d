//! Natural logarithm and exponential of our own: a table of 64 steps and a short polynomial.
//!
//! IEEE 754 additions, multiplications and table look-ups only, in a fixed order and never fused, so that the last bit
//! is the same on every platform. Frozen: another order of two additions would change results. Both are within
//! 1e-15 of the value (relative), which the tests hold against libm over the whole range.

/// The low bits of a mantissa that a table of 64 steps does not see.
const REST: u64 = (1 << 46) - 1;
/// Where the reduced argument of [`ln`] begins, 11/16, so that the grid has 1 well inside.
const GROUND: u64 = 0x3FE6_0000_0000_0000;
/// Half a step of the grid: the table is taken at the nearest grid point.
const HALF: u64 = 1 << 45;
/// ln 2 to the nearest.
const LN2: f64 = std::f64::consts::LN_2;

/// ln x of a positive, normal `x`; relative error below 1e-15 everywhere, near 1 too.
///
/// x = 2^k z; c is the grid point nearest to z, and 1 is one, whose logarithm is an exact zero: near x = 1 nothing
/// cancels. z - c is exact (Sterbenz 1974). On the numbers that `Key::uniform` draws it is strictly increasing.
#[inline]
pub(super) const fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let above = bits.wrapping_add(HALF).wrapping_sub(GROUND);
    let exponent = (above as i64) >> 52;
    let reduced = bits.wrapping_sub((exponent << 52) as u64);
    let centre = f64::from_bits((reduced + HALF) & !REST);
    let step = &LN[(above >> 46) as usize & 63];
    let r = (f64::from_bits(reduced) - centre) * step.inverse;
    let base = exponent as f64 * LN2 + step.ln;
    // ln(1 + r) = r - r^2/2 + ... - r^8/8, |r| < 2^-7.
    let square = r * r;
    let low = (-1.0 / 2.0 + r * (1.0 / 3.0)) + square * (-1.0 / 4.0 + r * (1.0 / 5.0));
    let high = (-1.0 / 6.0 + r * (1.0 / 7.0)) + square * (-1.0 / 8.0);
    base + (r + square * (low + (square * square) * high))
}

/// One step of the table of [`ln`].
#[derive(Clone, Copy)]
struct Step {
    /// 1 over the grid point, rounded.
    inverse: f64,
    /// The logarithm of the grid point, rounded.
    ln: f64,
}

const LN: [Step; 64] = {
    let mut table = [Step { inverse: 0.0, ln: 0.0 }; 64];
    let mut index = 0;
    while index < 64 {
        let point = f64::from_bits(GROUND + ((index as u64) << 46));
        table[index] = Step { inverse: 1.0 / point, ln: f64::from_bits(LN_BITS[index]) };
        index += 1;
    }
    table
};

/// Beyond it exponentials leave the normal numbers.
const REACH: f64 = 708.0;
/// ln 2 / 64 in two parts; the first has zeros enough at its end for 17 bits times it to be exact.
const LN2_64_HIGH: f64 = f64::from_bits(0x3F86_2E42_FEFA_0000);
const LN2_64_LOW: f64 = f64::from_bits(0x3D1C_F79A_BC9E_3B39);
/// 1.5 * 2^52: adding it leaves the nearest integer in the low bits.
const TO_INTEGER: f64 = 6_755_399_441_055_744.0;

/// e^x; relative error below 1e-15, and as libm has it where the result is infinite, zero or nearly so.
#[inline]
pub(super) fn exp(x: f64) -> f64 {
    if x.abs() < REACH { within(x) } else { libm::exp(x) }
}

/// e^x for |x| < 708: 2^(n/64) e^r, |r| < ln 2 / 128.
#[inline]
pub(super) const fn within(x: f64) -> f64 {
    let shifted = x * (64.0 / LN2) + TO_INTEGER;
    let n = shifted.to_bits();
    let whole = shifted - TO_INTEGER;
    let r = (x - whole * LN2_64_HIGH) - whole * LN2_64_LOW;
    let power = f64::from_bits(EXP2_BITS[(n & 63) as usize].wrapping_add((n >> 6) << 52));
    // e^r - 1 = r + r^2/2 + ... + r^5/120.
    let square = r * r;
    let tail = (1.0 / 2.0 + r * (1.0 / 6.0)) + square * (1.0 / 24.0 + r * (1.0 / 120.0));
    power + power * (r + square * tail)
}

/// ln of 11/16 + i/128 below 1, of 1 + i/64 above: what libm gives.
#[rustfmt::skip]
const LN_BITS: [u64; 64] = [
    0xBFD7_FAFA_3BD8_151C, 0xBFD7_41D8_76C6_7BB1, 0xBFD6_8AC8_3E9C_6A14, 0xBFD5_D5BD_DF59_5F30,
    0xBFD5_22AE_0738_A3D8, 0xBFD4_718D_C271_C41B, 0xBFD3_C252_7733_3184, 0xBFD3_14F1_E1D3_5CE4,
    0xBFD2_6962_1134_DB92, 0xBFD1_BF99_635A_6B95, 0xBFD1_178E_8227_E47C, 0xBFD0_7138_604D_5862,
    0xBFCF_991C_6CB3_B37A, 0xBFCE_530E_FFE7_1012, 0xBFCD_1037_F265_5E7B, 0xBFCB_D087_383B_D8AD,
    0xBFCA_93ED_3C8A_D9E4, 0xBFC9_5A5A_DCF7_017F, 0xBFC8_23C1_6551_A3C2, 0xBFC6_F012_8B75_6ABC,
    0xBFC5_BF40_6B54_3DB2, 0xBFC4_913D_8333_B561, 0xBFC3_65FC_B015_9016, 0xBFC2_3D71_2A49_C202,
    0xBFC1_178E_8227_E47C, 0xBFBF_E891_39DB_D566, 0xBFBD_A727_6384_46A2, 0xBFBB_6AC8_8DAD_5B1C,
    0xBFB9_335E_5D59_4989, 0xBFB7_00D3_0AEA_C0E1, 0xBFB4_D311_5D20_7EAC, 0xBFB2_AA04_A447_17A5,
    0xBFB0_8598_B59E_3A07, 0xBFAC_CB73_CDDD_B2CC, 0xBFA8_94AA_149F_B343, 0xBFA4_66AE_D42D_E3EA,
    0xBFA0_415D_89E7_4444, 0xBF98_4925_28C8_CABF, 0xBF90_2056_5893_5847, 0xBF80_1015_7588_DE71,
    0x0000_0000_0000_0000, 0x3F8F_C0A8_B0FC_03E4, 0x3F9F_829B_0E78_3300, 0x3FA7_7458_F632_DCFC,
    0x3FAF_0A30_C011_62A6, 0x3FB3_41D7_961B_D1D1, 0x3FB6_F0D2_8AE5_6B4C, 0x3FBA_926D_3A4A_D563,
    0x3FBE_2707_6E2A_F2E6, 0x3FC0_D77E_7CD0_8E59, 0x3FC2_9552_F81F_F523, 0x3FC4_4D2B_6CCB_7D1E,
    0x3FC5_FF30_70A7_93D4, 0x3FC7_AB89_0210_D909, 0x3FC9_525A_9CF4_56B4, 0x3FCA_F3C9_4E80_BFF3,
    0x3FCC_8FF7_C79A_9A22, 0x3FCE_2707_6E2A_F2E6, 0x3FCF_B918_6D5E_3E2A, 0x3FD0_A324_E273_90E3,
    0x3FD1_675C_ABAB_A60E, 0x3FD2_2941_FBCF_7966, 0x3FD2_E8E2_BAE1_1D31, 0x3FD3_A64C_5569_45EA,
];

/// 2^(i/64): what libm gives.
#[rustfmt::skip]
const EXP2_BITS: [u64; 64] = [
    0x3FF0_0000_0000_0000, 0x3FF0_2C9A_3E77_8061, 0x3FF0_59B0_D315_8574, 0x3FF0_8745_1875_9BC8,
    0x3FF0_B558_6CF9_890F, 0x3FF0_E3EC_32D3_D1A2, 0x3FF1_1301_D012_5B51, 0x3FF1_429A_AEA9_2DE0,
    0x3FF1_72B8_3C7D_517B, 0x3FF1_A35B_EB6F_CB75, 0x3FF1_D487_3168_B9AA, 0x3FF2_063B_8862_8CD6,
    0x3FF2_387A_6E75_6238, 0x3FF2_6B45_65E2_7CDD, 0x3FF2_9E9D_F51F_DEE1, 0x3FF2_D285_A6E4_030B,
    0x3FF3_06FE_0A31_B715, 0x3FF3_3C08_B264_16FF, 0x3FF3_71A7_373A_A9CB, 0x3FF3_A7DB_34E5_9FF7,
    0x3FF3_DEA6_4C12_3422, 0x3FF4_160A_21F7_2E2A, 0x3FF4_4E08_6061_892D, 0x3FF4_86A2_B5C1_3CD0,
    0x3FF4_BFDA_D536_2A27, 0x3FF4_F9B2_769D_2CA7, 0x3FF5_342B_569D_4F82, 0x3FF5_6F47_36B5_27DA,
    0x3FF5_AB07_DD48_5429, 0x3FF5_E76F_15AD_2148, 0x3FF6_247E_B03A_5585, 0x3FF6_6238_8255_2225,
    0x3FF6_A09E_667F_3BCD, 0x3FF6_DFB2_3C65_1A2F, 0x3FF7_1F75_E8EC_5F74, 0x3FF7_5FEB_5642_67C9,
    0x3FF7_A114_73EB_0187, 0x3FF7_E2F3_36CF_4E62, 0x3FF8_2589_994C_CE13, 0x3FF8_68D9_9B44_92ED,
    0x3FF8_ACE5_422A_A0DB, 0x3FF8_F1AE_9915_7736, 0x3FF9_3737_B0CD_C5E5, 0x3FF9_7D82_9FDE_4E50,
    0x3FF9_C491_82A3_F090, 0x3FFA_0C66_7B5D_E565, 0x3FFA_5503_B23E_255D, 0x3FFA_9E6B_5579_FDBF,
    0x3FFA_E89F_995A_D3AD, 0x3FFB_33A2_B84F_15FB, 0x3FFB_7F76_F2FB_5E47, 0x3FFB_CC1E_904B_C1D2,
    0x3FFC_199B_DD85_529C, 0x3FFC_67F1_2E57_D14B, 0x3FFC_B720_DCEF_9069, 0x3FFD_072D_4A07_897C,
    0x3FFD_5818_DCFB_A487, 0x3FFD_A9E6_03DB_3285, 0x3FFD_FC97_337B_9B5F, 0x3FFE_502E_E78B_3FF6,
    0x3FFE_A4AF_A2A4_90DA, 0x3FFE_FA1B_EE61_5A27, 0x3FFF_5076_5B6E_4540, 0x3FFF_A7C1_819E_90D8,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key;

    /// Bits of the results, so that no platform and no compiler can move them unseen.
    fn digest(values: impl Iterator<Item = f64>) -> u64 {
        values.fold(0, |hash, value| crate::random::mix(hash, value.to_bits()))
    }

    #[test]
    fn the_tables_are_those_of_libm_to_the_bit() {
        for index in 0..64u64 {
            let point = f64::from_bits(GROUND + (index << 46));
            assert_eq!(LN_BITS[index as usize], libm::log(point).to_bits(), "ln {point}");
            assert_eq!(EXP2_BITS[index as usize], libm::exp2(index as f64 / 64.0).to_bits(), "2^({index}/64)");
        }
        assert_eq!((LN2_64_HIGH * 64.0) + LN2_64_LOW * 64.0, LN2);
        assert_eq!(LN2_64_HIGH.to_bits().trailing_zeros(), 17);
    }

    /// Positive normal numbers: every exponent, near 1 from both sides, near every grid point, and at random.
    fn positives() -> impl Iterator<Item = f64> {
        let key = Key::new(5, 0, "ln", "points");
        let wide = (0..400_000).map(move |i| f64::from_bits(key.bits(i) >> 1)).filter(|x| x.is_normal());
        let near = (0..400_000).map(move |i| libm::ldexp(key.uniform(i) + 0.5, (i % 60) as i32 - 55));
        let one = (0..52).flat_map(|i| [1.0 + libm::ldexp(1.0, -i), 1.0 - libm::ldexp(1.0, -1 - i)]);
        let grid = (0..128u64).flat_map(|i| {
            let joint = GROUND + (i << 45);
            [joint - 2, joint - 1, joint, joint + 1].into_iter().map(f64::from_bits)
        });
        wide.chain(near).chain(one).chain(grid).chain([f64::MIN_POSITIVE, f64::MAX])
    }

    #[test]
    fn the_logarithm_is_that_of_libm_within_1e_15() {
        for x in positives() {
            let (got, want) = (ln(x), libm::log(x));
            assert!((got - want).abs() <= 1e-15 * want.abs(), "ln {x:e}: {got:e} {want:e}");
        }
        assert_eq!(ln(1.0).to_bits(), 0);
    }

    #[test]
    fn the_exponential_is_that_of_libm_within_1e_15() {
        let key = Key::new(5, 0, "exp", "points");
        let spread = [708.0, 100.0, 10.0, 1.0, 1e-3, 1e-9, 1e-18];
        let points = (0..700_000).map(|i| (2.0 * key.uniform(i) - 1.0) * spread[i as usize % 7]);
        let joints = (-65_000..65_000).map(|i| (f64::from(i) + 0.5) * LN2 / 64.0);
        for x in points.chain(joints).chain([0.0, -0.0]) {
            let (got, want) = (exp(x), libm::exp(x));
            assert!((got / want - 1.0).abs() <= 1e-15, "exp {x:e}: {got:e} {want:e}");
        }
        for x in [708.0, -708.0, 709.9, -744.0, -746.0, 1e300, -1e300, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(exp(x).to_bits(), libm::exp(x).to_bits(), "exp {x}");
        }
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(f64::NAN).is_nan());
    }

    #[test]
    fn the_logarithm_rises_with_every_number_that_can_be_drawn() {
        let step = 1.0 / (1u64 << 52) as f64;
        let rises = |x: f64| assert!(ln(x) < ln(x + step), "between {x:e} and the next");
        // Around every joint of two polynomials in every octave that draws reach, and at random.
        for octave in 1..50 {
            for joint in 0..128u64 {
                let joint = f64::from_bits(GROUND + (joint << 45)) * libm::ldexp(1.0, -octave);
                let drawn = (libm::floor(joint / step) + 0.5) * step;
                (-4..4).map(|i| drawn + f64::from(i) * step).filter(|x| *x > 0.0).for_each(rises);
            }
        }
        let key = Key::new(5, 0, "ln", "rises");
        (0..1_000_000).map(|i| key.uniform(i)).filter(|x| x + step < 1.0).for_each(rises);
        // All of the ends.
        (0..100_000).map(|i| (f64::from(i) + 0.5) * step).for_each(rises);
        (2..100_000).map(|i| 1.0 - (f64::from(i) - 0.5) * step).for_each(rises);
    }

    #[test]
    fn the_exponential_does_not_fall_from_one_joint_to_the_next() {
        for joint in -6_400..6_400 {
            let joint = (f64::from(joint) + 0.5) * LN2 / 64.0;
            // Steps of 1e-15, relative where the argument is large: neighbours that results can tell apart.
            let values: Vec<f64> = (-8..8).map(|i| exp(joint + f64::from(i) * 1e-15 * joint.abs().max(1.0))).collect();
            assert!(values.is_sorted(), "around {joint}");
        }
    }

    #[test]
    fn every_bit_is_frozen() {
        let key = Key::new(9, 0, "frozen", "bits");
        let digests = [
            digest(positives().map(ln)),
            digest((0..100_000).map(|i| exp(1400.0 * (key.uniform(i) - 0.5)))),
            digest((0..100_000).map(|i| ln(1.0 - key.uniform(i)))),
        ];
        assert_eq!(digests, [0xE5BC_6591_77C7_B132, 0xAC9B_73B0_67CB_931B, 0xB2D6_7E88_A353_850A]);
        let near_1 = [1.0 - 0.5 * f64::EPSILON, 1.0 + f64::EPSILON];
        let bits = [0.5, 2.0, 0.1, near_1[0], near_1[1], f64::MIN_POSITIVE, f64::MAX].map(|x| ln(x).to_bits());
        assert_eq!(
            bits,
            [
                0xBFE6_2E42_FEFA_39EF,
                0x3FE6_2E42_FEFA_39EF,
                0xC002_6BB1_BBB5_5515,
                0xBCA0_0000_0000_0000,
                0x3CAF_FFFF_FFFF_FFFF,
                0xC086_232B_DD7A_BCD2,
                0x4086_2E42_FEFA_39EF
            ]
        );
        let bits = [1.0, -1.0, 0.1, 1e-9, 700.0, -700.0].map(|x| exp(x).to_bits());
        assert_eq!(
            bits,
            [
                0x4005_BF0A_8B14_5769,
                0x3FD7_8B56_362C_EF38,
                0x3FF1_AEC7_B35A_00D3,
                0x3FF0_0000_0044_B830,
                0x7F0D_945D_F4F8_EC8E,
                0x00D1_4F2B_0FB9_307F
            ]
        );
    }
}
