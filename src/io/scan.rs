//! Volumes in the formats that scanners and their programs write, and back into the same format.
//!
//! Nothing is allocated by what a header merely claims: voxels are read as they come, and no
//! more of them than announced.

use std::cell::RefCell;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{IoError, metaimage, nifti, npy, nrrd, vti};
use crate::volume::{Axes, Volume};

/// The most voxels that are read: 1024 cubed.
const MOST_VOXELS: u64 = 1 << 30;

/// A header of text ends within this many bytes.
pub(super) const MOST_HEADER: usize = 4 << 20;

/// The smallest and the largest edge of a voxel that is believed, mm.
const EDGES: std::ops::RangeInclusive<f64> = 1e-6..=1e4;

/// Axes that stand less than this off right angles are rounded so, degrees.
const LEAST_SKEW: f64 = 0.05;

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
    /// The file ends too early, its voxels written out.
    #[error("the file is truncated: {wanted} voxels are announced, {found} are there")]
    FewNumbers {
        /// Voxels announced by the header.
        wanted: u64,
        /// Voxels there.
        found: u64,
    },
    /// A voxel that is no number, or none that its type holds.
    #[error("one of its voxels is '{0}', which is no number of its type")]
    NoNumber(String),
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
    /// A voxel without a value, or with one that f32 does not hold.
    #[error("voxel ({}, {}, {}) is {value:e}; allowed: finite numbers up to 3.4e38", at[0], at[1], at[2])]
    NotFinite {
        /// Which.
        at: [usize; 3],
        /// What it is.
        value: f64,
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

    pub(super) fn is_whole(self) -> bool {
        !matches!(self, Self::F32 | Self::F64)
    }

    /// The bytes of a value that this number holds.
    pub(super) fn stored(self, value: f64, big_endian: bool) -> Vec<u8> {
        let mut bytes = match self {
            Self::U8 => vec![value as u8],
            Self::I8 => (value as i8).to_le_bytes().to_vec(),
            Self::U16 => (value as u16).to_le_bytes().to_vec(),
            Self::I16 => (value as i16).to_le_bytes().to_vec(),
            Self::U32 => (value as u32).to_le_bytes().to_vec(),
            Self::I32 => (value as i32).to_le_bytes().to_vec(),
            Self::F32 => (value as f32).to_le_bytes().to_vec(),
            Self::U64 => (value as u64).to_le_bytes().to_vec(),
            Self::I64 => (value as i64).to_le_bytes().to_vec(),
            Self::F64 => value.to_le_bytes().to_vec(),
        };
        if big_endian {
            bytes.reverse();
        }
        bytes
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

/// Which voxels are bone. Decided on the numbers as the file has them, before they are rounded to f32.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bone {
    /// Those above a value.
    Above(f64),
    /// Those of one value.
    Label(f64),
}

/// What a reader wants of a scan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// The most voxels that are read.
    pub most: u64,
    /// Which of them are bone, where that is asked.
    pub bone: Option<Bone>,
}

impl Reading {
    /// All voxels of any file that is read at all.
    pub const ALL: Self = Self {
        most: MOST_VOXELS,
        bone: None,
    };
}

/// Said of a file with more behind its voxels: the header may be wrong about their type or number.
const LONGER: &str =
    "it goes on behind the voxels that its header announces; what follows is left out";

/// What a header announces.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    pub(super) voxels: [usize; 3],
    pub(super) spacing: [f64; 3],
    /// Outer corner of the first voxel.
    pub(super) origin: [f64; 3],
    pub(super) axes: Axes,
    pub(super) number: Number,
    pub(super) big_endian: bool,
    /// Stored values are multiplied by the first, then the second is added, both in f64: as nibabel and ITK do.
    pub(super) scaling: Option<(f64, f64)>,
    pub(super) reading: Reading,
}

/// What a file holds.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) volume: Volume,
    /// By voxel, if [`Reading::bone`] asked.
    pub(super) bone: Option<Vec<bool>>,
    /// What had to be assumed, one sentence each.
    pub(super) notes: Vec<String>,
}

impl Layout {
    /// Bytes of all voxels, once the header has been found possible.
    pub(super) fn bytes(&self) -> Result<u64, ScanError> {
        Ok(self.count()? * self.number.bytes() as u64)
    }

    /// Voxels, once the header has been found possible.
    pub(super) fn count(&self) -> Result<u64, ScanError> {
        if let Some(edge) = self.spacing.iter().find(|s| !EDGES.contains(s)) {
            return Err(bad("voxel spacing", edge, "more than 0 mm (1e-6 to 1e4)"));
        }
        if self.voxels.contains(&0) {
            return Err(bad("dimension", 0, "1 or more along each of three axes"));
        }
        let most = self.reading.most.min(MOST_VOXELS);
        self.voxels
            .iter()
            .try_fold(1u64, |n, k| n.checked_mul(*k as u64))
            .filter(|n| *n <= most)
            .ok_or(ScanError::TooLarge {
                voxels: self.voxels,
                most,
            })
    }

    /// The announced voxels from a stream.
    pub(super) fn read(&self, stream: &mut dyn Read) -> Result<Content, ScanError> {
        let wanted = self.bytes()?;
        let mut raw = Vec::new();
        (&mut *stream)
            .take(wanted)
            .read_to_end(&mut raw)
            .map_err(broken)?;
        let mut content = self.content(&raw)?;
        // A decoder checks its sums where the stream ends. Zeros that pad a gzip file are left alone; flate2 tells them
        // from wrong sums by nothing but its words.
        match stream.read(&mut [0]) {
            Ok(0) => {}
            Ok(_) => content.notes.push(LONGER.to_owned()),
            Err(error) if error.to_string() == "invalid gzip header" => {}
            Err(error) => return Err(broken(error)),
        }
        Ok(content)
    }

    /// The voxels of raw bytes.
    pub(super) fn content(&self, raw: &[u8]) -> Result<Content, ScanError> {
        let wanted = self.bytes()?;
        if (raw.len() as u64) < wanted {
            return Err(ScanError::Truncated {
                wanted,
                found: raw.len() as u64,
            });
        }
        let stored = raw[..wanted as usize]
            .chunks_exact(self.number.bytes())
            .map(|b| self.number.value(b, self.big_endian));
        self.of_numbers(stored)
    }

    /// The voxels of raw bytes that should end with them.
    pub(super) fn all_of(&self, raw: &[u8]) -> Result<Content, ScanError> {
        let mut content = self.content(raw)?;
        if raw.len() as u64 > self.bytes()? {
            content.notes.push(LONGER.to_owned());
        }
        Ok(content)
    }

    /// The voxels of numbers written out, with blanks (or commas) between them.
    pub(super) fn text(&self, text: &str) -> Result<Content, ScanError> {
        let wanted = self.count()?;
        let mut words = text
            .split(|c: char| c.is_whitespace() || c == ',')
            .filter(|w| !w.is_empty());
        let mut numbers = Vec::new();
        for word in words.by_ref().take(wanted as usize) {
            let number: f64 = word
                .parse()
                .map_err(|_no_number| ScanError::NoNumber(word.chars().take(20).collect()))?;
            let kept = self.number.value(&self.number.stored(number, false), false);
            if self.number.is_whole() && (kept - number).abs() > 0.0 {
                return Err(ScanError::NoNumber(word.chars().take(20).collect()));
            }
            numbers.push(number);
        }
        if (numbers.len() as u64) < wanted {
            return Err(ScanError::FewNumbers {
                wanted,
                found: numbers.len() as u64,
            });
        }
        let mut content = self.of_numbers(numbers.into_iter())?;
        if words.next().is_some() {
            content.notes.push(LONGER.to_owned());
        }
        Ok(content)
    }

    /// The voxels of numbers, as many as are announced.
    pub(super) fn of_numbers(
        &self,
        stored: impl Iterator<Item = f64>,
    ) -> Result<Content, ScanError> {
        let count = self.count()? as usize;
        let [nx, ny, _] = self.voxels;
        let mut values = Vec::with_capacity(count);
        let mut bone = self.reading.bone.map(|_| Vec::with_capacity(count));
        for (i, stored) in stored.take(count).enumerate() {
            let value = match self.scaling {
                Some((slope, intercept)) => stored * slope + intercept,
                None => stored,
            };
            let rounded = value as f32;
            if !rounded.is_finite() {
                return Err(ScanError::NotFinite {
                    at: [i % nx, i / nx % ny, i / (nx * ny)],
                    value,
                });
            }
            values.push(rounded);
            if let (Some(bone), Some(which)) = (&mut bone, self.reading.bone) {
                bone.push(match which {
                    Bone::Above(threshold) => value > threshold,
                    Bone::Label(label) => self.is_label(value, label),
                });
            }
        }
        Ok(Content {
            volume: Volume {
                name: "scan".to_owned(),
                unit: String::new(),
                voxels: self.voxels,
                spacing: self.spacing,
                origin: self.origin,
                axes: self.axes,
                values,
            },
            bone,
            notes: Vec::new(),
        })
    }

    /// Whether a voxel has this label: whole numbers exactly, others as far as f32 and a slope may have rounded them.
    #[expect(clippy::float_cmp, reason = "labels are told apart exactly")]
    fn is_label(&self, value: f64, label: f64) -> bool {
        if self.number.is_whole() && self.scaling.is_none() {
            return value == label;
        }
        (value - label).abs() <= 0.5e-6 || value == f64::from(label as f32) && label.fract() != 0.0
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

/// Refuses a key that a header gives twice with different values: readers differ in which one they take.
pub(super) fn once<'a>(all: impl Iterator<Item = (&'a str, &'a str)>) -> Result<(), ScanError> {
    let mut seen = std::collections::BTreeMap::new();
    for (key, value) in all {
        if let Some(first) = seen.insert(key, value).filter(|first| *first != value) {
            let found = format!("given twice, as {first} and as {value}");
            return Err(bad(key, found, "one value"));
        }
    }
    Ok(())
}

/// A line of a header: UTF-8, or Latin-1 where it is none.
pub(super) fn line_of(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(
        |_| bytes.iter().copied().map(char::from).collect(),
        str::to_owned,
    )
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
        let bytes = super::read(path)?;
        let others = RefCell::new(Vec::new());
        let beside = |other: &str| {
            let other = path.parent().unwrap_or(Path::new("")).join(other);
            let bytes = super::read(&other)?;
            others.borrow_mut().push(other);
            Ok(bytes)
        };
        let mut scan = Self::read_for(ending, &bytes, &beside, reading)?;
        scan.files = vec![path.to_owned()];
        scan.files.append(&mut others.borrow_mut());
        Ok(scan)
    }

    /// Reads the bytes of a file of one of [`ENDINGS`]; `beside` reads a file that its header names.
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
                vec![(name, super::npy(&volume).map_err(broken)?)]
            }
        })
    }
}

/// What the first bytes of a file say it is, for a file that is not what its name promises.
pub(super) fn looks_like(bytes: &[u8]) -> Option<&'static str> {
    let begins = |magic: &[u8]| bytes.starts_with(magic);
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(512)]);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    Some(match bytes {
        [] => "empty",
        [0x5c, 1, 0, 0, ..] | [0, 0, 1, 0x5c, ..] => match bytes.get(344..348) {
            Some(b"n+1\0") => "a NIfTI-1 file",
            Some(b"ni1\0") => "the header of a NIfTI-1 pair (.hdr, .img)",
            _ => "an Analyze 7.5 header",
        },
        [0x1c, 2, 0, 0, ..] | [0, 0, 2, 0x1c, ..] => "a NIfTI-2 file",
        _ if begins(&[0x1f, 0x8b]) => "packed by gzip (unpack it first)",
        _ if begins(b"PK\x03\x04") => "a zip archive (.npz is one)",
        _ if begins(b"BZh") => "packed by bzip2 (unpack it first)",
        _ if begins(&[0xfd, b'7', b'z', b'X', b'Z']) => "packed by xz (unpack it first)",
        _ if begins(&[0x28, 0xb5, 0x2f, 0xfd]) => "packed by zstd (unpack it first)",
        _ if begins(b"NRRD") => "an NRRD file",
        _ if begins(b"\x93NUMPY") => "a NumPy array",
        _ if begins(b"\x89HDF") => "an HDF5 file (MINC and MATLAB 7.3 are too)",
        _ if begins(b"\x89PNG") => "a PNG picture",
        _ if begins(b"II*\0") || begins(b"MM\0*") => "a TIFF picture",
        _ if begins(b"MATLAB") => "a MATLAB file",
        _ if begins(b"# vtk DataFile") => "a legacy VTK file",
        _ if begins(b"CTDATA-HEADER") => "a Scanco file (.isq, .aim)",
        _ if bytes.get(128..132) == Some(b"DICM") => "a DICOM file",
        _ if text.starts_with("<?xml") || text.starts_with("<VTKFile") => "an XML file",
        _ if text.contains("NDims") || text.starts_with("ObjectType") => "a MetaImage file",
        _ => return None,
    })
}
