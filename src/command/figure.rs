//! `mechanostat figure`: a study's figure, ready to use, with its document inside.

use std::path::{Path, PathBuf};

use clap::Args;
use strum::VariantNames as _;

use crate::figure::{FileKind, Format, PRESETS, state_of};
use crate::gpu::Request;
use crate::io;
use crate::sim::SETTLING_ROUNDS;
use crate::study::{Composition, Driver, Event, Looks, Place, Plan, Run, Template, figure_files};

use super::asked::{Flags, asked};
use super::error::{CommandError, say};
use super::progress::Progress;
use super::wait::{Wait as _, clock, open_gpu};

/// Bytes of a run's past: on the adapter for a twin to branch off from, on the host for its days.
const MOMENT_BYTES: u64 = 64 << 20;
const DAY_BYTES: u64 = 1 << 30;
/// Voxels along the longest side, unless told otherwise.
const SIZE: usize = 64;

/// What `figure` is asked for.
#[derive(Debug, Clone, Args)]
pub struct FigureArgs {
    /// A scenario's built-in name or TOML file, a session or run.toml, or a figure that this
    /// program made
    pub scenario: String,
    /// The file to write: .png, .tiff, .svg or .pdf
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Size and type: nature-single, nature-double, plos, elsevier-single, elsevier-double,
    /// slide-16x9, poster, web, or free [default: nature-double]
    #[arg(long, value_name = "NAME")]
    pub preset: Option<String>,
    /// A template: which panels, and of what (docs/figures.md)
    #[arg(long, value_name = "FILE")]
    pub template: Option<PathBuf>,
    /// Width, mm
    #[arg(long, value_name = "MM")]
    pub width: Option<f64>,
    /// Height, mm [default: as high as the panels need]
    #[arg(long, value_name = "MM")]
    pub height: Option<f64>,
    /// Dots an inch of pictures
    #[arg(long, value_name = "N")]
    pub dpi: Option<f64>,
    /// Size of text, points
    #[arg(long, value_name = "PT")]
    pub text: Option<f64>,
    /// What it stands on: white or dark
    #[arg(long, value_name = "NAME")]
    pub ground: Option<String>,
    /// Nothing behind, in a PNG
    #[arg(long)]
    pub transparent: bool,
    /// Text as outlines, in SVG and PDF
    #[arg(long)]
    pub outlined: bool,
    /// Samples of a picture, 1 to 1024 [default: 64]
    #[arg(long, value_name = "N")]
    pub samples: Option<u32>,
    /// The last day [default: the mission's, or the session's]
    #[arg(long, value_name = "D")]
    pub day: Option<f64>,
    /// Scene: hip, lower-leg, lumbar, trabecular-core, or a scan's file [default: hip]
    #[arg(long)]
    pub scene: Option<String>,
    /// Voxels along the scene's longest side [default: 64]
    #[arg(long, value_name = "N")]
    pub size: Option<usize>,
    /// Group of people: control, op or oa
    #[arg(long)]
    pub group: Option<String>,
    /// Another value for a parameter
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Part of the name of the adapter to use
    #[arg(long, value_name = "NAME")]
    pub adapter: Option<String>,
}

/// The kind of file that an ending asks for.
fn kind_of(path: &Path) -> Result<FileKind, CommandError> {
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    let ending = ending.to_lowercase();
    let ending = if ending == "tif" { "tiff" } else { &ending };
    ending.parse().map_err(|_unknown| {
        CommandError::usage(format!(
            "--out {}: a figure's file ends in .{}",
            path.display(),
            FileKind::VARIANTS.join(", .")
        ))
    })
}

/// The template that flags, a file, or the figure itself ask for.
fn template(args: &FigureArgs, state: Option<&str>) -> Result<Template, CommandError> {
    let mut template = if let Some(path) = &args.template {
        let text = io::read_text(path)?;
        Template::parse(&path.display().to_string(), &text)?
    } else {
        let kept = state
            .and_then(|text| toml::from_str::<toml::Table>(text).ok())
            .and_then(|mut table| table.remove("figure"))
            .and_then(|figure| toml::to_string(&figure).ok());
        match kept {
            Some(text) => Template::parse(&format!("{}, figure", args.scenario), &text)?,
            None => Template::default(),
        }
    };
    if let Some(preset) = &args.preset {
        template = template.without_usual_panels();
        template.format = match Format::preset(preset) {
            Some(format) => format,
            None if preset == "free" => Format::free(183.0, None),
            None => {
                return Err(CommandError::usage(format!(
                    "--preset {preset}: there are {}, free",
                    PRESETS.join(", ")
                )));
            }
        };
    }
    let format = &mut template.format;
    if let Some(width) = args.width {
        format.width_mm = width;
    }
    format.height_mm = args.height.or(format.height_mm);
    if let Some(dpi) = args.dpi {
        format.dpi = dpi;
    }
    if let Some(text) = args.text {
        format.text_pt = text;
    }
    if let Some(trouble) = format.trouble() {
        return Err(CommandError::usage(trouble));
    }
    // The rest is read as a template's keys are.
    let mut table = template.to_table();
    if let Some(ground) = &args.ground {
        table.insert("ground".to_owned(), ground.clone().into());
    }
    if args.transparent {
        table.insert("transparent".to_owned(), true.into());
    }
    if args.outlined {
        table.insert("lettering".to_owned(), "outlined".into());
    }
    if let Some(samples) = args.samples {
        table.insert("samples".to_owned(), i64::from(samples).into());
    }
    Ok(Template::parse("flags", &table.to_string())?)
}

/// Draws a study's figure.
/// # Errors
/// [`CommandError`] with its exit code; nothing half-written stays.
pub fn figure(args: &FigureArgs) -> Result<(), CommandError> {
    let kind = kind_of(&args.out)?;
    if io::exists(&args.out) && !io::is_file(&args.out) {
        return Err(CommandError::usage(format!(
            "--out {}: there is something of this name that is no file",
            args.out.display()
        )));
    }
    let folder = args.out.parent().filter(|f| !f.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|f| !io::exists(f)) {
        return Err(CommandError::usage(format!(
            "--out {}: there is no folder {}",
            args.out.display(),
            folder.display()
        )));
    }
    let flags = Flags {
        scene: args.scene.clone(),
        size: args.size,
        group: args.group.clone(),
        set: args.set.clone(),
        ..Flags::default()
    };
    let state = kept_state(&args.scenario)?;
    let (document, of_file) = asked(&args.scenario, &flags, SIZE)?;
    let template = template(args, state.as_deref())?;
    let last = match (args.day, of_file) {
        (Some(day), _) if (0.0..=36_525.0).contains(&day) => day,
        (Some(day), _) => {
            return Err(CommandError::usage(format!(
                "--day {day} is out of range; allowed: 0 to 36525 days"
            )));
        }
        (None, Some(output)) if output.days > 0.0 => output.days,
        (None, _) => document.days(),
    };
    let setup = document.setup();
    let place = Place::find(&setup.scene, setup.size, setup.mask.as_deref())?;
    let mut inputs = place.files().to_vec();
    inputs.push(PathBuf::from(&args.scenario));
    inputs.extend(args.template.clone());
    io::never_over(&args.out, &inputs)?;
    for line in place.told() {
        eprintln!("{line}");
    }
    let gpu = open_gpu(Request::on(
        args.adapter.as_deref(),
        place.need(setup.size)?,
    ))?;
    if let Some(state) = &state {
        tell_differences(&args.scenario, state, &gpu.adapter_name());
    }
    let anatomy = place.anatomy(setup.size, &setup.scenario.person)?;
    let model = setup.model(anatomy.scene)?;
    let plan = Plan::of(Looks::EachStep { last });
    let run = Run::new(&gpu, anatomy, model, document.clone(), plan)?;
    let mut driver = Driver::new(run.with_timeline(MOMENT_BYTES, DAY_BYTES)?);
    let bar = Progress::new(SETTLING_ROUNDS, last);
    loop {
        match driver.poll(clock())? {
            Event::Waiting => gpu.wait()?,
            Event::Settling(round) => bar.round(round),
            Event::Working => {}
            Event::Looked => {
                bar.day(driver.run().simulation().day());
                driver.go_on()?;
            }
            Event::Arrived => break,
        }
    }
    bar.finish();
    let mut composition = Composition::new(&driver, template)?;
    let page = loop {
        match composition.poll(&gpu, &driver, clock())? {
            Some(page) => break page,
            None => gpu.wait()?,
        }
    };
    let files = figure_files(&driver, &composition, &page, kind, last)?;
    if !files.missing.is_empty() {
        let letters: String = files.missing.iter().collect();
        eprintln!("the figure's font has no {letters}: a question mark stands for each");
    }
    io::write(&args.out, &files.figure)?;
    let stem = args.out.file_stem().unwrap_or_default().to_string_lossy();
    for (name, text) in &files.beside {
        let asked = args.out.with_file_name(format!("{stem}{name}"));
        let path = io::write_beside(&asked, text)?;
        if path != asked {
            let (asked, path) = (asked.display(), path.display());
            eprintln!("{asked} was there already, and is another's: {path} was written");
        }
    }
    let height = files.height_mm;
    say(&format!(
        "figure: {} ({} × {height:.1} mm, {} dpi, {})",
        args.out.display(),
        page.format.width_mm,
        page.format.dpi,
        page.format.name
    ))?;
    for check in files.checks.iter().filter(|c| !c.passes) {
        eprintln!(
            "{}, FAIL: {} ({})",
            page.format.name, check.what, check.found
        );
    }
    Ok(())
}

/// The document that a figure keeps, where the name is a figure's.
fn kept_state(name: &str) -> Result<Option<String>, CommandError> {
    let path = Path::new(name);
    if kind_of(path).is_err() || !io::is_file(path) {
        return Ok(None);
    }
    let text = state_of(&io::read(path)?);
    text.map(Some)
        .map_err(|e| CommandError::usage(format!("{name}: {e}")))
}

/// Says where a figure was made by another version, or on another adapter.
fn tell_differences(name: &str, state: &str, adapter: &str) {
    let table: toml::Table = toml::from_str(state).unwrap_or_default();
    let text = |key: &str| {
        table
            .get(key)
            .and_then(toml::Value::as_str)
            .unwrap_or_default()
    };
    if text("version") != env!("CARGO_PKG_VERSION") {
        eprintln!(
            "{name} was made by version {}: numbers and pixels may differ",
            text("version")
        );
    }
    if text("adapter") != adapter {
        eprintln!(
            "{name} was made on {}: last digits and pixels may differ here",
            text("adapter")
        );
    }
}
