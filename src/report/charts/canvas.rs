//! The canvas that plotters draws on: SVG with eighths of a pixel, dashes, and attributes that a page can restyle.
//!
//! plotters knows whole pixels only, which shows as stairs in a curve. The canvas therefore tells it that it is eight
//! times as large, and divides when it writes.

use std::cell::RefCell;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::rc::Rc;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontStyle,
    FontTransform,
};

/// Steps of the grid in one pixel.
pub(super) const STEPS: i32 = 8;
/// plotters' size of a font over the size of its em; its own SVG canvas uses the same.
pub(super) const EM: f64 = 1.24;

type Outcome = Result<(), DrawingErrorKind<Infallible>>;

/// What has been drawn so far, shared between the canvas and the one who takes the drawing.
#[derive(Default)]
pub(super) struct Sheet {
    /// The elements.
    pub(super) body: String,
    /// Dashes of the lines to come, as `stroke-dasharray`; empty for a solid line.
    pub(super) dash: &'static str,
}

/// plotters' side of a [`Sheet`].
pub(super) struct Canvas {
    pub(super) sheet: Rc<RefCell<Sheet>>,
    pub(super) size: (u32, u32),
}

impl Canvas {
    fn put(&self, element: &str) -> Outcome {
        let mut sheet = self.sheet.borrow_mut();
        sheet.body.push_str(element);
        sheet.body.push('\n');
        Ok(())
    }

    fn dash(&self) -> String {
        match self.sheet.borrow().dash {
            "" => String::new(),
            dash => format!(" stroke-dasharray=\"{dash}\""),
        }
    }
}

/// A coordinate in pixels: eighths, without trailing zeros.
fn px(steps: i32) -> String {
    let mut text = format!("{:.3}", f64::from(steps) / f64::from(STEPS));
    text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    text
}

fn width(style: &impl BackendStyle) -> String {
    px(style.stroke_width() as i32)
}

/// ` attribute="#RRGGBB"`, with its opacity where it is not whole.
fn paint(attribute: &str, colour: BackendColor) -> String {
    let (r, g, b) = colour.rgb;
    let mut text = format!(" {attribute}=\"#{r:02X}{g:02X}{b:02X}\"");
    if colour.alpha < 1.0 {
        text.push_str(&format!(" {attribute}-opacity=\"{:.2}\"", colour.alpha));
    }
    text
}

fn points(path: impl IntoIterator<Item = BackendCoord>) -> String {
    let mut text = String::new();
    for (x, y) in path {
        if !text.is_empty() {
            text.push(' ');
        }
        write!(text, "{},{}", px(x), px(y)).expect("a string takes what is written");
    }
    text
}

/// Text that opens no tag and closes no attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Control letters may stand in no XML document.
            other if other.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

impl DrawingBackend for Canvas {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Outcome {
        Ok(())
    }

    fn present(&mut self) -> Outcome {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, colour: BackendColor) -> Outcome {
        let side = px(1);
        let fill = paint("fill", colour);
        self.put(&format!("<rect x=\"{}\" y=\"{}\" width=\"{side}\" height=\"{side}\"{fill}/>", px(x), px(y)))
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Outcome {
        let (stroke, dash) = (paint("stroke", style.color()), self.dash());
        self.put(&format!(
            "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"{stroke} stroke-width=\"{}\"{dash}/>",
            px(from.0),
            px(from.1),
            px(to.0),
            px(to.1),
            width(style)
        ))
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, fill: bool) -> Outcome {
        let (x, y) = (from.0.min(to.0), from.1.min(to.1));
        let (w, h) = ((to.0 - from.0).abs(), (to.1 - from.1).abs());
        let paint = if fill {
            paint("fill", style.color())
        } else {
            format!(" fill=\"none\"{} stroke-width=\"{}\"", paint("stroke", style.color()), width(style))
        };
        self.put(&format!("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"{paint}/>", px(x), px(y), px(w), px(h)))
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Outcome {
        let (stroke, dash) = (paint("stroke", style.color()), self.dash());
        self.put(&format!(
            "<polyline fill=\"none\"{stroke} stroke-width=\"{}\" stroke-linejoin=\"round\"{dash} points=\"{}\"/>",
            width(style),
            points(path)
        ))
    }

    fn draw_circle<S: BackendStyle>(&mut self, at: BackendCoord, radius: u32, style: &S, fill: bool) -> Outcome {
        let paint = if fill {
            paint("fill", style.color())
        } else {
            format!(" fill=\"none\"{} stroke-width=\"{}\"", paint("stroke", style.color()), width(style))
        };
        self.put(&format!("<circle cx=\"{}\" cy=\"{}\" r=\"{}\"{paint}/>", px(at.0), px(at.1), px(radius as i32)))
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Outcome {
        self.put(&format!("<polygon{} points=\"{}\"/>", paint("fill", style.color()), points(path)))
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Outcome {
        let em = style.size() / EM / f64::from(STEPS);
        let anchor = match style.anchor().h_pos {
            HPos::Left => "",
            HPos::Center => " text-anchor=\"middle\"",
            HPos::Right => " text-anchor=\"end\"",
        };
        // From the anchor to the baseline, by the cap height of Inter (0.727 em).
        let drop = match style.anchor().v_pos {
            VPos::Top => 0.76,
            VPos::Center => 0.36,
            VPos::Bottom => -0.18,
        };
        let (x, y) = (px(at.0), f64::from(at.1) / f64::from(STEPS) + drop * em);
        let weight = if matches!(style.style(), FontStyle::Bold) { " font-weight=\"700\"" } else { "" };
        let turn = match style.transform() {
            FontTransform::Rotate270 => format!(" transform=\"rotate(-90 {x} {})\"", px(at.1)),
            _ => String::new(),
        };
        self.put(&format!(
            "<text x=\"{x}\" y=\"{y:.2}\" font-size=\"{em:.1}\"{anchor}{weight}{}{turn}>{}</text>",
            paint("fill", style.color()),
            escaped(text)
        ))
    }
}
