//! What is measured on a snapshot: region statistics and clinical quantities.

pub mod compression;
pub mod strength;

pub use compression::{Compression, compression, strain_energy};
pub use strength::{Strength, StrengthTest};

use crate::physiology::{Model, Physiology};
use crate::sim::Snapshot;
use crate::sim::state::Lists;
use crate::tissue::Anatomy;

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

/// Bone surface a tissue volume, 1/mm, by porosity (Martin 1984), as `bone.wgsl` has it.
fn specific_surface(p: &Physiology, bvtv: f64) -> f64 {
    let x = 1.0 - bvtv;
    [p.martin_5, p.martin_4, p.martin_3, p.martin_2, p.martin_1]
        .iter()
        .fold(0.0, |sum, c| (sum + f64::from(*c)) * x)
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
                        (b.first..b.first + (b.sites & 0xff)).map(move |s| {
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
            .groups
            .iter()
            .enumerate()
            .map(|(g, name)| {
                let of_group = || {
                    anatomy
                        .muscle
                        .iter()
                        .enumerate()
                        .filter(move |(_, m)| m.group == g)
                };
                let low = of_group().map(|(_, m)| m.at[2]).min().unwrap_or(0);
                let high = of_group().map(|(_, m)| m.at[2] + 1).max().unwrap_or(1);
                Group {
                    name,
                    voxels: of_group()
                        .map(|(i, m)| (i, m.fraction * voxel_mm3))
                        .collect(),
                    length_mm: (high - low) as f64 * anatomy.spacing,
                }
            })
            .collect();
        Self {
            lists,
            regions,
            groups,
            physiology: model.physiology,
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
        for (site, state) in self.lists.sites.iter().zip(&snapshot.sites) {
            let surface = f64::from(site.fraction)
                * (specific_surface(&self.physiology, f64::from(state.bvtv))
                    + f64::from(site.surface));
            resorption.add(f64::from(state.osteoclasts), surface * self.voxel_mm3);
            formation.add(f64::from(state.osteoblasts), surface * self.voxel_mm3);
        }
        all.push(Measurement {
            region: "whole_body",
            quantity: "resorption_marker",
            unit: "1",
            value: resorption.value(),
        });
        all.push(Measurement {
            region: "whole_body",
            quantity: "formation_marker",
            unit: "1",
            value: formation.value(),
        });
        all
    }

    fn bone_region(&self, region: &Region, snapshot: &Snapshot, all: &mut Vec<Measurement>) {
        let mineral = f64::from(self.physiology.tissue_mineral);
        let (mut trabecular, mut cortical) = (Mean::default(), Mean::default());
        let mut cells = [Mean::default(); 6];
        let mut bone_mm3 = 0.0;
        for (s, mm3) in &region.sites {
            let (site, state) = (&self.lists.sites[*s], &snapshot.sites[*s]);
            let bvtv = f64::from(state.bvtv);
            bone_mm3 += bvtv * mm3;
            let compartment = if site.cortical == 1 {
                &mut cortical
            } else {
                &mut trabecular
            };
            compartment.add(bvtv, *mm3);
            let surface =
                mm3 * (specific_surface(&self.physiology, bvtv) + f64::from(site.surface));
            let values = [
                state.osteoblasts,
                state.osteoclasts,
                state.osteocyte,
                state.rankl_opg,
                state.sclerostin,
                state.marrow_fat,
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
        if trabecular.weight > 0.0 {
            push("trabecular_bmd", "mg HA/cm3", mineral * trabecular.value());
        }
        if cortical.weight > 0.0 {
            push("cortical_bmd", "mg HA/cm3", mineral * cortical.value());
        }
        let names = [
            "osteoblasts",
            "osteoclasts",
            "osteocyte_signal",
            "rankl_opg",
            "sclerostin",
            "marrow_fat",
        ];
        for (name, cell) in names.into_iter().zip(cells) {
            push(name, "1", cell.value());
        }
    }

    fn muscle_group(&self, group: &Group, snapshot: &Snapshot, all: &mut Vec<Measurement>) {
        let mut volume = 0.0;
        let (mut type1_mm3, mut type2_mm3) = (0.0, 0.0);
        let mut means = [Mean::default(); 5];
        for (i, mm3) in &group.voxels {
            let (place, state) = (&self.lists.muscle_voxels[*i], &snapshot.muscle[*i]);
            let share = f64::from(place.type1);
            let (one, two) = (
                share * f64::from(state.type1),
                (1.0 - share) * f64::from(state.type2),
            );
            volume += mm3 * (one + two) * f64::from(state.fluid);
            type1_mm3 += mm3 * one;
            type2_mm3 += mm3 * two;
            let level = snapshot.levels[place.voxel as usize];
            let values = [
                (one + two) * f64::from(state.neural),
                f64::from(state.satellite_cells),
                f64::from(state.myotubes),
                1.0 + f64::from(level[1]),
                1.0 + f64::from(level[0]),
            ];
            for (mean, value) in means.iter_mut().zip(values) {
                mean.add(value, *mm3);
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
        for (name, mean) in [
            "strength",
            "satellite_cells",
            "myotubes",
            "myostatin",
            "bmp2",
        ]
        .into_iter()
        .zip(means)
        {
            push(name, "1", mean.value());
        }
    }
}
