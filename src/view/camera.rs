//! Where the picture is taken from. Parallel projection: a millimetre is a millimetre everywhere.

use glam::Vec3;

/// A camera that orbits a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    /// Degrees around the vertical axis; 0 looks from the front.
    pub azimuth: f32,
    /// Degrees above the horizon, −90 to 90.
    pub elevation: f32,
    /// Point in the middle of the picture, mm in the lattice's frame.
    pub centre: [f32; 3],
    /// Height of the picture, mm.
    pub height: f32,
    /// The longest edge of what is looked at, mm: how near and how far one can go hangs on it.
    pub extent: f32,
}

/// Heights of a picture, as shares of the longest edge of what is looked at.
const NEAREST: f32 = 0.02;
const FARTHEST: f32 = 10.0;

/// Degrees above the horizon to which one can turn it, at most: beyond, right and left would
/// change sides.
const STEEPEST: f32 = 89.0;

impl Camera {
    /// Looks at a box of `extent` mm from the front, all of it in the picture.
    pub fn front(extent: [f32; 3]) -> Self {
        Self {
            azimuth: 0.0,
            elevation: 0.0,
            centre: extent.map(|e| 0.5 * e),
            height: 1.05 * extent[2],
            extent: extent.into_iter().fold(0.0, f32::max),
        }
    }

    /// Turns by degrees.
    pub fn orbit(&mut self, azimuth: f32, elevation: f32) {
        self.azimuth = (self.azimuth + azimuth).rem_euclid(360.0);
        self.elevation = (self.elevation + elevation).clamp(-STEEPEST, STEEPEST);
    }

    /// Looks down on the body, its front up in the picture.
    pub fn look_down(&mut self) {
        (self.azimuth, self.elevation) = (180.0, 90.0);
    }

    /// Makes things larger (factor above 1) or smaller.
    pub fn zoom(&mut self, factor: f32) {
        if factor.is_finite() && factor > 0.0 {
            let (near, far) = (NEAREST * self.extent, FARTHEST * self.extent);
            self.height = (self.height / factor).max(near).min(far);
        }
    }

    /// From where it looks, for people: the nearest of six sides, and how far it is turned from
    /// that.
    pub fn place(&self) -> String {
        // Degrees, rounded, from −180 to 180; 90 looks from the right.
        let turn = (self.azimuth + 180.0).rem_euclid(360.0) - 180.0;
        let raise = self.elevation.round();
        let (side, centre) = match turn {
            t if t.abs() <= 45.0 => ("the front", 0.0),
            t if t.abs() >= 135.0 => ("the back", 180.0f32.copysign(t)),
            t if t > 0.0 => ("the right", 90.0),
            _ => ("the left", -90.0),
        };
        let off = (turn - centre).round();
        let mut parts = Vec::new();
        if off != 0.0 {
            let way = if off > 0.0 { "right" } else { "left" };
            parts.push(format!("turned {} degrees to the {way}", off.abs()));
        }
        if raise != 0.0 {
            let way = if raise > 0.0 { "above" } else { "below" };
            parts.push(format!("{} degrees from {way}", raise.abs()));
        }
        if parts.is_empty() {
            format!("seen from {side}")
        } else {
            format!("seen from {side}, {}", parts.join(" and "))
        }
    }

    /// Unit vectors forward, right and up, mm frame.
    pub fn axes(&self) -> [Vec3; 3] {
        let (sa, ca) = self.azimuth.to_radians().sin_cos();
        let (se, ce) = self.elevation.to_radians().sin_cos();
        // y points to the front of the body: a camera in front looks along −y and has a right leg's
        // lateral side (+x) on its left.
        let back = Vec3::new(sa * ce, ca * ce, se);
        let right = Vec3::new(-ca, sa, 0.0);
        [-back, right, right.cross(-back)]
    }
}

/// A number beside one of several ticks that stand `step` apart: the digits that tell them apart,
/// and no noise of f32.
pub fn tick(value: f64, step: f64) -> String {
    let step = step.abs();
    // As few as hold the step, at most three of its own.
    let most = (2.0 - step.log10().floor()).clamp(0.0, 12.0) as usize;
    let holds = |digits: &usize| {
        let scaled = step * 10f64.powi(*digits as i32);
        scaled >= 0.999 && (scaled - scaled.round()).abs() < 1e-4 * scaled
    };
    let digits = (0..most).find(holds).unwrap_or(most);
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    // Rounded to nothing, a number has no sign.
    match text {
        "-0" => "0".to_owned(),
        other => other.to_owned(),
    }
}

/// Length of a scale bar for a picture `height` mm high: about a tenth of it, as 1, 2 or 5 times a
/// power of ten, mm.
pub fn scale_bar(height: f64) -> f64 {
    let power = 10f64.powf((height / 10.0).log10().floor());
    [5.0, 2.0, 1.0]
        .into_iter()
        .map(|m| m * power)
        .find(|m| *m <= height / 10.0)
        .unwrap_or(power)
}
