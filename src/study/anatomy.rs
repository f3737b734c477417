//! A scene as an anatomist looks at it: dimensions, densities, contacts, lines of pull and balance,
//! beside what is published.

use std::collections::BTreeSet;

use glam::DVec3;
use serde::Serialize;

use crate::evidence::Norm;
use crate::measure::{Measurement, Quantity};
use crate::physiology::{ActivityKind, Model};
use crate::tissue::{Anatomy, Parts};

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
    /// Of a settled scene whose regions were measured.
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
            pulls: pulls(anatomy),
            balance: balance(anatomy, model),
        }
    }
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
