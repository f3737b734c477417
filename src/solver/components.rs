//! Which voxels of a block between two plates can carry anything.

use crate::volume::each;

/// Why a block between two plates carries nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unloaded {
    /// It is empty.
    #[error("no voxel carries anything")]
    Nothing,
    /// No component reaches from plate to plate.
    #[error("nothing reaches from one end face to the other")]
    NotThrough,
}

/// Bone that is connected, through faces of voxels, to an end face.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// By voxel.
    pub bone: Vec<bool>,
    /// Components that touch neither end face; they are taken for void.
    pub islands: usize,
    /// Components that touch only one. They stay: edges that they share with other components carry
    /// load.
    pub stubs: usize,
    /// Voxels of stubs that share no edge or corner, not even through others, with a component that
    /// reaches from end to end, and whether they touch the far face. Where faces slide they could
    /// be anywhere along theirs, and are not strained.
    pub idle: Vec<([usize; 3], bool)>,
}

/// Finds the bone that is connected, through faces of voxels, to an end face.
/// # Errors
/// When there is no bone, or none of it reaches from end to end.
pub fn attached(n: [usize; 3], bone: &[bool], axis: usize) -> Result<Attached, Unloaded> {
    let index = |at: [usize; 3]| at[0] + n[0] * (at[1] + n[1] * at[2]);
    if !bone.contains(&true) {
        return Err(Unloaded::Nothing);
    }
    let mut seen = vec![false; bone.len()];
    let mut keep = vec![false; bone.len()];
    let mut islands = 0;
    let mut stubs: Vec<(Vec<[usize; 3]>, bool)> = Vec::new();
    let mut through: Vec<[usize; 3]> = Vec::new();
    for start in each(n) {
        if !bone[index(start)] || seen[index(start)] {
            continue;
        }
        let part = component(n, bone, &mut seen, start);
        let near = part.iter().any(|at| at[axis] == 0);
        let far = part.iter().any(|at| at[axis] + 1 == n[axis]);
        if near || far {
            for at in &part {
                keep[index(*at)] = true;
            }
        } else {
            islands += 1;
        }
        match (near, far) {
            (true, true) => through.extend(part),
            (false, false) => {}
            _ => stubs.push((part, far)),
        }
    }
    if through.is_empty() {
        return Err(Unloaded::NotThrough);
    }
    let mut idle = Vec::new();
    if !stubs.is_empty() {
        let reached = spread(n, &keep, through);
        for (part, far) in &stubs {
            if !reached[index(part[0])] {
                idle.extend(part.iter().map(|at| (*at, *far)));
            }
        }
    }
    Ok(Attached {
        bone: keep,
        islands,
        stubs: stubs.len(),
        idle,
    })
}

/// The voxels that hang together with `start` through faces, which are marked as seen.
fn component(
    n: [usize; 3],
    bone: &[bool],
    seen: &mut [bool],
    start: [usize; 3],
) -> Vec<[usize; 3]> {
    let index = |at: [usize; 3]| at[0] + n[0] * (at[1] + n[1] * at[2]);
    seen[index(start)] = true;
    let mut part = vec![start];
    let mut next = 0;
    while next < part.len() {
        let at = part[next];
        next += 1;
        for k in 0..3 {
            for up in [false, true] {
                let mut to = at;
                to[k] = if up { to[k] + 1 } else { to[k].wrapping_sub(1) };
                if to[k] < n[k] && bone[index(to)] && !seen[index(to)] {
                    seen[index(to)] = true;
                    part.push(to);
                }
            }
        }
    }
    part
}

/// What of `keep` shares a face, edge or corner, if need be through others, with one of `from`.
fn spread(n: [usize; 3], keep: &[bool], mut from: Vec<[usize; 3]>) -> Vec<bool> {
    let index = |at: [usize; 3]| at[0] + n[0] * (at[1] + n[1] * at[2]);
    let mut reached = vec![false; keep.len()];
    for at in &from {
        reached[index(*at)] = true;
    }
    let mut next = 0;
    while next < from.len() {
        let at = from[next];
        next += 1;
        for step in each([3; 3]) {
            let to = [0, 1, 2].map(|k| (at[k] + step[k]).wrapping_sub(1));
            if to.iter().zip(n).all(|(t, n)| *t < n) && keep[index(to)] && !reached[index(to)] {
                reached[index(to)] = true;
                from.push(to);
            }
        }
    }
    reached
}
