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
    /// Phases shaded behind.
    pub phases: Vec<Span>,
    /// Last day.
    pub days: f64,
}

/// Colours of Okabe and Ito, told apart by colour-blind readers, with dash patterns for grey print.
const STYLES: [(&str, &str); 6] = [
    ("#0072b2", ""),
    ("#d55e00", "2.2 0.8"),
    ("#009e73", "0.8 0.8"),
    ("#cc79a7", "3 0.8 0.8 0.8"),
    ("#56b4e9", "1.5 0.6"),
    ("#e69f00", "0.5 0.7"),
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

impl Chart {
    /// The chart as SVG in a box, mm.
    pub(super) fn svg(&self, x: f64, y: f64, width: f64, height: f64) -> String {
        let (left, bottom) = (x + 11.0, y + height - 8.0);
        let (w, h) = (width - 13.0, height - 12.0);
        let values = || {
            self.curves
                .iter()
                .flat_map(|c| c.points.iter().map(|p| p.1))
        };
        let (mut low, mut high) = (values().fold(0.0, f64::min), values().fold(0.0, f64::max));
        // A flat line deserves an axis that shows it is flat.
        if high - low < 0.5 {
            (low, high) = (low - 0.5, high + 0.5);
        }
        let step = nice_step(high - low, 5.0);
        low = (low / step).floor() * step;
        high = (high / step).ceil() * step;
        let to_x = |day: f64| left + w * day / self.days.max(1e-9);
        let to_y = |v: f64| bottom - h * (v - low) / (high - low);
        let mut out = String::new();
        for phase in &self.phases {
            let (a, b) = (
                to_x(phase.from.min(self.days)),
                to_x(phase.to.min(self.days)),
            );
            let grey = 205.0 + 50.0 * phase.gravity.clamp(0.0, 1.0);
            writeln!(out, "<rect x=\"{a:.2}\" y=\"{:.2}\" width=\"{:.2}\" height=\"{h:.2}\" fill=\"rgb({grey:.0},{grey:.0},{grey:.0})\"/>", bottom - h, b - a).ok();
            let label = format!("{:.2} g", phase.gravity);
            let label = label.replace(".00 g", " g");
            if b - a > 9.0 {
                out += &text(
                    f64::midpoint(a, b),
                    bottom - h - 0.8,
                    6.0,
                    "middle",
                    &format!("{}, {label}", phase.name),
                );
            }
        }
        let ticks = ((high - low) / step).round() as i32;
        for i in 0..=ticks {
            let v = low + step * f64::from(i);
            writeln!(out, "<path d=\"M{left:.2} {:.2}h{w:.2}\" stroke=\"#999\" stroke-width=\"{}\" fill=\"none\"/>", to_y(v), if v.abs() < 1e-9 { 0.25 } else { 0.08 }).ok();
            let label = tick(v, step).replace('-', "−");
            out += &text(left - 1.0, to_y(v) + 0.8, 6.0, "end", &label);
        }
        let day_step = nice_step(self.days, 6.0);
        for i in 0..=(self.days / day_step).floor() as i32 {
            let day = day_step * f64::from(i);
            writeln!(
                out,
                "<path d=\"M{:.2} {bottom:.2}v1\" stroke=\"#000\" stroke-width=\"0.15\"/>",
                to_x(day)
            )
            .ok();
            out += &text(to_x(day), bottom + 3.4, 6.0, "middle", &tick(day, day_step));
        }
        writeln!(out, "<rect x=\"{left:.2}\" y=\"{:.2}\" width=\"{w:.2}\" height=\"{h:.2}\" fill=\"none\" stroke=\"#000\" stroke-width=\"0.2\"/>", bottom - h).ok();
        // The legend stands in the lower corner that fewer points of the curves cross.
        let box_height = 2.9 * self.curves.len() as f64 + 2.0;
        let crossed = |from: f64| {
            let points = self.curves.iter().flat_map(|c| &c.points);
            points
                .filter(|p| {
                    (from..from + 0.42 * w).contains(&to_x(p.0)) && to_y(p.1) > bottom - box_height
                })
                .count()
        };
        let right = left + 0.58 * w;
        let legend = if crossed(right) < crossed(left) {
            right
        } else {
            left
        };
        for (i, curve) in self.curves.iter().enumerate() {
            let (colour, dash) = STYLES[i % STYLES.len()];
            let points: Vec<String> = curve
                .points
                .iter()
                .filter(|p| p.1.is_finite())
                .map(|p| format!("{:.3},{:.3}", to_x(p.0), to_y(p.1)))
                .collect();
            writeln!(out, "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"0.45\" stroke-dasharray=\"{dash}\" stroke-linejoin=\"round\"/>", points.join(" ")).ok();
            let ly = bottom - 2.2 - 2.9 * (self.curves.len() - 1 - i) as f64;
            writeln!(out, "<path d=\"M{:.2} {:.2}h6\" stroke=\"{colour}\" stroke-width=\"0.45\" stroke-dasharray=\"{dash}\"/>", legend + 1.5, ly - 0.8).ok();
            out += &text(legend + 8.5, ly, 6.0, "start", &curve.label);
        }
        out += &text(left + 0.5 * w, bottom + 6.8, 7.0, "middle", "Mission day");
        let (tx, ty) = (x + 2.5, bottom - 0.5 * h);
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
