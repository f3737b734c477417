//! A figure of panels in rows, laid out at its final size: text in points, pictures at their dots.

use std::fmt::Write as _;

use crate::view::{Above, IVORY, scale_bar, tick};

use super::chart::Chart;
use super::export::missing_letters;
use super::format::Format;
use super::panel::ColourBar;
use super::raster::{FigureError, Raster};
use super::snapshot::Ground;
use super::{POINT, escape};

/// What a panel is, before anything of it is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A picture of tissue, and whether its colour bar stands beside it.
    Picture {
        /// As above.
        has_bar: bool,
    },
    /// Curves.
    Chart,
    /// So many bars.
    Bars(usize),
    /// Boxes with arrows between them.
    Strip,
}

/// A rectangle on the page, mm from its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Box2 {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// Where panels stand.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// Height of the page, mm.
    pub height_mm: f64,
    /// Of each panel in the order of its rows: what is in it without its title.
    pub boxes: Vec<Box2>,
}

/// A picture of tissue with what one needs to read it.
#[derive(Debug, Clone, PartialEq)]
pub struct PicturePanel {
    /// Its pixels.
    pub raster: Raster,
    /// Height of what it shows, mm of tissue; parallel projection.
    pub height_mm: f64,
    /// Ways of the body: a letter, and where it stands, to the right and up, 1 at the edge.
    pub letters: Vec<(char, [f64; 2])>,
    /// Gravity, g.
    pub gravity: Option<f64>,
    /// What its colours mean, beside it.
    pub bar: Option<ColourBar>,
    /// What else is to be said, below it.
    pub note: Option<String>,
}

/// Bars of a change, %, by region, of one run or two.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    /// What is plotted, with unit.
    pub label: String,
    /// Runs, by name.
    pub runs: Vec<String>,
    /// A region and its change in each run.
    pub bars: Vec<(String, Vec<Option<f64>>)>,
}

/// Causes and what follows from them: names with numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Strip(pub Vec<(String, String)>);

/// What is in a panel.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Tissue.
    Picture(Box<PicturePanel>),
    /// Curves.
    Chart(Chart),
    /// Bars.
    Bars(Bars),
    /// Causes.
    Strip(Strip),
}

/// A panel with its title.
#[derive(Debug, Clone, PartialEq)]
pub struct PagePanel {
    /// What it is, above it.
    pub title: String,
    /// What is in it.
    pub content: Content,
}

/// A whole figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Size and type.
    pub format: Format,
    /// What it stands on.
    pub ground: Ground,
    /// Panels, row by row.
    pub rows: Vec<Vec<PagePanel>>,
}

/// The family of figures' text, and what stands in for it elsewhere: of the same widths.
const FAMILY: &str = "'Liberation Sans', Arial, Helvetica, sans-serif";

/// Ems: page's edge, between columns, between rows, a panel's title, what is below a picture, a
/// colour bar.
const EDGE: f64 = 0.8;
const GAP: f64 = 1.6;
const BETWEEN: f64 = 1.2;
const TITLE: f64 = 2.0;
const BELOW: f64 = 2.1;
const BAR: f64 = 7.0;
/// Ems that a bar takes by its region.
const EACH_BAR: f64 = 1.7;
/// A picture's height by its width, and a chart's.
const PICTURE_ASPECT: f64 = 1.22;
const CHART_ASPECT: f64 = 0.72;

/// Where panels of these shapes stand on a page.
pub fn layout(format: &Format, rows: &[Vec<Shape>]) -> Layout {
    let em = format.em();
    let inner = format.width_mm - 2.0 * EDGE * em;
    let bars = |shape: &Shape| match shape {
        Shape::Picture { has_bar: true } => BAR * em,
        _ => 0.0,
    };
    let weight = |shape: &Shape| match shape {
        Shape::Picture { .. } => 1.0,
        Shape::Chart | Shape::Bars(_) => 1.6,
        Shape::Strip => 3.0,
    };
    // What a column of weight 1 has in a row, and how high that row wants to be.
    let of_row = |row: &Vec<Shape>| {
        let gaps = GAP * em * (row.len().saturating_sub(1)) as f64;
        let fixed: f64 = row.iter().map(bars).sum();
        let weights: f64 = row.iter().map(weight).sum();
        let unit = (inner - gaps - fixed).max(4.0 * em) / weights.max(1e-9);
        let wanted = |shape: &Shape| match shape {
            Shape::Picture { .. } => unit * PICTURE_ASPECT,
            Shape::Chart => weight(shape) * unit * CHART_ASPECT,
            Shape::Bars(count) => em * (EACH_BAR * *count as f64 + 4.0),
            Shape::Strip => 5.0 * em,
        };
        let pictures = row.iter().filter(|s| matches!(s, Shape::Picture { .. }));
        let pictures = pictures.map(wanted).fold(0.0, f64::max);
        let all = row.iter().map(wanted).fold(0.0, f64::max);
        // Charts beside pictures are as high as those.
        let high = if pictures > 0.0 { pictures } else { all };
        let below = if pictures > 0.0 { BELOW * em } else { 0.0 };
        (unit, high, below)
    };
    let known: Vec<(f64, f64, f64)> = rows.iter().map(of_row).collect();
    let around = 2.0 * EDGE * em
        + BETWEEN * em * rows.len().saturating_sub(1) as f64
        + known
            .iter()
            .map(|(.., below)| TITLE * em + below)
            .sum::<f64>();
    let wanted: f64 = known.iter().map(|(_, high, _)| high).sum();
    let most = format.rules.map_or(f64::INFINITY, |r| r.most_height_mm);
    let height = format.height_mm.unwrap_or((around + wanted).min(most));
    // Rows share what there is, but a page is not filled by panels that grow out of shape.
    let scale = ((height - around) / wanted.max(1e-9)).clamp(0.05, 1.35);
    let mut boxes = Vec::new();
    let mut y = EDGE * em;
    for (row, (unit, high, below)) in rows.iter().zip(known) {
        let mut x = EDGE * em;
        y += TITLE * em;
        for shape in row {
            let width = weight(shape) * unit;
            let below_this = match shape {
                Shape::Picture { .. } => 0.0,
                // Beside pictures it reaches as far down as what is below those.
                _ => below,
            };
            boxes.push(Box2 {
                x,
                y,
                width,
                height: scale * high + below_this,
            });
            x += width + bars(shape) + GAP * em;
        }
        y += scale * high + below + BETWEEN * em;
    }
    Layout {
        height_mm: height,
        boxes,
    }
}

/// Draws into a page's SVG.
pub(super) struct Pen {
    pub(super) em: f64,
    pub(super) ground: &'static str,
    pub(super) ink: &'static str,
    pub(super) out: String,
}

impl Pen {
    /// Text at `size` ems; `anchor` is start, middle or end.
    pub(super) fn text(&mut self, [x, y]: [f64; 2], size: f64, anchor: &str, content: &str) {
        writeln!(
            self.out,
            "<text x=\"{x:.3}\" y=\"{y:.3}\" font-size=\"{:.4}\" text-anchor=\"{anchor}\">{}</text>",
            size * self.em,
            lettered(content)
        )
        .ok();
    }

    fn bold(&mut self, [x, y]: [f64; 2], size: f64, content: &str) {
        writeln!(
            self.out,
            "<text x=\"{x:.3}\" y=\"{y:.3}\" font-size=\"{:.4}\" font-weight=\"bold\">{}</text>",
            size * self.em,
            lettered(content)
        )
        .ok();
    }

    /// Text that runs upwards.
    pub(super) fn upwards(&mut self, [x, y]: [f64; 2], content: &str) {
        writeln!(
            self.out,
            "<text transform=\"translate({x:.3} {y:.3}) rotate(-90)\" font-size=\"{:.4}\" text-anchor=\"middle\">{}</text>",
            self.em,
            lettered(content)
        )
        .ok();
    }

    /// A line of `points` along a path.
    pub(super) fn line(&mut self, path: &str, points: f64) {
        writeln!(
            self.out,
            "<path d=\"{path}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{:.4}\"/>",
            self.ink,
            points * POINT
        )
        .ok();
    }

    fn picture(&mut self, at: Box2, picture: &PicturePanel) -> Result<(), FigureError> {
        let em = self.em;
        let Box2 {
            x,
            y,
            width,
            height,
        } = at;
        writeln!(
            self.out,
            "<image x=\"{x:.4}\" y=\"{y:.4}\" width=\"{width:.4}\" height=\"{height:.4}\" preserveAspectRatio=\"none\" href=\"{}\"/>",
            picture.raster.href()?
        )
        .ok();
        for (letter, [right, up]) in &picture.letters {
            // A patch of ground below keeps it readable on tissue.
            let cx = x + 0.5 * width * (1.0 + right) - 0.7 * em * right.signum() * right.abs();
            let cy = y + 0.5 * height * (1.0 - up) + 0.7 * em * up;
            writeln!(
                self.out,
                "<circle cx=\"{cx:.3}\" cy=\"{cy:.3}\" r=\"{:.3}\" fill=\"{}\" fill-opacity=\"0.75\"/>",
                0.62 * em,
                self.ground
            )
            .ok();
            self.text([cx, cy + 0.36 * em], 1.0, "middle", &letter.to_string());
        }
        // Below: scale to the left, gravity to the right.
        let millimetres = scale_bar(picture.height_mm);
        let long = millimetres * height / picture.height_mm;
        let base = y + height + 0.8 * em;
        self.line(&format!("M{x:.3} {base:.3}h{long:.4}"), 1.5);
        let label = format!("{} mm", tick(millimetres, millimetres));
        self.text([x, base + 1.1 * em], 1.0, "start", &label);
        let right = x + width;
        if let Some(gravity) = picture.gravity {
            let label = format!("{} g", tick(gravity, 0.01));
            self.text([right, base + 1.1 * em], 1.0, "end", &label);
            let tail = right - 0.3 * em - 0.5 * em * label.chars().count() as f64;
            let reach = 1.4 * em * gravity.min(1.5);
            if reach > 0.1 * em {
                let foot = base + 1.0 * em;
                let head = (0.45 * em).min(0.6 * reach);
                let half = 0.55 * head;
                let top = foot - reach;
                self.line(&format!("M{tail:.3} {top:.3}V{foot:.3}"), 0.75);
                self.line(
                    &format!(
                        "M{:.3} {:.3}L{tail:.3} {foot:.3}L{:.3} {:.3}",
                        tail - half,
                        foot - head,
                        tail + half,
                        foot - head
                    ),
                    0.75,
                );
            }
        }
        if let Some(note) = &picture.note {
            let middle = x + long + 0.6 * em;
            self.text(
                [middle.max(x + 4.2 * em), base + 1.1 * em],
                1.0,
                "start",
                note,
            );
        }
        if let Some(bar) = &picture.bar {
            let room = Box2 {
                x: right + 0.7 * em,
                y: y + 1.6 * em,
                width: 0.9 * em,
                height: (height - 2.2 * em).max(4.0 * em),
            };
            self.bar(room, bar);
        }
        Ok(())
    }

    /// A colour bar of vectors, over exactly the range that is mapped.
    fn bar(&mut self, at: Box2, bar: &ColourBar) {
        let em = self.em;
        let table = bar.colormap.table();
        let step = at.height / 256.0;
        for (i, [r, g, b]) in table.iter().enumerate() {
            // Each stripe reaches down to the bar's end, or a renderer lets the ground through the
            // seams.
            writeln!(
                self.out,
                "<rect x=\"{:.3}\" y=\"{:.3}\" width=\"{:.3}\" height=\"{:.4}\" fill=\"rgb({r},{g},{b})\"/>",
                at.x,
                at.y,
                at.width,
                at.height - step * i as f64
            )
            .ok();
        }
        let outline = |b: Box2| {
            format!(
                "M{:.3} {:.3}h{:.3}v{:.3}h{:.3}z",
                b.x, b.y, b.width, b.height, -b.width
            )
        };
        self.line(&outline(at), 0.4);
        if bar.above == Above::Bone {
            let [r, g, b] = IVORY;
            let (top, high) = (at.y - 1.3 * em, 0.9 * em);
            writeln!(
                self.out,
                "<rect x=\"{:.3}\" y=\"{top:.3}\" width=\"{:.3}\" height=\"{high:.3}\" fill=\"rgb({r},{g},{b})\"/>",
                at.x, at.width
            )
            .ok();
            let above = Box2 {
                y: top,
                height: high,
                ..at
            };
            self.line(&outline(above), 0.4);
            let x = at.x + at.width + 0.5 * em;
            self.text([x, top + 0.75 * em], 1.0, "start", "above");
        }
        let range = bar.range.1 - bar.range.0;
        for i in 0..=4 {
            let share = f64::from(i) / 4.0;
            let value = bar.range.0 + share * range;
            let label = tick(value, range / 4.0);
            let label = if bar.range.0 < 0.0 && value > 0.0 {
                format!("+{label}")
            } else {
                label.replace('-', "−")
            };
            let label = if bar.above == Above::LastColour && i == 4 {
                format!("≥ {label}")
            } else {
                label
            };
            let y = at.y + at.height * (1.0 - share);
            let x = at.x + at.width;
            self.line(&format!("M{x:.3} {y:.3}h{:.3}", 0.3 * em), 0.4);
            self.text([x + 0.5 * em, y + 0.36 * em], 1.0, "start", &label);
        }
        let x = at.x + at.width + 4.2 * em;
        let middle = at.y + 0.5 * at.height;
        // Where it is longer than the bar its unit stands in a line of its own.
        let long = 0.52 * em * bar.label.chars().count() as f64;
        match bar.label.rfind(" (").filter(|_| long > at.height) {
            Some(place) => {
                let (quantity, unit) = bar.label.split_at(place);
                self.upwards([x, middle], quantity);
                self.upwards([x + 1.15 * em, middle], unit.trim_start());
            }
            None => self.upwards([x, middle], &bar.label),
        }
    }

    fn bars(&mut self, at: Box2, bars: &Bars) {
        const FILLS: [&str; 2] = ["#0072b2", "#d55e00"];
        let em = self.em;
        let names = bars.bars.iter().map(|(name, _)| name.chars().count());
        let left = at.x + 0.52 * em * names.max().unwrap_or(0) as f64 + 0.6 * em;
        let values = bars.bars.iter().flat_map(|(_, v)| v.iter().flatten());
        let (low, high) = values.fold((0.0, 0.0), |(low, high): (f64, f64), v| {
            (low.min(*v), high.max(*v))
        });
        let span = (high - low).max(0.5);
        // Numbers stand at the ends of bars.
        let room = (at.x + at.width - left - 6.4 * em).max(2.0 * em);
        let zero = left + 3.2 * em + room * (-low) / span;
        let foot = if bars.runs.len() > 1 { 3.6 } else { 2.2 };
        let each = (at.height - foot * em) / bars.bars.len().max(1) as f64;
        for (k, (name, values)) in bars.bars.iter().enumerate() {
            let top = at.y + each * k as f64;
            let middle = top + 0.5 * each;
            self.text([left, middle + 0.36 * em], 1.0, "end", name);
            let high = 0.8 * each / values.len().max(1) as f64;
            for (n, value) in values.iter().enumerate() {
                let Some(value) = value else { continue };
                let y = top + 0.1 * each + high * n as f64;
                let long = room * value.abs() / span;
                let x = if *value < 0.0 { zero - long } else { zero };
                writeln!(
                    self.out,
                    "<rect x=\"{x:.3}\" y=\"{y:.3}\" width=\"{long:.3}\" height=\"{:.3}\" fill=\"{}\"/>",
                    0.92 * high,
                    FILLS[n % FILLS.len()]
                )
                .ok();
                let told = format!("{value:+.1}").replace('-', "−");
                let (x, anchor) = if *value < 0.0 {
                    (x - 0.3 * em, "end")
                } else {
                    (x + long + 0.3 * em, "start")
                };
                if high > 0.7 * em {
                    self.text([x, y + 0.5 * high + 0.36 * em], 1.0, anchor, &told);
                }
            }
        }
        let bottom = at.y + at.height - foot * em;
        self.line(&format!("M{zero:.3} {:.3}V{bottom:.3}", at.y), 0.5);
        self.text([zero, bottom + 1.2 * em], 1.0, "middle", &bars.label);
        if bars.runs.len() > 1 {
            let mut x = left;
            for (n, run) in bars.runs.iter().enumerate() {
                let y = bottom + 2.0 * em;
                writeln!(
                    self.out,
                    "<rect x=\"{x:.3}\" y=\"{y:.3}\" width=\"{:.3}\" height=\"{:.3}\" fill=\"{}\"/>",
                    em,
                    0.7 * em,
                    FILLS[n % FILLS.len()]
                )
                .ok();
                self.text([x + 1.3 * em, y + 0.7 * em], 1.0, "start", run);
                x += em * (3.0 + 0.55 * run.chars().count() as f64);
            }
        }
    }

    fn strip(&mut self, at: Box2, strip: &Strip) {
        let em = self.em;
        let count = strip.0.len().max(1) as f64;
        let arrow = 1.6 * em;
        let wide = (at.width - arrow * (count - 1.0)) / count;
        for (k, (name, value)) in strip.0.iter().enumerate() {
            let x = at.x + (wide + arrow) * k as f64;
            let high = at.height.min(4.4 * em);
            self.line(
                &format!("M{x:.3} {:.3}h{wide:.3}v{high:.3}h{:.3}z", at.y, -wide),
                0.5,
            );
            let middle = x + 0.5 * wide;
            self.text([middle, at.y + 1.7 * em], 1.0, "middle", name);
            self.text([middle, at.y + 3.3 * em], 1.0, "middle", value);
            if k + 1 < strip.0.len() {
                let y = at.y + 0.5 * high;
                let tip = x + wide + arrow - 0.2 * em;
                self.line(
                    &format!(
                        "M{:.3} {y:.3}H{tip:.3}M{:.3} {:.3}L{tip:.3} {y:.3}L{:.3} {:.3}",
                        x + wide + 0.2 * em,
                        tip - 0.4 * em,
                        y - 0.3 * em,
                        tip - 0.4 * em,
                        y + 0.3 * em
                    ),
                    0.6,
                );
            }
        }
    }
}

impl Page {
    /// All that is written in it, but numbers.
    pub fn letters(&self) -> String {
        let mut all = String::new();
        for panel in self.rows.iter().flatten() {
            all += &panel.title;
            match &panel.content {
                Content::Picture(picture) => {
                    all.extend(picture.bar.iter().map(|b| b.label.as_str()));
                    all.extend(picture.note.as_deref());
                }
                Content::Chart(chart) => {
                    all += &chart.label;
                    all.extend(chart.curves.iter().map(|c| c.label.as_str()));
                    all.extend(chart.phases.iter().map(|p| p.name.as_str()));
                }
                Content::Bars(bars) => {
                    all += &bars.label;
                    all.extend(bars.runs.iter().map(String::as_str));
                    all.extend(bars.bars.iter().map(|(name, _)| name.as_str()));
                }
                Content::Strip(strip) => {
                    all.extend(strip.0.iter().flat_map(|(a, b)| [a.as_str(), b]));
                }
            }
        }
        all
    }

    /// Shapes of its panels.
    pub fn shapes(&self) -> Vec<Vec<Shape>> {
        let shape = |panel: &PagePanel| match &panel.content {
            Content::Picture(picture) => Shape::Picture {
                has_bar: picture.bar.is_some(),
            },
            Content::Chart(_) => Shape::Chart,
            Content::Bars(bars) => Shape::Bars(bars.bars.len() * bars.runs.len().max(1)),
            Content::Strip(_) => Shape::Strip,
        };
        let rows = self.rows.iter();
        rows.map(|row| row.iter().map(shape).collect()).collect()
    }

    /// The figure as SVG, one unit a millimetre, with text as text. `state` is kept inside; where
    /// `transparent` nothing is behind.
    /// # Errors
    /// [`FigureError::Encode`].
    pub fn svg(&self, state: &str, transparent: bool) -> Result<String, FigureError> {
        let em = self.format.em();
        let [ground, ink] = self.ground.svg();
        let layout = layout(&self.format, &self.shapes());
        let (width, height) = (self.format.width_mm, layout.height_mm);
        let mut pen = Pen {
            em,
            ground,
            ink,
            out: format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.4}mm\" height=\"{height:.4}mm\" viewBox=\"0 0 {width:.4} {height:.4}\" font-family=\"{FAMILY}\" fill=\"{ink}\">\n"
            ),
        };
        if !state.is_empty() {
            // Line ends and all: nothing of a document may be lost.
            let state = escape_all(state);
            writeln!(pen.out, "<metadata id=\"mechanostat\">{state}</metadata>").ok();
        }
        if !transparent {
            writeln!(
                pen.out,
                "<rect width=\"{width:.4}\" height=\"{height:.4}\" fill=\"{ground}\"/>"
            )
            .ok();
        }
        let panels = self.rows.iter().flatten().zip(&layout.boxes);
        let alone = layout.boxes.len() == 1;
        for (k, (panel, at)) in panels.enumerate() {
            let base = at.y - 0.7 * em;
            let mut x = at.x;
            if !alone {
                let letter = char::from(b'a' + (k % 26) as u8).to_string();
                pen.bold([x, base], 1.14, &letter);
                x += 1.3 * em;
            }
            pen.text([x, base], 1.0, "start", &panel.title);
            match &panel.content {
                Content::Picture(picture) => pen.picture(*at, picture)?,
                Content::Chart(chart) => chart.draw(&mut pen, *at),
                Content::Bars(bars) => pen.bars(*at, bars),
                Content::Strip(strip) => pen.strip(*at, strip),
            }
        }
        pen.out += "</svg>\n";
        Ok(pen.out)
    }
}

/// As [`escape`], with a question mark for what the font lacks: a renderer would draw a box, or
/// take another font.
fn lettered(text: &str) -> String {
    let missing = missing_letters(text);
    let known = text
        .chars()
        .map(|c| if missing.contains(&c) { '?' } else { c });
    escape(&known.collect::<String>())
}

/// As [`escape`], with line ends kept.
fn escape_all(text: &str) -> String {
    let lines = text.split('\n').map(escape);
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_stand_within_the_page_and_beside_each_other() {
        let picture = Shape::Picture { has_bar: true };
        let bare = Shape::Picture { has_bar: false };
        let rows = [
            vec![bare, bare, picture],
            vec![Shape::Chart, Shape::Chart],
            vec![Shape::Bars(6), bare],
            vec![Shape::Strip],
        ];
        for name in super::super::format::PRESETS {
            let Some(format) = Format::preset(name) else {
                panic!("no {name}");
            };
            let page = layout(&format, &rows);
            let most = format.rules.map_or(f64::INFINITY, |r| r.most_height_mm);
            assert!(page.height_mm <= most + 1e-9, "{name}");
            assert_eq!(page.boxes.len(), 8);
            for b in &page.boxes {
                assert!(
                    b.x >= 0.0 && b.x + b.width <= format.width_mm,
                    "{name} {b:?}"
                );
                assert!(
                    b.y >= 0.0 && b.y + b.height <= page.height_mm,
                    "{name} {b:?}"
                );
                assert!(b.width > 0.0 && b.height > 0.0, "{name} {b:?}");
            }
            for (k, a) in page.boxes.iter().enumerate() {
                for b in &page.boxes[k + 1..] {
                    let beside = a.x + a.width <= b.x || a.y + a.height <= b.y;
                    assert!(beside, "{name}: {a:?} over {b:?}");
                }
            }
        }
    }
}
