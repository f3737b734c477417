//! What is measured every day: sums over regions, on the adapter, so that kilobytes come back and
//! not the lattice. Shaders: `regions.wgsl`, `connectivity.wgsl`.

use bytemuck::{Pod, Zeroable};

use crate::gpu::{Dispatch, Gpu, GpuError, Readback, Shader, values, whole};
use crate::physiology::{Model, PIECES, Physiology};
use crate::sim::shader::tissue_stage;
use crate::sim::skeleton::Skeleton;
use crate::sim::state::{Lists, TissueState};
use crate::sim::{Body, Simulation};
use crate::tissue::{Anatomy, BoneRegion, SiteKind};

use super::catalogue::{Measurement, Quantity, WHOLE_BODY, value_of};

/// Members that a workgroup sums up, at most; the pieces of a region are added up here, in f64.
const PIECE: usize = 1024;
/// Sums of a region of bone and of muscle, as `regions.wgsl` has them.
const BONE_SUMS: usize = 24;
const MUSCLE_SUMS: usize = 15;
/// Of hydroxyapatite's mass, calcium: 10 · 40.08 of 1004.6 g/mol.
const CALCIUM_OF_MINERAL: f64 = 0.399;
/// By how much a clinical scan widens what is left of a cortex, mm, so that a cortex looks the less
/// dense the thinner it is. Augat 1998 (Phys Med Biol 43:2873): walls under 4 mm look up to 40 %
/// less dense, while their mineral is told right; taken as that of a wall of a millimetre.
const SCAN_BLUR_MM: f64 = 0.67;
/// Vertices that a workgroup of `connectivity.wgsl` looks at.
const VERTICES: usize = 64 * 16;

/// Keep in step with `struct Member` in `regions.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
struct Member {
    /// A site, or a voxel of muscle.
    place: u32,
    /// Volume that belongs to the region, mm³.
    weight: f32,
}

/// Keep in step with `struct Piece` in `regions.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
struct Piece {
    first: u32,
    count: u32,
}

/// Members of several regions, in pieces.
#[derive(Debug, Default)]
struct Members {
    all: Vec<Member>,
    pieces: Vec<Piece>,
    /// Pieces of each region.
    regions: Vec<std::ops::Range<usize>>,
}

impl Members {
    fn push(&mut self, members: impl Iterator<Item = (usize, f64)>) {
        let first = self.all.len();
        self.all.extend(members.map(|(place, mm3)| Member {
            place: place as u32,
            weight: mm3 as f32,
        }));
        let before = self.pieces.len();
        for start in (first..self.all.len()).step_by(PIECE) {
            self.pieces.push(Piece {
                first: start as u32,
                count: (self.all.len() - start).min(PIECE) as u32,
            });
        }
        self.regions.push(before..self.pieces.len());
    }
}

/// Sums over regions, on the adapter.
#[derive(Debug)]
struct Sums {
    dispatch: Dispatch,
    buffer: wgpu::Buffer,
    bytes: u64,
    each: usize,
    regions: Vec<std::ops::Range<usize>>,
}

impl Sums {
    fn new(
        gpu: &Gpu,
        entry: &str,
        each: usize,
        members: Members,
        buffers: &[(u32, &wgpu::Buffer)],
    ) -> Result<Self, GpuError> {
        let module = Shader::new(gpu, "regions", &regions_shader())?;
        let all = gpu.storage_from("members of regions", &members.all)?;
        let pieces = gpu.storage_from("pieces of regions", &members.pieces)?;
        let buffer = gpu.storage::<f32>("sums over regions", each * members.pieces.len())?;
        let bindings: Vec<_> = [(0, &all), (1, &pieces), (2, &buffer)]
            .into_iter()
            .chain(buffers.iter().copied())
            .map(|(binding, buffer)| (binding, whole(buffer)))
            .collect();
        let threads = 64 * members.pieces.len() as u32;
        Ok(Self {
            dispatch: Dispatch::new(gpu, &module.kernel(gpu, entry)?, threads, &bindings)?,
            buffer,
            bytes: (4 * each * members.pieces.len()) as u64,
            each,
            regions: members.regions,
        })
    }

    /// By region, from the bytes of the sums of its pieces.
    fn totals(&self, bytes: &[u8]) -> Vec<Vec<f64>> {
        let sums = values::<f32>(bytes);
        let total = |pieces: &std::ops::Range<usize>| {
            let mut total = vec![0.0; self.each];
            for piece in sums.chunks(self.each).take(pieces.end).skip(pieces.start) {
                for (total, sum) in total.iter_mut().zip(piece) {
                    *total += f64::from(*sum);
                }
            }
            total
        };
        self.regions.iter().map(total).collect()
    }
}

/// The shaders' sources.
pub fn regions_shader() -> String {
    tissue_stage(include_str!("../../shaders/measure/regions.wgsl"))
}

/// The shader of the connectivity of single struts.
pub fn connectivity_shader() -> String {
    tissue_stage(include_str!("../../shaders/measure/connectivity.wgsl"))
}

/// Measures one body.
#[derive(Debug)]
pub struct RegionSums {
    gpu: Gpu,
    bone: Sums,
    muscle: Sums,
    /// Of the pieces of the skeleton, then of all of it.
    skeleton: Sums,
    pieces: Vec<&'static str>,
    /// Of a lattice of single struts: Euler characteristics by workgroup.
    euler: Option<(Dispatch, wgpu::Buffer, u64)>,
    /// Name, volume (mm³) and length along z (mm) of each region of bone; the last sums are those
    /// of all bone.
    regions: Vec<(&'static str, f64, f64)>,
    /// Name and length (mm) of each region of muscle; the last sums are those of all muscle.
    groups: Vec<(&'static str, f64)>,
    physiology: Physiology,
    /// The region that tells how fragile the bone is, with what it is measured against, mg HA/cm3.
    reference: Option<(&'static str, f64)>,
    bytes: u64,
}

/// Measurements on their way.
#[derive(Debug)]
pub struct PendingMeasurements {
    readback: Readback,
    day: f64,
}

impl PendingMeasurements {
    /// The day that they are of.
    pub fn day(&self) -> f64 {
        self.day
    }
}

impl RegionSums {
    /// For `body` with `model`.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn new(body: &Body, model: &Model) -> Result<Self, GpuError> {
        let (gpu, anatomy, state) = (body.gpu(), body.anatomy(), body.state());
        let before = gpu.allocated_bytes();
        let p = &model.physiology;
        let kinetics = gpu.uniform(
            "measured kinetics",
            &[p.sclerostin_formation, 0.0, 0.0, 0.0],
        )?;
        let facts = model.scenes.iter().find(|s| s.name == anatomy.scene);
        let reference = anatomy.regions.iter().find_map(|r| {
            let bmd = facts?.reference_bmd.get(r.name)?;
            Some((r.name, *bmd))
        });
        let bone = Sums::new(
            gpu,
            "bone_sums",
            BONE_SUMS,
            bone_members(anatomy, model),
            &[
                (3, &state.sites),
                (4, &state.bone),
                (5, &state.surface),
                (9, &kinetics),
            ],
        )?;
        let muscle = Sums::new(
            gpu,
            "muscle_sums",
            MUSCLE_SUMS,
            muscle_members(anatomy),
            &[
                (6, &state.muscle_voxels),
                (7, &state.muscle),
                (8, &state.level),
            ],
        )?;
        let own = body.skeleton().state();
        let skeleton = Sums::new(
            gpu,
            "bone_sums",
            BONE_SUMS,
            skeleton_members(model),
            &[
                (3, &own.sites),
                (4, &own.bone),
                (5, &own.surface),
                (9, &kinetics),
            ],
        )?;
        let named = |name: &String| PIECES.into_iter().find(|p| p == name);
        let pieces = model.skeleton.iter().filter_map(|s| named(&s.name));
        let struts =
            |b: &crate::tissue::BonePlan| b.sites.iter().any(|s| s.kind == SiteKind::Strut);
        let euler = if anatomy.bone.iter().any(struts) {
            Some(euler(gpu, anatomy, state)?)
        } else {
            None
        };
        Ok(Self {
            regions: anatomy
                .regions
                .iter()
                .map(|r| (r.name, r.envelope_mm3, bone_length(anatomy, r)))
                .collect(),
            groups: anatomy
                .muscle_regions
                .iter()
                .map(|r| (r.name, length(anatomy, &r.muscles)))
                .collect(),
            bytes: gpu.allocated_bytes() - before,
            gpu: gpu.clone(),
            bone,
            muscle,
            skeleton,
            pieces: pieces.collect(),
            euler,
            physiology: *p,
            reference,
        })
    }

    /// Bytes on the adapter.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Sums up the body as `simulation` has it now; [`RegionSums::poll`] has the measurements once
    /// they arrive.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn measure(&self, simulation: &Simulation) -> Result<PendingMeasurements, GpuError> {
        let mut encoder = self.gpu.encoder("measure");
        self.gpu.pass(&mut encoder, "measure", |pass| {
            self.bone.dispatch.run(pass);
            self.muscle.dispatch.run(pass);
            self.skeleton.dispatch.run(pass);
            if let Some((euler, ..)) = &self.euler {
                euler.run(pass);
            }
        });
        let mut ranges = vec![
            (&self.bone.buffer, 0, self.bone.bytes),
            (&self.muscle.buffer, 0, self.muscle.bytes),
            (&self.skeleton.buffer, 0, self.skeleton.bytes),
        ];
        ranges.extend(
            self.euler
                .iter()
                .map(|(_, buffer, bytes)| (buffer, 0, *bytes)),
        );
        let readback = Readback::record(&self.gpu, &mut encoder, &ranges)?;
        self.gpu.submit(encoder);
        Ok(PendingMeasurements {
            readback,
            day: simulation.day(),
        })
    }

    /// All quantities of all regions, if they have arrived.
    /// # Errors
    /// [`GpuError::Readback`].
    pub fn poll(
        &self,
        pending: &PendingMeasurements,
    ) -> Result<Option<Vec<Measurement>>, GpuError> {
        let Some(parts) = pending.readback.poll()? else {
            return Ok(None);
        };
        let part = |k: usize| parts.get(k).map_or(&[][..], Vec::as_slice);
        let bone = self.bone.totals(part(0));
        let muscle = self.muscle.totals(part(1));
        let skeleton = self.skeleton.totals(part(2));
        let euler = self.euler.as_ref().map(|_| {
            let each = values::<i32>(part(3));
            each.into_iter().map(i64::from).sum::<i64>()
        });
        let mut all = Vec::new();
        for (region, sums) in self.regions.iter().zip(&bone) {
            self.bone_region(*region, sums, euler, &mut all);
        }
        for ((name, length), sums) in self.groups.iter().zip(&muscle) {
            self.muscle_region(name, *length, sums, &mut all);
        }
        if let (Some(skeleton), Some(muscle)) = (skeleton.last(), muscle.last()) {
            self.whole_body(skeleton, muscle, &mut all);
        }
        for (region, sums) in self.pieces.iter().zip(&skeleton) {
            all.push(Measurement {
                region,
                quantity: Quantity::SkeletalMineral,
                value: self.grams(sums),
            });
        }
        Ok(Some(all))
    }

    fn bone_region(
        &self,
        (region, envelope_mm3, length_mm): (&'static str, f64, f64),
        sums: &[f64],
        euler: Option<i64>,
        all: &mut Vec<Measurement>,
    ) {
        let mineral = f64::from(self.physiology.tissue_mineral);
        let mut push = |quantity, value| {
            all.push(Measurement {
                region,
                quantity,
                value,
            });
        };
        let bvtv = sums[0] / envelope_mm3;
        push(Quantity::Bmd, mineral * bvtv);
        push(Quantity::Bmc, self.grams(sums));
        push(Quantity::Bvtv, bvtv);
        if let Some(euler) = euler {
            push(
                Quantity::ConnectivityDensity,
                (1 - euler) as f64 / envelope_mm3,
            );
        }
        if sums[2] > 0.0 {
            push(Quantity::TrabecularBmd, mineral * sums[1] / sums[2]);
        }
        if sums[4] > 0.0 {
            let seen = sums[21] + SCAN_BLUR_MM * sums[20];
            push(Quantity::CorticalBmd, mineral * sums[3] / seen);
        }
        // A shell of volume V and outline V/t.
        if sums[20] > 0.0 {
            let grown = sums[22] / sums[20];
            push(Quantity::CorticalThickness, sums[21] / sums[20] + grown);
            push(Quantity::CorticalPorosity, 1.0 - sums[19] / sums[4]);
            push(Quantity::CorticalArea, (sums[21] + sums[22]) / length_mm);
            push(Quantity::TotalArea, (envelope_mm3 + sums[22]) / length_mm);
        }
        for (quantity, sum) in CELLS.into_iter().zip(&sums[6..]) {
            push(quantity, mean(*sum, sums[5]));
        }
    }

    fn muscle_region(
        &self,
        region: &'static str,
        length_mm: f64,
        sums: &[f64],
        all: &mut Vec<Measurement>,
    ) {
        let mass = f64::from(self.physiology.muscle_mass);
        let mut push = |quantity, value| {
            all.push(Measurement {
                region,
                quantity,
                value,
            });
        };
        push(Quantity::Volume, mass * sums[1] * 1e-3);
        push(Quantity::Type1Csa, mass * sums[2] / length_mm);
        push(Quantity::Type2Csa, mass * sums[3] / length_mm);
        for (quantity, sum) in FIBRES.into_iter().zip(&sums[4..]) {
            push(quantity, mean(*sum, sums[0]));
        }
    }

    /// Mineral of summed bone, g HA.
    fn grams(&self, sums: &[f64]) -> f64 {
        f64::from(self.physiology.tissue_mineral) * sums[0] * 1e-6
    }

    /// Blood comes from all surfaces of the skeleton on which cells work; the scores from the
    /// scene's bone density and muscle strength.
    fn whole_body(&self, bone: &[f64], muscle: &[f64], all: &mut Vec<Measurement>) {
        let bmd = self
            .reference
            .map(|(region, reference)| (value_of(all, region, Quantity::Bmd), reference));
        let mut push = |quantity, value| {
            all.push(Measurement {
                region: WHOLE_BODY,
                quantity,
                value,
            });
        };
        push(Quantity::ResorptionMarker, mean(bone[7], bone[5]));
        push(Quantity::FormationMarker, mean(bone[6], bone[5]));
        push(Quantity::SkeletalMineral, self.grams(bone));
        let p = &self.physiology;
        // mm³ of bone a day, and mg of calcium in each.
        let calcium = f64::from(p.surface_turnover)
            * bone[23]
            * (f64::from(p.tissue_mineral) * CALCIUM_OF_MINERAL * 1e-3);
        push(Quantity::CalciumBalance, calcium);
        let pth = 1.0 + f64::from(p.pth_response) * calcium;
        push(Quantity::Pth, pth.max(0.0));
        let Some((bmd, reference)) = bmd else {
            return;
        };
        // Each part is 1 at 2.5 standard deviations below young adults: osteoporosis by density,
        // sarcopenia by strength.
        let part =
            |relative: f64, spread: f32| ((1.0 - relative) / (2.5 * f64::from(spread))).max(0.0);
        let fragility = part(bmd.unwrap_or(reference) / reference, p.bmd_spread);
        let strength = f64::from(p.muscle_mass) * mean(muscle[4], muscle[0]);
        let weakness = part(strength, p.strength_spread);
        push(Quantity::BoneFragility, fragility);
        push(Quantity::MuscleWeakness, weakness);
        push(Quantity::Osteosarcopenia, fragility.min(weakness));
    }
}

fn mean(sum: f64, weight: f64) -> f64 {
    if weight > 0.0 { sum / weight } else { 0.0 }
}

/// Sites of each region of bone, then all sites.
fn bone_members(anatomy: &Anatomy, model: &Model) -> Members {
    let lists = Lists::new(anatomy, model);
    let voxel_mm3 = anatomy.voxel_mm3();
    let mm3 = |site: usize| f64::from(lists.sites[site].fraction) * voxel_mm3;
    let mut members = Members::default();
    for region in &anatomy.regions {
        members.push(region.members.iter().flat_map(|(i, share)| {
            let b = lists.bone_voxels[*i];
            (b.first..b.first + b.sites).map(move |s| (s as usize, share * mm3(s as usize)))
        }));
    }
    members.push((0..lists.sites.len()).map(|s| (s, mm3(s))));
    members
}

/// Sites of each piece of the skeleton, then all of them.
fn skeleton_members(model: &Model) -> Members {
    let mm3 = Skeleton::volumes(model);
    let mut members = Members::default();
    for piece in 0..mm3.len() / 2 {
        members.push((2 * piece..2 * piece + 2).map(|s| (s, mm3[s])));
    }
    members.push(mm3.iter().copied().enumerate());
    members
}

/// Length of a region of bone along z, mm.
fn bone_length(anatomy: &Anatomy, region: &BoneRegion) -> f64 {
    let heights = || region.members.iter().map(|(i, _)| anatomy.bone[*i].at[2]);
    let (low, high) = (heights().min().unwrap_or(0), heights().max().unwrap_or(0));
    (high + 1 - low) as f64 * anatomy.spacing
}

/// Voxels of each region of muscle, then all of them.
fn muscle_members(anatomy: &Anatomy) -> Members {
    let voxel_mm3 = anatomy.voxel_mm3();
    let mut members = Members::default();
    let voxels = || anatomy.muscle.iter().enumerate();
    for region in &anatomy.muscle_regions {
        let own = voxels().filter(|(_, m)| region.muscles.contains(&m.muscle));
        members.push(own.map(|(i, m)| (i, m.fraction * voxel_mm3)));
    }
    members.push(voxels().map(|(i, m)| (i, m.fraction * voxel_mm3)));
    members
}

/// Length of some muscles along z, mm.
fn length(anatomy: &Anatomy, muscles: &[usize]) -> f64 {
    let own = || (anatomy.muscle.iter()).filter(|m| muscles.contains(&m.muscle));
    let low = own().map(|m| m.at[2]).min().unwrap_or(0);
    let high = own().map(|m| m.at[2] + 1).max().unwrap_or(1);
    (high - low) as f64 * anatomy.spacing
}

/// What counts the connections of a lattice in which every voxel has one site, in the lattice's
/// order, with a platen at both ends of z.
fn euler(
    gpu: &Gpu,
    anatomy: &Anatomy,
    state: &TissueState,
) -> Result<(Dispatch, wgpu::Buffer, u64), GpuError> {
    let [nx, ny, nz] = anatomy.voxels;
    let bone = [nx, ny, nz - 2];
    let block = [
        bone[0] as u32,
        bone[1] as u32,
        bone[2] as u32,
        (nx * ny) as u32,
    ];
    let block = gpu.uniform("block of struts", &block)?;
    let vertices: usize = bone.iter().map(|n| n + 1).product();
    let groups = vertices.div_ceil(VERTICES);
    let buffer = gpu.storage::<i32>("Euler characteristics", groups)?;
    let module = Shader::new(gpu, "connectivity", &connectivity_shader())?;
    let dispatch = Dispatch::new(
        gpu,
        &module.kernel(gpu, "euler")?,
        64 * groups as u32,
        &[
            (0, whole(&block)),
            (1, whole(&state.bone)),
            (2, whole(&buffer)),
        ],
    )?;
    Ok((dispatch, buffer, 4 * groups as u64))
}

/// Quantities of cells and signals in bone, relative to homeostasis, means over the surface.
const CELLS: [Quantity; 13] = [
    Quantity::Osteoblasts,
    Quantity::Osteoclasts,
    Quantity::OsteocyteSignal,
    Quantity::RanklOpg,
    Quantity::Sclerostin,
    Quantity::MarrowFat,
    Quantity::Mapk,
    Quantity::PparGamma,
    Quantity::OsteogenicFate,
    Quantity::Cytoskeleton,
    Quantity::Alp,
    Quantity::Osteocalcin,
    Quantity::Connectivity,
];

/// Quantities of muscle, relative to homeostasis, means over the volume.
const FIBRES: [Quantity; 11] = [
    Quantity::MuscleStrength,
    Quantity::NeuralDrive,
    Quantity::SatelliteCells,
    Quantity::Myotubes,
    Quantity::Myostatin,
    Quantity::Bmp2,
    Quantity::Bmp4,
    Quantity::NogginChordin,
    Quantity::Smad158,
    Quantity::Smad23,
    Quantity::MuscleQuality,
];
