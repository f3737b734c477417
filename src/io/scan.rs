//! Volumes in the formats that scanners and their programs write, and back into the same format.
//!
//! Nothing is allocated by what a header merely claims: voxels are read as they come, and no
//! more of them than announced.

use std::io::Read;
use std::path::Path;

use super::{IoError, metaimage, nifti, npy, nrrd, vti};
use crate::volume::Volume;

/// The most voxels that are read: 1024 cubed.
const MOST_VOXELS: u64 = 1 << 30;

/// The smallest and the largest edge of a voxel that is believed, mm.
const EDGES: std::ops::RangeInclusive<f64> = 1e-6..=1e4;

/// Endings of the files that are read.
pub const ENDINGS: [&str; 8] = [
    ".nii", ".nii.gz", ".mha", ".mhd", ".nrrd", ".nhdr", ".vti", ".npy",
];

/// Why a file is no volume that can be used.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The file ends too early.
    #[error("the file is truncated: {wanted} bytes of voxels are announced, {found} are there")]
    Truncated {
        /// Bytes announced by the header.
        wanted: u64,
        /// Bytes there.
        found: u64,
    },
    /// Not a file of this format.
    #[error("this is no {format} file: {why}")]
    NotThis {
        /// Which format its ending promises.
        format: &'static str,
        /// What is wrong.
        why: String,
    },
    /// A header field that cannot be.
    #[error("the header's {field} is {found}; allowed: {allowed}")]
    Header {
        /// Which field.
        field: String,
        /// What it says.
        found: String,
        /// What it may say.
        allowed: &'static str,
    },
    /// More voxels than the caller has room for.
    #[error("{} x {} x {} voxels are too many; at most {most} are read", voxels[0], voxels[1], voxels[2])]
    TooLarge {
        /// Along x, y, z.
        voxels: [usize; 3],
        /// All told.
        most: u64,
    },
    /// The compressed stream is broken.
    #[error("the {0}")]
    Compressed(String),
    /// A voxel without a value.
    #[error("voxel ({}, {}, {}) is not a finite number", at[0], at[1], at[2])]
    NotFinite {
        /// Which.
        at: [usize; 3],
    },
    /// No format that is read.
    #[error("only {} are read", ENDINGS.join(", "))]
    Ending,
    /// A file that could not be read.
    #[error(transparent)]
    Io(#[from] IoError),
}

/// A header field that cannot be.
pub(super) fn bad(
    field: impl Into<String>,
    found: impl std::fmt::Display,
    allowed: &'static str,
) -> ScanError {
    ScanError::Header {
        field: field.into(),
        found: found.to_string(),
        allowed,
    }
}

/// How many of a unit of length make a millimetre; lengths are divided by it, which keeps 39 µm at 0.039 mm.
pub(super) fn units_per_mm(field: &str, name: &str) -> Result<f64, ScanError> {
    match name.to_lowercase().as_str() {
        // Unknown is millimetres, as the formats' own readers take it.
        "" | "?" | "???" | "mm" | "millimeter" | "millimeters" => Ok(1.0),
        "um" | "µm" | "μm" | "micron" | "microns" | "micrometer" | "micrometers" => Ok(1e3),
        "cm" | "centimeter" | "centimeters" => Ok(0.1),
        "m" | "meter" | "meters" => Ok(1e-3),
        _ => Err(bad(field, name, "mm, um, cm, m")),
    }
}

/// How a voxel's value is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F32,
    F64,
}

impl Number {
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// The value of as many bytes as [`Number::bytes`] says.
    pub(super) fn value(self, bytes: &[u8], big_endian: bool) -> f64 {
        let mut b = [0u8; 8];
        for (to, from) in b.iter_mut().zip(bytes) {
            *to = *from;
        }
        if big_endian {
            b[..self.bytes()].reverse();
        }
        let [b0, b1, b2, b3, ..] = b;
        match self {
            Self::U8 => f64::from(b0),
            Self::I8 => f64::from(b0 as i8),
            Self::U16 => f64::from(u16::from_le_bytes([b0, b1])),
            Self::I16 => f64::from(i16::from_le_bytes([b0, b1])),
            Self::U32 => f64::from(u32::from_le_bytes([b0, b1, b2, b3])),
            Self::I32 => f64::from(i32::from_le_bytes([b0, b1, b2, b3])),
            Self::F32 => f64::from(f32::from_le_bytes([b0, b1, b2, b3])),
            Self::U64 => u64::from_le_bytes(b) as f64,
            Self::I64 => i64::from_le_bytes(b) as f64,
            Self::F64 => f64::from_le_bytes(b),
        }
    }
}

/// What a header announces.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    pub(super) voxels: [usize; 3],
    pub(super) spacing: [f64; 3],
    pub(super) origin: [f64; 3],
    pub(super) number: Number,
    pub(super) big_endian: bool,
    /// The most voxels that are read, all told.
    pub(super) most: u64,
}

impl Layout {
    /// Bytes of all voxels, once the header has been found possible.
    pub(super) fn bytes(&self) -> Result<u64, ScanError> {
        if let Some(edge) = self.spacing.iter().find(|s| !EDGES.contains(s)) {
            return Err(bad("voxel spacing", edge, "more than 0 mm (1e-6 to 1e4)"));
        }
        if self.voxels.contains(&0) {
            return Err(bad("dimension", 0, "1 or more along each of three axes"));
        }
        let count = self
            .voxels
            .iter()
            .try_fold(1u64, |n, k| n.checked_mul(*k as u64))
            .filter(|n| *n <= self.most);
        let Some(count) = count else {
            return Err(ScanError::TooLarge {
                voxels: self.voxels,
                most: self.most,
            });
        };
        Ok(count * self.number.bytes() as u64)
    }

    /// The announced voxels from a stream; stored values are multiplied by `slope`, then `intercept` is added.
    pub(super) fn read(
        &self,
        stream: &mut dyn Read,
        slope: f64,
        intercept: f64,
    ) -> Result<Volume, ScanError> {
        let wanted = self.bytes()?;
        let mut raw = Vec::new();
        (&mut *stream)
            .take(wanted)
            .read_to_end(&mut raw)
            .map_err(broken)?;
        // A decoder checks its sums where the stream ends. What may follow, zeros that pad a gzip file among it, is left
        // alone; flate2 tells it from wrong sums by nothing but its words.
        if raw.len() as u64 == wanted
            && let Err(error) = stream.read(&mut [0])
            && error.to_string() != "invalid gzip header"
        {
            return Err(broken(error));
        }
        self.volume(&raw, slope, intercept)
    }

    /// The volume of raw bytes.
    pub(super) fn volume(
        &self,
        raw: &[u8],
        slope: f64,
        intercept: f64,
    ) -> Result<Volume, ScanError> {
        let wanted = self.bytes()?;
        if (raw.len() as u64) < wanted {
            return Err(ScanError::Truncated {
                wanted,
                found: raw.len() as u64,
            });
        }
        let width = self.number.bytes();
        let values = raw[..wanted as usize]
            .chunks_exact(width)
            .map(|b| (slope * self.number.value(b, self.big_endian) + intercept) as f32)
            .collect();
        finite(Volume {
            name: "scan".to_owned(),
            unit: String::new(),
            voxels: self.voxels,
            spacing: self.spacing,
            origin: self.origin,
            values,
        })
    }
}

/// The volume, if every voxel has a value.
pub(super) fn finite(volume: Volume) -> Result<Volume, ScanError> {
    let [x, y, _] = volume.voxels;
    match volume.values.iter().position(|v| !v.is_finite()) {
        Some(i) => Err(ScanError::NotFinite {
            at: [i % x, i / x % y, i / (x * y)],
        }),
        None => Ok(volume),
    }
}

/// A stream that broke off inside a decoder.
#[expect(
    clippy::needless_pass_by_value,
    reason = "map_err hands the error over"
)]
pub(super) fn broken(error: std::io::Error) -> ScanError {
    ScanError::Compressed(format!("compressed stream is broken: {error}"))
}

/// Values as little-endian f32.
pub(super) fn raw_f32(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// A header with its voxels behind it, or in the file `beside` that it names.
pub(super) fn parted(
    name: &str,
    header: String,
    beside: Option<String>,
    data: Vec<u8>,
) -> Vec<(String, Vec<u8>)> {
    let mut first = header.into_bytes();
    if let Some(other) = beside {
        vec![(name.to_owned(), first), (other, data)]
    } else {
        first.extend(data);
        vec![(name.to_owned(), first)]
    }
}

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
    /// Values, spacing and origin.
    pub volume: Volume,
    /// Whether the spacing stands in the file; if not, it is 1 mm.
    pub knows_spacing: bool,
    format: Format,
    ending: &'static str,
}

impl Scan {
    /// Reads a file, and the file of voxels beside it where its header names one.
    /// # Errors
    /// [`ScanError`].
    pub fn open(path: &Path) -> Result<Self, ScanError> {
        Self::open_within(path, MOST_VOXELS)
    }

    /// As [`Scan::open`], refusing a file of more than `most` voxels before any of them is unpacked.
    /// # Errors
    /// [`ScanError`].
    pub fn open_within(path: &Path, most: u64) -> Result<Self, ScanError> {
        let name = path.to_string_lossy().to_lowercase();
        let ending = ENDINGS
            .into_iter()
            .find(|e| name.ends_with(e))
            .ok_or(ScanError::Ending)?;
        let bytes = super::read(path)?;
        let beside = |other: &str| {
            let folder = path.parent().unwrap_or(Path::new(""));
            Ok(super::read(&folder.join(other))?)
        };
        Self::read_within(ending, &bytes, &beside, most.min(MOST_VOXELS))
    }

    /// Reads the bytes of a file of one of [`ENDINGS`]; `beside` reads a file that its header names.
    /// # Errors
    /// [`ScanError`].
    pub fn read(
        ending: &str,
        bytes: &[u8],
        beside: &dyn Fn(&str) -> Result<Vec<u8>, ScanError>,
    ) -> Result<Self, ScanError> {
        Self::read_within(ending, bytes, beside, MOST_VOXELS)
    }

    fn read_within(
        ending: &str,
        bytes: &[u8],
        beside: &dyn Fn(&str) -> Result<Vec<u8>, ScanError>,
        most: u64,
    ) -> Result<Self, ScanError> {
        let ending = ENDINGS
            .into_iter()
            .find(|e| *e == ending)
            .ok_or(ScanError::Ending)?;
        let (volume, format) = match ending {
            ".nii" | ".nii.gz" => {
                let (v, h) = nifti::read(bytes, most)?;
                (v, Format::Nifti(h))
            }
            ".mha" | ".mhd" => {
                let (v, h) = metaimage::read(bytes, beside, most)?;
                (v, Format::MetaImage(h))
            }
            ".nrrd" | ".nhdr" => {
                let (v, h) = nrrd::read(bytes, beside, most)?;
                (v, Format::Nrrd(h))
            }
            ".vti" => {
                let (v, h) = vti::read(bytes, most)?;
                (v, Format::Vti(h))
            }
            _ => (npy::read(bytes, most)?, Format::Npy),
        };
        Ok(Self {
            knows_spacing: match &format {
                Format::Nifti(_) => true,
                Format::MetaImage(header) => header.knows_spacing(),
                Format::Nrrd(header) => header.knows_spacing(),
                Format::Vti(header) => header.knows_spacing(),
                Format::Npy => false,
            },
            volume,
            format,
            ending,
        })
    }

    /// A new NIfTI scan.
    pub fn nifti(volume: Volume, gzip: bool) -> Self {
        Self {
            knows_spacing: true,
            format: Format::Nifti(nifti::Header::new(&volume, gzip)),
            ending: if gzip { ".nii.gz" } else { ".nii" },
            volume,
        }
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
        let name = format!("{stem}{}", self.ending);
        Ok(match &self.format {
            Format::Nifti(header) => vec![(name, header.with_values(values, description)?)],
            Format::MetaImage(header) => {
                let beside = (self.ending == ".mhd").then(|| format!("{stem}.raw"));
                header.with_values(&name, beside, values)?
            }
            Format::Nrrd(header) => {
                let beside = (self.ending == ".nhdr").then(|| format!("{stem}.raw"));
                header.with_values(&name, beside, values, description)?
            }
            Format::Vti(header) => vec![(name, header.with_values(values, description))],
            Format::Npy => {
                let volume = Volume {
                    values: values.to_vec(),
                    ..self.volume.clone()
                };
                vec![(name, super::npy(&volume).map_err(broken)?)]
            }
        })
    }
}
