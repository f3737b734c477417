//! NRRD (.nrrd, .nhdr with its file of voxels): "field: value" lines, a blank one, then voxels.

use std::io::{Read, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::error::{ScanError, bad, broken};
use super::gzip::Gzip;
use super::header::{line_of, next_line, once, parted, raw_f32, units_per_mm};
use super::voxels::{Content, Layout, Number, Reading};
use crate::volume::{Axes, Volume};

/// Fields that describe the old values and go with them; where they lie in space stays.
const OLD: [&str; 16] = [
    "type",
    "encoding",
    "sample units",
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

/// The lines up to the blank one, and what follows it.
fn header(bytes: &[u8]) -> Result<(Vec<String>, &[u8]), ScanError> {
    let mut lines: Vec<String> = Vec::new();
    let mut rest = bytes;
    // A detached header may end with its last field.
    while !rest.is_empty() {
        let line = next_line("NRRD", bytes, &mut rest)?;
        let line = line.trim_end_matches('\r');
        if line.is_empty() {
            break;
        }
        lines.push(line.to_owned());
    }
    Ok((lines, rest))
}

/// `field: value` of a line; none in comments and in `key:=value`.
fn field(line: &str) -> Option<(String, &str)> {
    // The blank after the colon is the standard's; not everybody keeps to it.
    let (name, value) = line.split_once(':').filter(|_| !line.starts_with('#'))?;
    (!value.starts_with('=')).then(|| (name.trim().to_ascii_lowercase(), value.trim()))
}

/// The signs that turn a space's first two axes to the right and to the front; none where it is not
/// the body's.
fn body_signs(space: &str) -> Option<[f64; 3]> {
    match space.to_ascii_lowercase().as_str() {
        "right-anterior-superior" | "ras" => Some([1.0, 1.0, 1.0]),
        "left-anterior-superior" | "las" => Some([-1.0, 1.0, 1.0]),
        "left-posterior-superior" | "lps" => Some([-1.0, -1.0, 1.0]),
        _ => None,
    }
}

/// The fields of a header.
struct Fields<'a>(Vec<(String, &'a str)>);

impl<'a> Fields<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| *value)
    }

    fn need(&self, name: &str) -> &'a str {
        self.get(name).unwrap_or("missing")
    }

    /// Units of "mm" "mm" "mm": of the axes for `spacings`, of the space for directions and origin.
    fn units_per_mm(&self, field: &str) -> Result<[f64; 3], ScanError> {
        let mut per_mm = [1.0; 3];
        let text = self.get(field).unwrap_or_default();
        let names = text.split('"').skip(1).step_by(2);
        for (per_mm, name) in per_mm.iter_mut().zip(names) {
            *per_mm = units_per_mm(field, name)?;
        }
        Ok(per_mm)
    }

    fn voxels(&self) -> Result<[usize; 3], ScanError> {
        if let Some(kinds) = self.get("kinds") {
            let spatial = ["domain", "space", "none", "???"];
            let other = kinds
                .split_whitespace()
                .find(|k| !spatial.contains(&k.to_ascii_lowercase().as_str()));
            if other.is_some() {
                return Err(bad(
                    "kinds",
                    kinds,
                    "domain or space for each of three axes",
                ));
            }
        }
        if self.need("dimension") != "3" {
            return Err(bad("dimension", self.need("dimension"), "3"));
        }
        let sizes = self.need("sizes");
        sizes
            .split_whitespace()
            .map(|w| w.parse().ok())
            .collect::<Option<Vec<usize>>>()
            .and_then(|v| v.try_into().ok())
            .ok_or_else(|| bad("sizes", sizes, "three whole numbers, 1 or more"))
    }

    /// Axes, edges of a voxel (mm), and centre of the first voxel (mm, along the body where its
    /// space is known).
    fn place(&self, notes: &mut Vec<String>) -> Result<(Axes, [f64; 3], [f64; 3]), ScanError> {
        let (axes, space) = (
            self.units_per_mm("units")?,
            self.units_per_mm("space units")?,
        );
        let spacings = self
            .get("spacings")
            .map(|text| {
                text.split_whitespace()
                    .zip(axes)
                    .map(|(w, n)| Some(w.parse::<f64>().ok()? / n))
                    .collect::<Option<Vec<f64>>>()
                    .and_then(|v| <[f64; 3]>::try_from(v).ok())
                    .ok_or_else(|| bad("spacings", text, "three numbers"))
            })
            .transpose()?;
        let named = self.get("space").and_then(body_signs);
        let signs = named.unwrap_or([1.0; 3]);
        let in_body = |v: &[f64]| -> Option<[f64; 3]> {
            let v = <[f64; 3]>::try_from(v).ok()?;
            Some(std::array::from_fn(|k| signs[k] * (v[k] / space[k])))
        };
        let centre = self
            .get("space origin")
            .and_then(vector)
            .and_then(|v| in_body(&v))
            .unwrap_or([0.0; 3]);
        let Some(text) = self.get("space directions") else {
            return Ok((Axes::UNKNOWN, spacings.unwrap_or([1.0; 3]), centre));
        };
        let vectors = text
            .split(')')
            .filter(|part| !part.trim().is_empty())
            .map(|part| in_body(&vector(&format!("{part})"))?))
            .collect::<Option<Vec<[f64; 3]>>>()
            .and_then(|v| <[[f64; 3]; 3]>::try_from(v).ok())
            .ok_or_else(|| bad("space directions", text, "three vectors, one an axis"))?;
        let (axes, lengths) = Axes::along(vectors, named.is_some()).ok_or_else(|| {
            bad(
                "space directions",
                text,
                "three vectors that span a volume, each as long as an edge of a voxel",
            )
        })?;
        if let Some(other) = spacings
            && (0..3).any(|k| (other[k] - lengths[k]).abs() > 1e-4 * lengths[k])
        {
            notes.push(format!(
                "its header gives two edges of a voxel, spacings {other:?} and space directions {lengths:?} mm; the directions' are taken"
            ));
        }
        Ok((axes, lengths, centre))
    }

    fn number(&self) -> Result<Number, ScanError> {
        let kind = self.need("type").to_ascii_lowercase();
        Ok(match kind.as_str() {
            "uchar" | "unsigned char" | "uint8" | "uint8_t" => Number::U8,
            "signed char" | "int8" | "int8_t" => Number::I8,
            "ushort" | "unsigned short" | "unsigned short int" | "uint16" | "uint16_t" => {
                Number::U16
            }
            "short" | "short int" | "signed short" | "signed short int" | "int16" | "int16_t" => {
                Number::I16
            }
            "uint" | "unsigned int" | "uint32" | "uint32_t" => Number::U32,
            "int" | "signed int" | "int32" | "int32_t" => Number::I32,
            "ulonglong"
            | "unsigned long long"
            | "unsigned long long int"
            | "uint64"
            | "uint64_t" => Number::U64,
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
        })
    }

    fn encoding(&self) -> Result<Encoding, ScanError> {
        match self.need("encoding").to_ascii_lowercase().as_str() {
            "raw" => Ok(Encoding::Raw),
            "gzip" | "gz" => Ok(Encoding::Gzip),
            "ascii" | "text" | "txt" => Ok(Encoding::Text),
            other => Err(bad("encoding", other, "raw, gzip or ascii")),
        }
    }

    fn big_endian(&self, number: Number, encoding: Encoding) -> Result<bool, ScanError> {
        match self.get("endian").map(str::to_ascii_lowercase).as_deref() {
            // The format has no default, and half of all guesses would scramble the voxels.
            None if number.bytes() > 1 && encoding != Encoding::Text => {
                Err(bad("endian", "missing", "little or big"))
            }
            None | Some("little") => Ok(false),
            Some("big") => Ok(true),
            Some(other) => Err(bad("endian", other, "little or big")),
        }
    }

    /// The name of the file that holds the voxels, where it is another.
    fn data_file(&self) -> Result<Option<&'a str>, ScanError> {
        let file = self.get("data file").or(self.get("datafile"));
        match file {
            Some(file) if file.starts_with("LIST") || file.contains('%') => {
                Err(bad("data file", file, "the name of one file"))
            }
            file => Ok(file),
        }
    }

    /// The voxels among `data`.
    fn content(
        &self,
        layout: &Layout,
        encoding: Encoding,
        data: &[u8],
    ) -> Result<Content, ScanError> {
        let line_skip = self.get("line skip").or(self.get("lineskip"));
        if let Some(other) = line_skip.filter(|n| *n != "0") {
            return Err(bad("line skip", other, "0"));
        }
        let skip = self
            .get("byte skip")
            .or(self.get("byteskip"))
            .unwrap_or("0");
        if encoding == Encoding::Text {
            if skip != "0" {
                return Err(bad("byte skip", skip, "0 in ascii files"));
            }
            return layout.text(&line_of(data));
        }
        let mut stream: Box<dyn Read> = if encoding == Encoding::Gzip {
            Box::new(Gzip::new(data))
        } else {
            Box::new(data)
        };
        match skip.parse::<i64>() {
            Ok(-1) if encoding == Encoding::Raw => {
                let first = (data.len() as u64).saturating_sub(layout.bytes()?);
                stream = Box::new(&data[first as usize..]);
            }
            Ok(n @ 0..) => {
                std::io::copy(&mut (&mut stream).take(n as u64), &mut std::io::sink())
                    .map_err(broken)?;
            }
            _ => return Err(bad("byte skip", skip, "0 or more; -1 in raw files")),
        }
        layout.read(&mut stream)
    }
}

/// How voxels are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Raw,
    Gzip,
    Text,
}

pub(super) fn read(
    bytes: &[u8],
    beside: &dyn Fn(&str) -> Result<Vec<u8>, ScanError>,
    reading: &Reading,
) -> Result<(Content, Header), ScanError> {
    if !bytes.starts_with(b"NRRD000") {
        return Err(not_this("it does not begin with NRRD000"));
    }
    let (lines, attached) = header(bytes)?;
    let fields = Fields(lines.iter().filter_map(|l| field(l)).collect());
    once(fields.0.iter().map(|(k, v)| (k.as_str(), *v)))?;
    let mut notes = Vec::new();
    let voxels = fields.voxels()?;
    let (axes, spacing, centre) = fields.place(&mut notes)?;
    let number = fields.number()?;
    let encoding = fields.encoding()?;
    let layout = Layout {
        voxels,
        spacing,
        origin: Volume::corner_of(centre, &axes, spacing),
        axes,
        number,
        big_endian: fields.big_endian(number, encoding)?,
        scaling: None,
        reading: *reading,
    };
    layout.bytes()?;
    let other = fields.data_file()?.map(beside).transpose()?;
    let data = other.as_deref().unwrap_or(attached);
    let mut content = fields.content(&layout, encoding, data)?;
    notes.append(&mut content.notes);
    let gzip = encoding == Encoding::Gzip;
    Ok((Content { notes, ..content }, Header { lines, gzip }))
}

impl Header {
    pub(super) fn knows_spacing(&self) -> bool {
        let names = ["space directions", "spacings"];
        let mut fields = self.lines.iter().filter_map(|l| field(l));
        fields.any(|(k, _)| names.contains(&k.as_str()))
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
            // Keys and values of one's own (segments' names and colours) describe the old voxels
            // too.
            let old = field(line).map_or_else(
                || !line.starts_with('#') && line.contains(":="),
                |(key, _)| OLD.contains(&key.as_str()),
            );
            if old {
                continue;
            }
            text.push_str(line);
            text.push('\n');
        }
        let encoding = if self.gzip { "gzip" } else { "raw" };
        text.extend(["type: float\nendian: little\nencoding: ", encoding]);
        text.extend(["\ncontent: ", description, "\n"]);
        if let Some(file) = &beside {
            text.extend(["data file: ", file, "\n"]);
        }
        text.push('\n');
        Ok(parted(name, text, beside, data))
    }
}
