//! NIfTI-1 volumes (.nii, .nii.gz), either byte order, written back with the header they came with.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use crate::volume::Volume;

const HEADER: usize = 348;
/// The most voxels that are read: 2048 cubed.
const MOST_VOXELS: u64 = 1 << 33;

/// Why a file is no volume that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NiftiError {
    /// The file ends too early.
    #[error("the file is truncated: {wanted} bytes of voxels are announced, {found} are there")]
    Truncated {
        /// Bytes announced by the header.
        wanted: u64,
        /// Bytes there.
        found: u64,
    },
    /// Not a NIfTI-1 file.
    #[error("this is no NIfTI-1 file: {0}")]
    NotNifti(String),
    /// A header field that cannot be.
    #[error("the header's {field} is {found}; allowed: {allowed}")]
    Header {
        /// Which field.
        field: &'static str,
        /// What it says.
        found: String,
        /// What it may say.
        allowed: &'static str,
    },
    /// The compressed stream is broken.
    #[error("the gzip stream is broken: {0}")]
    Gzip(String),
    /// A voxel without a value.
    #[error("voxel ({}, {}, {}) is not a finite number", at[0], at[1], at[2])]
    NotFinite {
        /// Which.
        at: [usize; 3],
    },
}

/// A volume with the header it came with.
#[derive(Debug, Clone, PartialEq)]
pub struct Nifti {
    /// Values, spacing, and the header's offset for an origin.
    pub volume: Volume,
    header: Vec<u8>,
    big_endian: bool,
    gzip: bool,
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    std::array::from_fn(|k| bytes.get(at + k).copied().unwrap_or_default())
}

impl Nifti {
    /// Reads a file's bytes. Nothing is allocated by what the header merely claims: voxels are
    /// read as they come, and no more of them than announced.
    /// # Errors
    /// [`NiftiError`].
    pub fn read(bytes: &[u8]) -> Result<Self, NiftiError> {
        let gzip = bytes.starts_with(&[0x1f, 0x8b]);
        let mut stream: Box<dyn std::io::Read> = if gzip {
            Box::new(MultiGzDecoder::new(bytes))
        } else {
            Box::new(bytes)
        };
        let failed = |e: &std::io::Error| NiftiError::Gzip(e.to_string());
        let mut header = Vec::new();
        (&mut stream)
            .take(HEADER as u64)
            .read_to_end(&mut header)
            .map_err(|e| failed(&e))?;
        if header.len() < HEADER {
            return Err(NiftiError::NotNifti(format!(
                "{} bytes are too few for a header",
                header.len()
            )));
        }
        let big_endian = match array::<4>(&header, 0) {
            [0x5c, 1, 0, 0] => false,
            [0, 0, 1, 0x5c] => true,
            _ => {
                return Err(NiftiError::NotNifti(
                    "it does not begin with the header's length".to_owned(),
                ));
            }
        };
        if &header[344..347] != b"n+1" {
            return Err(NiftiError::NotNifti(
                "only single files (magic n+1) are read".to_owned(),
            ));
        }
        let i16_at = |at: usize| {
            let b = array::<2>(&header, at);
            if big_endian {
                i16::from_be_bytes(b)
            } else {
                i16::from_le_bytes(b)
            }
        };
        let f32_at = |at: usize| {
            let b = array::<4>(&header, at);
            if big_endian {
                f32::from_be_bytes(b)
            } else {
                f32::from_le_bytes(b)
            }
        };
        let dimensions = i16_at(40);
        if !(3..=7).contains(&dimensions) {
            return Err(NiftiError::Header {
                field: "number of dimensions",
                found: dimensions.to_string(),
                allowed: "3 (more if they are 1)",
            });
        }
        let mut voxels = [0usize; 3];
        for k in 0..usize::from(dimensions.unsigned_abs()) {
            let n = i16_at(42 + 2 * k);
            if let Some(voxels) = voxels.get_mut(k).filter(|_| n >= 1) {
                *voxels = usize::from(n.unsigned_abs());
            } else if n != 1 {
                return Err(NiftiError::Header {
                    field: "dimension",
                    found: format!("{n} along axis {}", k + 1),
                    allowed: "1 or more along three axes, 1 along any further one",
                });
            }
        }
        let spacing: [f64; 3] = std::array::from_fn(|k| f64::from(f32_at(80 + 4 * k)));
        if let Some(bad) = spacing.iter().find(|s| !s.is_finite() || **s <= 0.0) {
            return Err(NiftiError::Header {
                field: "voxel spacing",
                found: bad.to_string(),
                allowed: "more than 0 mm",
            });
        }
        let kind = i16_at(70);
        let width = match kind {
            2 | 256 => 1,
            4 | 512 => 2,
            8 | 16 | 768 => 4,
            64 | 1024 | 1280 => 8,
            other => {
                return Err(NiftiError::Header {
                    field: "datatype",
                    found: other.to_string(),
                    allowed: "integers of 8 to 64 bits and reals of 32 and 64",
                });
            }
        };
        let count: u64 = voxels.iter().map(|n| *n as u64).product();
        if count > MOST_VOXELS {
            return Err(NiftiError::Header {
                field: "number of voxels",
                found: count.to_string(),
                allowed: "at most 8589934592",
            });
        }
        let offset = f64::from(f32_at(108));
        if !(352.0..=1e9).contains(&offset) || offset.fract() != 0.0 {
            return Err(NiftiError::Header {
                field: "voxel offset",
                found: offset.to_string(),
                allowed: "a whole number, 352 or more",
            });
        }
        let skipped = offset as u64 - HEADER as u64;
        std::io::copy(&mut (&mut stream).take(skipped), &mut std::io::sink())
            .map_err(|e| failed(&e))?;
        let wanted = count * width;
        let mut raw = Vec::new();
        stream
            .take(wanted)
            .read_to_end(&mut raw)
            .map_err(|e| failed(&e))?;
        if (raw.len() as u64) < wanted {
            return Err(NiftiError::Truncated {
                wanted,
                found: raw.len() as u64,
            });
        }
        let (mut slope, intercept) = (f64::from(f32_at(112)), f64::from(f32_at(116)));
        let scaled = slope != 0.0 && slope.is_finite() && intercept.is_finite();
        if !scaled {
            slope = 1.0;
        }
        let intercept = if scaled { intercept } else { 0.0 };
        let mut values = Vec::with_capacity(count as usize);
        for (i, b) in raw.chunks_exact(width as usize).enumerate() {
            let mut b = b.to_vec();
            if big_endian {
                b.reverse();
            }
            let value = match kind {
                2 => f64::from(b[0]),
                256 => f64::from(b[0] as i8),
                4 => f64::from(i16::from_le_bytes(array(&b, 0))),
                512 => f64::from(u16::from_le_bytes(array(&b, 0))),
                8 => f64::from(i32::from_le_bytes(array(&b, 0))),
                768 => f64::from(u32::from_le_bytes(array(&b, 0))),
                16 => f64::from(f32::from_le_bytes(array(&b, 0))),
                64 => f64::from_le_bytes(array(&b, 0)),
                1024 => i64::from_le_bytes(array(&b, 0)) as f64,
                _ => u64::from_le_bytes(array(&b, 0)) as f64,
            };
            let value = (slope * value + intercept) as f32;
            if !value.is_finite() {
                return Err(NiftiError::NotFinite {
                    at: [
                        i % voxels[0],
                        i / voxels[0] % voxels[1],
                        i / (voxels[0] * voxels[1]),
                    ],
                });
            }
            values.push(value);
        }
        let origin = std::array::from_fn(|k| f64::from(f32_at(268 + 4 * k)));
        Ok(Self {
            volume: Volume {
                name: "scan".to_owned(),
                unit: String::new(),
                voxels,
                spacing,
                origin,
                values,
            },
            header,
            big_endian,
            gzip,
        })
    }

    /// The file's bytes with other values (one a voxel, f32) in the same geometry, byte order and compression.
    /// # Errors
    /// [`NiftiError::Gzip`].
    pub fn with_values(&self, values: &[f32], description: &str) -> Result<Vec<u8>, NiftiError> {
        let mut bytes = self.header.clone();
        let put2 = |bytes: &mut Vec<u8>, at: usize, v: i16| {
            let b = if self.big_endian {
                v.to_be_bytes()
            } else {
                v.to_le_bytes()
            };
            bytes[at..at + 2].copy_from_slice(&b);
        };
        let four = |v: f32| {
            if self.big_endian {
                v.to_be_bytes()
            } else {
                v.to_le_bytes()
            }
        };
        put2(&mut bytes, 70, 16);
        put2(&mut bytes, 72, 32);
        bytes[108..112].copy_from_slice(&four(352.0));
        bytes[112..116].copy_from_slice(&four(1.0));
        bytes[116..120].copy_from_slice(&four(0.0));
        let largest = values.iter().copied().fold(0.0, f32::max);
        bytes[124..128].copy_from_slice(&four(largest));
        bytes[128..132].copy_from_slice(&four(0.0));
        let mut text = [0u8; 80];
        for (to, from) in text.iter_mut().take(79).zip(description.bytes()) {
            *to = from;
        }
        bytes[148..228].copy_from_slice(&text);
        bytes.extend([0; 4]);
        bytes.extend(values.iter().flat_map(|v| four(*v)));
        if !self.gzip {
            return Ok(bytes);
        }
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder
            .write_all(&bytes)
            .and_then(|()| encoder.finish())
            .map_err(|e| NiftiError::Gzip(e.to_string()))
    }

    /// A new little-endian file of f32 values.
    pub fn new(volume: Volume, gzip: bool) -> Self {
        let mut header = vec![0u8; HEADER];
        let mut put = |at: usize, b: &[u8]| header[at..at + b.len()].copy_from_slice(b);
        put(0, &348i32.to_le_bytes());
        put(40, &3i16.to_le_bytes());
        for k in 0..7 {
            let n = volume.voxels.get(k).map_or(1, |n| *n as i16);
            put(42 + 2 * k, &n.to_le_bytes());
        }
        put(70, &16i16.to_le_bytes());
        put(72, &32i16.to_le_bytes());
        put(76, &1f32.to_le_bytes());
        for k in 0..3 {
            put(80 + 4 * k, &(volume.spacing[k] as f32).to_le_bytes());
            put(268 + 4 * k, &(volume.origin[k] as f32).to_le_bytes());
            let mut row = [0u8; 16];
            row[4 * k..4 * k + 4].copy_from_slice(&(volume.spacing[k] as f32).to_le_bytes());
            row[12..].copy_from_slice(&(volume.origin[k] as f32).to_le_bytes());
            put(280 + 16 * k, &row);
        }
        // Millimetres; scanner coordinates in both transforms.
        put(123, &[2]);
        put(252, &1i16.to_le_bytes());
        put(254, &1i16.to_le_bytes());
        put(108, &352f32.to_le_bytes());
        put(112, &1f32.to_le_bytes());
        put(344, b"n+1\0");
        Self {
            volume,
            header,
            big_endian: false,
            gzip,
        }
    }
}
