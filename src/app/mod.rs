//! The window. The only room that names egui.

mod beginning;
mod carry;
mod causes;
mod charts;
mod commands;
mod controls;
mod figure;
mod files;
mod looks;
mod mission;
mod panels;
mod pins;
mod regions;
mod screenshot;
mod script;
mod session;
mod spoken;
mod status;
mod store;
mod theme;
mod tiles;
mod timeline;
mod tissue;
mod views;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui;
use eframe::egui_wgpu::{self, WgpuConfiguration, WgpuError, WgpuSetup, WgpuSetupCreateNew};

use crate::gpu::{BACKENDS, Gpu, Need, device_descriptor, named};
use crate::sim::estimate_need;
use crate::study::{Document, Place, Run, StudyError, Which};
use crate::tissue::{Anatomy, SCENES};
use crate::view::{Cut, FieldKind, Finder, Look, Muscles, Paint, Picture, contour, round_range};

pub use carry::Carried;
pub use script::{Spread, Start, Timed};
pub use session::{Session, Speed};
pub use store::Store;
pub use views::Compare;

use beginning::Then;
use carry::Carry;

/// A range, and the generation and field that it fits.
type Fit = ((u64, FieldKind), Option<(f32, f32)>);

/// The whole application.
pub struct MechanostatApp {
    render: egui_wgpu::RenderState,
    gpu: Gpu,
    /// The run, unless it could not be made.
    session: Option<Session>,
    /// One that is being made, and the one that was shown before a new one settled.
    beginning: Option<beginning::Beginning>,
    last_session: Option<Session>,
    store: Store,
    settings: store::Settings,
    /// Those that are in the store.
    written: store::Settings,
    autosave: Option<store::Autosave>,
    /// When the session was looked at for that last.
    autosaved: Instant,
    /// Sessions of windows that ended unexpectedly.
    lost: Vec<PathBuf>,
    /// Where to leave all this if the device is lost.
    carry: Carry,
    /// The day on which a test destroys the device.
    breaks_on: Option<f64>,
    /// A file that is being chosen, and whether to save there.
    choosing: Option<(files::Chosen, bool)>,
    /// What the session's file held when this window read or wrote it last.
    known: Option<String>,
    /// What went wrong, shown until the user resets.
    trouble: Option<String>,
    picture: Picture,
    /// The look that was chosen last, until its field is another.
    look: Look,
    /// Whether the field's range follows what there is.
    fitting: bool,
    /// That range, and what it is of.
    fit: Option<Fit>,
    views: views::Views,
    /// The picture of the difference, where that is shown.
    difference: Option<Picture>,
    half: Option<views::Half>,
    finder: Option<Finder>,
    /// The place that slices go through, mm in the lattice's frame.
    crosshair: [f32; 3],
    slices: looks::Slices,
    /// What is looked for among the fields.
    search: String,
    /// Whether all that there is to choose is shown, and how that is arranged.
    explore: bool,
    tiles: Option<egui_tiles::Tree<tiles::Pane>>,
    screenshot: Option<screenshot::Screenshot>,
    screenshots: screenshot::Options,
    figure: figure::FigureDialog,
    /// Who plays a person, where the window is timed.
    script: Option<script::Script>,
    /// A phase that is being moved, and one that is being edited.
    drag: Option<timeline::Drag>,
    draft: Option<timeline::Draft>,
    /// What the next bookmark is to say.
    sentence: String,
    /// Until when the strain field is shown on the cut, because gravity was touched.
    flash: Option<Instant>,
    /// What was published for the run that is shown.
    beside: charts::Beside,
    /// Which of the lower charts is shown.
    lower_chart: usize,
    /// The citation that was asked for last.
    cited: Option<String>,
    pins: pins::Pins,
    commands: commands::Commands,
    spoken: spoken::Spoken,
    /// The picture, as the keyboard's focus knows it.
    view_id: Option<egui::Id>,
    table: regions::Table,
    /// Whether passes are timed, and shown.
    timing: bool,
    /// The session's file, and what was told of it last.
    file: String,
    told: String,
    last_frame: Instant,
    /// Pixels a point at which the largest window was last told.
    told_scale: f32,
}

impl std::fmt::Debug for MechanostatApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MechanostatApp")
            .field("trouble", &self.trouble)
            .finish_non_exhaustive()
    }
}

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// What was asked for cannot be, or broke.
    #[error(transparent)]
    Study(#[from] StudyError),
    /// No display.
    #[error(
        "there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set); `mechanostat run` works without one"
    )]
    NoDisplay,
    /// No adapter that the window can use.
    #[error("{0}")]
    NoAdapter(String),
    /// It was closed, or broke, while a script used it.
    #[error("the window could not be timed: {0}")]
    Untimed(String),
    /// Anything else.
    #[error("the window could not be opened: {0}")]
    Window(String),
}

/// Opens the window on a document, lets it go to `day` by itself, and returns when it is closed.
/// `adapter` is part of an adapter's name, known to be one.
/// # Errors
/// [`AppError`].
pub fn open(document: Document, day: f64, adapter: Option<&str>) -> Result<(), AppError> {
    let then = Then {
        day,
        // A saved session stands where it was left; a mission goes on by itself.
        playing: day == 0.0,
        ..Then::default()
    };
    show(document, then, adapter, None, &Store::of_user())
}

/// Opens the window, lets it be used by a script, and closes it: what it took, from a program that
/// began at `began`. A first window finds no settled bone; the second one finds what that kept.
/// # Errors
/// [`AppError`].
pub fn time(document: Document, adapter: Option<&str>, began: Instant) -> Result<Timed, AppError> {
    let folder = tempfile::tempdir().map_err(|e| AppError::Untimed(e.to_string()))?;
    let store = Store::at(folder.path());
    let first = time_once(
        document.clone(),
        adapter,
        script::Script::of_start(began),
        &store,
    )?;
    let script = script::Script::new(Instant::now());
    let timed = time_once(document, adapter, script, &store)?;
    Ok(Timed {
        unsettled: script::Start {
            first_picture_s: first.first_picture_s,
            playing_s: first.playing_s,
        },
        ..timed
    })
}

fn time_once(
    document: Document,
    adapter: Option<&str>,
    script: script::Script,
    store: &Store,
) -> Result<Timed, AppError> {
    let told = script.told();
    let then = Then {
        playing: true,
        ..Then::default()
    };
    show(document, then, adapter, Some(script), store)?;
    match told.lock().ok().and_then(|mut told| told.take()) {
        Some(Ok(timed)) => Ok(timed),
        Some(Err(why)) => Err(AppError::Untimed(why)),
        None => Err(AppError::Untimed(
            "it was closed before everything was timed".to_owned(),
        )),
    }
}

/// The day on which the device of the first window is destroyed, where this is set: to try what
/// follows.
const BREAKS_ON: &str = "MECHANOSTAT_BREAK_DEVICE_ON_DAY";

/// Times that a device is lost within [`SOON`] before that is told instead of tried again.
const MOST_LOSSES: u32 = 3;
const SOON: Duration = Duration::from_mins(1);

fn show(
    document: Document,
    then: Then,
    adapter: Option<&str>,
    mut script: Option<script::Script>,
    store: &Store,
) -> Result<(), AppError> {
    let setup = document.setup();
    let place = Place::find(&setup.scene, setup.size, setup.mask.as_deref())?;
    setup.model(SCENES[0])?;
    let unset = |name: &str| std::env::var_os(name).is_none_or(|v| v.is_empty());
    if cfg!(target_os = "linux") && unset("DISPLAY") && unset("WAYLAND_DISPLAY") {
        return Err(AppError::NoDisplay);
    }
    let mut opening = Opening {
        document,
        place,
        then,
        shown: None,
        store: store.clone(),
        carry: Carry::default(),
    };
    let carry = Arc::clone(&opening.carry);
    let mut losses = 0;
    // A test hook: what a driver that breaks down in mid-play does.
    let mut breaks_on = std::env::var(BREAKS_ON)
        .ok()
        .and_then(|day| day.parse().ok());
    loop {
        let opened = Instant::now();
        show_once(
            opening,
            adapter.map(str::to_owned),
            script.take(),
            breaks_on.take(),
        )?;
        let Some(carried) = carry.lock().ok().and_then(|mut slot| slot.take()) else {
            return Ok(());
        };
        losses = if opened.elapsed() < SOON {
            losses + 1
        } else {
            1
        };
        if losses >= MOST_LOSSES {
            return Err(AppError::Window(format!(
                "the graphics device was lost {losses} times in short order; the session is kept, and is offered when the window is opened again"
            )));
        }
        opening = Opening {
            carry: Arc::clone(&carry),
            ..Opening::again(carried, store.clone())
        };
    }
}

/// What a window is opened on.
#[derive(Debug)]
struct Opening {
    document: Document,
    place: Place,
    then: Then,
    /// How the window before looked at it.
    shown: Option<carry::Shown>,
    store: Store,
    carry: Carry,
}

impl Opening {
    /// After a device was lost.
    fn again(carried: Carried, store: Store) -> Self {
        Self {
            document: carried.document,
            place: carried.place,
            then: carried.then,
            shown: Some(carried.shown),
            store,
            carry: Carry::default(),
        }
    }
}

fn show_once(
    opening: Opening,
    adapter: Option<String>,
    script: Option<script::Script>,
    breaks_on: Option<f64>,
) -> Result<(), AppError> {
    let size = opening.document.setup().size;
    let mut need = opening.place.need(size)?;
    // Any other scene may be chosen in the window.
    for scene in SCENES {
        let other = estimate_need(scene, size).map_err(StudyError::from)?;
        need.storage_binding_bytes = need.storage_binding_bytes.max(other.storage_binding_bytes);
    }
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Mechanostat")
            .with_inner_size([1280.0, 800.0])
            .with_min_inner_size([800.0, 500.0]),
        // Noise on top would change colours that stand for numbers.
        dithering: false,
        wgpu_options: WgpuConfiguration {
            wgpu_setup: wgpu_setup(need, adapter),
            ..Default::default()
        },
        ..Default::default()
    };
    let make: eframe::AppCreator<'_> = Box::new(move |cc| {
        let mut app = MechanostatApp::opened(cc, opening)?;
        app.script = script;
        app.breaks_on = breaks_on;
        app.autosave = app.store.autosave();
        Ok(Box::new(app) as Box<dyn eframe::App>)
    });
    eframe::run_native("mechanostat", options, make).map_err(|e| match e {
        eframe::Error::AppCreation(own) => AppError::NoAdapter(own.to_string()),
        e @ eframe::Error::Wgpu(
            WgpuError::RequestAdapterError(_)
            | WgpuError::CustomNativeAdapterSelectionError(_)
            | WgpuError::RequestDeviceError(_),
        ) => AppError::NoAdapter(format!(
            "the window found no graphics adapter; `mechanostat doctor` says what to install ({e})"
        )),
        e => AppError::Window(e.to_string()),
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
    /// The application on a window's device. Nothing of it outlives the window.
    /// # Errors
    /// When the window came without wgpu.
    pub fn new(
        cc: &eframe::CreationContext<'_>,
        document: Document,
        place: Place,
    ) -> Result<Self, AppError> {
        Self::with_store(cc, document, place, Store::default())
    }

    /// The same; what outlives the window is in `store`.
    /// # Errors
    /// When the window came without wgpu.
    pub fn with_store(
        cc: &eframe::CreationContext<'_>,
        document: Document,
        place: Place,
        store: Store,
    ) -> Result<Self, AppError> {
        let opening = Opening {
            document,
            place,
            then: Then::default(),
            shown: None,
            store,
            carry: Carry::default(),
        };
        Self::opened(cc, opening)
    }

    /// The same as another window was, whose device was lost.
    /// # Errors
    /// When the window came without wgpu.
    pub fn again(
        cc: &eframe::CreationContext<'_>,
        carried: Carried,
        store: Store,
    ) -> Result<Self, AppError> {
        Self::opened(cc, Opening::again(carried, store))
    }

    fn opened(cc: &eframe::CreationContext<'_>, opening: Opening) -> Result<Self, AppError> {
        let Opening {
            document,
            place,
            then,
            shown,
            store,
            carry,
        } = opening;
        let render = cc.wgpu_render_state.clone();
        let render = render
            .ok_or_else(|| AppError::NoAdapter("the window was opened without wgpu".to_owned()))?;
        install_font(&cc.egui_ctx);
        let gpu = Gpu::from_parts(
            render.adapter.get_info(),
            render.device.clone(),
            render.queue.clone(),
        );
        let size = document.setup().size;
        // The window may have been opened on an adapter's own limits; this names what is missing.
        device_descriptor(&render.adapter, place.need(size)?).map_err(StudyError::from)?;
        let anatomy = place.anatomy(size, &document.setup().scenario.person)?;
        let mut picture = Look::default().picture(&anatomy, [512, 640]);
        let settings = store.settings();
        settings.theme.apply(&cc.egui_ctx);
        picture.background = settings.theme.palette().tissue;
        let session = Session::new(&gpu, document, place, &store);
        let mut app = Self {
            render,
            gpu,
            session: None,
            beginning: None,
            last_session: None,
            autosave: None,
            autosaved: Instant::now(),
            lost: store.lost_sessions(),
            carry,
            breaks_on: None,
            choosing: None,
            known: None,
            store,
            trouble: None,
            picture,
            look: Look::default(),
            fitting: true,
            fit: None,
            views: views::Views::new(),
            difference: None,
            half: None,
            finder: None,
            crosshair: [0.0; 3],
            slices: looks::Slices::default(),
            search: String::new(),
            explore: settings.explore,
            tiles: Some(tiles::read(settings.tiles.as_deref())),
            written: settings.clone(),
            settings,
            screenshot: None,
            screenshots: screenshot::Options::default(),
            figure: figure::FigureDialog::default(),
            script: None,
            drag: None,
            draft: None,
            sentence: String::new(),
            flash: None,
            beside: charts::Beside::default(),
            lower_chart: 0,
            cited: None,
            spoken: spoken::Spoken::default(),
            pins: pins::Pins::default(),
            commands: commands::Commands::default(),
            view_id: None,
            table: regions::Table::default(),
            timing: false,
            file: "session.toml".to_owned(),
            told: String::new(),
            last_frame: Instant::now(),
            told_scale: 0.0,
        };
        match session {
            Ok(session) => app.adopt(session, then),
            Err(error) => app.trouble = Some(error.to_string()),
        }
        if let Some(shown) = shown {
            app.look_as(shown);
        }
        Ok(app)
    }

    /// The view of a scene that shows it best, if it is another than before.
    fn look_at(&mut self, anatomy: &Anatomy) {
        let before = self
            .session
            .as_ref()
            .map(|s| s.simulation().anatomy().scene);
        if before == Some(anatomy.scene) {
            return;
        }
        self.crosshair = anatomy
            .voxels
            .map(|n| 0.5 * n as f32 * anatomy.spacing as f32);
        self.picture = Picture {
            background: self.picture.background,
            ..self.look.picture(anatomy, self.picture.size)
        };
    }

    /// Tells the desktop how large the window may grow: no adapter draws a larger picture than its
    /// largest texture.
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

    /// What the picture shows.
    pub fn picture(&self) -> &Picture {
        &self.picture
    }

    /// What was told last: of a file, a screenshot, a refusal.
    pub fn told(&self) -> &str {
        &self.told
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

    /// What the picture shows in this frame: strain for a moment after gravity was touched.
    fn shown_picture(&mut self, pixels: [u32; 2]) -> Picture {
        self.picture.size = pixels;
        if let (Some(session), true) = (&self.session, self.fitting) {
            let of = (session.generation(), self.picture.field);
            if self.fit.is_none_or(|(known, _)| known != of) {
                self.fit = Some((of, fitted(session, &self.picture)));
            }
            if let Some((_, Some(range))) = self.fit {
                self.picture.range = range;
                if self.picture.contour > 0.0 {
                    self.picture.contour = contour(range.1);
                }
            }
        }
        let flashes = self.flash.is_some_and(|until| Instant::now() < until);
        let is_cut = self.picture.cut != Cut::None;
        if flashes && is_cut && self.session.as_ref().is_some_and(|s| s.past().is_none()) {
            let strain = Look::Strain.field();
            return Picture {
                field: strain,
                range: strain.range(),
                colormap: strain.colormap(),
                paint: Paint::Field,
                contour: 0.0,
                muscles: match self.picture.muscles {
                    Muscles::Solid => Muscles::Shell,
                    other => other,
                },
                ..self.picture
            };
        }
        self.flash = self.flash.filter(|_| flashes);
        self.picture
    }
}

/// A round range for the changes that a run has come to: bone weighs as much as there is of it.
/// None for other fields, and before anything has changed.
fn fitted(session: &Session, picture: &Picture) -> Option<(f32, f32)> {
    if !picture.field.diverging() {
        return None;
    }
    let of = |run: &Run| -> Option<f32> {
        let days = run.timeline().days();
        let (start, last) = (days.first()?, days.last()?);
        let anatomy = run.simulation().anatomy();
        let percent = |now: f64, before: f64| (100.0 * (now / before - 1.0)) as f32;
        if picture.field.in_muscle() {
            let thickness = picture.field == FieldKind::MuscleThickness;
            let areas = (0..anatomy.muscle.len()).filter_map(|v| {
                // Water counts in a muscle's thickness.
                let water = if thickness { last.fluid(v)? } else { 1.0 };
                Some(last.fibre_area(v)? * water)
            });
            let size = |area: f64| {
                if thickness {
                    area.max(0.0).sqrt()
                } else {
                    area
                }
            };
            return Some(round_range(areas.map(|a| (percent(size(a), 1.0), 1.0))));
        }
        // Every third says as much as all.
        let sites = (0..)
            .step_by(3)
            .map_while(|s| Some((start.bvtv(s)?, last.bvtv(s)?)));
        let changes = sites.filter(|(before, _)| *before > 0.02);
        let changes = changes.map(|(before, now)| (percent(now, before), before as f32));
        Some(round_range(changes))
    };
    let first = of(session.driver.of(Which::First))?;
    let both = if session.driver.has_twin() {
        first.max(of(session.driver.of(Which::Twin))?)
    } else {
        first
    };
    // Smaller than what is seen in months it only shows noise.
    let high = both.max(5.0);
    Some((-high, high))
}

impl eframe::App for MechanostatApp {
    fn raw_input_hook(&mut self, _ctx: &egui::Context, input: &mut egui::RawInput) {
        if let Some(script) = &mut self.script {
            script.events(input, self.views.drawn());
        }
    }

    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        let now = Instant::now();
        // A frame that took long is not paid back in days all at once.
        let frame = (now - self.last_frame).min(Duration::from_millis(250));
        self.last_frame = now;
        self.tell_largest(ctx);
        self.act_script(ctx);
        let breaks = |app: &Self| {
            let session = app.session.as_ref()?;
            Some(session.last_day() >= app.breaks_on?)
        };
        if breaks(self) == Some(true) {
            self.breaks_on = None;
            self.lose_device();
        }
        // A device that is lost is told of where it is asked.
        if self.gpu.poll().is_err() && self.gpu.is_lost() {
            self.leave(ctx);
            return;
        }
        self.flash = self.flash.filter(|until| now < *until);
        self.take_dropped(ctx);
        self.take_chosen(ctx);
        self.take_begun(ctx);
        self.keep(false);
        self.advance_screenshot(ctx);
        if self.screenshot.is_some() {
            ctx.request_repaint();
        }
        self.keys(ctx);
        if self.trouble.is_some() {
            return;
        }
        if let Some(session) = &mut self.session {
            match session.work(frame) {
                Ok(()) => {
                    if session.is_busy() || self.views.is_gathering(session) || self.flash.is_some()
                    {
                        ctx.request_repaint();
                    }
                }
                Err(error) => self.fail(error.to_string()),
            }
        }
        self.advance_pins(ctx);
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        // egui's painter breaks where there is anything to paint and no device to paint it.
        if self.gpu.poll().is_err() && self.gpu.is_lost() {
            self.leave(ui.ctx());
            return;
        }
        self.panels(ui);
    }

    fn on_exit(&mut self) {
        self.keep(true);
        if let Some(autosave) = self.autosave.take() {
            autosave.end();
        }
    }

    fn clear_color(&self, _visuals: &egui::Visuals) -> [f32; 4] {
        let ground = self.settings.theme.palette().ground;
        ground.to_normalized_gamma_f32()
    }
}

/// A font behind egui's own, for the signs that those lack.
fn install_font(ctx: &egui::Context) {
    let mut fonts = egui::FontDefinitions::default();
    fonts.font_data.insert(
        "dejavu".to_owned(),
        Arc::new(egui::FontData::from_static(include_bytes!(
            "../../assets/fonts/DejaVuSans.ttf"
        ))),
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
