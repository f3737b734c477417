//! A page of published figures beside the model's courses.

use super::chart::Chart;
use super::text;

/// Width of a page, mm: two journal columns.
const WIDTH: f64 = 183.0;
/// A chart's box, mm.
const CHART: (f64, f64) = (90.0, 58.0);
/// Room for the title, and for the notes.
const TOP: f64 = 14.0;
const FOOT: f64 = 10.0;
/// Charts on a page: two beside each other, in at most this many rows.
const ROWS: usize = 4;

/// A family of claims: charts on one page.
#[derive(Debug, Clone, PartialEq)]
pub struct EvidencePage {
    /// What they are about.
    pub title: String,
    /// Charts, with what each is of.
    pub charts: Vec<(String, Chart)>,
    /// What a reader needs to understand and repeat it.
    pub note: String,
}

impl EvidencePage {
    /// Most charts that a page has room for.
    pub const MOST: usize = 2 * ROWS;

    /// The page as SVG, one unit a millimetre; as high as its charts need.
    pub fn svg(&self) -> String {
        let rows = self.charts.len().div_ceil(2);
        let height = TOP + CHART.1 * rows as f64 + FOOT;
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}mm\" height=\"{height}mm\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"Liberation Sans\">\n\
             <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n"
        );
        out += &text(4.0, 6.5, 9.0, "start", &self.title);
        for (i, (name, chart)) in self.charts.iter().enumerate() {
            let x = 2.0 + CHART.0 * (i % 2) as f64;
            let y = TOP + CHART.1 * (i / 2) as f64;
            out += &text(x + 11.0, y - 1.0, 7.0, "start", name);
            out += &chart.svg(x, y, CHART.0, CHART.1 - 4.0);
        }
        out += &text(4.0, height - 3.5, 5.5, "start", &self.note);
        out += "</svg>\n";
        out
    }
}
