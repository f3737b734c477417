//! Whether a surface can bound a bone.

use std::collections::BTreeMap;

use glam::DVec3;

use super::distance::Distance;
use super::{LONGEST, Surface, SurfaceError};

impl Surface {
    /// Whether it is one closed surface of a bone's size, facing outwards, that does not cross
    /// itself.
    /// # Errors
    /// [`SurfaceError`].
    pub fn check(&self) -> Result<(), SurfaceError> {
        let name = || self.name.clone();
        let tangled = |why: String| SurfaceError::Tangled { name: name(), why };
        if self.triangles.is_empty() {
            return Err(tangled("it has no triangle".to_owned()));
        }
        let [low, high] = self.bounds();
        let longest = (high - low).max_element();
        if !LONGEST.contains(&longest) {
            return Err(SurfaceError::Size {
                name: name(),
                longest,
            });
        }
        self.check_edges()?;
        let pieces = self.pieces();
        if pieces != 1 {
            return Err(tangled(format!(
                "it has {pieces} separate pieces, and a bone has one"
            )));
        }
        if self.volume() <= 0.0 {
            return Err(SurfaceError::InsideOut { name: name() });
        }
        if let Some(at) = Distance::new(self).crossing() {
            return Err(SurfaceError::Crossing {
                name: name(),
                at: at.to_array(),
            });
        }
        Ok(())
    }

    /// Every edge must be walked once each way: by the two triangles that share it.
    fn check_edges(&self) -> Result<(), SurfaceError> {
        let name = || self.name.clone();
        let mut walked: BTreeMap<(u32, u32), [usize; 2]> = BTreeMap::new();
        for t in &self.triangles {
            for k in 0..3 {
                let (a, b) = (t[k], t[(k + 1) % 3]);
                if a == b {
                    return Err(SurfaceError::Tangled {
                        name: name(),
                        why: format!("a triangle has vertex {a} twice"),
                    });
                }
                walked.entry((a.min(b), a.max(b))).or_default()[usize::from(a > b)] += 1;
            }
        }
        let open = walked.values().filter(|[up, down]| up + down == 1).count();
        if open > 0 {
            return Err(SurfaceError::Holes {
                name: name(),
                edges: open,
            });
        }
        let wrong = walked.values().filter(|n| **n != [1, 1]).count();
        if wrong > 0 {
            return Err(SurfaceError::Tangled {
                name: name(),
                why: format!(
                    "at {wrong} edges its triangles face different ways, or more than two meet"
                ),
            });
        }
        Ok(())
    }

    /// Pieces that share no vertex.
    fn pieces(&self) -> usize {
        // Each vertex points to another of its piece, the last of them to itself.
        let mut next: Vec<usize> = (0..self.vertices.len()).collect();
        let mut used = vec![false; self.vertices.len()];
        for t in &self.triangles {
            let first = root(&mut next, t[0] as usize);
            for v in t {
                used[*v as usize] = true;
                let other = root(&mut next, *v as usize);
                next[other] = first;
            }
        }
        (0..next.len())
            .filter(|v| used[*v] && next[*v] == *v)
            .count()
    }
}

/// The last of those that a vertex points to.
fn root(next: &mut [usize], mut v: usize) -> usize {
    while next[v] != v {
        next[v] = next[next[v]];
        v = next[v];
    }
    v
}

/// Whether the segment from `a` to `b` meets the triangle (Möller and Trumbore 1997).
fn pierces(a: DVec3, b: DVec3, [p, q, r]: [DVec3; 3]) -> bool {
    let along = b - a;
    let (u, v) = (q - p, r - p);
    let h = along.cross(v);
    let det = u.dot(h);
    // Beside it, as good as parallel.
    if det.abs() < 1e-9 * along.length() * u.length() * v.length() {
        return false;
    }
    let s = a - p;
    let k = s.cross(u);
    let (x, y, t) = (s.dot(h) / det, along.dot(k) / det, v.dot(k) / det);
    let inside = |w: f64| (-1e-9..=1.0 + 1e-9).contains(&w);
    inside(x) && inside(y) && x + y <= 1.0 + 1e-9 && inside(t)
}

/// Whether two triangles that share no vertex meet.
pub(super) fn cross(one: [DVec3; 3], other: [DVec3; 3]) -> bool {
    let through = |one: [DVec3; 3], other: [DVec3; 3]| {
        (0..3).any(|k| pierces(one[k], one[(k + 1) % 3], other))
    };
    through(one, other) || through(other, one)
}
