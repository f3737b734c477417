//! NIfTI-1 and NIfTI-2 volumes (.nii, .nii.gz), either byte order, written back with the header
//! they came with.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::error::{ScanError, bad, broken};
use super::gzip::{GZIP, Gzip};
use super::header::looks_like;
use super::voxels::{Content, Layout, Number, Reading};
use crate::volume::{Axes, Volume};

/// Two edges, and two directions, that differ by less than this share are the same: f32 rounds them
/// so.
const SAME: f64 = 1e-4;
/// Directions that differ by less than this are the same, degrees.
const SAME_DIRECTION: f64 = 0.5;

fn not_this(why: impl Into<String>) -> ScanError {
    ScanError::NotThis {
        format: "NIfTI",
        why: why.into(),
    }
}

/// Where the fields of a header lie, and how wide its numbers are.
#[derive(Debug, PartialEq)]
struct Fields {
    /// Bytes of the header.
    length: usize,
    magic: usize,
    /// Numbers of voxels and the offset of the first one.
    size: Number,
    /// Lengths, slopes and directions.
    real: Number,
    /// Codes, but for the type's, which is i16, and in version 1 the units'.
    code: Number,
    dim: usize,
    datatype: usize,
    pixdim: usize,
    vox_offset: usize,
    offset_number: Number,
    slope: usize,
    cal_max: usize,
    descrip: usize,
    aux_file: usize,
    qform_code: usize,
    sform_code: usize,
    quatern: usize,
    qoffset: usize,
    srow: usize,
    units: usize,
    units_number: Number,
    intent_p: usize,
    intent_code: usize,
    intent_name: usize,
}

const VERSION_1: Fields = Fields {
    length: 348,
    magic: 344,
    size: Number::I16,
    real: Number::F32,
    code: Number::I16,
    dim: 40,
    datatype: 70,
    pixdim: 76,
    vox_offset: 108,
    offset_number: Number::F32,
    slope: 112,
    cal_max: 124,
    descrip: 148,
    aux_file: 228,
    qform_code: 252,
    sform_code: 254,
    quatern: 256,
    qoffset: 268,
    srow: 280,
    units: 123,
    units_number: Number::U8,
    intent_p: 56,
    intent_code: 68,
    intent_name: 328,
};

const VERSION_2: Fields = Fields {
    length: 540,
    magic: 4,
    size: Number::I64,
    real: Number::F64,
    code: Number::I32,
    dim: 16,
    datatype: 12,
    pixdim: 104,
    vox_offset: 168,
    offset_number: Number::I64,
    slope: 176,
    cal_max: 192,
    descrip: 240,
    aux_file: 320,
    qform_code: 344,
    sform_code: 348,
    quatern: 352,
    qoffset: 376,
    srow: 400,
    units: 500,
    units_number: Number::I32,
    intent_p: 80,
    intent_code: 504,
    intent_name: 508,
};

/// The bytes of a header.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Header {
    bytes: Vec<u8>,
    big_endian: bool,
    fields: &'static Fields,
}

impl Header {
    fn number(&self, at: usize, number: Number) -> f64 {
        number.value(&self.bytes[at..at + number.bytes()], self.big_endian)
    }

    /// A real number. Of an f32 the shortest that is stored as it: 0.039, not 0.03899999856948853.
    fn length(&self, at: usize) -> f64 {
        let value = self.number(at, self.fields.real);
        if self.fields.real == Number::F32 {
            shortest(value)
        } else {
            value
        }
    }

    fn reals<const N: usize>(&self, at: usize) -> [f64; N] {
        std::array::from_fn(|k| self.number(at + k * self.fields.real.bytes(), self.fields.real))
    }

    fn put(&mut self, at: usize, number: Number, value: f64) {
        let bytes = number.stored(value, self.big_endian);
        self.bytes[at..at + bytes.len()].copy_from_slice(&bytes);
    }

    fn put_text(&mut self, at: usize, room: usize, text: &str) {
        let field = &mut self.bytes[at..at + room];
        field.fill(0);
        for (to, from) in field[..room - 1].iter_mut().zip(text.bytes()) {
            *to = from;
        }
    }
}

fn shortest(value: f64) -> f64 {
    (value as f32).to_string().parse().unwrap_or(value)
}

/// Bytes as they are needed: no more is unpacked than asked for.
struct Stream<'a>(Box<dyn std::io::Read + 'a>);

impl Stream<'_> {
    /// More of them, until there are `upto` or no more.
    fn fetch(&mut self, bytes: &mut Vec<u8>, upto: usize) -> Result<(), ScanError> {
        let missing = upto.saturating_sub(bytes.len()) as u64;
        (&mut self.0)
            .take(missing)
            .read_to_end(bytes)
            .map_err(broken)?;
        Ok(())
    }
}

/// The header at the beginning of a stream.
fn header(stream: &mut Stream<'_>) -> Result<Header, ScanError> {
    let mut first = Vec::new();
    stream.fetch(&mut first, VERSION_1.length)?;
    let (fields, big_endian) = match first.get(..4) {
        Some([0x5c, 1, 0, 0]) => (&VERSION_1, false),
        Some([0, 0, 1, 0x5c]) => (&VERSION_1, true),
        Some([0x1c, 2, 0, 0]) => (&VERSION_2, false),
        Some([0, 0, 2, 0x1c]) => (&VERSION_2, true),
        _ => {
            let why = looks_like(&first).map_or_else(
                || "it does not begin with the length of a header (348 or 540)".to_owned(),
                |kind| format!("it is {kind}"),
            );
            return Err(not_this(why));
        }
    };
    stream.fetch(&mut first, fields.length)?;
    if first.len() < fields.length {
        return Err(not_this(format!(
            "{} bytes are too few for a header",
            first.len()
        )));
    }
    let single: &[u8] = if fields == &VERSION_1 { b"n+1" } else { b"n+2" };
    if !first[fields.magic..].starts_with(single) {
        let kind = looks_like(&first).filter(|_| fields == &VERSION_1);
        return Err(not_this(format!(
            "it is {}; only single files (magic {}) are read",
            kind.unwrap_or("the header of a pair"),
            String::from_utf8_lossy(single)
        )));
    }
    Ok(Header {
        bytes: first,
        big_endian,
        fields,
    })
}

impl Header {
    fn voxels(&self) -> Result<[usize; 3], ScanError> {
        let fields = self.fields;
        let at = |k: usize| self.number(fields.dim + k * fields.size.bytes(), fields.size) as i64;
        let dimensions = at(0);
        if !(3..=7).contains(&dimensions) {
            return Err(bad(
                "number of dimensions",
                dimensions,
                "3 (more if they are 1)",
            ));
        }
        let mut voxels = [0usize; 3];
        for k in 0..dimensions as usize {
            let n = at(1 + k);
            if let Some(voxels) = voxels.get_mut(k).filter(|_| n >= 1) {
                *voxels = n as usize;
            } else if n != 1 {
                return Err(bad(
                    "dimension",
                    format!("{n} along axis {}", k + 1),
                    "1 or more along three axes, 1 along any further one",
                ));
            }
        }
        Ok(voxels)
    }

    fn kind(&self) -> Result<Number, ScanError> {
        Ok(
            match self.number(self.fields.datatype, Number::I16) as i16 {
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
            },
        )
    }

    /// Bytes between header and voxels.
    fn gap(&self) -> Result<u64, ScanError> {
        let fields = self.fields;
        let offset = self.number(fields.vox_offset, fields.offset_number);
        let least = fields.length as f64 + 4.0;
        if !(least..=1e9).contains(&offset) || offset.fract() != 0.0 {
            return Err(bad(
                "voxel offset",
                offset,
                "a whole number, 4 more than the header's length or above",
            ));
        }
        Ok(offset as u64 - fields.length as u64)
    }

    /// Slope and intercept, where they change anything.
    fn scaling(&self) -> Result<Option<(f64, f64)>, ScanError> {
        let [slope, intercept] = self.reals(self.fields.slope);
        // A slope that is zero or no number means none, and one of 1 changes nothing.
        let scales = slope != 0.0 && slope.is_finite();
        let changes = [slope, intercept].map(f64::to_bits) != [1f64, 0.0].map(f64::to_bits);
        if scales && !intercept.is_finite() {
            return Err(bad("scl_inter", intercept, "a finite number"));
        }
        Ok((scales && changes).then_some((slope, intercept)))
    }
}

pub(super) fn read(bytes: &[u8], reading: &Reading) -> Result<(Content, Header), ScanError> {
    let mut stream = Stream(if bytes.starts_with(&GZIP) {
        Box::new(Gzip::new(bytes))
    } else {
        Box::new(bytes)
    });
    let header = header(&mut stream)?;
    let voxels = header.voxels()?;
    let number = header.kind()?;
    let gap = header.gap()?;
    let scaling = header.scaling()?;
    let mut notes = Vec::new();
    let (spacing, axes, centre) = place(&header, &mut notes)?;
    let layout = Layout {
        voxels,
        spacing,
        origin: Volume::corner_of(centre, &axes, spacing),
        axes,
        number,
        big_endian: header.big_endian,
        scaling,
        reading: *reading,
    };
    layout.bytes()?;
    std::io::copy(&mut (&mut stream.0).take(gap), &mut std::io::sink()).map_err(broken)?;
    let mut content = layout.read(&mut stream.0)?;
    notes.append(&mut content.notes);
    Ok((Content { notes, ..content }, header))
}

/// Edges of a voxel (mm), axes, and centre of the first voxel (mm). As nibabel has it: the sform's,
/// where its code is above 0; else the qform's with pixdim; else pixdim alone, and nothing is known
/// of the body.
fn place(
    header: &Header,
    notes: &mut Vec<String>,
) -> Result<([f64; 3], Axes, [f64; 3]), ScanError> {
    let f = header.fields;
    // Three bits say in what lengths are given; 0 is unknown, and millimetres as NIfTI's readers
    // take it.
    let units = header.number(f.units, f.units_number) as i32;
    let per_mm = match units & 7 {
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
    let wide = f.real.bytes();
    let pixdim: [f64; 3] =
        std::array::from_fn(|k| header.length(f.pixdim + (1 + k) * wide) / per_mm);
    let code = |at: usize| header.number(at, f.code) > 0.0;

    let by_qform = if code(f.qform_code) {
        quaternion(header, notes)
    } else {
        None
    };
    let offset = |at: usize| header.reals::<3>(at).map(|x| x / per_mm);
    if code(f.sform_code) {
        let rows: [[f64; 4]; 3] = std::array::from_fn(|r| header.reals(f.srow + 4 * wide * r));
        let columns = std::array::from_fn(|k| rows.map(|row| row[k] / per_mm));
        let centre = rows.map(|row| row[3] / per_mm);
        if let Some((axes, lengths)) = Axes::along(columns, true) {
            // Where both agree, pixdim's digits are the shorter ones.
            let same = (0..3).all(|k| (lengths[k] - pixdim[k]).abs() <= SAME * lengths[k]);
            let spacing = if same {
                pixdim
            } else {
                let edges = lengths.map(shortest);
                notes.push(format!(
                    "its header gives two edges of a voxel, pixdim {} mm and sform {} mm; the sform's are taken",
                    three(pixdim),
                    three(edges)
                ));
                edges
            };
            if let Some(other) = by_qform
                && let Some(angle) = apart(&axes, &other)
            {
                notes.push(format!(
                    "its sform and qform point in directions {angle:.1} degrees apart; the sform's are taken"
                ));
            }
            return Ok((spacing, axes, centre));
        }
        notes.push(
            "its sform spans no volume and is left out; pixdim and the qform are taken".to_owned(),
        );
    }
    Ok(match by_qform {
        Some(axes) => (pixdim, axes, offset(f.qoffset)),
        None => (pixdim, Axes::UNKNOWN, [0.0; 3]),
    })
}

/// The largest angle between axes of the same number, if it is worth telling.
fn apart(a: &Axes, b: &Axes) -> Option<f64> {
    let angle = (0..3)
        .map(|k| {
            let cosine: f64 = (0..3)
                .map(|c| a.directions[k][c] * b.directions[k][c])
                .sum();
            cosine.clamp(-1.0, 1.0).acos().to_degrees()
        })
        .fold(0.0, f64::max);
    (angle > SAME_DIRECTION).then_some(angle)
}

/// The axes of the qform's quaternion; none, and a note, where it is none.
fn quaternion(header: &Header, notes: &mut Vec<String>) -> Option<Axes> {
    let f = header.fields;
    let [b, c, d] = header.reals::<3>(f.quatern);
    let squares = b * b + c * c + d * d;
    // f32 may leave a half turn a little above 1.
    if squares.is_nan() || squares > 1.0 + 1e-5 {
        notes.push("its qform is no rotation and is left out".to_owned());
        return None;
    }
    // What f32 leaves of a half turn is one, as the standard's own library has it.
    let a = if squares > 1.0 - 1e-7 {
        0.0
    } else {
        (1.0 - squares).sqrt()
    };
    let length = (a * a + squares).sqrt();
    let [a, b, c, d] = [a, b, c, d].map(|x| x / length);
    let [flip] = header.reals::<1>(f.pixdim);
    let flip = if flip < 0.0 { -1.0 } else { 1.0 };
    let columns = [
        [
            a * a + b * b - c * c - d * d,
            2.0 * (b * c + a * d),
            2.0 * (b * d - a * c),
        ],
        [
            2.0 * (b * c - a * d),
            a * a + c * c - b * b - d * d,
            2.0 * (c * d + a * b),
        ],
        [
            2.0 * (b * d + a * c),
            2.0 * (c * d - a * b),
            a * a + d * d - b * b - c * c,
        ]
        .map(|x| flip * x),
    ];
    Axes::along(columns, true).map(|(axes, _)| axes)
}

fn three(edges: [f64; 3]) -> String {
    edges.map(|e| e.to_string()).join(" x ")
}

impl Header {
    /// A file's bytes with other values (one a voxel, f32) in the same geometry and byte order.
    /// What described the old values goes: their scaling, intent, range and colours.
    pub(super) fn with_values(
        &self,
        values: &[f32],
        description: &str,
        gzip: bool,
    ) -> Result<Vec<u8>, ScanError> {
        let f = self.fields;
        let wide = f.real.bytes();
        let mut new = self.clone();
        new.put(f.datatype, Number::I16, 16.0);
        new.put(f.datatype + 2, Number::I16, 32.0);
        new.put(f.vox_offset, f.offset_number, f.length as f64 + 4.0);
        new.put(f.slope, f.real, 1.0);
        new.put(f.slope + wide, f.real, 0.0);
        let largest = values.iter().copied().fold(0.0, f32::max);
        new.put(f.cal_max, f.real, f64::from(largest));
        new.put(f.cal_max + wide, f.real, 0.0);
        new.put(f.intent_code, f.code, 0.0);
        for k in 0..3 {
            new.put(f.intent_p + k * wide, f.real, 0.0);
        }
        new.put_text(f.intent_name, 16, "");
        new.put_text(f.descrip, 80, description);
        new.put_text(f.aux_file, 24, "");
        if f == &VERSION_1 {
            // The largest and least value of the old voxels.
            new.bytes[140..148].fill(0);
        }
        let mut bytes = new.bytes;
        // No extensions follow.
        bytes.extend([0; 4]);
        for v in values {
            bytes.extend(if self.big_endian {
                v.to_be_bytes()
            } else {
                v.to_le_bytes()
            });
        }
        if !gzip {
            return Ok(bytes);
        }
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder
            .write_all(&bytes)
            .and_then(|()| encoder.finish())
            .map_err(broken)
    }

    /// Of a new little-endian NIfTI-1 file of f32 values.
    pub(super) fn new(volume: &Volume) -> Self {
        let f = &VERSION_1;
        let mut new = Self {
            bytes: vec![0; f.length],
            big_endian: false,
            fields: f,
        };
        new.put(0, Number::I32, f.length as f64);
        new.put(f.dim, f.size, 3.0);
        for k in 0..7 {
            let n = volume.voxels.get(k).map_or(1, |n| *n);
            new.put(f.dim + 2 * (1 + k), f.size, n as f64);
        }
        new.put(f.datatype, Number::I16, 16.0);
        new.put(f.datatype + 2, Number::I16, 32.0);
        new.put(f.pixdim, f.real, 1.0);
        for c in 0..3 {
            new.put(f.pixdim + 4 * (1 + c), f.real, volume.spacing[c]);
            let mut centre = volume.origin[c];
            for k in 0..3 {
                let step = volume.spacing[k] * volume.axes.directions[k][c];
                new.put(f.srow + 16 * c + 4 * k, f.real, step);
                centre += 0.5 * step;
            }
            new.put(f.srow + 16 * c + 12, f.real, centre);
        }
        // Millimetres; scanner coordinates by the sform.
        new.put(f.units, f.units_number, 2.0);
        new.put(f.sform_code, f.code, f64::from(u8::from(volume.axes.known)));
        new.put(f.vox_offset, f.offset_number, f.length as f64 + 4.0);
        new.put(f.slope, f.real, 1.0);
        new.bytes[f.magic..].copy_from_slice(b"n+1\0");
        new
    }
}
