//! VTK images (.vti): ascii, base64 and raw voxels, plain or compressed by zlib, on cells or
//! points.

use std::io::Read as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::read::ZlibDecoder;

use super::error::{ScanError, bad, broken};
use super::header::{MOST_HEADER, line_of, raw_f32};
use super::voxels::{Content, Layout, Number, Reading};
use crate::volume::Axes;

/// What a new file needs to lie where the old one did.
#[derive(Debug, Clone)]
pub(super) struct Header {
    extent: String,
    origin: String,
    spacing: String,
    knows_spacing: bool,
    direction: Option<String>,
    on_cells: bool,
}

fn not_this(why: impl Into<String>) -> ScanError {
    ScanError::NotThis {
        format: "VTI",
        why: why.into(),
    }
}

fn three<T: std::str::FromStr>(field: &str, text: &str) -> Result<[T; 3], ScanError> {
    text.split_whitespace()
        .map(|w| w.parse().ok())
        .collect::<Option<Vec<T>>>()
        .and_then(|v| v.try_into().ok())
        .ok_or_else(|| bad(field, text, "three numbers"))
}

/// Bytes of the words in which lengths are given, and how to read them.
#[derive(Clone, Copy)]
struct Words {
    wide: bool,
    big_endian: bool,
}

impl Words {
    fn bytes(self) -> usize {
        if self.wide { 8 } else { 4 }
    }

    fn at(self, bytes: &[u8], k: usize) -> Result<usize, ScanError> {
        let n = self.bytes();
        let word = k
            .checked_mul(n)
            .and_then(|from| bytes.get(from..from.checked_add(n)?))
            .ok_or_else(|| ScanError::Compressed("lengths of its blocks end early".to_owned()))?;
        let number = if self.wide { Number::U64 } else { Number::U32 };
        Ok(number.value(word, self.big_endian) as usize)
    }
}

/// Voxels of `bytes` behind their lengths, at most `wanted`.
fn unblock(bytes: &[u8], words: Words, zlib: bool, wanted: u64) -> Result<Vec<u8>, ScanError> {
    let n = words.bytes();
    if !zlib {
        let length = words.at(bytes, 0)?.min(wanted as usize);
        let rest = bytes.get(n..).unwrap_or_default();
        return Ok(rest[..length.min(rest.len())].to_vec());
    }
    let blocks = words.at(bytes, 0)?;
    let mut at = n.saturating_mul(blocks.saturating_add(3));
    let mut out = Vec::new();
    for k in 0..blocks {
        let length = words.at(bytes, 3 + k)?;
        let end = at.saturating_add(length);
        let Some(block) = bytes.get(at..end) else {
            return Err(ScanError::Compressed(
                "compressed blocks end early".to_owned(),
            ));
        };
        let room = wanted - out.len() as u64;
        if room == 0 {
            break;
        }
        ZlibDecoder::new(block)
            .take(room)
            .read_to_end(&mut out)
            .map_err(broken)?;
        at = end;
    }
    Ok(out)
}

/// Base64 voxels: lengths and voxels are encoded apart when compressed, together otherwise.
fn unbase64(text: &[u8], words: Words, zlib: bool) -> Result<Vec<u8>, ScanError> {
    let text: Vec<u8> = text
        .iter()
        .copied()
        .take_while(|b| *b != b'<')
        .filter(|b| !b.is_ascii_whitespace())
        .collect();
    let decode = |part: &[u8]| {
        BASE64_STANDARD
            .decode(part)
            .map_err(|e| ScanError::Compressed(format!("base64 is broken: {e}")))
    };
    let encoded = |bytes: usize| bytes.div_ceil(3) * 4;
    let n = words.bytes();
    let part = |from: usize, bytes: usize| -> Result<Vec<u8>, ScanError> {
        let end = from.saturating_add(encoded(bytes));
        decode(
            text.get(from..end)
                .ok_or_else(|| ScanError::Compressed("base64 ends early".to_owned()))?,
        )
    };
    if !zlib {
        let mut length = part(0, n)?;
        length.truncate(n);
        let whole = n.saturating_add(words.at(&length, 0)?);
        return part(0, whole.min(text.len()).min(text.len() / 4 * 3));
    }
    let blocks = words.at(&part(0, n)?, 0)?;
    let lengths = n.saturating_mul(blocks.saturating_add(3));
    let mut head = part(0, lengths.min(text.len()))?;
    let mut total = 0usize;
    for k in 0..blocks {
        total = total.saturating_add(words.at(&head, 3 + k)?);
    }
    head.truncate(lengths);
    head.extend(part(encoded(lengths), total)?);
    Ok(head)
}

/// The XML of a file, and where its appended data begin. What is appended raw is no XML: the
/// document is closed there.
fn xml(bytes: &[u8]) -> Result<(String, Option<usize>), ScanError> {
    let tag = b"<AppendedData";
    let cut = bytes.windows(tag.len()).position(|w| w == tag);
    let head = line_of(&bytes[..cut.unwrap_or(bytes.len())]);
    if cut.is_none() {
        return Ok((head, None));
    }
    if head.len() > MOST_HEADER {
        return Err(not_this(format!(
            "its header does not end within {} MiB",
            MOST_HEADER >> 20
        )));
    }
    Ok((format!("{head}</VTKFile>"), cut))
}

/// What a document's one image is made of.
struct Image<'a, 'i> {
    root: roxmltree::Node<'a, 'i>,
    node: roxmltree::Node<'a, 'i>,
    array: roxmltree::Node<'a, 'i>,
    on_cells: bool,
    extent: &'a str,
    /// First and last point along each axis.
    ends: [i64; 6],
}

impl<'a, 'i> Image<'a, 'i> {
    fn of(
        document: &'a roxmltree::Document<'i>,
        notes: &mut Vec<String>,
    ) -> Result<Self, ScanError> {
        let root = document.root_element();
        let kind = root.attribute("type");
        if kind != Some("ImageData") {
            return Err(bad("type", kind.unwrap_or("missing"), "ImageData"));
        }
        let all = |name: &'static str| {
            let nodes = document.descendants();
            nodes.filter(move |n| n.has_tag_name(name))
        };
        let image = all("ImageData")
            .next()
            .ok_or_else(|| not_this("it has no ImageData"))?;
        for name in ["ImageData", "CellData", "PointData"] {
            let count = all(name).count();
            if count > 1 {
                return Err(bad(format!("number of {name}"), count, "1"));
            }
        }
        let pieces: Vec<_> = all("Piece").collect();
        let [piece] = pieces[..] else {
            return Err(bad("number of pieces", pieces.len(), "1"));
        };
        let extent = image.attribute("WholeExtent").unwrap_or("missing");
        let ends = extent
            .split_whitespace()
            .map(|w| w.parse().ok())
            .collect::<Option<Vec<i64>>>()
            .and_then(|v| v.try_into().ok())
            .ok_or_else(|| bad("WholeExtent", extent, "six whole numbers"))?;
        let part = piece.attribute("Extent").unwrap_or(extent);
        if !part.split_whitespace().eq(extent.split_whitespace()) {
            return Err(bad("Piece Extent", part, "the WholeExtent"));
        }
        let (on_cells, array) = chosen(all("CellData").next(), all("PointData").next(), notes)?;
        Ok(Self {
            root,
            node: image,
            array,
            on_cells,
            extent,
            ends,
        })
    }

    fn voxels(&self) -> Result<[usize; 3], ScanError> {
        let mut voxels = [0usize; 3];
        for (k, voxels) in voxels.iter_mut().enumerate() {
            *voxels = self.ends[2 * k + 1]
                .checked_sub(self.ends[2 * k])
                .and_then(|n| n.checked_add(i64::from(!self.on_cells)))
                .and_then(|n| usize::try_from(n).ok())
                .filter(|n| *n > 0)
                .ok_or_else(|| {
                    bad(
                        "WholeExtent",
                        self.extent,
                        "at least one voxel along each axis",
                    )
                })?;
        }
        Ok(voxels)
    }

    fn number(&self) -> Result<Number, ScanError> {
        let components = self.array.attribute("NumberOfComponents").unwrap_or("1");
        if components != "1" {
            return Err(bad("NumberOfComponents", components, "1"));
        }
        let kind = self.array.attribute("type").unwrap_or("missing");
        Ok(match kind {
            "UInt8" => Number::U8,
            "Int8" => Number::I8,
            "UInt16" => Number::U16,
            "Int16" => Number::I16,
            "UInt32" => Number::U32,
            "Int32" => Number::I32,
            "UInt64" => Number::U64,
            "Int64" => Number::I64,
            "Float32" => Number::F32,
            "Float64" => Number::F64,
            _ => return Err(bad("array type", kind, "Int8 to UInt64, Float32, Float64")),
        })
    }

    fn axes(&self) -> Result<Axes, ScanError> {
        let Some(text) = self.node.attribute("Direction") else {
            return Ok(Axes::UNKNOWN);
        };
        let rows: Option<Vec<f64>> = text.split_whitespace().map(|w| w.parse().ok()).collect();
        // The file has rows; an axis is a column.
        rows.filter(|m| m.len() == 9)
            .map(|m| std::array::from_fn(|k| [m[k], m[3 + k], m[6 + k]]))
            .and_then(|columns| Axes::along(columns, false))
            .map(|(axes, _)| axes)
            .ok_or_else(|| bad("Direction", text, "nine numbers that span a volume"))
    }

    fn spacing(&self) -> &'a str {
        self.node.attribute("Spacing").unwrap_or("1 1 1")
    }

    fn origin(&self) -> &'a str {
        self.node.attribute("Origin").unwrap_or("0 0 0")
    }

    /// Whether numbers lie in memory with their highest byte first. Where that matters and is not
    /// said, it is told.
    fn big_endian(&self, notes: &mut Vec<String>) -> Result<bool, ScanError> {
        let order = self.root.attribute("byte_order");
        if order.is_none() && self.array.attribute("format") != Some("ascii") {
            notes.push(
                "its header does not say the order of bytes (byte_order); little-endian is taken"
                    .to_owned(),
            );
        }
        match order {
            None | Some("LittleEndian") => Ok(false),
            Some("BigEndian") => Ok(true),
            Some(other) => Err(bad("byte_order", other, "LittleEndian or BigEndian")),
        }
    }

    fn layout(&self, reading: &Reading, notes: &mut Vec<String>) -> Result<Layout, ScanError> {
        let axes = self.axes()?;
        let edges: [f64; 3] = three("Spacing", self.spacing())?;
        // Where the extent begins; a point is in the middle of its voxel.
        let middle = if self.on_cells { 0.0 } else { 0.5 };
        let first: [f64; 3] = std::array::from_fn(|k| self.ends[2 * k] as f64 - middle);
        let corner: [f64; 3] = three("Origin", self.origin())?;
        let origin = std::array::from_fn(|c| {
            corner[c]
                + (0..3)
                    .map(|k| first[k] * edges[k] * axes.directions[k][c])
                    .sum::<f64>()
        });
        Ok(Layout {
            voxels: self.voxels()?,
            spacing: edges,
            origin,
            axes,
            number: self.number()?,
            big_endian: self.big_endian(notes)?,
            scaling: None,
            reading: *reading,
        })
    }

    /// The voxels, in the text of the array or in `appended`, which begins with its tag.
    fn content(&self, layout: &Layout, appended: Option<&[u8]>) -> Result<Content, ScanError> {
        let heads = self.root.attribute("header_type").unwrap_or("UInt32");
        if !["UInt32", "UInt64"].contains(&heads) {
            return Err(bad("header_type", heads, "UInt32 or UInt64"));
        }
        let words = Words {
            wide: heads == "UInt64",
            big_endian: layout.big_endian,
        };
        let zlib = match self.root.attribute("compressor") {
            None => false,
            Some("vtkZLibDataCompressor") => true,
            Some(other) => return Err(bad("compressor", other, "none or vtkZLibDataCompressor")),
        };
        // One byte more shows where an array is longer than the image.
        let wanted = layout.bytes()? + 1;
        let text = self.array.text().unwrap_or_default();
        match self.array.attribute("format") {
            Some("ascii") => layout.text(text),
            Some("binary") => {
                let bytes = unbase64(text.as_bytes(), words, zlib)?;
                layout.all_of(&unblock(&bytes, words, zlib, wanted)?)
            }
            Some("appended") => {
                let appended = appended.ok_or_else(|| not_this("it has no AppendedData"))?;
                let (data, base64) = self.appended(appended)?;
                let data = if base64 {
                    &unbase64(data, words, zlib)?
                } else {
                    data
                };
                layout.all_of(&unblock(data, words, zlib, wanted)?)
            }
            other => Err(bad(
                "format",
                other.unwrap_or("missing"),
                "ascii, binary, appended",
            )),
        }
    }

    /// Where the array's own data begin in what is appended, and whether they are encoded by
    /// base64.
    fn appended<'b>(&self, rest: &'b [u8]) -> Result<(&'b [u8], bool), ScanError> {
        let open = rest.iter().position(|b| *b == b'>').unwrap_or(rest.len());
        let encoded = |name: &[u8]| rest[..open].windows(name.len()).any(|w| w == name);
        let base64 = encoded(b"base64");
        if !base64 && !encoded(b"raw") {
            return Err(bad("AppendedData's encoding", "missing", "base64 or raw"));
        }
        let start = rest[open..]
            .iter()
            .position(|b| *b == b'_')
            .map(|k| open + k + 1)
            .ok_or_else(|| not_this("its AppendedData does not begin"))?;
        let offset = self.array.attribute("offset").unwrap_or("0");
        let offset: usize = offset.parse().or(Err(bad("offset", offset, "0 or more")))?;
        Ok((rest[start..].get(offset..).unwrap_or_default(), base64))
    }

    fn header(&self) -> Header {
        Header {
            extent: self.extent.to_owned(),
            origin: self.origin().to_owned(),
            spacing: self.spacing().to_owned(),
            knows_spacing: self.node.has_attribute("Spacing"),
            direction: self.node.attribute("Direction").map(str::to_owned),
            on_cells: self.on_cells,
        }
    }
}

pub(super) fn read(bytes: &[u8], reading: &Reading) -> Result<(Content, Header), ScanError> {
    let (xml, cut) = xml(bytes)?;
    let options = roxmltree::ParsingOptions {
        nodes_limit: 10_000,
        ..Default::default()
    };
    let document = roxmltree::Document::parse_with_options(&xml, options)
        .map_err(|e| not_this(e.to_string()))?;
    let mut notes = Vec::new();
    let image = Image::of(&document, &mut notes)?;
    let layout = image.layout(reading, &mut notes)?;
    layout.bytes()?;
    let mut content = image.content(&layout, cut.map(|cut| &bytes[cut..]))?;
    notes.append(&mut content.notes);
    Ok((Content { notes, ..content }, image.header()))
}

/// The array that holds the voxels, and whether it lies on cells: the active one, or the first,
/// which is told unless it is the only one. Ghost arrays mark voxels and hold none.
fn chosen<'a, 'i>(
    cells: Option<roxmltree::Node<'a, 'i>>,
    points: Option<roxmltree::Node<'a, 'i>>,
    notes: &mut Vec<String>,
) -> Result<(bool, roxmltree::Node<'a, 'i>), ScanError> {
    let name = |a: &roxmltree::Node<'a, 'i>| a.attribute("Name").unwrap_or("unnamed").to_owned();
    let is_ghost = |a: &roxmltree::Node<'a, 'i>| {
        let name = name(a);
        name == "vtkGhostType" || name == "vtkGhostLevels"
    };
    let mut arrays = Vec::new();
    let mut active = Vec::new();
    for (on_cells, data) in [(true, cells), (false, points)] {
        let Some(data) = data else { continue };
        let scalars = data.attribute("Scalars");
        let here = || data.children().filter(|n| n.has_tag_name("DataArray"));
        if let Some(ghost) = here().find(|a| is_ghost(a)) {
            notes.push(format!(
                "its array {} is left out: voxels that it hides or repeats count like any other",
                name(&ghost)
            ));
        }
        let before = active.len();
        for array in here().filter(|a| !is_ghost(a)) {
            if scalars.is_some_and(|s| s == name(&array)) {
                active.push((on_cells, array));
            }
            arrays.push((on_cells, array));
        }
        if let Some(missing) = scalars.filter(|_| active.len() == before) {
            notes.push(format!("its active array {missing} is not there"));
        }
    }
    let taken = active.first().or(arrays.first()).copied();
    let Some((on_cells, array)) = taken else {
        return Err(not_this("it has no DataArray on cells or points"));
    };
    if active.len() != 1 && arrays.len() > 1 {
        let place = |on_cells: bool| if on_cells { "cells" } else { "points" };
        let all: Vec<String> = arrays
            .iter()
            .map(|(on_cells, a)| format!("{} on {}", name(a), place(*on_cells)))
            .collect();
        notes.push(format!(
            "it holds {} arrays ({}) and does not say which one counts; {} is taken",
            all.len(),
            all.join(", "),
            name(&array)
        ));
    }
    Ok((on_cells, array))
}

impl Header {
    pub(super) fn knows_spacing(&self) -> bool {
        self.knows_spacing
    }

    pub(super) fn with_values(&self, values: &[f32], description: &str) -> Vec<u8> {
        let data = if self.on_cells {
            "CellData"
        } else {
            "PointData"
        };
        let direction = self
            .direction
            .as_ref()
            .map_or(String::new(), |d| format!(" Direction=\"{d}\""));
        let mut bytes = format!(
            "<?xml version=\"1.0\"?>\n\
             <VTKFile type=\"ImageData\" version=\"1.0\" byte_order=\"LittleEndian\" header_type=\"UInt64\">\n\
             \x20 <ImageData WholeExtent=\"{0}\" Origin=\"{1}\" Spacing=\"{2}\"{direction}>\n\
             \x20   <Piece Extent=\"{0}\">\n      <{data} Scalars=\"{description}\">\n\
             \x20       <DataArray type=\"Float32\" Name=\"{description}\" format=\"appended\" offset=\"0\"/>\n\
             \x20     </{data}>\n    </Piece>\n  </ImageData>\n  <AppendedData encoding=\"raw\">\n   _",
            self.extent, self.origin, self.spacing
        )
        .into_bytes();
        bytes.extend((4 * values.len() as u64).to_le_bytes());
        bytes.extend(raw_f32(values));
        bytes.extend(b"\n  </AppendedData>\n</VTKFile>\n");
        bytes
    }
}
