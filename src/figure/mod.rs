//! Figures for print: laid out in millimetres as SVG, with pictures embedded, and drawn to PNG.

mod chart;
mod curves;
mod evidence;
mod export;
mod format;
mod page;
mod panel;
mod raster;
mod sides;
mod snapshot;

pub use chart::{Chart, Curve, Mark, Published, Span, apart};
pub use curves::{CurveOf, bone_curves, plain};
pub use evidence::EvidencePage;
pub use export::{
    Export, FILE_ENDINGS, FileKind, Lettering, StateError, export, missing_letters, preview,
    state_of,
};
pub use format::{DPIS, Format, PRESETS, Rules, TEXTS_PT, WIDTHS_MM};
pub use page::{Bars, Box2, Content, Layout, Page, PagePanel, PicturePanel, Shape, Strip, layout};
pub use panel::{ColourBar, Panel};
pub use raster::{FigureError, Raster, png, raster};
pub use sides::{Key, SidesFigure};
pub use snapshot::{Ground, Snapshot};

/// Points (1/72 inch) in millimetres.
const POINT: f64 = 25.4 / 72.0;

/// Text with the characters that XML reserves replaced and those that it forbids left out.
fn escape(text: &str) -> String {
    let allowed: String = text
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}'))
        .collect();
    allowed
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// A text element. `anchor` is start, middle or end; `size` in points.
fn text(x: f64, y: f64, size: f64, anchor: &str, content: &str) -> String {
    format!(
        "<text x=\"{x:.2}\" y=\"{y:.2}\" font-size=\"{:.3}\" text-anchor=\"{anchor}\">{}</text>\n",
        size * POINT,
        escape(content)
    )
}
