//! A scene from four sides.

use super::mission::{ColourBar, Panel};
use super::raster::FigureError;
use super::text;

/// Width and height of the figure, mm: two journal columns.
const WIDTH: f64 = 210.0;
const HEIGHT: f64 = 80.0;

/// Four pictures in a row, on one colour bar.
#[derive(Debug, Clone, PartialEq)]
pub struct SidesFigure {
    /// Title.
    pub title: String,
    /// From the front, the right, the back and the left.
    pub panels: [Panel; 4],
    /// Their colour bar.
    pub bar: ColourBar,
    /// What a reader needs to repeat it.
    pub note: String,
}

impl SidesFigure {
    /// The figure as SVG, one unit a millimetre.
    /// # Errors
    /// [`FigureError::Encode`].
    pub fn svg(&self) -> Result<String, FigureError> {
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"DejaVu Sans\">\n\
             <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
        );
        out += &text(4.0, 6.0, 9.0, "start", &self.title);
        for (k, panel) in self.panels.iter().enumerate() {
            out += &panel.svg(4.0 + 48.0 * k as f64, 13.0)?;
        }
        out += &self.bar.svg(196.0, 17.0, 50.0);
        out += &text(4.0, 76.5, 5.0, "start", &self.note);
        out += "</svg>\n";
        Ok(out)
    }
}
