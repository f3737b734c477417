//! Volumes in the formats that scanners and their programs write, and back into the same format.

mod error;
mod gzip;
mod header;
mod metaimage;
mod nifti;
mod npy;
mod nrrd;
mod voxels;
mod vti;

use std::cell::RefCell;
use std::path::{Path, PathBuf};

pub use error::{ENDINGS, ScanError};
pub use voxels::{Bone, Reading};

use error::broken;
use header::looks_like;
use voxels::Content;

use crate::io::{field, files};
use crate::volume::Volume;

/// Axes that stand less than this off right angles are rounded so, degrees.
const LEAST_SKEW: f64 = 0.05;

#[derive(Debug, Clone)]
enum Format {
    Nifti(nifti::Header),
    MetaImage(metaimage::Header),
    Nrrd(nrrd::Header),
    Vti(vti::Header),
    Npy,
}

/// A volume and the format it came in.
#[derive(Debug, Clone)]
pub struct Scan {
    /// Values, spacing, origin and axes.
    pub volume: Volume,
    /// Which voxels are bone, if [`Reading::bone`] asked.
    pub bone: Option<Vec<bool>>,
    /// Whether the spacing stands in the file; if not, it is 1 mm.
    pub knows_spacing: bool,
    /// What had to be assumed in reading it, one sentence each, for people to be told.
    pub notes: Vec<String>,
    /// The files that it was read from, which nobody may write to.
    pub files: Vec<PathBuf>,
    format: Format,
    ending: &'static str,
}

impl Scan {
    /// Reads a file, and the file of voxels beside it where its header names one.
    /// # Errors
    /// [`ScanError`].
    pub fn open(path: &Path) -> Result<Self, ScanError> {
        Self::open_for(path, &Reading::ALL)
    }

    /// As [`Scan::open`], refusing a file of too many voxels before any of them is unpacked.
    /// # Errors
    /// [`ScanError`].
    pub fn open_for(path: &Path, reading: &Reading) -> Result<Self, ScanError> {
        let name = path.to_string_lossy().to_lowercase();
        let ending = ENDINGS
            .into_iter()
            .find(|e| name.ends_with(e))
            .ok_or(ScanError::Ending)?;
        let bytes = files::read(path)?;
        let others = RefCell::new(Vec::new());
        let beside = |other: &str| {
            let other = path.parent().unwrap_or(Path::new("")).join(other);
            let bytes = files::read(&other)?;
            others.borrow_mut().push(other);
            Ok(bytes)
        };
        let mut scan = Self::read_for(ending, &bytes, &beside, reading)?;
        scan.files = vec![path.to_owned()];
        scan.files.append(&mut others.borrow_mut());
        Ok(scan)
    }

    /// Reads the bytes of a file of one of [`ENDINGS`]; `beside` reads a file that its header
    /// names.
    /// # Errors
    /// [`ScanError`].
    pub fn read(
        ending: &str,
        bytes: &[u8],
        beside: &dyn Fn(&str) -> Result<Vec<u8>, ScanError>,
    ) -> Result<Self, ScanError> {
        Self::read_for(ending, bytes, beside, &Reading::ALL)
    }

    fn read_for(
        ending: &str,
        bytes: &[u8],
        beside: &dyn Fn(&str) -> Result<Vec<u8>, ScanError>,
        reading: &Reading,
    ) -> Result<Self, ScanError> {
        let ending = ENDINGS
            .into_iter()
            .find(|e| *e == ending)
            .ok_or(ScanError::Ending)?;
        let (content, format) = Self::parsed(ending, bytes, beside, reading).map_err(|e| {
            match (e, looks_like(bytes)) {
                // What it is says more than what it lacks.
                (ScanError::NotThis { format, .. }, Some(kind))
                    if !kind.contains(format)
                        && format != "NIfTI"
                        && (format != "VTI" || !kind.contains("XML")) =>
                {
                    ScanError::NotThis {
                        format,
                        why: format!("it is {kind}"),
                    }
                }
                (e, _) => e,
            }
        })?;
        let mut notes = content.notes;
        let skew = content.volume.axes.skew();
        if skew > LEAST_SKEW {
            notes.push(format!(
                "its axes stand {skew:.2} degrees off right angles; they are taken as if at right angles"
            ));
        }
        Ok(Self {
            knows_spacing: match &format {
                Format::Nifti(_) => true,
                Format::MetaImage(header) => header.knows_spacing(),
                Format::Nrrd(header) => header.knows_spacing(),
                Format::Vti(header) => header.knows_spacing(),
                Format::Npy => false,
            },
            volume: content.volume,
            bone: content.bone,
            notes,
            files: Vec::new(),
            format,
            ending,
        })
    }

    fn parsed(
        ending: &str,
        bytes: &[u8],
        beside: &dyn Fn(&str) -> Result<Vec<u8>, ScanError>,
        reading: &Reading,
    ) -> Result<(Content, Format), ScanError> {
        Ok(match ending {
            ".nii" | ".nii.gz" => {
                let (content, header) = nifti::read(bytes, reading)?;
                (content, Format::Nifti(header))
            }
            ".mha" | ".mhd" => {
                let (content, header) = metaimage::read(bytes, beside, reading)?;
                (content, Format::MetaImage(header))
            }
            ".nrrd" | ".nhdr" => {
                let (content, header) = nrrd::read(bytes, beside, reading)?;
                (content, Format::Nrrd(header))
            }
            ".vti" => {
                let (content, header) = vti::read(bytes, reading)?;
                (content, Format::Vti(header))
            }
            _ => (npy::read(bytes, reading)?, Format::Npy),
        })
    }

    /// A new NIfTI scan.
    pub fn nifti(volume: Volume, gzip: bool) -> Self {
        Self {
            bone: None,
            knows_spacing: true,
            notes: Vec::new(),
            files: Vec::new(),
            format: Format::Nifti(nifti::Header::new(&volume)),
            ending: if gzip { ".nii.gz" } else { ".nii" },
            volume,
        }
    }

    /// Names of the files that [`Scan::with_values`] makes, in its order.
    pub fn names(&self, stem: &str) -> Vec<String> {
        let mut names = vec![format!("{stem}{}", self.ending)];
        if matches!(self.ending, ".mhd" | ".nhdr") {
            names.push(format!("{stem}.raw"));
        }
        names
    }

    /// Files (name and bytes) holding other values, one a voxel, in the same format and geometry.
    /// The first is `stem` with the scan's own ending.
    /// # Errors
    /// What an encoder says.
    pub fn with_values(
        &self,
        stem: &str,
        values: &[f32],
        description: &str,
    ) -> Result<Vec<(String, Vec<u8>)>, ScanError> {
        let mut names = self.names(stem).into_iter();
        let name = names.next().unwrap_or_default();
        let beside = names.next();
        Ok(match &self.format {
            Format::Nifti(header) => {
                let gzip = self.ending == ".nii.gz";
                vec![(name, header.with_values(values, description, gzip)?)]
            }
            Format::MetaImage(header) => header.with_values(&name, beside, values)?,
            Format::Nrrd(header) => header.with_values(&name, beside, values, description)?,
            Format::Vti(header) => vec![(name, header.with_values(values, description))],
            Format::Npy => {
                let volume = Volume {
                    values: values.to_vec(),
                    ..self.volume.clone()
                };
                vec![(name, field::npy(&volume).map_err(broken)?)]
            }
        })
    }
}
