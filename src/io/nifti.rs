//! NIfTI-1 volumes (.nii, .nii.gz), either byte order, written back with the header they came with.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::scan::{Layout, Number, ScanError, bad, broken};
use crate::volume::Volume;

const HEADER: usize = 348;

fn not_this(why: impl Into<String>) -> ScanError {
    ScanError::NotThis {
        format: "NIfTI-1",
        why: why.into(),
    }
}

/// The 348 bytes of a header, and how the file was packed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Header {
    bytes: Vec<u8>,
    big_endian: bool,
    gzip: bool,
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    std::array::from_fn(|k| bytes.get(at + k).copied().unwrap_or_default())
}

/// The shortest number that is stored as this f32: 0.039, not 0.03899999856948853.
fn shortest(value: f64) -> f64 {
    (value as f32).to_string().parse().unwrap_or(value)
}

pub(super) fn read(bytes: &[u8], most: u64) -> Result<(Volume, Header), ScanError> {
    let gzip = bytes.starts_with(&[0x1f, 0x8b]);
    let mut stream: Box<dyn std::io::Read> = if gzip {
        Box::new(MultiGzDecoder::new(bytes))
    } else {
        Box::new(bytes)
    };
    let mut header = Vec::new();
    (&mut stream)
        .take(HEADER as u64)
        .read_to_end(&mut header)
        .map_err(broken)?;
    if header.len() < HEADER {
        return Err(not_this(format!(
            "{} bytes are too few for a header",
            header.len()
        )));
    }
    let big_endian = match array::<4>(&header, 0) {
        [0x5c, 1, 0, 0] => false,
        [0, 0, 1, 0x5c] => true,
        _ => return Err(not_this("it does not begin with the header's length")),
    };
    if &header[344..347] != b"n+1" {
        return Err(not_this("only single files (magic n+1) are read"));
    }
    let i16_at = |at: usize| Number::I16.value(&header[at..at + 2], big_endian) as i16;
    let f32_at = |at: usize| shortest(Number::F32.value(&header[at..at + 4], big_endian));
    let dimensions = i16_at(40);
    if !(3..=7).contains(&dimensions) {
        return Err(bad(
            "number of dimensions",
            dimensions,
            "3 (more if they are 1)",
        ));
    }
    let mut voxels = [0usize; 3];
    for k in 0..usize::from(dimensions.unsigned_abs()) {
        let n = i16_at(42 + 2 * k);
        if let Some(voxels) = voxels.get_mut(k).filter(|_| n >= 1) {
            *voxels = usize::from(n.unsigned_abs());
        } else if n != 1 {
            return Err(bad(
                "dimension",
                format!("{n} along axis {}", k + 1),
                "1 or more along three axes, 1 along any further one",
            ));
        }
    }
    let kind = i16_at(70);
    let number = match kind {
        2 => Number::U8,
        256 => Number::I8,
        4 => Number::I16,
        512 => Number::U16,
        8 => Number::I32,
        768 => Number::U32,
        16 => Number::F32,
        64 => Number::F64,
        1024 => Number::I64,
        1280 => Number::U64,
        other => {
            return Err(bad(
                "datatype",
                other,
                "integers of 8 to 64 bits and reals of 32 and 64",
            ));
        }
    };
    let offset = f32_at(108);
    if !(352.0..=1e9).contains(&offset) || offset.fract() != 0.0 {
        return Err(bad("voxel offset", offset, "a whole number, 352 or more"));
    }
    // Three bits say in what lengths are given; 0 is unknown, and millimetres as NIfTI's readers take it.
    let per_mm = match header[123] & 7 {
        0 | 2 => 1.0,
        1 => 1e-3,
        3 => 1e3,
        other => {
            return Err(bad(
                "unit of length",
                other,
                "0 (unknown), 1 (m), 2 (mm), 3 (micrometres)",
            ));
        }
    };
    let layout = Layout {
        voxels,
        spacing: std::array::from_fn(|k| f32_at(80 + 4 * k) / per_mm),
        origin: std::array::from_fn(|k| f32_at(268 + 4 * k) / per_mm),
        number,
        big_endian,
        most,
    };
    layout.bytes()?;
    let skipped = offset as u64 - HEADER as u64;
    std::io::copy(&mut (&mut stream).take(skipped), &mut std::io::sink()).map_err(broken)?;
    let (slope, intercept) = (f32_at(112), f32_at(116));
    let scaled = slope != 0.0 && slope.is_finite() && intercept.is_finite();
    let volume = if scaled {
        layout.read(&mut stream, slope, intercept)?
    } else {
        layout.read(&mut stream, 1.0, 0.0)?
    };
    Ok((
        volume,
        Header {
            bytes: header,
            big_endian,
            gzip,
        },
    ))
}

impl Header {
    /// The file's bytes with other values (one a voxel, f32) in the same geometry, byte order and compression.
    pub(super) fn with_values(
        &self,
        values: &[f32],
        description: &str,
    ) -> Result<Vec<u8>, ScanError> {
        let mut bytes = self.bytes.clone();
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
            .map_err(broken)
    }

    /// Of a new little-endian file of f32 values.
    pub(super) fn new(volume: &Volume, gzip: bool) -> Self {
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
            bytes: header,
            big_endian: false,
            gzip,
        }
    }
}
