//! How forces reach bone: muscles' pulls along their lines, pressures of joints, each over its
//! patch of a bone's surface and from there into the lattice.

use std::cell::Cell;
use std::collections::BTreeSet;

use glam::{DMat3, DVec3};

use super::UnitLoad;
use super::surface::Patch;

/// A force that is spread over bone: through points of its surface, mm, each with the way inwards
/// and a weight, as if it acted along its own line.
pub(super) struct Pull {
    pub(super) points: Vec<(DVec3, DVec3, f64)>,
    /// N.
    pub(super) force: DVec3,
    /// A place on its line, mm; none where the points alone say where it acts.
    pub(super) through: Option<DVec3>,
}

impl Pull {
    /// Along a line through the first of some places, over what of the patches is less than `reach`
    /// farther from them than the nearest, mm; over none of it where all is farther than 40 mm.
    pub(super) fn over(patches: &[Patch], places: &[DVec3], reach: f64, force: DVec3) -> Self {
        let away = |p: &Patch| {
            let each = places.iter().map(|a| a.distance(p.at));
            each.fold(f64::INFINITY, f64::min)
        };
        let nearest = patches.iter().map(away).fold(f64::INFINITY, f64::min);
        // As wide where the line passes off the bone: what presses there is held on both sides.
        let near = |p: &&Patch| nearest <= 40.0 && away(p) < nearest + reach;
        let of = |p: &Patch| (p.at, -p.out, p.area);
        Self {
            points: patches.iter().filter(near).map(of).collect(),
            force,
            through: places.first().copied(),
        }
    }
}

/// Forces at weighted points that add up to `force` and turn about `through` as it does: each its
/// share, and what a rigid plate on evenly soft ground would press besides.
fn coupled(points: &[(DVec3, f64)], force: DVec3, through: Option<DVec3>) -> Vec<DVec3> {
    let all: f64 = points.iter().map(|p| p.1).sum();
    let centre = points.iter().map(|(p, w)| *p * (w / all)).sum::<DVec3>();
    let moment = through.map_or(DVec3::ZERO, |p| (p - centre).cross(force));
    let mut inertia = DMat3::ZERO;
    for (p, w) in points {
        let d = *p - centre;
        let own = DMat3::from_diagonal(DVec3::splat(d.length_squared()));
        let outer = DMat3::from_cols(d * d.x, d * d.y, d * d.z);
        inertia += (own - outer) * (w / all);
    }
    // Points nearly on a line bear next to nothing of what turns about it, one point nothing at
    // all: instead of forces without bound a thousandth of a moment is given up.
    let size = inertia.x_axis.x + inertia.y_axis.y + inertia.z_axis.z;
    let turn = if size > 0.0 {
        (inertia + DMat3::from_diagonal(DVec3::splat(1e-3 * size))).inverse() * moment
    } else {
        DVec3::ZERO
    };
    let of = |(p, w): &(DVec3, f64)| (force + turn.cross(*p - centre)) * (w / all);
    points.iter().map(of).collect()
}

/// Where bone is, for placing loads.
pub(super) struct Lattice<'a> {
    pub(super) spacing: f64,
    pub(super) origin: DVec3,
    pub(super) low: [usize; 3],
    occupied: &'a BTreeSet<[usize; 3]>,
    /// A load of which a force met no bone.
    unplaced: Cell<Option<&'static str>>,
}

impl<'a> Lattice<'a> {
    /// `occupied` are the voxels that hold bone, `low` the first of the mechanics' box.
    pub(super) fn new(
        spacing: f64,
        origin: DVec3,
        low: [usize; 3],
        occupied: &'a BTreeSet<[usize; 3]>,
    ) -> Self {
        Self {
            spacing,
            origin,
            low,
            occupied,
            unplaced: Cell::new(None),
        }
    }

    /// A load of which a force met no bone, if there was one.
    pub(super) fn unplaced(&self) -> Option<&'static str> {
        self.unplaced.get()
    }

    /// The element that holds `p`, or the first one that holds bone on the way along `inward`.
    pub(super) fn place(&self, p: DVec3, inward: DVec3) -> Option<([usize; 3], [f64; 3])> {
        (0..16).find_map(|step| {
            let q =
                (p + inward * (0.25 * self.spacing * f64::from(step)) - self.origin) / self.spacing;
            let at = q.floor();
            if at.min_element() < 0.0 {
                return None;
            }
            let voxel = [at.x as usize, at.y as usize, at.z as usize];
            self.occupied.contains(&voxel).then(|| {
                (
                    std::array::from_fn(|k| voxel[k] - self.low[k]),
                    (q - at).to_array(),
                )
            })
        })
    }

    /// Forces spread over bone, 1 N in all.
    pub(super) fn pulls(&self, name: &'static str, pulls: &[Pull]) -> UnitLoad {
        let mut points = Vec::new();
        for pull in pulls {
            let placed = pull.points.iter().filter_map(|(p, inward, weight)| {
                let (element, within) = self.place(*p, *inward)?;
                Some((element, within, *weight))
            });
            let placed: Vec<_> = placed.collect();
            if placed.is_empty() {
                self.unplaced.set(Some(name));
            }
            let at = |element: [usize; 3], within: [f64; 3]| {
                let corner: [usize; 3] = std::array::from_fn(|k| element[k] + self.low[k]);
                self.origin
                    + self.spacing * (DVec3::from(corner.map(|x| x as f64)) + DVec3::from(within))
            };
            let weighted: Vec<_> = placed.iter().map(|(e, w, x)| (at(*e, *w), *x)).collect();
            let forces = coupled(&weighted, pull.force, pull.through);
            let of = |((element, within, _), force): (&(_, _, _), DVec3)| {
                (*element, *within, force.to_array())
            };
            points.extend(placed.iter().zip(forces).map(of));
        }
        if points.is_empty() {
            self.unplaced.set(Some(name));
        }
        UnitLoad { name, points }
    }

    /// Spreads `pull`, N, over weighted points, each with the way inwards.
    pub(super) fn spread(
        &self,
        name: &'static str,
        pull: DVec3,
        points: &[(DVec3, DVec3, f64)],
    ) -> UnitLoad {
        let points = points.to_vec();
        let spread = Pull {
            points,
            force: pull,
            through: None,
        };
        self.pulls(name, &[spread])
    }
}
