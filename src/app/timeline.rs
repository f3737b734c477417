//! The mission's days: phases as blocks that are moved, resized and edited; what was changed by
//! hand; what is computed, kept and marked; where one looks.

use eframe::egui::{self, Align2, Color32, FontId, PopupCloseBehavior, Rect, Sense, Stroke, Ui};

use crate::scenario::{Drug, Exercise, MOST_NAME, Phase, Posture};
use crate::study::{What, Which};

use super::controls::Intent;
use super::{MechanostatApp, Session, script};

/// Heights of the lanes: phases, what was done by hand, time.
const PHASES: f32 = 22.0;
const BY_HAND: f32 = 5.0;
const TIME: f32 = 20.0;
/// How near a block's end is taken by the pointer.
const EDGE: f32 = 5.0;
/// The shortest and the longest phase that a hand makes, days.
const SHORTEST: f64 = 1.0;
const LONGEST: f64 = 3650.0;

/// A block that is being moved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Drag {
    phase: usize,
    /// Its end moves, and not the whole block.
    resizes: bool,
    /// Days so far.
    by: f64,
}

/// A phase that is being edited: which, of what mission, and what it is to be.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Draft {
    of: usize,
    mission: Vec<Phase>,
    phase: Phase,
}

/// The mission after a block was moved: the one before it ends earlier or later, by whole days.
fn moved(phases: &[Phase], drag: Drag) -> Vec<Phase> {
    let mut phases = phases.to_vec();
    let of = if drag.resizes {
        Some(drag.phase)
    } else {
        drag.phase.checked_sub(1)
    };
    if let Some(phase) = of.and_then(|k| phases.get_mut(k))
        && drag.by.round().abs() >= 1.0
    {
        phase.days = (phase.days + drag.by.round()).clamp(SHORTEST, LONGEST);
    }
    phases
}

impl MechanostatApp {
    /// The lanes, `width` wide.
    pub(super) fn timeline(&mut self, ui: &mut Ui, width: f32) {
        let Some(session) = &self.session else { return };
        let size = egui::vec2(width, PHASES + BY_HAND + TIME);
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        let mission = session.run().document().phases();
        let shown = self
            .drag
            .map_or_else(|| mission.clone(), |d| moved(&mission, d));
        let (last, looked) = (session.last_day(), session.day());
        // A block that is being dragged does not change what a point of the screen is worth.
        let length = |phases: &[Phase]| phases.iter().map(|p| p.days).sum::<f64>();
        let most = length(&mission).max(last).max(1.0);
        let scale = Scale { rect, most };
        let mut intent = None;
        let mut start = 0.0;
        for (k, phase) in shown.iter().enumerate() {
            let end = start + phase.days;
            let response = block(ui, scale, (k, phase), [start, end], last);
            self.drag_block(&response, scale, k, x_is_edge(&response, scale.x(end)));
            if response.drag_stopped()
                && let Some(drag) = self.drag.take()
            {
                let changed = moved(&mission, drag);
                if changed != mission {
                    intent = Some(Intent::Mission(changed));
                }
            }
            egui::Popup::menu(&response)
                .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
                .show(|ui| {
                    let draft = self
                        .draft
                        .take()
                        .filter(|d| d.of == k && d.mission == mission);
                    let mut draft = draft.unwrap_or_else(|| Draft {
                        of: k,
                        mission: mission.clone(),
                        phase: phase.clone(),
                    });
                    let looked = looked - start;
                    if let Some(changed) = edit(ui, &mut draft, looked) {
                        intent = Some(Intent::Mission(changed));
                        ui.close();
                    } else {
                        self.draft = Some(draft);
                    }
                });
            start = end;
        }
        let Some(session) = &self.session else { return };
        by_hand(ui, scale, session);
        let bookmarks = session.driver.document().bookmarks();
        let chosen = time(ui, scale, session, &bookmarks);
        if let Some(intent) = intent {
            self.perform(intent);
        } else if let (Some(day), Some(session)) = (chosen, &mut self.session) {
            session.look_at(day);
        }
    }

    fn drag_block(&mut self, response: &egui::Response, scale: Scale, phase: usize, edge: bool) {
        if response.drag_started() {
            self.drag = Some(Drag {
                phase,
                resizes: edge,
                by: 0.0,
            });
        }
        if let Some(drag) = &mut self.drag
            && response.dragged()
            && drag.phase == phase
        {
            drag.by += f64::from(response.drag_delta().x / scale.rect.width()) * scale.most;
        }
        if response.hovered() && edge {
            response
                .ctx
                .set_cursor_icon(egui::CursorIcon::ResizeHorizontal);
        }
    }

    /// The sentence of the bookmark that was passed last.
    pub(super) fn bookmark_told(&self) -> Option<String> {
        let session = self.session.as_ref()?;
        let day = session.day() + 0.5;
        let mut marks = session.driver.document().bookmarks().into_iter();
        marks.rfind(|(d, _)| *d <= day).map(|(_, s)| s)
    }
}

/// Where days are on the screen.
#[derive(Clone, Copy)]
struct Scale {
    rect: Rect,
    most: f64,
}

impl Scale {
    fn x(self, day: f64) -> f32 {
        self.rect.left() + (day / self.most) as f32 * self.rect.width()
    }

    /// A lane from a height on.
    fn lane(self, from: f32, height: f32) -> Rect {
        let top = egui::pos2(self.rect.left(), self.rect.top() + from);
        Rect::from_min_size(top, egui::vec2(self.rect.width(), height))
    }
}

/// Whether a drag that begins here takes the block's end.
fn x_is_edge(response: &egui::Response, end: f32) -> bool {
    let at = response.ctx.input(|i| i.pointer.press_origin());
    let at = at.or(response.hover_pos());
    at.is_some_and(|p| (p.x - end).abs() <= EDGE)
}

/// One phase.
fn block(
    ui: &Ui,
    scale: Scale,
    (number, phase): (usize, &Phase),
    [from, to]: [f64; 2],
    last: f64,
) -> egui::Response {
    let lane = scale.lane(0.0, PHASES);
    let block = Rect::from_min_max(
        egui::pos2(scale.x(from) + 0.5, lane.top()),
        egui::pos2(
            (scale.x(to) - 0.5).max(scale.x(from) + 1.5),
            lane.bottom() - 1.0,
        ),
    );
    let id = ui.scope_id().with(("phase", number));
    let response = ui.interact(block.intersect(scale.rect), id, Sense::click_and_drag());
    let painter = ui.painter().with_clip_rect(lane.intersect(ui.clip_rect()));
    let axial = phase.conditions.axial_gravity().clamp(0.0, 1.0);
    // The bluer the less gravity there is along the legs.
    let colours = super::theme::palette(ui.ctx());
    let [none, earth] = colours.phases;
    let [r, g, b] = [0, 1, 2].map(|k| (none[k] + (earth[k] - none[k]) * axial) as u8);
    let fill = Color32::from_rgb(r, g, b);
    painter.rect_filled(block, 2.0, fill);
    // Hatched where nothing is computed yet.
    let mut hatch = scale.x(last.clamp(from, to));
    let line = Stroke::new(1.0, Color32::from_black_alpha(90));
    while hatch < block.right() {
        let foot = egui::pos2(hatch, block.bottom());
        painter.line_segment([foot, foot + egui::vec2(10.0, -PHASES)], line);
        hatch += 6.0;
    }
    if response.hovered() || response.has_focus() {
        let line = Stroke::new(2.0, colours.on_phases);
        painter.rect_stroke(block, 2.0, line, egui::StrokeKind::Inside);
    }
    let clipped = painter.with_clip_rect(block.intersect(scale.rect));
    clipped.text(
        block.left_center() + egui::vec2(4.0, 0.0),
        Align2::LEFT_CENTER,
        &phase.name,
        FontId::proportional(11.0 * super::theme::Theme::of(ui.ctx()).scale()),
        colours.on_phases,
    );
    let told = format!(
        "{}: {:.0} days, {} g, {}, exercise {}, drug {}",
        phase.name,
        phase.days,
        phase.conditions.gravity,
        phase.conditions.posture.name(),
        phase.conditions.exercise.name(),
        phase.conditions.drug.name()
    );
    response.widget_info(|| {
        let name = format!("Phase {} from day {from:.0} to {to:.0}", phase.name);
        egui::WidgetInfo::labeled(egui::Role::Button, true, name)
    });
    response.on_hover_text(format!(
        "{told}\nclick to edit, drag to move, drag the end to resize"
    ))
}

/// What a phase is to be, and what becomes of the mission if the user says so.
fn edit(ui: &mut Ui, draft: &mut Draft, looked: f64) -> Option<Vec<Phase>> {
    let mut changed = None;
    let (k, mission) = (draft.of, &draft.mission);
    let phase = &mut draft.phase;
    egui::Grid::new("phase").num_columns(2).show(ui, |ui| {
        let label = ui.label("Name");
        let name = egui::TextEdit::singleline(&mut phase.name).char_limit(MOST_NAME);
        ui.add(name).labelled_by(label.id);
        ui.end_row();
        let label = ui.label("Days");
        let days = egui::DragValue::new(&mut phase.days).range(SHORTEST..=LONGEST);
        ui.add(days.max_decimals(2)).labelled_by(label.id);
        ui.end_row();
        let label = ui.label("Gravity (g)");
        let gravity = egui::DragValue::new(&mut phase.conditions.gravity).range(0.0..=3.0);
        ui.add(gravity.speed(0.01).max_decimals(3))
            .labelled_by(label.id);
        ui.end_row();
        let now = &mut phase.conditions;
        choice(ui, "Posture", &mut now.posture, Posture::ALL, Posture::name);
        choice(
            ui,
            "Exercise",
            &mut now.exercise,
            Exercise::ALL,
            Exercise::name,
        );
        choice(ui, "Drug", &mut now.drug, Drug::ALL, Drug::name);
        ui.label("");
        ui.checkbox(
            &mut now.simulated_microgravity,
            "simulated microgravity (culture)",
        );
        ui.end_row();
    });
    let with = |change: &dyn Fn(&mut Vec<Phase>)| {
        let mut phases = mission.clone();
        change(&mut phases);
        Some(phases)
    };
    ui.horizontal(|ui| {
        let is_new = *phase != mission[k];
        if ui.add_enabled(is_new, egui::Button::new("Apply")).clicked() {
            changed = with(&|phases| phases[k] = phase.clone());
        }
        let at = looked.round();
        let inside = at >= SHORTEST && at <= mission[k].days - SHORTEST;
        let split = ui.add_enabled(inside, egui::Button::new("Split here"));
        let split = split.on_hover_text("in two, on the day that is looked at");
        if split.clicked() {
            changed = with(&|phases| {
                let mut second = phases[k].clone();
                second.days -= at;
                phases[k].days = at;
                phases.insert(k + 1, second);
            });
        }
        if ui.button("Add after").clicked() {
            changed = with(&|phases| {
                let next = Phase {
                    name: "new phase".to_owned(),
                    days: 30.0,
                    ..phases[k].clone()
                };
                phases.insert(k + 1, next);
            });
        }
        let others = mission.len() > 1;
        if ui
            .add_enabled(others, egui::Button::new("Remove"))
            .clicked()
        {
            changed = with(&|phases| drop(phases.remove(k)));
        }
        let earlier = ui.add_enabled(k > 0, egui::Button::new("Earlier"));
        if earlier.clicked() {
            changed = with(&|phases| phases.swap(k - 1, k));
        }
        let later = ui.add_enabled(k + 1 < mission.len(), egui::Button::new("Later"));
        if later.clicked() {
            changed = with(&|phases| phases.swap(k, k + 1));
        }
    });
    changed
}

fn choice<T: Copy + PartialEq>(
    ui: &mut Ui,
    title: &str,
    value: &mut T,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) {
    // A list would be a second popup, and there is one at a time.
    ui.label(title);
    ui.horizontal(|ui| {
        for one in all {
            let word = ui.selectable_value(value, *one, name(*one));
            word.widget_info(|| {
                let told = format!("{title}: {}", name(*one));
                egui::WidgetInfo::selected(egui::Role::RadioButton, true, false, told)
            });
        }
    });
    ui.end_row();
}

/// Bars where conditions are set by hand, ticks where anything was done.
fn by_hand(ui: &Ui, scale: Scale, session: &Session) {
    let lane = scale.lane(PHASES, BY_HAND);
    let painter = ui.painter().with_clip_rect(lane.intersect(ui.clip_rect()));
    painter.rect_filled(lane, 0.0, ui.visuals().extreme_bg_color);
    let amber = super::theme::palette(ui.ctx()).by_hand;
    let document = session.run().document();
    for segment in document.segments(session.last_day()) {
        if !document.follows_scenario_at(segment.from) {
            let bar = Rect::from_x_y_ranges(
                scale.x(segment.from)..=scale.x(segment.to),
                lane.top() + 1.0..=lane.bottom() - 1.0,
            );
            painter.rect_filled(bar, 1.0, amber.gamma_multiply(0.6));
        }
    }
    for action in session.driver.document().actions() {
        if action.what.changes_runs() {
            let line = Stroke::new(2.0, amber);
            painter.vline(scale.x(action.day), lane.y_range(), line);
        }
    }
}

/// Time: computed, kept, marked, looked at. Returns the day that was chosen.
fn time(ui: &Ui, scale: Scale, session: &Session, bookmarks: &[(f64, String)]) -> Option<f64> {
    let lane = scale.lane(PHASES + BY_HAND, TIME);
    let response = ui.interact(
        lane,
        ui.scope_id().with("time lane"),
        Sense::click_and_drag(),
    );
    script::note(ui.ctx(), "days", lane);
    let (today, looked) = (session.simulation().day(), session.day());
    let last = session.last_day();
    let painter = ui
        .painter()
        .with_clip_rect(scale.rect.intersect(ui.clip_rect()));
    painter.rect_filled(lane, 2.0, ui.visuals().extreme_bg_color);
    let done = Rect::from_x_y_ranges(
        lane.left()..=scale.x(last),
        lane.top() + 3.0..=lane.top() + 6.0,
    );
    let colours = super::theme::palette(ui.ctx());
    painter.rect_filled(done, 0.0, colours.done);
    let kept = session.run().timeline();
    for (day, is_snapshot) in kept.moments() {
        let tick = egui::pos2(scale.x(day), lane.top() + 4.5);
        let (radius, fill) = if is_snapshot {
            (3.5, colours.kept)
        } else {
            (1.5, colours.ink)
        };
        painter.circle_filled(tick, radius, fill);
    }
    let pink = colours.marked;
    for (day, _) in bookmarks {
        let at = egui::pos2(scale.x(*day), lane.top());
        let flag = [egui::Vec2::ZERO, egui::vec2(8.0, 4.0), egui::vec2(0.0, 8.0)];
        let flag = flag.iter().map(|d| at + *d).collect();
        painter.add(egui::Shape::convex_polygon(flag, pink, Stroke::NONE));
        painter.vline(at.x, lane.y_range(), Stroke::new(1.0, pink));
    }
    painter.vline(
        scale.x(looked),
        scale.rect.y_range(),
        Stroke::new(2.0, colours.ink),
    );
    let near_end = scale.x(looked) > lane.right() - 56.0;
    let (align, off) = if near_end {
        (Align2::RIGHT_BOTTOM, -4.0)
    } else {
        (Align2::LEFT_BOTTOM, 4.0)
    };
    let at = egui::pos2(scale.x(looked) + off, lane.bottom());
    let font = FontId::proportional(11.0 * super::theme::Theme::of(ui.ctx()).scale());
    painter.text(at, align, format!("day {looked:.0}"), font, colours.ink);
    let most = scale.most;
    response.widget_info(|| {
        let name = format!("Mission day {looked:.0} of {most:.0}");
        egui::WidgetInfo::labeled(egui::Role::Slider, true, name)
    });
    let day_at = |p: egui::Pos2| f64::from((p.x - lane.left()) / lane.width()) * most;
    let at = response
        .interact_pointer_pos()
        .filter(|_| response.dragged() || response.clicked());
    let mut chosen = at.map(day_at);
    // A click near a bookmark goes to its day.
    let near = |day: f64| {
        let marks = bookmarks.iter();
        let mut near = marks.filter(|(d, _)| (scale.x(*d) - scale.x(day)).abs() < EDGE);
        near.next()
    };
    if response.clicked()
        && let Some((day, _)) = chosen.and_then(near)
    {
        chosen = Some(*day);
    }
    if response.hovered() {
        let told = response.hover_pos().map(day_at).and_then(near);
        let told = told.map_or_else(
            || {
                let mib = session.driver.bytes().map(|b| b as f64 / f64::from(1 << 20));
                format!(
                    "days to look at again: to day {last:.0}; kept in {:.0} MiB on the adapter and {:.1} on the host",
                    mib[0], mib[1]
                )
            },
            |(day, sentence)| format!("day {day:.0}: {sentence}"),
        );
        response.on_hover_text(told);
    }
    chosen.map(|day| day.clamp(0.0, today))
}

impl MechanostatApp {
    /// Twins, bookmarks, snapshots, by buttons.
    pub(super) fn mission_menu(&mut self, ui: &mut Ui) {
        let Some(session) = &mut self.session else {
            return;
        };
        let has_twin = session.driver.has_twin();
        let mut intent = None;
        ui.separator();
        let twin = ui.button("Begin a twin today").on_hover_text(
            "a second run with this one's past: what is done to it leaves the first as it is",
        );
        if twin.clicked() {
            intent = Some(Intent::Do(What::Branch));
            ui.close();
        }
        let earth = ui
            .button("The same body on Earth")
            .on_hover_text("a second run from day 0 on, at 1 g without exercise or drug");
        if earth.clicked() {
            intent = Some(Intent::Earth);
            ui.close();
        }
        let keep = ui.add_enabled(has_twin, egui::Button::new("Keep the twin"));
        if keep
            .on_hover_text("the twin takes the first run's place; undo brings that back")
            .clicked()
        {
            intent = Some(Intent::Do(What::Keep));
            ui.close();
        }
        ui.separator();
        let label = ui.label("Bookmark's sentence");
        ui.text_edit_singleline(&mut self.sentence)
            .labelled_by(label.id);
        if ui.button("Bookmark this day (K)").clicked() {
            intent = Some(Intent::Bookmark);
            ui.close();
        }
        if ui.button("Take this day's bookmark away").clicked() {
            intent = Some(Intent::Do(What::Unmark));
            ui.close();
        }
        let snapshot = ui.button("Keep a snapshot of today").on_hover_text(
            "this day's whole state is never given up, so that the run goes back to it at once",
        );
        if snapshot.clicked() {
            intent = Some(Intent::Snapshot);
            ui.close();
        }
        if let Some(intent) = intent {
            self.perform(intent);
        }
    }
}

/// Which run the numbers are of, in words.
pub(super) fn named(which: Which) -> &'static str {
    match which {
        Which::First => "first run",
        Which::Twin => "twin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Conditions;

    fn phase(days: f64) -> Phase {
        Phase {
            name: "a".to_owned(),
            days,
            conditions: Conditions::EARTH,
        }
    }

    #[test]
    fn a_block_is_moved_by_whole_days_and_never_to_nothing() {
        let phases = [phase(10.0), phase(20.5)];
        let drag = |phase, resizes, by| Drag { phase, resizes, by };
        let days =
            |drag: Drag| -> Vec<f64> { moved(&phases, drag).iter().map(|p| p.days).collect() };
        assert_eq!(days(drag(1, false, 4.4)), [14.0, 20.5]);
        assert_eq!(days(drag(1, true, -4.4)), [10.0, 16.5]);
        // Too small a move is none; the first block has nothing before it.
        assert_eq!(days(drag(1, true, 0.4)), [10.0, 20.5]);
        assert_eq!(days(drag(0, false, 7.0)), [10.0, 20.5]);
        assert_eq!(days(drag(0, true, -99.0)), [1.0, 20.5]);
        assert_eq!(days(drag(0, true, 1e9)), [3650.0, 20.5]);
        assert_eq!(days(drag(7, true, 1.0)), [10.0, 20.5]);
    }
}
