//! What is on the screen.

use eframe::egui::{self, Color32, RichText, Ui};
use egui_plot::{AxisHints, Legend, Line, LineStyle, Plot, PlotPoints, Span};

use crate::command;
use crate::command::Place;
use crate::figure::{CurveOf, bone_curves, plain};
use crate::gpu::Gpu;
use crate::measure::{Quantity, WHOLE_BODY, value_of};
use crate::scenario::{BUILT_IN, Conditions, DoseResponse, Drug, Exercise, Link, Posture};
use crate::sim::SETTLING_ROUNDS;
use crate::tissue::SCENES;
use crate::view::{Colormap, Cut, FieldKind, Picture, scale_bar, tick};

use super::{MechanostatApp, Session, Speed, WhatIf};

/// The stops of the gravity control.
const STOPS: [(&str, f64); 4] = [("0 g", 0.0), ("Moon", 0.166), ("Mars", 0.378), ("1 g", 1.0)];

/// What the user asked of the run in this frame.
enum Wish {
    Restart(String),
    Scene(&'static str),
    Group(String),
    Conditions(Conditions),
    Ask(WhatIf),
    FollowScenario,
}

/// One curve of a chart: region, quantity, name, colour, dash.
type CurveSpec = (CurveOf, Color32, LineStyle);

/// Where the curves of a chart are measured.
#[derive(Clone, Copy)]
enum Where {
    /// The same quantity in every muscle.
    Muscles,
    /// In the scene's first muscle.
    Muscle,
    /// In the scene's main region of bone.
    Bone,
    /// In the body.
    Body,
}

/// What the lower chart can show.
struct LowerChart {
    title: &'static str,
    place: Where,
    quantities: &'static [Quantity],
}

const LOWER_CHARTS: &[LowerChart] = &[
    LowerChart {
        title: "Muscle volume",
        place: Where::Muscles,
        quantities: &[Quantity::Volume],
    },
    LowerChart {
        title: "Muscle strength",
        place: Where::Muscles,
        quantities: &[Quantity::MuscleStrength],
    },
    LowerChart {
        title: "Markers in blood",
        place: Where::Body,
        quantities: &[Quantity::ResorptionMarker, Quantity::FormationMarker],
    },
    LowerChart {
        title: "Bone cells and their signals",
        place: Where::Bone,
        quantities: &[
            Quantity::Osteoclasts,
            Quantity::Osteoblasts,
            Quantity::OsteocyteSignal,
            Quantity::RanklOpg,
            Quantity::Sclerostin,
        ],
    },
    LowerChart {
        title: "Osteoblasts at work",
        place: Where::Bone,
        quantities: &[Quantity::Alp, Quantity::Osteocalcin, Quantity::Cytoskeleton],
    },
    LowerChart {
        title: "Stem cells and marrow fat",
        place: Where::Bone,
        quantities: &[
            Quantity::Mapk,
            Quantity::PparGamma,
            Quantity::OsteogenicFate,
            Quantity::MarrowFat,
        ],
    },
    LowerChart {
        title: "Satellite cells and fibres",
        place: Where::Muscle,
        quantities: &[
            Quantity::SatelliteCells,
            Quantity::Myotubes,
            Quantity::Type1Csa,
            Quantity::Type2Csa,
            Quantity::NeuralDrive,
        ],
    },
    LowerChart {
        title: "BMP against myostatin",
        place: Where::Muscle,
        quantities: &[
            Quantity::Bmp2,
            Quantity::Bmp4,
            Quantity::NogginChordin,
            Quantity::Myostatin,
            Quantity::MuscleQuality,
        ],
    },
];

impl MechanostatApp {
    pub(super) fn panels(&mut self, ui: &mut Ui) {
        egui::Panel::bottom("status").show(ui, |ui| self.status(ui));
        if self.timing {
            pass_times(ui.ctx(), &self.gpu, &mut self.timing);
            if !self.timing {
                self.gpu.time_passes(false);
            }
        }
        egui::Panel::left("controls")
            .default_size(230.0)
            .show(ui, |ui| {
                egui::ScrollArea::vertical().show(ui, |ui| self.controls(ui));
            });
        let width = ui.available_width();
        egui::Panel::right("curves")
            .default_size(380.0)
            .min_size((0.25 * width).clamp(180.0, 320.0))
            .show(ui, |ui| self.curves(ui));
        egui::CentralPanel::default_margins().show(ui, |ui| self.tissue(ui));
    }

    fn controls(&mut self, ui: &mut Ui) {
        let mut wish = None;
        ui.add_space(6.0);
        ui.heading("Mechanostat");
        ui.add_space(6.0);
        let Some(session) = &mut self.session else {
            ui.label("No run.");
            return;
        };
        let label = ui.label("Scenario");
        egui::ComboBox::from_id_salt("scenario")
            .selected_text(session.scenario.name.clone())
            .width(210.0)
            .show_ui(ui, |ui| {
                for (name, _) in BUILT_IN {
                    if ui.selectable_label(false, *name).clicked() {
                        wish = Some(Wish::Restart((*name).to_owned()));
                    }
                }
            })
            .response
            .labelled_by(label.id);
        let label = ui.label("Scene");
        let scene = session.simulation.anatomy().scene;
        egui::ComboBox::from_id_salt("scene")
            .selected_text(scene)
            .width(210.0)
            .show_ui(ui, |ui| {
                for name in SCENES {
                    if ui.selectable_label(*name == scene, *name).clicked() {
                        wish = Some(Wish::Scene(name));
                    }
                }
            })
            .response
            .labelled_by(label.id);
        let label = ui.label("Group");
        let groups = &session.simulation.model().groups;
        let title = groups.iter().find(|g| g.name == session.group);
        egui::ComboBox::from_id_salt("group")
            .selected_text(title.map_or(session.group.as_str(), |g| g.title.as_str()))
            .width(210.0)
            .show_ui(ui, |ui| {
                for group in groups {
                    if ui
                        .selectable_label(group.name == session.group, &group.title)
                        .clicked()
                    {
                        wish = Some(Wish::Group(group.name.clone()));
                    }
                }
            })
            .response
            .labelled_by(label.id);
        ui.separator();

        let settled = session.simulation.is_settled();
        ui.label(RichText::new("Time").strong());
        ui.horizontal(|ui| {
            let name = if session.playing { "Pause" } else { "Play" };
            if ui
                .add_sized([60.0, 24.0], egui::Button::new(name))
                .clicked()
            {
                session.playing = !session.playing;
            }
            if ui
                .add_enabled(settled && !session.playing, egui::Button::new("Step 1 day"))
                .clicked()
            {
                session.step_once();
            }
            if ui.button("Reset").clicked() {
                wish = Some(Wish::Restart(String::new()));
            }
        });
        for speed in Speed::ALL {
            ui.radio_value(&mut session.speed, speed, speed.name());
        }
        ui.separator();

        ui.label(RichText::new("Gravity").strong());
        let (now, _) = session.conditions();
        ui.add_enabled_ui(settled, |ui| {
            ui.horizontal(|ui| {
                for (name, gravity) in STOPS {
                    let chosen = (now.gravity - gravity).abs() < 1e-9;
                    if ui.selectable_label(chosen, name).clicked() {
                        wish = Some(Wish::Conditions(Conditions { gravity, ..now }));
                    }
                }
            });
            let mut gravity = now.gravity;
            // It may neither round nor clamp what a scenario says: that would be a change by nobody's hand.
            let slider = egui::Slider::new(&mut gravity, 0.0..=3.0)
                .clamping(egui::SliderClamping::Edits)
                .custom_formatter(|g, _| format!("{g:.2}"))
                .suffix(" g")
                .text("gravity");
            let response = ui.add(slider);
            if response.changed() && (gravity - now.gravity).abs() > 1e-9 {
                wish = Some(Wish::Conditions(Conditions { gravity, ..now }));
            }
            let mut bed = now.posture == Posture::BedRest;
            if ui.checkbox(&mut bed, "bed rest").changed() {
                let posture = if bed {
                    Posture::BedRest
                } else {
                    Posture::Upright
                };
                wish = Some(Wish::Conditions(Conditions { posture, ..now }));
            }
            let label = ui.label("Exercise");
            egui::ComboBox::from_id_salt("exercise")
                .selected_text(now.exercise.name())
                .show_ui(ui, |ui| {
                    for exercise in Exercise::ALL {
                        if ui
                            .selectable_label(*exercise == now.exercise, exercise.name())
                            .clicked()
                        {
                            wish = Some(Wish::Conditions(Conditions {
                                exercise: *exercise,
                                ..now
                            }));
                        }
                    }
                })
                .response
                .labelled_by(label.id);
            let mut drug = now.drug == Drug::Bisphosphonate;
            if ui.checkbox(&mut drug, "bisphosphonate").changed() {
                let drug = if drug {
                    Drug::Bisphosphonate
                } else {
                    Drug::None
                };
                wish = Some(Wish::Conditions(Conditions { drug, ..now }));
            }
            let mut culture = now.simulated_microgravity;
            if ui
                .checkbox(&mut culture, "simulated microgravity (culture)")
                .changed()
            {
                let simulated_microgravity = culture;
                wish = Some(Wish::Conditions(Conditions {
                    simulated_microgravity,
                    ..now
                }));
            }
            let label = ui.label("Answer to partial gravity");
            egui::ComboBox::from_id_salt("dose response")
                .selected_text(now.dose_response.name())
                .show_ui(ui, |ui| {
                    for dose_response in DoseResponse::ALL.iter().copied() {
                        let chosen = dose_response == now.dose_response;
                        if ui.selectable_label(chosen, dose_response.name()).clicked() {
                            wish = Some(Wish::Ask(WhatIf {
                                dose_response: Some(dose_response),
                                ..session.what_if
                            }));
                        }
                    }
                })
                .response
                .labelled_by(label.id);
            egui::CollapsingHeader::new("What if a link were cut?").show(ui, |ui| {
                for link in Link::ALL.iter().copied() {
                    let mut works = !now.cuts.contains(link);
                    if ui.checkbox(&mut works, link.title()).changed() {
                        wish = Some(Wish::Ask(WhatIf {
                            cuts: Some(now.cuts.with(link, !works)),
                            ..session.what_if
                        }));
                    }
                }
            });
            ui.add_enabled_ui(session.manual.is_some(), |ui| {
                if ui.button("Follow the scenario again").clicked() {
                    wish = Some(Wish::FollowScenario);
                }
            });
        });
        ui.separator();

        ui.label(RichText::new("View").strong());
        let label = ui.label("Field");
        egui::ComboBox::from_id_salt("field")
            .selected_text(self.picture.field.title())
            .width(210.0)
            .show_ui(ui, |ui| {
                for field in FieldKind::ALL.iter().copied() {
                    if ui
                        .selectable_label(field == self.picture.field, field.title())
                        .clicked()
                    {
                        let anatomy = session.simulation.anatomy();
                        self.picture.field = field;
                        self.picture.range = Picture::of(anatomy, field, [1, 1]).range;
                        self.picture.colormap = if field.diverging() {
                            Colormap::Vik
                        } else {
                            Colormap::Batlow
                        };
                    }
                }
            })
            .response
            .labelled_by(label.id);
        let mut open = self.picture.cut != Cut::None;
        let mut at = match self.picture.cut {
            Cut::Coronal(at) | Cut::Sagittal(at) | Cut::Axial(at) => at,
            Cut::None => 0.53,
        };
        ui.checkbox(&mut open, "cut open");
        ui.add_enabled(
            open,
            egui::Slider::new(&mut at, 0.05..=0.95)
                .show_value(false)
                .text("cut"),
        );
        // The plane stays the scene's own; a share of its depth is moved.
        self.picture.cut = match self.picture.cut {
            _ if !open => Cut::None,
            Cut::Sagittal(_) => Cut::Sagittal(at),
            Cut::Axial(_) => Cut::Axial(at),
            Cut::Coronal(_) | Cut::None => Cut::Coronal(at),
        };
        ui.checkbox(&mut self.picture.ghost, "hint at the muscles");
        if ui.button("Reset view").clicked() {
            let size = self.picture.size;
            let field = self.picture.field;
            let background = self.picture.background;
            self.picture = Picture::of(session.simulation.anatomy(), field, size);
            self.picture.background = background;
        }

        match wish {
            None => {}
            Some(Wish::Conditions(conditions)) => session.take_over(conditions),
            Some(Wish::Ask(what_if)) => session.ask(what_if),
            Some(Wish::FollowScenario) => session.follow_scenario(),
            Some(Wish::Restart(name)) => {
                let scenario = if name.is_empty() {
                    Ok(session.scenario.clone())
                } else {
                    command::scenario(&name)
                };
                let (place, group) = (session.place.clone(), session.group.clone());
                match scenario {
                    Ok(scenario) => self.restart(scenario, place, &group),
                    Err(error) => self.trouble = Some(error.message),
                }
            }
            Some(Wish::Scene(name)) => {
                let (scenario, group) = (session.scenario.clone(), session.group.clone());
                self.restart(scenario, Place::scene(name), &group);
            }
            Some(Wish::Group(group)) => {
                let (scenario, place) = (session.scenario.clone(), session.place.clone());
                self.restart(scenario, place, &group);
            }
        }
    }

    fn tissue(&mut self, ui: &mut Ui) {
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
            && !session.simulation.is_settled()
        {
            ui.add(
                egui::ProgressBar::new(session.settling as f32 / SETTLING_ROUNDS as f32)
                    .desired_height(8.0),
            );
        }
        let space = ui.available_size() - egui::vec2(84.0, 4.0);
        if space.x < 32.0 || space.y < 32.0 {
            return;
        }
        // A software adapter draws half the pixels: a fluent picture is worth more than a sharp one.
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
            self.colour_bar(ui, space.y);
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
            let text = if field.clipped() && i == 4 {
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

    fn curves(&mut self, ui: &mut Ui) {
        let Some(session) = &self.session else { return };
        let height = (0.5 * ui.available_height() - 30.0).max(100.0);
        // Colours and dashes in the order of a scene's curves.
        let styles = [
            (Color32::from_rgb(86, 180, 233), LineStyle::Solid),
            (Color32::from_rgb(230, 159, 0), LineStyle::dashed_loose()),
            (Color32::from_rgb(0, 190, 140), LineStyle::dotted_dense()),
            (Color32::from_rgb(204, 121, 167), LineStyle::dashed_dense()),
            (Color32::from_rgb(240, 228, 66), LineStyle::Solid),
        ];
        let styled = |curves: Vec<CurveOf>| -> Vec<CurveSpec> {
            let styled = curves.into_iter().zip(styles);
            styled
                .map(|(of, (colour, style))| (of, colour, style))
                .collect()
        };
        let anatomy = session.simulation.anatomy();
        let bone = styled(bone_curves(anatomy));
        ui.label(RichText::new("Bone mineral density, change since day 0 (%)").strong());
        chart(ui, session, "bone", height, &bone);
        // What a scene has no muscle for is not offered.
        let has_muscle = !anatomy.muscle_regions.is_empty();
        let offered = |chart: &LowerChart| {
            has_muscle || !matches!(chart.place, Where::Muscles | Where::Muscle)
        };
        if !offered(&LOWER_CHARTS[self.lower_chart]) {
            self.lower_chart = LOWER_CHARTS.iter().position(offered).unwrap_or(0);
        }
        let shown = &LOWER_CHARTS[self.lower_chart];
        egui::ComboBox::from_id_salt("lower chart")
            .selected_text(RichText::new(format!("{}, change (%)", shown.title)).strong())
            .width(300.0)
            .show_ui(ui, |ui| {
                for (i, chart) in LOWER_CHARTS.iter().enumerate().filter(|(_, c)| offered(c)) {
                    if ui
                        .selectable_label(i == self.lower_chart, chart.title)
                        .clicked()
                    {
                        self.lower_chart = i;
                    }
                }
            });
        let of_region = |region: &'static str| -> Vec<CurveOf> {
            let quantities = shown.quantities.iter();
            quantities
                .map(|q| CurveOf::new(region, *q, q.title()))
                .collect()
        };
        let main = bone_curves(anatomy).first().map(|c| c.region);
        let muscles = anatomy.muscle_regions.iter().map(|m| m.name);
        let curves: Vec<CurveOf> = match shown.place {
            Where::Muscles => muscles
                .map(|m| CurveOf::new(m, shown.quantities[0], plain(m)))
                .collect(),
            Where::Muscle => muscles.take(1).flat_map(of_region).collect(),
            Where::Bone => main.into_iter().flat_map(of_region).collect(),
            Where::Body => of_region(WHOLE_BODY),
        };
        chart(ui, session, shown.title, height, &styled(curves));
    }

    fn status(&mut self, ui: &mut Ui) {
        ui.horizontal_wrapped(|ui| {
            ui.label(self.gpu.adapter_name());
            if self.gpu.can_time() {
                let word = ui
                    .toggle_value(&mut self.timing, "Timing")
                    .on_hover_text("how long each pass takes, by the adapter's own clock");
                if word.changed() {
                    self.gpu.time_passes(self.timing);
                }
            }
            let Some(session) = &self.session else { return };
            let simulation = &session.simulation;
            ui.separator();
            ui.label(format!(
                "step {:.0} ms",
                session.step_time.as_secs_f64() * 1e3
            ));
            ui.separator();
            let worst = simulation
                .outcomes()
                .iter()
                .map(|o| o.true_residual)
                .fold(0.0, f64::max);
            ui.label(format!("true residual {worst:.0e}"));
            ui.separator();
            ui.label(format!(
                "{:.0} MiB on the adapter",
                simulation.bytes() as f64 / f64::from(1 << 20)
            ));
            ui.separator();
            ui.label(format!("{:.2} mm voxels", simulation.anatomy().spacing));
            let score = |quantity: Quantity| {
                let (_, row) = session.history.last()?;
                value_of(row, WHOLE_BODY, quantity)
            };
            if let (Some(bone), Some(muscle), Some(both)) = (
                score(Quantity::BoneFragility),
                score(Quantity::MuscleWeakness),
                score(Quantity::Osteosarcopenia),
            ) {
                ui.separator();
                ui.label(format!(
                    "osteosarcopenia {both:.2} (bone fragility {bone:.2}, muscle weakness {muscle:.2})"
                ))
                .on_hover_text("each part is 1 at 2.5 standard deviations below young adults; the score is the smaller");
            }
        });
    }
}

/// How long passes took since timing was switched on.
fn pass_times(ctx: &egui::Context, gpu: &Gpu, open: &mut bool) {
    egui::Window::new("Time on the adapter")
        .open(open)
        .resizable(false)
        .show(ctx, |ui| {
            let times = gpu.pass_times();
            if times.is_empty() {
                ui.label("nothing has run yet; press Play");
                return;
            }
            egui::Grid::new("pass times").striped(true).show(ui, |ui| {
                for title in ["pass", "times", "ms each"] {
                    ui.strong(title);
                }
                ui.end_row();
                for time in times {
                    ui.label(&time.label);
                    ui.label(time.passes.to_string());
                    let each = 1e3 * time.seconds / time.passes.max(1) as f64;
                    ui.label(format!("{each:.3}"));
                    ui.end_row();
                }
            });
        });
}

fn chart(ui: &mut Ui, session: &Session, id: &str, height: f32, curves: &[CurveSpec]) {
    let days = session.scenario.days().max(session.simulation.day());
    Plot::new(id.to_owned())
        .height(height)
        .legend(Legend::default().position(egui_plot::Corner::RightTop))
        .custom_x_axes(vec![
            AxisHints::new_x()
                .label("mission day")
                .label_spacing(egui::Rangef::new(30.0, 44.0)),
        ])
        .include_x(0.0)
        .include_x(days)
        .include_y(0.5)
        .include_y(-2.0)
        .allow_scroll(false)
        .show(ui, |plot| {
            for spell in &session.spells {
                let weight = 1.0 - spell.conditions.axial_gravity().clamp(0.0, 1.0);
                let shade = Color32::from_rgba_unmultiplied(140, 150, 220, (70.0 * weight) as u8);
                if spell.to > spell.from && weight > 0.0 {
                    let name =
                        format!("{:.2} g", spell.conditions.axial_gravity()).replace(".00", "");
                    plot.span(
                        Span::new(name, spell.from..=spell.to)
                            .fill(shade)
                            .border_width(0.0),
                    );
                }
            }
            for (of, colour, style) in curves {
                let points = PlotPoints::from(session.change(of.region, of.quantity));
                plot.line(
                    Line::new(of.label.clone(), points)
                        .color(*colour)
                        .width(2.0)
                        .style(*style),
                );
            }
        });
}
