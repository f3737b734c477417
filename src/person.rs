//! A person's build, which scenes can be made for.

/// Stature of the people whose mean the bones' surfaces are, m. None is told of them; their femur
/// is 441 mm long, which goes with 1.63 m in women and 1.66 m in men (Trotter and Gleser 1952 Am J
/// Phys Anthropol 10:463).
pub const MEAN_HEIGHT_M: f64 = 1.65;

/// Statures that are allowed, m.
pub const HEIGHTS_M: std::ops::RangeInclusive<f64> = 1.2..=2.2;

/// How far from the mean, in standard deviations, a shape may be. The modes come from a few dozen
/// people: beyond this no bone like it was ever seen.
pub const MOST_DEVIATIONS: f64 = 3.0;

/// Shape modes that there are.
pub const MODES: usize = 5;

/// A person's build.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Person {
    /// How many standard deviations from the mean each shape mode is; those not named are 0.
    pub shape: Vec<f64>,
    /// Stature, m: a scene is enlarged by it over [`MEAN_HEIGHT_M`]. None leaves it as it is.
    pub height_m: Option<f64>,
}

impl Person {
    /// Whether it is the mean of all.
    pub fn is_mean(&self) -> bool {
        self.height_m.is_none() && self.shape.iter().all(|w| *w == 0.0)
    }

    /// How many times as large as the mean person's a scene is.
    pub fn enlargement(&self) -> f64 {
        self.height_m.map_or(1.0, |height| height / MEAN_HEIGHT_M)
    }

    /// What of it no person has, and what is allowed.
    pub fn trouble(&self) -> Option<(String, String)> {
        if self.shape.len() > MODES {
            let found = format!("a shape of {} modes", self.shape.len());
            return Some((found, format!("at most {MODES}")));
        }
        let beyond = self.shape.iter().enumerate();
        // Not a number is beyond too.
        let beyond = beyond.filter(|(_, w)| w.is_nan() || w.abs() > MOST_DEVIATIONS);
        if let Some((k, w)) = beyond.into_iter().next() {
            return Some((
                format!("shape mode {} at {w} standard deviations", k + 1),
                format!("-{MOST_DEVIATIONS} to {MOST_DEVIATIONS}"),
            ));
        }
        let height = self.height_m.filter(|h| !HEIGHTS_M.contains(h))?;
        let allowed = format!("{} to {} m", HEIGHTS_M.start(), HEIGHTS_M.end());
        Some((format!("a height of {height} m"), allowed))
    }
}
