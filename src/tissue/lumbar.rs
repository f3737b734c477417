//! The third lumbar vertebra between halves of its discs and the muscles of the back and psoas.
//!
//! x points left to right, y anterior, z superior; the body's axis is x = y = 0. There is no fine
//! surface of it that may be carried along, so it is put together from shapes with published
//! dimensions, mm: upper endplate 44 by 35, lower 48 by 35, canal 24 by 17.5, pedicles 10 by 14,
//! transverse processes 86 across (Panjabi 1992 Spine 17:299; recalled), height 26.5, its endplates
//! hollow by 1.5, with articular processes above and below.

use glam::DVec3;

use super::attachment::{Lattice, Pull};
use super::muscles::{Atlas, MuscleError, Muscles};
use super::scene::{Inside, Scene};
use super::shape::{blend, column, directions, ramp, reach, tapered, width};
use super::{Dimension, Outlook, StrengthPlan, UnitLoad};

const EXTENT: DVec3 = DVec3::new(120.0, 110.0, 48.0);
const ORIGIN: DVec3 = DVec3::new(-60.0, -80.0, 0.0);

/// Rims of the endplates, mm; the body is 1 mm higher in front and lower behind.
const BOTTOM: f64 = 11.0;
const TOP: f64 = 37.5;
/// How far the endplates are hollow in their middle, mm.
const HOLLOW: f64 = 1.5;
/// Half the width of the upper and the lower endplate, and half their depth.
const UPPER: f64 = 22.05;
const LOWER: f64 = 24.0;
const HALF_DEPTH: f64 = 17.5;
/// How much narrower the waist is on each side, mm.
const WAIST: f64 = 3.0;
/// Half of a disc belongs to each vertebra: 10 mm (L2/3) to 11 mm (L3/4) are usual.
const HALF_DISC: f64 = 5.0;
/// The canal: its middle behind the body's axis, half width and half depth.
const CANAL: f64 = -26.0;
const CANAL_RADII: (f64, f64) = (12.15, 8.0);

/// Share of the compression that the facets take, standing: 3 to 25 % (Adams and Hutton 1980; Yang
/// and King 1984; both recalled).
const FACETS: f64 = 0.16;

/// How widely a fascicle is attached around the end of its line, mm: assumption.
const ATTACHED: f64 = 4.0;

/// Muscle groups in the order of their load cases.
const GROUPS: [&str; 3] = ["intrinsic_back", "psoas", "quadratus_lumborum"];

/// Regions of bone, the one that has been measured longest first.
const REGIONS: [&str; 5] = [
    "lumbar_spine",
    "body_superior",
    "body_middle",
    "body_inferior",
    "posterior_elements",
];

fn at(x: f64, y: f64, z: f64) -> DVec3 {
    DVec3::new(x, y, z)
}

/// Height of the lower and the upper endplate at a place, mm.
fn endplates(p: DVec3) -> [f64; 2] {
    let tilt = 0.5 * p.y / HALF_DEPTH;
    let (x, y) = (p.x / UPPER, p.y / HALF_DEPTH);
    let hollow = HOLLOW * (1.0 - ramp(x * x + y * y, 0.0, 0.9));
    [BOTTOM - tilt + hollow, TOP + tilt - hollow]
}

/// Distance to the outline of the body, mm: wider below, with a waist, and hollow behind.
fn outline(p: DVec3, waist: f64) -> f64 {
    let up = ((p.z - BOTTOM) / (TOP - BOTTOM)).clamp(0.0, 1.0);
    let half_width = LOWER + (UPPER - LOWER) * up - waist;
    let side = column(p, (0.0, 0.0), (half_width, HALF_DEPTH - 0.6 * waist));
    side.max(-canal(p))
}

/// Distance to the canal's wall, mm.
fn canal(p: DVec3) -> f64 {
    column(p, (0.0, CANAL), CANAL_RADII)
}

fn body(p: DVec3) -> f64 {
    let t = (p.z - 0.5 * (BOTTOM + TOP)) / (0.5 * (TOP - BOTTOM));
    let waist = WAIST * (1.0 - (t * t).min(1.0));
    let [lower, upper] = endplates(p);
    outline(p, waist).max(p.z - upper).max(lower - p.z)
}

/// A rod that is `flat` times as wide along `axis` (1 y, 2 z) as its radii say.
fn flattened(p: DVec3, a: DVec3, b: DVec3, radii: [f64; 2], axis: usize, flat: f64) -> f64 {
    let squeeze = |mut q: DVec3| {
        q[axis] /= flat;
        q
    };
    tapered(squeeze(p), squeeze(a), squeeze(b), radii[0], radii[1])
}

/// The arch and its processes.
fn arch(p: DVec3) -> f64 {
    // Left and right alike.
    let p = at(p.x.abs(), p.y, p.z);
    let pedicle = flattened(
        p,
        at(15.0, -10.0, 29.0),
        at(17.0, -28.0, 28.5),
        [5.1, 5.3],
        2,
        1.4,
    );
    let lamina = flattened(
        p,
        at(16.5, -31.0, 26.0),
        at(0.0, -38.0, 22.0),
        [4.5, 4.0],
        2,
        2.2,
    );
    let spinous = flattened(
        p,
        at(0.0, -41.0, 20.0),
        at(0.0, -72.0, 18.0),
        [3.5, 4.0],
        2,
        2.6,
    );
    let transverse = flattened(
        p,
        at(19.0, -28.0, 27.0),
        at(39.0, -34.0, 28.0),
        [4.5, 3.6],
        2,
        1.5,
    );
    let superior = tapered(p, at(18.5, -31.0, 28.0), at(19.0, -35.0, 41.0), 6.5, 4.5);
    let inferior = tapered(p, at(13.0, -39.0, 21.0), at(14.5, -41.0, 7.0), 6.5, 4.5);
    let frame = blend(blend(pedicle, lamina, 3.0), spinous.min(transverse), 3.0);
    blend(frame, superior.min(inferior), 3.0).max(-canal(p))
}

/// The scene.
pub(super) struct Lumbar {
    atlas: &'static Atlas,
    muscles: Muscles,
}

fn bone(p: DVec3) -> f64 {
    blend(body(p), arch(p), 2.0).max(-canal(p))
}

impl Lumbar {
    /// The one there is.
    /// # Errors
    /// [`MuscleError`].
    pub(super) fn new() -> Result<Self, MuscleError> {
        let frame = [ORIGIN, ORIGIN + EXTENT];
        let atlas = Atlas::own()?;
        let muscles = atlas.muscles("lumbar", &GROUPS, frame, bone, &|_, p| p, true)?;
        Ok(Self { atlas, muscles })
    }

    /// 1 N a unit of area on the upper disc, more in front with `tilt`: places in its outline, and
    /// what each bears.
    fn pressure(tilt: f64, height: f64) -> Vec<(DVec3, DVec3, f64)> {
        crate::volume::each([25, 21, 1])
            .map(|k| {
                let (x, y) = ((k[0] as f64 - 12.0) / 12.0, (k[1] as f64 - 10.0) / 10.0);
                (at(x * UPPER, y * HALF_DEPTH, TOP), 1.0 + tilt * y)
            })
            .filter(|(p, _)| outline(*p, 0.0) < -0.5)
            .map(|(p, weight)| (at(p.x, p.y, endplates(p)[1] + height), -DVec3::Z, weight))
            .collect()
    }

    /// Compression through the disc, and through the facets of the upper articular processes.
    fn compression(name: &'static str, tilt: f64, facets: f64, lattice: &Lattice<'_>) -> UnitLoad {
        let disc = Self::pressure(tilt, HALF_DISC - 0.4);
        let mut load = lattice.spread(name, -(1.0 - facets) * DVec3::Z, &disc);
        let mut on_facets = Vec::new();
        for n in directions(400).filter(|n| n.z > 0.3) {
            for side in [-1.0, 1.0] {
                on_facets.push((at(side * 19.0, -35.0, 41.0) + 4.0 * n, -n, n.z));
            }
        }
        load.points
            .extend(lattice.spread(name, -facets * DVec3::Z, &on_facets).points);
        load
    }

    /// Pull of a group's fascicles on both sides, each along its own line, 1 N in all.
    fn pull(&self, group: &'static str, lattice: &Lattice<'_>) -> UnitLoad {
        let mut pulls = Vec::new();
        for (fascicle, share) in self.atlas.fascicles(group) {
            for side in [1.0, -1.0] {
                let mirror = at(side, 1.0, 1.0);
                let place = mirror * fascicle.at;
                let around = directions(60).map(|n| (place + ATTACHED * n, -n, 1.0));
                pulls.push(Pull {
                    points: around.collect(),
                    force: 0.5 * share * (mirror * fascicle.towards),
                    through: Some(place),
                });
            }
        }
        lattice.pulls(group, &pulls)
    }

    /// The lower endplate's nodes in a test to failure.
    fn embedded(p: DVec3, spacing: f64) -> bool {
        let lower = endplates(p)[0];
        p.z <= lower + 0.01 * spacing && p.y > -HALF_DEPTH - spacing
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
    fn bones(&self) -> &'static [&'static str] {
        &["vertebra"]
    }
    fn groups(&self) -> &'static [&'static str] {
        &GROUPS
    }
    fn regions(&self) -> &'static [&'static str] {
        &REGIONS
    }
    fn bone(&self, p: DVec3) -> f64 {
        bone(p)
    }
    /// Halves of the discs above and below.
    fn tie(&self, p: DVec3) -> f64 {
        let [lower, upper] = endplates(p);
        let beyond = (p.z - upper).max(lower - p.z);
        outline(p, 0.0).max(beyond - HALF_DISC).max(-1.0 - beyond)
    }
    /// The shell is 0.35 mm on average (Silva 1994 Bone 15:409), the arch's cortex 1 to 2.5 mm.
    fn cortex(&self, p: DVec3) -> f64 {
        0.4 + 0.8 * ramp(-p.y, 14.0, 22.0)
    }
    fn inside(&self, p: DVec3, distance: f64) -> Inside {
        if distance > -self.cortex(p) {
            Inside::Cortical
        } else {
            Inside::Trabecular
        }
    }
    /// The canal holds nerves.
    fn is_taken(&self, p: DVec3) -> bool {
        canal(p) < 0.0
    }
    fn muscles(&self) -> &Muscles {
        &self.muscles
    }
    fn region(&self, name: &str, p: DVec3) -> f64 {
        let behind = p.y + HALF_DEPTH - 1.0;
        let third = (TOP - BOTTOM) / 3.0;
        let (low, high) = (BOTTOM + third, TOP - third);
        match name {
            "body_superior" => (-behind).max(high - p.z),
            "body_middle" => (-behind).max(low - p.z).max(p.z - high),
            "body_inferior" => (-behind).max(p.z - low),
            "posterior_elements" => behind,
            // The whole vertebra, as DXA sees it.
            _ => p.z - 1e3,
        }
    }
    fn loads(&self, lattice: &Lattice<'_>) -> (Vec<UnitLoad>, usize) {
        let discs = [
            Self::compression("disc", 0.0, FACETS, lattice),
            // Bent forwards the facets are nearly free.
            Self::compression("disc, bent forwards", 1.0, 0.02, lattice),
        ];
        let cases = discs.len();
        let muscles = GROUPS.iter().map(|group| self.pull(group, lattice));
        (discs.into_iter().chain(muscles).collect(), cases)
    }
    /// The middle of the lower disc; the lower facets lean on the next vertebra's.
    fn held(&self, p: DVec3, spacing: f64) -> u8 {
        let disc = endplates(p)[0] - HALF_DISC;
        if p.z <= disc.max(BOTTOM - HALF_DISC) + 0.01 * spacing && p.y > -HALF_DEPTH - spacing {
            0b111
        } else if p.z < 12.0 && p.y < -35.0 {
            0b010
        } else {
            0
        }
    }
    /// From above, through the middle of its body; it is wide rather than high, and pictures are
    /// not.
    fn outlook(&self) -> Outlook {
        Outlook {
            azimuth: -13.0,
            elevation: 65.0,
            height: (0, 1.35),
            cut: Some((2, 0.5)),
            ..Outlook::FRONT
        }
    }

    fn dimensions(&self) -> Vec<Dimension> {
        let bone = |p: DVec3| self.bone(p);
        let half = HALF_DEPTH - 4.0;
        let height = |y: f64| width(&bone, at(0.0, y, 0.5 * (TOP + BOTTOM)), DVec3::Z);
        let across = |z: f64, along: DVec3| width(&bone, at(0.0, 0.0, z), along);
        // The canal is where no bone is.
        let canal = |p: DVec3| -bone(p);
        let open = |along: DVec3| width(&canal, at(0.0, CANAL, 24.0), along);
        let disc = Self::pressure(0.0, 0.0).len() as f64;
        let cell = (UPPER / 12.0) * (HALF_DEPTH / 10.0);
        vec![
            Dimension::mm("body height in front", height(half)),
            Dimension::mm("body height behind", height(-half)),
            Dimension::mm("upper endplate width", across(TOP - 2.0, DVec3::X)),
            Dimension::mm("upper endplate depth", across(TOP - 2.0, DVec3::Y)),
            Dimension::mm("lower endplate width", across(BOTTOM + 2.0, DVec3::X)),
            Dimension::mm("lower endplate depth", across(BOTTOM + 2.0, DVec3::Y)),
            Dimension::mm("canal width", open(DVec3::X)),
            Dimension::mm("canal depth", open(DVec3::Y)),
            Dimension::mm(
                "pedicle width",
                width(&bone, at(16.0, -20.0, 28.5), DVec3::X),
            ),
            Dimension::mm(
                "pedicle height",
                width(&bone, at(16.0, -20.0, 28.5), DVec3::Z),
            ),
            Dimension::mm(
                "span of the transverse processes",
                2.0 * (39.0 + reach(&bone, at(39.0, -34.0, 28.0), DVec3::X)),
            ),
            Dimension::mm2("contact of the disc above", disc * cell),
        ]
    }

    /// The body compressed between its endplates, the lower one embedded.
    fn strength(&self, lattice: &Lattice<'_>, elements: [usize; 3]) -> Vec<StrengthPlan> {
        let held = crate::volume::each(elements.map(|n| n + 1))
            .filter(|node| {
                let node: [usize; 3] = std::array::from_fn(|k| node[k] + lattice.low[k]);
                let p = lattice.origin + lattice.spacing * DVec3::from(node.map(|n| n as f64));
                Self::embedded(p, lattice.spacing)
            })
            .map(|at| (at, 0b111))
            .collect();
        vec![StrengthPlan {
            name: "compression",
            region: "lumbar_spine",
            quantities: ["strength", "stiffness"],
            load: lattice.spread("compression test", -DVec3::Z, &Self::pressure(0.0, -0.4)),
            cast: 0.0,
            held,
        }]
    }
}
