//! The picture as it is shown, for print: gathered over some frames, so that nothing waits.

use std::path::PathBuf;

use eframe::egui::{self, Ui};

use crate::figure::{ColourBar, Ground, Panel, Raster, Snapshot, raster};
use crate::gpu::{GpuError, Readback};
use crate::view::{Paint, Picture, RayMarch, tick, ways};

use super::MechanostatApp;
use super::tissue::STRUTS;
use crate::study::Remembered;

const DOTS_PER_INCH: f64 = 300.0;
/// Samples: as many as are seen to matter.
const SAMPLES: u32 = 48;

/// A screenshot on its way.
#[derive(Debug)]
pub(super) struct Screenshot {
    march: RayMarch,
    picture: Picture,
    samples: u32,
    reading: Option<Readback>,
    title: String,
    name: String,
    notes: Vec<String>,
    options: Options,
}

/// How screenshots are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Options {
    ground: Ground,
    /// To the clipboard instead of a file.
    copies: bool,
}

impl MechanostatApp {
    /// A button while nothing is on its way, else how far it is, and the way out.
    pub(super) fn screenshot_button(&mut self, ui: &mut Ui) {
        let progress = self.screenshot.as_ref().map(|s| s.samples);
        match progress {
            None => {
                let options = &mut self.screenshots;
                ui.menu_button("▾", |ui| {
                    for ground in Ground::ALL {
                        ui.radio_value(&mut options.ground, ground, ground.name());
                    }
                    ui.separator();
                    ui.radio_value(&mut options.copies, false, "to a file");
                    ui.radio_value(&mut options.copies, true, "to the clipboard");
                })
                .response
                .widget_info(|| {
                    let name = "How screenshots are taken";
                    egui::WidgetInfo::labeled(egui::Role::Button, true, name)
                });
                let button = ui.button("Screenshot");
                let button = button.on_hover_text("the picture, 120 mm wide at 300 dpi");
                if button.clicked() {
                    self.take_screenshot();
                }
            }
            Some(done) => {
                if ui.button("Cancel").clicked() {
                    self.screenshot = None;
                }
                ui.label(format!("screenshot {} %", 100 * done / SAMPLES));
            }
        }
    }

    pub(super) fn take_screenshot(&mut self) {
        if let Err(error) = self.begin_screenshot() {
            self.told = error.to_string();
        }
    }

    fn begin_screenshot(&mut self) -> Result<(), GpuError> {
        let Some(session) = &self.session else {
            return Ok(());
        };
        let simulation = session.simulation();
        let [w, h] = self.picture.size.map(f64::from);
        let picture = Picture {
            size: Snapshot::pixels(h / w.max(1.0), DOTS_PER_INCH),
            background: self.screenshots.ground.colour(),
            ..self.picture
        };
        let (now, _) = session.conditions();
        let scene = simulation.anatomy().scene;
        let mut notes = vec![
            format!(
                "Simulated: Mechanostat {}, {}, scene {scene}, {:.2} mm voxels.",
                env!("CARGO_PKG_VERSION"),
                session.setup().scenario.name,
                simulation.anatomy().spacing
            ),
            format!("View: {}, {}.", picture.camera.place(), picture.cut),
            format!(
                "Colours: {}; adapter {}.",
                picture.colormap.name(),
                self.gpu.adapter_name()
            ),
        ];
        notes.extend(picture.exaggerated());
        if self.shows_struts() {
            notes.push(STRUTS.to_owned());
        }
        if picture.is_shaded() {
            notes.push("Colours on curved surfaces are shaded.".to_owned());
        }
        let mut march = RayMarch::new(simulation.body())?;
        let gpu = simulation.gpu();
        let remembered = session
            .past()
            .and_then(|day| Remembered::of(session.run(), day));
        match remembered {
            None => {
                march.draw(gpu, &picture)?;
            }
            Some(day) => {
                let mineral = simulation.model().physiology.tissue_mineral;
                if !march.draw_past(gpu, &picture, &day.past(mineral))? {
                    notes.push(format!(
                        "{} was not kept of past days.",
                        picture.field.title()
                    ));
                }
            }
        }
        self.screenshot = Some(Screenshot {
            march,
            picture,
            samples: 0,
            reading: None,
            title: format!("{}; {} g", session.sentence(), tick(now.gravity, 0.01)),
            name: format!("mechanostat-{scene}-day-{:.0}.png", session.day()),
            notes,
            options: self.screenshots,
        });
        Ok(())
    }

    /// Some more samples; at the end the file.
    pub(super) fn advance_screenshot(&mut self, ctx: &egui::Context) {
        let Some(mut shot) = self.screenshot.take() else {
            return;
        };
        let done = (|| -> Result<Option<Vec<u8>>, GpuError> {
            if let Some(reading) = &shot.reading {
                let parts = reading.poll()?;
                return Ok(parts.map(|mut p| p.pop().unwrap_or_default()));
            }
            shot.samples = shot.march.gather(&self.gpu)?;
            if shot.samples >= SAMPLES {
                shot.reading = Some(shot.march.read(&self.gpu)?);
            }
            Ok(None)
        })();
        match done {
            Ok(None) => self.screenshot = Some(shot),
            Ok(Some(bytes)) => self.told = shot.save(&bytes, ctx),
            Err(error) => self.told = error.to_string(),
        }
    }
}

impl Screenshot {
    /// Writes the file, or copies; what is to be told of it.
    fn save(self, bytes: &[u8], ctx: &egui::Context) -> String {
        let picture = &self.picture;
        let field = picture.field;
        let (low, high) = picture.range();
        let has_bar = picture.paint == Paint::Field && !field.is_named();
        let letters = ways(&picture.camera).into_iter().filter_map(|way| {
            let [x, y, _] = way.at;
            let reach = x.abs().max(y.abs());
            (x.hypot(y) > 0.9).then(|| (way.letter, [x, y].map(|c| f64::from(0.96 * c / reach))))
        });
        let snapshot = Snapshot {
            panel: Panel {
                title: self.title,
                raster: Raster {
                    size: picture.size,
                    pixels: RayMarch::pixels(picture.size, bytes),
                },
                height_mm: f64::from(picture.camera.height),
            },
            bar: has_bar.then(|| ColourBar {
                colormap: picture.colormap,
                range: (f64::from(low), f64::from(high)),
                above: field.above(),
                label: format!("{} ({})", field.title(), field.unit()),
            }),
            letters: letters.collect(),
            notes: self.notes,
            ground: self.options.ground,
        };
        let drawn = snapshot.svg().and_then(|svg| raster(&svg, DOTS_PER_INCH));
        let image = match drawn {
            Ok(image) => image,
            Err(error) => return error.to_string(),
        };
        if self.options.copies {
            let size = image.size.map(|n| n as usize);
            ctx.copy_image(egui::ColorImage::from_rgba_unmultiplied(
                size,
                &image.pixels,
            ));
            return format!("copied {} × {} pixels", size[0], size[1]);
        }
        let bytes = match image.encode(Some(DOTS_PER_INCH)) {
            Ok(bytes) => bytes,
            Err(error) => return error.to_string(),
        };
        let name: PathBuf = crate::io::unused(&PathBuf::from(self.name));
        match crate::io::write(&name, &bytes) {
            Ok(()) => format!("saved {}", name.display()),
            Err(error) => error.to_string(),
        }
    }
}
