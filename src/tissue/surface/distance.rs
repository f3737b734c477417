//! How far a point is from a surface, and on which side.
//!
//! Triangles lie in a tree of boxes, each split across its longest side at the median. The side is
//! told by the normal of what is nearest: of a triangle its own, of an edge the sum of its two
//! triangles', of a vertex the sum of its triangles' weighted by their angles there; with these the
//! sign is right everywhere (Bærentzen and Aanæs 2005 IEEE TVCG 11:243).

use std::collections::HashMap;

use glam::DVec3;

use super::Surface;
use super::check::cross;

/// Triangles of a leaf.
const LEAF: usize = 4;

/// A box of the tree and what it holds.
#[derive(Debug, Clone)]
struct Node {
    low: DVec3,
    high: DVec3,
    /// First triangle in the order of the tree, and how many; of a box that is split, all of its
    /// halves.
    first: usize,
    count: usize,
    /// Where its second half stands in the list; the first stands right behind it. 0 in a leaf.
    second: usize,
}

impl Node {
    fn distance_squared(&self, p: DVec3) -> f64 {
        (p - p.clamp(self.low, self.high)).length_squared()
    }

    fn meets(&self, low: DVec3, high: DVec3) -> bool {
        self.low.cmple(high).all() && low.cmple(self.high).all()
    }
}

/// A triangle with the normals of what it consists of.
#[derive(Debug, Clone)]
struct Triangle {
    vertices: [u32; 3],
    corners: [DVec3; 3],
    face: DVec3,
    /// Of the edges from corner 0 to 1, 1 to 2, 2 to 0.
    edges: [DVec3; 3],
    at_corners: [DVec3; 3],
}

/// Signed distances to a surface.
#[derive(Debug, Clone)]
pub struct Distance {
    nodes: Vec<Node>,
    triangles: Vec<Triangle>,
}

/// The point of a triangle that is nearest to `p` (Ericson 2005 Real-Time Collision Detection
/// 5.1.5), with the normal there.
fn nearest(t: &Triangle, p: DVec3) -> (DVec3, DVec3) {
    let [a, b, c] = t.corners;
    let (ab, ac, ap) = (b - a, c - a, p - a);
    let (d1, d2) = (ab.dot(ap), ac.dot(ap));
    if d1 <= 0.0 && d2 <= 0.0 {
        return (a, t.at_corners[0]);
    }
    let bp = p - b;
    let (d3, d4) = (ab.dot(bp), ac.dot(bp));
    if d3 >= 0.0 && d4 <= d3 {
        return (b, t.at_corners[1]);
    }
    let vc = d1 * d4 - d3 * d2;
    if vc <= 0.0 && d1 >= 0.0 && d3 <= 0.0 {
        return (a + ab * (d1 / (d1 - d3)), t.edges[0]);
    }
    let cp = p - c;
    let (d5, d6) = (ab.dot(cp), ac.dot(cp));
    if d6 >= 0.0 && d5 <= d6 {
        return (c, t.at_corners[2]);
    }
    let vb = d5 * d2 - d1 * d6;
    if vb <= 0.0 && d2 >= 0.0 && d6 <= 0.0 {
        return (a + ac * (d2 / (d2 - d6)), t.edges[2]);
    }
    let va = d3 * d6 - d5 * d4;
    if va <= 0.0 && d4 - d3 >= 0.0 && d5 - d6 >= 0.0 {
        let along = (d4 - d3) / ((d4 - d3) + (d5 - d6));
        return (b + (c - b) * along, t.edges[1]);
    }
    let scale = 1.0 / (va + vb + vc);
    (a + ab * (vb * scale) + ac * (vc * scale), t.face)
}

impl Distance {
    /// Of a closed surface whose triangles face outwards: [`Surface::check`].
    pub fn new(surface: &Surface) -> Self {
        let faces: Vec<DVec3> = (0..surface.triangles.len())
            .map(|t| {
                let [a, b, c] = surface.corners(t);
                (b - a).cross(c - a).normalize_or_zero()
            })
            .collect();
        let mut at_vertex = vec![DVec3::ZERO; surface.vertices.len()];
        let mut at_edge: HashMap<(u32, u32), DVec3> = HashMap::new();
        let edge = |t: &[u32; 3], k: usize| {
            let (a, b) = (t[k], t[(k + 1) % 3]);
            (a.min(b), a.max(b))
        };
        for (k, t) in surface.triangles.iter().enumerate() {
            let corners = surface.corners(k);
            for i in 0..3 {
                let (here, one, other) = (corners[i], corners[(i + 1) % 3], corners[(i + 2) % 3]);
                let angle = (one - here).angle_between(other - here);
                if angle.is_finite() {
                    at_vertex[t[i] as usize] += angle * faces[k];
                }
                *at_edge.entry(edge(t, i)).or_default() += faces[k];
            }
        }
        let mut triangles: Vec<Triangle> = (surface.triangles.iter().enumerate())
            .map(|(k, t)| Triangle {
                vertices: *t,
                corners: surface.corners(k),
                face: faces[k],
                edges: std::array::from_fn(|i| at_edge[&edge(t, i)]),
                at_corners: t.map(|v| at_vertex[v as usize]),
            })
            .collect();
        let mut nodes = Vec::new();
        split(&mut nodes, &mut triangles, 0);
        Self { nodes, triangles }
    }

    /// Distance from `p` to the surface, mm, negative inside.
    pub fn at(&self, p: DVec3) -> f64 {
        let (mut least, mut found) = (f64::INFINITY, (p, DVec3::ZERO));
        // A tree of as many triangles as are allowed is 20 deep.
        let mut waiting = [(0, 0.0); 64];
        let mut left = 1;
        while left > 0 {
            left -= 1;
            let (k, at_least) = waiting[left];
            if at_least >= least {
                continue;
            }
            let node = &self.nodes[k];
            if node.second == 0 {
                for t in &self.triangles[node.first..][..node.count] {
                    let (q, normal) = nearest(t, p);
                    let squared = p.distance_squared(q);
                    if squared < least {
                        (least, found) = (squared, (q, normal));
                    }
                }
                continue;
            }
            let halves = [k + 1, node.second];
            let mut halves = halves.map(|h| (h, self.nodes[h].distance_squared(p)));
            // The nearer half is looked at first.
            if halves[0].1 < halves[1].1 {
                halves.swap(0, 1);
            }
            waiting[left..left + 2].copy_from_slice(&halves);
            left += 2;
        }
        let (q, normal) = found;
        let distance = least.sqrt();
        if (p - q).dot(normal) < 0.0 {
            -distance
        } else {
            distance
        }
    }

    /// A vertex near which the surface passes through itself.
    pub(super) fn crossing(&self) -> Option<DVec3> {
        self.triangles.iter().find_map(|t| {
            let [a, b, c] = t.corners;
            let (low, high) = (a.min(b).min(c), a.max(b).max(c));
            let mut waiting = vec![0];
            while let Some(k) = waiting.pop() {
                let node = &self.nodes[k];
                if !node.meets(low, high) {
                    continue;
                }
                if node.second != 0 {
                    waiting.extend([k + 1, node.second]);
                    continue;
                }
                let others = &self.triangles[node.first..][..node.count];
                let apart = |o: &&Triangle| !o.vertices.iter().any(|v| t.vertices.contains(v));
                if others
                    .iter()
                    .filter(apart)
                    .any(|o| cross(t.corners, o.corners))
                {
                    return Some(a);
                }
            }
            None
        })
    }
}

/// Puts `triangles`, which stand behind `first` others, into boxes.
fn split(nodes: &mut Vec<Node>, triangles: &mut [Triangle], first: usize) {
    let corners = || triangles.iter().flat_map(|t| t.corners);
    let low = corners().fold(DVec3::INFINITY, DVec3::min);
    let high = corners().fold(DVec3::NEG_INFINITY, DVec3::max);
    let here = nodes.len();
    nodes.push(Node {
        low,
        high,
        first,
        count: triangles.len(),
        second: 0,
    });
    if triangles.len() <= LEAF {
        return;
    }
    let along = (high - low).max_position();
    let middle = triangles.len() / 2;
    let place = |t: &Triangle| t.corners.iter().map(|c| c[along]).sum::<f64>();
    triangles.select_nth_unstable_by(middle, |a, b| place(a).total_cmp(&place(b)));
    let (one, other) = triangles.split_at_mut(middle);
    split(nodes, one, first);
    nodes[here].second = nodes.len();
    split(nodes, other, first + middle);
}
