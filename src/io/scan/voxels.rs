//! The voxels that a header announces, from the bytes behind it.
//!
//! Nothing is allocated by what a header merely claims: voxels are read as they come, and no
//! more of them than announced.

use std::io::Read;

use super::error::{ScanError, bad, broken};
use crate::volume::{Axes, Volume};

/// The most voxels that are read: 1024 cubed.
const MOST_VOXELS: u64 = 1 << 30;

/// The smallest and the largest edge of a voxel that is believed, mm.
const EDGES: std::ops::RangeInclusive<f64> = 1e-6..=1e4;

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

/// Which voxels are bone. Decided on the numbers as the file has them, before they are rounded to
/// f32.
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
    /// Stored values are multiplied by the first, then the second is added, both in f64: as nibabel
    /// and ITK do.
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
        // A decoder checks its sums where the stream ends.
        match stream.read(&mut [0]) {
            Ok(0) => {}
            Ok(_) => content.notes.push(LONGER.to_owned()),
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

    /// Whether a voxel has this label: whole numbers exactly, others as far as f32 and a slope may
    /// have rounded them.
    #[expect(clippy::float_cmp, reason = "labels are told apart exactly")]
    fn is_label(&self, value: f64, label: f64) -> bool {
        if self.number.is_whole() && self.scaling.is_none() {
            return value == label;
        }
        (value - label).abs() <= 0.5e-6 || value == f64::from(label as f32) && label.fract() != 0.0
    }
}
