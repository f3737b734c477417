//! A grid of values with spacing, origin and unit: what files hold and the rooms pass on.

/// Values on a box of voxels.
#[derive(Debug, Clone, PartialEq)]
pub struct Volume {
    /// What the values are, e.g. `bmd`.
    pub name: String,
    /// Their unit.
    pub unit: String,
    /// Voxels along x, y, z.
    pub voxels: [usize; 3],
    /// Edges of a voxel, mm.
    pub spacing: [f64; 3],
    /// Lower corner of the first voxel, mm.
    pub origin: [f64; 3],
    /// Values, x fastest.
    pub values: Vec<f32>,
}

/// All coordinates below `n`, x fastest.
pub fn each(n: [usize; 3]) -> impl Iterator<Item = [usize; 3]> + use<> {
    (0..n[2]).flat_map(move |z| (0..n[1]).flat_map(move |y| (0..n[0]).map(move |x| [x, y, z])))
}
