//! Curves over mission days, with the phases of gravity behind them.

use std::fmt::Write as _;

use crate::view::tick;

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

/// Colours of Okabe and Ito, told apart by colour-blind readers, with dash patterns for grey print.
const STYLES: [(&str, &str); 7] = [
    ("#0072b2", ""),
    ("#d55e00", "2.2 0.8"),
    ("#009e73", "0.8 0.8"),
    ("#cc79a7", "3 0.8 0.8 0.8"),
    ("#56b4e9", "1.5 0.6"),
    ("#e69f00", "0.5 0.7"),
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
    fn published(&self, all: &[Published]) -> String {
        let mut out = String::new();
        let near = |a: &Published, b: &Published| (self.to_x(a.day) - self.to_x(b.day)).abs() < 1.0;
        for (i, point) in all.iter().enumerate() {
            let (colour, _) = STYLES[point.curve % STYLES.len()];
            let here = all.iter().filter(|p| near(p, point)).count();
            let before = all[..i].iter().filter(|p| near(p, point)).count();
            let aside = 1.7 * (before as f64 - 0.5 * (here as f64 - 1.0));
            let x = self.to_x(point.day) + aside;
            let end = |bound: Option<f64>, open: f64| self.to_y(bound.unwrap_or(open));
            let low = end(point.range[0], self.low);
            let high = end(point.range[1], self.high);
            let stroke = format!("stroke=\"{colour}\" stroke-width=\"0.35\" fill=\"none\"");
            writeln!(out, "<path d=\"M{x:.2} {low:.2}V{high:.2}\" {stroke}/>").ok();
            for (bound, y) in [(point.range[0], low), (point.range[1], high)] {
                if bound.is_some() {
                    writeln!(out, "<path d=\"M{:.2} {y:.2}h1.6\" {stroke}/>", x - 0.8).ok();
                }
            }
            let Some(y) = point.value.map(|v| self.to_y(v)) else {
                continue;
            };
            let stroke = format!("stroke=\"{colour}\" stroke-width=\"0.35\"");
            match point.mark {
                Mark::Fitted | Mark::Predicted => {
                    let is_ring = point.mark == Mark::Predicted;
                    let fill = if is_ring { "#fff" } else { colour };
                    writeln!(
                        out,
                        "<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"0.8\" {stroke} fill=\"{fill}\"/>"
                    )
                    .ok();
                }
                Mark::Stated => {
                    let (left, top) = (x - 0.75, y - 0.75);
                    writeln!(out, "<rect x=\"{left:.2}\" y=\"{top:.2}\" width=\"1.5\" height=\"1.5\" {stroke} fill=\"#fff\"/>").ok();
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
        out += &frame.published(&self.published);
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
