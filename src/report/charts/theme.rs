//! Colours, dashes and type of the charts. Okabe and Ito's palette in the order of the file, and more where it ends:
//! never colour alone.

use plotters::style::RGBColor;

/// Text and marks.
pub(super) const INK: RGBColor = RGBColor(0x1F, 0x29, 0x37);
/// Captions and axis labels.
pub(super) const MUTED: RGBColor = RGBColor(0x5B, 0x64, 0x70);
/// Grid lines.
pub(super) const GRID: RGBColor = RGBColor(0xE3, 0xE6, 0xEA);
/// The ground.
pub(super) const PAPER: RGBColor = RGBColor(0xFF, 0xFF, 0xFE);
/// The shade of a fault's window.
pub(super) const FAULT: RGBColor = RGBColor(0xF6, 0xE3, 0xD6);
/// Words and ticks that belong to a fault.
pub(super) const FAULT_INK: RGBColor = RGBColor(0xA8, 0x4A, 0x00);

/// Lines of the variants. The palette's orange and sky blue are too faint for lines; darker kin stand for them, and three
/// more follow that differ from them in lightness too.
pub(super) const LINES: [RGBColor; 9] = [
    RGBColor(0x00, 0x72, 0xB2),
    RGBColor(0xD5, 0x5E, 0x00),
    RGBColor(0x00, 0x9E, 0x73),
    RGBColor(0xCC, 0x79, 0xA7),
    RGBColor(0x9A, 0x6A, 0x00),
    RGBColor(0x4D, 0x4D, 0x4D),
    RGBColor(0x6A, 0x3D, 0x9A),
    RGBColor(0x9C, 0x1B, 0x3C),
    RGBColor(0x00, 0x7C, 0x8F),
];

/// Dash patterns beside the colours, in pixels; dots are kept for what is not bounded; with nine colours and five
/// dashes no pair repeats before forty-five.
pub(super) const DASHES: [&str; 5] = ["", "8 3", "9 3 2 3", "4 2", "12 3 2 3 2 3"];

/// Areas of the cost stack; the last one is for what is summed up as other lines.
pub(super) const AREAS: [RGBColor; 6] = [
    RGBColor(0x00, 0x72, 0xB3),
    RGBColor(0x56, 0xB4, 0xE9),
    RGBColor(0x00, 0x9E, 0x74),
    RGBColor(0xE6, 0x9F, 0x00),
    RGBColor(0xCC, 0x79, 0xA8),
    RGBColor(0xA9, 0xB0, 0xB8),
];

/// What each colour becomes on a dark page: (light, dark). Colours that are not named stay.
const DARK: [(RGBColor, &str); 15] = [
    (INK, "#E6E9EE"),
    (MUTED, "#A3ACB8"),
    (GRID, "#2E3742"),
    (PAPER, "#14181E"),
    (FAULT, "#46301F"),
    (FAULT_INK, "#F2A56B"),
    (LINES[0], "#56B4E9"),
    (LINES[1], "#F08A3C"),
    (LINES[2], "#3CC79C"),
    (LINES[3], "#DE9BC1"),
    (LINES[4], "#E6B84D"),
    (LINES[5], "#B8BEC6"),
    (LINES[6], "#B394DB"),
    (LINES[7], "#F0708A"),
    (LINES[8], "#4CC3D4"),
];

/// Style rules that turn a chart inside `scope` dark, to stand within a page's own rule for dark mode.
pub(in crate::report) fn dark_rules(scope: &str) -> String {
    let rule = |(light, dark): &(RGBColor, &str)| {
        let light = hex(*light);
        format!("{scope} [fill=\"{light}\"]{{fill:{dark}}}{scope} [stroke=\"{light}\"]{{stroke:{dark}}}")
    };
    DARK.iter().map(rule).collect()
}

/// The colour of a variant's lines, by its place in the file.
pub(super) fn line(variant: usize) -> RGBColor {
    LINES[variant % LINES.len()]
}

/// The dashes of a variant's lines, by its place in the file.
pub(super) fn dash(variant: usize) -> &'static str {
    DASHES[variant % DASHES.len()]
}

/// The colour of a variant's lines as it is written in a style sheet.
pub(in crate::report) fn line_hex(variant: usize) -> String {
    hex(line(variant))
}

/// The colour of a variant's lines on a dark page.
pub(in crate::report) fn dark_line_hex(variant: usize) -> &'static str {
    let light = hex(line(variant));
    DARK.iter().find(|(colour, _)| hex(*colour) == light).map(|(_, dark)| *dark).expect("every line has a dark colour")
}

/// `#RRGGBB`.
pub(super) fn hex(colour: RGBColor) -> String {
    format!("#{:02X}{:02X}{:02X}", colour.0, colour.1, colour.2)
}

/// Dark or light letters, whichever is read better on `ground`. Not [`INK`] and [`PAPER`] themselves: areas keep
/// their colour on a dark page, and so must the letters on them.
pub(super) fn ink_on(ground: RGBColor) -> RGBColor {
    let (ink, paper) = (RGBColor(0x11, 0x18, 0x27), RGBColor(0xFF, 0xFF, 0xFF));
    if contrast(ink, ground) > contrast(paper, ground) { ink } else { paper }
}

/// Contrast of two colours, 1 to 21 (WCAG 2.2, relative luminance).
fn contrast(a: RGBColor, b: RGBColor) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(RGBColor(r, g, b): RGBColor) -> f64 {
    let part = |value: u8| {
        let share = f64::from(value) / 255.0;
        if share <= 0.04045 { share / 12.92 } else { libm::pow((share + 0.055) / 1.055, 2.4) }
    };
    0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_contrast_of_four_and_a_half_and_lines_of_three() {
        for colour in [INK, MUTED, FAULT_INK] {
            assert!(contrast(colour, PAPER) >= 4.5, "{}", hex(colour));
        }
        assert!(contrast(FAULT_INK, FAULT) >= 4.5);
        for colour in LINES {
            assert!(contrast(colour, PAPER) >= 3.0, "{}", hex(colour));
        }
        for ground in AREAS {
            assert!(contrast(ink_on(ground), ground) >= 4.5, "{}", hex(ground));
        }
    }

    #[test]
    fn every_role_has_a_colour_of_its_own_so_that_a_dark_page_can_tell_them_apart() {
        for (index, (colour, _)) in DARK.iter().enumerate() {
            assert!(DARK[..index].iter().all(|(other, _)| hex(*other) != hex(*colour)));
            assert!(AREAS.iter().all(|area| hex(*area) != hex(*colour)));
        }
    }
}
