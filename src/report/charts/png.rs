//! SVG to PNG by resvg, with the built-in fonts and no others, so that the picture is the same on every machine.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};

use super::board::{BOLD, FAMILY, REGULAR};

/// Pixels of the picture per pixel of the drawing: sharp on dense screens and in print.
const DENSITY: f32 = 2.0;

/// `svg`, a drawing of ours, as PNG.
pub(in crate::report) fn png(svg: &str) -> Vec<u8> {
    let mut fonts = Database::new();
    for font in [REGULAR, BOLD] {
        fonts.load_font_data(font.to_vec());
    }
    let options = Options { fontdb: Arc::new(fonts), font_family: FAMILY.to_owned(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).expect("a chart is well-formed SVG");
    let size = tree.size().to_int_size().scale_by(DENSITY).expect("a chart has a size");
    let mut picture = Pixmap::new(size.width(), size.height()).expect("a chart is some megapixels at most");
    resvg::render(&tree, Transform::from_scale(DENSITY, DENSITY), &mut picture.as_mut());
    picture.encode_png().expect("a picture in memory is encoded")
}
