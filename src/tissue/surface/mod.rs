//! A bone as a closed surface of triangles: read from PLY, checked, shaped, and asked how far a
//! point is from it.
//!
//! Shape modes travel in the same file, as further properties of a vertex: `mode1_x`, `mode1_y`,
//! `mode1_z`, `mode2_x` … tell how far the vertex goes (mm) for one standard deviation of a mode.

mod check;
mod distance;
mod read;

use glam::DVec3;

use crate::person::Person;

pub use distance::Distance;

/// The most triangles of a surface. A bone's shape at the finest lattice needs a tenth of that.
pub const MOST_TRIANGLES: usize = 500_000;

/// Longest side of any bone that a person has, mm: a small bone of the foot to a femur.
const LONGEST: std::ops::RangeInclusive<f64> = 10.0..=700.0;

/// A closed surface: vertices in mm, triangles counted anticlockwise seen from outside.
#[derive(Debug, Clone, PartialEq)]
pub struct Surface {
    /// What it is called in messages.
    pub name: String,
    /// Vertices, mm.
    pub vertices: Vec<DVec3>,
    /// Three vertices each.
    pub triangles: Vec<[u32; 3]>,
    /// Displacement of each vertex, mm, for one standard deviation of each shape mode.
    pub modes: Vec<Vec<DVec3>>,
}

/// Why a surface cannot be a bone.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SurfaceError {
    /// Not a PLY file of triangles.
    #[error("{name} cannot be read as a PLY surface: {why}")]
    Unreadable {
        /// Which surface.
        name: String,
        /// What is wrong with the file.
        why: String,
    },
    /// More triangles than a bone's shape can need.
    #[error("{name} has {found} triangles; allowed: at most {MOST_TRIANGLES}; simplify it first")]
    TooLarge {
        /// Which surface.
        name: String,
        /// How many it has.
        found: usize,
    },
    /// It is not closed.
    #[error("{name} has holes: {edges} edges belong to one triangle only; close it first")]
    Holes {
        /// Which surface.
        name: String,
        /// Edges at its holes.
        edges: usize,
    },
    /// It has places where it is no surface.
    #[error("{name} is no simple surface: {why}")]
    Tangled {
        /// Which surface.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// Its triangles face inwards.
    #[error("{name} is turned inside out: its triangles face inwards; reverse their vertices")]
    InsideOut {
        /// Which surface.
        name: String,
    },
    /// It passes through itself.
    #[error("{name} crosses itself near ({:.1}, {:.1}, {:.1}) mm", at[0], at[1], at[2])]
    Crossing {
        /// Which surface.
        name: String,
        /// A vertex of one of the triangles that meet, mm.
        at: [f64; 3],
    },
    /// Its size is no bone's.
    #[error(
        "{name} is {longest:.3} mm long; a bone's surface is {} to {} mm long{}",
        LONGEST.start(), LONGEST.end(),
        if LONGEST.contains(&(1000.0 * longest)) { ", in millimetres: it seems to be in metres" } else { "" }
    )]
    Size {
        /// Which surface.
        name: String,
        /// Its longest side, mm.
        longest: f64,
    },
    /// A shape too far from the mean.
    #[error("{found} is no person's; allowed: {allowed}")]
    Unlikely {
        /// What was asked for.
        found: String,
        /// What there is.
        allowed: String,
    },
    /// A shape that its surface cannot take.
    #[error("the shape {shape:?} is too far from the mean: {why}")]
    Shape {
        /// Standard deviations from the mean, one a mode.
        shape: Vec<f64>,
        /// What is wrong with the surface then.
        why: String,
    },
    /// A shape with more modes than the surface has.
    #[error("{name} has {} shape modes, and {asked} are asked for", if *has == 0 { "no".to_owned() } else { has.to_string() })]
    Modes {
        /// Which surface.
        name: String,
        /// How many it has.
        has: usize,
        /// How many were asked for.
        asked: usize,
    },
}

impl Surface {
    /// Reads a PLY file, ascii or binary, and checks that it is one closed surface of a bone's
    /// size, facing outwards, that does not cross itself.
    /// # Errors
    /// [`SurfaceError`].
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self, SurfaceError> {
        let surface = read::ply(name, bytes)?;
        surface.check()?;
        Ok(surface)
    }

    /// The surface of a person whose shape is so many standard deviations (`weights`, one a mode)
    /// from the mean.
    /// # Errors
    /// [`SurfaceError`]: a shape that nobody has, or a surface that such a shape makes cross
    /// itself.
    pub fn shaped(&self, weights: &[f64]) -> Result<Self, SurfaceError> {
        if weights.len() > self.modes.len() {
            return Err(SurfaceError::Modes {
                name: self.name.clone(),
                has: self.modes.len(),
                asked: weights.len(),
            });
        }
        let person = Person {
            shape: weights.to_vec(),
            height_m: None,
        };
        if let Some((found, allowed)) = person.trouble() {
            return Err(SurfaceError::Unlikely { found, allowed });
        }
        let mut shaped = self.clone();
        for (weight, mode) in weights.iter().zip(&self.modes) {
            for (vertex, by) in shaped.vertices.iter_mut().zip(mode) {
                *vertex += *weight * *by;
            }
        }
        let is_mean = weights.iter().all(|w| *w == 0.0);
        match shaped.check() {
            Err(why) if !is_mean => Err(SurfaceError::Shape {
                shape: weights.to_vec(),
                why: why.to_string(),
            }),
            _ => Ok(shaped),
        }
    }

    /// The same, `factor` times as large about the origin.
    #[must_use]
    pub fn scaled(mut self, factor: f64) -> Self {
        let modes = self.modes.iter_mut().flatten();
        for vector in self.vertices.iter_mut().chain(modes) {
            *vector *= factor;
        }
        self
    }

    /// Corners of a triangle, mm.
    pub fn corners(&self, triangle: usize) -> [DVec3; 3] {
        self.triangles[triangle].map(|v| self.vertices[v as usize])
    }

    /// Its lowest and highest corner, mm.
    pub fn bounds(&self) -> [DVec3; 2] {
        let least = self.vertices.iter().copied().reduce(DVec3::min);
        let most = self.vertices.iter().copied().reduce(DVec3::max);
        [least.unwrap_or_default(), most.unwrap_or_default()]
    }

    /// Volume inside, mm³; negative if the triangles face inwards.
    pub fn volume(&self) -> f64 {
        let triangles = (0..self.triangles.len()).map(|t| self.corners(t));
        triangles.map(|[a, b, c]| a.dot(b.cross(c)) / 6.0).sum()
    }

    /// How far a landmark at `p` of the mean surface has gone in `shaped`, a shape of the same
    /// surface: as the eight vertices nearest to it have, on average. A surface is one shape of
    /// another if it has the same vertices in the same order.
    pub fn carried(&self, p: DVec3, shaped: &Self) -> DVec3 {
        let mut by_distance: Vec<(f64, usize)> = (self.vertices.iter().enumerate())
            .map(|(i, v)| (v.distance_squared(p), i))
            .collect();
        by_distance.sort_by(|a, b| a.0.total_cmp(&b.0));
        by_distance.truncate(8);
        let moved = by_distance
            .iter()
            .map(|(_, i)| shaped.vertices[*i] - self.vertices[*i]);
        p + moved.sum::<DVec3>() / by_distance.len().max(1) as f64
    }
}

/// A piece of a surface: where it is, which way is out, and its area in mm².
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Patch {
    /// Its centre, mm.
    pub at: DVec3,
    /// Unit vector outwards.
    pub out: DVec3,
    /// Area, mm².
    pub area: f64,
}

impl Surface {
    /// The surface as patches that are at most about `width` mm wide.
    pub fn patches(&self, width: f64) -> Vec<Patch> {
        let mut patches = Vec::new();
        let mut waiting: Vec<[DVec3; 3]> =
            (0..self.triangles.len()).map(|t| self.corners(t)).collect();
        while let Some([a, b, c]) = waiting.pop() {
            let sides = [a.distance(b), b.distance(c), c.distance(a)];
            let longest = (0..3)
                .max_by(|i, j| sides[*i].total_cmp(&sides[*j]))
                .unwrap_or(0);
            if sides[longest] > width {
                // Halved across its longest side.
                let [p, q, r] = [[a, b, c], [b, c, a], [c, a, b]][longest];
                let middle = 0.5 * (p + q);
                waiting.extend([[p, middle, r], [middle, q, r]]);
                continue;
            }
            let normal = (b - a).cross(c - a);
            patches.push(Patch {
                at: (a + b + c) / 3.0,
                out: normal.normalize_or_zero(),
                area: 0.5 * normal.length(),
            });
        }
        patches
    }
}
