//! Ways of looking at a scene, a click each.

use strum::{EnumIter, IntoStaticStr};

use crate::tissue::{Anatomy, SiteKind};

use super::{Cut, FieldKind, Muscles, Paint, Picture};

/// What one wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, EnumIter, IntoStaticStr)]
pub enum Look {
    /// What bone has lost or won since the start.
    #[default]
    Change,
    /// How dense bone is.
    Density,
    /// What loads do to it.
    Strain,
    /// Its cells.
    Cells,
    /// What muscles have lost or won.
    Muscle,
    /// Tissue as it looks, without numbers.
    Anatomy,
}

impl Look {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Change,
        Self::Density,
        Self::Strain,
        Self::Cells,
        Self::Muscle,
        Self::Anatomy,
    ];

    /// Name for people.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The field that it shows.
    pub fn field(self) -> FieldKind {
        match self {
            Self::Change => FieldKind::Change,
            Self::Density | Self::Anatomy => FieldKind::Density,
            Self::Strain => FieldKind::StrainEnergy,
            Self::Cells => FieldKind::Osteoclasts,
            Self::Muscle => FieldKind::MuscleThickness,
        }
    }

    /// The picture of a scene.
    pub fn picture(self, anatomy: &Anatomy, size: [u32; 2]) -> Picture {
        let usual = Picture::of(anatomy, self.field(), size);
        let has_struts =
            (anatomy.bone.iter()).any(|b| b.sites.iter().any(|s| s.kind == SiteKind::Strut));
        match self {
            Self::Change => Picture {
                paint: if has_struts {
                    Paint::Struts
                } else {
                    Paint::Field
                },
                contour: contour(usual.range.1),
                ..usual
            },
            // A muscle is looked at whole, and what it moves behind it.
            Self::Muscle => Picture {
                cut: Cut::None,
                ..usual
            },
            Self::Anatomy => Picture {
                paint: Paint::Tissue,
                muscles: Muscles::Solid,
                range: (0.0, 1200.0),
                coloured: false,
                ..usual
            },
            Self::Density | Self::Strain | Self::Cells => usual,
        }
    }
}

/// Half the range of a change: the smallest round number that 98 of 100 weighed values lie within.
/// `changes` are values and weights; without any, the usual one.
pub fn round_range(changes: impl IntoIterator<Item = (f32, f32)>) -> f32 {
    const ROUND: [f32; 17] = [
        1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 75.0,
        100.0,
    ];
    let sized = |(value, weight): (f32, f32)| (value.abs(), weight);
    let known = |(value, weight): &(f32, f32)| value.is_finite() && *weight > 0.0;
    let mut sizes: Vec<_> = changes.into_iter().filter(known).map(sized).collect();
    sizes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let all: f64 = sizes.iter().map(|s| f64::from(s.1)).sum();
    let mut sum = 0.0;
    let most = sizes.iter().find(|s| {
        sum += f64::from(s.1);
        sum >= 0.98 * all
    });
    let most = most.map_or(FieldKind::Change.range().1, |s| s.0);
    ROUND.into_iter().find(|r| most <= *r).unwrap_or(100.0)
}

/// Between two contours of a change whose range ends at `high`: at most six to either side, in
/// round numbers.
pub fn contour(high: f32) -> f32 {
    const ROUND: [f32; 7] = [0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0];
    ROUND.into_iter().find(|r| high <= 6.0 * r).unwrap_or(20.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_nearly_all_and_is_round() {
        let is = |found: f32, want: f32| assert!((found - want).abs() < 1e-6, "{found} {want}");
        is(
            round_range((0..1000).map(|k| (-0.006 * k as f32, 1.0))),
            6.0,
        );
        // Five of a thousand are nothing to go by.
        let few = (0..1000).map(|k| (if k < 5 { 80.0 } else { 1.5 }, 1.0));
        is(round_range(few), 2.0);
        // Weighed: much at 3, little at 40.
        is(round_range([(3.0, 99.0), (-40.0, 1.0)]), 3.0);
        is(round_range([(f32::NAN, 1.0), (4.0, 0.0)]), 20.0);
        is(round_range([]), 20.0);
        is(contour(12.0), 2.0);
        is(contour(5.0), 1.0);
        is(contour(1000.0), 20.0);
    }
}
