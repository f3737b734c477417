//! A scene from four sides.

use std::fmt::Write as _;

use super::panel::{ColourBar, Panel};
use super::raster::FigureError;
use super::text;

/// Width and height of the figure, mm: two journal columns.
const WIDTH: f64 = 222.0;
const HEIGHT: f64 = 80.0;

/// What colours mean.
#[derive(Debug, Clone, PartialEq)]
pub enum Key {
    /// Numbers.
    Bar(ColourBar),
    /// Things, each with its colour, sRGB.
    Names(Vec<(String, [u8; 3])>),
}

/// Four pictures in a row, with one key.
#[derive(Debug, Clone, PartialEq)]
pub struct SidesFigure {
    /// Title.
    pub title: String,
    /// From the front, the right, the back and the left.
    pub panels: [Panel; 4],
    /// What their colours mean.
    pub key: Key,
    /// What a reader needs to repeat it.
    pub note: String,
}

impl SidesFigure {
    /// The figure as SVG, one unit a millimetre.
    /// # Errors
    /// [`FigureError::Encode`].
    pub fn svg(&self) -> Result<String, FigureError> {
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"Liberation Sans\">\n\
             <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
        );
        out += &text(4.0, 6.0, 9.0, "start", &self.title);
        for (k, panel) in self.panels.iter().enumerate() {
            out += &panel.svg(4.0 + 48.0 * k as f64, 13.0)?;
        }
        match &self.key {
            Key::Bar(bar) => out += &bar.svg(196.0, 17.0, 50.0),
            Key::Names(names) => {
                let step = (62.0 / names.len().max(1) as f64).min(3.4);
                for (k, (name, [r, g, b])) in names.iter().enumerate() {
                    let y = 13.0 + step * k as f64;
                    writeln!(out, "<rect x=\"196\" y=\"{y:.2}\" width=\"2.2\" height=\"{:.2}\" fill=\"rgb({r},{g},{b})\"/>", 0.8 * step).ok();
                    out += &text(199.2, y + 0.7 * step, 4.5, "start", name);
                }
            }
        }
        out += &text(4.0, 76.5, 5.0, "start", &self.note);
        out += "</svg>\n";
        Ok(out)
    }
}
