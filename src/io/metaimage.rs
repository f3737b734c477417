//! MetaImage (.mha, .mhd with its file of voxels): "key = value" lines, then voxels.

use std::io::Write as _;

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use super::scan::{Layout, Number, ScanError, bad, broken, parted, raw_f32, units_per_mm};
use crate::volume::Volume;

/// A header ends within this many bytes.
const MOST_HEADER: usize = 1 << 16;

/// The lines of a header, in order.
#[derive(Debug, Clone)]
pub(super) struct Header {
    lines: Vec<(String, String)>,
    compressed: bool,
}

fn not_this(why: impl Into<String>) -> ScanError {
    ScanError::NotThis {
        format: "MetaImage",
        why: why.into(),
    }
}

fn numbers<T: std::str::FromStr>(text: &str) -> Option<Vec<T>> {
    text.split_whitespace().map(|w| w.parse().ok()).collect()
}

pub(super) fn read(
    bytes: &[u8],
    beside: &dyn Fn(&str) -> Result<Vec<u8>, ScanError>,
    most: u64,
) -> Result<(Volume, Header), ScanError> {
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut at = 0;
    // ElementDataFile is the last line; voxels may follow at once.
    while lines.last().is_none_or(|(key, _)| key != "ElementDataFile") {
        let rest = &bytes[at..bytes.len().min(MOST_HEADER)];
        let Some(end) = rest.iter().position(|b| *b == b'\n') else {
            // A header file may end without a line feed.
            let Ok(last) = std::str::from_utf8(rest) else {
                return Err(not_this("its header does not end"));
            };
            let Some((key, value)) = last
                .split_once('=')
                .filter(|(k, _)| k.trim() == "ElementDataFile")
            else {
                return Err(not_this("its header has no line ElementDataFile"));
            };
            lines.push((key.trim().to_owned(), value.trim().to_owned()));
            at = bytes.len();
            break;
        };
        let line = std::str::from_utf8(&rest[..end])
            .ok()
            .and_then(|l| l.split_once('='))
            .ok_or_else(|| {
                not_this(format!(
                    "line {} of its header is not 'key = value'",
                    lines.len() + 1
                ))
            })?;
        lines.push((line.0.trim().to_owned(), line.1.trim().to_owned()));
        at += end + 1;
    }
    let get = |key: &str| {
        lines
            .iter()
            .find(|(k, _)| k == key)
            .map(|(_, value)| value.as_str())
    };
    let is = |key: &str| get(key).is_some_and(|v| v.eq_ignore_ascii_case("true"));
    let dimensions = get("NDims").unwrap_or("missing");
    if dimensions != "3" {
        return Err(bad("NDims", dimensions, "3"));
    }
    let three = |key: &str| -> Result<[f64; 3], ScanError> {
        let text = get(key).unwrap_or("missing");
        numbers::<f64>(text)
            .and_then(|v| v.try_into().ok())
            .ok_or_else(|| bad(key, text, "three numbers"))
    };
    let voxels: [usize; 3] = {
        let text = get("DimSize").unwrap_or("missing");
        numbers::<usize>(text)
            .and_then(|v| v.try_into().ok())
            .ok_or_else(|| bad("DimSize", text, "three whole numbers, 1 or more"))?
    };
    let spacing = if get("ElementSpacing").is_some() {
        three("ElementSpacing")?
    } else if get("ElementSize").is_some() {
        three("ElementSize")?
    } else {
        [1.0; 3]
    };
    let origin = ["Offset", "Position", "Origin"]
        .into_iter()
        .find(|k| get(k).is_some())
        .map_or(Ok([0.0; 3]), three)?;
    let per_mm = units_per_mm("DistanceUnits", get("DistanceUnits").unwrap_or_default())?;
    let kind = get("ElementType").unwrap_or("missing");
    let number = match kind {
        "MET_UCHAR" => Number::U8,
        "MET_CHAR" => Number::I8,
        "MET_USHORT" => Number::U16,
        "MET_SHORT" => Number::I16,
        "MET_UINT" | "MET_ULONG" => Number::U32,
        "MET_INT" | "MET_LONG" => Number::I32,
        "MET_ULONG_LONG" => Number::U64,
        "MET_LONG_LONG" => Number::I64,
        "MET_FLOAT" => Number::F32,
        "MET_DOUBLE" => Number::F64,
        _ => {
            return Err(bad(
                "ElementType",
                kind,
                "MET_UCHAR to MET_LONG_LONG, MET_FLOAT, MET_DOUBLE",
            ));
        }
    };
    if get("ElementNumberOfChannels").is_some_and(|n| n != "1") {
        return Err(bad(
            "ElementNumberOfChannels",
            get("ElementNumberOfChannels").unwrap_or_default(),
            "1",
        ));
    }
    if get("BinaryData").is_some_and(|b| !b.eq_ignore_ascii_case("true")) {
        return Err(bad("BinaryData", "False", "True"));
    }
    let layout = Layout {
        voxels,
        spacing: spacing.map(|s| s / per_mm),
        origin: origin.map(|x| x / per_mm),
        number,
        big_endian: is("BinaryDataByteOrderMSB") || is("ElementByteOrderMSB"),
        most,
    };
    let wanted = layout.bytes()?;
    let file = get("ElementDataFile").unwrap_or_default();
    let other;
    let data = if file.eq_ignore_ascii_case("LOCAL") {
        &bytes[at..]
    } else if file.is_empty() || file.starts_with("LIST") || file.contains('%') {
        return Err(bad(
            "ElementDataFile",
            file,
            "LOCAL or the name of one file",
        ));
    } else {
        other = beside(file)?;
        let skip = get("HeaderSize").unwrap_or("0");
        let skipped = match skip.parse::<i64>() {
            // All but the last bytes.
            Ok(-1) => (other.len() as u64).saturating_sub(wanted) as usize,
            Ok(n @ 0..) => (n as usize).min(other.len()),
            _ => return Err(bad("HeaderSize", skip, "-1 or more")),
        };
        &other[skipped..]
    };
    let compressed = is("CompressedData");
    let volume = if compressed {
        layout.read(&mut ZlibDecoder::new(data), 1.0, 0.0)?
    } else {
        layout.volume(data, 1.0, 0.0)?
    };
    Ok((volume, Header { lines, compressed }))
}

impl Header {
    pub(super) fn knows_spacing(&self) -> bool {
        let names = ["ElementSpacing", "ElementSize"];
        self.lines.iter().any(|(k, _)| names.contains(&k.as_str()))
    }

    pub(super) fn with_values(
        &self,
        name: &str,
        beside: Option<String>,
        values: &[f32],
    ) -> Result<Vec<(String, Vec<u8>)>, ScanError> {
        let mut data = raw_f32(values);
        if self.compressed {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
            data = encoder
                .write_all(&data)
                .and_then(|()| encoder.finish())
                .map_err(broken)?;
        }
        let size = data.len().to_string();
        let mut text = String::new();
        for (key, value) in &self.lines {
            let value = match key.as_str() {
                "ElementType" => "MET_FLOAT",
                "BinaryDataByteOrderMSB" | "ElementByteOrderMSB" => "False",
                "ElementMin" | "ElementMax" | "HeaderSize" => continue,
                "CompressedDataSize" => &size,
                "ElementDataFile" => beside.as_deref().unwrap_or("LOCAL"),
                _ => value,
            };
            text.extend([key, " = ", value, "\n"]);
        }
        Ok(parted(name, text, beside, data))
    }
}
