//! The picture of the tissue, with what one needs to read it: bars, letters, the arrow of gravity.

use eframe::egui::{self, Color32, Painter, Pos2, Rect, RichText, Ui};

use crate::figure::plain;
use crate::study::Which;
use crate::tissue::{BonePlan, SiteKind};
use crate::view::{Above, Camera, Cut, Paint, Picture, gravity_arrow, scale_bar, tick, ways};

use super::theme::{Theme, palette, veil};
use super::views::{Compare, of_difference};
use super::{MechanostatApp, Session};

/// Room for the names of muscles, and for a colour bar, points.
const NAMES_WIDE: f32 = 150.0;
const BAR_WIDE: f32 = 88.0;
/// How long a state is shown before the other takes its place, seconds.
const BLINK: f64 = 0.6;

/// What the colours of single struts mean.
pub(super) const STRUTS: &str = "blue: formed since day 0; orange: resorbed";

impl MechanostatApp {
    pub(super) fn tissue(&mut self, ui: &mut Ui) {
        if let Some(trouble) = self.trouble.clone() {
            ui.colored_label(palette(ui.ctx()).trouble, format!("Stopped: {trouble}"));
            ui.label("Reset begins anew.");
        }
        let beside = if self.picture.field.is_named() {
            NAMES_WIDE + 8.0
        } else if self.flash.is_none()
            && (self.picture.paint == Paint::Tissue || self.shows_struts())
        {
            0.0
        } else {
            BAR_WIDE + 8.0
        };
        let space = ui.available_size() - egui::vec2(beside, 4.0);
        if space.x < 32.0 || space.y < 32.0 {
            return;
        }
        let per_point = ui.ctx().pixels_per_point();
        let wide = if self.views.compare == Compare::Side {
            0.5
        } else {
            1.0
        };
        let most = self.gpu.device().limits().max_texture_dimension_2d;
        let pixels = [space.x * wide * per_point, space.y * per_point];
        let pixels = pixels.map(|n| (n as u32).clamp(16, most));
        ui.horizontal_top(|ui| {
            let (rect, response) = ui.allocate_exact_size(space, egui::Sense::click_and_drag());
            super::script::note(ui.ctx(), "view", rect);
            self.focus(ui, &response, rect);
            // What is done to it in this frame is seen in this frame.
            self.turn(ui, &response, rect);
            let shown = self.shown_picture(pixels);
            let differs = self.views.compare == Compare::Difference;
            self.difference = self
                .session
                .as_ref()
                .filter(|s| differs && s.driver.has_twin())
                .map(|s| of_difference(s, &shown, &mut self.half));
            self.pictures(ui, rect, &shown);
            let sentence = self
                .session
                .as_ref()
                .map(Session::sentence)
                .unwrap_or_default();
            response.widget_info(|| {
                egui::WidgetInfo::labeled(
                    egui::Role::Image,
                    true,
                    format!("Tissue in 3-D. {sentence}"),
                )
            });
            self.name_under(ui, &response, rect);
            let shown_bar = self.difference.unwrap_or(shown);
            if shown.field.is_named() {
                self.names(ui, space.y);
            } else if shown.paint != Paint::Tissue && !self.shows_struts() {
                let is_difference = self.views.compare == Compare::Difference;
                colour_bar(ui, space.y, &shown_bar, is_difference);
            }
            self.frame_of_reference(ui, rect, &shown);
        });
    }

    /// Keys turn the picture while it has the focus; that is seen.
    fn focus(&mut self, ui: &Ui, response: &egui::Response, rect: Rect) {
        self.view_id = Some(response.id);
        if response.clicked() {
            response.request_focus();
        }
        if response.has_focus() {
            // Arrows turn it; they lead to no other control.
            let filter = egui::EventFilter {
                horizontal_arrows: true,
                vertical_arrows: true,
                ..Default::default()
            };
            ui.memory_mut(|m| m.set_focus_lock_filter(response.id, filter));
            let line = egui::Stroke::new(2.0, palette(ui.ctx()).ink);
            let at = rect.shrink(1.0);
            ui.painter()
                .rect_stroke(at, 2.0, line, egui::StrokeKind::Inside);
        }
    }

    /// Whether single struts are shown by what was formed and resorbed.
    pub(super) fn shows_struts(&self) -> bool {
        let strut = |b: &BonePlan| b.sites.iter().any(|s| s.kind == SiteKind::Strut);
        let session = self.session.as_ref();
        self.picture.paint == Paint::Struts
            && session.is_some_and(|s| s.simulation().anatomy().bone.iter().any(strut))
    }

    /// One picture or two.
    fn pictures(&mut self, ui: &Ui, rect: Rect, shown: &Picture) {
        let Some(session) = &self.session else { return };
        let own = session.shows();
        let other = match own {
            Which::First => Which::Twin,
            Which::Twin => Which::First,
        };
        let blinks = self.commands.blinks;
        let compare = match self.views.compare {
            _ if !session.driver.has_twin() => Compare::Single,
            _ if blinks => Compare::Blink,
            compare => compare,
        };
        let whole = Rect::from_min_max(egui::pos2(0.0, 0.0), egui::pos2(1.0, 1.0));
        let painter = ui.painter().with_clip_rect(rect);
        let mut told = Vec::new();
        self.views.begin(session, &self.render);
        let draw = |views: &mut super::views::Views, which| {
            views.draw(session, which, shown, &self.render)
        };
        let drawn = (|| -> Result<(), crate::gpu::GpuError> {
            match compare {
                Compare::Single => {
                    if let Some(id) = draw(&mut self.views, own)? {
                        painter.image(id, rect, whole, Color32::WHITE);
                    }
                }
                Compare::Blink => {
                    let first = ((ui.input(|i| i.time) / BLINK) as u64).is_multiple_of(2);
                    let which = if first { own } else { other };
                    if let Some(id) = draw(&mut self.views, which)? {
                        painter.image(id, rect, whole, Color32::WHITE);
                    }
                    let now = if which == Which::First {
                        "first run"
                    } else {
                        "twin"
                    };
                    told.push((rect.center_top(), now.to_owned()));
                    let after = std::time::Duration::from_secs_f64(0.5 * BLINK);
                    ui.ctx().request_repaint_after(after);
                }
                Compare::Side => {
                    let (left, right) = rect.split_left_right_at_fraction(0.5);
                    for (which, half) in [(Which::First, left), (Which::Twin, right)] {
                        if let Some(id) = draw(&mut self.views, which)? {
                            painter.image(id, half, whole, Color32::WHITE);
                        }
                        let name = if which == Which::First {
                            "first run"
                        } else {
                            "twin"
                        };
                        told.push((half.center_top(), name.to_owned()));
                    }
                }
                Compare::Wipe => {
                    let at = self.views.wipe;
                    let x = rect.left() + at * rect.width();
                    let parts = [(Which::First, 0.0, at), (Which::Twin, at, 1.0)];
                    for (which, low, high) in parts {
                        let Some(id) = draw(&mut self.views, which)? else {
                            continue;
                        };
                        let part = Rect::from_min_max(
                            egui::pos2(rect.left() + low * rect.width(), rect.top()),
                            egui::pos2(rect.left() + high * rect.width(), rect.bottom()),
                        );
                        let uv = Rect::from_min_max(egui::pos2(low, 0.0), egui::pos2(high, 1.0));
                        painter.image(id, part, uv, Color32::WHITE);
                    }
                    painter.vline(
                        x,
                        rect.y_range(),
                        egui::Stroke::new(2.0, palette(ui.ctx()).ink),
                    );
                    told.push((egui::pos2(x - 50.0, rect.top()), "first run".to_owned()));
                    told.push((egui::pos2(x + 30.0, rect.top()), "twin".to_owned()));
                }
                Compare::Difference => {
                    let picture = self.difference.unwrap_or(*shown);
                    let id = self.views.difference(session, &picture, &self.render)?;
                    if let Some(id) = id {
                        painter.image(id, rect, whole, Color32::WHITE);
                    }
                    let less = match own {
                        Which::First => "first run − twin",
                        Which::Twin => "twin − first run",
                    };
                    told.push((rect.center_top(), less.to_owned()));
                }
            }
            Ok(())
        })();
        if compare != Compare::Single {
            let days = [own, other].map(|which| session.driver.of(which).simulation().day());
            let is_same = session.past().is_some() || (days[0] - days[1]).abs() < 1e-6;
            let lock = if is_same {
                "same camera, range, cut and day"
            } else {
                "same camera, range and cut; one run is still coming to the other's day"
            };
            told.push((
                rect.center_bottom() - egui::vec2(0.0, 64.0),
                lock.to_owned(),
            ));
        }
        if session.past().is_some() && !self.views.is_known(own) {
            let what = format!("{} was not kept of past days", shown.field.title());
            told.push((rect.center() - egui::vec2(0.0, 20.0), what));
        }
        for (at, text) in told {
            label(
                &painter,
                // Below the letter at the edge.
                at + egui::vec2(0.0, 22.0),
                egui::Align2::CENTER_TOP,
                &text,
            );
        }
        if let Err(error) = drawn {
            self.fail(error.to_string());
        }
    }

    /// Turning, zooming, moving the plane, naming what is under the pointer.
    fn turn(&mut self, ui: &Ui, response: &egui::Response, rect: Rect) {
        let picture = &mut self.picture;
        let points = rect.height() / picture.size[1].max(1) as f32;
        if response.dragged_by(egui::PointerButton::Primary) {
            let d = response.drag_delta();
            let line = rect.left() + self.views.wipe * rect.width();
            let near = response
                .interact_pointer_pos()
                .is_some_and(|p| (p.x - line).abs() < 24.0);
            if self.views.compare == Compare::Wipe && near {
                self.views.wipe = (self.views.wipe + d.x / rect.width()).clamp(0.0, 1.0);
            } else {
                picture.camera.orbit(0.4 * d.x, 0.4 * d.y);
            }
        }
        if response.dragged_by(egui::PointerButton::Secondary) {
            let d = response.drag_delta();
            drag_cut(picture, [d.x, d.y], rect.height());
        }
        if response.dragged_by(egui::PointerButton::Middle) {
            let d = response.drag_delta();
            let [_, right, up] = picture.camera.axes();
            let mm = picture.camera.height / rect.height();
            let moved = (up * d.y - right * d.x) * mm;
            for (c, m) in picture.camera.centre.iter_mut().zip(moved.to_array()) {
                *c += m;
            }
        }
        let clicked = response
            .interact_pointer_pos()
            .filter(|_| response.clicked())
            .map(|at| on_half(self.views.compare, rect, at) / points);
        if let Some(pixel) = clicked.filter(|_| !response.double_clicked()) {
            self.pin_at([pixel.x, pixel.y], None);
        }
        let picture = &mut self.picture;
        if response.double_clicked()
            && let (Some(session), Some(pixel)) = (&self.session, clicked)
        {
            // The first of two clicks was no pin.
            self.pins.take_last();
            let anatomy = session.simulation().anatomy();
            if let Some(place) = picture.on_cut(anatomy, [pixel.x, pixel.y]) {
                let spacing = anatomy.spacing as f32;
                let extent = anatomy.voxels.map(|n| n as f32 * spacing);
                self.crosshair = std::array::from_fn(|a| place[a].clamp(0.0, extent[a]));
                ui.ctx().request_repaint();
            }
        }
        if !response.hovered() {
            return;
        }
        let scroll = ui.input(|i| i.smooth_scroll_delta.y);
        if scroll != 0.0 {
            picture.camera.zoom((0.003 * scroll).exp());
        }
    }

    /// What is under the pointer: the muscle's name, or the value and how it has changed.
    fn name_under(&mut self, ui: &Ui, response: &egui::Response, rect: Rect) {
        self.pins.hover = None;
        let points = rect.height() / self.picture.size[1].max(1) as f32;
        self.pins.pointer = None;
        let Some(at) = response.hover_pos() else {
            return;
        };
        let pixel = on_half(self.views.compare, rect, at) / points;
        self.pins.pointer = Some([pixel.x, pixel.y]);
        let which = self.run_under(rect, at);
        if let Some(told) = self.told_under([pixel.x, pixel.y], which) {
            // Never over the bar beside the picture.
            let (aside, align) = if at.x < rect.center().x {
                (14.0, egui::Align2::LEFT_TOP)
            } else {
                (-6.0, egui::Align2::RIGHT_TOP)
            };
            label(ui.painter(), at + egui::vec2(aside, 10.0), align, &told);
        }
    }

    /// Which run is seen at a point of the screen; none where it is the difference of both.
    fn run_under(&self, rect: Rect, at: Pos2) -> Option<Which> {
        let session = self.session.as_ref()?;
        let own = session.shows();
        if !session.driver.has_twin() {
            return Some(own);
        }
        let share = (at.x - rect.left()) / rect.width();
        let parted = |share: f32, line: f32| {
            if share < line {
                Which::First
            } else {
                Which::Twin
            }
        };
        match self.views.compare {
            Compare::Single => Some(own),
            Compare::Side => Some(parted(share, 0.5)),
            Compare::Wipe => Some(parted(share, self.views.wipe)),
            Compare::Difference | Compare::Blink => None,
        }
    }

    /// Where pins are.
    fn pin_marks(&self, painter: &Painter, rect: Rect, shown: &Picture) {
        let Some(session) = &self.session else { return };
        let spacing = session.simulation().anatomy().spacing as f32;
        let scale = rect.height() / shown.size[1].max(1) as f32;
        for (number, at) in self.pins.places() {
            let [x, y] = shown.pixel_of(at.map(|n| (n as f32 + 0.5) * spacing));
            let ink = palette(painter.ctx()).ink;
            let halves: &[f32] = if self.views.compare == Compare::Side {
                &[0.0, 0.5]
            } else {
                &[0.0]
            };
            for half in halves {
                let aside = egui::vec2(half * rect.width(), 0.0);
                let at = rect.min + aside + scale * egui::vec2(x, y);
                painter.circle_stroke(at, 3.0, egui::Stroke::new(2.0, ink));
                let beside = at + egui::vec2(6.0, -6.0);
                let name = number.to_string();
                label(painter, beside, egui::Align2::LEFT_BOTTOM, &name);
            }
        }
    }

    /// What tells how large things are, which way they lie, and how strong gravity is.
    fn frame_of_reference(&self, ui: &Ui, rect: Rect, shown: &Picture) {
        let painter = ui.painter().with_clip_rect(rect);
        let ink = palette(ui.ctx()).ink;
        letters(&painter, rect, &shown.camera, ink);
        self.pin_marks(&painter, rect, shown);
        self.scale_bar(&painter, rect);
        if self.explore && self.slices.is_shown() {
            let scale = rect.height() / shown.size[1].max(1) as f32;
            let [x, y] = shown.pixel_of(self.crosshair);
            let at = rect.min + scale * egui::vec2(x, y);
            let line = egui::Stroke::new(1.5, palette(ui.ctx()).cross);
            for arm in [egui::vec2(9.0, 0.0), egui::vec2(0.0, 9.0)] {
                painter.line_segment([at - arm, at + arm], line);
            }
        }
        if let Some(session) = &self.session {
            let (now, _) = session.conditions();
            let [x, y] = gravity_arrow(&shown.camera, now.gravity, now.posture);
            let from = rect.right_top() + egui::vec2(-34.0, 44.0);
            let text = format!("{} g", tick(now.gravity, 0.01));
            let name = from + egui::vec2(0.0, -14.0);
            label(&painter, name, egui::Align2::CENTER_BOTTOM, &text);
            if x.hypot(y) > 0.01 {
                let along = 46.0 * egui::vec2(x, -y);
                painter.arrow(from, along, egui::Stroke::new(2.5, ink));
            } else {
                painter.circle_stroke(from, 4.0, egui::Stroke::new(2.0, ink));
            }
        }
        let mut told = Vec::new();
        told.extend(shown.exaggerated());
        if self.shows_struts() {
            told.push(STRUTS.to_owned());
        }
        if shown.is_shaded() {
            told.push("shaded".to_owned());
        }
        if self.flash.is_some() && shown.field == crate::view::Look::Strain.field() {
            told.push("strain energy density, at once".to_owned());
        }
        if shown.vision != crate::view::Vision::Full {
            told.push(shown.vision.name().to_owned());
        }
        for (k, text) in told.into_iter().enumerate() {
            let at = rect.left_top() + egui::vec2(8.0, 26.0 + 20.0 * k as f32);
            label(&painter, at, egui::Align2::LEFT_TOP, &text);
        }
    }

    fn scale_bar(&self, painter: &Painter, rect: Rect) {
        let points_per_mm = rect.height() / self.picture.camera.height;
        let millimetres = scale_bar(f64::from(self.picture.camera.height));
        let length = millimetres as f32 * points_per_mm;
        let at = rect.left_bottom() + egui::vec2(14.0, -14.0);
        // On bright tissue the bar needs a ground of its own.
        let ground = Rect::from_min_max(
            at + egui::vec2(-6.0, -22.0),
            at + egui::vec2(length + 6.0, 6.0),
        );
        let colours = palette(painter.ctx());
        painter.rect_filled(ground, 3.0, veil(colours));
        painter.line_segment(
            [at, at + egui::vec2(length, 0.0)],
            egui::Stroke::new(2.5, colours.ink),
        );
        painter.text(
            at + egui::vec2(0.5 * length, -4.0),
            egui::Align2::CENTER_BOTTOM,
            format!("{} mm", tick(millimetres, millimetres)),
            egui::FontId::proportional(12.0 * Theme::of(painter.ctx()).scale()),
            colours.ink,
        );
    }

    /// Which colour is which muscle.
    fn names(&self, ui: &mut Ui, height: f32) {
        let Some(session) = &self.session else { return };
        let table = self.picture.colormap.table();
        let size = egui::vec2(NAMES_WIDE, height);
        let downwards = egui::Layout::top_down(egui::Align::Min);
        ui.allocate_ui_with_layout(size, downwards, |ui| {
            egui::ScrollArea::vertical().show(ui, |ui| {
                for (k, muscle) in session.simulation().anatomy().muscles.iter().enumerate() {
                    let [r, g, b] = self.picture.vision.of(table[k + 1]);
                    ui.horizontal(|ui| {
                        let (rect, _) =
                            ui.allocate_exact_size(egui::vec2(10.0, 10.0), egui::Sense::hover());
                        ui.painter()
                            .rect_filled(rect, 0.0, Color32::from_rgb(r, g, b));
                        ui.label(RichText::new(plain(muscle.name)).size(11.0));
                    });
                }
            });
        });
    }
}

/// Where in its own picture a point of the screen is: side by side there are two.
fn on_half(compare: Compare, rect: Rect, at: Pos2) -> egui::Vec2 {
    let mut off = at - rect.min;
    if compare == Compare::Side && off.x > 0.5 * rect.width() {
        off.x -= 0.5 * rect.width();
    }
    off
}

/// Turns an oblique plane by a drag, or moves any other along its way.
fn drag_cut(picture: &mut Picture, [x, y]: [f32; 2], height: f32) {
    if let Cut::Oblique(way, at) = picture.cut {
        let [_, right, up] = picture.camera.axes();
        let turned = glam::Vec3::from(way) + (right * x - up * y) * (3.0 / height);
        let turned = turned.normalize_or(glam::Vec3::Y);
        picture.cut = Cut::Oblique(turned.to_array(), at);
    } else if let Some(share) = picture.cut.share() {
        picture.cut = picture.cut.at((share + y / height).clamp(0.02, 0.98));
    }
}

/// Words on a ground of their own.
fn label(painter: &Painter, at: Pos2, align: egui::Align2, text: &str) {
    let colours = palette(painter.ctx());
    let font = egui::FontId::proportional(13.0 * Theme::of(painter.ctx()).scale());
    let galley = painter.layout_no_wrap(text.to_owned(), font, colours.ink);
    let rect = align.anchor_size(at, galley.size());
    painter.rect_filled(rect.expand(3.0), 3.0, veil(colours));
    painter.galley(rect.min, galley, colours.ink);
}

/// Which way the body lies: a letter at each edge of the picture that one looks along, and a small
/// figure that turns.
pub(super) fn letters(painter: &Painter, rect: Rect, camera: &Camera, ink: Color32) {
    let font = egui::FontId::proportional(13.0 * Theme::of(painter.ctx()).scale());
    let centre = rect.right_bottom() + egui::vec2(-30.0, -30.0);
    for way in ways(camera) {
        let [x, y, near] = way.at;
        // At an edge where one looks straight along it.
        if x.hypot(y) > 0.9 && rect.height() > 100.0 {
            let half = 0.5 * rect.size() - egui::vec2(10.0, 10.0);
            let reach = (half.x / x.abs().max(1e-6)).min(half.y / y.abs().max(1e-6));
            let at = rect.center() + reach * egui::vec2(x, -y);
            let text = way.letter.to_string();
            let scale = Theme::of(painter.ctx()).scale();
            painter.circle_filled(at, 9.0 * scale, veil(palette(painter.ctx())));
            painter.text(at, egui::Align2::CENTER_CENTER, text, font.clone(), ink);
        }
        // The figure: the three ways that come nearer.
        if rect.height() > 300.0 && matches!(way.letter, 'S' | 'A' | 'L') {
            let shade = if near >= 0.0 { 1.0 } else { 0.5 };
            let stroke = egui::Stroke::new(2.0, ink.gamma_multiply(shade));
            let tip = centre + 20.0 * egui::vec2(x, -y);
            painter.line_segment([centre, tip], stroke);
            let at = centre + 27.0 * egui::vec2(x, -y);
            let small = egui::FontId::proportional(10.0);
            let ink = ink.gamma_multiply(shade);
            painter.text(at, egui::Align2::CENTER_CENTER, way.letter, small, ink);
        }
    }
}

/// Colours, numbers, quantity and unit.
fn colour_bar(ui: &mut Ui, height: f32, picture: &Picture, is_difference: bool) {
    let (rect, response) =
        ui.allocate_exact_size(egui::vec2(BAR_WIDE - 4.0, height), egui::Sense::hover());
    let field = picture.field;
    let (low, high) = picture.range();
    let step = f64::from(high - low) / 4.0;
    response.widget_info(|| {
        egui::WidgetInfo::labeled(
            egui::Role::Label,
            true,
            format!(
                "Colour bar: {} from {} to {} {}",
                field.title(),
                tick(f64::from(low), step),
                tick(f64::from(high), step),
                field.unit()
            ),
        )
    });
    let bar = Rect::from_min_size(
        rect.min + egui::vec2(4.0, 66.0),
        egui::vec2(16.0, (height - 96.0).max(40.0)),
    );
    let table = picture.colormap.table();
    let painter = ui.painter();
    for (i, colour) in table.iter().enumerate() {
        let [r, g, b] = picture.vision.of(*colour);
        let top = bar.bottom() - bar.height() * (i + 1) as f32 / 256.0;
        let stripe = Rect::from_min_max(
            egui::pos2(bar.left(), top),
            egui::pos2(bar.right(), top + bar.height() / 256.0 + 0.7),
        );
        painter.rect_filled(stripe.intersect(bar), 0.0, Color32::from_rgb(r, g, b));
    }
    let ink = ui.visuals().text_color();
    let scale = Theme::of(ui.ctx()).scale();
    let font = egui::FontId::proportional(12.0 * scale.min(1.25));
    // A mark where colours stand for what lies beyond too.
    let end = |tip: Pos2, base: f32, colour: [u8; 3]| {
        let [r, g, b] = picture.vision.of(colour);
        let corners = vec![
            tip,
            egui::pos2(bar.right(), base),
            egui::pos2(bar.left(), base),
        ];
        painter.add(egui::Shape::convex_polygon(
            corners,
            Color32::from_rgb(r, g, b),
            egui::Stroke::NONE,
        ));
    };
    if field.above() != Above::None || field.diverging() || is_difference {
        let beyond = match field.above() {
            Above::Bone if !is_difference => crate::view::IVORY,
            _ => table[255],
        };
        end(
            bar.center_top() - egui::vec2(0.0, 12.0),
            bar.top() - 1.0,
            beyond,
        );
    }
    if field.diverging() || is_difference {
        end(
            bar.center_bottom() + egui::vec2(0.0, 12.0),
            bar.bottom() + 1.0,
            table[0],
        );
    }
    for i in 0..=4 {
        let share = i as f32 / 4.0;
        let y = bar.bottom() - bar.height() * share;
        let value = f64::from(low + share * (high - low));
        let label = tick(value, step);
        painter.line_segment(
            [egui::pos2(bar.right(), y), egui::pos2(bar.right() + 4.0, y)],
            egui::Stroke::new(1.0, ink),
        );
        let text = if low < 0.0 && value > 0.0 {
            format!("+{label}")
        } else {
            label.replace('-', "−")
        };
        painter.text(
            egui::pos2(bar.right() + 7.0, y),
            egui::Align2::LEFT_CENTER,
            text,
            font.clone(),
            ink,
        );
    }
    let title = if is_difference {
        format!("{}, difference ({})", field.title(), field.unit())
    } else {
        format!("{} ({})", field.title(), field.unit())
    };
    let font = egui::FontId::proportional(11.0 * scale.min(1.25));
    let galley = painter.layout(title, font, ink, BAR_WIDE - 6.0);
    painter.galley(rect.left_top(), galley, ink);
}
