//! `mechanostat anatomy`: a scene's dimensions, densities, contacts, lines of pull and balance
//! beside published ones, and a picture of it from four sides.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use crate::evidence::{NORMS, norms};
use crate::figure::{ColourBar, Key, Panel, SidesFigure, plain, png};
use crate::measure::{Orientation, PendingOrientation, RegionSums};
use crate::person::Person;
use crate::scenario::STANDARD_MASS_KG;
use crate::sim::{SETTLING_ROUNDS, Simulation};
use crate::study::{AnatomyReport, Beside, Place, person};
use crate::tissue::{Anatomy, Surface};
use crate::view::{Camera, Cut, FieldKind, MuscleSet, Muscles, Picture, RayMarch};

use super::error::{CommandError, say, say_json};
use super::panel::{DOTS_PER_INCH, drawn};
use super::progress::Progress;
use super::wait::{Wait, measured, open_gpu, settle_telling};

/// Flags of `mechanostat anatomy`.
#[derive(Debug, Clone, Args)]
pub struct AnatomyArgs {
    /// Scene: hip, lower-leg, lumbar or trabecular-core
    #[arg(long, default_value = "hip")]
    pub scene: String,
    /// Voxels along the scene's longest side
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub size: usize,
    /// Group of people: control, op (osteoporotic) or oa (osteoarthritic)
    #[arg(long, default_value = "control")]
    pub group: String,
    /// Shape modes of the person, in standard deviations from the mean, as 0.5,-1
    #[arg(
        long,
        value_name = "SD,...",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    pub shape: Vec<f64>,
    /// Height of the person, m
    #[arg(long, value_name = "M")]
    pub height_m: Option<f64>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
    /// Leave a picture from four sides in this file, as PNG or SVG
    #[arg(long, value_name = "FILE")]
    pub picture: Option<PathBuf>,
    /// The picture shows the muscles, each in its colour, instead of bone
    #[arg(long, requires = "picture")]
    pub muscles: bool,
    /// The picture shows this muscle alone
    #[arg(
        long,
        value_name = "NAME",
        requires = "picture",
        conflicts_with = "muscles"
    )]
    pub muscle: Option<String>,
    /// Only check this surface (PLY) and tell its size: whether it can be a bone
    #[arg(long, value_name = "FILE", conflicts_with_all = ["picture", "json", "shape", "height_m", "adapter"])]
    pub surface: Option<PathBuf>,
    /// Part of the name of the adapter to use [default: WGPU_ADAPTER_NAME, or the most powerful]
    #[arg(long, value_name = "NAME")]
    pub adapter: Option<String>,
}

/// Settles a scene and reports its anatomy.
/// # Errors
/// [`CommandError`].
pub fn anatomy(args: &AnatomyArgs) -> Result<(), CommandError> {
    if let Some(path) = &args.surface {
        return check_surface(path);
    }
    let svg = match &args.picture {
        Some(path) => is_svg(path)?,
        None => false,
    };
    let built_for = Person {
        shape: args.shape.clone(),
        height_m: args.height_m,
    };
    Anatomy::check(&args.scene, args.size)?;
    let norms = norms("assets/anatomy/norms.csv", NORMS)?;
    let place = Place::scene(&args.scene);
    let model = person(&args.scene, &args.group, STANDARD_MASS_KG, &[])?;
    let gpu = open_gpu(crate::gpu::Request::on(
        args.adapter.as_deref(),
        place.need(args.size)?,
    ))?;
    let anatomy = place.anatomy(args.size, &built_for)?;
    shown(args, &anatomy)?;
    let model = Arc::new(model);
    let mut simulation = Simulation::new(&gpu, Arc::clone(&anatomy), Arc::clone(&model))?;
    let bar = Progress::new(SETTLING_ROUNDS, 0.0);
    settle_telling(&mut simulation, &bar)?;
    bar.finish();
    let sums = RegionSums::new(simulation.body(), &model)?;
    let mut found = measured(&sums, &simulation)?;
    let pending = PendingOrientation::new(&simulation)?;
    let orientation = gpu.arrival(|| pending.poll(&simulation))?;
    found.extend(orientation.iter().flat_map(Orientation::measurements));
    let report = AnatomyReport::new(&anatomy, &model, &found, &norms);
    if let Some(path) = &args.picture {
        let note = format!(
            "Mechanostat {}, scene {}, size {} ({:.2} mm voxels), settled under 1 g; adapter {}.",
            env!("CARGO_PKG_VERSION"),
            report.scene,
            report.size,
            report.voxel_mm,
            gpu.adapter_name()
        );
        let shown = shown(args, &anatomy)?;
        let drawn = from_four_sides(&simulation, shown, note)?.svg()?;
        let bytes = if svg {
            drawn.into_bytes()
        } else {
            png(&drawn, DOTS_PER_INCH)?
        };
        crate::io::write(path, &bytes)?;
    }
    if args.json {
        return say_json(&report);
    }
    print(&report)
}

/// Whether a picture's file is to be SVG and not PNG.
fn is_svg(path: &Path) -> Result<bool, CommandError> {
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or("");
    match ending.to_lowercase().as_str() {
        "svg" => Ok(true),
        "png" => Ok(false),
        _ => Err(CommandError::usage(format!(
            "--picture {}: a picture is written as .png or .svg",
            path.display()
        ))),
    }
}

fn check_surface(path: &Path) -> Result<(), CommandError> {
    let bytes = crate::io::read(path)?;
    let surface = Surface::read(&path.display().to_string(), &bytes)
        .map_err(|e| CommandError::usage(e.to_string()))?;
    let [low, high] = surface.bounds();
    let side = high - low;
    say(&format!(
        "{}: closed, facing outwards, not crossing itself; {} vertices, {} triangles, {} shape modes; {:.1} by {:.1} by {:.1} mm, {:.1} cm3",
        path.display(),
        surface.vertices.len(),
        surface.triangles.len(),
        surface.modes.len(),
        side.x,
        side.y,
        side.z,
        surface.volume() / 1000.0
    ))
}

/// What the picture shows: bone, all muscles, or one.
fn shown(
    args: &AnatomyArgs,
    anatomy: &Anatomy,
) -> Result<(FieldKind, Option<usize>), CommandError> {
    let Some(name) = &args.muscle else {
        let field = if args.muscles {
            FieldKind::Muscle
        } else {
            FieldKind::Density
        };
        return Ok((field, None));
    };
    let one = anatomy.muscles.iter().position(|m| m.name == name);
    let names: Vec<&str> = anatomy.muscles.iter().map(|m| m.name).collect();
    let why = || {
        let allowed = names.join(", ");
        CommandError::usage(format!(
            "the scene \"{}\" has no muscle \"{name}\"; it has: {allowed}",
            anatomy.scene
        ))
    };
    Ok((FieldKind::Muscle, Some(one.ok_or_else(why)?)))
}

fn from_four_sides(
    simulation: &Simulation,
    (field, muscle): (FieldKind, Option<usize>),
    note: String,
) -> Result<SidesFigure, CommandError> {
    let gpu = simulation.gpu();
    let anatomy = simulation.anatomy();
    let size = Panel::pixels(DOTS_PER_INCH);
    let mut march = RayMarch::new(simulation.body())?;
    let extent = anatomy.voxels.map(|n| n as f32 * anatomy.spacing as f32);
    let usual = Picture::of(anatomy, field, size);
    let mut draw = |azimuth: f32| -> Result<Panel, CommandError> {
        let mut camera = Camera::front(extent);
        camera.orbit(azimuth, 0.0);
        let wide = extent[0].max(extent[1]) * size[1] as f32 / size[0] as f32;
        camera.height = 1.05 * extent[2].max(wide);
        let picture = Picture {
            camera,
            cut: Cut::None,
            coloured: true,
            muscles: if field.in_muscle() {
                Muscles::Solid
            } else {
                Muscles::Hidden
            },
            shown: muscle.map_or(MuscleSet::ALL, MuscleSet::only),
            ..usual
        };
        Ok(Panel {
            title: camera.place(),
            raster: drawn(gpu, &mut march, &picture)?,
            height_mm: f64::from(camera.height),
        })
    };
    let panels = [draw(0.0)?, draw(90.0)?, draw(180.0)?, draw(270.0)?];
    Ok(SidesFigure {
        title: format!("Scene {}", anatomy.scene),
        panels,
        key: if field.is_named() {
            let table = field.colormap().table();
            let named = anatomy.muscles.iter().enumerate();
            let named = named.filter(|(k, _)| muscle.is_none_or(|only| only == *k));
            Key::Names(named.map(|(k, m)| (plain(m.name), table[k + 1])).collect())
        } else {
            Key::Bar(ColourBar {
                colormap: usual.colormap,
                range: (f64::from(usual.range.0), f64::from(usual.range.1)),
                above: field.above(),
                label: format!("{} ({})", field.title(), field.unit()),
            })
        },
        note,
    })
}

/// A number beside what is published of it, in a line of a table.
fn line(told: &Beside) -> String {
    let digits = usize::from(told.unit != "1") + 3 * usize::from(told.unit == "1");
    let published: Vec<String> = (told.published.iter())
        .map(|n| {
            let known = if let (Some(mean), Some(sd)) = (n.mean, n.sd) {
                format!("{mean} ± {sd}")
            } else {
                let [low, high] = n.range(1.0);
                format!("{low} to {high}")
            };
            let unread = if n.read == "no" { ", not read" } else { "" };
            format!("{known} ({}{unread})", n.source)
        })
        .collect();
    let verdict = match told.in_range {
        None => "",
        Some(true) => "in ",
        Some(false) => "out",
    };
    let unit = if told.unit == "1" { "" } else { told.unit };
    format!(
        "  {:<40} {:>9.digits$} {unit:<10} {verdict} {}",
        told.name,
        told.value,
        published.join("; ")
    )
    .trim_end()
    .to_owned()
}

fn print_muscles(report: &AnatomyReport) -> Result<(), CommandError> {
    if report.muscles.is_empty() {
        return Ok(());
    }
    say(
        "muscles: volume here (cm3), share of the belly inside, over published times that share; cross-section (cm2), fibres (mm), pennation, peak force (N), type I fibres, middle of its sections beside its path, mean and most (mm); what it does",
    )?;
    for m in &report.muscles {
        let off = m.off_path_mm.map_or_else(
            || " ".repeat(13),
            |[mean, most]| format!("{mean:>6.1} {most:>6.1}"),
        );
        let slow = m
            .type1
            .map_or_else(String::new, |x| format!("{:.0} %", 100.0 * x));
        say(&format!(
            "  {:<28} {:>7.1} {:>5.0} % {:>5.2}   {:>6.1} {:>6.0} {:>4.0}° {:>7.0} {slow:>5} {off}   {}",
            m.name,
            m.volume_cm3,
            100.0 * m.inside,
            m.over_published,
            m.cross_section_cm2,
            m.fibre_mm,
            m.pennation_deg,
            m.force_n,
            m.role,
        ))?;
    }
    say("whole muscles beside what others published; in: within 1 SD or the range")?;
    for told in &report.architecture {
        say(&line(told))?;
    }
    say(&format!(
        "  within the fascia and no muscle: {:.0} %",
        100.0 * report.between_muscles
    ))?;
    for r in &report.residuals {
        say(&format!(
            "  {}: joint {:.0} % of body weight; left over {:.1} % of its force and {:.1} % of its force times 50 mm",
            r.activity,
            r.joint_bw,
            100.0 * r.force,
            100.0 * r.moment
        ))?;
    }
    Ok(())
}

fn print(report: &AnatomyReport) -> Result<(), CommandError> {
    say(&format!(
        "{}, size {} ({:.2} mm voxels)",
        report.scene, report.size, report.voxel_mm
    ))?;
    say("dimensions and contacts; in: within 1 SD or the range")?;
    for told in &report.dimensions {
        say(&line(told))?;
    }
    say(
        "densities, and how dense bone lies against stress, settled under 1 g; in: within 1.5 SD or the range",
    )?;
    for told in &report.densities {
        say(&line(told))?;
    }
    say("volumes of parts")?;
    for (name, volume) in &report.volumes_mm3 {
        say(&format!("  {name:<40} {:>9.2} cm3", volume / 1000.0))?;
    }
    print_muscles(report)?;
    say("unit loads: middle of where they act (mm), direction (lateral, anterior, superior)")?;
    for pull in &report.pulls {
        let [x, y, z] = pull.at_mm;
        let [a, b, c] = pull.direction;
        let way = if pull.direction.iter().all(|x| *x == 0.0) {
            "pulls two bones together".to_owned()
        } else {
            format!("{a:>6.2} {b:>6.2} {c:>6.2}")
        };
        say(&format!(
            "  {:<20} {x:>8.1} {y:>8.1} {z:>8.1}   {way}",
            pull.name
        ))?;
    }
    say(
        "balance at 1 g: what the supports bear of an activity's forces (N), and their moment about the supports' middle (Nm)",
    )?;
    for b in &report.balance {
        let [x, y, z] = b.force_n;
        let [a, c, d] = b.moment_nm;
        say(&format!(
            "  {:<30} {x:>7.0} {y:>7.0} {z:>7.0}   {a:>7.1} {c:>7.1} {d:>7.1}   {:.0} % of all forces",
            b.activity,
            100.0 * b.unbalanced
        ))?;
    }
    Ok(())
}
