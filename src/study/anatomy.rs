//! A scene as an anatomist looks at it: dimensions, densities, contacts, lines of pull and balance,
//! beside what is published.

use std::collections::BTreeSet;

use glam::DVec3;
use serde::Serialize;

use crate::evidence::Norm;
use crate::measure::{Measurement, Quantity};
use crate::physiology::{ActivityKind, Model};
use crate::tissue::{Anatomy, Muscle, Parts, Residual};

/// Deviations from a published mean within which a dimension is in.
const OF_DIMENSION: f64 = 1.0;
/// And a density.
const OF_DENSITY: f64 = 1.5;

/// A number beside the published ones.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Beside {
    /// What it is: a dimension, or a region and a quantity.
    pub name: String,
    /// Its value.
    pub value: f64,
    /// Its unit.
    pub unit: &'static str,
    /// What is published of it.
    pub published: Vec<Norm>,
    /// Whether it lies within any of that; none where there is nothing.
    pub in_range: Option<bool>,
}

impl Beside {
    fn new(
        name: String,
        value: f64,
        unit: &'static str,
        deviations: f64,
        scene: &str,
        norms: &[Norm],
    ) -> Self {
        let own = norms.iter().filter(|n| n.scene == scene && n.item == name);
        let published: Vec<Norm> = own.cloned().collect();
        let within = |n: &Norm| {
            let [low, high] = n.range(deviations);
            (low..=high).contains(&value)
        };
        let in_range = (!published.is_empty()).then(|| published.iter().any(within));
        Self {
            name,
            value,
            unit,
            published,
            in_range,
        }
    }
}

/// A muscle's unit load: where it pulls, and which way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pull {
    /// Name of the joint's force or of the muscle.
    pub name: &'static str,
    /// The middle of where it acts, mm.
    pub at_mm: [f64; 3],
    /// Unit vector; nothing where it pulls two bones together.
    pub direction: [f64; 3],
}

/// A muscle beside what is published of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MuscleBeside {
    /// Name.
    pub name: &'static str,
    /// Group.
    pub group: &'static str,
    /// Volume in the lattice, cm³.
    pub volume_cm3: f64,
    /// Published volume of the whole muscle, cm³ (Handsfield 2014, for this height).
    pub published_cm3: f64,
    /// Share of its belly that lies in the lattice.
    pub inside: f64,
    /// Volume over published volume times that share.
    pub over_published: f64,
    /// How far the middles of its cross-sections are from its path, mean and most, mm; none where
    /// too little of it is there.
    pub off_path_mm: Option<[f64; 2]>,
    /// Physiological cross-section, cm².
    pub cross_section_cm2: f64,
    /// Length of its fibres, mm.
    pub fibre_mm: f64,
    /// Between its fibres and its line of pull, degrees.
    pub pennation_deg: f64,
    /// Peak isometric force, N.
    pub force_n: f64,
    /// Share of type I fibre area; none where its group's holds.
    pub type1: Option<f64>,
    /// What it does, as "extends the knee".
    pub role: &'static str,
}

/// What an activity puts on the bones at 1 g.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Balance {
    /// The activity.
    pub activity: String,
    /// Sum of its forces, N.
    pub force_n: [f64; 3],
    /// Sum of their moments about the middle of what is held along every axis, Nm.
    pub moment_nm: [f64; 3],
    /// The same as a share of the sizes of all forces: what the supports bear, 0 if they balance
    /// each other.
    pub unbalanced: f64,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AnatomyReport {
    /// Scene.
    pub scene: &'static str,
    /// Voxels along its longest side.
    pub size: usize,
    /// Edge of a voxel, mm.
    pub voxel_mm: f64,
    /// Dimensions of bones, and areas of contacts.
    pub dimensions: Vec<Beside>,
    /// Densities by region as they settle under 1 g.
    pub densities: Vec<Beside>,
    /// Volume of each part, mm³.
    pub volumes_mm3: Vec<(String, f64)>,
    /// Single muscles.
    pub muscles: Vec<MuscleBeside>,
    /// What of whole muscles was published by others than they are made from.
    pub architecture: Vec<Beside>,
    /// Of what lies within the fascia and is no bone, what belongs to no muscle.
    pub between_muscles: f64,
    /// What is left over of the forces on the leg at the peaks of activities.
    pub residuals: Vec<Residual>,
    /// Where and which way unit loads act.
    pub pulls: Vec<Pull>,
    /// Forces of each activity on foot.
    pub balance: Vec<Balance>,
}

/// Places and forces of a unit load, mm and N.
fn forces<'a>(
    anatomy: &'a Anatomy,
    points: &'a [([usize; 3], [f64; 3], [f64; 3])],
) -> impl Iterator<Item = (DVec3, DVec3)> + 'a {
    points.iter().map(|(element, within, force)| {
        let at: [f64; 3] = std::array::from_fn(|k| {
            let place = (element[k] + anatomy.mechanics_low[k]) as f64 + within[k];
            anatomy.origin[k] + anatomy.spacing * place
        });
        (DVec3::from(at), DVec3::from(*force))
    })
}

impl AnatomyReport {
    /// Of a settled scene whose regions, and how its bone lies against stress, were measured.
    pub fn new(anatomy: &Anatomy, model: &Model, measured: &[Measurement], norms: &[Norm]) -> Self {
        let scene = anatomy.scene;
        let dimension = |d: &crate::tissue::Dimension| {
            Beside::new(
                d.name.to_owned(),
                d.value,
                d.unit,
                OF_DIMENSION,
                scene,
                norms,
            )
        };
        let mineral = f64::from(model.physiology.tissue_mineral);
        let mut densities = Vec::new();
        for m in measured {
            let mut told = |key: &str, value: f64, unit: &'static str| {
                let name = format!("{} {key}", m.region);
                densities.push(Beside::new(name, value, unit, OF_DENSITY, scene, norms));
            };
            match m.quantity {
                Quantity::Bmd => told("bmd", m.value, m.quantity.unit()),
                Quantity::TrabecularBmd => {
                    told("trabecular_bmd", m.value, m.quantity.unit());
                    told("trabecular_bvtv", m.value / mineral, "1");
                }
                Quantity::AngleToPrincipalStress => {
                    told(m.quantity.key(), m.value, m.quantity.unit());
                }
                _ => {}
            }
        }
        let parts = Parts::of(anatomy).parts;
        Self {
            scene,
            size: anatomy.size,
            voxel_mm: anatomy.spacing,
            dimensions: anatomy.dimensions.iter().map(dimension).collect(),
            densities,
            volumes_mm3: parts.into_iter().map(|p| (p.name, p.volume_mm3)).collect(),
            muscles: muscles(anatomy),
            architecture: architecture(anatomy, norms),
            between_muscles: anatomy.between_muscles,
            residuals: anatomy.residuals.clone(),
            pulls: pulls(anatomy),
            balance: balance(anatomy, model),
        }
    }
}

fn muscles(anatomy: &Anatomy) -> Vec<MuscleBeside> {
    let voxel = anatomy.voxel_mm3() / 1e3;
    let of = anatomy.muscles.iter().enumerate();
    // Where muscle lies outside the scene it has no volume.
    let of = of.filter(|(_, m)| m.whole_mm3 > 0.0);
    of.map(|(k, m)| {
        let own = anatomy.muscle.iter().filter(|plan| plan.muscle == k);
        let volume_cm3 = own.map(|plan| plan.fraction).sum::<f64>() * voxel;
        MuscleBeside {
            name: m.name,
            group: anatomy.groups[m.group],
            volume_cm3,
            published_cm3: m.published_mm3 / 1e3,
            inside: m.inside,
            over_published: volume_cm3 / (m.inside * m.published_mm3 / 1e3),
            off_path_mm: off_path(anatomy, k, m),
            cross_section_cm2: m.cross_section() / 100.0,
            fibre_mm: m.fibre_mm,
            pennation_deg: m.pennation,
            force_n: m.force,
            type1: m.type1,
            role: m.role,
        }
    })
    .collect()
}

fn architecture(anatomy: &Anatomy, norms: &[Norm]) -> Vec<Beside> {
    let mut all = Vec::new();
    for m in anatomy.muscles.iter().filter(|m| m.whole_mm3 > 0.0) {
        for (what, value, unit) in [
            ("volume", m.whole_mm3 / 1e3, "cm3"),
            ("section", m.cross_section() / 100.0, "cm2"),
            ("fibres", m.fibre_mm, "mm"),
            ("pennation", m.pennation, "degrees"),
        ] {
            let name = format!("{} {what}", m.name);
            all.push(Beside::new(
                name,
                value,
                unit,
                OF_DIMENSION,
                anatomy.scene,
                norms,
            ));
        }
    }
    all.retain(|told| !told.published.is_empty());
    all
}

/// Where a path is nearest to a place: which stretch of it, how far, and its direction there.
fn beside_path(path: &[DVec3], p: DVec3) -> Option<(f64, f64, DVec3, DVec3)> {
    let mut before = 0.0;
    let mut best: Option<(f64, f64, DVec3, DVec3)> = None;
    for pair in path.windows(2) {
        let axis = pair[1] - pair[0];
        let t = (p - pair[0]).dot(axis) / axis.length_squared().max(1e-12);
        let at = pair[0] + t.clamp(0.0, 1.0) * axis;
        let distance = p.distance(at);
        if best.is_none_or(|b| distance < b.0) {
            let along = before + t.clamp(0.0, 1.0) * axis.length();
            best = Some((distance, along, at, axis.normalize_or_zero()));
        }
        before += axis.length();
    }
    best
}

/// How far the middles of a muscle's cross-sections lie beside its path: every 20 mm of the path,
/// where at least a tenth of its widest section is.
fn off_path(anatomy: &Anatomy, muscle: usize, own: &Muscle) -> Option<[f64; 2]> {
    use std::collections::BTreeMap;
    const STRETCH: f64 = 20.0;
    let origin = DVec3::from(anatomy.origin);
    let mut sections: BTreeMap<(usize, usize), (DVec3, f64)> = BTreeMap::new();
    for plan in anatomy.muscle.iter().filter(|plan| plan.muscle == muscle) {
        let p = origin + anatomy.spacing * (DVec3::from(plan.at.map(|x| x as f64)) + 0.5);
        let of_part = own.paths.iter().enumerate();
        let nearest = of_part.filter_map(|(k, path)| Some((k, beside_path(path, p)?)));
        let nearest = nearest.min_by(|a, b| a.1.0.total_cmp(&b.1.0));
        let Some((part, (_, along, at, axis))) = nearest else {
            continue;
        };
        // Beyond its ends a path has no section.
        let beside = (p - at) - axis * (p - at).dot(axis);
        if (p - at).dot(axis).abs() > 1.0 {
            continue;
        }
        let section = (part, (along / STRETCH) as usize);
        let entry = sections.entry(section).or_insert((DVec3::ZERO, 0.0));
        entry.0 += plan.fraction * beside;
        entry.1 += plan.fraction;
    }
    let widest = sections.values().map(|s| s.1).fold(0.0, f64::max);
    let told = sections.values().filter(|s| s.1 > 0.1 * widest);
    let off: Vec<f64> = told.map(|(sum, count)| (*sum / *count).length()).collect();
    let most = off.iter().copied().fold(0.0, f64::max);
    (!off.is_empty()).then(|| [off.iter().sum::<f64>() / off.len() as f64, most])
}

fn pulls(anatomy: &Anatomy) -> Vec<Pull> {
    let pull = |load: &crate::tissue::UnitLoad| {
        let (mut at, mut all, mut size) = (DVec3::ZERO, DVec3::ZERO, 0.0);
        for (place, force) in forces(anatomy, &load.points) {
            at += force.length() * place;
            size += force.length();
            all += force;
        }
        Pull {
            name: load.name,
            at_mm: (at / size).to_array(),
            // Soleus pulls two bones together.
            direction: if all.length() < 0.1 * size {
                [0.0; 3]
            } else {
                all.normalize_or_zero().to_array()
            },
        }
    };
    anatomy.loads.iter().map(pull).collect()
}

fn balance(anatomy: &Anatomy, model: &Model) -> Vec<Balance> {
    // Nodes of bone that are held along every axis.
    let of_bone: BTreeSet<[usize; 3]> = (anatomy.bone.iter())
        .flat_map(|b| (0..8usize).map(|c| std::array::from_fn(|k| b.at[k] + (c >> k & 1))))
        .collect();
    let held: Vec<DVec3> = (anatomy.held.iter())
        .filter(|(_, components)| *components == 0b111)
        .map(|(node, _)| std::array::from_fn(|k| node[k] + anatomy.mechanics_low[k]))
        .filter(|node| of_bone.contains(node))
        .map(|node: [usize; 3]| {
            let place = DVec3::from(node.map(|x| x as f64));
            DVec3::from(anatomy.origin) + anatomy.spacing * place
        })
        .collect();
    let middle = held.iter().sum::<DVec3>() / held.len().max(1) as f64;
    let own = (model.activities.iter())
        .filter(|a| a.scene == anatomy.scene && a.kind == ActivityKind::Gait);
    own.map(|activity| {
        let (mut force, mut moment, mut sizes) = (DVec3::ZERO, DVec3::ZERO, 0.0);
        for load in &anatomy.loads {
            let newtons = activity.forces.get(load.name).copied().unwrap_or(0.0);
            for (at, f) in forces(anatomy, &load.points) {
                force += newtons * f;
                moment += newtons * (at - middle).cross(f) / 1000.0;
                sizes += newtons * f.length();
            }
        }
        Balance {
            activity: activity.name.clone(),
            force_n: force.to_array(),
            moment_nm: moment.to_array(),
            unbalanced: force.length() / sizes,
        }
    })
    .collect()
}
