//! The finest parts of a scene, voxel by voxel: what regions, muscles and what lies between them
//! are made of.

use std::collections::BTreeMap;

use strum::IntoStaticStr;

use super::{Anatomy, BoneRegion, Tissue};

/// What a part is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum PartKind {
    /// Trabecular and cortical bone, with the marrow between struts.
    Bone,
    /// Muscle.
    Muscle,
    /// Marrow of the medullary canal.
    Marrow,
    /// Cartilage, discs and ligament between bones.
    Cartilage,
    /// Tendon.
    Tendon,
    /// Skin, fat, vessels and what else lies between muscles.
    Soft,
}

/// A part, or a whole that is the sum of its parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its number in [`Parts::labels`], from 1; a whole has one too, which no voxel bears.
    pub label: usize,
    /// Name.
    pub name: String,
    /// The whole that it is a part of, if any.
    pub parent: Option<String>,
    /// What it is made of.
    pub kind: PartKind,
    /// Volume, mm³: shares of voxels are counted.
    pub volume_mm3: f64,
}

/// Every part of a scene.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// Parts and wholes by label.
    pub parts: Vec<Part>,
    /// Label of the finest part with the largest share of each voxel, x fastest; 0 outside the
    /// body.
    pub labels: Vec<usize>,
}

/// How much of a region another must hold to be the whole of it: borders are drawn by sampling.
const HELD: f64 = 0.95;

/// What bone is called that lies in no region; in a whole, after its name.
const ELSEWHERE: &str = "elsewhere";

/// A leaf of the tree of parts: share of each voxel that it fills.
struct Leaf {
    name: String,
    parent: Option<String>,
    kind: PartKind,
    shares: BTreeMap<usize, f64>,
}

impl Parts {
    /// The parts of a scene.
    pub fn of(anatomy: &Anatomy) -> Self {
        let (mut leaves, mut wholes_of) = bone_leaves(anatomy);
        let (muscles, groups_of) = muscle_leaves(anatomy);
        leaves.extend(muscles);
        leaves.extend(tendon_leaves(anatomy));
        wholes_of.extend(groups_of);
        if let Some((name, voxels)) = &anatomy.beside {
            leaves.push(Leaf {
                name: (*name).to_owned(),
                parent: None,
                kind: PartKind::Bone,
                shares: voxels.iter().copied().collect(),
            });
        }
        leaves.extend(rest(anatomy, &leaves));
        leaves.retain(|leaf| !leaf.shares.is_empty());
        let voxel_mm3 = anatomy.spacing.powi(3);
        let mut parts: Vec<Part> = leaves
            .iter()
            .map(|leaf| Part {
                label: 0,
                name: leaf.name.clone(),
                parent: leaf.parent.clone(),
                kind: leaf.kind,
                volume_mm3: leaf.shares.values().sum::<f64>() * voxel_mm3,
            })
            .collect();
        // A whole may be a part of another.
        let mut wholes: Vec<Part> = Vec::new();
        for part in &parts {
            let mut name = part.parent.clone();
            while let Some(of) = name {
                let above = wholes_of.get(&of).cloned();
                if let Some(whole) = wholes.iter_mut().find(|w| w.name == of) {
                    whole.volume_mm3 += part.volume_mm3;
                } else {
                    wholes.push(Part {
                        name: of,
                        parent: above.clone(),
                        ..part.clone()
                    });
                }
                name = above;
            }
        }
        parts.extend(wholes);
        for (i, part) in parts.iter_mut().enumerate() {
            part.label = i + 1;
        }
        let mut most = vec![(0, 0.0); anatomy.len()];
        for (i, leaf) in leaves.iter().enumerate() {
            for (voxel, share) in &leaf.shares {
                if *share > most[*voxel].1 {
                    most[*voxel] = (i + 1, *share);
                }
            }
        }
        let labels = most.iter().zip(&anatomy.tissue);
        let labels = labels.map(|((label, share), tissue)| {
            // Of a voxel that is mostly outside the body little is told.
            let outside = *tissue == Tissue::Outside && *share < 0.5;
            if outside { 0 } else { *label }
        });
        Self {
            labels: labels.collect(),
            parts,
        }
    }
}

/// Regions of bone that hold no other, what else the others hold, and bone in no region; and which
/// whole each region is a part of.
fn bone_leaves(anatomy: &Anatomy) -> (Vec<Leaf>, BTreeMap<String, String>) {
    let filled: Vec<f64> = (anatomy.bone.iter())
        .map(|plan| plan.sites.iter().map(|s| s.fraction).sum())
        .collect();
    let of_tree: Vec<&BoneRegion> = anatomy.regions.iter().filter(|r| r.is_part).collect();
    let regions: Vec<BTreeMap<usize, f64>> = (of_tree.iter())
        .map(|r| r.members.iter().copied().collect())
        .collect();
    let volume = |region: &BTreeMap<usize, f64>| -> f64 {
        region.iter().map(|(i, share)| share * filled[*i]).sum()
    };
    let held = |part: &BTreeMap<usize, f64>, whole: &BTreeMap<usize, f64>| -> f64 {
        let share = |(i, share): (&usize, &f64)| {
            share.min(whole.get(i).copied().unwrap_or(0.0)) * filled[*i]
        };
        part.iter().map(share).sum()
    };
    // The smallest region that holds each.
    let parents: Vec<Option<usize>> = (0..regions.len())
        .map(|i| {
            let own = volume(&regions[i]);
            let holds = |j: &usize| {
                *j != i
                    && volume(&regions[*j]) > own
                    && held(&regions[i], &regions[*j]) > HELD * own
            };
            let wholes = (0..regions.len()).filter(holds);
            wholes.min_by(|a, b| volume(&regions[*a]).total_cmp(&volume(&regions[*b])))
        })
        .collect();
    let is_whole = |i: usize| parents.contains(&Some(i));
    let mut left: Vec<f64> = vec![1.0; anatomy.bone.len()];
    let mut shares: Vec<BTreeMap<usize, f64>> = vec![BTreeMap::new(); regions.len()];
    // Parts before their wholes; no voxel is given away twice.
    let mut order: Vec<usize> = (0..regions.len()).collect();
    order.sort_by(|a, b| volume(&regions[*a]).total_cmp(&volume(&regions[*b])));
    for i in order {
        for (voxel, share) in &regions[i] {
            let taken = share.min(left[*voxel]);
            if taken > 0.0 {
                left[*voxel] -= taken;
                shares[i].insert(*voxel, taken);
            }
        }
    }
    let name = |i: usize| of_tree[i].name.to_owned();
    let of_lattice = |shares: BTreeMap<usize, f64>| -> BTreeMap<usize, f64> {
        let of_voxel =
            |(i, share): (usize, f64)| (anatomy.voxel(anatomy.bone[i].at), share * filled[i]);
        shares.into_iter().map(of_voxel).collect()
    };
    let mut leaves = Vec::new();
    for (i, shares) in shares.into_iter().enumerate() {
        let (name, parent) = if is_whole(i) {
            (format!("{}_{ELSEWHERE}", name(i)), Some(name(i)))
        } else {
            (name(i), parents[i].map(name))
        };
        leaves.push(Leaf {
            name,
            parent,
            kind: PartKind::Bone,
            shares: of_lattice(shares),
        });
    }
    let unnamed = left
        .into_iter()
        .enumerate()
        .filter(|(_, share)| *share > 0.0);
    leaves.push(Leaf {
        name: format!("bone_{ELSEWHERE}"),
        parent: None,
        kind: PartKind::Bone,
        shares: of_lattice(unnamed.collect()),
    });
    let wholes = parents.iter().enumerate();
    let wholes = wholes.filter_map(|(i, of)| Some((name(i), name((*of)?))));
    (leaves, wholes.collect())
}

/// Each muscle, part of its group, if that has several; groups that make one together are its
/// parts.
fn muscle_leaves(anatomy: &Anatomy) -> (Vec<Leaf>, BTreeMap<String, String>) {
    let wholes = || anatomy.muscle_regions.iter().filter(|r| r.is_whole);
    // The smallest other that holds some muscles: of a group, more than that.
    let above = |muscles: &[usize], name: &str, at_least: usize| {
        wholes()
            .filter(|r| r.name != name && muscles.iter().all(|m| r.muscles.contains(m)))
            .filter(|r| r.muscles.len() >= at_least)
            .min_by_key(|r| r.muscles.len())
            .map(|r| r.name.to_owned())
    };
    let mut leaves: Vec<Leaf> = (anatomy.muscles.iter().enumerate())
        .map(|(k, muscle)| Leaf {
            name: muscle.name.to_owned(),
            parent: above(&[k], muscle.name, 1),
            kind: PartKind::Muscle,
            shares: BTreeMap::new(),
        })
        .collect();
    for plan in &anatomy.muscle {
        let voxel = anatomy.voxel(plan.at);
        leaves[plan.muscle].shares.insert(voxel, plan.fraction);
    }
    let of = wholes().filter_map(|r| {
        let of = above(&r.muscles, r.name, r.muscles.len() + 1)?;
        Some((r.name.to_owned(), of))
    });
    (leaves, of.collect())
}

/// The tendons of each muscle.
fn tendon_leaves(anatomy: &Anatomy) -> Vec<Leaf> {
    let mut leaves: Vec<Leaf> = (anatomy.muscles.iter())
        .map(|muscle| Leaf {
            name: format!("{}_tendon", muscle.name),
            parent: None,
            kind: PartKind::Tendon,
            shares: BTreeMap::new(),
        })
        .collect();
    for plan in anatomy.tendon.iter().filter(|plan| plan.fraction > 0.0) {
        let voxel = anatomy.voxel(plan.at);
        leaves[plan.muscle].shares.insert(voxel, plan.fraction);
    }
    leaves
}

/// The medullary canal, what ties bones, and what is none of these and neither bone nor muscle.
fn rest(anatomy: &Anatomy, leaves: &[Leaf]) -> [Leaf; 3] {
    let mut filled = vec![0.0; anatomy.len()];
    for (voxel, share) in leaves.iter().flat_map(|leaf| &leaf.shares) {
        filled[*voxel] += share;
    }
    let (mut marrow, mut cartilage) = (BTreeMap::new(), BTreeMap::new());
    for plan in &anatomy.bone {
        if plan.tie > 0.0 {
            cartilage.insert(anatomy.voxel(plan.at), plan.tie);
        }
        let bone: f64 = plan.sites.iter().map(|s| s.fraction).sum();
        if plan.envelope > bone {
            marrow.insert(anatomy.voxel(plan.at), plan.envelope - bone);
        }
    }
    let mut soft = BTreeMap::new();
    for (voxel, tissue) in anatomy.tissue.iter().enumerate() {
        if *tissue == Tissue::Marrow && filled[voxel] == 0.0 {
            marrow.insert(voxel, 1.0);
        }
        let of = |shares: &BTreeMap<usize, f64>| shares.get(&voxel).copied().unwrap_or(0.0);
        let left = 1.0 - filled[voxel] - of(&marrow) - of(&cartilage);
        if *tissue != Tissue::Outside && left > 1e-9 {
            soft.insert(voxel, left);
        }
    }
    let leaf = |name: &str, kind: PartKind, shares: BTreeMap<usize, f64>| Leaf {
        name: name.to_owned(),
        parent: None,
        kind,
        shares,
    };
    [
        leaf("medullary_canal", PartKind::Marrow, marrow),
        leaf("cartilage_and_ligament", PartKind::Cartilage, cartilage),
        leaf("soft_tissue", PartKind::Soft, soft),
    ]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::{PartKind, Parts};
    use crate::tissue::{Anatomy, SCENES};

    /// Every share of every voxel is in one part; wholes are sums; names are told apart.
    #[test]
    fn parts_fill_the_scene_once() {
        for scene in SCENES {
            let anatomy = Anatomy::build(scene, 32).unwrap();
            let parts = Parts::of(&anatomy);
            let voxel = anatomy.spacing.powi(3);
            let is_whole = |name: &str| {
                parts
                    .parts
                    .iter()
                    .any(|p| p.parent.as_deref() == Some(name))
            };
            let sum = |kind: PartKind| -> f64 {
                let own = parts
                    .parts
                    .iter()
                    .filter(|p| p.kind == kind && !is_whole(&p.name));
                own.map(|p| p.volume_mm3).sum()
            };
            let sites = anatomy.bone.iter().flat_map(|b| &b.sites);
            let beside = anatomy.beside.iter().flat_map(|(_, voxels)| voxels);
            let beside: f64 = beside.map(|(_, share)| share).sum();
            let bone = (sites.map(|s| s.fraction).sum::<f64>() + beside) * voxel;
            let muscle: f64 = anatomy.muscle.iter().map(|m| m.fraction).sum::<f64>() * voxel;
            assert!((sum(PartKind::Bone) / bone - 1.0).abs() < 1e-9, "{scene}");
            assert!(
                (sum(PartKind::Muscle) - muscle).abs() < 1e-6 * bone,
                "{scene}"
            );
            for (i, part) in parts.parts.iter().enumerate() {
                assert_eq!(part.label, i + 1);
                assert!(part.volume_mm3 > 0.0, "{scene}: {}", part.name);
                let same = parts.parts.iter().filter(|p| p.name == part.name);
                assert_eq!(same.count(), 1, "{scene}: {}", part.name);
                // A part as thin as a voxel's border is the largest of none.
                let borne = parts.labels.contains(&part.label);
                assert!(!(borne && is_whole(&part.name)), "{scene}: {}", part.name);
            }
            let named = |name: &str| parts.parts.iter().any(|p| p.name == name);
            for region in anatomy.regions.iter().filter(|r| r.is_part) {
                assert!(named(region.name), "{scene}: {}", region.name);
            }
            for muscle in &anatomy.muscle_regions {
                assert!(named(muscle.name), "{scene}: {}", muscle.name);
            }
        }
    }

    #[test]
    fn the_hip_is_the_sum_of_its_parts() {
        let parts = Parts::of(&Anatomy::build("hip", 48).unwrap()).parts;
        let of_hip = parts
            .iter()
            .filter(|p| p.parent.as_deref() == Some("total_hip"));
        let names: Vec<&str> = of_hip.clone().map(|p| p.name.as_str()).collect();
        let expected = [
            "trochanter",
            "total_hip_elsewhere",
            "intertrochanter",
            "femoral_neck",
        ];
        assert_eq!(names, expected);
        // A part of the whole is a whole of its own.
        let of_neck = parts
            .iter()
            .filter(|p| p.parent.as_deref() == Some("femoral_neck"));
        let neck = parts.iter().find(|p| p.name == "femoral_neck").unwrap();
        let sum: f64 = of_neck.clone().map(|p| p.volume_mm3).sum();
        assert!((sum / neck.volume_mm3 - 1.0).abs() < 1e-9 && of_neck.count() >= 4);
        let hip = parts.iter().find(|p| p.name == "total_hip").unwrap();
        let sum: f64 = of_hip.map(|p| p.volume_mm3).sum();
        assert!((sum / hip.volume_mm3 - 1.0).abs() < 1e-9);
        assert!(
            parts
                .iter()
                .any(|p| p.name == "femur_shaft" && p.parent.is_none())
        );
    }
}
