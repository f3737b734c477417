//! Surfaces from PLY files, ascii and binary of both byte orders.

use std::io::Cursor;

use glam::DVec3;
use ply_rs_bw::parser::{Parser, Reader};
use ply_rs_bw::ply::{ElementDef, Header, Property, PropertyAccess, PropertyAccessResult};

use super::{MOST_TRIANGLES, Surface, SurfaceError};

/// A vertex: its place, and what it does in each shape mode.
#[derive(Default)]
struct Vertex {
    at: DVec3,
    modes: Vec<DVec3>,
}

/// A face by the numbers of its vertices.
#[derive(Default)]
struct Face(Vec<i64>);

fn number(property: &Property) -> Option<f64> {
    Some(match property {
        Property::Char(x) => f64::from(*x),
        Property::UChar(x) => f64::from(*x),
        Property::Short(x) => f64::from(*x),
        Property::UShort(x) => f64::from(*x),
        Property::Int(x) => f64::from(*x),
        Property::UInt(x) => f64::from(*x),
        Property::Float(x) => f64::from(*x),
        Property::Double(x) => *x,
        _ => return None,
    })
}

fn integers(property: Property) -> Option<Vec<i64>> {
    Some(match property {
        Property::ListChar(list) => list.into_iter().map(i64::from).collect(),
        Property::ListUChar(list) => list.into_iter().map(i64::from).collect(),
        Property::ListShort(list) => list.into_iter().map(i64::from).collect(),
        Property::ListUShort(list) => list.into_iter().map(i64::from).collect(),
        Property::ListInt(list) => list.into_iter().map(i64::from).collect(),
        Property::ListUInt(list) => list.into_iter().map(i64::from).collect(),
        _ => return None,
    })
}

fn axis(name: &str) -> Option<usize> {
    ["x", "y", "z"].iter().position(|axis| *axis == name)
}

impl PropertyAccess for Vertex {
    fn new() -> Self {
        Self::default()
    }

    fn set_property(&mut self, name: &str, property: Property) -> PropertyAccessResult {
        let Some(value) = number(&property) else {
            return PropertyAccessResult::Ignored;
        };
        if let Some(k) = axis(name) {
            self.at[k] = value;
            return PropertyAccessResult::Set;
        }
        // `mode2_y`: the second mode, along y.
        let mode = name
            .strip_prefix("mode")
            .and_then(|rest| rest.split_once('_'));
        let mode = mode.and_then(|(k, along)| Some((k.parse::<usize>().ok()?, axis(along)?)));
        let Some((mode @ 1..=99, along)) = mode else {
            return PropertyAccessResult::Ignored;
        };
        if self.modes.len() < mode {
            self.modes.resize(mode, DVec3::ZERO);
        }
        self.modes[mode - 1][along] = value;
        PropertyAccessResult::Set
    }
}

impl PropertyAccess for Face {
    fn new() -> Self {
        Self::default()
    }

    fn set_property(&mut self, name: &str, property: Property) -> PropertyAccessResult {
        match name {
            "vertex_indices" | "vertex_index" => match integers(property) {
                Some(list) => {
                    self.0 = list;
                    PropertyAccessResult::Set
                }
                None => PropertyAccessResult::Ignored,
            },
            _ => PropertyAccessResult::Ignored,
        }
    }
}

/// What else a file may hold, edges for example.
struct Other;

impl PropertyAccess for Other {
    fn new() -> Self {
        Self
    }
}

/// Reads a file; nothing but its form is checked.
pub(super) fn ply(name: &str, bytes: &[u8]) -> Result<Surface, SurfaceError> {
    let unreadable = |why: String| SurfaceError::Unreadable {
        name: name.to_owned(),
        why: why.split_whitespace().collect::<Vec<_>>().join(" "),
    };
    let mut reader = Reader::new(Cursor::new(bytes));
    let header = Parser::<Other>::new().read_header(&mut reader);
    let header: Header = header.map_err(|e| unreadable(e.to_string()))?;
    let has = |element: &str, property: &str| {
        let element: Option<&ElementDef> = header.elements.get(element);
        element.is_some_and(|e| e.properties.contains_key(property))
    };
    for along in ["x", "y", "z"] {
        if !has("vertex", along) {
            return Err(unreadable(format!("its vertices have no \"{along}\"")));
        }
    }
    if !has("face", "vertex_indices") && !has("face", "vertex_index") {
        return Err(unreadable(
            "its faces have no \"vertex_indices\"".to_owned(),
        ));
    }
    // Before the payload is read: a file may be larger than the memory.
    let faces = header.elements.get("face").map_or(0, |e| e.count);
    if faces > MOST_TRIANGLES {
        return Err(SurfaceError::TooLarge {
            name: name.to_owned(),
            found: faces,
        });
    }
    let (mut vertices, mut faces) = (Vec::<Vertex>::new(), Vec::<Face>::new());
    for (key, element) in &header.elements {
        let read = match key.as_str() {
            "vertex" => Parser::new()
                .read_payload_for_element(&mut reader, element, &header)
                .map(|read| vertices = read),
            "face" => Parser::new()
                .read_payload_for_element(&mut reader, element, &header)
                .map(|read| faces = read),
            _ => Parser::<Other>::new()
                .read_payload_for_element(&mut reader, element, &header)
                .map(|_| ()),
        };
        read.map_err(|e| unreadable(e.to_string()))?;
    }
    if let Some(at) = vertices.iter().position(|v| !v.at.is_finite()) {
        return Err(unreadable(format!("vertex {at} is not a finite place")));
    }
    let mut triangles = Vec::with_capacity(faces.len());
    for (k, Face(corners)) in faces.iter().enumerate() {
        let &[a, b, c] = corners.as_slice() else {
            let found = corners.len();
            return Err(unreadable(format!(
                "face {k} has {found} corners; allowed: triangles"
            )));
        };
        let mut triangle = [0u32; 3];
        for (slot, corner) in triangle.iter_mut().zip([a, b, c]) {
            let known = usize::try_from(corner).is_ok_and(|i| i < vertices.len());
            if !known {
                let count = vertices.len();
                return Err(unreadable(format!(
                    "face {k} names vertex {corner} of {count}"
                )));
            }
            *slot = corner as u32;
        }
        triangles.push(triangle);
    }
    let modes = vertices.iter().map(|v| v.modes.len()).max().unwrap_or(0);
    let mode = |k: usize| {
        let moved = vertices.iter().map(|v| v.modes.get(k).copied());
        moved.map(Option::unwrap_or_default).collect()
    };
    Ok(Surface {
        name: name.to_owned(),
        modes: (0..modes).map(mode).collect(),
        vertices: vertices.iter().map(|v| v.at).collect(),
        triangles,
    })
}
