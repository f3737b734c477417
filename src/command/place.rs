//! Where a run takes place: a scene of the program or a scan, and who it is that runs.

use std::path::Path;

use crate::gpu::Need;
use crate::io::{ENDINGS, Scan};
use crate::physiology::Model;
use crate::sim::Simulation;
use crate::tissue::{Anatomy, SCENES};
use crate::volume::Volume;

use super::CommandError;

/// A scene by name or from a file.
#[derive(Debug, Clone)]
pub enum Place {
    /// One of the program's own.
    Scene(String),
    /// A scan.
    Scan(Box<Volume>),
}

impl Place {
    /// Finds `name` among the scenes or files, and whether it can be had at `size`. Of a scan only what `mask`, a
    /// scan of the same voxels, has above 0 is kept.
    /// # Errors
    /// No such scene or file, a bad file, a size out of range: exit code 2.
    pub fn find(name: &str, size: usize, mask: Option<&Path>) -> Result<Self, CommandError> {
        let lower = name.to_lowercase();
        if !ENDINGS.iter().any(|e| lower.ends_with(e)) {
            Anatomy::check(name, size).map_err(|e| {
                CommandError::usage(format!("{e} (or a scan: {})", ENDINGS.join(", ")))
            })?;
            if mask.is_some() {
                return Err(CommandError::usage(
                    "--mask goes with a scan as --scene, not with a scene of the program",
                ));
            }
            return Ok(Self::Scene(name.to_owned()));
        }
        Anatomy::check(SCENES[0], size)?;
        let open = |path: &Path| {
            Scan::open(path).map_err(|e| CommandError::usage(format!("{}: {e}", path.display())))
        };
        let mut scan = open(Path::new(name))?;
        if !scan.knows_spacing {
            return Err(CommandError::usage(format!(
                "{name}: this file does not say how large a voxel is; a scene needs millimetres (NIfTI, MetaImage, NRRD or VTI have them)"
            )));
        }
        if let Some(path) = mask {
            let mask = open(path)?.volume;
            if mask.voxels != scan.volume.voxels {
                return Err(CommandError::usage(format!(
                    "{}: the mask has {:?} voxels, the scan {:?}",
                    path.display(),
                    mask.voxels,
                    scan.volume.voxels
                )));
            }
            for (value, inside) in scan.volume.values.iter_mut().zip(&mask.values) {
                if *inside <= 0.0 {
                    *value = 0.0;
                }
            }
        }
        Ok(Self::Scan(Box::new(scan.volume)))
    }

    /// Builds it.
    /// # Errors
    /// A scan that no scene can be made of.
    pub fn anatomy(&self, size: usize) -> Result<Anatomy, CommandError> {
        Ok(match self {
            Self::Scene(name) => Anatomy::build(name, size)?,
            Self::Scan(volume) => Anatomy::from_scan(volume, size)?,
        })
    }

    /// What it asks of the adapter.
    /// # Errors
    /// As [`Place::anatomy`].
    pub fn need(&self, size: usize) -> Result<Need, CommandError> {
        Ok(match self {
            Self::Scene(name) => Simulation::estimate(name, size)?,
            Self::Scan(_) => Simulation::need(&self.anatomy(size)?),
        })
    }
}

/// The parameters of a person in a scene, with what the user set by hand.
/// # Errors
/// An unknown group or parameter, or a value that cannot be: exit code 2.
pub fn person(
    scene: &str,
    group: &str,
    body_mass_kg: f64,
    set: &[String],
) -> Result<Model, CommandError> {
    let mut pairs = Vec::new();
    for text in set {
        let bad = |why: &str| CommandError::usage(format!("--set {text}: {why}"));
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| bad("write NAME=VALUE"))?;
        let value: f32 = value
            .trim()
            .parse()
            .ok()
            .filter(|v: &f32| v.is_finite() && *v >= 0.0)
            .ok_or_else(|| bad("the value must be a finite number, 0 or more"))?;
        pairs.push((name.trim(), value));
    }
    Model::built_in()?
        .person(scene, group, body_mass_kg, &pairs)
        .map_err(|e| CommandError::usage(e.to_string()))
}
