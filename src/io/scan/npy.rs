//! NumPy arrays (.npy) of shape (z, y, x).

use npyz::{NpyHeader, Order, TypeChar};

use super::error::{ScanError, bad};
use super::voxels::{Content, Layout, Number, Reading};
use crate::volume::{Axes, Volume};

fn not_this(why: impl Into<String>) -> ScanError {
    ScanError::NotThis {
        format: "NumPy",
        why: why.into(),
    }
}

/// The header, and what follows it.
fn header(bytes: &[u8]) -> Result<(NpyHeader, &[u8]), ScanError> {
    // The length that the header gives itself, so that a lie about it is found before room is made.
    let length = match bytes {
        [0x93, b'N', b'U', b'M', b'P', b'Y', 1, _, a, b, ..] => {
            10 + usize::from(u16::from_le_bytes([*a, *b]))
        }
        [0x93, b'N', b'U', b'M', b'P', b'Y', 2 | 3, _, a, b, c, d, ..] => {
            12usize.saturating_add(u32::from_le_bytes([*a, *b, *c, *d]) as usize)
        }
        _ => return Err(not_this("it does not begin with NUMPY")),
    };
    if length > bytes.len() {
        return Err(not_this("its header does not end"));
    }
    let mut stream = bytes;
    let header = NpyHeader::from_reader(&mut stream).map_err(|e| {
        // The parser's words go over several lines and draw the place with dashes.
        let words = e.to_string();
        let first = words.lines().next().unwrap_or_default();
        not_this(format!(
            "its header is broken ({})",
            first.trim_end_matches(':')
        ))
    })?;
    Ok((header, stream))
}

/// How a number is stored, and whether with its highest byte first.
fn number(header: &NpyHeader) -> Result<(Number, bool), ScanError> {
    let npyz::DType::Plain(kind) = header.dtype() else {
        return Err(bad("dtype", "a record", "one number a voxel"));
    };
    let number = match (kind.type_char(), kind.size_field()) {
        (TypeChar::Bool | TypeChar::Uint, 1) => Number::U8,
        (TypeChar::Int, 1) => Number::I8,
        (TypeChar::Uint, 2) => Number::U16,
        (TypeChar::Int, 2) => Number::I16,
        (TypeChar::Uint, 4) => Number::U32,
        (TypeChar::Int, 4) => Number::I32,
        (TypeChar::Uint, 8) => Number::U64,
        (TypeChar::Int, 8) => Number::I64,
        (TypeChar::Float, 4) => Number::F32,
        (TypeChar::Float, 8) => Number::F64,
        _ => {
            return Err(bad(
                "dtype",
                kind,
                "bool, integers of 8 to 64 bits, float32, float64",
            ));
        }
    };
    Ok((number, kind.endianness() == npyz::Endianness::Big))
}

pub(super) fn read(bytes: &[u8], reading: &Reading) -> Result<Content, ScanError> {
    let (header, stream) = header(bytes)?;
    let shape = header.shape().to_vec();
    let Ok([z, y, x]) = <[u64; 3]>::try_from(shape.clone()) else {
        return Err(bad(
            "shape",
            format!("{shape:?}"),
            "three dimensions (z, y, x)",
        ));
    };
    let (number, big_endian) = number(&header)?;
    let order = header.order();
    // The order in memory, fastest first.
    let voxels = match order {
        Order::C => [x, y, z],
        Order::Fortran => [z, y, x],
    }
    .map(|n| n as usize);
    let layout = Layout {
        voxels,
        spacing: [1.0; 3],
        origin: [0.0; 3],
        axes: Axes::UNKNOWN,
        number,
        big_endian,
        scaling: None,
        reading: *reading,
    };
    let content = layout.all_of(stream)?;
    Ok(match order {
        Order::C => content,
        Order::Fortran => turned(content, voxels),
    })
}

/// Voxels whose last axis runs fastest, with their first one fastest.
fn turned(content: Content, [nz, ny, nx]: [usize; 3]) -> Content {
    let turned = || crate::volume::each([nx, ny, nz]).map(|at| at[2] + nz * (at[1] + ny * at[0]));
    let values = turned().map(|i| content.volume.values[i]).collect();
    let bone = content
        .bone
        .as_ref()
        .map(|bone| turned().map(|i| bone[i]).collect());
    Content {
        volume: Volume {
            voxels: [nx, ny, nz],
            values,
            ..content.volume
        },
        bone,
        notes: content.notes,
    }
}
