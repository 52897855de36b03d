//! The board that a chart is drawn on: a headline, a caption, a footer, and plots between them, all in pixels.
//!
//! Every constant is in pixels of the finished picture; the eightfold grid of the canvas stays inside this file.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Once;

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, register_font};

use super::canvas::{Canvas, EM, STEPS, Sheet, escaped};
use super::labels::Area;
use super::theme;

/// Inter, regular (SIL Open Font License, assets/OFL-Inter.txt).
pub(super) const REGULAR: &[u8] = include_bytes!("../assets/Inter-400Regular.subset.ttf");
/// Inter, bold.
pub(super) const BOLD: &[u8] = include_bytes!("../assets/Inter-700Bold.subset.ttf");

/// The family that the font files name.
pub(super) const FAMILY: &str = "Inter";
/// Width of every chart.
pub(super) const WIDTH: f64 = 860.0;
/// Space left of headline and caption.
const MARGIN: f64 = 20.0;

/// A drawing area in data coordinates; logarithms are taken by the chart.
pub(super) type Plot = DrawingArea<Canvas, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Where a text is held.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// By the middle of its left edge.
    Left,
    /// By its centre.
    Centre,
    /// By the middle of its right edge.
    Right,
}

/// Size, weight and colour of a text.
#[derive(Clone, Copy)]
pub(super) struct Type {
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) colour: RGBColor,
}

impl Type {
    /// Names and values.
    pub(super) const LABEL: Type = Type { size: 12.0, bold: true, colour: theme::INK };
    /// Values beside a name.
    pub(super) const VALUE: Type = Type { size: 12.0, bold: false, colour: theme::INK };
    /// Axes and remarks.
    pub(super) const AXIS: Type = Type { size: 11.5, bold: false, colour: theme::MUTED };
    const HEADLINE: Type = Type { size: 17.0, bold: true, colour: theme::INK };
    const CAPTION: Type = Type { size: 12.0, bold: false, colour: theme::MUTED };

    fn font(self) -> FontDesc<'static> {
        let style = if self.bold { FontStyle::Bold } else { FontStyle::Normal };
        FontDesc::new(FontFamily::Name(FAMILY), self.size * EM * f64::from(STEPS), style)
    }

    /// Width of `text` in pixels.
    pub(super) fn width(self, text: &str) -> f64 {
        fonts();
        let (width, _) = self.font().box_size(text).expect("the font is registered");
        f64::from(width) / f64::from(STEPS)
    }

    /// `text` with its middle left out where it is wider than `room`: both ends of a variant's name tell it apart.
    pub(super) fn elided(self, text: &str, room: f64) -> String {
        if self.width(text) <= room {
            return text.to_owned();
        }
        let letters = text.chars().collect::<Vec<_>>();
        for kept in (2..letters.len()).rev() {
            let (head, tail) = (kept.div_ceil(2), kept / 2);
            let short =
                letters[..head].iter().chain(['…'].iter()).chain(&letters[letters.len() - tail..]).collect::<String>();
            if self.width(&short) <= room {
                return short;
            }
        }
        "…".to_owned()
    }

    /// `text` on as many lines as `room` asks for.
    pub(super) fn wrapped(self, text: &str, room: f64) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split_whitespace() {
            match lines.last_mut() {
                Some(line) if self.width(&format!("{line} {word}")) <= room => {
                    line.push(' ');
                    line.push_str(word);
                }
                _ => lines.push(word.to_owned()),
            }
        }
        lines
    }
}

/// Registers the fonts, once. plotters is silent about a font that it does not know: it draws no text.
fn fonts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for (style, bytes) in [(FontStyle::Normal, REGULAR), (FontStyle::Bold, BOLD)] {
            assert!(register_font(FAMILY, style, bytes).is_ok(), "the built-in font is a font");
        }
    });
}

fn steps(pixels: f64) -> i32 {
    (pixels * f64::from(STEPS)).round() as i32
}

/// The board; plots and marks are drawn on it, then it is taken as SVG.
pub(super) struct Board {
    root: DrawingArea<Canvas, Shift>,
    sheet: Rc<RefCell<Sheet>>,
    height: f64,
    headline: String,
    caption: String,
    /// Where the space for plots begins, pixels from the top.
    pub(super) top: f64,
    /// Where it ends.
    pub(super) bottom: f64,
}

impl Board {
    /// A board with `space` pixels of height for plots, under a headline and a caption, above a footer.
    pub(super) fn new(headline: &str, caption: &str, footer: &str, space: f64) -> Board {
        fonts();
        let room = WIDTH - 2.0 * MARGIN;
        let heads = Type::HEADLINE.wrapped(headline, room);
        let captions = Type::CAPTION.wrapped(caption, room);
        let feet = Type::AXIS.wrapped(footer, room);
        let top = 18.0 + heads.len() as f64 * 22.0 + captions.len() as f64 * 16.0 + 14.0;
        let bottom = top + space;
        let height = bottom + 10.0 + feet.len() as f64 * 15.0 + 6.0;

        let sheet = Rc::new(RefCell::new(Sheet::default()));
        let size = (steps(WIDTH) as u32, steps(height) as u32);
        let root = Canvas { sheet: Rc::clone(&sheet), size }.into_drawing_area();
        let board =
            Board { root, sheet, height, headline: headline.to_owned(), caption: caption.to_owned(), top, bottom };
        board.area(Area { left: 0.0, top: 0.0, right: WIDTH, bottom: height }, theme::PAPER, 1.0);
        let mut y = 26.0;
        for line in &heads {
            board.text(MARGIN, y, line, Type::HEADLINE, Hold::Left);
            y += 22.0;
        }
        for line in &captions {
            board.text(MARGIN, y, line, Type::CAPTION, Hold::Left);
            y += 16.0;
        }
        for (index, line) in feet.iter().enumerate() {
            board.text(
                MARGIN,
                bottom + 16.0 + 15.0 * index as f64,
                line,
                Type { size: 10.5, ..Type::AXIS },
                Hold::Left,
            );
        }
        board
    }

    /// A plot in `frame` with linear ranges.
    pub(super) fn plot(&self, frame: Area, x: (f64, f64), y: (f64, f64)) -> Plot {
        let pixels = (steps(frame.left)..steps(frame.right), steps(frame.bottom)..steps(frame.top));
        self.root.clone().apply_coord_spec(Cartesian2d::new(x.0..x.1, y.0..y.1, (pixels.0, pixels.1)))
    }

    /// Where a point of a plot is, in pixels.
    pub(super) fn at(&self, plot: &Plot, x: f64, y: f64) -> (f64, f64) {
        let (x, y) = plot.map_coordinate(&(x, y));
        (f64::from(x) / f64::from(STEPS), f64::from(y) / f64::from(STEPS))
    }

    /// Dashes of the lines to come; empty for solid.
    pub(super) fn dashed(&self, dash: &'static str) {
        self.sheet.borrow_mut().dash = dash;
    }

    /// A text; its height is centred on `y`.
    pub(super) fn text(&self, x: f64, y: f64, text: &str, kind: Type, hold: Hold) {
        let h_pos = match hold {
            Hold::Left => HPos::Left,
            Hold::Centre => HPos::Center,
            Hold::Right => HPos::Right,
        };
        let style = TextStyle::from(kind.font()).color(&kind.colour).pos(Pos::new(h_pos, VPos::Center));
        self.draw(&Text::new(text.to_owned(), (steps(x), steps(y)), style));
    }

    /// A text that reads upwards, centred on its point.
    pub(super) fn upright(&self, x: f64, y: f64, text: &str, kind: Type) {
        let font = kind.font().transform(FontTransform::Rotate270);
        let style = TextStyle::from(font).color(&kind.colour).pos(Pos::new(HPos::Center, VPos::Center));
        self.draw(&Text::new(text.to_owned(), (steps(x), steps(y)), style));
    }

    /// A line through points in pixels.
    pub(super) fn line(&self, points: &[(f64, f64)], colour: RGBColor, width: f64) {
        let points = points.iter().map(|&(x, y)| (steps(x), steps(y))).collect::<Vec<_>>();
        self.draw(&PathElement::new(points, colour.stroke_width(steps(width) as u32)));
    }

    /// A filled rectangle.
    pub(super) fn area(&self, area: Area, colour: RGBColor, opacity: f64) {
        let corners = [(steps(area.left), steps(area.top)), (steps(area.right), steps(area.bottom))];
        self.draw(&Rectangle::new(corners, colour.mix(opacity).filled()));
    }

    /// A filled polygon.
    pub(super) fn polygon(&self, points: &[(f64, f64)], colour: RGBColor, opacity: f64) {
        let points = points.iter().map(|&(x, y)| (steps(x), steps(y))).collect::<Vec<_>>();
        self.draw(&Polygon::new(points, colour.mix(opacity)));
    }

    /// A disc with a rim.
    pub(super) fn disc(&self, (x, y): (f64, f64), radius: f64, colour: RGBColor, opacity: f64) {
        let (centre, radius) = ((steps(x), steps(y)), steps(radius));
        if opacity > 0.0 {
            self.draw(&Circle::new(centre, radius, colour.mix(opacity).filled()));
        }
        self.draw(&Circle::new(centre, radius, colour.stroke_width(steps(1.8) as u32)));
    }

    /// The small mark of a variant, so that colour is not the only cue: its shape goes by its place in the file.
    pub(super) fn mark(&self, variant: usize, (x, y): (f64, f64)) {
        let (colour, r) = (theme::line(variant), 4.0);
        let shape: &[(f64, f64)] = match variant % 5 {
            0 => &[],
            1 => &[(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)],
            2 => &[(0.0, -1.2), (1.2, 0.9), (-1.2, 0.9)],
            3 => &[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)],
            _ => &[(0.0, 1.2), (1.2, -0.9), (-1.2, -0.9)],
        };
        if shape.is_empty() {
            self.draw(&Circle::new((steps(x), steps(y)), steps(r), colour.filled()));
        } else {
            let points =
                shape.iter().map(|(right, down)| (x + right * r * 0.95, y + down * r * 0.95)).collect::<Vec<_>>();
            self.polygon(&points, colour, 1.0);
        }
    }

    /// Vertical or horizontal grid lines are drawn by the chart; this is the rule below a plot.
    pub(super) fn rule(&self, from: (f64, f64), to: (f64, f64)) {
        self.line(&[from, to], theme::GRID, 1.0);
    }

    fn draw<'a, E>(&self, element: &'a E)
    where
        &'a E: plotters::element::PointCollection<'a, (i32, i32)>,
        E: plotters::element::Drawable<Canvas>,
    {
        self.root.draw(element).expect("a canvas in memory takes every element");
    }

    /// The board as an SVG document with a title and a description for those who do not see it.
    pub(super) fn svg(self, name: &str, description: &str) -> String {
        let height = self.height.ceil();
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" \
             role=\"img\" aria-labelledby=\"{name}-title {name}-desc\" font-family=\"{FAMILY}, 'Helvetica Neue', Arial, sans-serif\">\n\
             <title id=\"{name}-title\">{}</title>\n<desc id=\"{name}-desc\">{}</desc>\n{}</svg>\n",
            escaped(&self.headline),
            escaped(&format!("{}. {description}", self.caption)),
            self.sheet.borrow().body
        )
    }
}
