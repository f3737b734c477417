//! The seven controls: mission, gravity, exercise, view, play, time, reset.

use eframe::egui::{self, Color32, RichText, Ui};

use crate::scenario::{BUILT_IN, Exercise};
use crate::study::{What, Which};
use crate::view::Look;

use super::controls::{Intent, gravity_slider, gravity_stops};
use super::views::Compare;
use super::{MechanostatApp, Session, Speed};

impl MechanostatApp {
    /// Gravity with its gauge, exercise, view.
    pub(super) fn conditions(&mut self, ui: &mut Ui) {
        let Some(session) = &self.session else { return };
        let mut intent = None;
        let mut look = None;
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new("Gravity").strong());
            let settled = session.simulation().is_settled();
            let (now, _) = session.conditions();
            ui.add_enabled_ui(settled, |ui| {
                gravity_stops(ui, now, &mut intent);
                gravity_slider(ui, now, &mut intent);
            });
            gauge(ui, session);
            ui.separator();
            ui.add_enabled_ui(settled, |ui| {
                let label = ui.label(RichText::new("Exercise").strong());
                egui::ComboBox::from_id_salt("exercise of the first screen")
                    .selected_text(now.exercise.name())
                    .width(90.0)
                    .show_ui(ui, |ui| {
                        for exercise in Exercise::ALL {
                            let chosen = *exercise == now.exercise;
                            if ui.selectable_label(chosen, exercise.name()).clicked() {
                                intent = Some(Intent::Do(What::Exercise(*exercise)));
                            }
                        }
                    })
                    .response
                    .labelled_by(label.id);
            });
            ui.separator();
            let label = ui.label(RichText::new("View").strong());
            egui::ComboBox::from_id_salt("look")
                .selected_text(self.look.name())
                .width(90.0)
                .show_ui(ui, |ui| {
                    for one in Look::ALL {
                        if ui.selectable_label(self.look == one, one.name()).clicked() {
                            look = Some(one);
                        }
                    }
                })
                .response
                .labelled_by(label.id);
        });
        if let Some(look) = look {
            self.choose_look(look);
        }
        if let Some(intent) = intent {
            self.perform(intent);
        }
    }

    /// Mission, play, the mission's days, reset.
    pub(super) fn time(&mut self, ui: &mut Ui) {
        let Some(session) = &mut self.session else {
            return;
        };
        let mut intent = None;
        ui.horizontal(|ui| {
            let label = ui.label(RichText::new("Mission").strong());
            egui::ComboBox::from_id_salt("mission")
                .selected_text(session.setup().scenario.name.clone())
                .width(190.0)
                .show_ui(ui, |ui| {
                    for (name, _) in BUILT_IN {
                        if ui.selectable_label(false, *name).clicked() {
                            intent = Some(Intent::Restart(Some(name)));
                        }
                    }
                })
                .response
                .labelled_by(label.id);
            let name = if session.is_playing() {
                "Pause"
            } else {
                "Play"
            };
            let button = egui::Button::new(RichText::new(name).strong());
            if ui.add_sized([64.0, 26.0], button).clicked() {
                session.toggle_play();
            }
            egui::ComboBox::from_id_salt("speed")
                .selected_text(session.speed.name())
                .width(104.0)
                .show_ui(ui, |ui| {
                    for speed in Speed::ALL {
                        ui.selectable_value(&mut session.speed, speed, speed.name());
                    }
                })
                .response
                .widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, "Speed"));
            let width = (ui.available_width() - 64.0).max(80.0);
            if let Some(day) = days(ui, session, width) {
                session.look_at(day);
            }
            if ui.button("Reset").clicked() {
                intent = Some(Intent::Restart(None));
            }
        });
        if let Some(intent) = intent {
            self.perform(intent);
        }
    }

    /// The sentence above the picture, and what can be done with two runs.
    pub(super) fn headline(&mut self, ui: &mut Ui) {
        let Some(session) = &mut self.session else {
            return;
        };
        let sentence = session.sentence();
        let size = (ui.available_width() / 42.0).clamp(15.0, 24.0);
        ui.label(RichText::new(&sentence).size(size).strong());
        if session.driver.has_twin() {
            let mut intent = None;
            ui.horizontal_wrapped(|ui| {
                let other = session.sentence_of(match session.shows() {
                    Which::First => Which::Twin,
                    Which::Twin => Which::First,
                });
                ui.label(format!("the other run: {other}"));
                super::controls::which(ui, session.shows(), &mut intent);
                for compare in Compare::ALL {
                    ui.selectable_value(&mut self.views.compare, compare, compare.name());
                }
            });
            if let Some(intent) = intent {
                self.perform(intent);
            }
        } else {
            self.views.compare = Compare::Single;
        }
    }
}

/// Strain of the bone beside that at 1 g.
fn gauge(ui: &mut Ui, session: &Session) {
    let percent = session.strain_percent();
    let text = percent.map_or("strain: –".to_owned(), |p| {
        format!("strain {p:.0} % of 1 g")
    });
    let (rect, response) = ui.allocate_exact_size(egui::vec2(132.0, 20.0), egui::Sense::hover());
    let painter = ui.painter();
    painter.rect_filled(rect, 3.0, ui.visuals().extreme_bg_color);
    if let Some(percent) = percent {
        // Twice what it is at 1 g fills the gauge.
        let share = (percent / 200.0).clamp(0.0, 1.0) as f32;
        let filled = egui::Rect::from_min_size(rect.min, egui::vec2(share * rect.width(), 20.0));
        painter.rect_filled(filled, 3.0, Color32::from_rgb(60, 110, 150));
        let earth = rect.center().x;
        let line = egui::Stroke::new(1.0, ui.visuals().weak_text_color());
        painter.vline(earth, rect.y_range(), line);
    }
    let font = egui::FontId::proportional(12.0);
    let ink = ui.visuals().strong_text_color();
    painter.text(rect.center(), egui::Align2::CENTER_CENTER, &text, font, ink);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &text));
    response
        .on_hover_text("mean strain of the bone on its hardest activity, beside that under 1 g");
}

/// The mission's days: phases as blocks, what was changed by hand, what is computed, where one
/// looks. Returns the day that was chosen.
fn days(ui: &mut Ui, session: &Session, width: f32) -> Option<f64> {
    let sense = egui::Sense::click_and_drag();
    let (rect, response) = ui.allocate_exact_size(egui::vec2(width, 34.0), sense);
    super::script::note(ui.ctx(), "days", rect);
    let (today, looked) = (session.simulation().day(), session.day());
    let last = session.last_day();
    let most = session.setup().scenario.days().max(last).max(1.0);
    let x = |day: f64| rect.left() + (day / most) as f32 * rect.width();
    let painter = ui.painter().with_clip_rect(rect);
    let font = egui::FontId::proportional(11.0);
    painter.rect_filled(rect, 3.0, ui.visuals().extreme_bg_color);
    // Phases, the darker the less gravity there is along the legs.
    let mut from = 0.0;
    for phase in &session.setup().scenario.phases {
        let to = from + phase.days;
        let block = egui::Rect::from_min_max(
            egui::pos2(x(from) + 0.5, rect.top() + 1.0),
            egui::pos2(x(to) - 0.5, rect.top() + 22.0),
        );
        let axial = phase.conditions.axial_gravity().clamp(0.0, 1.0);
        let shade = |dark: f64, light: f64| (dark + (light - dark) * axial) as u8;
        let fill = Color32::from_rgb(shade(52.0, 62.0), shade(64.0, 96.0), shade(120.0, 84.0));
        painter.rect_filled(block, 2.0, fill);
        // Hatched where nothing is computed yet.
        let mut hatch = x(last.clamp(from, to));
        let line = egui::Stroke::new(1.0, Color32::from_black_alpha(110));
        while hatch < block.right() {
            let foot = egui::pos2(hatch, block.bottom());
            painter.line_segment([foot, foot + egui::vec2(10.0, -21.0)], line);
            hatch += 6.0;
        }
        let clipped = painter.with_clip_rect(block.intersect(rect));
        let at = block.left_center() + egui::vec2(4.0, 0.0);
        let name = phase.name.as_str();
        clipped.text(
            at,
            egui::Align2::LEFT_CENTER,
            name,
            font.clone(),
            Color32::WHITE,
        );
        from = to;
    }
    // By hand.
    let line = egui::Stroke::new(2.0, Color32::from_rgb(240, 190, 80));
    for action in session.driver.document().actions() {
        painter.vline(x(action.day), rect.y_range(), line);
    }
    // Computed.
    let base = egui::pos2(rect.left(), rect.bottom() - 9.0);
    let done = egui::Rect::from_min_size(base, egui::vec2(x(last) - rect.left(), 3.0));
    painter.rect_filled(done, 0.0, Color32::from_rgb(120, 180, 120));
    for day in session.run().timeline().moments() {
        let tick = egui::pos2(x(day), rect.bottom() - 7.5);
        painter.circle_filled(tick, 1.5, Color32::from_gray(200));
    }
    let head = egui::Stroke::new(2.0, Color32::WHITE);
    painter.vline(x(looked), rect.y_range(), head);
    let near_end = x(looked) > rect.right() - 56.0;
    let (align, off) = if near_end {
        (egui::Align2::RIGHT_BOTTOM, -4.0)
    } else {
        (egui::Align2::LEFT_BOTTOM, 4.0)
    };
    let at = egui::pos2(x(looked) + off, rect.bottom());
    painter.text(at, align, format!("day {looked:.0}"), font, Color32::WHITE);
    response.widget_info(|| {
        egui::WidgetInfo::labeled(
            egui::Role::Slider,
            true,
            format!("Mission day {looked:.0} of {most:.0}"),
        )
    });
    let at = response
        .interact_pointer_pos()
        .filter(|_| response.dragged() || response.clicked());
    let chosen = at.map(|p| f64::from((p.x - rect.left()) / rect.width()) * most);
    if response.hovered() {
        let mib = session
            .driver
            .bytes()
            .map(|b| b as f64 / f64::from(1 << 20));
        response.on_hover_text(format!(
            "days to look at again: to day {last:.0}; kept in {:.0} MiB on the adapter and {:.1} on the host",
            mib[0], mib[1]
        ));
    }
    chosen.map(|day| day.clamp(0.0, today))
}
