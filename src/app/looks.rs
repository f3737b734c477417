//! What the picture shows: looks, fields, range, cut, muscles, slices, radiograph.

use eframe::egui::{self, Color32, RichText, Ui};
use eframe::egui_wgpu::RenderState;

use crate::figure::plain;
use crate::view::{
    Areal, Colormap, Cut, FieldKind, Look, MuscleSet, Muscles, Opacity, Paint, Picture, RayMarch,
    Style, Vision,
};

use super::{MechanostatApp, Session};
use crate::study::Remembered;

/// A slice that is drawn: its picture, and of which generation and past day.
type Shown = (egui::TextureId, wgpu::Texture, Picture, (u64, Option<u64>));

/// The three slices through the crosshair, and the radiograph.
#[derive(Default)]
pub(super) struct Slices {
    /// Of which body.
    of: Option<u32>,
    march: Option<RayMarch>,
    /// Each drawn into an image of its own, copied from the march's.
    shown: [Option<Shown>; 3],
    /// The radiograph, and of which generation and day.
    areal: Option<(Areal, (u64, u64))>,
    image: Option<egui::TextureHandle>,
}

impl Slices {
    /// Whether any was drawn.
    pub(super) fn is_shown(&self) -> bool {
        self.shown.iter().any(Option::is_some)
    }

    /// Another body: nothing that was drawn is of it.
    pub(super) fn clear(&mut self, render: &RenderState) {
        for (id, ..) in self.shown.iter_mut().filter_map(Option::take) {
            render.renderer.write().free_texture(&id);
        }
        *self = Self {
            of: self.of,
            ..Self::default()
        };
    }
}

/// Fields in groups, as a person looks for them.
const GROUPS: &[(&str, &[FieldKind])] = &[
    (
        "Bone",
        &[
            FieldKind::Density,
            FieldKind::Change,
            FieldKind::Mineral,
            FieldKind::Connectivity,
            FieldKind::MarrowFat,
        ],
    ),
    ("Mechanics", &[FieldKind::StrainEnergy]),
    (
        "Bone cells",
        &[
            FieldKind::Osteocytes,
            FieldKind::Sclerostin,
            FieldKind::RanklOpg,
            FieldKind::Osteoclasts,
            FieldKind::Osteoblasts,
            FieldKind::Mapk,
            FieldKind::PparGamma,
            FieldKind::Cytoskeleton,
        ],
    ),
    (
        "Muscle",
        &[
            FieldKind::MuscleThickness,
            FieldKind::MuscleArea,
            FieldKind::MuscleChange,
            FieldKind::Type1,
            FieldKind::Type2,
            FieldKind::NeuralDrive,
            FieldKind::Muscle,
            FieldKind::FibreAngle,
        ],
    ),
    (
        "Muscle cells and signals",
        &[
            FieldKind::SatelliteCells,
            FieldKind::Myotubes,
            FieldKind::Smad158,
            FieldKind::Smad23,
            FieldKind::Bmp2,
            FieldKind::Bmp4,
            FieldKind::Myostatin,
            FieldKind::NogginChordin,
        ],
    ),
];

impl MechanostatApp {
    /// The looks, a click each.
    pub(super) fn looks(&mut self, ui: &mut Ui) {
        for look in Look::ALL {
            let chosen = self.look == look && self.picture.field == look.field();
            if ui.selectable_label(chosen, look.name()).clicked() {
                self.choose_look(look);
            }
        }
    }

    pub(super) fn choose_look(&mut self, look: Look) {
        let Some(session) = &self.session else { return };
        let anatomy = session.simulation().anatomy();
        self.look = look;
        self.fitting = true;
        self.picture = Picture {
            camera: self.picture.camera,
            background: self.picture.background,
            vision: self.picture.vision,
            exaggeration: self.picture.exaggeration,
            shown: self.picture.shown,
            ..look.picture(anatomy, self.picture.size)
        };
    }

    /// All that a picture can be made of.
    pub(super) fn picture_controls(&mut self, ui: &mut Ui) {
        let Some(session) = &self.session else { return };
        let picture = &mut self.picture;
        ui.label(RichText::new("View").strong());
        let before = picture.field;
        field(ui, &mut self.search, picture);
        if picture.field != before {
            let anatomy = session.simulation().anatomy();
            let usual = Picture::of(anatomy, picture.field, [1, 1]);
            (picture.range, picture.colormap) = (usual.range, usual.colormap);
            (picture.paint, picture.contour) = (Paint::Field, 0.0);
            if before.in_muscle() != picture.field.in_muscle() {
                picture.muscles = usual.muscles;
            }
            if !picture.field.in_muscle() {
                picture.shown = MuscleSet::ALL;
            }
            self.fitting = picture.field.diverging();
        }
        range(ui, picture, &mut self.fitting);
        cut(ui, picture);
        style(ui, picture);
        muscles(ui, session, picture);
        ui.checkbox(&mut picture.coloured, "colours on bone's curved surface");
        let label = ui.label("Seen");
        egui::ComboBox::from_id_salt("vision")
            .selected_text(picture.vision.name())
            .width(ui.available_width().clamp(60.0, 210.0))
            .show_ui(ui, |ui| {
                for vision in Vision::ALL {
                    ui.selectable_value(&mut picture.vision, vision, vision.name());
                }
            })
            .response
            .labelled_by(label.id);
        if ui.button("Reset view").clicked() {
            let usual = self
                .look
                .picture(session.simulation().anatomy(), picture.size);
            *picture = Picture {
                background: picture.background,
                vision: picture.vision,
                ..usual
            };
            self.fitting = true;
        }
    }

    /// Three slices through the crosshair.
    pub(super) fn slices(&mut self, ui: &mut Ui) {
        if let Some(session) = &self.session {
            let body = session.driver.body_of(session.shows());
            if self.slices.of != Some(body) {
                self.slices.clear(&self.render);
                self.slices.of = Some(body);
            }
        }
        if let Err(error) = self.draw_slices(ui) {
            self.fail(error.to_string());
        }
    }

    /// Areal density, as DXA sees it.
    fn draw_slices(&mut self, ui: &mut Ui) -> Result<(), crate::gpu::GpuError> {
        let Some(session) = &self.session else {
            return Ok(());
        };
        let room = ui.available_size();
        let edge = (room.x / 3.0 - 10.0).min(room.y - 64.0).clamp(48.0, 640.0);
        let simulation = session.simulation();
        let anatomy = simulation.anatomy();
        let gpu = simulation.gpu();
        let pixels = [(edge * ui.ctx().pixels_per_point()) as u32; 2];
        let slices = &mut self.slices;
        // The field of the run that is shown, of whichever body that is.
        if slices.march.is_none() {
            slices.march = Some(RayMarch::new(simulation.body())?);
        }
        let past = session.past();
        let remembered = past.and_then(|day| Remembered::of(session.run(), day));
        for axis in 0..3 {
            let usual = Picture::slice(anatomy, self.picture.field, axis, self.crosshair, pixels);
            let picture = Picture {
                range: self.picture.range,
                colormap: self.picture.colormap,
                contour: self.picture.contour,
                muscles: self.picture.muscles,
                shown: self.picture.shown,
                paint: self.picture.paint,
                vision: self.picture.vision,
                background: self.picture.background,
                ..usual
            };
            let generation = (session.generation(), session.past().map(f64::to_bits));
            let is_shown = slices.shown[axis].as_ref();
            if is_shown.is_some_and(|(_, _, p, g)| *p == picture && *g == generation) {
                continue;
            }
            let Some(march) = &mut slices.march else {
                continue;
            };
            match &remembered {
                Some(day) => {
                    let mineral = simulation.model().physiology.tissue_mineral;
                    march.draw_past(gpu, &picture, &day.past(mineral))?;
                }
                None => {
                    march.draw(gpu, &picture)?;
                }
            }
            let image = march.copy(gpu)?;
            let view = image.create_view(&wgpu::TextureViewDescriptor::default());
            let mut renderer = self.render.renderer.write();
            if let Some((id, ..)) = slices.shown[axis].take() {
                renderer.free_texture(&id);
            }
            let filter = wgpu::FilterMode::Linear;
            let id = renderer.register_native_texture(&self.render.device, &view, filter);
            slices.shown[axis] = Some((id, image, picture, generation));
        }
        let mut crosshair = self.crosshair;
        ui.horizontal(|ui| {
            for (axis, name) in ["sagittal", "coronal", "axial"].into_iter().enumerate() {
                if let Some((id, _, picture, _)) = &slices.shown[axis] {
                    let at = (axis, name, edge);
                    slice(ui, *id, at, picture, anatomy, &mut crosshair);
                }
            }
        });
        ui.label("Drag for another place, scroll to go through.");
        let moved = (crosshair.iter().zip(self.crosshair)).any(|(a, b)| (a - b).abs() > 1e-4);
        if moved {
            self.crosshair = crosshair;
            // The cut of the picture goes with it.
            let extent = anatomy.voxels.map(|n| n as f32 * anatomy.spacing as f32);
            let axis = match self.picture.cut {
                Cut::Sagittal(_) => Some(0),
                Cut::Coronal(_) => Some(1),
                Cut::Axial(_) => Some(2),
                Cut::None | Cut::Oblique(..) => None,
            };
            if let Some(axis) = axis {
                self.picture.cut = self.picture.cut.at(crosshair[axis] / extent[axis]);
            }
        }
        Ok(())
    }

    /// Areal density as absorptiometry sees it, on any day that was kept.
    pub(super) fn radiograph(&mut self, ui: &mut Ui) {
        let Some(session) = &self.session else { return };
        let simulation = session.simulation();
        let slices = &mut self.slices;
        let of = (session.generation(), session.day().to_bits());
        if slices.areal.as_ref().is_none_or(|(_, known)| *known != of)
            && let Some(day) = Remembered::of(session.run(), session.day())
        {
            let mineral = simulation.model().physiology.tissue_mineral;
            let areal = day.areal(simulation.anatomy(), mineral);
            let size = areal.size.into_iter().max().unwrap_or(1);
            let top = areal.round_top();
            let (size, rgba) = areal.picture((320 / size).max(1), top, Colormap::Grey);
            let image = egui::ColorImage::from_rgba_unmultiplied(size.map(|n| n as usize), &rgba);
            let options = egui::TextureOptions::NEAREST;
            slices.image = Some(ui.ctx().load_texture("radiograph", image, options));
            slices.areal = Some((areal, of));
        }
        let (Some(image), Some((areal, _))) = (&slices.image, &slices.areal) else {
            ui.label("Nothing is measured yet.");
            return;
        };
        let room = ui.available_size() - egui::vec2(0.0, 60.0);
        let size = image.size_vec2();
        let scale = (room.x / size.x).min(room.y / size.y).clamp(0.1, 1.0);
        ui.image((image.id(), scale * size));
        let mean = areal.mean().unwrap_or(0.0);
        let top = areal.round_top();
        ui.label(format!(
            "day {:.0}: areal density where there is bone {mean:.3} g/cm²",
            session.day()
        ));
        ui.label(format!(
            "from the front, lateral on the left; black 0, white {top} g/cm²"
        ));
    }
}

fn slice(
    ui: &mut Ui,
    id: egui::TextureId,
    (axis, name, edge): (usize, &str, f32),
    picture: &Picture,
    anatomy: &crate::tissue::Anatomy,
    crosshair: &mut [f32; 3],
) {
    ui.vertical(|ui| {
        ui.label(name);
        let (rect, response) =
            ui.allocate_exact_size(egui::Vec2::splat(edge), egui::Sense::click_and_drag());
        let whole = egui::Rect::from_min_max(egui::pos2(0.0, 0.0), egui::pos2(1.0, 1.0));
        ui.painter().image(id, rect, whole, Color32::WHITE);
        let scale = rect.width() / picture.size[0] as f32;
        let [x, y] = picture.pixel_of(*crosshair);
        let centre = rect.min + scale * egui::vec2(x, y);
        let line = egui::Stroke::new(
            1.0,
            super::theme::palette(ui.ctx()).cross.gamma_multiply(0.7),
        );
        let painter = ui.painter().with_clip_rect(rect);
        painter.vline(centre.x, rect.y_range(), line);
        painter.hline(rect.x_range(), centre.y, line);
        super::tissue::letters(
            &painter,
            rect,
            &picture.camera,
            super::theme::palette(ui.ctx()).ink,
        );
        response.widget_info(|| {
            egui::WidgetInfo::labeled(egui::Role::Image, true, format!("{name} slice"))
        });
        let extent = anatomy.voxels.map(|n| n as f32 * anatomy.spacing as f32);
        let keep = |place: [f32; 3]| std::array::from_fn(|a| place[a].clamp(0.0, extent[a]));
        if let (true, Some(at)) = (
            response.dragged() || response.clicked(),
            response.interact_pointer_pos(),
        ) {
            let pixel = (at - rect.min) / scale;
            if let Some(place) = picture.on_cut(anatomy, [pixel.x, pixel.y]) {
                *crosshair = keep(place);
            }
        }
        if response.hovered() {
            let scroll = ui.input(|i| i.smooth_scroll_delta.y);
            if scroll != 0.0 {
                let mut place = *crosshair;
                place[axis] += scroll.signum() * 0.5 * anatomy.spacing as f32;
                *crosshair = keep(place);
            }
        }
        ui.label(format!("{:.1} mm", crosshair[axis]));
    });
}

fn field(ui: &mut Ui, search: &mut String, picture: &mut Picture) {
    let label = ui.label("Field");
    egui::ComboBox::from_id_salt("field")
        .selected_text(picture.field.title())
        .width(ui.available_width().clamp(60.0, 210.0))
        .height(420.0)
        .show_ui(ui, |ui| {
            let find = ui.text_edit_singleline(search);
            find.widget_info(|| {
                egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Find a field")
            });
            let wanted = search.trim().to_lowercase();
            for (group, fields) in GROUPS {
                let found = |f: &&FieldKind| f.title().to_lowercase().contains(&wanted);
                let found: Vec<&FieldKind> = fields.iter().filter(found).collect();
                if found.is_empty() {
                    continue;
                }
                ui.label(RichText::new(*group).weak());
                for kind in found {
                    ui.selectable_value(&mut picture.field, *kind, kind.title());
                }
            }
        })
        .response
        .labelled_by(label.id);
}

fn range(ui: &mut Ui, picture: &mut Picture, fitting: &mut bool) {
    if picture.field.is_named() || picture.paint == Paint::Tissue {
        return;
    }
    let label = ui.label("Colours");
    egui::ComboBox::from_id_salt("colours")
        .selected_text(picture.colormap.name())
        .show_ui(ui, |ui| {
            for map in Colormap::ALL.into_iter().filter(|m| *m != Colormap::Names) {
                ui.selectable_value(&mut picture.colormap, map, map.name());
            }
        })
        .response
        .labelled_by(label.id);
    ui.horizontal(|ui| {
        ui.label("from");
        let speed = 0.01 * f64::from(picture.range.1 - picture.range.0).abs().max(0.01);
        let low = ui.add(egui::DragValue::new(&mut picture.range.0).speed(speed));
        ui.label("to");
        let high = ui.add(egui::DragValue::new(&mut picture.range.1).speed(speed));
        ui.label(picture.field.unit());
        if low.changed() || high.changed() {
            *fitting = false;
        }
    });
    let (low, high) = picture.range;
    if low >= high {
        let (low, high) = picture.range();
        ui.label(format!(
            "the lower end is not below the upper: {low} to {high} is shown"
        ));
    }
    if picture.field.diverging() {
        ui.checkbox(fitting, "range fits what there is");
    }
    ui.horizontal(|ui| {
        let mut lines = picture.contour > 0.0;
        if ui.checkbox(&mut lines, "contours").changed() {
            let span = picture.range.1 - picture.range.0;
            picture.contour = if lines {
                crate::view::contour(0.5 * span)
            } else {
                0.0
            };
        }
        if lines {
            let drag = egui::DragValue::new(&mut picture.contour).range(0.01..=1000.0);
            ui.add(drag.speed(0.1).prefix("every "));
        }
    });
}

fn cut(ui: &mut Ui, picture: &mut Picture) {
    let at = picture.cut.share().unwrap_or(0.53);
    let planes = [
        ("whole", Cut::None),
        ("coronal", Cut::Coronal(at)),
        ("sagittal", Cut::Sagittal(at)),
        ("axial", Cut::Axial(at)),
        ("oblique", Cut::Oblique([0.6, 0.8, 0.0], at - 0.5)),
    ];
    let same = |cut: Cut| std::mem::discriminant(&cut) == std::mem::discriminant(&picture.cut);
    let name = planes
        .iter()
        .find(|(_, c)| same(*c))
        .map_or("whole", |(n, _)| n);
    let label = ui.label("Cut");
    let mut chosen = None;
    egui::ComboBox::from_id_salt("cut")
        .selected_text(name)
        .show_ui(ui, |ui| {
            for (name, cut) in planes {
                if ui.selectable_label(same(cut), name).clicked() {
                    chosen = Some(cut);
                }
            }
        })
        .response
        .labelled_by(label.id);
    if let Some(cut) = chosen {
        picture.cut = cut;
    }
    if picture.cut == Cut::None {
        return;
    }
    let mut at = at;
    let slider = egui::Slider::new(&mut at, 0.02..=0.98).show_value(false);
    if ui.add(slider.text("moves the cut")).changed() {
        picture.cut = picture.cut.at(at);
    }
    if let Cut::Oblique(way, at) = picture.cut {
        let mut turn = way[0].atan2(way[1]).to_degrees();
        let mut raise = way[2].clamp(-1.0, 1.0).asin().to_degrees();
        let changed = ui.add(
            egui::Slider::new(&mut turn, -180.0..=180.0)
                .suffix("°")
                .text("turn"),
        );
        let raised = ui.add(
            egui::Slider::new(&mut raise, -89.0..=89.0)
                .suffix("°")
                .text("raise"),
        );
        if changed.changed() || raised.changed() {
            let (s, c) = turn.to_radians().sin_cos();
            let (up, flat) = raise.to_radians().sin_cos();
            picture.cut = Cut::Oblique([s * flat, c * flat, up], at);
        }
        ui.label("Drag with the right button to turn the plane in the picture.");
    }
}

fn style(ui: &mut Ui, picture: &mut Picture) {
    let (low, high) = picture.range();
    let styles = [
        ("surfaces", Style::Surface),
        ("the cut alone", Style::Slice),
        ("isosurface", Style::Isosurface(0.5 * (low + high))),
        ("cloud", Style::Cloud(Opacity::RISING)),
    ];
    let same = |s: Style| std::mem::discriminant(&s) == std::mem::discriminant(&picture.style);
    let name = styles
        .iter()
        .find(|(_, s)| same(*s))
        .map_or("surfaces", |(n, _)| n);
    let label = ui.label("Drawn as");
    let mut chosen = None;
    egui::ComboBox::from_id_salt("style")
        .selected_text(name)
        .show_ui(ui, |ui| {
            for (name, style) in styles {
                if ui.selectable_label(same(style), name).clicked() {
                    chosen = Some(style);
                }
            }
        })
        .response
        .labelled_by(label.id);
    if let Some(style) = chosen {
        picture.style = style;
    }
    match &mut picture.style {
        Style::Surface | Style::Slice => {}
        Style::Isosurface(value) => {
            let unit = format!(" {}", picture.field.unit());
            ui.add(
                egui::Slider::new(value, low..=high)
                    .suffix(unit)
                    .text("where"),
            );
        }
        Style::Cloud(Opacity(points)) => {
            ui.label("Opacity a millimetre, along the colours:");
            ui.horizontal(|ui| {
                for (k, point) in points.iter_mut().enumerate() {
                    let value = low + 0.25 * k as f32 * (high - low);
                    let slider = egui::Slider::new(point, 0.0..=1.0)
                        .vertical()
                        .show_value(false);
                    let slider = ui.add(slider.step_by(0.01));
                    slider.on_hover_text(format!("at {value}"));
                }
            });
        }
    }
}

fn muscles(ui: &mut Ui, session: &Session, picture: &mut Picture) {
    let names = &session.simulation().anatomy().muscles;
    if session.simulation().anatomy().muscle_regions.is_empty() {
        return;
    }
    ui.horizontal(|ui| {
        ui.label("Muscles");
        for (muscles, name) in [
            (Muscles::Hidden, "hidden"),
            (Muscles::Shell, "shells"),
            (Muscles::Solid, "solid"),
        ] {
            ui.selectable_value(&mut picture.muscles, muscles, name);
        }
    });
    let name = |only: Option<usize>| {
        let one = only.and_then(|k| names.get(k));
        one.map_or_else(|| "all muscles".to_owned(), |m| plain(m.name))
    };
    let single = picture.shown.single(names.len());
    let shown = (0..names.len()).filter(|m| picture.shown.has(*m)).count();
    let selected = match (single, shown) {
        (Some(_), _) => name(single),
        (None, n) if n == names.len() => name(None),
        (None, n) => format!("{n} of {}", names.len()),
    };
    let label = ui.label("Muscle");
    egui::ComboBox::from_id_salt("muscle")
        .selected_text(selected)
        .width(ui.available_width().clamp(60.0, 210.0))
        .show_ui(ui, |ui| {
            for only in std::iter::once(None).chain((0..names.len()).map(Some)) {
                let set = only.map_or(MuscleSet::ALL, MuscleSet::only);
                ui.selectable_value(&mut picture.shown, set, name(only));
            }
        })
        .response
        .labelled_by(label.id);
    egui::CollapsingHeader::new("Hide and show muscles").show(ui, |ui| {
        for (k, muscle) in names.iter().enumerate() {
            let mut shown = picture.shown.has(k);
            if ui.checkbox(&mut shown, plain(muscle.name)).changed() {
                picture.shown = picture.shown.with(k, shown);
            }
        }
    });
    ui.checkbox(&mut picture.outline, "outline of the start");
    let slider = egui::Slider::new(&mut picture.exaggeration, 1.0..=10.0);
    ui.add(slider.text("times muscle loss"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_in_one_group() {
        for kind in FieldKind::ALL {
            let groups = GROUPS.iter().filter(|(_, fields)| fields.contains(kind));
            assert_eq!(groups.count(), 1, "{kind:?}");
        }
    }
}
