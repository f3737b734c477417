//! Where the picture is taken from. Parallel projection: a millimetre is a millimetre everywhere.

use glam::Vec3;

/// A camera that orbits a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    /// Degrees around the vertical axis; 0 looks from the front.
    pub azimuth: f32,
    /// Degrees above the horizon, −89 to 89.
    pub elevation: f32,
    /// Point in the middle of the picture, mm in the lattice's frame.
    pub centre: [f32; 3],
    /// Height of the picture, mm.
    pub height: f32,
}

impl Camera {
    /// Looks at a box of `extent` mm from the front, all of it in the picture.
    pub fn front(extent: [f32; 3]) -> Self {
        Self {
            azimuth: 0.0,
            elevation: 0.0,
            centre: extent.map(|e| 0.5 * e),
            height: 1.05 * extent[2],
        }
    }

    /// Turns by degrees.
    pub fn orbit(&mut self, azimuth: f32, elevation: f32) {
        self.azimuth = (self.azimuth + azimuth).rem_euclid(360.0);
        self.elevation = (self.elevation + elevation).clamp(-89.0, 89.0);
    }

    /// Makes things larger (factor above 1) or smaller.
    pub fn zoom(&mut self, factor: f32) {
        if factor.is_finite() && factor > 0.0 {
            self.height = (self.height / factor).clamp(5.0, 2000.0);
        }
    }

    /// Unit vectors forward, right and up, mm frame.
    pub fn axes(&self) -> [Vec3; 3] {
        let (sa, ca) = self.azimuth.to_radians().sin_cos();
        let (se, ce) = self.elevation.to_radians().sin_cos();
        // y points to the front of the body: a camera in front looks along −y and has a right leg's lateral side (+x) on its left.
        let back = Vec3::new(sa * ce, ca * ce, se);
        let right = Vec3::new(-ca, sa, 0.0);
        [-back, right, right.cross(-back)]
    }
}

/// Length of a scale bar for a picture `height` mm high: about a tenth of it, as 1, 2 or 5 times a power of ten, mm.
pub fn scale_bar(height: f64) -> f64 {
    let power = 10f64.powf((height / 10.0).log10().floor());
    [5.0, 2.0, 1.0]
        .into_iter()
        .map(|m| m * power)
        .find(|m| *m <= height / 10.0)
        .unwrap_or(power)
}
