//! The built-in core: a few millimetres of trabecular bone in which single trabeculae are resolved.
//!
//! The bone is a frame of cells, each 0.8 mm wide and 1.0 mm high, whose corners are displaced at
//! random. Rods 0.10 to 0.22 mm thick run along the cells' edges, and plates of 0.10 to 0.14 mm
//! close some of the vertical faces (Hildebrand 1999: trabeculae are 0.12 to 0.19 mm thick and 0.64
//! to 0.9 mm apart). Cells are higher than wide, as trabeculae follow the load, which runs along z.
//! It is applied through platens, rigid plates below and above.

use glam::DVec3;

use super::shape::tapered;
use super::{
    Anatomy, BonePlan, BoneRegion, Muscle, MusclePlan, Outlook, SiteKind, SitePlan, StrengthPlan,
    Tissue, UnitLoad,
};

/// Extent without the platens, mm.
const EXTENT: DVec3 = DVec3::new(3.2, 3.2, 4.0);
const CELL: DVec3 = DVec3::new(0.8, 0.8, 1.0);

/// A random number from -1 to 1 that is always the same for one place; `what` tells apart the
/// numbers that a place has.
fn noise(at: [i32; 3], what: u32) -> f64 {
    let mut x = what.wrapping_mul(0x9e37_79b9);
    for k in at {
        x = (x ^ k as u32).wrapping_mul(0x85eb_ca6b);
        x ^= x >> 13;
        x = x.wrapping_mul(0xc2b2_ae35);
        x ^= x >> 16;
    }
    f64::from(x) / f64::from(u32::MAX) * 2.0 - 1.0
}

/// Where a corner of the frame lies, mm: a corner of a regular cell, displaced at random.
fn corner(at: [i32; 3]) -> DVec3 {
    let jitter = DVec3::from(std::array::from_fn::<f64, 3, _>(|k| noise(at, k as u32)));
    CELL * (DVec3::from(at.map(f64::from)) + 0.22 * jitter)
}

/// Half of a plate: a triangle of thickness `2 r`, mm.
struct Triangle {
    corners: [DVec3; 3],
    normal: DVec3,
    r: f64,
}

impl Triangle {
    fn new(corners: [DVec3; 3], r: f64) -> Self {
        let [a, b, d] = corners;
        Self {
            corners,
            normal: (b - a).cross(d - a).normalize_or_zero(),
            r,
        }
    }

    /// Distance to the plane of the plate's nearer surface, mm, negative inside: as if the plate
    /// had no end.
    fn across(&self, p: DVec3) -> f64 {
        (p - self.corners[0]).dot(self.normal).abs() - self.r
    }

    /// Distance to the plate, mm, negative inside; infinite at places that are not above or below
    /// the triangle.
    fn distance(&self, p: DVec3) -> f64 {
        let ([a, b, d], n) = (self.corners, self.normal);
        let q = p - n * (p - a).dot(n);
        let side = |s: DVec3, t: DVec3| (t - s).cross(q - s).dot(n) >= 0.0;
        if side(a, b) && side(b, d) && side(d, a) {
            self.across(p)
        } else {
            f64::INFINITY
        }
    }
}

/// A rod between two corners, of radius `r`, mm.
struct Strut {
    ends: [DVec3; 2],
    r: f64,
}

impl Strut {
    fn distance(&self, p: DVec3) -> f64 {
        tapered(p, self.ends[0], self.ends[1], self.r, self.r)
    }
}

/// The rods and plates that belong to one cell: those that begin at its lowest corner.
struct Cell {
    struts: Vec<Strut>,
    triangles: Vec<Triangle>,
}

impl Cell {
    fn new(at: [i32; 3]) -> Self {
        let from = corner(at);
        let next = |k: usize| {
            let mut to = at;
            to[k] += 1;
            to
        };
        let mut struts = Vec::new();
        for axis in 0..3 {
            let seed = 10 + axis as u32;
            // Vertical struts are thicker and all there; of the others one in eight is missing.
            let r = if axis == 2 { 0.092 } else { 0.066 } * (1.0 + 0.25 * noise(at, seed));
            if axis == 2 || noise(at, seed + 10) <= 0.75 {
                let ends = [from, corner(next(axis))];
                struts.push(Strut { ends, r });
            }
        }
        let mut triangles = Vec::new();
        for axis in 0..2 {
            if noise(at, 30 + axis as u32) > 0.2 {
                let side = next(axis);
                let mut far = side;
                far[2] += 1;
                let r = 0.055 * (1.0 + 0.2 * noise(at, 40));
                let c = [from, corner(side), corner(far), corner(next(2))];
                triangles.push(Triangle::new([c[0], c[1], c[2]], r));
                triangles.push(Triangle::new([c[0], c[2], c[3]], r));
            }
        }
        Self { struts, triangles }
    }
}

/// Cells along each axis whose rods or plates may reach into the core: one more than fit on either
/// side.
const CELLS: usize = 9;

/// Every strut and plate of the core.
struct Frame {
    cells: Vec<Cell>,
}

impl Frame {
    fn new() -> Self {
        let cells = crate::volume::each([CELLS; 3])
            .map(|at| Cell::new(at.map(|k| k as i32 - 1)))
            .collect();
        Self { cells }
    }

    /// The cells whose rods and plates may reach to `p`.
    fn around(&self, p: DVec3) -> impl Iterator<Item = &Cell> {
        let cell = (p / CELL).floor();
        let base = [cell.x as usize, cell.y as usize, cell.z as usize];
        crate::volume::each([4; 3]).filter_map(move |d| {
            let [x, y, z] = [0, 1, 2].map(|k| base[k] + d[k]);
            let inside = x < CELLS && y < CELLS && z < CELLS;
            inside.then(|| &self.cells[x + CELLS * (y + CELLS * z)])
        })
    }

    /// Share of a voxel that is bone, 0 to 1: of `fine` cubed points spread over it, those that lie
    /// inside bone.
    fn share(&self, low: DVec3, spacing: f64, fine: usize) -> f64 {
        let centre = low + 0.5 * spacing;
        // No point of the voxel is farther from its centre than this, so what is farther away need
        // not be asked for each point.
        let reach = 0.5 * 3f64.sqrt() * spacing;
        let mut best = f64::INFINITY;
        let (mut struts, mut triangles) = (Vec::new(), Vec::new());
        for cell in self.around(centre) {
            for strut in &cell.struts {
                let distance = strut.distance(centre);
                best = best.min(distance);
                if distance < reach {
                    struts.push(strut);
                }
            }
            for triangle in &cell.triangles {
                best = best.min(triangle.distance(centre));
                if triangle.across(centre) < reach {
                    triangles.push(triangle);
                }
            }
        }
        if best > spacing {
            return 0.0;
        }
        let inside = crate::volume::each([fine; 3])
            .filter(|sub| {
                let offset = DVec3::from(sub.map(|x| x as f64 + 0.5)) / fine as f64;
                let p = low + spacing * offset;
                struts.iter().any(|s| s.distance(p) < 0.0)
                    || triangles.iter().any(|t| t.distance(p) < 0.0)
            })
            .count();
        inside as f64 / fine.pow(3) as f64
    }
}

/// The built-in core.
pub(super) fn build(size: usize) -> Anatomy {
    // A voxel below and one above are platens.
    let spacing = EXTENT.z / (size - 2) as f64;
    let across = (EXTENT.x / spacing).round() as usize;
    let frame = Frame::new();
    from_solid([across, across, size - 2], spacing, |at| {
        let low = spacing * DVec3::from(at.map(|x| x as f64));
        frame.share(low, spacing, 4)
    })
}

/// A voxel that one site fills.
fn voxel(at: [usize; 3], kind: SiteKind, surface: f64, bvtv: f64, envelope: f64) -> BonePlan {
    BonePlan {
        at,
        bone: 0,
        tie: 0.0,
        sites: vec![SitePlan {
            fraction: 1.0,
            surface,
            kind,
            bvtv: Some(bvtv),
        }],
        envelope,
    }
}

/// A core between platens, compressed along z. `solid` gives the share of bone in each voxel of
/// `inner`, 0 to 1; `spacing` is a voxel's edge, mm.
pub(super) fn from_solid(
    inner: [usize; 3],
    spacing: f64,
    solid: impl Fn([usize; 3]) -> f64,
) -> Anatomy {
    let voxels = [inner[0], inner[1], inner[2] + 2];
    let mut bone = Vec::new();
    let mut tissue = Vec::new();
    let mut members = Vec::new();
    for at in crate::volume::each(voxels) {
        let platen = at[2] == 0 || at[2] + 1 == voxels[2];
        if platen {
            tissue.push(Tissue::Cortical);
            bone.push(voxel(at, SiteKind::Platen, 0.0, 1.0, 0.0));
        } else {
            let bvtv = solid([at[0], at[1], at[2] - 1]);
            tissue.push(if bvtv >= 0.5 {
                Tissue::Trabecular
            } else {
                Tissue::Marrow
            });
            members.push((bone.len(), 1.0));
            bone.push(voxel(at, SiteKind::Strut, 1.0 / spacing, bvtv, bvtv));
        }
    }
    let [nx, ny, nz] = voxels;
    let press = |name: &'static str, force: DVec3| UnitLoad {
        name,
        points: crate::volume::each([nx, ny, 1])
            .map(|at| {
                let share = force / (nx * ny) as f64;
                ([at[0], at[1], nz - 1], [0.5, 0.5, 1.0], share.to_array())
            })
            .collect(),
    };
    let held: Vec<_> = crate::volume::each([nx + 1, ny + 1, 1])
        .map(|at| (at, 0b111))
        .collect();
    Anatomy {
        scene: "trabecular-core",
        size: nx.max(ny).max(nz),
        voxels,
        spacing,
        origin: [0.0; 3],
        tissue,
        bone,
        // The muscle that loads this bone lies outside the core, but its strength still counts: a
        // voxel of it, too small to be seen or measured.
        muscle: vec![MusclePlan {
            at: [0; 3],
            muscle: 0,
            fibre: [0.0, 0.0, 1.0],
            fraction: 1e-6,
        }],
        tendon: Vec::new(),
        bones: vec!["bone"],
        dimensions: Vec::new(),
        groups: vec!["muscle"],
        muscles: vec![Muscle::outside("muscle")],
        regions: vec![BoneRegion {
            name: "core",
            is_part: true,
            envelope_mm3: members.len() as f64 * spacing.powi(3),
            members,
        }],
        muscle_regions: Vec::new(),
        beside: None,
        between_muscles: 0.0,
        residuals: Vec::new(),
        mechanics_low: [0; 3],
        elements: voxels,
        loads: vec![
            press("axial", -DVec3::Z),
            press("sideways", DVec3::X),
            press("forwards", DVec3::Y),
            press("muscle", -DVec3::Z),
        ],
        joint_loads: 3,
        // Single struts are solid.
        outlook: Outlook {
            densest: 1200.0,
            ..Outlook::BLOCK
        },
        strength: vec![StrengthPlan {
            name: "compression",
            region: "core",
            quantities: ["strength", "stiffness"],
            load: press("compression test", -DVec3::Z),
            cast: 0.0,
            held: held.clone(),
        }],
        held,
        settles: false,
    }
}
