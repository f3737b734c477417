//! What is measured on a snapshot: region statistics and clinical quantities.

pub mod compression;
pub mod connectivity;
pub mod orientation;
pub mod strength;

pub use compression::{
    Compressed, Compression, CompressionTest, Plates, compression, strain_energy,
};
pub use orientation::{Orientation, PendingOrientation};
pub use strength::{Strength, StrengthTest};

use crate::physiology::{Model, Physiology};
use crate::sim::Snapshot;
use crate::sim::state::Lists;
use crate::tissue::{Anatomy, SiteKind};

/// One number: a quantity of a region.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// Region's name.
    pub region: &'static str,
    /// Quantity's name, e.g. `bmd`.
    pub quantity: &'static str,
    /// Unit; `1` for what is relative to homeostasis.
    pub unit: &'static str,
    /// Value.
    pub value: f64,
}

/// Measures snapshots of one scene.
#[derive(Debug)]
pub struct Ruler {
    lists: Lists,
    regions: Vec<Region>,
    groups: Vec<Group>,
    physiology: Physiology,
    /// Voxels of a lattice of single struts, platens at both ends of z.
    struts: Option<[usize; 3]>,
    /// The region that tells how fragile the bone is, with what it is measured against, mg HA/cm3.
    reference: Option<(&'static str, f64)>,
    voxel_mm3: f64,
}

#[derive(Debug)]
struct Region {
    name: &'static str,
    envelope_mm3: f64,
    /// Site and its volume that belongs to the region, mm³.
    sites: Vec<(usize, f64)>,
}

#[derive(Debug)]
struct Group {
    name: &'static str,
    /// Muscle voxel and its volume, mm³.
    voxels: Vec<(usize, f64)>,
    length_mm: f64,
}

/// A sum with weights.
#[derive(Debug, Default, Clone, Copy)]
struct Mean {
    sum: f64,
    weight: f64,
}

impl Mean {
    fn add(&mut self, value: f64, weight: f64) {
        self.sum += value * weight;
        self.weight += weight;
    }

    fn value(self) -> f64 {
        if self.weight > 0.0 {
            self.sum / self.weight
        } else {
            0.0
        }
    }
}

impl Ruler {
    /// For snapshots of simulations of `anatomy` with `model`.
    pub fn new(anatomy: &Anatomy, model: &Model) -> Self {
        let lists = Lists::new(anatomy, model);
        let voxel_mm3 = anatomy.voxel_mm3();
        let regions = anatomy
            .regions
            .iter()
            .map(|region| Region {
                name: region.name,
                envelope_mm3: region.envelope_mm3,
                sites: region
                    .members
                    .iter()
                    .flat_map(|(i, share)| {
                        let b = lists.bone_voxels[*i];
                        let sites = &lists.sites;
                        (b.first..b.first + b.sites).map(move |s| {
                            (
                                s as usize,
                                share * f64::from(sites[s as usize].fraction) * voxel_mm3,
                            )
                        })
                    })
                    .collect(),
            })
            .collect();
        let groups = anatomy
            .muscle_regions
            .iter()
            .map(|region| {
                let of_region = || {
                    anatomy
                        .muscle
                        .iter()
                        .enumerate()
                        .filter(|(_, m)| region.groups.contains(&m.group))
                };
                let low = of_region().map(|(_, m)| m.at[2]).min().unwrap_or(0);
                let high = of_region().map(|(_, m)| m.at[2] + 1).max().unwrap_or(1);
                Group {
                    name: region.name,
                    voxels: of_region()
                        .map(|(i, m)| (i, m.fraction * voxel_mm3))
                        .collect(),
                    length_mm: (high - low) as f64 * anatomy.spacing,
                }
            })
            .collect();
        let facts = model.scenes.iter().find(|s| s.name == anatomy.scene);
        let reference = anatomy.regions.iter().find_map(|r| {
            let bmd = facts?.reference_bmd.get(r.name)?;
            Some((r.name, *bmd))
        });
        Self {
            lists,
            regions,
            groups,
            physiology: model.physiology,
            struts: anatomy
                .bone
                .iter()
                .any(|b| b.sites.iter().any(|s| s.kind == SiteKind::Strut))
                .then_some(anatomy.voxels),
            reference,
            voxel_mm3,
        }
    }

    /// All quantities of all regions.
    pub fn measure(&self, snapshot: &Snapshot) -> Vec<Measurement> {
        let mut all = Vec::new();
        for region in &self.regions {
            self.bone_region(region, snapshot, &mut all);
        }
        for group in &self.groups {
            self.muscle_group(group, snapshot, &mut all);
        }
        // Markers in blood come from the surfaces on which cells work.
        let (mut resorption, mut formation) = (Mean::default(), Mean::default());
        for ((site, state), surface) in self
            .lists
            .sites
            .iter()
            .zip(&snapshot.sites)
            .zip(&snapshot.surface)
        {
            let worked = f64::from(site.fraction) * mean_surface(*surface) * self.voxel_mm3;
            resorption.add(f64::from(state.osteoclasts), worked);
            formation.add(f64::from(state.osteoblasts), worked);
        }
        let mut push = |quantity, value| {
            all.push(Measurement {
                region: "whole_body",
                quantity,
                unit: "1",
                value,
            });
        };
        push("resorption_marker", resorption.value());
        push("formation_marker", formation.value());
        let Some((region, reference)) = self.reference else {
            return all;
        };
        // Each part is 1 at 2.5 standard deviations below young adults: osteoporosis by density, sarcopenia by strength.
        let part = |relative: f64, spread: f32| (1.0 - relative) / (2.5 * f64::from(spread));
        let bmd = self
            .regions
            .iter()
            .find(|r| r.name == region)
            .map_or(reference, |r| self.bmd(r, snapshot));
        let mut strength = Mean::default();
        for (place, state) in self.lists.muscle_voxels.iter().zip(&snapshot.muscle) {
            let area = f64::from(place.type1) * f64::from(state.type1)
                + (1.0 - f64::from(place.type1)) * f64::from(state.type2);
            strength.add(area * f64::from(state.neural), f64::from(place.fraction));
        }
        let p = &self.physiology;
        let fragility = part(bmd / reference, p.bmd_spread).max(0.0);
        let weakness = part(
            f64::from(p.muscle_mass) * strength.value(),
            p.strength_spread,
        )
        .max(0.0);
        push("bone_fragility", fragility);
        push("muscle_weakness", weakness);
        push("osteosarcopenia", fragility.min(weakness));
        all
    }

    /// Mineral density of a region, mg HA/cm3.
    fn bmd(&self, region: &Region, snapshot: &Snapshot) -> f64 {
        let bone_mm3: f64 = region
            .sites
            .iter()
            .map(|(s, mm3)| mm3 * f64::from(snapshot.sites[*s].bvtv))
            .sum();
        f64::from(self.physiology.tissue_mineral) * bone_mm3 / region.envelope_mm3
    }

    fn bone_region(&self, region: &Region, snapshot: &Snapshot, all: &mut Vec<Measurement>) {
        let mineral = f64::from(self.physiology.tissue_mineral);
        let (mut trabecular, mut cortical) = (Mean::default(), Mean::default());
        let mut cells = [Mean::default(); CELLS.len()];
        let mut bone_mm3 = 0.0;
        for (s, mm3) in &region.sites {
            let (site, state) = (&self.lists.sites[*s], &snapshot.sites[*s]);
            let bvtv = f64::from(state.bvtv);
            bone_mm3 += bvtv * mm3;
            let compartment = if site.kind == SiteKind::Cortical as u32 {
                &mut cortical
            } else {
                &mut trabecular
            };
            compartment.add(bvtv, *mm3);
            let surface = mm3 * mean_surface(snapshot.surface[*s]);
            let wnt = 1.0 / (1.0 + self.physiology.sclerostin_formation * (state.sclerostin - 1.0));
            let values = [
                state.osteoblasts,
                state.osteoclasts,
                state.osteocyte,
                state.rankl_opg,
                state.sclerostin,
                state.marrow_fat,
                state.mapk,
                state.ppar_gamma,
                state.mapk / state.ppar_gamma,
                state.cytoskeleton,
                // Alkaline phosphatase goes with the making of osteoblasts, osteocalcin with ripe ones.
                state.mapk * state.cytoskeleton,
                wnt * state.cytoskeleton,
                state.connectivity,
            ];
            for (cell, value) in cells.iter_mut().zip(values) {
                cell.add(f64::from(value), surface);
            }
        }
        let bvtv = bone_mm3 / region.envelope_mm3;
        let mut push = |quantity, unit, value| {
            all.push(Measurement {
                region: region.name,
                quantity,
                unit,
                value,
            });
        };
        push("bmd", "mg HA/cm3", mineral * bvtv);
        push("bmc", "g HA", mineral * bone_mm3 * 1e-6);
        push("bvtv", "1", bvtv);
        if let Some([nx, ny, nz]) = self.struts {
            // Half a voxel of bone is bone; every voxel of such a lattice has one site, in the lattice's order.
            let euler = connectivity::euler_characteristic([nx, ny, nz - 2], |at| {
                snapshot.sites[at[0] + nx * (at[1] + ny * (at[2] + 1))].bvtv >= 0.5
            });
            push(
                "connectivity_density",
                "1/mm3",
                (1 - euler) as f64 / region.envelope_mm3,
            );
        }
        if trabecular.weight > 0.0 {
            push("trabecular_bmd", "mg HA/cm3", mineral * trabecular.value());
        }
        if cortical.weight > 0.0 {
            push("cortical_bmd", "mg HA/cm3", mineral * cortical.value());
        }
        for (name, cell) in CELLS.into_iter().zip(cells) {
            push(name, "1", cell.value());
        }
    }

    fn muscle_group(&self, group: &Group, snapshot: &Snapshot, all: &mut Vec<Measurement>) {
        let mass = f64::from(self.physiology.muscle_mass);
        let mut volume = 0.0;
        let (mut type1_mm3, mut type2_mm3) = (0.0, 0.0);
        let mut means = [Mean::default(); MUSCLE.len()];
        for (i, mm3) in &group.voxels {
            let (place, state) = (&self.lists.muscle_voxels[*i], &snapshot.muscle[*i]);
            let mm3 = mass * mm3;
            let share = f64::from(place.type1);
            let (one, two) = (
                share * f64::from(state.type1),
                (1.0 - share) * f64::from(state.type2),
            );
            volume += mm3 * (one + two) * f64::from(state.fluid);
            type1_mm3 += mm3 * one;
            type2_mm3 += mm3 * two;
            let level = snapshot.levels[place.voxel as usize].map(f64::from);
            let values = [
                (one + two) * f64::from(state.neural),
                f64::from(state.neural),
                f64::from(state.satellite_cells),
                f64::from(state.myotubes),
                1.0 + level[2],
                1.0 + level[0],
                1.0 + level[1],
                1.0 + level[3],
                f64::from(state.smad158),
                f64::from(state.smad23),
                f64::from(state.smad158 / state.smad23),
            ];
            for (mean, value) in means.iter_mut().zip(values) {
                mean.add(value, mm3);
            }
        }
        let mut push = |quantity, unit, value| {
            all.push(Measurement {
                region: group.name,
                quantity,
                unit,
                value,
            });
        };
        push("volume", "cm3", volume * 1e-3);
        push("type1_csa", "mm2", type1_mm3 / group.length_mm);
        push("type2_csa", "mm2", type2_mm3 / group.length_mm);
        for (name, mean) in MUSCLE.into_iter().zip(means) {
            push(name, "1", mean.value());
        }
    }
}

/// Quantities of cells and signals in bone, relative to homeostasis, means over the surface.
const CELLS: [&str; 13] = [
    "osteoblasts",
    "osteoclasts",
    "osteocyte_signal",
    "rankl_opg",
    "sclerostin",
    "marrow_fat",
    "mapk",
    "ppar_gamma",
    "osteogenic_fate",
    "cytoskeleton",
    "alp",
    "osteocalcin",
    "connectivity",
];

/// Quantities of muscle, relative to homeostasis, means over the volume.
const MUSCLE: [&str; 11] = [
    "strength",
    "neural_drive",
    "satellite_cells",
    "myotubes",
    "myostatin",
    "bmp2",
    "bmp4",
    "noggin_chordin",
    "smad158",
    "smad23",
    "muscle_quality",
];

fn mean_surface(both: [f32; 2]) -> f64 {
    0.5 * (f64::from(both[0]) + f64::from(both[1]))
}
