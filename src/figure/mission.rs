//! The figure of a run: the tissue before and after with one colour bar, its change, and the
//! curves.

use std::fmt::Write as _;

use crate::view::{Above, Colormap, IVORY, scale_bar, tick};

use super::chart::Chart;
use super::raster::{FigureError, Raster};
use super::{POINT, text};

/// A picture with its title.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Title.
    pub title: String,
    /// Picture.
    pub raster: Raster,
    /// Height of what it shows, mm of tissue; parallel projection.
    pub height_mm: f64,
}

/// A colour map with its range and unit.
#[derive(Debug, Clone, PartialEq)]
pub struct ColourBar {
    /// Colours.
    pub colormap: Colormap,
    /// Value at either end.
    pub range: (f64, f64),
    /// What values above the range look like.
    pub above: Above,
    /// Quantity and unit.
    pub label: String,
}

/// What the figure of a run shows.
#[derive(Debug, Clone, PartialEq)]
pub struct MissionFigure {
    /// Title.
    pub title: String,
    /// Density at the start and at the end.
    pub before_after: [Panel; 2],
    /// Their one colour bar.
    pub density_bar: ColourBar,
    /// Change between them.
    pub change: Panel,
    /// Its own colour bar.
    pub change_bar: ColourBar,
    /// Curves of bone and of muscle.
    pub charts: [Chart; 2],
    /// What a reader needs to repeat it, a line each.
    pub notes: Vec<String>,
}

/// Width of the figure, mm: two journal columns.
const WIDTH: f64 = 183.0;
const HEIGHT: f64 = 142.0;
const PICTURE: (f64, f64) = (46.0, 58.0);

impl ColourBar {
    pub(super) fn svg(&self, x: f64, y: f64, height: f64) -> String {
        let mut out = String::new();
        let table = self.colormap.table();
        let step = height / 256.0;
        for (i, [r, g, b]) in table.iter().enumerate() {
            // Each stripe reaches down to the bar's end, or a renderer lets white through the
            // seams.
            writeln!(out, "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"3\" height=\"{:.3}\" fill=\"rgb({r},{g},{b})\"/>", height - step * i as f64).ok();
        }
        writeln!(out, "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"3\" height=\"{height:.2}\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"0.15\"/>").ok();
        if self.above == Above::Bone {
            let [r, g, b] = IVORY;
            writeln!(out, "<rect x=\"{x:.2}\" y=\"{:.2}\" width=\"3\" height=\"2.4\" fill=\"rgb({r},{g},{b})\" stroke=\"currentColor\" stroke-width=\"0.15\"/>", y - 3.0).ok();
            out += &text(x + 4.3, y - 1.0, 6.0, "start", "above");
        }
        for i in 0..=4 {
            let share = f64::from(i) / 4.0;
            let range = self.range.1 - self.range.0;
            let value = self.range.0 + share * range;
            let label = tick(value, range / 4.0);
            let label = if self.range.0 < 0.0 && value > 0.0 {
                format!("+{label}")
            } else {
                label.replace('-', "−")
            };
            let label = if self.above == Above::LastColour && i == 4 {
                format!("≥ {label}")
            } else {
                label
            };
            let at = y + height * (1.0 - share);
            writeln!(
                out,
                "<path d=\"M{:.2} {at:.2}h0.8\" stroke=\"currentColor\" stroke-width=\"0.15\"/>",
                x + 3.0
            )
            .ok();
            out += &text(x + 4.3, at + 0.8, 6.0, "start", &label);
        }
        writeln!(
            out,
            "<text transform=\"translate({:.2} {:.2}) rotate(-90)\" font-size=\"{:.3}\" text-anchor=\"middle\">{}</text>",
            x + 13.0,
            y + 0.5 * height,
            6.5 * POINT,
            super::escape(&self.label)
        )
        .ok();
        out
    }
}

impl Panel {
    pub(super) fn svg(&self, x: f64, y: f64) -> Result<String, FigureError> {
        let (w, h) = PICTURE;
        let mut out = text(x + 0.5 * w, y - 1.2, 7.0, "middle", &self.title);
        writeln!(
            out,
            "<image x=\"{x:.2}\" y=\"{y:.2}\" width=\"{w:.2}\" height=\"{h:.2}\" href=\"{}\"/>",
            self.raster.href()?
        )
        .ok();
        let millimetres = scale_bar(self.height_mm);
        let bar = millimetres * h / self.height_mm;
        writeln!(
            out,
            "<path d=\"M{:.2} {:.2}h{bar:.3}\" stroke=\"#000\" stroke-width=\"0.6\"/>",
            x + w - bar - 1.0,
            y + h - 1.2
        )
        .ok();
        let label = format!("{} mm", tick(millimetres, millimetres));
        out += &text(x + w - 1.0 - 0.5 * bar, y + h - 2.2, 6.0, "middle", &label);
        Ok(out)
    }
}

impl MissionFigure {
    /// Pixels for one panel at a resolution.
    pub fn panel_pixels(dots_per_inch: f64) -> [u32; 2] {
        [
            (PICTURE.0 / 25.4 * dots_per_inch).round() as u32,
            (PICTURE.1 / 25.4 * dots_per_inch).round() as u32,
        ]
    }

    /// The figure as SVG, one unit a millimetre.
    /// # Errors
    /// [`FigureError::Encode`].
    pub fn svg(&self) -> Result<String, FigureError> {
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"Liberation Sans\">\n\
             <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
        );
        out += &text(4.0, 6.0, 9.0, "start", &self.title);
        let top = 13.0;
        out += &self.before_after[0].svg(4.0, top)?;
        out += &self.before_after[1].svg(52.0, top)?;
        out += &self.density_bar.svg(100.0, top + 4.0, PICTURE.1 - 8.0);
        out += &self.change.svg(118.0, top)?;
        out += &self.change_bar.svg(166.0, top + 4.0, PICTURE.1 - 8.0);
        out += &self.charts[0].svg(2.0, 75.0, 90.0, 56.0);
        out += &self.charts[1].svg(92.0, 75.0, 90.0, 56.0);
        for (i, note) in self.notes.iter().enumerate() {
            out += &text(4.0, 134.5 + 2.7 * i as f64, 5.0, "start", note);
        }
        out += "</svg>\n";
        Ok(out)
    }
}
