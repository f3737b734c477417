//! The trilinear hexahedral element: a box of isotropic linear elastic material, integrated
//! exactly.

/// A box element of unit Young's modulus.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    poisson: f64,
    spacing: [f64; 3],
    /// Block `[i][j]` (row-major) between corner 0 and corner b (bits x, y, z).
    corner: [[f64; 9]; 8],
}

impl Element {
    /// Poisson's ratio (−1 to 0.5, both excluded) and edge lengths, mm.
    pub fn new(poisson: f64, spacing: [f64; 3]) -> Self {
        let lambda = poisson / ((1.0 + poisson) * (1.0 - 2.0 * poisson));
        let mu = 0.5 / (1.0 + poisson);
        let mut corner = [[0.0; 9]; 8];
        for (b, block) in corner.iter_mut().enumerate() {
            let far = [b & 1 == 1, b >> 1 & 1 == 1, b >> 2 & 1 == 1];
            // Integrals over one edge of products of the two linear shape functions.
            let mass = |k: usize| spacing[k] / if far[k] { 6.0 } else { 3.0 };
            let slope = |k: usize| if far[k] { -1.0 } else { 1.0 } / spacing[k];
            let gradient = |i: usize, j: usize| -> f64 {
                (0..3)
                    .map(|k| match (k == i, k == j) {
                        (true, true) => slope(k),
                        (true, false) => -0.5,
                        (false, true) => {
                            if far[k] {
                                0.5
                            } else {
                                -0.5
                            }
                        }
                        (false, false) => mass(k),
                    })
                    .product()
            };
            let trace: f64 = (0..3).map(|k| gradient(k, k)).sum();
            for i in 0..3 {
                for j in 0..3 {
                    block[3 * i + j] = lambda * gradient(i, j)
                        + mu * gradient(j, i)
                        + if i == j { mu * trace } else { 0.0 };
                }
            }
        }
        Self {
            poisson,
            spacing,
            corner,
        }
    }

    /// Poisson's ratio.
    pub fn poisson(&self) -> f64 {
        self.poisson
    }

    /// Edge lengths, mm.
    pub fn spacing(&self) -> [f64; 3] {
        self.spacing
    }

    /// Entry of the stiffness matrix (N/mm for 1 MPa): corner `a`, component `i` against `b`, `j`.
    pub fn stiffness(&self, a: usize, i: usize, b: usize, j: usize) -> f64 {
        let sign = |axis: usize| if a >> axis & 1 == 0 { 1.0 } else { -1.0 };
        sign(i) * sign(j) * self.corner[a ^ b][3 * i + j]
    }

    /// The blocks as WGSL constants, for `element.wgsl`.
    pub(crate) fn wgsl(&self) -> String {
        use std::fmt::Write as _;
        let mut text = String::new();
        for (b, block) in self.corner.iter().enumerate() {
            // WGSL matrices are made of columns.
            let columns: Vec<String> = (0..9)
                .map(|k| format!("{:.9e}", block[3 * (k % 3) + k / 3]))
                .collect();
            writeln!(
                text,
                "const STIFFNESS_{b} = mat3x3<f32>({});",
                columns.join(", ")
            )
            .ok();
        }
        text
    }

    /// `Qᵀ K Q` of the lowest child of an element `factor` (1 or 2) times as long, `[a][b][9]`,
    /// where Q interpolates the large element's corners to the child's. The other children are its
    /// mirrors.
    pub(crate) fn lowest_child(&self, factor: [usize; 3]) -> Vec<f32> {
        // Value at the child's corner `c` of the large element's shape function `a`.
        let shape = |c: usize, a: usize| -> f64 {
            (0..3)
                .map(|k| {
                    let x = (c >> k & 1) as f64 / factor[k] as f64;
                    if a >> k & 1 == 1 { x } else { 1.0 - x }
                })
                .product()
        };
        let mut table = Vec::with_capacity(64 * 9);
        for a in 0..8 {
            for b in 0..8 {
                for k in 0..9 {
                    let mut sum = 0.0;
                    for c in 0..8 {
                        for d in 0..8 {
                            sum += shape(c, a) * shape(d, b) * self.stiffness(c, k / 3, d, k % 3);
                        }
                    }
                    table.push(sum as f32);
                }
            }
        }
        table
    }
}
