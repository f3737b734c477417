//! From a scene's shapes to its lattice: voxels shared by sampling, regions, tendons.

use std::collections::{BTreeMap, BTreeSet};

use glam::DVec3;

use super::attachment::Lattice;
use super::muscles::{Chain, MuscleError, Muscles, Residual};
use super::{
    Anatomy, BonePlan, BoneRegion, Dimension, MusclePlan, MuscleRegion, Outlook, SceneError,
    SitePlan, StrengthPlan, TendonPlan, Tissue, UnitLoad,
};

/// What the inside of a bone is at a point.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Inside {
    Cortical,
    Trabecular,
    Marrow,
}

/// A scene as shapes: signed distances in mm (negative inside), loads and supports.
pub(super) trait Scene {
    fn name(&self) -> &'static str;
    /// Extent of the lattice, mm.
    fn extent(&self) -> DVec3;
    /// Its lower corner, mm.
    fn origin(&self) -> DVec3;
    /// How far apart the points that share a cut voxel may lie, mm.
    fn detail(&self) -> f64;
    /// The separate bones.
    fn bones(&self) -> &'static [&'static str];
    /// Muscle groups in the order of their load cases; those that pull on no bone here come last.
    fn groups(&self) -> &'static [&'static str];
    /// Regions made of several muscle groups.
    fn joined(&self) -> &'static [(&'static str, &'static [usize])] {
        &[]
    }
    fn regions(&self) -> &'static [&'static str];
    /// Distance to the periosteum.
    fn bone(&self, p: DVec3) -> f64;
    /// Which of the separate bones is nearest to `p`.
    fn nearest_bone(&self, _: DVec3) -> usize {
        0
    }
    /// Distance to cartilage and ligament, which tie bones; bone is cut out of it.
    fn tie(&self, _: DVec3) -> f64 {
        f64::INFINITY
    }
    /// Thickness of the cortex, mm.
    fn cortex(&self, p: DVec3) -> f64;
    /// What bone is at `p`, `distance` from the periosteum.
    fn inside(&self, p: DVec3, distance: f64) -> Inside;
    /// A bone beside the scene's own, which is drawn and leaves muscles no room, but bears nothing
    /// here: its name.
    fn beside(&self) -> Option<&'static str> {
        None
    }
    /// Distance to it.
    fn to_beside(&self, _: DVec3) -> f64 {
        f64::INFINITY
    }
    /// What is left over of the forces at the peaks of activities.
    /// # Errors
    /// [`MuscleError`].
    fn residuals(&self) -> Result<Vec<Residual>, MuscleError> {
        Ok(Vec::new())
    }
    /// Whether other soft tissue has its place there, and muscle none.
    fn is_taken(&self, _: DVec3) -> bool {
        false
    }
    /// Its muscles; bone and what ties bones are cut out of them.
    fn muscles(&self) -> &Muscles;
    /// Distance to a region's border.
    fn region(&self, name: &str, p: DVec3) -> f64;
    /// Unit loads, the joints' first, then one a muscle group, and how many are the joints'.
    fn loads(&self, lattice: &Lattice<'_>) -> (Vec<UnitLoad>, usize);
    /// Which components (bits 0 to 2: x, y, z) of the node at `p` are held, for voxels of `spacing`
    /// mm.
    fn held(&self, p: DVec3, spacing: f64) -> u8;
    /// What can be held against published dimensions of the bones, contacts of its joints among it.
    fn dimensions(&self) -> Vec<Dimension>;
    /// Regions that lie across others, and are no parts of the whole.
    fn across(&self) -> &'static [&'static str] {
        &[]
    }
    /// Tests to failure.
    fn strength(&self, lattice: &Lattice<'_>, elements: [usize; 3]) -> Vec<StrengthPlan>;
    /// From where it is looked at.
    fn outlook(&self) -> Outlook;
}

/// Radius in voxels from which on a tendon is drawn: what is much thinner than it is drawn would
/// look like another thing.
const SHOWN: f64 = 0.6;
/// Radius in voxels that it is drawn with at least: what is thinner falls to pieces in a picture.
const DRAWN: f64 = 1.2;
/// Fewer voxels than this tell no volume.
const FEWEST: f64 = 30.0;

fn vector(at: [usize; 3]) -> DVec3 {
    DVec3::from(at.map(|x| x as f64))
}

/// What most of a voxel is, by the counts of points of each kind in it.
fn label(
    scene: &dyn Scene,
    bone: [usize; 3],
    [muscle, beside]: [usize; 2],
    all: usize,
    (centre, to_bone): (DVec3, f64),
) -> Tissue {
    let rest = all - bone.iter().sum::<usize>() - muscle - beside;
    let most = bone.into_iter().chain([muscle, beside, rest]).max();
    let most = most.unwrap_or(0);
    if most == rest {
        if scene.muscles().skin(centre, to_bone) < 0.0 {
            Tissue::Soft
        } else {
            Tissue::Outside
        }
    } else if most == muscle {
        Tissue::Muscle
    } else if most == beside {
        Tissue::Beside
    } else if most == bone[Inside::Cortical as usize] {
        Tissue::Cortical
    } else if most == bone[Inside::Trabecular as usize] {
        Tissue::Trabecular
    } else {
        Tissue::Marrow
    }
}

/// What of tendons holds a point.
#[derive(Debug, Clone, Copy)]
struct InTendon {
    muscle: usize,
    is_within: bool,
    is_drawn: bool,
}

/// In whose tendon `p` lies, if all are drawn at least `thinnest` thick (a radius, mm) that are
/// drawn at all.
fn tendon_at(p: DVec3, tendons: &[&Chain], thinnest: f64) -> Option<InTendon> {
    let each = tendons.iter().map(|t| {
        let nearest = t.nearest(p);
        let radius = nearest.radius();
        let is_drawn = radius >= SHOWN / DRAWN * thinnest;
        let reach = if is_drawn {
            radius.max(thinnest)
        } else {
            radius
        };
        let of = InTendon {
            muscle: t.muscle,
            is_within: nearest.distance < radius,
            is_drawn,
        };
        (nearest.distance - reach, of)
    });
    let (least, of) = each.min_by(|a, b| a.0.total_cmp(&b.0))?;
    (least < 0.0).then_some(of)
}

/// How much of a voxel lies where `distance` is negative, if the surface is flat in it.
fn share(distance: f64, spacing: f64) -> f64 {
    (0.5 - distance / spacing).clamp(0.0, 1.0)
}

/// A scene's lattice of voxels, and how points in them are counted.
struct Sampler<'a> {
    scene: &'a dyn Scene,
    origin: DVec3,
    spacing: f64,
    voxels: [usize; 3],
    /// Points along an edge of a voxel that holds a border.
    fine: usize,
    /// Distance from the middle of each voxel to the periosteum, mm, x fastest.
    to_bone: Vec<f64>,
}

/// What a voxel holds.
struct Sampled {
    tissue: Tissue,
    bone: Option<BonePlan>,
    muscle: Option<MusclePlan>,
    tendon: Option<TendonPlan>,
    /// Share of it that a bone beside the scene's fills.
    beside: f64,
}

impl<'a> Sampler<'a> {
    fn new(scene: &'a dyn Scene, size: usize) -> Self {
        let extent = scene.extent();
        let spacing = extent.max_element() / size as f64;
        let origin = scene.origin();
        let voxels = (extent / spacing)
            .to_array()
            .map(|n| (n.round() as usize).max(1));
        let centre = |at| origin + spacing * (vector(at) + 0.5);
        Self {
            scene,
            origin,
            spacing,
            voxels,
            fine: ((spacing / scene.detail()).ceil() as usize).clamp(2, 10),
            to_bone: crate::volume::each(voxels)
                .map(|at| scene.bone(centre(at)))
                .collect(),
        }
    }

    fn to_bone(&self, at: [usize; 3]) -> f64 {
        self.to_bone[at[0] + self.voxels[0] * (at[1] + self.voxels[1] * at[2])]
    }

    fn low(&self, at: [usize; 3]) -> DVec3 {
        self.origin + self.spacing * vector(at)
    }

    fn centre(&self, at: [usize; 3]) -> DVec3 {
        self.origin + self.spacing * (vector(at) + 0.5)
    }

    /// Counts points of the voxel at `at` by what they lie in.
    fn sample(&self, at: [usize; 3]) -> Sampled {
        let scene = self.scene;
        let reach = 0.87 * self.spacing;
        let centre = self.centre(at);
        let to_bone = self.to_bone(at);
        let bellies = scene.muscles().near(centre, reach);
        let (to_tie, to_beside) = (scene.tie(centre), scene.to_beside(centre));
        let is_far = to_bone.min(to_tie).min(to_beside) > 1.5 * reach;
        let thinnest = DRAWN * self.spacing;
        let tendons: Vec<&Chain> = (scene.muscles().tendons.iter())
            .filter(|t| t.is_near(centre, reach + thinnest))
            .collect();
        if is_far && bellies.is_empty() && tendons.is_empty() {
            return Sampled {
                tissue: label(scene, [0; 3], [0; 2], 1, (centre, to_bone.min(to_beside))),
                bone: None,
                muscle: None,
                tendon: None,
                beside: 0.0,
            };
        }
        let mut bone_counts = [0usize; 3];
        let mut muscle_counts: BTreeMap<usize, usize> = BTreeMap::new();
        let mut tendon_counts: BTreeMap<usize, [usize; 2]> = BTreeMap::new();
        let (mut thickness, mut tied, mut beside) = (0.0, 0, 0);
        for sub in crate::volume::each([self.fine; 3]) {
            let p = self.low(at) + self.spacing / self.fine as f64 * (vector(sub) + 0.5);
            let tendon = tendon_at(p, &tendons, thinnest);
            if let Some(tendon) = tendon.filter(|t| t.is_drawn) {
                tendon_counts.entry(tendon.muscle).or_default()[1] += 1;
            }
            let d = if to_bone > 1.5 * reach {
                to_bone
            } else {
                scene.bone(p)
            };
            if d < 0.0 {
                let k = scene.inside(p, d);
                bone_counts[k as usize] += 1;
                if k == Inside::Cortical {
                    thickness += scene.cortex(p);
                }
            } else if to_tie < 1.5 * reach && scene.tie(p) < 0.0 {
                tied += 1;
            } else if to_beside < 1.5 * reach && scene.to_beside(p) < 0.0 {
                beside += 1;
            } else if let Some(muscle) = scene.muscles().at(p, &bellies)
                && !scene.is_taken(p)
            {
                *muscle_counts.entry(muscle).or_default() += 1;
            } else if let Some(tendon) = tendon.filter(|t| t.is_within)
                && !scene.is_taken(p)
            {
                tendon_counts.entry(tendon.muscle).or_default()[0] += 1;
            }
        }
        let all = self.fine.pow(3);
        let in_muscle = muscle_counts.values().sum();
        Sampled {
            tissue: label(
                scene,
                bone_counts,
                [in_muscle, beside],
                all,
                (centre, to_bone.min(to_beside)),
            ),
            beside: beside as f64 / all as f64,
            bone: bone_plan(
                at,
                scene.nearest_bone(centre),
                bone_counts,
                thickness,
                tied,
                all,
            ),
            muscle: self.muscle_plan(at, &muscle_counts, all),
            tendon: self.tendon_plan(at, &tendons, &tendon_counts, all),
        }
    }

    /// Muscle of a voxel: as much as there is of all, under the name that most of its points lie
    /// in.
    fn muscle_plan(
        &self,
        at: [usize; 3],
        counts: &BTreeMap<usize, usize>,
        all: usize,
    ) -> Option<MusclePlan> {
        let (muscle, _) = counts.iter().max_by_key(|(_, count)| **count)?;
        let fibre = self.scene.muscles().fibre(self.centre(at), *muscle);
        Some(MusclePlan {
            at,
            muscle: *muscle,
            fraction: counts.values().sum::<usize>() as f64 / all as f64,
            fibre: fibre.as_vec3().to_array(),
        })
    }

    /// Tendon of a voxel, of whichever muscle, under the name that has most of it.
    fn tendon_plan(
        &self,
        at: [usize; 3],
        tendons: &[&Chain],
        counts: &BTreeMap<usize, [usize; 2]>,
        all: usize,
    ) -> Option<TendonPlan> {
        let (muscle, _) = counts.iter().max_by_key(|(_, count)| **count)?;
        let own = tendons.iter().filter(|t| t.muscle == *muscle);
        let nearest = own.map(|t| t.nearest(self.centre(at)));
        let nearest = nearest.min_by(|a, b| a.distance.total_cmp(&b.distance))?;
        let part = |k: usize| counts.values().map(|c| c[k]).sum::<usize>() as f64 / all as f64;
        Some(TendonPlan {
            at,
            muscle: *muscle,
            fraction: part(0),
            drawn: part(1),
            fibre: nearest.along.as_vec3().to_array(),
        })
    }

    /// A region's voxels, and the volume within its periosteum.
    fn region(&self, name: &'static str, bone: &[BonePlan]) -> BoneRegion {
        let inside = |p: DVec3| share(self.scene.region(name, p), self.spacing);
        let members: Vec<(usize, f64)> = bone
            .iter()
            .enumerate()
            .map(|(i, plan)| (i, inside(self.centre(plan.at))))
            .filter(|(_, share)| *share > 0.0)
            .collect();
        // The canal holds no bone voxel but lies inside the periosteum, and counts.
        let envelope_mm3 = crate::volume::each(self.voxels)
            .map(|at| (self.centre(at), share(self.to_bone(at), self.spacing)))
            .filter(|(_, share)| *share > 0.0)
            .map(|(p, share)| inside(p) * share)
            .sum::<f64>()
            * self.spacing.powi(3);
        BoneRegion {
            name,
            is_part: !self.scene.across().contains(&name),
            members,
            envelope_mm3,
        }
    }
}

/// Bone of a voxel from the points counted in it, trabecular and cortical, and what ties it to
/// another.
fn bone_plan(
    at: [usize; 3],
    bone: usize,
    counts: [usize; 3],
    thickness: f64,
    tied: usize,
    all: usize,
) -> Option<BonePlan> {
    let part = |count: usize| count as f64 / all as f64;
    let mut sites = Vec::new();
    if counts[1] > 0 {
        sites.push(SitePlan::trabecular(part(counts[1])));
    }
    if counts[0] > 0 {
        let mean_thickness = thickness / counts[0] as f64;
        sites.push(SitePlan::cortical(part(counts[0]), mean_thickness));
    }
    let tie = part(tied);
    (tied > 0 || !sites.is_empty()).then(|| BonePlan {
        at,
        bone,
        sites,
        tie,
        envelope: part(counts.iter().sum()),
    })
}

/// Of what lies within the fascia and is no bone, what belongs to no muscle. Where muscles end and
/// only tendons go on, there is no compartment to fill: layers with little muscle do not count.
fn between(
    scene: &dyn Scene,
    sampler: &Sampler<'_>,
    tissue: &[Tissue],
    muscle: &[MusclePlan],
) -> f64 {
    let [nx, ny, nz] = sampler.voxels;
    let mut filled = vec![0.0; nz];
    let mut all = vec![0.0; nz];
    for plan in muscle {
        filled[plan.at[2]] += plan.fraction;
    }
    for (i, at) in crate::volume::each(sampler.voxels).enumerate() {
        let soft = matches!(tissue[i], Tissue::Soft | Tissue::Muscle);
        if soft {
            let p = sampler.centre(at);
            let bone = sampler.to_bone(at).min(scene.to_beside(p));
            if tissue[i] == Tissue::Muscle || scene.muscles().fascia(p, bone) < 0.0 {
                all[at[2]] += 1.0;
            }
        }
    }
    let most = filled.iter().copied().fold(0.0, f64::max);
    let counts = |z: &usize| filled[*z] > 0.25 * most;
    let sum = |of: &[f64]| (0..nz).filter(counts).map(|z| of[z]).sum::<f64>();
    if nx * ny == 0 || sum(&all) == 0.0 {
        return 0.0;
    }
    (1.0 - sum(&filled) / sum(&all)).max(0.0)
}

/// Whether each muscle has its volume, where enough of it lies in the lattice to tell.
fn filled(scene: &dyn Scene, muscle: &[MusclePlan], voxel_mm3: f64) -> Result<(), MuscleError> {
    for (k, own) in scene.muscles().all.iter().enumerate() {
        let has = muscle.iter().filter(|plan| plan.muscle == k);
        let has = has.map(|plan| plan.fraction).sum::<f64>() * voxel_mm3;
        let wants = own.inside * own.whole_mm3;
        if wants > FEWEST * voxel_mm3 && has < 0.5 * wants {
            return Err(MuscleError::Unfilled {
                name: own.name.to_owned(),
                has: has / 1e3,
                wants: wants / 1e3,
            });
        }
    }
    Ok(())
}

/// Groups, groups of groups, and single muscles whose name no group has.
fn muscle_regions(scene: &dyn Scene) -> Vec<MuscleRegion> {
    let muscles = &scene.muscles().all;
    let of_groups = |groups: &[usize]| -> Vec<usize> {
        let own = muscles.iter().enumerate();
        own.filter(|(_, m)| groups.contains(&m.group))
            .map(|(k, _)| k)
            .collect()
    };
    let mut regions = Vec::new();
    for (g, name) in scene.groups().iter().enumerate() {
        regions.push(MuscleRegion {
            name,
            muscles: of_groups(&[g]),
            is_whole: true,
        });
    }
    for (name, groups) in scene.joined() {
        regions.push(MuscleRegion {
            name,
            muscles: of_groups(groups),
            is_whole: true,
        });
    }
    for (k, muscle) in muscles.iter().enumerate() {
        if regions.iter().all(|r| r.name != muscle.name) {
            regions.push(MuscleRegion {
                name: muscle.name,
                muscles: vec![k],
                is_whole: false,
            });
        }
    }
    regions
}

/// Builds `scene` with `size` voxels along its longest side.
/// # Errors
/// [`SceneError::Apart`].
pub(super) fn build(scene: &dyn Scene, size: usize) -> Result<Anatomy, SceneError> {
    let sampler = Sampler::new(scene, size);
    let (voxels, spacing, origin) = (sampler.voxels, sampler.spacing, sampler.origin);
    let (mut bone, mut beside) = (Vec::new(), Vec::new());
    let (mut muscle, mut tendon) = (Vec::new(), Vec::new());
    let mut tissue = Vec::with_capacity(voxels.iter().product());
    for at in crate::volume::each(voxels) {
        let sampled = sampler.sample(at);
        if sampled.beside > 0.0 {
            beside.push((tissue.len(), sampled.beside));
        }
        tissue.push(sampled.tissue);
        bone.extend(sampled.bone);
        muscle.extend(sampled.muscle);
        tendon.extend(sampled.tendon);
    }
    // What ties bones makes them hang together.
    let bone = connected(voxels, bone, 1);
    let is_there = |k: usize| bone.iter().any(|b| b.bone == k && !b.sites.is_empty());
    if let Some(k) = (0..scene.bones().len()).find(|k| !is_there(*k)) {
        return Err(SceneError::Apart {
            scene: scene.name().to_owned(),
            what: scene.bones()[k],
        });
    }
    let low: [usize; 3] = std::array::from_fn(|k| bone.iter().map(|b| b.at[k]).min().unwrap_or(0));
    let high: [usize; 3] =
        std::array::from_fn(|k| bone.iter().map(|b| b.at[k] + 1).max().unwrap_or(1));
    let elements: [usize; 3] = std::array::from_fn(|k| high[k] - low[k]);
    let occupied: BTreeSet<[usize; 3]> = bone.iter().map(|b| b.at).collect();
    filled(scene, &muscle, spacing.powi(3))?;
    let lattice = Lattice::new(spacing, origin, low, &occupied);
    let (loads, joint_loads) = scene.loads(&lattice);
    let strength = scene.strength(&lattice, elements);
    if let Some(what) = lattice.unplaced() {
        return Err(SceneError::Apart {
            scene: scene.name().to_owned(),
            what,
        });
    }
    let held = crate::volume::each(elements.map(|n| n + 1))
        .map(|at| {
            let p = origin + spacing * (vector(at) + vector(low));
            (at, scene.held(p, spacing))
        })
        .filter(|(_, components)| *components != 0)
        .collect();
    let between_muscles = between(scene, &sampler, &tissue, &muscle);
    Ok(Anatomy {
        scene: scene.name(),
        size,
        voxels,
        spacing,
        origin: origin.to_array(),
        tissue,
        regions: scene
            .regions()
            .iter()
            .map(|name| sampler.region(name, &bone))
            .collect(),
        bone,
        muscle,
        tendon,
        bones: scene.bones().to_vec(),
        dimensions: scene.dimensions(),
        groups: scene.groups().to_vec(),
        muscles: scene.muscles().all.clone(),
        muscle_regions: muscle_regions(scene),
        between_muscles,
        residuals: scene.residuals()?,
        beside: scene.beside().map(|name| (name, beside)),
        mechanics_low: low,
        elements,
        joint_loads,
        held,
        strength,
        outlook: scene.outlook(),
        loads,
        settles: true,
    })
}

/// Which of the separate bones each voxel belongs to, and how many voxels each has: what hangs
/// together through faces is one. A sliver touching only by an edge would be a hinge.
pub(super) fn separate(voxels: [usize; 3], plans: &[BonePlan]) -> (Vec<u32>, Vec<usize>) {
    let index = |at: [usize; 3]| at[0] + voxels[0] * (at[1] + voxels[1] * at[2]);
    let mut of = vec![usize::MAX; voxels.iter().product()];
    for (i, plan) in plans.iter().enumerate() {
        of[index(plan.at)] = i;
    }
    let mut part = vec![u32::MAX; plans.len()];
    let mut sizes: Vec<usize> = Vec::new();
    for start in 0..plans.len() {
        if part[start] != u32::MAX {
            continue;
        }
        let label = sizes.len() as u32;
        part[start] = label;
        let mut stack = vec![start];
        let mut count = 0;
        while let Some(i) = stack.pop() {
            count += 1;
            for axis in 0..3 {
                for up in [false, true] {
                    let mut at = plans[i].at;
                    if up {
                        at[axis] += 1;
                    } else {
                        at[axis] = at[axis].wrapping_sub(1);
                    }
                    if at[axis] < voxels[axis] {
                        let j = of[index(at)];
                        if j != usize::MAX && part[j] == u32::MAX {
                            part[j] = label;
                            stack.push(j);
                        }
                    }
                }
            }
        }
        sizes.push(count);
    }
    (part, sizes)
}

/// Keeps the `bones` largest of the separate bones.
pub(super) fn connected(voxels: [usize; 3], plans: Vec<BonePlan>, bones: usize) -> Vec<BonePlan> {
    let (part, sizes) = separate(voxels, &plans);
    let mut by_size: Vec<u32> = (0..sizes.len() as u32).collect();
    by_size.sort_by_key(|l| std::cmp::Reverse(sizes[*l as usize]));
    by_size.truncate(bones);
    plans
        .into_iter()
        .zip(part)
        .filter(|(_, p)| by_size.contains(p))
        .map(|(plan, _)| plan)
        .collect()
}
