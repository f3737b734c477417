//! The window. The only room that names egui.

mod charts;
mod controls;
mod panels;
mod session;
mod status;
mod tissue;

use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui;
use eframe::egui_wgpu::{self, WgpuConfiguration, WgpuSetup, WgpuSetupCreateNew};

use crate::command::wait::now;
use crate::command::{CommandError, Place, person};
use crate::gpu::{BACKENDS, Gpu, Need, adapters, device_descriptor, named, wanted_name};
use crate::scenario::Scenario;
use crate::sim::estimate_need;
use crate::tissue::{Anatomy, SCENES};
use crate::view::{FieldKind, Picture};

pub use session::{Session, Speed, Spell, WhatIf};

/// The whole application.
pub struct MechanostatApp {
    render: egui_wgpu::RenderState,
    gpu: Gpu,
    size: usize,
    /// The run, unless it could not be made.
    session: Option<Session>,
    /// What went wrong, shown until the user resets.
    trouble: Option<String>,
    picture: Picture,
    /// Which of [`panels::LOWER_CHARTS`] is shown.
    lower_chart: usize,
    /// Whether passes are timed, and shown.
    timing: bool,
    texture: Option<egui::TextureId>,
    last_frame: Instant,
    /// Pixels a point at which the largest window was last told.
    told_scale: f32,
}

impl std::fmt::Debug for MechanostatApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MechanostatApp")
            .field("size", &self.size)
            .field("trouble", &self.trouble)
            .finish_non_exhaustive()
    }
}

/// Opens the window on `scenario` and returns when it is closed.
/// # Errors
/// No display (exit code 1), no adapter (3), a size out of range (2).
pub fn open(
    scenario: Scenario,
    scene: &str,
    group: &str,
    size: usize,
    adapter: Option<&str>,
) -> Result<(), CommandError> {
    let place = Place::find(scene, size, None)?;
    person(SCENES[0], group, scenario.body_mass_kg, &[])?;
    let group = group.to_owned();
    let mut need = place.need(size)?;
    // Any other scene may be chosen in the window.
    for scene in SCENES {
        let other = estimate_need(scene, size)?;
        need.storage_binding_bytes = need.storage_binding_bytes.max(other.storage_binding_bytes);
    }
    let unset = |name: &str| std::env::var_os(name).is_none_or(|v| v.is_empty());
    if cfg!(target_os = "linux") && unset("DISPLAY") && unset("WAYLAND_DISPLAY") {
        return Err(CommandError {
            message: "there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set); `mechanostat run` works without one".to_owned(),
            code: 1,
        });
    }
    // An unknown name is told before a window opens.
    let adapter = wanted_name(adapter);
    if let Some(name) = &adapter {
        named(&now(adapters()), name)?;
    }
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Mechanostat")
            .with_inner_size([1280.0, 800.0])
            .with_min_inner_size([800.0, 560.0]),
        wgpu_options: WgpuConfiguration {
            wgpu_setup: wgpu_setup(need, adapter),
            ..Default::default()
        },
        ..Default::default()
    };
    eframe::run_native(
        "mechanostat",
        options,
        Box::new(move |cc| {
            MechanostatApp::new(cc, scenario, place, &group, size).map(|app| Box::new(app) as Box<dyn eframe::App>).map_err(|e| e.message.into())
        }),
    )
    .map_err(|e| {
        if let eframe::Error::AppCreation(own) = &e {
            return CommandError { message: own.to_string(), code: 3 };
        }
        let text = e.to_string();
        let no_adapter = text.contains("adapter");
        CommandError {
            message: if no_adapter {
                format!("the window found no graphics adapter; `mechanostat doctor` says what to install ({text})")
            } else {
                format!("the window could not be opened: {text}")
            },
            code: if no_adapter { 3 } else { 1 },
        }
    })
}

/// How the window opens its device: as everything else here does.
pub fn wgpu_setup(need: Need, adapter: Option<String>) -> WgpuSetup {
    let mut setup = WgpuSetupCreateNew::without_display_handle();
    setup.instance_descriptor.backends = BACKENDS;
    if let Some(name) = adapter {
        setup.native_adapter_selector = Some(Arc::new(move |adapters, surface| {
            let fit: Vec<wgpu::Adapter> = adapters
                .iter()
                .filter(|a| surface.is_none_or(|s| a.is_surface_supported(s)))
                .cloned()
                .collect();
            named(&fit, &name)
                .map(|i| fit[i].clone())
                .map_err(|e| e.to_string())
        }));
    }
    setup.device_descriptor = Arc::new(move |adapter| {
        // Too small an adapter still opens the window; the session then says what is missing.
        device_descriptor(adapter, need).unwrap_or_else(|_too_small| wgpu::DeviceDescriptor {
            label: Some("mechanostat device, adapter's own limits"),
            required_limits: adapter.limits(),
            ..Default::default()
        })
    });
    WgpuSetup::CreateNew(setup)
}

impl MechanostatApp {
    /// The application on a window's device.
    /// # Errors
    /// When the window came without wgpu.
    pub fn new(
        cc: &eframe::CreationContext<'_>,
        scenario: Scenario,
        place: Place,
        group: &str,
        size: usize,
    ) -> Result<Self, CommandError> {
        let render = cc.wgpu_render_state.clone().ok_or_else(|| CommandError {
            message: "the window was opened without wgpu".to_owned(),
            code: 3,
        })?;
        install_font(&cc.egui_ctx);
        let gpu = Gpu::from_parts(
            render.adapter.get_info(),
            render.device.clone(),
            render.queue.clone(),
        );
        // The window may have been opened on an adapter's own limits; this names what is missing.
        device_descriptor(&render.adapter, place.need(size)?)?;
        let anatomy = place.anatomy(size)?;
        let mut picture = Picture::of(&anatomy, FieldKind::Density, [512, 640]);
        picture.background = [0.11, 0.12, 0.14];
        let mut app = Self {
            render,
            gpu,
            size,
            session: None,
            trouble: None,
            picture,
            lower_chart: 0,
            timing: false,
            texture: None,
            last_frame: Instant::now(),
            told_scale: 0.0,
        };
        app.restart(scenario, place, group);
        Ok(app)
    }

    /// Begins `scenario` anew, in a scene and for a group.
    pub fn restart(&mut self, scenario: Scenario, place: Place, group: &str) {
        self.gpu.forgive();
        if let Some(session) = &mut self.session
            && !self.gpu.is_lost()
            && session.can_begin(&scenario, &place, group)
            && session.begin(scenario.clone())
        {
            self.trouble = None;
            return;
        }
        match Session::new(&self.gpu, scenario, place, group, self.size) {
            Ok(mut session) => {
                // What the user set up outlives a new beginning.
                if let Some(before) = &self.session {
                    session.what_if = before.what_if;
                    session.speed = before.speed;
                }
                self.look_at(session.simulation.anatomy());
                self.session = Some(session);
                self.trouble = None;
            }
            Err(error) => self.trouble = Some(error.message),
        }
    }

    /// The view of a scene that shows it best, if it is another than before.
    fn look_at(&mut self, anatomy: &Anatomy) {
        let before = self.session.as_ref().map(|s| s.simulation.anatomy().scene);
        if before == Some(anatomy.scene) {
            return;
        }
        let best = Picture::of(anatomy, self.picture.field, self.picture.size);
        self.picture = Picture {
            background: self.picture.background,
            ..best
        };
    }

    /// Tells the desktop how large the window may grow: no adapter draws a larger picture than its largest texture.
    fn tell_largest(&mut self, ctx: &egui::Context) {
        let scale = ctx.pixels_per_point();
        if (scale - self.told_scale).abs() > f32::EPSILON {
            let most = self.gpu.device().limits().max_texture_dimension_2d as f32 / scale;
            let most = egui::Vec2::splat(most.floor());
            ctx.send_viewport_cmd(egui::ViewportCommand::MaxInnerSize(most));
            self.told_scale = scale;
        }
    }

    /// The run.
    pub fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// What went wrong, if anything did.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    fn fail(&mut self, message: String) {
        if let Some(session) = &mut self.session {
            session.playing = false;
        }
        self.trouble.get_or_insert(message);
    }

    /// Draws the tissue at `pixels` and hands the image to egui.
    fn draw(&mut self, pixels: [u32; 2]) -> Option<egui::TextureId> {
        let resized = self.picture.size != pixels;
        self.picture.size = pixels;
        let session = self.session.as_mut()?;
        let drawn = match session.draw(&self.picture) {
            Ok(drawn) => drawn,
            Err(error) => {
                self.fail(error.to_string());
                return self.texture;
            }
        };
        if drawn || self.texture.is_none() {
            let texture = session.march.image()?;
            let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
            let mut renderer = self.render.renderer.write();
            match self.texture {
                Some(id) if !resized => {
                    renderer.update_egui_texture_from_wgpu_texture(
                        &self.render.device,
                        &view,
                        wgpu::FilterMode::Linear,
                        id,
                    );
                }
                old => {
                    if let Some(id) = old {
                        renderer.free_texture(&id);
                    }
                    self.texture = Some(renderer.register_native_texture(
                        &self.render.device,
                        &view,
                        wgpu::FilterMode::Linear,
                    ));
                }
            }
        }
        self.texture
    }
}

impl eframe::App for MechanostatApp {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        let now = Instant::now();
        // A frame that took long is not paid back in days all at once.
        let frame = (now - self.last_frame).min(Duration::from_millis(250));
        self.last_frame = now;
        self.tell_largest(ctx);
        if self.trouble.is_some() {
            return;
        }
        if let Some(session) = &mut self.session {
            match session.work(frame) {
                Ok(()) => {
                    if session.is_busy() {
                        ctx.request_repaint();
                    }
                }
                Err(error) => self.fail(error.to_string()),
            }
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        self.panels(ui);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }
}

/// The figures' font behind egui's own, for the signs that those lack.
fn install_font(ctx: &egui::Context) {
    let mut fonts = egui::FontDefinitions::default();
    fonts.font_data.insert(
        "dejavu".to_owned(),
        Arc::new(egui::FontData::from_static(crate::figure::FONT)),
    );
    for family in [egui::FontFamily::Proportional, egui::FontFamily::Monospace] {
        fonts
            .families
            .entry(family)
            .or_default()
            .push("dejavu".to_owned());
    }
    ctx.set_fonts(fonts);
}
