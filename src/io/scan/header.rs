//! What headers of all formats have in common.

use super::error::{ScanError, bad};
use super::gzip::GZIP;

/// A header of text ends within this many bytes.
pub(super) const MOST_HEADER: usize = 4 << 20;

/// How many of a unit of length make a millimetre; lengths are divided by it, which keeps 39 µm at
/// 0.039 mm.
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

/// Values as little-endian f32.
pub(super) fn raw_f32(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// Refuses a key that a header gives twice with different values: readers differ in which one they
/// take.
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

/// The next line of a header of text, with `rest` of the file moved behind it; the last may end
/// without a line feed. `whole` is the file, of which a header takes [`MOST_HEADER`] at most.
pub(super) fn next_line(
    format: &'static str,
    whole: &[u8],
    rest: &mut &[u8],
) -> Result<String, ScanError> {
    let end = rest.iter().position(|b| *b == b'\n');
    let line = &rest[..end.unwrap_or(rest.len())];
    if whole.len() - rest.len() + line.len() > MOST_HEADER {
        return Err(ScanError::NotThis {
            format,
            why: format!("its header does not end within {} MiB", MOST_HEADER >> 20),
        });
    }
    *rest = &rest[end.map_or(rest.len(), |e| e + 1)..];
    Ok(line_of(line))
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
        _ if begins(&GZIP) => "packed by gzip (unpack it first)",
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
