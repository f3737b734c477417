//! NRRD (.nrrd, .nhdr with its file of voxels): "field: value" lines, a blank one, then voxels.

use std::io::{Read, Write as _};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::scan::{Layout, Number, ScanError, bad, broken, parted, raw_f32, units_per_mm};
use crate::volume::Volume;

/// A header ends within this many bytes.
const MOST_HEADER: usize = 1 << 16;

/// Fields that describe the old values and go with them; where they lie in space stays.
const OLD: [&str; 14] = [
    "type",
    "endian",
    "content",
    "data file",
    "datafile",
    "byte skip",
    "byteskip",
    "line skip",
    "lineskip",
    "min",
    "max",
    "old min",
    "old max",
    "blocksize",
];

/// The lines of a header, in order, magic and comments among them.
#[derive(Debug, Clone)]
pub(super) struct Header {
    lines: Vec<String>,
    gzip: bool,
}

fn not_this(why: impl Into<String>) -> ScanError {
    ScanError::NotThis {
        format: "NRRD",
        why: why.into(),
    }
}

/// `(1,2,3)` as a vector.
fn vector(text: &str) -> Option<Vec<f64>> {
    text.trim()
        .strip_prefix('(')?
        .strip_suffix(')')?
        .split(',')
        .map(|w| w.trim().parse().ok())
        .collect()
}

pub(super) fn read(
    bytes: &[u8],
    beside: &dyn Fn(&str) -> Result<Vec<u8>, ScanError>,
    most: u64,
) -> Result<(Volume, Header), ScanError> {
    if !bytes.starts_with(b"NRRD000") {
        return Err(not_this("it does not begin with NRRD000"));
    }
    let mut lines: Vec<String> = Vec::new();
    let mut at = 0;
    loop {
        let rest = &bytes[at..bytes.len().min(MOST_HEADER)];
        if rest.is_empty() && at == bytes.len() {
            // A detached header may end with its last field.
            break;
        }
        let end = rest.iter().position(|b| *b == b'\n');
        if end.is_none() && bytes.len() > MOST_HEADER {
            return Err(not_this("its header does not end"));
        }
        let stop = end.unwrap_or(rest.len());
        let line = std::str::from_utf8(&rest[..stop])
            .or(Err(not_this("its header is no text")))?
            .trim_end_matches('\r');
        at += stop + usize::from(end.is_some());
        if line.is_empty() {
            break;
        }
        lines.push(line.to_owned());
    }
    let get = |field: &str| {
        lines
            .iter()
            .filter(|l| !l.starts_with('#'))
            .filter_map(|l| l.split_once(": "))
            .find(|(key, _)| key.trim().eq_ignore_ascii_case(field))
            .map(|(_, value)| value.trim())
    };
    let need = |field: &str| get(field).unwrap_or("missing");
    if need("dimension") != "3" {
        return Err(bad("dimension", need("dimension"), "3"));
    }
    let sizes = need("sizes");
    let voxels: [usize; 3] = sizes
        .split_whitespace()
        .map(|w| w.parse().ok())
        .collect::<Option<Vec<usize>>>()
        .and_then(|v| v.try_into().ok())
        .ok_or_else(|| bad("sizes", sizes, "three whole numbers, 1 or more"))?;
    // "mm" "mm" "mm": of the axes for `spacings`, of the space for directions and origin.
    let per_mm = |field: &str| -> Result<[f64; 3], ScanError> {
        let mut per_mm = [1.0; 3];
        let names = get(field).unwrap_or_default().split('"').skip(1).step_by(2);
        for (per_mm, name) in per_mm.iter_mut().zip(names) {
            *per_mm = units_per_mm(field, name)?;
        }
        Ok(per_mm)
    };
    let (axes, space) = (per_mm("units")?, per_mm("space units")?);
    let in_space = |v: &[f64]| -> Vec<f64> { v.iter().zip(space).map(|(x, n)| x / n).collect() };
    let spacing: [f64; 3] = if let Some(text) = get("space directions") {
        text.split(')')
            .filter(|part| !part.trim().is_empty())
            .map(|part| {
                let v = in_space(&vector(&format!("{part})"))?);
                Some(v.iter().map(|x| x * x).sum::<f64>().sqrt())
            })
            .collect::<Option<Vec<f64>>>()
            .and_then(|v| v.try_into().ok())
            .ok_or_else(|| bad("space directions", text, "three vectors, one an axis"))?
    } else if let Some(text) = get("spacings") {
        text.split_whitespace()
            .zip(axes)
            .map(|(w, n)| Some(w.parse::<f64>().ok()? / n))
            .collect::<Option<Vec<f64>>>()
            .and_then(|v| v.try_into().ok())
            .ok_or_else(|| bad("spacings", text, "three numbers"))?
    } else {
        [1.0; 3]
    };
    let origin = get("space origin")
        .and_then(vector)
        .and_then(|v| in_space(&v).try_into().ok())
        .unwrap_or([0.0; 3]);
    let kind = need("type").to_ascii_lowercase();
    let number = match kind.as_str() {
        "uchar" | "unsigned char" | "uint8" | "uint8_t" => Number::U8,
        "signed char" | "int8" | "int8_t" => Number::I8,
        "ushort" | "unsigned short" | "unsigned short int" | "uint16" | "uint16_t" => Number::U16,
        "short" | "short int" | "signed short" | "signed short int" | "int16" | "int16_t" => {
            Number::I16
        }
        "uint" | "unsigned int" | "uint32" | "uint32_t" => Number::U32,
        "int" | "signed int" | "int32" | "int32_t" => Number::I32,
        "ulonglong" | "unsigned long long" | "unsigned long long int" | "uint64" | "uint64_t" => {
            Number::U64
        }
        "longlong"
        | "long long"
        | "long long int"
        | "signed long long"
        | "signed long long int"
        | "int64"
        | "int64_t" => Number::I64,
        "float" => Number::F32,
        "double" => Number::F64,
        _ => return Err(bad("type", kind, "integers of 8 to 64 bits, float, double")),
    };
    let big_endian = match get("endian").map(str::to_ascii_lowercase).as_deref() {
        None | Some("little") => false,
        Some("big") => true,
        Some(other) => return Err(bad("endian", other, "little or big")),
    };
    let gzip = match need("encoding").to_ascii_lowercase().as_str() {
        "raw" => false,
        "gzip" | "gz" => true,
        other => return Err(bad("encoding", other, "raw or gzip")),
    };
    let layout = Layout {
        voxels,
        spacing,
        origin,
        number,
        big_endian,
        most,
    };
    let wanted = layout.bytes()?;
    let line_skip = get("line skip").or(get("lineskip")).unwrap_or("0");
    if line_skip != "0" {
        return Err(bad("line skip", line_skip, "0"));
    }
    let other;
    let data = match get("data file").or(get("datafile")) {
        None => &bytes[at..],
        Some(file) if file.starts_with("LIST") || file.contains('%') => {
            return Err(bad("data file", file, "the name of one file"));
        }
        Some(file) => {
            other = beside(file)?;
            other.as_slice()
        }
    };
    let skip = get("byte skip").or(get("byteskip")).unwrap_or("0");
    let mut stream: Box<dyn Read> = if gzip {
        Box::new(MultiGzDecoder::new(data))
    } else {
        Box::new(data)
    };
    match skip.parse::<i64>() {
        Ok(-1) if !gzip => {
            stream = Box::new(&data[(data.len() as u64).saturating_sub(wanted) as usize..]);
        }
        Ok(n @ 0..) => {
            std::io::copy(&mut (&mut stream).take(n as u64), &mut std::io::sink())
                .map_err(broken)?;
        }
        _ => return Err(bad("byte skip", skip, "0 or more; -1 in raw files")),
    }
    let volume = layout.read(&mut stream, 1.0, 0.0)?;
    Ok((volume, Header { lines, gzip }))
}

impl Header {
    pub(super) fn knows_spacing(&self) -> bool {
        let names = ["space directions", "spacings"];
        let mut fields = self.lines.iter().filter_map(|l| l.split_once(": "));
        fields.any(|(k, _)| names.contains(&k.trim().to_ascii_lowercase().as_str()))
    }

    pub(super) fn with_values(
        &self,
        name: &str,
        beside: Option<String>,
        values: &[f32],
        description: &str,
    ) -> Result<Vec<(String, Vec<u8>)>, ScanError> {
        let mut data = raw_f32(values);
        if self.gzip {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            data = encoder
                .write_all(&data)
                .and_then(|()| encoder.finish())
                .map_err(broken)?;
        }
        let mut text = String::new();
        for line in &self.lines {
            let key = line
                .split_once(": ")
                .map(|(k, _)| k.trim().to_ascii_lowercase());
            if !line.starts_with('#') && key.is_some_and(|k| OLD.contains(&k.as_str())) {
                continue;
            }
            text.push_str(line);
            text.push('\n');
        }
        text.extend(["type: float\nendian: little\ncontent: ", description, "\n"]);
        if let Some(file) = &beside {
            text.extend(["data file: ", file, "\n"]);
        }
        text.push('\n');
        Ok(parted(name, text, beside, data))
    }
}
