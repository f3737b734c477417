//! A picture with its title, and a colour bar.

use std::fmt::Write as _;

use crate::view::{Above, Colormap, IVORY, scale_bar, tick};

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

/// A picture's width and height, mm.
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
    /// Pixels for a picture at a resolution.
    pub fn pixels(dots_per_inch: f64) -> [u32; 2] {
        [PICTURE.0, PICTURE.1].map(|mm| (mm / 25.4 * dots_per_inch).round() as u32)
    }

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
