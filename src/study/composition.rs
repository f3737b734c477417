//! A figure of a study that was run: its pictures are drawn little by little, so that nobody waits.

use std::fmt::Write as _;
use std::time::Duration;

use crate::figure::{
    Bars, Box2, Chart, ColourBar, Content, Curve, CurveOf, Layout, Page, PagePanel, PicturePanel,
    Raster, Shape, Strip, bone_curves, layout, plain,
};
use crate::gpu::{Gpu, Readback};
use crate::measure::{Quantity, Subject, WHOLE_BODY};
use crate::scenario::phase_at;
use crate::tissue::Anatomy;
use crate::view::{
    Camera, Colormap, Cut, FieldKind, Look, Paint, Picture, Projection, RayMarch, Tile, contour,
    round_range, tick, ways,
};

use super::action::Which;
use super::beside::{PublishedPoint, published_beside};
use super::course::told_percent;
use super::driver::Driver;
use super::error::StudyError;
use super::remembered::Remembered;
use super::report::spans_of;
use super::run::{Event, Run};
use super::template::{PanelPlan, Template, When};

/// Samples that a poll submits, at most: a window goes on meanwhile.
const SAMPLES_A_POLL: u32 = 4;
/// Largest tile, pixels each way.
const TILE: u32 = 2048;

/// A picture that is to be drawn.
#[derive(Debug)]
struct Job {
    /// Which panel, in the order of rows.
    panel: usize,
    of: JobOf,
    day: f64,
    size: [u32; 2],
}

#[derive(Debug)]
enum JobOf {
    Tissue { picture: Picture, run: Which },
    Difference(Picture),
    Radiograph(Which),
}

impl JobOf {
    /// Which bodies it is made of, and whether of more than is kept of a past day.
    fn bodies(&self) -> (&'static [Which], bool) {
        let more = |picture: &Picture| {
            // Of other fields, and of fat in marrow, nothing is kept; and 16 bits are not a
            // measurement's digits.
            let kept = matches!(picture.field, FieldKind::Density | FieldKind::Change);
            !kept || picture.paint != Paint::Field
        };
        let of = |which: Which| match which {
            Which::First => &[Which::First][..],
            Which::Twin => &[Which::Twin],
        };
        match self {
            Self::Tissue { picture, run } => (of(*run), more(picture)),
            Self::Difference(picture) => (&[Which::First, Which::Twin], more(picture)),
            Self::Radiograph(run) => (of(*run), true),
        }
    }
}

/// A picture that is being drawn.
#[derive(Debug)]
struct Drawing {
    march: RayMarch,
    /// What a difference is taken off: it must outlive its view.
    _other: Option<RayMarch>,
    picture: Picture,
    tiles: Vec<Tile>,
    samples: u32,
    begun: bool,
    reading: Option<Readback>,
    pixels: Vec<u8>,
}

/// A figure on its way.
#[derive(Debug)]
pub struct Composition {
    template: Template,
    layout: Layout,
    jobs: Vec<Job>,
    /// Jobs done.
    done: usize,
    drawing: Option<Drawing>,
    beam: Option<(Projection, Readback)>,
    /// Bodies on the day of the job, where that is past and more is needed than was kept of it;
    /// and whether each is there.
    visits: Vec<(Which, Box<Run>, bool)>,
    panels: Vec<Option<PagePanel>>,
    /// How many of them stand in each row.
    rows: Vec<usize>,
    /// Pictures, once they are drawn.
    rasters: Vec<(usize, PicturePanel)>,
    published: Vec<PublishedPoint>,
    days: Vec<f64>,
}

/// The day of the largest loss of a run's main bone, up to its last one.
fn worst_day(run: &Run) -> f64 {
    let main = bone_curves(run.simulation().anatomy()).into_iter().next();
    let course = main.map(|c| run.courses().change(c.region, c.quantity));
    let points = course.unwrap_or_default().into_iter();
    let worst = points.min_by(|a, b| a.1.total_cmp(&b.1));
    worst.map_or(0.0, |(day, _)| day)
}

fn last_day(driver: &Driver) -> f64 {
    let day = |which| driver.of(which).courses().last_day();
    f64::min(day(Which::First), day(Which::Twin))
}

fn when(driver: &Driver, day: When) -> Result<f64, StudyError> {
    let last = last_day(driver);
    match day {
        When::Start => Ok(0.0),
        When::Last => Ok(last),
        When::Worst => {
            let worst = worst_day(driver.run()).max(worst_day(driver.of(Which::Twin)));
            Ok(worst.min(last))
        }
        When::Day(day) if day <= last + 1e-6 => Ok(day),
        When::Day(day) => Err(StudyError::usage(format!(
            "day {day} was not computed: the study goes to day {last}"
        ))),
    }
}

/// A panel with the day that it comes to.
fn on_its_day(driver: &Driver, plan: &PanelPlan) -> Result<PanelPlan, StudyError> {
    let mut plan = plan.clone();
    if let PanelPlan::Tissue { day, .. }
    | PanelPlan::Difference { day, .. }
    | PanelPlan::Radiograph { day, .. }
    | PanelPlan::Regions { day, .. }
    | PanelPlan::Cause { day, .. } = &mut plan
    {
        *day = When::Day(when(driver, *day)?);
    }
    Ok(plan)
}

/// What a look shows, for a title.
fn looked_at(look: Look) -> &'static str {
    match look {
        Look::Change => "change",
        Look::Density => "density",
        Look::Strain => "strain",
        Look::Cells => "osteoclasts",
        Look::Muscle => "muscle",
        Look::Anatomy => "anatomy",
    }
}

impl Composition {
    /// Of a study that was run, with its days at hand.
    /// # Errors
    /// A day that was not computed, a look that is not kept of past days, a twin that there is not,
    /// a region or quantity that was not measured.
    pub fn new(driver: &Driver, template: Template) -> Result<Self, StudyError> {
        let anatomy = driver.run().simulation().anatomy();
        let template = if template.rows.is_empty() {
            let has_muscle = !anatomy.muscle_regions.is_empty();
            template.with_usual_panels(driver.has_twin(), has_muscle)
        } else {
            template
        };
        let mut plans: Vec<Vec<PanelPlan>> = Vec::new();
        for row in template.plans() {
            let mut kept: Vec<PanelPlan> = Vec::new();
            for plan in row {
                // The worst day may be the last one: the same is not shown twice.
                let plan = on_its_day(driver, plan)?;
                if !kept.contains(&plan) {
                    kept.push(plan);
                }
            }
            plans.push(kept);
        }
        let two = driver.has_twin();
        let needs_twin = |plan: &&PanelPlan| match plan {
            PanelPlan::Tissue { run, .. }
            | PanelPlan::Radiograph { run, .. }
            | PanelPlan::Cause { run, .. } => *run == Which::Twin,
            PanelPlan::Difference { .. } => true,
            _ => false,
        };
        if !two && plans.iter().flatten().any(|p| needs_twin(&p)) {
            return Err(StudyError::usage(
                "a panel asks for the twin, and this study has none",
            ));
        }
        // One range for all changes that are compared.
        let mut days = Vec::new();
        let mut change: f32 = 5.0;
        for plan in plans.iter().flatten() {
            if let PanelPlan::Tissue { look, day, run, .. } = plan {
                let day = when(driver, *day)?;
                days.push(day);
                if *look == Look::Change
                    && day > 0.0
                    && let Some(kept) = Remembered::of(driver.of(*run), day)
                {
                    change = change.max(round_range(kept.bone_changes()));
                }
            }
        }
        let shapes: Vec<Vec<Shape>> = plans
            .iter()
            .map(|row| {
                let shape = |(k, plan): (usize, &PanelPlan)| {
                    Ok(match plan {
                        PanelPlan::Tissue { .. }
                        | PanelPlan::Difference { .. }
                        | PanelPlan::Radiograph { .. } => Shape::Picture {
                            has_bar: bar_key(plan).is_some()
                                && row.get(k + 1).and_then(bar_key) != bar_key(plan),
                        },
                        PanelPlan::Curves { .. } => Shape::Chart,
                        PanelPlan::Regions { quantity, .. } => {
                            let runs = if two { 2 } else { 1 };
                            Shape::Bars(regions_of(driver.run(), *quantity)?.len() * runs)
                        }
                        PanelPlan::Cause { .. } => Shape::Strip,
                    })
                };
                row.iter().enumerate().map(shape).collect()
            })
            .collect::<Result<_, StudyError>>()?;
        let layout = layout(&template.format, &shapes);
        let dots = template.format.dpi / 25.4;
        let pixels = |at: &Box2| {
            [at.width, at.height].map(|mm| ((mm * dots).round() as u32).clamp(8, 16_384))
        };
        let published = published_beside(driver.run().document(), anatomy.scene)?;
        let mut composition = Self {
            panels: Vec::new(),
            jobs: Vec::new(),
            done: 0,
            drawing: None,
            beam: None,
            visits: Vec::new(),
            rasters: Vec::new(),
            published,
            days,
            layout,
            rows: plans.iter().map(Vec::len).collect(),
            template,
        };
        for (panel, plan) in plans.iter().flatten().enumerate() {
            let size = pixels(&composition.layout.boxes[panel]);
            let made = composition.panel(driver, plan, (panel, size), change)?;
            composition.panels.push(made);
        }
        // Bars beside pictures that have them.
        for (panel, shape) in shapes.iter().flatten().enumerate() {
            if let Shape::Picture { has_bar: false } = shape
                && let Some((_, picture)) =
                    composition.rasters.iter_mut().find(|(k, _)| *k == panel)
            {
                picture.bar = None;
            }
        }
        Ok(composition)
    }

    /// What is known of a panel at once; a picture's frame waits for its pixels.
    fn panel(
        &mut self,
        driver: &Driver,
        plan: &PanelPlan,
        (panel, size): (usize, [u32; 2]),
        change: f32,
    ) -> Result<Option<PagePanel>, StudyError> {
        let two = driver.has_twin();
        let of = |which: Which, day: f64| {
            let phases = driver.of(which).document().phases();
            let name = &phase_at(&phases, (day - 1e-6).max(0.0)).0.name;
            if two {
                format!("{name}: ")
            } else {
                String::new()
            }
        };
        let chart = |title: String, content| Some(PagePanel { title, content });
        Ok(match plan {
            PanelPlan::Tissue {
                look,
                day,
                run,
                camera,
                cut,
                slice,
            } => {
                let day = when(driver, *day)?;
                let run_of = driver.of(*run);
                let anatomy = run_of.simulation().anatomy();
                let picture = self.picture(anatomy, *look, size, (*camera, *cut, *slice), change);
                let title = format!("{}{}, day {day:.0}", of(*run, day), looked_at(*look));
                let gravity = run_of.document().conditions_at((day - 1e-6).max(0.0));
                // Day 0 is the body before anything acted.
                let gravity = (day > 0.0).then(|| gravity.axial_gravity());
                let frame = frame_of(&picture, gravity);
                self.rasters.push((panel, frame));
                let of = JobOf::Tissue { picture, run: *run };
                self.jobs.push(Job {
                    panel,
                    of,
                    day,
                    size,
                });
                chart(capitalised(&title), Content::Strip(Strip(Vec::new())))
            }
            PanelPlan::Difference { look, day } => {
                let day = when(driver, *day)?;
                let anatomy = driver.run().simulation().anatomy();
                let usual = self.picture(anatomy, *look, size, (None, None, false), change);
                let (low, high) = usual.range();
                let days = [Which::Twin, Which::First].map(|w| Remembered::of(driver.of(w), day));
                let half = match &days {
                    [Some(own), Some(other)] if *look == Look::Change => {
                        round_range(own.bone_differences(other))
                    }
                    _ => round_range([(0.25 * (high - low), 1.0)]),
                };
                let picture = Picture {
                    range: (-half, half),
                    colormap: Colormap::Vik,
                    contour: 0.0,
                    ..usual
                };
                let mut frame = frame_of(&picture, None);
                if let Some(bar) = &mut frame.bar {
                    let field = picture.field;
                    // A difference of shares is in points of them.
                    let unit = match field.unit() {
                        "%" => "percentage points",
                        other => other,
                    };
                    let title = field.title().to_lowercase();
                    bar.label = format!("Difference of {title} ({unit})");
                }
                self.rasters.push((panel, frame));
                self.jobs.push(Job {
                    panel,
                    of: JobOf::Difference(picture),
                    day,
                    size,
                });
                let title = format!(
                    "{} less {}, {}, day {day:.0}",
                    of(Which::Twin, day).trim_end_matches(": "),
                    of(Which::First, day).trim_end_matches(": "),
                    looked_at(*look)
                );
                chart(capitalised(&title), Content::Strip(Strip(Vec::new())))
            }
            PanelPlan::Radiograph { day, run } => {
                let day = when(driver, *day)?;
                let frame = PicturePanel {
                    raster: Raster {
                        size: [1, 1],
                        pixels: vec![255; 4],
                    },
                    height_mm: 1.0,
                    // From the front.
                    letters: vec![
                        ('S', [0.0, 1.0]),
                        ('I', [0.0, -1.0]),
                        ('L', [-1.0, 0.0]),
                        ('M', [1.0, 0.0]),
                    ],
                    gravity: None,
                    bar: Some(ColourBar {
                        colormap: Colormap::Grey,
                        range: (0.0, 1.0),
                        above: crate::view::Above::LastColour,
                        label: "Areal density (g/cm²)".to_owned(),
                    }),
                    note: None,
                };
                self.rasters.push((panel, frame));
                self.jobs.push(Job {
                    panel,
                    of: JobOf::Radiograph(*run),
                    day,
                    size,
                });
                let title = format!("{}areal density, day {day:.0}", of(*run, day));
                chart(capitalised(&title), Content::Strip(Strip(Vec::new())))
            }
            PanelPlan::Curves {
                quantity,
                regions,
                evidence,
            } => {
                let drawn = curves_of(driver.run(), *quantity, regions)?;
                let title = format!("{}, change", titled(*quantity));
                let content = self.chart(driver, &drawn, *evidence);
                chart(capitalised(&title), Content::Chart(content))
            }
            PanelPlan::Regions { quantity, day } => {
                let day = when(driver, *day)?;
                let regions = regions_of(driver.run(), *quantity)?;
                let runs = if two {
                    vec![Which::First, Which::Twin]
                } else {
                    vec![Which::First]
                };
                let on = |which: Which, region: &str| {
                    let course = driver.of(which).courses().change(region, *quantity);
                    let known = course.partition_point(|(d, _)| *d <= day + 1e-6);
                    known.checked_sub(1).map(|k| course[k].1)
                };
                let bars = regions.iter().map(|region| {
                    let values = runs.iter().map(|w| on(*w, region)).collect();
                    (plain(region), values)
                });
                let content = Bars {
                    label: "Change (%)".to_owned(),
                    bars: bars.collect(),
                    runs: runs
                        .iter()
                        .map(|w| of(*w, day).trim_end_matches(": ").to_owned())
                        .collect(),
                };
                let title = format!("{}, day {day:.0}", titled(*quantity));
                chart(capitalised(&title), Content::Bars(content))
            }
            PanelPlan::Cause { day, run } => {
                let day = when(driver, *day)?;
                let title = format!("{}from gravity to density, day {day:.0}", of(*run, day));
                let strip = causes(driver.of(*run), day);
                chart(capitalised(&title), Content::Strip(strip))
            }
        })
    }

    fn picture(
        &self,
        anatomy: &Anatomy,
        look: Look,
        size: [u32; 2],
        (camera, cut, slice): (Option<[f64; 2]>, Option<(usize, f64)>, bool),
        change: f32,
    ) -> Picture {
        let usual = look.picture(anatomy, size);
        let mut picture = Picture {
            background: self.template.ground.colour(),
            transparent: self.template.transparent,
            ..usual
        };
        if look == Look::Change {
            picture.range = (-change, change);
            picture.contour = contour(change);
            picture.paint = Paint::Field;
        }
        if slice && let Some((axis, at)) = cut {
            let extent = anatomy.voxels.map(|n| n as f32 * anatomy.spacing as f32);
            let place = extent.map(|e| at as f32 * e);
            let sliced = Picture::slice(anatomy, look.field(), axis, place, size);
            return Picture {
                range: picture.range,
                contour: picture.contour,
                paint: picture.paint,
                colormap: picture.colormap,
                muscles: picture.muscles,
                background: picture.background,
                transparent: picture.transparent,
                ..sliced
            };
        }
        if let Some((axis, at)) = cut {
            let at = at as f32;
            picture.cut = [Cut::Sagittal(at), Cut::Coronal(at), Cut::Axial(at)][axis];
        }
        if let Some([azimuth, elevation]) = camera {
            picture.camera = Camera {
                azimuth: azimuth as f32,
                elevation: elevation as f32,
                ..picture.camera
            };
        }
        picture
    }

    /// Curves of both runs, with what was published for the first.
    fn chart(&self, driver: &Driver, drawn: &[CurveOf], evidence: bool) -> Chart {
        let last = last_day(driver);
        let two = driver.has_twin();
        let first = driver.run();
        let run_name = |which: Which| {
            let phases = driver.of(which).document().phases();
            phases[0].name.clone()
        };
        let mut curves = Vec::new();
        let runs = if two {
            vec![Which::First, Which::Twin]
        } else {
            vec![Which::First]
        };
        // Two runs of five regions are more than a chart can tell apart.
        let most = if two { 2 } else { 5 };
        for of in drawn.iter().take(most) {
            for which in &runs {
                let label = if two {
                    format!("{}, {}", of.label, run_name(*which))
                } else {
                    of.label.clone()
                };
                let points = driver.of(*which).courses().change(of.region, of.quantity);
                let points = points.into_iter().filter(|(d, _)| *d <= last + 1e-6);
                curves.push(Curve {
                    label,
                    points: points.collect(),
                });
            }
        }
        let place = |p: &PublishedPoint| {
            let of = drawn.iter().take(most);
            let mut of = of.enumerate();
            of.find(|(_, c)| c.region == p.region && c.quantity.key() == p.quantity)
                .map(|(k, _)| k * runs.len())
        };
        let points = self.published.iter().filter(|p| p.published.day <= last);
        let published = points.filter(|_| evidence).filter_map(|p| {
            let curve = place(p)?;
            let mut point = p.published.clone();
            point.curve = curve;
            Some(point)
        });
        Chart {
            label: "Change (%)".to_owned(),
            curves,
            published: published.collect(),
            phases: spans_of(&first.document().phases(), last),
            days: last.max(1.0),
        }
    }

    /// Some more of it; the figure once it is done. Never waits. `now` is the time since any fixed
    /// moment.
    /// # Errors
    /// [`StudyError::Gpu`], [`StudyError::Sim`].
    pub fn poll(
        &mut self,
        gpu: &Gpu,
        driver: &Driver,
        now: Duration,
    ) -> Result<Option<Page>, StudyError> {
        let Some(job) = self.jobs.get(self.done) else {
            return Ok(Some(self.page()));
        };
        let (of, more) = job.of.bodies();
        for which in of.iter().filter(|_| more) {
            let is_live = (driver.of(*which).simulation().day() - job.day).abs() < 1e-6;
            let visit = self.visits.iter_mut().find(|(w, ..)| w == which);
            match visit {
                None if is_live => {}
                None => {
                    let visit = Box::new(driver.visit(*which, job.day)?);
                    self.visits.push((*which, visit, false));
                    return Ok(None);
                }
                Some((_, _, true)) => {}
                Some((_, run, is_there)) => {
                    *is_there = run.poll(now)? == Event::Looked;
                    return Ok(None);
                }
            }
        }
        let raster = match &job.of {
            JobOf::Radiograph(which) => self.project(gpu, driver, *which)?,
            JobOf::Tissue { .. } | JobOf::Difference(_) => self.draw(gpu, driver)?,
        };
        if let Some(raster) = raster {
            let job = &self.jobs[self.done];
            if let Some((_, frame)) = self.rasters.iter_mut().find(|(k, _)| *k == job.panel) {
                frame.raster = raster;
            }
            self.done += 1;
            self.drawing = None;
            self.beam = None;
            self.visits.clear();
        }
        Ok(None)
    }

    /// Pictures drawn, of how many.
    pub fn progress(&self) -> [usize; 2] {
        [self.done, self.jobs.len()]
    }

    /// What it is made by.
    pub fn template(&self) -> &Template {
        &self.template
    }

    /// Days of its pictures.
    pub fn days(&self) -> &[f64] {
        &self.days
    }

    /// What was published that stands in its charts, or could.
    pub fn published(&self) -> &[PublishedPoint] {
        &self.published
    }

    fn draw(&mut self, gpu: &Gpu, driver: &Driver) -> Result<Option<Raster>, StudyError> {
        let job = &self.jobs[self.done];
        if self.drawing.is_none() {
            self.drawing = Some(Drawing::new(gpu, driver, &self.visits, job)?);
        }
        let Some(drawing) = &mut self.drawing else {
            return Ok(None);
        };
        drawing.go_on(gpu, self.template.samples)
    }

    fn project(
        &mut self,
        gpu: &Gpu,
        driver: &Driver,
        which: Which,
    ) -> Result<Option<Raster>, StudyError> {
        let Some((beam, reading)) = &self.beam else {
            let simulation = body(driver, &self.visits, which).simulation();
            let beam = Projection::new(simulation.body(), 1)?;
            let reading = beam.read(gpu)?;
            self.beam = Some((beam, reading));
            return Ok(None);
        };
        gpu.poll()?;
        let Some(parts) = reading.poll()? else {
            return Ok(None);
        };
        let areal = beam.areal(&parts);
        let top = areal.round_top();
        let (size, pixels) = areal.picture(1, top, Colormap::Grey);
        let job = &self.jobs[self.done];
        let mut ground = self
            .template
            .ground
            .colour()
            .map(|c| (255.0 * c).round() as u8)
            .to_vec();
        ground.push(if self.template.transparent { 0 } else { 255 });
        let (raster, scale) = fitted(&Raster { size, pixels }, job.size, &ground);
        let spacing = driver.of(which).simulation().anatomy().spacing;
        let mean = areal.mean().unwrap_or(0.0);
        if let Some((_, frame)) = self.rasters.iter_mut().find(|(k, _)| *k == job.panel) {
            frame.height_mm = f64::from(job.size[1]) / scale * spacing;
            frame.note = Some(format!("mean {mean:.3} g/cm²"));
            if let Some(bar) = &mut frame.bar {
                bar.range = (0.0, f64::from(top));
            }
        }
        Ok(Some(raster))
    }

    fn page(&mut self) -> Page {
        for (k, frame) in std::mem::take(&mut self.rasters) {
            if let Some(Some(panel)) = self.panels.get_mut(k) {
                panel.content = Content::Picture(Box::new(frame));
            }
        }
        let mut panels = std::mem::take(&mut self.panels).into_iter().flatten();
        let rows = self.rows.iter();
        let rows = rows.map(|count| panels.by_ref().take(*count).collect());
        Page {
            format: self.template.format.clone(),
            ground: self.template.ground,
            rows: rows.collect(),
        }
    }
}

/// The body that stands for a run: the one on the job's day where there is one.
fn body<'a>(driver: &'a Driver, visits: &'a [(Which, Box<Run>, bool)], which: Which) -> &'a Run {
    let visit = visits.iter().find(|(w, ..)| *w == which);
    visit.map_or_else(|| driver.of(which), |(_, run, _)| run.as_ref())
}

impl Drawing {
    fn new(
        gpu: &Gpu,
        driver: &Driver,
        visits: &[(Which, Box<Run>, bool)],
        job: &Job,
    ) -> Result<Self, StudyError> {
        let view = |which: Which| RayMarch::new(body(driver, visits, which).simulation().body());
        let kept = |which: Which| {
            let run = body(driver, visits, which);
            let is_live = (run.simulation().day() - job.day).abs() < 1e-6;
            (!is_live).then(|| Remembered::of(run, job.day)).flatten()
        };
        let mineral = driver.run().simulation().model().physiology.tissue_mineral;
        let (which, picture, other) = match &job.of {
            JobOf::Tissue { picture, run } => (*run, picture, None),
            JobOf::Difference(picture) => {
                let other = view(Which::First)?;
                match kept(Which::First) {
                    Some(day) => other.show_past(gpu, picture.field, &day.past(mineral)),
                    None => other.show(gpu, picture.field),
                }
                (Which::Twin, picture, Some(other))
            }
            JobOf::Radiograph(_) => {
                return Err(StudyError::Broken("a beam is no picture".to_owned()));
            }
        };
        let mut march = view(which)?;
        march.refer(gpu, other.as_ref());
        match kept(which) {
            Some(day) => march.show_tiles_past(gpu, picture, &day.past(mineral)),
            None => march.show_tiles(gpu, picture),
        }
        let most = gpu.device().limits().max_texture_dimension_2d.min(TILE);
        let mut tiles = picture.tiles(most);
        tiles.reverse();
        Ok(Self {
            march,
            _other: other,
            picture: *picture,
            tiles,
            samples: 0,
            begun: false,
            reading: None,
            pixels: vec![0; 4 * job.size[0] as usize * job.size[1] as usize],
        })
    }

    /// Some more samples of the tile that is drawn; the picture after the last one.
    fn go_on(&mut self, gpu: &Gpu, samples: u32) -> Result<Option<Raster>, StudyError> {
        gpu.poll()?;
        let Some(tile) = self.tiles.last().copied() else {
            return Ok(Some(Raster {
                size: self.picture.size,
                pixels: std::mem::take(&mut self.pixels),
            }));
        };
        if let Some(reading) = &self.reading {
            let Some(parts) = reading.poll()? else {
                return Ok(None);
            };
            let rows = RayMarch::pixels(tile.size, parts.first().map_or(&[], Vec::as_slice));
            let wide = 4 * tile.size[0] as usize;
            for (k, row) in rows.chunks(wide).enumerate() {
                let y = tile.corner[1] as usize + k;
                let across = self.picture.size[0] as usize;
                let start = 4 * (tile.corner[0] as usize + across * y);
                self.pixels[start..start + wide].copy_from_slice(row);
            }
            self.reading = None;
            self.begun = false;
            self.tiles.pop();
            return Ok(None);
        }
        if !self.begun {
            self.march.draw_tile(gpu, &self.picture, tile, 1)?;
            self.begun = true;
            self.samples = 1;
        }
        for _ in 0..SAMPLES_A_POLL {
            if self.samples >= samples {
                break;
            }
            self.samples = self.march.gather(gpu)?;
        }
        if self.samples >= samples {
            self.reading = Some(self.march.read(gpu)?);
        }
        Ok(None)
    }
}

/// A picture's frame, before it is drawn.
pub fn frame_of(picture: &Picture, gravity: Option<f64>) -> PicturePanel {
    let (low, high) = picture.range();
    let letters = ways(&picture.camera).into_iter().filter_map(|way| {
        let [x, y, _] = way.at;
        let reach = x.abs().max(y.abs());
        (x.hypot(y) > 0.9).then(|| (way.letter, [x, y].map(|c| f64::from(c / reach))))
    });
    let has_bar = picture.paint == Paint::Field && !picture.field.is_named();
    PicturePanel {
        raster: Raster {
            size: [1, 1],
            pixels: vec![255; 4],
        },
        height_mm: f64::from(picture.camera.height),
        letters: letters.collect(),
        gravity,
        bar: has_bar.then(|| ColourBar {
            colormap: picture.colormap,
            range: (f64::from(low), f64::from(high)),
            above: picture.field.above(),
            label: format!("{} ({})", picture.field.title(), picture.field.unit()),
        }),
        note: picture.exaggerated(),
    }
}

/// What a picture's colours mean: neighbours of one meaning share a bar.
fn bar_key(plan: &PanelPlan) -> Option<(u8, FieldKind)> {
    match plan {
        PanelPlan::Tissue { look, .. } if *look != Look::Anatomy => Some((0, look.field())),
        PanelPlan::Difference { look, .. } => Some((1, look.field())),
        PanelPlan::Radiograph { .. } => Some((2, FieldKind::Density)),
        _ => None,
    }
}

/// A raster in the middle of another, in whole steps of its pixels; and that step.
fn fitted(raster: &Raster, size: [u32; 2], ground: &[u8]) -> (Raster, f64) {
    let [w, h] = raster.size;
    let scale = (size[0] / w.max(1)).min(size[1] / h.max(1)).max(1);
    let mut pixels = Vec::with_capacity(4 * size[0] as usize * size[1] as usize);
    let corner = [0, 1].map(|k| {
        let of = raster.size[k] * scale;
        (i64::from(size[k]) - i64::from(of)) / 2
    });
    for y in 0..i64::from(size[1]) {
        for x in 0..i64::from(size[0]) {
            let at = [x - corner[0], y - corner[1]].map(|c| c.div_euclid(i64::from(scale)));
            let inside = (0..i64::from(w)).contains(&at[0]) && (0..i64::from(h)).contains(&at[1]);
            let start = 4 * (at[0] + i64::from(w) * at[1]);
            let pixel = inside
                .then(|| &raster.pixels[start as usize..start as usize + 4])
                .filter(|p| p[3] > 0);
            pixels.extend(pixel.unwrap_or(ground));
        }
    }
    (Raster { size, pixels }, f64::from(scale))
}

/// A quantity's name, with what it is of where that is not plain.
fn titled(quantity: Quantity) -> String {
    match quantity.subject() {
        Subject::Muscle => format!("muscle {}", quantity.title().to_lowercase()),
        Subject::Bone | Subject::Body => quantity.title().to_owned(),
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// Curves of a quantity: in these regions, or where it tells most.
fn curves_of(
    run: &Run,
    quantity: Quantity,
    regions: &[String],
) -> Result<Vec<CurveOf>, StudyError> {
    let anatomy = run.simulation().anatomy();
    if regions.is_empty() && quantity == Quantity::Bmd {
        return Ok(bone_curves(anatomy));
    }
    let known = regions_of(run, quantity)?;
    let asked: Vec<&'static str> = if regions.is_empty() {
        known.iter().copied().take(5).collect()
    } else {
        let of = |name: &String| {
            known.iter().copied().find(|k| k == name).ok_or_else(|| {
                StudyError::usage(format!(
                    "{} was not measured in {name}; it was in {}",
                    quantity.key(),
                    known.join(", ")
                ))
            })
        };
        regions.iter().map(of).collect::<Result<_, _>>()?
    };
    let curve = |region: &'static str| CurveOf::new(region, quantity, plain(region));
    Ok(asked.into_iter().map(curve).collect())
}

/// Regions in which a quantity was measured.
fn regions_of(run: &Run, quantity: Quantity) -> Result<Vec<&'static str>, StudyError> {
    let anatomy = run.simulation().anatomy();
    let all: Vec<&'static str> = match quantity.subject() {
        Subject::Bone => anatomy.regions.iter().map(|r| r.name).collect(),
        Subject::Muscle => {
            let wholes = anatomy.muscle_regions.iter().filter(|r| r.is_whole);
            wholes.map(|r| r.name).collect()
        }
        Subject::Body => vec![WHOLE_BODY],
    };
    let measured = |region: &&str| !run.courses().change(region, quantity).is_empty();
    let measured: Vec<&'static str> = all.into_iter().filter(measured).collect();
    if measured.is_empty() {
        return Err(StudyError::usage(format!(
            "{} was not measured in this study",
            quantity.key()
        )));
    }
    Ok(measured)
}

/// From gravity to density, with what each came to.
fn causes(run: &Run, day: f64) -> Strip {
    let anatomy = run.simulation().anatomy();
    let gravity = run.document().conditions_at((day - 1e-6).max(0.0));
    let mut boxes = vec![(
        "gravity".to_owned(),
        format!("{} g", tick(gravity.axial_gravity(), 0.01)),
    )];
    let bone = bone_curves(anatomy).first().map(|c| c.region);
    let muscle = anatomy.muscle_regions.first().map(|m| m.name);
    let links = [
        ("muscle strength", muscle, Quantity::MuscleStrength),
        ("osteocytes' signal", bone, Quantity::OsteocyteSignal),
        ("osteoclasts", bone, Quantity::Osteoclasts),
        ("osteoblasts", bone, Quantity::Osteoblasts),
        ("bone density", bone, Quantity::Bmd),
    ];
    for (name, region, quantity) in links {
        let Some(region) = region else { continue };
        let course = run.courses().change(region, quantity);
        let known = course.partition_point(|(d, _)| *d <= day + 1e-6);
        if let Some((_, change)) = known.checked_sub(1).map(|k| course[k]) {
            boxes.push((name.to_owned(), told_percent(change)));
        }
    }
    Strip(boxes)
}

/// What is plotted in a page's panels that stand for numbers: a file's ending and its text, each.
pub(super) fn plotted(page: &Page) -> Vec<(char, String)> {
    let panels = page.rows.iter().flatten().enumerate();
    let text = |content: &Content| -> Option<String> {
        match content {
            Content::Chart(chart) => {
                let mut out = "series,kind,day,value,low,high\n".to_owned();
                for curve in &chart.curves {
                    for (day, value) in &curve.points {
                        writeln!(out, "\"{}\",model,{day},{value},,", curve.label).ok();
                    }
                }
                for p in &chart.published {
                    let number = |x: Option<f64>| x.map_or(String::new(), |x| x.to_string());
                    let name = chart.curves.get(p.curve).map_or("", |c| c.label.as_str());
                    writeln!(
                        out,
                        "\"{name}\",published,{},{},{},{}",
                        p.day,
                        number(p.value),
                        number(p.range[0]),
                        number(p.range[1])
                    )
                    .ok();
                }
                Some(out)
            }
            Content::Bars(bars) => {
                let mut out = "region,run,change_pct\n".to_owned();
                for (region, values) in &bars.bars {
                    for (run, value) in bars.runs.iter().zip(values) {
                        if let Some(value) = value {
                            writeln!(out, "\"{region}\",\"{run}\",{value}").ok();
                        }
                    }
                }
                Some(out)
            }
            Content::Strip(strip) => {
                let mut out = "link,value\n".to_owned();
                for (name, value) in &strip.0 {
                    writeln!(out, "\"{name}\",\"{value}\"").ok();
                }
                Some(out)
            }
            Content::Picture(_) => None,
        }
    };
    panels
        .filter_map(|(k, p)| Some((char::from(b'a' + k as u8), text(&p.content)?)))
        .collect()
}
