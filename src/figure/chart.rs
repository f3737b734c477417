//! Curves over mission days, with the phases of gravity behind them.

use std::fmt::Write as _;

use crate::view::tick;

use super::page::{Box2, Pen};
use super::{POINT, escape, text};

/// One curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Name in the legend.
    pub label: String,
    /// Day and value.
    pub points: Vec<(f64, f64)>,
}

/// What was published for a curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// Which curve it is held against.
    pub curve: usize,
    /// Day.
    pub day: f64,
    /// Value, if one was told.
    pub value: Option<f64>,
    /// Ends of its interval, as far as it has them.
    pub range: [Option<f64>; 2],
    /// What it is to the curve.
    pub mark: Mark,
}

/// What a published figure is to the curve beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The model was fitted to its study: a disc.
    Fitted,
    /// It was not: a ring.
    Predicted,
    /// A review says so: a square.
    Stated,
}

/// A phase of the mission.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// Name.
    pub name: String,
    /// First day.
    pub from: f64,
    /// Last day.
    pub to: f64,
    /// Gravity along the legs, g.
    pub gravity: f64,
}

/// A chart of curves over days.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What is plotted, with unit.
    pub label: String,
    /// Curves.
    pub curves: Vec<Curve>,
    /// Published figures beside them.
    pub published: Vec<Published>,
    /// Phases shaded behind.
    pub phases: Vec<Span>,
    /// Last day.
    pub days: f64,
}

/// Colours and dashes. The first five are searched for: as a deuteranope sees them they are at
/// least 35 apart (ΔE), and as a grey printer prints them 15 (tests/figures.sh measures both).
const STYLES: [(&str, &str); 7] = [
    ("#437096", ""),
    ("#891443", "2.2 0.8"),
    ("#c18a54", "0.8 0.8"),
    ("#190c75", "3 0.8 0.8 0.8"),
    ("#cec307", "1.5 0.6"),
    ("#56b4e9", "0.5 0.7"),
    ("#000000", "3 0.6 0.6 0.6 0.6 0.6"),
];

/// A step of 1, 2 or 5 times a power of ten that cuts `range` into about `parts`.
fn nice_step(range: f64, parts: f64) -> f64 {
    let raw = (range / parts).max(1e-9);
    let power = 10f64.powf(raw.log10().floor());
    let m = raw / power;
    power
        * if m <= 1.0 {
            1.0
        } else if m <= 2.0 {
            2.0
        } else if m <= 5.0 {
            5.0
        } else {
            10.0
        }
}

/// A chart's box on the page, mm, and the values that it spans.
struct Frame {
    left: f64,
    bottom: f64,
    width: f64,
    height: f64,
    days: f64,
    low: f64,
    high: f64,
    /// Between two ticks of the values.
    step: f64,
}

impl Frame {
    fn new(chart: &Chart, x: f64, y: f64, width: f64, height: f64) -> Self {
        let curves = chart.curves.iter();
        let points = chart.published.iter();
        let told = points.flat_map(|p| p.range.into_iter().chain([p.value]).flatten());
        let values = curves.flat_map(|c| c.points.iter().map(|p| p.1));
        let values = values.filter(|v| v.is_finite()).chain(told);
        let (mut low, mut high) = (
            values.clone().fold(0.0, f64::min),
            values.fold(0.0, f64::max),
        );
        // A flat line deserves an axis that shows it is flat.
        if high - low < 0.5 {
            (low, high) = (low - 0.5, high + 0.5);
        }
        let step = nice_step(high - low, 5.0);
        Self {
            left: x + 11.0,
            bottom: y + height - 8.0,
            width: width - 13.0,
            height: height - 12.0,
            days: chart.days,
            low: (low / step).floor() * step,
            high: (high / step).ceil() * step,
            step,
        }
    }

    fn to_x(&self, day: f64) -> f64 {
        self.left + self.width * day / self.days.max(1e-9)
    }

    fn to_y(&self, value: f64) -> f64 {
        self.bottom - self.height * (value - self.low) / (self.high - self.low)
    }

    /// Phases as grey bands with their names.
    fn phases(&self, phases: &[Span]) -> String {
        let mut out = String::new();
        for phase in phases {
            let (a, b) = (
                self.to_x(phase.from.min(self.days)),
                self.to_x(phase.to.min(self.days)),
            );
            let grey = 205.0 + 50.0 * phase.gravity.clamp(0.0, 1.0);
            let (top, h) = (self.bottom - self.height, self.height);
            writeln!(out, "<rect x=\"{a:.2}\" y=\"{top:.2}\" width=\"{:.2}\" height=\"{h:.2}\" fill=\"rgb({grey:.0},{grey:.0},{grey:.0})\"/>", b - a).ok();
            let label = format!("{:.2} g", phase.gravity);
            let label = label.replace(".00 g", " g");
            if b - a > 9.0 {
                let label = format!("{}, {label}", phase.name);
                out += &text(f64::midpoint(a, b), top - 0.8, 6.0, "middle", &label);
            }
        }
        out
    }

    /// Lines, ticks and their numbers.
    fn axes(&self) -> String {
        let (left, bottom, w, h) = (self.left, self.bottom, self.width, self.height);
        let mut out = String::new();
        let ticks = ((self.high - self.low) / self.step).round() as i32;
        for i in 0..=ticks {
            let v = self.low + self.step * f64::from(i);
            writeln!(out, "<path d=\"M{left:.2} {:.2}h{w:.2}\" stroke=\"#999\" stroke-width=\"{}\" fill=\"none\"/>", self.to_y(v), if v.abs() < 1e-9 { 0.25 } else { 0.08 }).ok();
            let label = tick(v, self.step).replace('-', "−");
            out += &text(left - 1.0, self.to_y(v) + 0.8, 6.0, "end", &label);
        }
        let day_step = nice_step(self.days, 6.0);
        for i in 0..=(self.days / day_step).floor() as i32 {
            let day = day_step * f64::from(i);
            let x = self.to_x(day);
            writeln!(
                out,
                "<path d=\"M{x:.2} {bottom:.2}v1\" stroke=\"#000\" stroke-width=\"0.15\"/>"
            )
            .ok();
            out += &text(x, bottom + 3.4, 6.0, "middle", &tick(day, day_step));
        }
        writeln!(out, "<rect x=\"{left:.2}\" y=\"{:.2}\" width=\"{w:.2}\" height=\"{h:.2}\" fill=\"none\" stroke=\"#000\" stroke-width=\"0.2\"/>", bottom - h).ok();
        out
    }

    /// Published figures: their interval as a bar, open towards where it has no end, and the value.
    /// Those of one day stand beside each other.
    fn published(&self, all: &[Published], scale: f64) -> String {
        let mut out = String::new();
        // Upper and lower end of what is drawn of a point.
        let ends = |p: &Published| {
            let heights = [p.range[0], p.value, p.range[1]].into_iter().flatten();
            let ys = heights.map(|v| self.to_y(v));
            ys.fold([f64::INFINITY, f64::NEG_INFINITY], |[top, low], y| {
                [top.min(y - scale), low.max(y + scale)]
            })
        };
        // Only what would stand on each other moves aside: where a point stands is its day.
        let near = |a: &Published, b: &Published| {
            let ([top, low], [other_top, other_low]) = (ends(a), ends(b));
            (self.to_x(a.day) - self.to_x(b.day)).abs() < scale
                && top < other_low
                && other_top < low
        };
        for (i, point) in all.iter().enumerate() {
            let (colour, _) = STYLES[point.curve % STYLES.len()];
            let here = all.iter().filter(|p| near(p, point)).count();
            let before = all[..i].iter().filter(|p| near(p, point)).count();
            let aside = 0.85 * scale * (before as f64 - 0.5 * (here as f64 - 1.0));
            // What stands on the last day steps back from the curves' names.
            let reach = 0.425 * (here as f64 - 1.0) + 1.0;
            let beyond = self.to_x(point.day) + reach * scale - (self.left + self.width);
            let x = self.to_x(point.day) + aside - beyond.max(0.0);
            let end = |bound: Option<f64>, open: f64| self.to_y(bound.unwrap_or(open));
            let low = end(point.range[0], self.low);
            let high = end(point.range[1], self.high);
            let thick = 0.35 * scale;
            let stroke = format!("stroke=\"{colour}\" stroke-width=\"{thick:.3}\" fill=\"none\"");
            writeln!(out, "<path d=\"M{x:.2} {low:.2}V{high:.2}\" {stroke}/>").ok();
            for (bound, y) in [(point.range[0], low), (point.range[1], high)] {
                if bound.is_some() {
                    writeln!(
                        out,
                        "<path d=\"M{:.2} {y:.2}h{:.2}\" {stroke}/>",
                        x - 0.8 * scale,
                        1.6 * scale
                    )
                    .ok();
                }
            }
            let Some(y) = point.value.map(|v| self.to_y(v)) else {
                continue;
            };
            let stroke = format!("stroke=\"{colour}\" stroke-width=\"{thick:.3}\"");
            match point.mark {
                Mark::Fitted | Mark::Predicted => {
                    let is_ring = point.mark == Mark::Predicted;
                    let fill = if is_ring { "#fff" } else { colour };
                    writeln!(
                        out,
                        "<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"{:.3}\" {stroke} fill=\"{fill}\"/>",
                        0.8 * scale
                    )
                    .ok();
                }
                Mark::Stated => {
                    let half = 0.75 * scale;
                    writeln!(
                        out,
                        "<rect x=\"{:.2}\" y=\"{:.2}\" width=\"{:.2}\" height=\"{:.2}\" {stroke} fill=\"#fff\"/>",
                        x - half,
                        y - half,
                        2.0 * half,
                        2.0 * half
                    )
                    .ok();
                }
            }
        }
        out
    }

    /// Curves, and their legend in the lower corner that fewer of their points cross.
    fn curves(&self, curves: &[Curve]) -> String {
        let mut out = String::new();
        let box_height = 2.9 * curves.len() as f64 + 2.0;
        let crossed = |from: f64| {
            let points = curves.iter().flat_map(|c| &c.points);
            let here =
                points.filter(|p| (from..from + 0.42 * self.width).contains(&self.to_x(p.0)));
            here.filter(|p| self.to_y(p.1) > self.bottom - box_height)
                .count()
        };
        let right = self.left + 0.58 * self.width;
        let legend = if crossed(right) < crossed(self.left) {
            right
        } else {
            self.left
        };
        for (i, curve) in curves.iter().enumerate() {
            let (colour, dash) = STYLES[i % STYLES.len()];
            let points: Vec<String> = curve
                .points
                .iter()
                .filter(|p| p.1.is_finite())
                .map(|p| format!("{:.3},{:.3}", self.to_x(p.0), self.to_y(p.1)))
                .collect();
            writeln!(out, "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"0.45\" stroke-dasharray=\"{dash}\" stroke-linejoin=\"round\"/>", points.join(" ")).ok();
            let ly = self.bottom - 2.2 - 2.9 * (curves.len() - 1 - i) as f64;
            writeln!(out, "<path d=\"M{:.2} {:.2}h6\" stroke=\"{colour}\" stroke-width=\"0.45\" stroke-dasharray=\"{dash}\"/>", legend + 1.5, ly - 0.8).ok();
            out += &text(legend + 8.5, ly, 6.0, "start", &curve.label);
        }
        out
    }
}

impl Chart {
    /// The chart as SVG in a box, mm.
    pub(super) fn svg(&self, x: f64, y: f64, width: f64, height: f64) -> String {
        let frame = Frame::new(self, x, y, width, height);
        let mut out = frame.phases(&self.phases) + &frame.axes() + &frame.curves(&self.curves);
        out += &frame.published(&self.published, 1.0);
        let middle = frame.left + 0.5 * frame.width;
        out += &text(middle, frame.bottom + 6.8, 7.0, "middle", "Mission day");
        let (tx, ty) = (x + 2.5, frame.bottom - 0.5 * frame.height);
        writeln!(
            out,
            "<text transform=\"translate({tx:.2} {ty:.2}) rotate(-90)\" font-size=\"{:.3}\" text-anchor=\"middle\">{}</text>",
            7.0 * POINT,
            escape(&self.label)
        )
        .ok();
        out
    }
}

/// Heights for names beside the ends of curves, so that none stands on another: as near to their
/// own as may be, at least `gap` apart.
pub fn apart(ends: &[f64], gap: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..ends.len()).collect();
    order.sort_by(|a, b| ends[*a].total_cmp(&ends[*b]));
    // Names that touch are one block, that stands where its middle would.
    let mut blocks: Vec<(f64, Vec<usize>)> = Vec::new();
    for k in order {
        blocks.push((ends[k], vec![k]));
        while let [.., (below, lower), (above, upper)] = blocks.as_slice() {
            let reach = 0.5 * gap * (lower.len() + upper.len()) as f64;
            if above - below >= reach {
                break;
            }
            let both = [lower.as_slice(), upper.as_slice()].concat();
            let middle = both.iter().map(|k| ends[*k]).sum::<f64>() / both.len() as f64;
            blocks.truncate(blocks.len() - 2);
            blocks.push((middle, both));
        }
    }
    let mut at = vec![0.0; ends.len()];
    for (middle, block) in blocks {
        for (n, k) in block.iter().enumerate() {
            at[*k] = middle + gap * (n as f64 - 0.5 * (block.len() - 1) as f64);
        }
    }
    at
}

impl Chart {
    /// The chart on a page: no grid, no legend, curves named at their ends.
    pub(super) fn draw(&self, pen: &mut Pen, at: Box2) {
        let em = pen.em;
        let named = self.curves.iter().map(|c| c.label.chars().count()).max();
        // Half an em a letter is a little more than a name takes.
        let names = (0.5 * em * named.unwrap_or(0) as f64 + em).min(0.45 * at.width);
        let (left, right) = (at.x + 4.4 * em, at.x + at.width - names);
        let (top, bottom) = (at.y + 1.5 * em, at.y + at.height - 3.2 * em);
        let spans = Frame::new(self, 0.0, 0.0, 1.0, 1.0);
        let frame = Frame {
            left,
            bottom,
            width: (right - left).max(em),
            height: (bottom - top).max(em),
            ..spans
        };
        for phase in &self.phases {
            let [a, b] = [phase.from, phase.to].map(|d| frame.to_x(d.min(self.days)));
            // Light enough for the lightest curve to be seen on it in grey.
            let grey = 232.0 + 23.0 * phase.gravity.clamp(0.0, 1.0);
            if b - a <= 0.0 {
                continue;
            }
            if pen.ground == "#fff" && phase.gravity < 1.0 {
                writeln!(
                    pen.out,
                    "<rect x=\"{a:.3}\" y=\"{top:.3}\" width=\"{:.3}\" height=\"{:.3}\" fill=\"rgb({grey:.0},{grey:.0},{grey:.0})\"/>",
                    b - a,
                    frame.height
                )
                .ok();
            }
            if b - a > 0.55 * em * phase.name.chars().count() as f64 {
                let middle = f64::midpoint(a, b);
                pen.text([middle, top - 0.4 * em], 1.0, "middle", &phase.name);
            }
        }
        // Axes with ticks outside.
        pen.line(
            &format!("M{left:.3} {top:.3}V{bottom:.3}H{:.3}", left + frame.width),
            0.5,
        );
        let ticks = ((frame.high - frame.low) / frame.step).round() as i32;
        for i in 0..=ticks {
            let value = frame.low + frame.step * f64::from(i);
            let y = frame.to_y(value);
            pen.line(&format!("M{left:.3} {y:.3}h{:.3}", -0.4 * em), 0.5);
            let label = tick(value, frame.step).replace('-', "−");
            pen.text([left - 0.6 * em, y + 0.36 * em], 1.0, "end", &label);
            if value.abs() < 1e-9 && i > 0 {
                pen.line(&format!("M{left:.3} {y:.3}h{:.3}", frame.width), 0.25);
            }
        }
        // As many days as there is room for their numbers.
        let day_step = nice_step(self.days, (frame.width / (3.2 * em)).clamp(1.0, 6.0));
        for i in 0..=(self.days / day_step).floor() as i32 {
            let day = day_step * f64::from(i);
            let x = frame.to_x(day);
            pen.line(&format!("M{x:.3} {bottom:.3}v{:.3}", 0.4 * em), 0.5);
            let y = bottom + 1.4 * em;
            pen.text([x, y], 1.0, "middle", &tick(day, day_step));
        }
        let middle = left + 0.5 * frame.width;
        pen.text([middle, bottom + 2.7 * em], 1.0, "middle", "Mission day");
        pen.upwards([at.x + em, f64::midpoint(top, bottom)], &self.label);
        // Curves; their names where they end, or would.
        let shown = |c: &Curve| -> Vec<(f64, f64)> {
            let points = c.points.iter().filter(|p| p.1.is_finite());
            points.map(|p| (frame.to_x(p.0), frame.to_y(p.1))).collect()
        };
        let curves: Vec<Vec<(f64, f64)>> = self.curves.iter().map(shown).collect();
        let last = curves.iter().flatten().map(|p| p.0).fold(left, f64::max);
        let ends: Vec<f64> = curves
            .iter()
            .map(|c| c.last().map_or(bottom, |p| p.1))
            .collect();
        let names = apart(&ends, 1.15 * em);
        for (k, (curve, points)) in self.curves.iter().zip(&curves).enumerate() {
            let (colour, dash) = STYLES[k % STYLES.len()];
            // Dashes were made for text of six points.
            let scale = em / (6.0 * POINT);
            let dash: Vec<String> = dash
                .split_whitespace()
                .filter_map(|d| d.parse::<f64>().ok())
                .map(|d| format!("{:.3}", scale * d))
                .collect();
            let places: Vec<String> = points
                .iter()
                .map(|(x, y)| format!("{x:.3},{y:.3}"))
                .collect();
            writeln!(
                pen.out,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{:.4}\" stroke-dasharray=\"{}\" stroke-linejoin=\"round\"/>",
                places.join(" "),
                0.16 * em,
                dash.join(" ")
            )
            .ok();
            // A line in the curve's own dash leads from its end to its name.
            let (from, to) = (last + 0.2 * em, last + 0.8 * em);
            writeln!(
                pen.out,
                "<path d=\"M{from:.3} {:.3}L{to:.3} {:.3}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{:.4}\"/>",
                ends[k],
                names[k],
                0.06 * em
            )
            .ok();
            pen.text(
                [last + em, names[k] + 0.36 * em],
                1.0,
                "start",
                &curve.label,
            );
        }
        let scale = em / (6.0 * POINT);
        pen.out += &frame.published(&self.published, scale);
    }
}

#[cfg(test)]
mod tests {
    use super::apart;

    #[test]
    fn names_stand_apart_and_near_their_curves() {
        let ends = [0.0, 0.1, -8.0, 0.05, -7.5];
        let at = apart(&ends, 1.0);
        let mut sorted = at.clone();
        sorted.sort_by(f64::total_cmp);
        assert!(sorted.windows(2).all(|w| w[1] - w[0] > 0.999), "{at:?}");
        // In the order of their ends, and none far off.
        assert!(at[0] < at[3] && at[3] < at[1] && at[2] < at[4]);
        let off = at.iter().zip(ends).map(|(a, e)| (a - e).abs());
        assert!(off.fold(0.0, f64::max) < 1.1);
        // What stands apart stays where it is.
        assert_eq!(apart(&[3.0, 9.0], 1.0), [3.0, 9.0]);
        assert!(apart(&[], 1.0).is_empty());
    }
}
