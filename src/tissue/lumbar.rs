//! A lumbar vertebra (L3) between the muscles of the back and psoas.
//!
//! x points left to right, y anterior, z superior; the body's axis is x = y = 0. Body 28 mm high,
//! 46 mm wide, 33 mm deep, shell and endplates 0.5 mm, with pedicles, lamina, spinous and
//! transverse processes.

use glam::DVec3;

use super::scene::{Inside, Lattice, Scene};
use super::shape::{blend, column, directions, ramp, tapered};
use super::{Outlook, StrengthPlan, UnitLoad};

const EXTENT: DVec3 = DVec3::new(120.0, 110.0, 40.0);
const ORIGIN: DVec3 = DVec3::new(-60.0, -80.0, 0.0);

const BOTTOM: f64 = 6.0;
const TOP: f64 = 34.0;
const HALF_WIDTH: f64 = 23.0;
const HALF_DEPTH: f64 = 16.5;
const GROUPS: [&str; 2] = ["intrinsic_back", "psoas"];

fn body(p: DVec3) -> f64 {
    let t = (p.z - 0.5 * (BOTTOM + TOP)) / (0.5 * (TOP - BOTTOM));
    let waist = 2.0 * (1.0 - (t * t).min(1.0));
    column(p, (0.0, 0.0), (HALF_WIDTH - waist, HALF_DEPTH - waist))
        .max(p.z - TOP)
        .max(BOTTOM - p.z)
}

/// The arch and its processes.
fn arch(p: DVec3) -> f64 {
    // Left and right alike.
    let p = DVec3::new(p.x.abs(), p.y, p.z);
    let at = |x: f64, y: f64, z: f64| DVec3::new(x, y, z);
    let pedicle = tapered(p, at(12.0, -12.0, 24.0), at(15.0, -28.0, 23.0), 5.0, 6.0);
    let lamina = tapered(p, at(15.0, -30.0, 22.0), at(0.0, -40.0, 20.0), 6.0, 5.0);
    let spinous = tapered(p, at(0.0, -40.0, 19.0), at(0.0, -66.0, 16.0), 5.0, 5.5);
    let transverse = tapered(p, at(15.0, -27.0, 23.0), at(40.0, -33.0, 23.0), 5.0, 4.0);
    blend(blend(pedicle, lamina, 3.0), spinous.min(transverse), 3.0)
}

/// The scene.
pub(super) struct Lumbar;

impl Lumbar {
    /// Pressure on the upper endplate; `tilt` shifts it forwards.
    fn endplate(name: &'static str, tilt: f64, lattice: &Lattice<'_>) -> UnitLoad {
        let points: Vec<_> = crate::volume::each([23, 17, 1])
            .map(|at| {
                let x = (at[0] as f64 - 11.0) / 11.0;
                let y = (at[1] as f64 - 8.0) / 8.0;
                (x, y)
            })
            .filter(|(x, y)| x * x + y * y <= 0.95)
            .map(|(x, y)| {
                let p = DVec3::new(x * HALF_WIDTH, y * HALF_DEPTH, TOP - 0.4);
                (p, -DVec3::Z, 1.0 + tilt * y)
            })
            .collect();
        lattice.spread(name, -DVec3::Z, &points)
    }
}

impl Scene for Lumbar {
    fn name(&self) -> &'static str {
        "lumbar"
    }
    fn extent(&self) -> DVec3 {
        EXTENT
    }
    fn origin(&self) -> DVec3 {
        ORIGIN
    }
    fn detail(&self) -> f64 {
        0.5
    }
    fn bones(&self) -> usize {
        1
    }
    fn groups(&self) -> &'static [&'static str] {
        &GROUPS
    }
    fn regions(&self) -> &'static [&'static str] {
        &["lumbar_spine"]
    }
    fn bone(&self, p: DVec3) -> f64 {
        blend(body(p), arch(p), 3.0)
    }
    fn cortex(&self, p: DVec3) -> f64 {
        0.5 + 1.0 * ramp(-p.y, 14.0, 22.0)
    }
    fn inside(&self, p: DVec3, distance: f64) -> Inside {
        if distance > -self.cortex(p) {
            Inside::Cortical
        } else {
            Inside::Trabecular
        }
    }
    fn muscle(&self, group: usize, p: DVec3) -> f64 {
        let q = DVec3::new(p.x.abs(), p.y, p.z);
        match group {
            0 => column(q, (27.0, -56.0), (25.0, 18.0)),
            _ => column(q, (37.0, -6.0), (15.0, 18.0)),
        }
    }
    fn skin(&self, p: DVec3) -> f64 {
        column(p, (0.0, -26.0), (58.0, 52.0))
    }
    fn region(&self, _: &str, p: DVec3) -> f64 {
        // The whole vertebra, as DXA sees it.
        p.z - 1e3
    }
    fn loads(&self, lattice: &Lattice<'_>) -> Vec<UnitLoad> {
        let mut back = Vec::new();
        for n in directions(200) {
            for x in [-38.0, 38.0] {
                back.push((DVec3::new(x, -33.0, 23.0) + 3.0 * n, -n, 1.0));
            }
            back.push((DVec3::new(0.0, -62.0, 16.5) + 4.0 * n, -n, 1.0));
        }
        let mut psoas = Vec::new();
        for i in 0..20 {
            let z = BOTTOM + 4.0 + (TOP - BOTTOM - 8.0) * f64::from(i) / 19.0;
            for side in [-1.0, 1.0] {
                psoas.push((
                    DVec3::new(side * (HALF_WIDTH - 3.0), -4.0, z),
                    DVec3::new(-side, 0.0, 0.0),
                    1.0,
                ));
            }
        }
        vec![
            Self::endplate("disc", 0.0, lattice),
            Self::endplate("disc, bent forwards", 1.0, lattice),
            lattice.spread("intrinsic_back", -DVec3::Z, &back),
            lattice.spread(
                "psoas",
                DVec3::new(0.0, 0.3, -1.0).normalize_or_zero(),
                &psoas,
            ),
        ]
    }
    /// The lower endplate.
    fn is_held(&self, p: DVec3, spacing: f64) -> bool {
        p.z <= BOTTOM + 0.01 * spacing && p.y > -HALF_DEPTH - spacing
    }
    /// The body compressed by its disc, the lower endplate embedded. From above, through the middle
    /// of its body; it is wide rather than high, and pictures are not.
    fn outlook(&self) -> Outlook {
        Outlook {
            azimuth: -13.0,
            elevation: 65.0,
            height: (0, 1.35),
            cut: Some((2, 0.5)),
            ..Outlook::FRONT
        }
    }

    fn strength(&self, lattice: &Lattice<'_>, elements: [usize; 3]) -> Vec<StrengthPlan> {
        let held = crate::volume::each([elements[0] + 1, elements[1] + 1, 1])
            .filter(|at| {
                let node = [
                    at[0] + lattice.low[0],
                    at[1] + lattice.low[1],
                    lattice.low[2],
                ];
                let p = lattice.origin + lattice.spacing * DVec3::from(node.map(|n| n as f64));
                self.is_held(p, lattice.spacing)
            })
            .map(|at| (at, 0b111))
            .collect();
        vec![StrengthPlan {
            name: "compression",
            region: "lumbar_spine",
            quantities: ["strength", "stiffness"],
            load: Self::endplate("compression test", 0.0, lattice),
            held,
        }]
    }
}
