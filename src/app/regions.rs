//! Every quantity by region, on the day that is looked at, of both runs: a table that is bars too.

use eframe::egui::{self, RichText, Ui};

use crate::figure::plain;
use crate::measure::{Quantity, Subject};
use crate::study::{Remembered, Which};

use super::theme::palette;
use super::{MechanostatApp, Session};

/// By what the table is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Order {
    /// As the scene has its regions.
    #[default]
    Scene,
    Region,
    Value,
    Change,
}

/// Mean areal density of either run, g/cm², and of which generation and day.
type Areal = ((u64, u64), [Option<f64>; 2]);

/// What the table shows.
#[derive(Debug, Default)]
pub(super) struct Table {
    quantity: Option<Quantity>,
    order: Order,
    areal: Option<Areal>,
}

/// A region: day, value and change of the run that is shown, and of the other where that has come
/// so far.
struct Line {
    region: String,
    own: [f64; 3],
    other: Option<[f64; 3]>,
}

/// A number in as many digits as tell it apart.
fn number(value: f64) -> String {
    let digits = match value.abs() {
        v if v >= 100.0 => 1,
        v if v >= 1.0 => 2,
        _ => 4,
    };
    format!("{value:.digits$}").replace('-', "−")
}

fn percent(change: f64) -> String {
    format!("{change:+.2}").replace('-', "−")
}

fn other_of(session: &Session) -> Option<Which> {
    session.driver.has_twin().then(|| match session.shows() {
        Which::First => Which::Twin,
        Which::Twin => Which::First,
    })
}

fn lines(session: &Session, quantity: Quantity) -> Vec<Line> {
    let day = session.day();
    let courses = session.run().courses();
    let other = other_of(session).map(|which| session.driver.of(which).courses());
    let measured = courses.measured().filter(|(_, q)| *q == quantity);
    measured
        .filter_map(|(region, _)| {
            let own = courses.on_day(region, quantity, day)?;
            let other = other.and_then(|c| c.on_day(region, quantity, day));
            Some(Line {
                region: region.to_owned(),
                own,
                other: other.filter(|o| (o[0] - own[0]).abs() < 1e-6),
            })
        })
        .collect()
}

impl MechanostatApp {
    /// The table.
    pub(super) fn regions(&mut self, ui: &mut Ui) {
        let Some(session) = &self.session else { return };
        let mut offered: Vec<Quantity> =
            session.run().courses().measured().map(|(_, q)| q).collect();
        offered.sort_unstable();
        offered.dedup();
        let Some(quantity) = self
            .table
            .quantity
            .filter(|q| offered.contains(q))
            .or_else(|| offered.first().copied())
        else {
            ui.label("Nothing is measured yet.");
            return;
        };
        let titled = |q: Quantity| match q.subject() {
            Subject::Bone => format!("bone: {}", q.title()),
            Subject::Muscle => format!("muscle: {}", q.title()),
            Subject::Body => format!("body: {}", q.title()),
        };
        let mut exports = false;
        ui.horizontal_wrapped(|ui| {
            let label = ui.label("Quantity");
            egui::ComboBox::from_id_salt("quantity of the table")
                .selected_text(titled(quantity))
                .width(ui.available_width().clamp(60.0, 220.0))
                .show_ui(ui, |ui| {
                    for one in offered {
                        if ui.selectable_label(one == quantity, titled(one)).clicked() {
                            self.table.quantity = Some(one);
                        }
                    }
                })
                .response
                .labelled_by(label.id);
            exports = ui
                .button("Table as CSV")
                .on_hover_text("all quantities of all regions on this day, of both runs")
                .clicked();
            ui.label(format!("day {:.0}", session.day().floor()));
        });
        let mut found = lines(session, quantity);
        match self.table.order {
            Order::Scene => {}
            Order::Region => found.sort_by(|a, b| a.region.cmp(&b.region)),
            Order::Value => found.sort_by(|a, b| b.own[1].total_cmp(&a.own[1])),
            Order::Change => found.sort_by(|a, b| a.own[2].total_cmp(&b.own[2])),
        }
        let unit = match quantity.unit() {
            "1" => "1 = at rest".to_owned(),
            unit => unit
                .replace("cm3", "cm³")
                .replace("mm2", "mm²")
                .replace("mm3", "mm³"),
        };
        let most = found
            .iter()
            .flat_map(|l| std::iter::once(l.own).chain(l.other))
            .map(|[_, _, change]| change.abs())
            .fold(1.0, f64::max);
        let two = session.driver.has_twin();
        let mut order = self.table.order;
        egui::ScrollArea::both().auto_shrink(false).show(ui, |ui| {
            egui::Grid::new("regions").striped(true).show(ui, |ui| {
                let mut head = |ui: &mut Ui, name: &str, by: Option<Order>| {
                    let Some(by) = by else {
                        ui.strong(name);
                        return;
                    };
                    let text = RichText::new(name).strong();
                    let chosen = order == by;
                    if ui
                        .selectable_label(chosen, text)
                        .on_hover_text("sort by this")
                        .clicked()
                    {
                        order = if chosen { Order::Scene } else { by };
                    }
                };
                head(ui, "region", Some(Order::Region));
                head(ui, &unit, Some(Order::Value));
                head(ui, "change (%)", Some(Order::Change));
                head(ui, "", None);
                if two {
                    head(ui, "other run", None);
                    head(ui, "change (%)", None);
                    head(ui, "less the other", None);
                }
                ui.end_row();
                for line in &found {
                    ui.label(plain(&line.region));
                    let [_, own, change] = line.own;
                    ui.label(number(own));
                    ui.label(percent(change));
                    bars(ui, line, most);
                    if let Some([_, value, change]) = line.other {
                        ui.label(number(value));
                        ui.label(percent(change));
                        ui.label(number(own - value));
                    } else if two {
                        ui.label("–")
                            .on_hover_text("the other run has not come to this day");
                    }
                    ui.end_row();
                }
            });
            if quantity.subject() == Subject::Bone {
                self.areal_beside(ui);
            }
        });
        self.table.order = order;
        if exports {
            let text = self.table_text();
            self.export("regions.csv", &text);
        }
    }

    /// What absorptiometry would say, beside what is measured by volume.
    fn areal_beside(&mut self, ui: &mut Ui) {
        let Some(session) = &self.session else { return };
        let of = (session.generation(), session.day().to_bits());
        if self.table.areal.is_none_or(|(known, _)| known != of) {
            let anatomy = session.simulation().anatomy();
            let mineral = session.simulation().model().physiology.tissue_mineral;
            let mean = |which: Which| {
                let day = Remembered::of(session.driver.of(which), session.day())?;
                let is_there = (day.day() - session.day()).abs() < 1.0;
                is_there.then(|| day.areal(anatomy, mineral).mean())?
            };
            let both = [Some(session.shows()), other_of(session)].map(|w| w.and_then(mean));
            self.table.areal = Some((of, both));
        }
        if let Some((_, [Some(own), other])) = self.table.areal {
            let other = other.map_or(String::new(), |o| format!("; the other run {o:.4} g/cm²"));
            ui.label(format!(
                "Areal, as absorptiometry sees the scene from the front: {own:.4} g/cm²{other}"
            ));
        }
    }

    /// All of it as CSV.
    fn table_text(&self) -> String {
        use std::fmt::Write as _;
        let mut out = "day,run,region,quantity,unit,value,change_pct\n".to_owned();
        let Some(session) = &self.session else {
            return out;
        };
        let day = session.day();
        let runs = [Some(session.shows()), other_of(session)];
        for which in runs.into_iter().flatten() {
            let run = match which {
                Which::First => "first",
                Which::Twin => "twin",
            };
            let courses = session.driver.of(which).courses();
            for (region, quantity) in courses.measured() {
                if let Some([day, value, change]) = courses.on_day(region, quantity, day) {
                    let (key, unit) = (quantity.key(), quantity.unit());
                    writeln!(out, "{day},{run},{region},{key},{unit},{value},{change}").ok();
                }
            }
        }
        out
    }

    /// Writes a file of numbers beside what there is.
    pub(super) fn export(&mut self, name: &str, text: &str) {
        let path = crate::io::unused(std::path::Path::new(name));
        self.told = match crate::io::write(&path, text.as_bytes()) {
            Ok(()) => format!("saved {}", path.display()),
            Err(error) => error.to_string(),
        };
    }
}

/// Changes of both runs as bars to either side of none.
fn bars(ui: &mut Ui, line: &Line, most: f64) {
    let (rect, _) = ui.allocate_exact_size(egui::vec2(120.0, 16.0), egui::Sense::hover());
    let colours = palette(ui.ctx());
    let painter = ui.painter();
    let middle = rect.center().x;
    let runs = [Some(line.own), line.other];
    let each = if line.other.is_some() { 7.0 } else { 12.0 };
    for (k, [_, _, change]) in runs.into_iter().flatten().enumerate() {
        let end = middle + (0.5 * f64::from(rect.width()) * change / most) as f32;
        let top = rect.top() + 1.0 + k as f32 * each;
        let bar =
            egui::Rect::from_two_pos(egui::pos2(middle, top), egui::pos2(end, top + each - 1.0));
        let colour = colours.curves[k];
        // The other run is an outline: told apart without colour.
        if k == 0 {
            painter.rect_filled(bar, 0.0, colour);
        } else {
            let line = egui::Stroke::new(1.0, colour);
            painter.rect_stroke(bar, 0.0, line, egui::StrokeKind::Inside);
        }
    }
    let line = egui::Stroke::new(1.0, colours.ink);
    painter.vline(middle, rect.y_range(), line);
}
