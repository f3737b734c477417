//! The picture of the tissue, with its bars.

use eframe::egui::{self, Color32, RichText, Ui};

use crate::figure::plain;
use crate::sim::SETTLING_ROUNDS;
use crate::view::{Above, scale_bar, tick};

use super::{MechanostatApp, Session};

/// Room for the names of muscles, points.
const NAMES_WIDE: f32 = 150.0;

impl MechanostatApp {
    pub(super) fn tissue(&mut self, ui: &mut Ui) {
        if let Some(session) = &self.session {
            ui.label(RichText::new(session.sentence()).size(15.0));
        }
        if let Some(trouble) = self.trouble.clone() {
            ui.colored_label(
                Color32::from_rgb(240, 110, 90),
                format!("Stopped: {trouble}"),
            );
            ui.label(if self.gpu.is_lost() {
                "The device does not come back: close this window and open it again."
            } else {
                "Reset begins anew."
            });
        }
        if let Some(session) = &self.session
            && !session.simulation().is_settled()
        {
            ui.add(
                egui::ProgressBar::new(
                    session.simulation().settling() as f32 / SETTLING_ROUNDS as f32,
                )
                .desired_height(8.0),
            );
        }
        let beside = if self.picture.field.is_named() {
            NAMES_WIDE + 8.0
        } else {
            84.0
        };
        let space = ui.available_size() - egui::vec2(beside, 4.0);
        if space.x < 32.0 || space.y < 32.0 {
            return;
        }
        // A software adapter draws half the pixels: a fluent picture is worth more than a sharp
        // one.
        let software = self.gpu.info().device_type == wgpu::DeviceType::Cpu;
        let per_point = ui.ctx().pixels_per_point() * if software { 0.5 } else { 1.0 };
        let pixels =
            [(space.x * per_point) as u32, (space.y * per_point) as u32].map(|n| n.clamp(16, 4096));
        let texture = self.draw(pixels);
        ui.horizontal_top(|ui| {
            let (rect, response) = ui.allocate_exact_size(space, egui::Sense::click_and_drag());
            if let Some(texture) = texture {
                let whole = egui::Rect::from_min_max(egui::pos2(0.0, 0.0), egui::pos2(1.0, 1.0));
                ui.painter().image(texture, rect, whole, Color32::WHITE);
            }
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
            if response.dragged() {
                let d = response.drag_delta();
                self.picture.camera.orbit(0.4 * d.x, 0.4 * d.y);
            }
            if response.hovered() {
                let scroll = ui.input(|i| i.smooth_scroll_delta.y);
                if scroll != 0.0 {
                    self.picture.camera.zoom((0.003 * scroll).exp());
                }
            }
            if self.picture.field.is_named() {
                self.names(ui, space.y);
            } else {
                self.colour_bar(ui, space.y);
            }
            self.scale_bar(ui, rect);
        });
    }

    fn scale_bar(&self, ui: &Ui, rect: egui::Rect) {
        let points_per_mm = rect.height() / self.picture.camera.height;
        let millimetres = scale_bar(f64::from(self.picture.camera.height));
        let length = millimetres as f32 * points_per_mm;
        let at = rect.left_bottom() + egui::vec2(14.0, -14.0);
        let ink = Color32::from_gray(220);
        // On bright tissue the bar needs a ground of its own.
        let ground = egui::Rect::from_min_max(
            at + egui::vec2(-6.0, -22.0),
            at + egui::vec2(length + 6.0, 6.0),
        );
        ui.painter()
            .rect_filled(ground, 3.0, Color32::from_black_alpha(150));
        ui.painter().line_segment(
            [at, at + egui::vec2(length, 0.0)],
            egui::Stroke::new(2.5, ink),
        );
        ui.painter().text(
            at + egui::vec2(0.5 * length, -4.0),
            egui::Align2::CENTER_BOTTOM,
            format!("{} mm", tick(millimetres, millimetres)),
            egui::FontId::proportional(12.0),
            ink,
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
                    let [r, g, b] = table[k + 1];
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

    fn colour_bar(&self, ui: &mut Ui, height: f32) {
        let (rect, response) =
            ui.allocate_exact_size(egui::vec2(76.0, height), egui::Sense::hover());
        let field = self.picture.field;
        let (low, high) = self.picture.range;
        response.widget_info(|| {
            egui::WidgetInfo::labeled(
                egui::Role::Label,
                true,
                format!(
                    "Colour bar: {} from {} to {} {}",
                    field.title(),
                    tick(f64::from(low), f64::from(high - low) / 4.0),
                    tick(f64::from(high), f64::from(high - low) / 4.0),
                    field.unit()
                ),
            )
        });
        let bar = egui::Rect::from_min_size(
            rect.min + egui::vec2(4.0, 34.0),
            egui::vec2(16.0, (height - 60.0).max(40.0)),
        );
        let table = self.picture.colormap.table();
        let painter = ui.painter();
        for (i, [r, g, b]) in table.iter().enumerate() {
            let top = bar.bottom() - bar.height() * (i + 1) as f32 / 256.0;
            let stripe = egui::Rect::from_min_max(
                egui::pos2(bar.left(), top),
                egui::pos2(bar.right(), top + bar.height() / 256.0 + 0.7),
            );
            painter.rect_filled(stripe.intersect(bar), 0.0, Color32::from_rgb(*r, *g, *b));
        }
        let ink = ui.visuals().text_color();
        let font = egui::FontId::proportional(12.0);
        for i in 0..=4 {
            let share = i as f32 / 4.0;
            let y = bar.bottom() - bar.height() * share;
            let value = f64::from(low + share * (high - low));
            let label = tick(value, f64::from(high - low) / 4.0);
            painter.line_segment(
                [egui::pos2(bar.right(), y), egui::pos2(bar.right() + 4.0, y)],
                egui::Stroke::new(1.0, ink),
            );
            let text = if field.above() == Above::LastColour && i == 4 {
                format!("≥ {label}")
            } else if low < 0.0 && value > 0.0 {
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
        painter.text(
            rect.left_top() + egui::vec2(0.0, 8.0),
            egui::Align2::LEFT_TOP,
            field.unit(),
            font,
            ink,
        );
    }
}
