//! Reads the muscles' tables in `assets/anatomy` and checks that they can be muscles.

use std::collections::BTreeMap;
use std::f64::consts::PI;
use std::sync::LazyLock;

use glam::DVec3;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::fascicle::{self, Fascicle};
use super::tendon::tendons;
use super::{Chain, Muscle, Muscles};

const SIZES: &str = include_str!("../../../assets/anatomy/muscles.csv");
const PATHS: &str = include_str!("../../../assets/anatomy/muscle-paths.csv");
const BELLIES: &str = include_str!("../../../assets/anatomy/bellies.csv");
const FORCES: &str = include_str!("../../../assets/anatomy/muscle-forces.csv");
const FASCICLES: &str = include_str!("../../../assets/anatomy/fascicles.csv");

/// What a path lies on of which only the belly's course is known.
const COURSE: &str = "course";
/// Of a belly's points, so many at most may lie in bone.
const IN_BONE: f64 = 0.5;

/// What of a muscle's table cannot be.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MuscleError {
    /// A row that cannot be read.
    #[error("{file}, line {line}: {why}")]
    Row {
        /// Which table.
        file: &'static str,
        /// Which line, from 1.
        line: u64,
        /// What is wrong.
        why: String,
    },
    /// Two parts with one name.
    #[error("muscles.csv: two parts are called \"{name}\"; each needs a name of its own")]
    Twice {
        /// The name.
        name: String,
    },
    /// A path, a belly, a fascicle or a force of what muscles.csv does not name.
    #[error("\"{name}\" has a path, belly, fascicle or force, but muscles.csv does not name it")]
    Stranger {
        /// The part.
        name: String,
    },
    /// Parts of one muscle that contradict each other.
    #[error(
        "muscles.csv: parts of \"{name}\" differ in group, scene or volume, or their shares do not add up to 1"
    )]
    Contradiction {
        /// The muscle.
        name: String,
    },
    /// A group that its scene does not have.
    #[error(
        "muscles.csv: \"{name}\" is of the group \"{group}\"; the scene \"{scene}\" has: {allowed}"
    )]
    Group {
        /// The part.
        name: String,
        /// Its group.
        group: String,
        /// Its scene.
        scene: String,
        /// Groups that there are.
        allowed: String,
    },
    /// A part without a belly, or with a path of fewer than two points.
    #[error("\"{name}\" has no attachment: its path needs two points at least, and its belly too")]
    Unattached {
        /// The part.
        name: String,
    },
    /// A belly that does not come near the scene.
    #[error("the belly of \"{name}\" lies outside the scene \"{scene}\"")]
    Leaves {
        /// The part.
        name: String,
        /// The scene.
        scene: String,
    },
    /// A belly inside bone.
    #[error("the belly of \"{name}\" runs inside bone; a muscle lies beside it")]
    InBone {
        /// The part.
        name: String,
    },
    /// A muscle that has not got its volume.
    #[error(
        "\"{name}\" has {has:.0} of the {wants:.0} cm3 that it should have in the scene: its volume does not fit between its neighbours and bone"
    )]
    Unfilled {
        /// The muscle.
        name: String,
        /// Its volume in the lattice, cm³.
        has: f64,
        /// What it should have, cm³.
        wants: f64,
    },
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct SizeRow {
    part: String,
    muscle: String,
    group: String,
    scene: String,
    share: f64,
    volume_cm3: f64,
    #[serde(rename = "begins_mm")]
    _begins: f64,
    #[serde(rename = "length_mm")]
    _length: Option<f64>,
    fibre_mm: f64,
    pennation_deg: f64,
    #[serde(rename = "force_N")]
    force: f64,
    type1: f64,
    role: String,
    via: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct PathRow {
    part: String,
    #[serde(rename = "kind")]
    _kind: String,
    body: String,
    x_mm: f64,
    y_mm: f64,
    z_mm: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct BellyRow {
    part: String,
    x_mm: f64,
    y_mm: f64,
    z_mm: f64,
    weight_mm2: f64,
    section_mm2: f64,
    middle_x_mm: f64,
    middle_y_mm: f64,
    middle_z_mm: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ForceRow {
    activity: String,
    part: String,
    force_bw: f64,
}

/// Part of a muscle as its tables have it.
#[derive(Debug, Clone)]
pub(in crate::tissue) struct Part {
    /// Its name.
    pub(in crate::tissue) name: String,
    row: SizeRow,
    /// Its path from origin to insertion: which body each point goes with, and where, mm.
    pub(in crate::tissue) path: Vec<(String, DVec3)>,
    /// Where it arises from bone besides, mm: a fleshy origin.
    pub(in crate::tissue) via: Vec<DVec3>,
    belly: Vec<BellyPoint>,
}

/// A point along a belly.
#[derive(Debug, Clone, Copy)]
struct BellyPoint {
    /// Of the chain whose places the belly holds, mm.
    at: DVec3,
    /// Of the chain, mm².
    weight: f64,
    /// The belly's cross-section, mm².
    section: f64,
    /// The middle of that, mm: beside the chain where others press on the belly.
    middle: DVec3,
}

impl BellyPoint {
    /// The square of its radius if nothing lay beside it, mm².
    fn alone(&self) -> f64 {
        self.section / PI
    }
}

/// Where a place on a body of the mean person is in another one.
pub(in crate::tissue) type Carried<'a> = dyn Fn(&str, DVec3) -> DVec3 + 'a;

impl Part {
    /// The same on another person's bones. Points of its path go with their bodies, what lies
    /// between two of them goes with both, the more with the nearer.
    pub(in crate::tissue) fn carried(&self, carried: &Carried<'_>) -> Self {
        let ends = |pair: &[(String, DVec3)], p: DVec3| {
            let (a, b) = (pair[0].1, pair[1].1);
            let along = (p - a).dot(b - a) / (b - a).length_squared();
            let share = if along.is_finite() {
                along.clamp(0.0, 1.0)
            } else {
                0.0
            };
            (a.lerp(b, share).distance(p), share)
        };
        let beside = |p: DVec3| {
            let stretches = self.path.windows(2).map(|pair| (pair, ends(pair, p)));
            let nearest = stretches.min_by(|a, b| a.1.0.total_cmp(&b.1.0));
            nearest.map_or(p, |(pair, (_, share))| {
                carried(&pair[0].0, p).lerp(carried(&pair[1].0, p), share)
            })
        };
        Self {
            path: (self.path.iter())
                .map(|(body, p)| (body.clone(), carried(body, *p)))
                .collect(),
            via: self.via.iter().map(|p| beside(*p)).collect(),
            belly: (self.belly.iter())
                .map(|point| BellyPoint {
                    at: beside(point.at),
                    middle: beside(point.middle),
                    ..*point
                })
                .collect(),
            ..self.clone()
        }
    }

    /// Which group it belongs to.
    pub(in crate::tissue) fn group(&self) -> &str {
        &self.row.group
    }

    /// Peak isometric force, N.
    pub(in crate::tissue) fn force(&self) -> f64 {
        self.row.force
    }

    /// How it acts on a body that its path ends on, at a tension of 1: where it is attached (the
    /// end of its path and its fleshy origin, mm), and the force there; then where its path bends
    /// around that body, and what it presses. Together they are its tension along the line by which
    /// it leaves the body. None where its path ends elsewhere.
    pub(in crate::tissue) fn pull(&self, body: &str) -> Option<Vec<(Vec<DVec3>, DVec3)>> {
        let is_of = |k: usize| self.path[k].0 == body;
        let last = self.path.len() - 1;
        // From its end there towards the other end.
        let order: Vec<usize> = if is_of(0) {
            (0..=last).collect()
        } else if is_of(last) {
            (0..=last).rev().collect()
        } else {
            return None;
        };
        let leaves = order.iter().position(|k| !is_of(*k))?;
        let point = |k: usize| self.path[order[k]].1;
        let towards = |k: usize, j: usize| (point(j) - point(k)).normalize_or_zero();
        let mut attached = vec![point(0)];
        if is_of(0) {
            // Its course above where its path begins is a fleshy origin.
            attached.extend(self.via.iter().filter(|p| p.z > self.path[0].1.z));
        }
        let bends = (1..leaves).map(|k| (vec![point(k)], towards(k, k + 1) + towards(k, k - 1)));
        Some(
            std::iter::once((attached, towards(0, 1)))
                .chain(bends)
                .collect(),
        )
    }

    /// The line by which it leaves a body: a point on it, mm, and its unit vector.
    pub(in crate::tissue) fn line(&self, body: &str) -> Option<(DVec3, DVec3)> {
        let forces = self.pull(body)?;
        let all: DVec3 = forces.iter().map(|(_, force)| *force).sum();
        let (places, _) = forces.last()?;
        Some((places[0], all.normalize_or_zero()))
    }
}

/// Volume of a belly, as its sections say, within a box, and in all, mm³.
fn volumes(belly: &[BellyPoint], low: DVec3, high: DVec3) -> [f64; 2] {
    let mut sums = [0.0; 2];
    for pair in belly.windows(2) {
        let (a, b) = (pair[0].middle, pair[1].middle);
        let volume = 0.5 * (pair[0].section + pair[1].section) * a.distance(b);
        sums[1] += volume;
        // In pieces, where the border cuts it.
        let within = (0..10).filter(|k| {
            let p = a.lerp(b, (f64::from(*k) + 0.5) / 10.0);
            p == p.clamp(low, high)
        });
        sums[0] += volume * within.count() as f64 / 10.0;
    }
    sums
}

/// The muscles' tables.
#[derive(Debug, Clone)]
pub struct Atlas {
    parts: Vec<Part>,
    /// Forces of parts at the peaks of activities, % of body weight.
    forces: Vec<ForceRow>,
    /// Bundles of muscles that run past the bone of their scene.
    fascicles: Vec<Fascicle>,
}

pub(super) fn rows<T: DeserializeOwned>(
    file: &'static str,
    text: &str,
) -> Result<Vec<T>, MuscleError> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let read = reader.deserialize().map(|row| {
        row.map_err(|e: csv::Error| MuscleError::Row {
            file,
            line: e.position().map_or(0, csv::Position::line),
            why: e.to_string(),
        })
    });
    read.collect()
}

impl Atlas {
    /// The one that comes with the program.
    /// # Errors
    /// [`MuscleError`].
    pub(in crate::tissue) fn own() -> Result<&'static Self, MuscleError> {
        static OWN: LazyLock<Result<Atlas, MuscleError>> =
            LazyLock::new(|| Atlas::read(SIZES, PATHS, BELLIES, FORCES, FASCICLES));
        OWN.as_ref().map_err(Clone::clone)
    }

    /// From the texts of `muscles.csv`, `muscle-paths.csv`, `bellies.csv`, `muscle-forces.csv` and
    /// `fascicles.csv`.
    /// # Errors
    /// [`MuscleError`]: a row that cannot be read, a name twice, parts that contradict each other,
    /// a part without path or belly.
    pub fn read(
        sizes: &str,
        paths: &str,
        bellies: &str,
        forces: &str,
        fascicles: &str,
    ) -> Result<Self, MuscleError> {
        let mut of_path: BTreeMap<String, Vec<(String, DVec3)>> = BTreeMap::new();
        for row in rows::<PathRow>("muscle-paths.csv", paths)? {
            let at = DVec3::new(row.x_mm, row.y_mm, row.z_mm);
            of_path.entry(row.part).or_default().push((row.body, at));
        }
        let mut of_belly: BTreeMap<String, Vec<BellyPoint>> = BTreeMap::new();
        for row in rows::<BellyRow>("bellies.csv", bellies)? {
            of_belly.entry(row.part).or_default().push(BellyPoint {
                at: DVec3::new(row.x_mm, row.y_mm, row.z_mm),
                weight: row.weight_mm2,
                section: row.section_mm2,
                middle: DVec3::new(row.middle_x_mm, row.middle_y_mm, row.middle_z_mm),
            });
        }
        let mut parts: Vec<Part> = Vec::new();
        for row in rows::<SizeRow>("muscles.csv", sizes)? {
            let name = row.part.clone();
            if parts.iter().any(|p| p.name == name) {
                return Err(MuscleError::Twice { name });
            }
            let via = row.via.split('|').filter(|p| !p.is_empty()).map(|point| {
                let mut numbers = point.split_whitespace().map(str::parse::<f64>);
                let mut next = || numbers.next()?.ok();
                Some(DVec3::new(next()?, next()?, next()?))
            });
            let via: Option<Vec<DVec3>> = via.collect();
            let Some(via) = via else {
                return Err(MuscleError::Row {
                    file: "muscles.csv",
                    line: parts.len() as u64 + 2,
                    why: format!("\"{}\" is no list of places as \"x y z|x y z\"", row.via),
                });
            };
            let path = of_path.remove(&name).unwrap_or_else(|| {
                // Of the back only courses are known.
                let is_back = row.scene == "lumbar";
                let course = via.iter().filter(|_| is_back);
                course.map(|p| (COURSE.to_owned(), *p)).collect()
            });
            let numbers = [row.volume_cm3, row.share, row.fibre_mm, row.force];
            if !numbers.iter().all(|x| x.is_finite() && *x > 0.0)
                || !(0.0..90.0).contains(&row.pennation_deg)
                || !(0.0..=1.0).contains(&row.type1)
            {
                return Err(MuscleError::Row {
                    file: "muscles.csv",
                    line: parts.len() as u64 + 2,
                    why: format!(
                        "\"{name}\" needs a share, volume, fibre length and force above 0, a pennation of 0 to 90 degrees and a share of type I of 0 to 1"
                    ),
                });
            }
            let belly = of_belly.remove(&name).unwrap_or_default();
            if path.len() < 2 || belly.len() < 2 {
                return Err(MuscleError::Unattached { name });
            }
            parts.push(Part {
                name,
                row,
                path,
                via,
                belly,
            });
        }
        if let Some(name) = of_path.into_keys().chain(of_belly.into_keys()).next() {
            return Err(MuscleError::Stranger { name });
        }
        for part in &parts {
            let own = || parts.iter().filter(|p| p.row.muscle == part.row.muscle);
            let is_same = |p: &Part| {
                (&p.row.group, &p.row.scene) == (&part.row.group, &part.row.scene)
                    && (p.row.volume_cm3 - part.row.volume_cm3).abs() < 1e-9
            };
            // A muscle may be in two scenes.
            let in_scene = || own().filter(|p| p.row.scene == part.row.scene);
            let shares: f64 = in_scene().map(|p| p.row.share).sum();
            if (shares - 1.0).abs() > 0.01 || !in_scene().all(is_same) {
                return Err(MuscleError::Contradiction {
                    name: part.row.muscle.clone(),
                });
            }
        }
        let forces = rows::<ForceRow>("muscle-forces.csv", forces)?;
        if let Some(row) = (forces.iter()).find(|f| parts.iter().all(|p| p.name != f.part)) {
            return Err(MuscleError::Stranger {
                name: row.part.clone(),
            });
        }
        let fascicles = fascicle::read(fascicles)?;
        let is_known = |f: &&Fascicle| parts.iter().any(|p| p.row.muscle == f.muscle);
        if let Some(stranger) = fascicles.iter().find(|f| !is_known(f)) {
            return Err(MuscleError::Stranger {
                name: stranger.muscle.clone(),
            });
        }
        Ok(Self {
            parts,
            forces,
            fascicles,
        })
    }

    /// Shares of a group's parts in its force: as in the activity that asks most of them, or by
    /// their peak forces where none asks for any.
    pub(in crate::tissue) fn shares(&self, parts: &[&Part]) -> Vec<f64> {
        let of = |activity: &str| -> Vec<f64> {
            parts
                .iter()
                .map(|p| self.force(activity, &p.name))
                .collect()
        };
        let activities = self.forces.iter().map(|f| of(&f.activity));
        let sum = |shares: &Vec<f64>| shares.iter().sum::<f64>();
        let most = activities.max_by(|a, b| sum(a).total_cmp(&sum(b)));
        let shares = most.filter(|shares| sum(shares) > 0.0);
        let shares = shares.unwrap_or_else(|| parts.iter().map(|p| p.force()).collect());
        let all = sum(&shares);
        shares.into_iter().map(|s| s / all).collect()
    }

    /// Force of a part at the peak of an activity, % of body weight; 0 where none is known.
    pub(in crate::tissue) fn force(&self, activity: &str, part: &str) -> f64 {
        let mut rows = self.forces.iter();
        let row = rows.find(|f| f.activity == activity && f.part == part);
        row.map_or(0.0, |f| f.force_bw)
    }

    /// The right side's fascicles of a group, each with its share of the group's force on the bone
    /// that they end on, by peak force.
    pub(in crate::tissue) fn fascicles(&self, group: &str) -> Vec<(&Fascicle, f64)> {
        let is_of = |f: &&Fascicle| {
            let mut parts = self.parts.iter();
            parts.any(|p| p.row.muscle == f.muscle && p.row.group == group)
        };
        let each: Vec<&Fascicle> = self.fascicles.iter().filter(is_of).collect();
        let all: f64 = each.iter().map(|f| f.force).sum();
        each.into_iter().map(|f| (f, f.force / all)).collect()
    }

    /// Parts of a scene's muscles.
    pub(in crate::tissue) fn of(&self, scene: &str) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(move |p| p.row.scene == scene)
    }

    /// The muscles of a scene with these groups, which reaches from `low` to `high`, mm; `bone` is
    /// the distance to bone, and `carried` where places of the mean person are in this one. Where
    /// `mirrored`, both sides of the body are in it.
    /// # Errors
    /// [`MuscleError`]: a group that the scene has not, a belly outside or inside bone.
    pub(in crate::tissue) fn muscles(
        &'static self,
        scene: &str,
        groups: &[&str],
        [low, high]: [DVec3; 2],
        bone: impl Fn(DVec3) -> f64,
        carried: &Carried<'_>,
        mirrored: bool,
    ) -> Result<Muscles, MuscleError> {
        let mut muscles = Muscles::default();
        let mut sizes: Vec<[f64; 2]> = Vec::new();
        for part in self.of(scene) {
            let name = || part.name.clone();
            let Some(group) = groups.iter().position(|g| *g == part.row.group) else {
                return Err(MuscleError::Group {
                    name: name(),
                    group: part.row.group.clone(),
                    scene: scene.to_owned(),
                    allowed: groups.join(", "),
                });
            };
            let Part { path, belly, .. } = part.carried(carried);
            let of_part = volumes(&belly, low, high);
            if of_part[0] <= 0.0 {
                return Err(MuscleError::Leaves {
                    name: name(),
                    scene: scene.to_owned(),
                });
            }
            let within = |p: &&BellyPoint| p.middle == p.middle.clamp(low, high);
            let inside = belly.iter().filter(within).count();
            // Deeper than half of its own width.
            let deep = |p: &&BellyPoint| bone(p.middle) < -0.5 * p.alone().max(16.0).sqrt();
            let sunk = belly.iter().filter(within).filter(deep);
            if sunk.count() as f64 > IN_BONE * inside as f64 {
                return Err(MuscleError::InBone { name: name() });
            }
            let found = muscles.all.iter().position(|m| m.name == part.row.muscle);
            let k = found.unwrap_or_else(|| {
                muscles.all.push(Muscle {
                    name: &part.row.muscle,
                    group,
                    whole_mm3: 1e3 * part.row.volume_cm3,
                    published_mm3: 1e3 * part.row.volume_cm3,
                    inside: 0.0,
                    fibre_mm: 0.0,
                    pennation: part.row.pennation_deg,
                    force: 0.0,
                    type1: Some(part.row.type1),
                    role: &part.row.role,
                    paths: Vec::new(),
                });
                sizes.push([0.0; 2]);
                muscles.all.len() - 1
            });
            let path: Vec<DVec3> = path.into_iter().map(|(_, p)| p).collect();
            let chain: Vec<(DVec3, f64)> = belly.iter().map(|p| (p.at, p.weight)).collect();
            let alone = belly.iter().map(|p| (p.middle, p.alone()));
            let alone: Vec<(DVec3, f64)> = alone.collect();
            // Where only the belly's course is known, nothing is of its attachments.
            if part.path.iter().all(|(body, _)| body != COURSE) {
                let made = tendons(k, &path, &alone, part.row.force);
                muscles.tendons.extend(made);
            }
            if mirrored {
                let other = path.iter().map(|p| p.with_x(-p.x));
                muscles.all[k].paths.push(other.collect());
            }
            muscles.all[k].paths.push(path);
            muscles.all[k].force += part.row.force;
            muscles.all[k].fibre_mm += part.row.share * part.row.fibre_mm;
            sizes[k][0] += of_part[0];
            sizes[k][1] += of_part[1];
            for (kept, points) in [(&mut muscles.bellies, chain), (&mut muscles.courses, alone)] {
                if mirrored {
                    let other = points.iter().map(|(p, w)| (p.with_x(-p.x), *w));
                    kept.push(Chain::new(k, other.collect()));
                }
                kept.push(Chain::new(k, points));
            }
        }
        for (muscle, [within, all]) in muscles.all.iter_mut().zip(sizes) {
            muscle.inside = within / all;
        }
        Ok(muscles)
    }
}
