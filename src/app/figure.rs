//! The figure of what the window shows, ready to use: a preview, and the file. As `mechanostat
//! figure` makes it.

use std::path::PathBuf;

use eframe::egui::{self, Ui};
use strum::VariantNames as _;

use crate::figure::{FileKind, Format, PRESETS, preview};
use crate::measure::Quantity;
use crate::study::{Composition, PanelPlan, Template, When, figure_files};

use super::MechanostatApp;

/// Dots an inch of a preview's pictures.
const PREVIEW_DPI: f64 = 60.0;
/// And at most so many pixels each way.
const PREVIEW_PIXELS: u32 = 920;
/// Samples of its pictures.
const PREVIEW_SAMPLES: u32 = 2;

/// What a figure may show besides what is usual.
const MORE: [&str; 4] = [
    "the day and the look of the window",
    "radiograph",
    "bars by region",
    "cause strip",
];

/// What is asked for, and what is under way.
pub(super) struct FigureDialog {
    pub(super) open: bool,
    preset: String,
    ending: String,
    name: String,
    /// Pictures from where the window looks.
    as_seen: bool,
    /// What is shown besides what is usual.
    more: [bool; 4],
    /// A template's file, and what was read of it.
    file: String,
    template: Option<Template>,
    making: Option<Composition>,
    /// Whether that is for a file, and no preview.
    exports: bool,
    preview: Option<egui::TextureHandle>,
    /// What the preview is of.
    shown: Option<(Template, u64)>,
}

impl Default for FigureDialog {
    fn default() -> Self {
        Self {
            open: false,
            preset: "nature-double".to_owned(),
            ending: "png".to_owned(),
            name: "figure".to_owned(),
            as_seen: true,
            more: [false; 4],
            file: String::new(),
            template: None,
            making: None,
            exports: false,
            preview: None,
            shown: None,
        }
    }
}

impl MechanostatApp {
    /// The dialog, where it is open.
    pub(super) fn figure_dialog(&mut self, ctx: &egui::Context) {
        let mut open = self.figure.open;
        egui::Window::new("Figure")
            .open(&mut open)
            .default_pos(egui::pos2(120.0, 90.0))
            .resizable(false)
            .show(ctx, |ui| self.figure_choices(ui));
        self.figure.open = open;
        if !open {
            self.figure.making = None;
        }
    }

    fn figure_choices(&mut self, ui: &mut Ui) {
        let figure = &mut self.figure;
        ui.horizontal(|ui| {
            let label = ui.label("Format");
            egui::ComboBox::from_id_salt("preset")
                .selected_text(figure.preset.clone())
                .show_ui(ui, |ui| {
                    for preset in PRESETS {
                        ui.selectable_value(&mut figure.preset, preset.to_owned(), preset);
                    }
                })
                .response
                .labelled_by(label.id);
            for ending in FileKind::VARIANTS {
                ui.selectable_value(&mut figure.ending, (*ending).to_owned(), *ending);
            }
        });
        ui.horizontal(|ui| {
            let label = ui.label("Name");
            ui.text_edit_singleline(&mut figure.name)
                .labelled_by(label.id);
            ui.checkbox(&mut figure.as_seen, "from where the window looks");
        });
        let mut read = false;
        ui.horizontal(|ui| {
            let label = ui.label("Template");
            let hint = "a file of panels (docs/figures.md); none: the usual ones";
            let edit = egui::TextEdit::singleline(&mut figure.file).hint_text(hint);
            let edit = ui.add(edit.desired_width(300.0)).labelled_by(label.id);
            read = edit.lost_focus();
        });
        ui.add_enabled_ui(figure.template.is_none(), |ui| {
            ui.horizontal_wrapped(|ui| {
                ui.label("Also");
                for (chosen, name) in figure.more.iter_mut().zip(MORE) {
                    ui.checkbox(chosen, name);
                }
            });
        });
        if read {
            self.read_template();
        }
        let figure = &mut self.figure;
        if let Some(preview) = &figure.preview {
            let size = preview.size_vec2();
            let scale = (460.0 / size.x).min(420.0 / size.y).min(1.0);
            ui.image((preview.id(), scale * size));
        }
        let is_free = figure.making.is_none() || !figure.exports;
        let mut exports = false;
        ui.horizontal(|ui| {
            let button = ui.add_enabled(is_free, egui::Button::new("Export"));
            exports = button
                .on_hover_text("the file, with caption, references, checklist and data beside it")
                .clicked();
            if let Some(making) = &figure.making {
                let [done, of] = making.progress();
                let what = if figure.exports { "figure" } else { "preview" };
                ui.label(format!("{what}: picture {} of {of}", (done + 1).min(of)));
                if figure.exports && ui.button("Cancel export").clicked() {
                    figure.making = None;
                }
            }
        });
        if exports {
            self.begin_figure(true);
        }
        self.advance_figure(ui.ctx());
    }

    fn read_template(&mut self) {
        let figure = &mut self.figure;
        let name = figure.file.trim();
        figure.template = None;
        if name.is_empty() {
            return;
        }
        let read = crate::io::read_text(std::path::Path::new(name)).map_err(|e| e.to_string());
        match read.and_then(|text| Template::parse(name, &text).map_err(|e| e.to_string())) {
            Ok(template) => figure.template = Some(template),
            Err(error) => self.told = error,
        }
    }

    /// What is asked for.
    fn figure_template(&self) -> Option<Template> {
        let session = self.session.as_ref()?;
        let figure = &self.figure;
        let mut template = figure.template.clone().unwrap_or_default();
        if let Some(format) = Format::preset(&figure.preset) {
            template.format = format;
        }
        if template.rows.is_empty() {
            let anatomy = session.simulation().anatomy();
            let has_muscle = !anatomy.muscle_regions.is_empty();
            template = template.with_usual_panels(session.driver.has_twin(), has_muscle);
            let (day, run) = (When::Day(session.day()), session.shows());
            let more = [
                PanelPlan::Tissue {
                    look: self.look,
                    day,
                    run,
                    camera: None,
                    cut: None,
                    slice: false,
                },
                PanelPlan::Radiograph { day, run },
                PanelPlan::Regions {
                    quantity: Quantity::Bmd,
                    day,
                },
                PanelPlan::Cause { day, run },
            ];
            // Two pictures, and two of numbers.
            let mut rows = [Vec::new(), Vec::new()];
            for (k, plan) in more
                .into_iter()
                .enumerate()
                .filter(|(k, _)| figure.more[*k])
            {
                let name = format!("more {k}");
                rows[k / 2].push(name.clone());
                template.panels.push((name, plan));
            }
            let rows = rows.into_iter().filter(|row| !row.is_empty());
            template.rows.extend(rows);
        }
        if figure.as_seen {
            let seen = self.picture.camera;
            let angles = [f64::from(seen.azimuth), f64::from(seen.elevation)];
            for (_, plan) in &mut template.panels {
                if let PanelPlan::Tissue { camera, .. } = plan
                    && camera.is_none()
                {
                    *camera = Some(angles);
                }
            }
        }
        Some(template)
    }

    fn begin_figure(&mut self, exports: bool) {
        let (Some(mut template), Some(session)) = (self.figure_template(), &self.session) else {
            return;
        };
        if !exports {
            template.format.dpi = PREVIEW_DPI;
            template.samples = PREVIEW_SAMPLES;
        }
        self.figure.exports = exports;
        match Composition::new(&session.driver, template) {
            Ok(making) => self.figure.making = Some(making),
            Err(error) => self.told = error.to_string(),
        }
    }

    /// Some more of the preview or the file.
    fn advance_figure(&mut self, ctx: &egui::Context) {
        let (Some(template), Some(session)) = (self.figure_template(), &self.session) else {
            return;
        };
        let wanted = (template, session.generation());
        // While time passes a preview would never be done.
        let stands = session.simulation().is_settled() && !session.is_busy();
        if self.figure.making.is_none() && stands && self.figure.shown.as_ref() != Some(&wanted) {
            self.figure.shown = Some(wanted);
            self.begin_figure(false);
        }
        let Some(session) = &self.session else { return };
        let Some(making) = &mut self.figure.making else {
            return;
        };
        ctx.request_repaint();
        let page = match making.poll(&self.gpu, &session.driver, session.elapsed()) {
            Ok(None) => return,
            Ok(Some(page)) => page,
            Err(error) => {
                self.told = error.to_string();
                self.figure.making = None;
                return;
            }
        };
        let Some(making) = self.figure.making.take() else {
            return;
        };
        if !self.figure.exports {
            match preview(&page, PREVIEW_PIXELS) {
                Ok(drawn) => {
                    let size = drawn.size.map(|n| n as usize);
                    let image = egui::ColorImage::from_rgba_unmultiplied(size, &drawn.pixels);
                    let options = egui::TextureOptions::LINEAR;
                    self.figure.preview = Some(ctx.load_texture("figure", image, options));
                }
                Err(error) => self.told = error.to_string(),
            }
            return;
        }
        self.told = match self.write_figure(&making, &page) {
            Ok(name) => format!("saved {name}"),
            Err(error) => error,
        };
    }

    /// Writes the figure and what goes with it; its name.
    fn write_figure(
        &self,
        making: &Composition,
        page: &crate::figure::Page,
    ) -> Result<String, String> {
        let session = self.session.as_ref().ok_or("there is no run")?;
        let told = |e: &dyn std::fmt::Display| e.to_string();
        let kind = self.figure.ending.parse().unwrap_or(FileKind::Png);
        let last = session.last_day();
        let files = figure_files(&session.driver, making, page, kind, last);
        let files = files.map_err(|e| told(&e))?;
        let asked = PathBuf::from(format!("{}.{}", self.figure.name, self.figure.ending));
        let path = crate::io::unused(&asked);
        crate::io::write(&path, &files.figure).map_err(|e| told(&e))?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        for (name, text) in &files.beside {
            let path = path.with_file_name(format!("{stem}{name}"));
            crate::io::write_beside(&path, text).map_err(|e| told(&e))?;
        }
        Ok(path.display().to_string())
    }
}
