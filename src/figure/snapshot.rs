//! One picture as it is shown, with what one needs to read it.

use std::fmt::Write as _;

use super::panel::{ColourBar, Panel};
use super::raster::FigureError;
use super::text;
use crate::view::{scale_bar, tick};

/// One picture with its bars.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The picture; its title says day and gravity.
    pub panel: Panel,
    /// What its colours mean, where they stand for numbers.
    pub bar: Option<ColourBar>,
    /// Ways of the body: a letter, and where it stands, to the right and up, 1 at the edge.
    pub letters: Vec<(char, [f64; 2])>,
    /// What else is to be said.
    pub notes: Vec<String>,
    /// What it stands on.
    pub ground: Ground,
}

/// What a picture stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ground {
    /// White, as paper is.
    #[default]
    White,
    /// Dark, as a projector's screen in a dark room.
    Dark,
}

impl Ground {
    /// Both.
    pub const ALL: [Self; 2] = [Self::White, Self::Dark];

    /// Name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::White => "white ground",
            Self::Dark => "dark ground",
        }
    }

    /// Red, green and blue, 0 to 1.
    pub fn colour(self) -> [f32; 3] {
        match self {
            Self::White => [1.0; 3],
            Self::Dark => [0.11, 0.12, 0.14],
        }
    }

    /// Ground and ink, as SVG writes them.
    pub(super) fn svg(self) -> [&'static str; 2] {
        match self {
            Self::White => ["#fff", "#000"],
            Self::Dark => ["#1c1f24", "#e6e6e6"],
        }
    }
}

/// Width of the picture, mm.
const WIDE: f64 = 120.0;
/// Room beside it for the bar, mm.
const BESIDE: f64 = 24.0;

impl Snapshot {
    /// Pixels of the picture at a resolution, of its height over its width.
    pub fn pixels(aspect: f64, dots_per_inch: f64) -> [u32; 2] {
        let wide = WIDE / 25.4 * dots_per_inch;
        [wide, wide * aspect].map(|n| n.round().max(1.0) as u32)
    }

    /// The figure as SVG, one unit a millimetre.
    /// # Errors
    /// [`FigureError::Encode`].
    pub fn svg(&self) -> Result<String, FigureError> {
        let [w, h] = self.panel.raster.size.map(f64::from);
        let high = WIDE * h / w;
        let top = 10.0;
        let below = 6.0 + 3.2 * self.notes.len() as f64;
        let [ground, ink] = self.ground.svg();
        let (width, height) = (WIDE + BESIDE + 4.0, top + high + below);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" font-family=\"Liberation Sans\" fill=\"{ink}\" color=\"{ink}\">\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"{ground}\"/>\n"
        );
        out += &text(2.0, 6.5, 10.0, "start", &self.panel.title);
        writeln!(
            out,
            "<image x=\"2\" y=\"{top}\" width=\"{WIDE}\" height=\"{high:.3}\" href=\"{}\"/>",
            self.panel.raster.href()?
        )
        .ok();
        for (letter, [x, y]) in &self.letters {
            let at = [
                2.0 + 0.5 * WIDE * (1.0 + x),
                top + 0.5 * high * (1.0 - y) + 1.2,
            ];
            out += &text(at[0], at[1], 9.0, "middle", &letter.to_string());
        }
        let millimetres = scale_bar(self.panel.height_mm);
        let long = millimetres * high / self.panel.height_mm;
        let base = top + high - 2.0;
        writeln!(
            out,
            "<rect x=\"3\" y=\"{:.2}\" width=\"{:.2}\" height=\"6\" fill=\"{ground}\" fill-opacity=\"0.8\"/>\
             <path d=\"M4 {base:.2}h{long:.3}\" stroke=\"{ink}\" stroke-width=\"0.8\"/>",
            base - 5.0,
            long + 2.0
        )
        .ok();
        let label = format!("{} mm", tick(millimetres, millimetres));
        out += &text(4.0 + 0.5 * long, base - 1.4, 8.0, "middle", &label);
        if let Some(bar) = &self.bar {
            out += &bar.svg(WIDE + 6.0, top + 6.0, (high - 12.0).max(20.0));
        }
        for (k, note) in self.notes.iter().enumerate() {
            let y = top + high + 5.0 + 3.2 * k as f64;
            out += &text(2.0, y, 7.0, "start", note);
        }
        out += "</svg>\n";
        Ok(out)
    }
}
