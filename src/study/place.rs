//! Where a run takes place: a scene of the program or a scan.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::gpu::Need;
use crate::io::{ENDINGS, Scan};
use crate::person::Person;
use crate::sim::{estimate_need, need};
use crate::tissue::{Anatomy, SCENES};
use crate::volume::{Axes, Volume};

use super::error::StudyError;

/// Mineral that no bone has, mg HA/cm3: half as much again as in fully mineralised tissue (1200).
pub const NO_BONE_BMD: f64 = 1800.0;

/// A scene at a size, of a person.
type Built = (usize, Person, Arc<Anatomy>);

/// A scene by name or from a file, built once for all who share it.
#[derive(Debug, Clone)]
pub struct Place {
    source: PlaceSource,
    /// As last built, with the size that was asked for.
    built: Arc<Mutex<Option<Built>>>,
}

/// Where a scene comes from.
#[derive(Debug, Clone)]
enum PlaceSource {
    /// One of the program's own.
    Scene(String),
    /// A scan.
    Scan(Arc<ScanPlace>),
}

/// A scan that a scene is made of.
#[derive(Debug, Clone)]
struct ScanPlace {
    /// Its voxels, along the axes of the body.
    volume: Volume,
    /// What people are to be told about it.
    told: Vec<String>,
    /// The files that it was read from.
    files: Vec<PathBuf>,
}

impl Place {
    fn new(source: PlaceSource) -> Self {
        Self {
            source,
            built: Arc::default(),
        }
    }

    /// One of the program's own scenes.
    pub fn scene(name: &str) -> Self {
        Self::new(PlaceSource::Scene(name.to_owned()))
    }

    /// Finds `name` among the scenes or files, and whether it can be had at `size`. Of a scan only
    /// what `mask`, a scan of the same voxels, has above 0 is kept. A scan is turned to the axes of
    /// the body, as far as its header tells of them; [`Place::told`] says what had to be assumed.
    /// # Errors
    /// No such scene or file, a bad file, a size out of range.
    pub fn find(name: &str, size: usize, mask: Option<&Path>) -> Result<Self, StudyError> {
        let lower = name.to_lowercase();
        if !ENDINGS.iter().any(|e| lower.ends_with(e)) {
            Anatomy::check(name, size).map_err(|e| {
                StudyError::usage(format!("{e} (or a scan: {})", ENDINGS.join(", ")))
            })?;
            if mask.is_some() {
                return Err(StudyError::usage(
                    "--mask goes with a scan as --scene, not with a scene of the program",
                ));
            }
            return Ok(Self::scene(name));
        }
        Anatomy::check(SCENES[0], size)?;
        let path = Path::new(name);
        let open = |path: &Path| Scan::open(path).map_err(|e| StudyError::unreadable(path, e));
        let scan = open(path)?;
        if !scan.knows_spacing {
            return Err(StudyError::usage(format!(
                "{name}: this file does not say how large a voxel is; a scene needs millimetres (NIfTI, MetaImage, NRRD or VTI have them)"
            )));
        }
        let mut notes = scan.notes;
        notes.extend(turned(&scan.volume.axes));
        let mut volume = scan.volume.along_body();
        let mut files = scan.files;
        let mut masked = Vec::new();
        if let Some(path) = mask {
            let mask = open(path)?;
            masked = mask.notes;
            if let Some(note) = keep(&mut volume, &scan.volume.axes, &mask.volume, path)? {
                masked.push(note);
            }
            files.extend(mask.files);
        }
        let dense = volume
            .values
            .iter()
            .filter(|v| f64::from(**v) > NO_BONE_BMD)
            .count();
        if dense > 0 && !Anatomy::resolves_struts(&volume) {
            notes.push(too_dense(dense, &volume.values));
        }
        let named = |path: &Path, notes: Vec<String>| -> Vec<String> {
            let notes = notes.into_iter();
            notes
                .map(|note| format!("{}: {note}", path.display()))
                .collect()
        };
        let mut told = named(path, notes);
        if let Some(path) = mask {
            told.extend(named(path, masked));
        }
        let scan = ScanPlace {
            volume,
            told,
            files,
        };
        Ok(Self::new(PlaceSource::Scan(Arc::new(scan))))
    }

    /// Builds it for a person, or finds it as built before at that size.
    /// # Errors
    /// A scan that no scene can be made of, or a build that the scene cannot have.
    pub fn anatomy(&self, size: usize, person: &Person) -> Result<Arc<Anatomy>, StudyError> {
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((.., found)) = built.as_ref().filter(|(s, p, _)| *s == size && p == person) {
            return Ok(Arc::clone(found));
        }
        let made = Arc::new(match &self.source {
            PlaceSource::Scene(name) => Anatomy::of(name, size, person)?,
            PlaceSource::Scan(_) if !person.is_mean() => {
                return Err(StudyError::usage(
                    "person: a scan has the shape and the height that it has; they can be given to scenes of the program",
                ));
            }
            PlaceSource::Scan(scan) => Anatomy::from_scan(&scan.volume, size)?,
        });
        *built = Some((size, person.clone(), Arc::clone(&made)));
        Ok(made)
    }

    /// What it asks of the adapter.
    /// # Errors
    /// As [`Place::anatomy`].
    pub fn need(&self, size: usize) -> Result<Need, StudyError> {
        Ok(match &self.source {
            PlaceSource::Scene(name) => estimate_need(name, size)?,
            PlaceSource::Scan(_) => need(&*self.anatomy(size, &Person::default())?),
        })
    }

    /// Whether this is the same scene, or the same reading of a scan.
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.source, &other.source) {
            (PlaceSource::Scene(a), PlaceSource::Scene(b)) => a == b,
            (PlaceSource::Scan(a), PlaceSource::Scan(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// What people are to be told about it: what had to be assumed, a line each.
    pub fn told(&self) -> &[String] {
        match &self.source {
            PlaceSource::Scene(_) => &[],
            PlaceSource::Scan(scan) => &scan.told,
        }
    }

    /// The files that it was read from.
    pub fn files(&self) -> &[PathBuf] {
        match &self.source {
            PlaceSource::Scene(_) => &[],
            PlaceSource::Scan(scan) => &scan.files,
        }
    }
}

/// How a scan is taken along the axes of the body, where that goes without saying in no file: its
/// axes are unknown, or others than the body's, or tilted.
fn turned(axes: &Axes) -> Option<String> {
    const TILTED: f64 = 1.0;
    let nearest = axes.nearest();
    let names: Vec<String> = ["x", "y", "z"]
        .iter()
        .zip(nearest)
        .map(|(k, axis)| format!("{k} {axis}"))
        .collect();
    let runs = names.join(", ");
    let tilt = axes.tilts().into_iter().fold(0.0, f64::max);
    let up = ["x", "y", "z"][nearest.iter().position(|b| b.axis == 2).unwrap_or(2)];
    if !axes.known {
        return Some(format!(
            "it does not say how it lies in the body; its axes are taken to run {runs}, and the load along {up}"
        ));
    }
    let usual = nearest
        .iter()
        .enumerate()
        .all(|(k, b)| b.axis == k && !b.backwards);
    if tilt > TILTED {
        return Some(format!(
            "its axes run {runs}, up to {tilt:.0} degrees off; they are taken for those of the body, and the load runs along {up}"
        ));
    }
    (!usual).then(|| {
        format!("its axes run {runs}; it is turned to those of the body, and the load runs along its {up}")
    })
}

/// Empties what a mask has not above 0. A mask that lies elsewhere than the scan, by its header, is
/// taken voxel by voxel as stored, and that is told.
fn keep(
    volume: &mut Volume,
    scan_axes: &Axes,
    mask: &Volume,
    path: &Path,
) -> Result<Option<String>, StudyError> {
    let turned = mask.along_body();
    let edge = volume.spacing.iter().copied().fold(f64::INFINITY, f64::min);
    let there = |m: &Volume| {
        m.voxels == volume.voxels
            && (0..3).all(|k| {
                (m.origin[k] - volume.origin[k]).abs() < 0.1 * edge
                    && (m.spacing[k] - volume.spacing[k]).abs() < 1e-3 * edge
            })
    };
    let (taken, note) = if there(&turned) {
        (turned, None)
    } else {
        let stored = Volume {
            axes: *scan_axes,
            ..mask.clone()
        }
        .along_body();
        if stored.voxels != volume.voxels {
            return Err(StudyError::usage(format!(
                "{}: the mask has {:?} voxels, the scan {:?} (along the axes of the body)",
                path.display(),
                turned.voxels,
                volume.voxels
            )));
        }
        let note = "by its header this mask lies elsewhere than the scan; it is taken voxel by voxel as both are stored";
        // Where its header says nothing of that there is nothing to tell.
        (stored, mask.axes.known.then(|| note.to_owned()))
    };
    for (value, inside) in volume.values.iter_mut().zip(&taken.values) {
        if *inside <= 0.0 {
            *value = 0.0;
        }
    }
    Ok(note)
}

/// What is said of voxels denser than any bone.
pub fn too_dense(count: usize, values: &[f32]) -> String {
    let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    format!(
        "{count} of its voxels are above {NO_BONE_BMD} mg HA/cm3, up to {most}, and no bone is as dense as that: are these densities, and not a scanner's own numbers?"
    )
}
