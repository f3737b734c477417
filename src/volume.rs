//! A grid of values with spacing, origin, axes and unit: what files hold and the rooms pass on.

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
    /// Outer corner of the first voxel, mm to the right, to the front and upwards.
    pub origin: [f64; 3],
    /// Which way x, y and z run in the body.
    pub axes: Axes,
    /// Values, x fastest.
    pub values: Vec<f32>,
}

/// Which way the axes of a grid run in the body.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axes {
    /// By axis of the grid a unit vector: its parts to the right, to the front (anterior) and
    /// upwards (superior).
    pub directions: [[f64; 3]; 3],
    /// Whether that is known, or only what is usual where nothing is said.
    pub known: bool,
}

/// An axis of the body, and whether it is run along backwards: right to left, front to back,
/// downwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyAxis {
    /// 0 left to right, 1 posterior to anterior, 2 inferior to superior.
    pub axis: usize,
    /// The other way round.
    pub backwards: bool,
}

impl std::fmt::Display for BodyAxis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ends = [
            ["left", "right"],
            ["posterior", "anterior"],
            ["inferior", "superior"],
        ][self.axis];
        let [from, to] = if self.backwards {
            [ends[1], ends[0]]
        } else {
            ends
        };
        write!(f, "{from} to {to}")
    }
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

impl Axes {
    /// x to the right, y to the front, z upwards: the program's own lattices.
    pub const BODY: Self = Self {
        directions: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        known: true,
    };

    /// The same where a file does not say how it lies.
    pub const UNKNOWN: Self = Self {
        known: false,
        ..Self::BODY
    };

    /// Axes along three vectors, with the vectors' lengths; none where one is zero, or all lie in a
    /// plane.
    pub fn along(vectors: [[f64; 3]; 3], known: bool) -> Option<(Self, [f64; 3])> {
        let lengths = vectors.map(|v| dot(v, v).sqrt());
        if !lengths.iter().all(|l| *l > 0.0 && l.is_finite()) {
            return None;
        }
        let directions =
            std::array::from_fn(|k| std::array::from_fn(|c| vectors[k][c] / lengths[k]));
        let axes = Self { directions, known };
        (axes.volume().abs() > 1e-3).then_some((axes, lengths))
    }

    /// Of the box that the three unit vectors span: 1 at right angles, negative in a left-handed
    /// grid.
    fn volume(&self) -> f64 {
        let [a, b, c] = self.directions;
        let across = [
            b[1] * c[2] - b[2] * c[1],
            b[2] * c[0] - b[0] * c[2],
            b[0] * c[1] - b[1] * c[0],
        ];
        dot(a, across)
    }

    /// The axis of the body that each axis of the grid is nearest to; no two share one.
    pub fn nearest(&self) -> [BodyAxis; 3] {
        const ORDERS: [[usize; 3]; 6] = [
            [0, 1, 2],
            [0, 2, 1],
            [1, 0, 2],
            [1, 2, 0],
            [2, 0, 1],
            [2, 1, 0],
        ];
        let closeness = |order: &[usize; 3]| -> f64 {
            (0..3).map(|k| self.directions[k][order[k]].abs()).sum()
        };
        // Of equals the first, which turns least.
        let best = ORDERS
            .iter()
            .rev()
            .max_by(|a, b| closeness(a).total_cmp(&closeness(b)))
            .unwrap_or(&ORDERS[0]);
        std::array::from_fn(|k| BodyAxis {
            axis: best[k],
            backwards: self.directions[k][best[k]] < 0.0,
        })
    }

    /// By axis of the grid, degrees between it and the axis of the body that it is nearest to.
    pub fn tilts(&self) -> [f64; 3] {
        let nearest = self.nearest();
        std::array::from_fn(|k| {
            self.directions[k][nearest[k].axis]
                .abs()
                .min(1.0)
                .acos()
                .to_degrees()
        })
    }

    /// How far from right angles the axes stand on each other, degrees.
    pub fn skew(&self) -> f64 {
        let [a, b, c] = self.directions;
        [dot(a, b), dot(b, c), dot(c, a)]
            .map(|cosine| cosine.abs().min(1.0).asin().to_degrees())
            .into_iter()
            .fold(0.0, f64::max)
    }
}

impl Volume {
    /// The position of a first voxel's outer corner, given its centre and the edges along the
    /// grid's axes.
    pub fn corner_of(centre: [f64; 3], axes: &Axes, spacing: [f64; 3]) -> [f64; 3] {
        std::array::from_fn(|c| {
            centre[c]
                - (0..3)
                    .map(|k| 0.5 * spacing[k] * axes.directions[k][c])
                    .sum::<f64>()
        })
    }

    /// The same voxels, counted from left to right, from back to front, upwards, as far as whole
    /// turns and mirrors go: what is tilted stays so.
    #[must_use]
    pub fn along_body(&self) -> Self {
        let nearest = self.axes.nearest();
        // By axis of the body, the axis of the grid that runs along it.
        let from: [usize; 3] =
            std::array::from_fn(|b| (0..3).find(|k| nearest[*k].axis == b).unwrap_or(b));
        let voxels = from.map(|k| self.voxels[k]);
        let strides = [1, self.voxels[0], self.voxels[0] * self.voxels[1]];
        let values = each(voxels)
            .map(|at| {
                let index: usize = (0..3)
                    .map(|b| {
                        let k = from[b];
                        let i = if nearest[k].backwards {
                            self.voxels[k] - 1 - at[b]
                        } else {
                            at[b]
                        };
                        strides[k] * i
                    })
                    .sum();
                self.values[index]
            })
            .collect();
        let mut origin = self.origin;
        for k in (0..3).filter(|k| nearest[*k].backwards) {
            let length = self.voxels[k] as f64 * self.spacing[k];
            for (o, d) in origin.iter_mut().zip(self.axes.directions[k]) {
                *o += length * d;
            }
        }
        let directions = from
            .map(|k| self.axes.directions[k].map(|d| if nearest[k].backwards { -d } else { d }));
        Self {
            name: self.name.clone(),
            unit: self.unit.clone(),
            voxels,
            spacing: from.map(|k| self.spacing[k]),
            origin,
            axes: Axes {
                directions,
                known: self.axes.known,
            },
            values,
        }
    }
}

/// All coordinates below `n`, x fastest.
pub fn each(n: [usize; 3]) -> impl Iterator<Item = [usize; 3]> + use<> {
    (0..n[2]).flat_map(move |z| (0..n[1]).flat_map(move |y| (0..n[0]).map(move |x| [x, y, z])))
}
