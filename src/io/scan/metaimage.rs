//! MetaImage (.mha, .mhd with its file of voxels): "key = value" lines, then voxels.

use std::io::Write as _;

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use super::error::{ScanError, bad, broken};
use super::header::{next_line, once, parted, raw_f32, units_per_mm};
use super::voxels::{Content, Layout, Number, Reading};
use crate::volume::{Axes, BodyAxis, Volume};

/// What describes the old values and goes with them; where they lie in space stays.
const OLD: [&str; 6] = [
    "ElementMin",
    "ElementMax",
    "ElementToIntensityFunctionSlope",
    "ElementToIntensityFunctionOffset",
    "HeaderSize",
    "Modality",
];

/// Keys that give the order of bytes.
const ORDERS: [&str; 2] = ["BinaryDataByteOrderMSB", "ElementByteOrderMSB"];

/// Keys and values, in order.
type Lines = Vec<(String, String)>;

/// The lines of a header, in order.
#[derive(Debug, Clone)]
pub(super) struct Header {
    lines: Lines,
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

/// The lines up to the one that says where the voxels are, which is the last, and what follows it.
fn header(bytes: &[u8]) -> Result<(Lines, &[u8]), ScanError> {
    let mut lines = Lines::new();
    let mut rest = bytes;
    let mut number = 0;
    while lines.last().is_none_or(|(key, _)| key != "ElementDataFile") {
        number += 1;
        if rest.is_empty() {
            return Err(not_this("its header has no line ElementDataFile"));
        }
        let line = next_line("MetaImage", bytes, &mut rest)?;
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((key, value)) = line.split_once('=').filter(|_| !line.contains('\0')) else {
            return Err(not_this(format!(
                "line {number} of its header is not 'key = value'"
            )));
        };
        lines.push((key.trim().to_owned(), value.trim().to_owned()));
    }
    Ok((lines, rest))
}

/// The keys of a header.
struct Keys<'a>(&'a Lines);

impl<'a> Keys<'a> {
    fn get(&self, key: &str) -> Option<&'a str> {
        let found = self.0.iter().find(|(k, _)| k == key);
        found.map(|(_, value)| value.as_str())
    }

    fn need(&self, key: &str) -> &'a str {
        self.get(key).unwrap_or("missing")
    }

    fn is(&self, key: &str) -> bool {
        self.get(key)
            .is_some_and(|v| v.starts_with(['T', 't', '1']))
    }

    fn three(&self, key: &str) -> Result<[f64; 3], ScanError> {
        let text = self.need(key);
        numbers::<f64>(text)
            .and_then(|v| v.try_into().ok())
            .ok_or_else(|| bad(key, text, "three numbers"))
    }

    fn voxels(&self) -> Result<[usize; 3], ScanError> {
        let dimensions = self.need("NDims");
        if dimensions != "3" {
            return Err(bad("NDims", dimensions, "3"));
        }
        let text = self.need("DimSize");
        numbers::<usize>(text)
            .and_then(|v| v.try_into().ok())
            .ok_or_else(|| bad("DimSize", text, "three whole numbers, 1 or more"))
    }

    /// Edges of a voxel, in the file's unit.
    fn spacing(&self, notes: &mut Vec<String>) -> Result<[f64; 3], ScanError> {
        let Some(spacing) = self.get("ElementSpacing") else {
            let size = self.get("ElementSize");
            return size.map_or(Ok([1.0; 3]), |_| self.three("ElementSize"));
        };
        let taken = self.three("ElementSpacing")?;
        if let Some(size) = self.get("ElementSize")
            && self.three("ElementSize")?.map(f64::to_bits) != taken.map(f64::to_bits)
        {
            notes.push(format!(
                "its header gives two edges of a voxel, ElementSpacing {spacing} and ElementSize {size}; the spacing is taken"
            ));
        }
        Ok(taken)
    }

    /// Tells of scaling that ITK leaves out, and so does this.
    fn tell_scaling(&self, notes: &mut Vec<String>) {
        for (key, none) in [
            ("ElementToIntensityFunctionSlope", 1.0),
            ("ElementToIntensityFunctionOffset", 0.0),
        ] {
            if let Some(value) = self.get(key).filter(|s| s.parse() != Ok(none)) {
                notes.push(format!(
                    "its {key} of {value} is left out, as ITK leaves it out"
                ));
            }
        }
    }

    fn number(&self) -> Result<Number, ScanError> {
        let channels = self.get("ElementNumberOfChannels").unwrap_or("1");
        if channels != "1" {
            return Err(bad("ElementNumberOfChannels", channels, "1"));
        }
        if self.get("BinaryData").is_some() && !self.is("BinaryData") {
            return Err(bad("BinaryData", "False", "True"));
        }
        let kind = self.need("ElementType");
        Ok(match kind {
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
        })
    }

    /// Whether numbers lie in memory with their highest byte first.
    fn big_endian(&self, number: Number, notes: &mut Vec<String>) -> Result<bool, ScanError> {
        let of = |key: &&'static str| Some((*key, self.get(key)?));
        let said: Vec<(&str, &str)> = ORDERS.iter().filter_map(of).collect();
        if number.bytes() > 1 && said.is_empty() {
            notes.push(
                "its header does not say the order of bytes (BinaryDataByteOrderMSB); little-endian is taken".to_owned(),
            );
        }
        for (key, value) in &said {
            if !value.starts_with(['T', 't', '1', 'F', 'f', '0']) {
                return Err(bad(*key, value, "True or False"));
            }
        }
        if said.len() == 2 && self.is(said[0].0) != self.is(said[1].0) {
            return Err(bad(
                said[0].0,
                format!("{}, and {} {}", said[0].1, said[1].0, said[1].1),
                "one order of bytes",
            ));
        }
        Ok(ORDERS.iter().any(|k| self.is(k)))
    }

    fn layout(&self, reading: &Reading, notes: &mut Vec<String>) -> Result<Layout, ScanError> {
        let voxels = self.voxels()?;
        let per_mm = units_per_mm(
            "DistanceUnits",
            self.get("DistanceUnits").unwrap_or_default(),
        )?;
        let spacing = self.spacing(notes)?.map(|s| s / per_mm);
        let origin = ["Offset", "Position", "Origin"]
            .into_iter()
            .find(|k| self.get(k).is_some())
            .map_or(Ok([0.0; 3]), |key| self.three(key))?;
        // The centre of the first voxel, to the left and to the back: here it is right and front.
        let [x, y, z] = origin.map(|x| x / per_mm);
        let axes = axes(&|key| self.get(key), notes)?;
        self.tell_scaling(notes);
        let number = self.number()?;
        Ok(Layout {
            voxels,
            spacing,
            origin: Volume::corner_of([-x, -y, z], &axes, spacing),
            axes,
            number,
            big_endian: self.big_endian(number, notes)?,
            scaling: None,
            reading: *reading,
        })
    }

    /// The voxels' bytes in the file that the header names; none where they stand behind the
    /// header.
    fn data(
        &self,
        wanted: u64,
        beside: &dyn Fn(&str) -> Result<Vec<u8>, ScanError>,
    ) -> Result<Option<Vec<u8>>, ScanError> {
        let file = self.get("ElementDataFile").unwrap_or_default();
        if file.eq_ignore_ascii_case("LOCAL") {
            return Ok(None);
        }
        if file.is_empty() || file.starts_with("LIST") || file.contains('%') {
            return Err(bad(
                "ElementDataFile",
                file,
                "LOCAL or the name of one file",
            ));
        }
        let mut other = beside(file)?;
        let skip = self.get("HeaderSize").unwrap_or("0");
        let skipped = match skip.parse::<i64>() {
            // All but the last bytes.
            Ok(-1) => (other.len() as u64).saturating_sub(wanted) as usize,
            Ok(n @ 0..) => (n as usize).min(other.len()),
            _ => return Err(bad("HeaderSize", skip, "-1 or more")),
        };
        Ok(Some(other.split_off(skipped)))
    }
}

pub(super) fn read(
    bytes: &[u8],
    beside: &dyn Fn(&str) -> Result<Vec<u8>, ScanError>,
    reading: &Reading,
) -> Result<(Content, Header), ScanError> {
    let (lines, local) = header(bytes)?;
    once(
        lines
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .filter(|(k, _)| *k != "Comment"),
    )?;
    let keys = Keys(&lines);
    let mut notes = Vec::new();
    let layout = keys.layout(reading, &mut notes)?;
    let other = keys.data(layout.bytes()?, beside)?;
    let data = other.as_deref().unwrap_or(local);
    let compressed = keys.is("CompressedData");
    let mut content = if compressed {
        layout.read(&mut ZlibDecoder::new(data))?
    } else {
        layout.all_of(data)?
    };
    notes.append(&mut content.notes);
    Ok((Content { notes, ..content }, Header { lines, compressed }))
}

/// The axes by TransformMatrix, a row an axis, as ITK reads it; unknown where there is none.
fn axes<'a>(
    get: &dyn Fn(&str) -> Option<&'a str>,
    notes: &mut Vec<String>,
) -> Result<Axes, ScanError> {
    // MetaImage counts to the left and to the back.
    let to_body = |v: &[f64]| [-v[0], -v[1], v[2]];
    let names = ["TransformMatrix", "Rotation", "Orientation"];
    let Some((key, text)) = names.iter().find_map(|k| Some((*k, get(k)?))) else {
        if let Some(said) = get("AnatomicalOrientation").filter(|s| !s.contains('?')) {
            notes.push(format!(
                "its AnatomicalOrientation {said} is left out, as ITK leaves it out, and there is no TransformMatrix"
            ));
        }
        let usual = [[-1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 1.0]];
        return Ok(Axes {
            directions: usual,
            known: false,
        });
    };
    let rows = numbers::<f64>(text)
        .filter(|m| m.len() == 9)
        .ok_or_else(|| bad(key, text, "nine numbers"))?;
    let vectors = std::array::from_fn(|k| to_body(&rows[3 * k..3 * k + 3]));
    let Some((axes, lengths)) = Axes::along(vectors, true) else {
        return Err(bad(key, text, "three directions that span a volume"));
    };
    if lengths.iter().any(|l| (l - 1.0).abs() > 1e-3) {
        notes.push(format!(
            "the rows of its {key} are no unit vectors; only their directions are taken"
        ));
    }
    // The letters name where each axis begins.
    let letters = |axis: &BodyAxis| {
        [['L', 'R'], ['P', 'A'], ['I', 'S']][axis.axis][usize::from(axis.backwards)]
    };
    let found: String = axes.nearest().iter().map(letters).collect();
    if let Some(said) = get("AnatomicalOrientation")
        && said.len() == 3
        && !said.contains('?')
        && said != found
    {
        notes.push(format!(
            "its AnatomicalOrientation {said} and its {key} ({found}) disagree; the matrix is taken"
        ));
    }
    Ok(axes)
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
                key if OLD.contains(&key) => continue,
                "ElementType" => "MET_FLOAT",
                "BinaryDataByteOrderMSB" | "ElementByteOrderMSB" => "False",
                "CompressedDataSize" => &size,
                "ElementDataFile" => {
                    // Floats have an order of bytes, even where bytes had none.
                    if !self.lines.iter().any(|(k, _)| ORDERS.contains(&k.as_str())) {
                        text.push_str("BinaryDataByteOrderMSB = False\n");
                    }
                    beside.as_deref().unwrap_or("LOCAL")
                }
                _ => value,
            };
            text.extend([key, " = ", value, "\n"]);
        }
        Ok(parted(name, text, beside, data))
    }
}
