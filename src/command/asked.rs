//! What a command is asked to study: a scenario by name, or a document from a file, and what flags
//! beside it say.

use std::path::{Path, PathBuf};

use crate::figure::{FILE_ENDINGS, state_of};
use crate::gpu::{adapters, named, wanted_name};
use crate::scenario::Scenario;
use crate::study::{Document, Output, Setup, StudyError, is_document, scenario};

use super::error::{COMMANDS, CommandError};
use super::wait::now;

/// What flags say; none where a flag was not given.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// Scene or scan.
    pub scene: Option<String>,
    /// Mask of a scan.
    pub mask: Option<PathBuf>,
    /// Voxels along the longest side.
    pub size: Option<usize>,
    /// Group of people.
    pub group: Option<String>,
    /// Other values for parameters.
    pub set: Vec<String>,
    /// Whether bone grows from a uniform block.
    pub grow: bool,
    /// Days of a step.
    pub step_days: Option<f64>,
    /// Whether the twin is asked for instead of the first run.
    pub twin: bool,
}

/// The study of a scenario, built in or a file's, or of a document, with what flags say in place of
/// its own. Of a document also what it is to leave.
/// # Errors
/// Unknown name, unreadable file, bad content: exit code 2.
pub fn asked(
    name: &str,
    flags: &Flags,
    usual_size: usize,
) -> Result<(Document, Option<Output>), CommandError> {
    let path = Path::new(name);
    let file = if Scenario::built_in(name).is_some() || !crate::io::is_file(path) {
        None
    } else if is_figure(path) {
        let kept = state_of(&crate::io::read(path)?);
        Some(kept.map_err(|e| CommandError::usage(format!("{name}: {e}")))?)
    } else {
        Some(crate::io::read_text(path)?).filter(|text| is_document(text))
    };
    let (document, output) = if let Some(text) = file {
        let (document, output) = Document::parse(name, &text)?;
        (document, Some(output))
    } else {
        let scenario = scenario(name).map_err(|e| match e {
            // Somebody may have meant a command.
            StudyError::Usage(message) => CommandError::usage(format!("{message}; {COMMANDS}")),
            e => e.into(),
        })?;
        let setup = Setup {
            size: usual_size,
            ..Setup::new(name, scenario)
        };
        (Document::new(setup), None)
    };
    let document = if flags.twin {
        let twin = document.twin().map(|(twin, _)| twin);
        twin.ok_or_else(|| CommandError::usage(format!("--twin: {name} has no twin")))?
    } else {
        document
    };
    let own = document.setup().clone();
    let setup = Setup {
        // A mask belongs to its scan.
        mask: flags.mask.clone().or(match flags.scene {
            Some(_) => None,
            None => own.mask,
        }),
        scene: flags.scene.clone().unwrap_or(own.scene),
        size: flags.size.unwrap_or(own.size),
        group: flags.group.clone().unwrap_or(own.group),
        set: [own.set, flags.set.clone()].concat(),
        grow: own.grow || flags.grow,
        step_days: flags.step_days.unwrap_or(own.step_days),
        ..own
    };
    Ok((document.with_setup(setup), output))
}

/// Whether a file is a figure by its name.
fn is_figure(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    FILE_ENDINGS.contains(&ending.to_lowercase().as_str())
}

/// Voxels along the longest side of the window's scene, unless told otherwise: what the adapter
/// that it will use keeps fluent.
pub fn window_size(adapter: Option<&str>) -> usize {
    const SOFTWARE: usize = 48;
    const HARDWARE: usize = 64;
    let all = now(adapters());
    let chosen = named(&all, adapter.unwrap_or_default());
    let is_software = chosen.is_ok_and(|k| all[k].get_info().device_type == wgpu::DeviceType::Cpu);
    if is_software { SOFTWARE } else { HARDWARE }
}

/// The name that chooses an adapter, if any, which must be one of this machine's.
/// # Errors
/// None has it: exit code 3.
pub fn known_adapter(flag: Option<&str>) -> Result<Option<String>, CommandError> {
    let name = wanted_name(flag);
    if let Some(name) = &name {
        named(&now(adapters()), name)?;
    }
    Ok(name)
}
