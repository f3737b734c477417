//! The lower leg: tibia and calcaneus with the calf's muscles.
//!
//! A right leg: x points lateral, y anterior, z superior, the tibia's axis is x = y = 0. Tibia 345
//! mm long, plateau 74 mm by 50 mm, shaft 25 mm across with a cortex of 4.5 mm, distal cortex 1.5
//! mm (Gabel 2021: 1.55 mm); calcaneus 80 mm long. Fibula and talus are left out: tibia and
//! calcaneus are each held where they meet the talus.

use glam::DVec3;

use super::scene::{Inside, Lattice, Scene};
use super::shape::{blend, column, ellipsoid, ramp, tapered};
use super::{Outlook, StrengthPlan, UnitLoad};

const EXTENT: DVec3 = DVec3::new(110.0, 140.0, 450.0);
const ORIGIN: DVec3 = DVec3::new(-55.0, -75.0, 0.0);

const ANKLE: f64 = 98.0;
const PLATEAU: f64 = 443.0;
const HEEL: DVec3 = DVec3::new(0.0, -36.0, 30.0);
const GROUPS: [&str; 3] = ["soleus", "gastrocnemius", "tibialis_anterior"];
const REGIONS: [&str; 4] = ["proximal_tibia", "tibia_shaft", "distal_tibia", "calcaneus"];

/// Half the tibia's width and depth at a height, mm.
fn radii(z: f64) -> (f64, f64) {
    let up = ramp(z, 340.0, 436.0);
    let down = 1.0 - ramp(z, 100.0, 165.0);
    (
        12.0 + 25.0 * up + 10.0 * down,
        13.0 + 12.0 * up + 7.0 * down,
    )
}

fn tibia(p: DVec3) -> f64 {
    column(p, (0.0, 0.0), radii(p.z))
        .max(p.z - PLATEAU)
        .max(ANKLE - p.z)
}

fn calcaneus(p: DVec3) -> f64 {
    let body = tapered(p, HEEL, DVec3::new(0.0, 24.0, 40.0), 18.0, 13.0);
    blend(
        body,
        ellipsoid(p, DVec3::new(0.0, 2.0, 46.0), DVec3::new(14.0, 18.0, 14.0)),
        8.0,
    )
}

/// The scene.
pub(super) struct LowerLeg;

impl Scene for LowerLeg {
    fn name(&self) -> &'static str {
        "lower-leg"
    }
    fn extent(&self) -> DVec3 {
        EXTENT
    }
    fn origin(&self) -> DVec3 {
        ORIGIN
    }
    fn detail(&self) -> f64 {
        1.0
    }
    fn bones(&self) -> usize {
        2
    }
    fn groups(&self) -> &'static [&'static str] {
        &GROUPS
    }
    fn joined(&self) -> &'static [(&'static str, &'static [usize])] {
        &[("triceps_surae", &[0, 1])]
    }
    fn regions(&self) -> &'static [&'static str] {
        &REGIONS
    }
    fn bone(&self, p: DVec3) -> f64 {
        tibia(p).min(calcaneus(p))
    }
    fn cortex(&self, p: DVec3) -> f64 {
        if p.z < 75.0 {
            return 1.0;
        }
        1.5 + 3.0 * ramp(p.z, 115.0, 200.0) * (1.0 - ramp(p.z, 300.0, 400.0))
    }
    fn inside(&self, p: DVec3, distance: f64) -> Inside {
        if distance > -self.cortex(p) {
            Inside::Cortical
        } else if (165.0..355.0).contains(&p.z) {
            Inside::Marrow
        } else {
            Inside::Trabecular
        }
    }
    fn muscle(&self, group: usize, p: DVec3) -> f64 {
        match group {
            0 => ellipsoid(
                p,
                DVec3::new(2.0, -26.0, 270.0),
                DVec3::new(34.0, 17.0, 130.0),
            ),
            1 => ellipsoid(
                p,
                DVec3::new(0.0, -45.0, 345.0),
                DVec3::new(40.0, 21.0, 100.0),
            ),
            _ => ellipsoid(
                p,
                DVec3::new(24.0, 16.0, 310.0),
                DVec3::new(15.0, 15.0, 115.0),
            ),
        }
    }
    fn skin(&self, p: DVec3) -> f64 {
        let calf = ellipsoid(
            p,
            DVec3::new(4.0, -20.0, 340.0),
            DVec3::new(52.0, 52.0, 190.0),
        );
        let ankle = column(p, (0.0, -6.0), (28.0, 34.0))
            .max(p.z - 330.0)
            .max(40.0 - p.z);
        let foot = tapered(p, HEEL, DVec3::new(0.0, 60.0, 34.0), 28.0, 24.0);
        blend(blend(calf, ankle, 12.0), foot, 12.0)
    }
    fn region(&self, name: &str, p: DVec3) -> f64 {
        let between = |low: f64, high: f64| (low - p.z).max(p.z - high);
        match name {
            "proximal_tibia" => between(400.0, 440.0),
            "tibia_shaft" => between(200.0, 300.0),
            // The site of HR-pQCT, 22.5 mm above the joint, with what a voxel of a coarse lattice
            // adds.
            "distal_tibia" => between(110.0, 130.0),
            _ => p.z - 80.0,
        }
    }
    fn loads(&self, lattice: &Lattice<'_>) -> Vec<UnitLoad> {
        // Points of a patch: a grid of 7 by 7 over half-widths a and b around a centre.
        let patch = |centre: DVec3,
                     a: DVec3,
                     b: DVec3,
                     inward: DVec3,
                     weight: f64|
         -> Vec<(DVec3, DVec3, f64)> {
            crate::volume::each([7, 7, 1])
                .map(|at| {
                    let share = |i: usize| (i as f64 - 3.0) / 3.0;
                    (centre + a * share(at[0]) + b * share(at[1]), inward, weight)
                })
                .collect()
        };
        let (x, y, z) = (DVec3::X, DVec3::Y, DVec3::Z);
        // The medial condyle takes 60 % of the knee's force.
        let mut knee = patch(
            DVec3::new(-18.0, 0.0, PLATEAU - 1.0),
            11.0 * x,
            14.0 * y,
            -z,
            0.6,
        );
        knee.extend(patch(
            DVec3::new(18.0, 0.0, PLATEAU - 1.0),
            11.0 * x,
            14.0 * y,
            -z,
            0.4,
        ));
        let ground = patch(DVec3::new(0.0, -34.0, 13.0), 9.0 * x, 11.0 * y, z, 1.0);
        let achilles = patch(DVec3::new(0.0, -53.0, 34.0), 8.0 * x, 8.0 * z, y, 1.0);
        let pull = DVec3::new(0.0, 0.05, 1.0).normalize_or_zero();
        let side = |out: DVec3, low: f64, high: f64| -> Vec<(DVec3, DVec3, f64)> {
            (0..40)
                .map(|i| {
                    let height = low + (high - low) * (f64::from(i) + 0.5) / 40.0;
                    let (rx, ry) = radii(height);
                    let at = DVec3::new(out.x * (rx - 1.0), out.y * (ry - 1.0), height);
                    (at, -out, 1.0)
                })
                .collect()
        };
        // Soleus pulls tibia and heel together; gastrocnemius comes from the femur.
        let mut soleus = lattice.spread("soleus", pull, &achilles);
        soleus
            .points
            .extend(lattice.spread("soleus", -z, &side(-y, 290.0, 400.0)).points);
        vec![
            lattice.spread("knee", -z, &knee),
            lattice.spread("ground", z, &ground),
            soleus,
            lattice.spread("gastrocnemius", pull, &achilles),
            lattice.spread("tibialis_anterior", -z, &side(x, 280.0, 410.0)),
        ]
    }
    /// Both bones where they meet the talus, the calcaneus at the cuboid too.
    fn is_held(&self, p: DVec3, spacing: f64) -> bool {
        let tibia = (p.z - ANKLE).abs() < 0.75 * spacing && p.z > 80.0;
        let calcaneus = p.z > 56.0 - 0.75 * spacing && p.z < 75.0 && (p.y - 2.0).abs() < 16.0;
        // And where it meets the cuboid, or its heel would bend it like a lever.
        let cuboid = p.y > 34.0 - 0.75 * spacing && p.z < 75.0;
        tibia || calcaneus || cuboid
    }
    /// From the side, where heel and Achilles tendon are seen.
    fn outlook(&self) -> Outlook {
        Outlook {
            azimuth: -75.0,
            elevation: 6.0,
            cut: Some((0, 0.5)),
            ..Outlook::FRONT
        }
    }

    fn strength(&self, _: &Lattice<'_>, _: [usize; 3]) -> Vec<StrengthPlan> {
        Vec::new()
    }
}
