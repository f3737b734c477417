//! The elastic problem that an anatomy is.

use std::collections::BTreeMap;

use crate::physiology::Model;
use crate::solver::{CLAMP, Element, Problem, SOFT_CLAMP};
use crate::tissue::{Anatomy, UnitLoad};

/// A unit load on the nodes: each of its points is shared by the corners of the element it falls
/// in.
pub fn node_forces(load: &UnitLoad) -> Vec<([usize; 3], [f32; 3])> {
    let mut nodes: BTreeMap<[usize; 3], [f64; 3]> = BTreeMap::new();
    for (element, place, force) in &load.points {
        for corner in 0..8usize {
            let bit = |k: usize| corner >> k & 1;
            let weight: f64 = (0..3)
                .map(|k| {
                    if bit(k) == 1 {
                        place[k]
                    } else {
                        1.0 - place[k]
                    }
                })
                .product();
            let node = std::array::from_fn(|k| element[k] + bit(k));
            let sum = nodes.entry(node).or_default();
            for k in 0..3 {
                sum[k] += weight * force[k];
            }
        }
    }
    nodes
        .into_iter()
        .map(|(at, f)| (at, f.map(|f| f as f32)))
        .collect()
}

/// Nodes around which there is more cartilage and ligament than bone.
fn soft_nodes(anatomy: &Anatomy) -> impl Iterator<Item = [usize; 3]> {
    let mut tissue: BTreeMap<[usize; 3], [f64; 2]> = BTreeMap::new();
    for plan in &anatomy.bone {
        let bone: f64 = plan.sites.iter().map(|s| s.fraction).sum();
        for corner in 0..8usize {
            let node =
                std::array::from_fn(|k| plan.at[k] - anatomy.mechanics_low[k] + (corner >> k & 1));
            let sum = tissue.entry(node).or_default();
            sum[0] += bone;
            sum[1] += plan.tie;
        }
    }
    let soft = tissue.into_iter().filter(|(_, [bone, soft])| soft > bone);
    soft.map(|(at, _)| at)
}

/// The elastic problem of an anatomy: its held nodes, and the unit loads spread from their points
/// to the corners of the elements they fall in.
pub fn problem(anatomy: &Anatomy, model: &Model) -> Problem {
    let [nx, ny, _] = anatomy.elements;
    let element_number = |e: [usize; 3]| e[0] + nx * (e[1] + ny * e[2]);
    let mut active = vec![false; anatomy.elements.iter().product()];
    for plan in &anatomy.bone {
        active[element_number(std::array::from_fn(|k| {
            plan.at[k] - anatomy.mechanics_low[k]
        }))] = true;
    }
    let nodes = anatomy.elements.map(|n| n + 1);
    let node_number = |at: [usize; 3]| at[0] + nodes[0] * (at[1] + nodes[1] * at[2]);
    let mut held = vec![0u8; nodes.iter().product()];
    for (at, bits) in &anatomy.held {
        held[node_number(*at)] |= bits;
    }
    for at in soft_nodes(anatomy) {
        let held = &mut held[node_number(at)];
        if *held == CLAMP {
            *held = SOFT_CLAMP;
        }
    }
    let loads = anatomy.loads.iter().map(node_forces).collect();
    Problem {
        elements: anatomy.elements,
        element: Element::new(
            f64::from(model.physiology.poisson_ratio),
            [anatomy.spacing; 3],
        ),
        active,
        held,
        loads,
    }
}
