//! Connectivity of single struts (Odgaard and Gundersen 1993 Bone 14:173).

use crate::volume::each;

/// Euler characteristic of the union of the closed voxels that are bone (26-connected): vertices − edges + faces − voxels.
pub fn euler_characteristic(voxels: [usize; 3], is_bone: impl Fn([usize; 3]) -> bool) -> i64 {
    let bone = |at: [isize; 3]| {
        (0..3).all(|k| at[k] >= 0 && (at[k] as usize) < voxels[k])
            && is_bone(at.map(|x| x as usize))
    };
    let mut sum = 0;
    // A cell belongs to the voxel at whose lower corner it begins: it exists if any voxel around it is bone.
    for at in each(voxels.map(|n| n + 1)) {
        let at = at.map(|x| x as isize);
        for along in 0..8usize {
            let axes: [bool; 3] = std::array::from_fn(|k| along >> k & 1 == 1);
            let mut there = false;
            for around in 0..8usize {
                let back: [bool; 3] = std::array::from_fn(|k| around >> k & 1 == 1);
                // Along an axis that the cell spans only one voxel lies; across it, two.
                if (0..3).any(|k| axes[k] && back[k]) {
                    continue;
                }
                there |= bone(std::array::from_fn(|k| at[k] - isize::from(back[k])));
            }
            if there {
                let dimension = axes.iter().filter(|a| **a).count();
                sum += if dimension % 2 == 0 { 1 } else { -1 };
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::euler_characteristic;

    #[test]
    fn known_shapes() {
        let of = |n: [usize; 3], f: fn([usize; 3]) -> bool| euler_characteristic(n, f);
        assert_eq!(of([3, 3, 3], |_| true), 1);
        assert_eq!(of([4, 4, 4], |_| false), 0);
        // Two touching by a corner are one; apart, two.
        assert_eq!(of([2, 2, 2], |p| p == [0, 0, 0] || p == [1, 1, 1]), 1);
        assert_eq!(of([3, 1, 1], |p| p[0] != 1), 2);
        // A ring has one loop; a hollow cube one cavity.
        assert_eq!(of([3, 3, 1], |p| p != [1, 1, 0]), 0);
        assert_eq!(of([3, 3, 3], |p| p != [1, 1, 1]), 2);
        // The edges of a cube: 12 edges, 8 corners, so 5 loops.
        let frame = |p: [usize; 3]| p.iter().filter(|x| **x == 1).count() <= 1;
        assert_eq!(of([3, 3, 3], frame), 1 - 5);
    }
}
