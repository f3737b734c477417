//! Which elements and nodes of each multigrid level exist, and which piece of bone a coarse node moves.
//!
//! A coarse node's hat reaches over everything within a coarse element of it. Where bone falls apart there,
//! into struts with only void between them, one node would tie the pieces together, and the coarse grid could not let
//! them slide past each other. (Dick, Georgii, Westermann 2011 double such nodes, IEEE TVCG 17:1663.) Here a node keeps
//! to the largest piece, and finer nodes of the others take the mean of the parents that are left to them. That keeps
//! one node a place, and stencils of 27, at nearly the same number of iterations.

use crate::solver::grid::Grid;
use crate::volume::each;

/// Elements along each axis of the coarsest level, at most.
pub(crate) const COARSEST: usize = 2;

/// An edge this many times as long as the second shortest is not doubled on the next level.
const SLENDER: f64 = 2.1;

/// How many elements of a grid make one of the next coarser grid along x, y, z: 2, but 1 along an edge much longer than two
/// others. Along it a node is coupled so weakly that its smoothing leaves what only nodes as close as they are can
/// represent. Two axes are always doubled: one alone would save iterations and cost more time and twice the memory.
pub(crate) fn coarsening(elements: [usize; 3], edges: [f64; 3]) -> [usize; 3] {
    let mut long: Vec<f64> = (0..3)
        .filter(|k| elements[*k] > COARSEST)
        .map(|k| edges[k])
        .collect();
    long.sort_by(f64::total_cmp);
    let most = long
        .get(1)
        .or(long.first())
        .map_or(f64::INFINITY, |edge| SLENDER * edge);
    edges.map(|edge| if edge <= most { 2 } else { 1 })
}

/// All parents of a node are its own.
pub(crate) const ALL: u8 = 0xff;

/// A level's elements, nodes and held components.
#[derive(Debug, Clone)]
pub(crate) struct Topology {
    pub(crate) grid: Grid,
    /// Of an element along x, y, z, mm.
    edges: [f64; 3],
    /// Elements of the finer topology that make one of this along x, y, z.
    pub(crate) factor: [usize; 3],
    /// Where the elements of bone that hangs on something start in `corners`, by place, x fastest: a coarse element that holds
    /// bone in several pieces is there once for each.
    starts: Vec<u32>,
    /// By element: the corners (bits) whose nodes move it.
    corners: Vec<u8>,
    /// By place of a node, x fastest.
    exists: Vec<bool>,
    /// By place of a node, x fastest: bits 0 to 2 are held components.
    held: Vec<u8>,
    /// By place of a node: the parents on the next coarser level that move it, a bit each; two parents for every axis along
    /// which it lies between coarse nodes, numbered by a bit an axis, set for the higher. [`ALL`] where none is missing.
    pub(crate) kept: Vec<u8>,
}

fn place(at: [usize; 3], n: [usize; 3]) -> usize {
    at[0] + n[0] * (at[1] + n[1] * at[2])
}

/// Bits of a corner as steps along x, y, z.
fn steps(corner: usize) -> [usize; 3] {
    [corner & 1, corner >> 1 & 1, corner >> 2 & 1]
}

/// Places of the corners of the element at `at`.
fn corners_of(at: [usize; 3], nodes: [usize; 3]) -> impl Iterator<Item = usize> {
    (0..8).map(move |corner| {
        let step = steps(corner);
        place([0, 1, 2].map(|k| at[k] + step[k]), nodes)
    })
}

/// The active elements of bone that is held along all axes along which any is. What floats besides is left out: coarse
/// levels let it go with whatever is near, and do not have to solve for motions that have no stiffness.
fn hanging(grid: Grid, active: &[bool], held: &[u8]) -> Vec<bool> {
    let nodes = grid.elements.map(|n| n + 1);
    let mut bodies = Sets((0..held.len() as u32).collect());
    for (at, _) in grid.each_element().zip(active).filter(|(_, a)| **a) {
        let first = place(at, nodes);
        for node in corners_of(at, nodes) {
            bodies.merge(first, node);
        }
    }
    let mut supports = vec![0; held.len()];
    for (node, held) in held.iter().enumerate() {
        supports[bodies.root(node)] |= held;
    }
    let all = held.iter().fold(0, |all, held| all | held);
    grid.each_element()
        .zip(active)
        .map(|(at, active)| *active && supports[bodies.root(place(at, nodes))] == all)
        .collect()
}

/// Corners of a first element at `a` and of a second at `b` that lie at the same node.
fn shared(a: [usize; 3], b: [usize; 3]) -> impl Iterator<Item = (usize, usize)> {
    (0..8).filter_map(move |corner| {
        let of = steps(corner);
        let other = [0, 1, 2].map(|k| (a[k] + of[k]).wrapping_sub(b[k]));
        other
            .iter()
            .all(|o| *o < 2)
            .then(|| (corner, other[0] + 2 * other[1] + 4 * other[2]))
    })
}

/// Sets that are merged: each number points to another of its set, the root to itself.
struct Sets(Vec<u32>);

impl Sets {
    fn root(&mut self, mut k: usize) -> usize {
        while self.0[k] as usize != k {
            let up = self.0[self.0[k] as usize];
            self.0[k] = up;
            k = up as usize;
        }
        k
    }

    fn merge(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        // The smaller number stays, so that the outcome does not depend on the order.
        self.0[a.max(b)] = a.min(b) as u32;
    }
}

/// The coarse elements that a finer level's elements belong to.
struct Parents {
    /// By fine element.
    of: Vec<u32>,
    /// By coarse element.
    at: Vec<[usize; 3]>,
    /// As [`Topology::starts`].
    starts: Vec<u32>,
}

/// The step from a topology to the next coarser one.
struct Coarsening<'a> {
    fine: &'a Topology,
    factor: [usize; 3],
    /// Nodes of the coarser grid along x, y, z.
    nodes: [usize; 3],
    parents: Parents,
    /// By corner of a coarse element: which piece of bone is there.
    pieces: Vec<usize>,
    /// By coarse node: the largest piece there, which it moves.
    largest: Vec<usize>,
}

impl<'a> Coarsening<'a> {
    fn of(fine: &'a Topology) -> Self {
        let factor = coarsening(fine.grid.elements, fine.edges);
        let parents = fine.parents(factor);
        let pieces = pieces(fine, &parents);
        let mut step = Self {
            fine,
            factor,
            nodes: fine.grid.coarser(factor).elements.map(|n| n + 1),
            parents,
            pieces,
            largest: Vec::new(),
        };
        step.largest = step.largest_pieces();
        step
    }

    /// The node at a corner of a coarse element.
    fn corner_place(&self, element: usize, corner: usize) -> usize {
        let (at, step) = (self.parents.at[element], steps(corner));
        place([0, 1, 2].map(|k| at[k] + step[k]), self.nodes)
    }

    /// The coarse element of the finer node at `at`, along which axes that lies between coarse nodes, and the corners of the
    /// element that are its parents.
    fn parents_of(
        &self,
        at: [usize; 3],
    ) -> Option<(usize, [bool; 3], impl Iterator<Item = usize> + Clone)> {
        // A node to which finer nodes of other pieces are tied may move no element itself.
        let any = || self.fine.around(at).next().map(|(e, _)| e);
        let e = self.fine.moved(at).next().or_else(any)?;
        let element = self.parents.of[e] as usize;
        let factor = self.factor;
        let inside = [0, 1, 2].map(|k| at[k] - factor[k] * self.parents.at[element][k]);
        let between = [0, 1, 2].map(|k| factor[k] == 2 && inside[k] == 1);
        let corners = (0..8usize).filter(move |corner| {
            let step = steps(*corner);
            (0..3).all(|k| between[k] || step[k] == inside[k] / factor[k])
        });
        Some((element, between, corners))
    }

    fn largest_pieces(&self) -> Vec<usize> {
        let mut sizes = vec![0.0f32; self.pieces.len()];
        for at in self.fine.grid.each_node() {
            if let Some((element, _, corners)) = self.parents_of(at) {
                let share = 1.0 / corners.clone().count() as f32;
                for corner in corners {
                    sizes[self.pieces[8 * element + corner]] += share;
                }
            }
        }
        let mut largest = vec![usize::MAX; self.nodes.iter().product()];
        for element in 0..self.parents.at.len() {
            for corner in 0..8 {
                let piece = self.pieces[8 * element + corner];
                let best = &mut largest[self.corner_place(element, corner)];
                if *best == usize::MAX || sizes[piece] > sizes[*best] {
                    *best = piece;
                }
            }
        }
        largest
    }

    /// Whether the node at a corner of a coarse element moves the piece that is there.
    fn owns(&self, element: usize, corner: usize) -> bool {
        self.pieces[8 * element + corner] == self.largest[self.corner_place(element, corner)]
    }

    /// [`Topology::kept`] of the finer topology.
    fn kept(&self) -> Vec<u8> {
        let of_node = |at| {
            let Some((element, between, corners)) = self.parents_of(at) else {
                return ALL;
            };
            let own = corners.clone().filter(|c| self.owns(element, *c));
            let count = own.clone().count();
            // A node that would be left without parents stays tied to those of other pieces.
            if count == 0 || count == corners.count() {
                return ALL;
            }
            let bits = |corner: usize| -> usize {
                (0..3)
                    .filter(|k| between[*k])
                    .map(|k| corner & 1 << k)
                    .sum()
            };
            own.fold(0, |kept, corner| kept | 1 << bits(corner))
        };
        self.fine.grid.each_node().map(of_node).collect()
    }

    /// Places of the coarse nodes that move the finer node at `at`.
    fn places(&self, kept: &[u8], at: [usize; 3]) -> impl Iterator<Item = usize> {
        let (factor, nodes) = (self.factor, self.nodes);
        let kept = kept[place(at, self.fine.grid.elements.map(|n| n + 1))];
        (0..8usize).filter_map(move |parent| {
            let up = steps(parent);
            let own = (0..3).all(|k| up[k] <= at[k] % factor[k]) && kept >> parent & 1 == 1;
            own.then(|| place([0, 1, 2].map(|k| at[k] / factor[k] + up[k]), nodes))
        })
    }

    /// Which coarse nodes move anything, and their held components.
    fn nodes(&self, kept: &[u8]) -> (Vec<bool>, Vec<u8>) {
        let fine = self.fine.grid.elements.map(|n| n + 1);
        let mut exists = vec![false; self.largest.len()];
        let mut held = vec![0; self.largest.len()];
        for at in self.fine.grid.each_node() {
            if !self.fine.exists[place(at, fine)] {
                continue;
            }
            for parent in self.places(kept, at) {
                exists[parent] = true;
                // A coarse component is held as soon as its hat touches a held one: what it carries to this level
                // then vanishes there by itself, and the Galerkin product is right without masks.
                held[parent] |= self.fine.held[place(at, fine)];
            }
        }
        (exists, held)
    }

    /// Which coarse nodes have stiffness: a piece that hangs on nothing, and on one coarse node only, would leave that
    /// without any.
    fn strained(&self, kept: &[u8]) -> Vec<bool> {
        let fine = self.fine;
        let mut strained = vec![false; self.largest.len()];
        let mut of_element: Vec<usize> = Vec::new();
        for at in fine.grid.each_element() {
            let place_of = place(at, fine.grid.elements);
            for e in fine.starts[place_of] as usize..fine.starts[place_of + 1] as usize {
                of_element.clear();
                for corner in (0..8).filter(|c| fine.corners[e] >> c & 1 == 1) {
                    let step = steps(corner);
                    of_element.extend(self.places(kept, [0, 1, 2].map(|k| at[k] + step[k])));
                }
                if of_element.iter().any(|p| *p != of_element[0]) {
                    for parent in &of_element {
                        strained[*parent] = true;
                    }
                }
            }
        }
        strained
    }
}

/// By corner of a coarse element, a number for its piece: the corners there of coarse elements that share a node of the
/// finer level are one.
fn pieces(fine: &Topology, parents: &Parents) -> Vec<usize> {
    let mut pieces = Sets((0..8 * parents.at.len() as u32).collect());
    let mut touching: Vec<usize> = Vec::new();
    for at in fine.grid.each_node() {
        touching.clear();
        for e in fine.moved(at) {
            let element = parents.of[e] as usize;
            if !touching.contains(&element) {
                for other in &touching {
                    for (c, d) in shared(parents.at[element], parents.at[*other]) {
                        pieces.merge(8 * element + c, 8 * other + d);
                    }
                }
                touching.push(element);
            }
        }
    }
    (0..pieces.0.len()).map(|k| pieces.root(k)).collect()
}

impl Topology {
    pub(crate) fn new(grid: Grid, edges: [f64; 3], active: &[bool], held: Vec<u8>) -> Self {
        let hangs = hanging(grid, active, &held);
        let mut starts = vec![0];
        starts.extend(hangs.iter().scan(0, |sum, hangs| {
            *sum += u32::from(*hangs);
            Some(*sum)
        }));
        let nodes = grid.elements.map(|n| n + 1);
        let mut exists = vec![false; held.len()];
        for (at, _) in grid.each_element().zip(active).filter(|(_, a)| **a) {
            for node in corners_of(at, nodes) {
                exists[node] = true;
            }
        }
        Self {
            grid,
            edges,
            factor: [1; 3],
            corners: vec![ALL; hangs.iter().filter(|h| **h).count()],
            starts,
            exists,
            held,
            kept: Vec::new(),
        }
    }

    /// The elements around the node at `at`, and whether it moves them.
    fn around(&self, at: [usize; 3]) -> impl Iterator<Item = (usize, bool)> {
        let n = self.grid.elements;
        (0..8).flat_map(move |corner| {
            let back = steps(corner);
            let element = [0, 1, 2].map(|k| at[k].wrapping_sub(back[k]));
            let mut range = 0..0;
            if element.iter().zip(n).all(|(e, n)| *e < n) {
                let place = place(element, n);
                range = self.starts[place] as usize..self.starts[place + 1] as usize;
            }
            range.map(move |e| (e, self.corners[e] >> corner & 1 == 1))
        })
    }

    /// The elements that the node at `at` moves.
    fn moved(&self, at: [usize; 3]) -> impl Iterator<Item = usize> {
        self.around(at).filter_map(|(e, moved)| moved.then_some(e))
    }

    /// Groups the elements of each coarse element's place into those that hang together.
    fn parents(&self, factor: [usize; 3]) -> Parents {
        let fine = self.grid.elements;
        let mut parents = Parents {
            of: vec![0; self.corners.len()],
            at: Vec::new(),
            starts: vec![0],
        };
        let mut children: Vec<([usize; 3], usize)> = Vec::new();
        for at in self.grid.coarser(factor).each_element() {
            children.clear();
            for step in each(factor) {
                let child = [0, 1, 2].map(|k| factor[k] * at[k] + step[k]);
                if child.iter().zip(fine).all(|(c, n)| *c < n) {
                    let place = place(child, fine);
                    let range = self.starts[place] as usize..self.starts[place + 1] as usize;
                    children.extend(range.map(|e| (child, e)));
                }
            }
            let mut pieces = Sets((0..children.len() as u32).collect());
            for (i, (a, e)) in children.iter().enumerate() {
                for (j, (b, f)) in children[..i].iter().enumerate() {
                    let touch = |(c, d): (usize, usize)| {
                        self.corners[*e] >> c & self.corners[*f] >> d & 1 == 1
                    };
                    if shared(*a, *b).any(touch) {
                        pieces.merge(i, j);
                    }
                }
            }
            for (i, (_, e)) in children.iter().enumerate() {
                // Roots come first in their pieces.
                let root = pieces.root(i);
                parents.of[*e] = if root == i {
                    parents.at.push(at);
                    parents.at.len() as u32 - 1
                } else {
                    parents.of[children[root].1]
                };
            }
            parents.starts.push(parents.at.len() as u32);
        }
        parents
    }

    /// The next coarser topology, and [`Topology::kept`] of this one.
    fn coarser(&self) -> (Self, Vec<u8>) {
        let step = Coarsening::of(self);
        let kept = step.kept();
        let (mut exists, held) = step.nodes(&kept);
        let in_pieces = |bits: &u8| *bits != ALL;
        if kept.iter().any(in_pieces) || self.corners.iter().any(in_pieces) {
            for (exists, strained) in exists.iter_mut().zip(step.strained(&kept)) {
                *exists &= strained;
            }
        }
        let corners = (0..step.parents.at.len())
            .map(|element| {
                (0..8)
                    .filter(|c| step.owns(element, *c) && exists[step.corner_place(element, *c)])
                    .fold(0, |bits, corner| bits | 1 << corner)
            })
            .collect();
        let factor = step.factor;
        let coarse = Self {
            grid: self.grid.coarser(factor),
            edges: [0, 1, 2].map(|k| factor[k] as f64 * self.edges[k]),
            factor,
            starts: step.parents.starts,
            corners,
            exists,
            held,
            kept: Vec::new(),
        };
        (coarse, kept)
    }

    /// This topology and the coarser ones, down to [`COARSEST`] elements along the longest side, one at least.
    pub(crate) fn levels(self) -> Vec<Self> {
        let mut levels = vec![self];
        loop {
            let finest = levels.len() == 1;
            let Some(last) = levels.last_mut() else {
                return levels;
            };
            if !finest && last.grid.elements.iter().all(|n| *n <= COARSEST) {
                return levels;
            }
            let (coarser, kept) = last.coarser();
            last.kept = kept;
            levels.push(coarser);
        }
    }

    /// Whether a node has lost parents to another piece of bone.
    pub(crate) fn in_pieces(&self) -> bool {
        self.kept.iter().any(|kept| *kept != ALL)
    }

    /// The list of nodes: padded index, held components in the three top bits.
    pub(crate) fn nodes(&self) -> Vec<u32> {
        self.grid
            .each_node()
            .zip(&self.held)
            .zip(&self.exists)
            .filter(|(_, exists)| **exists)
            .map(|((at, held), _)| self.grid.index(at) as u32 | u32::from(*held) << 29)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL, Topology, corners_of, hanging, place, steps};
    use crate::solver::grid::Grid;
    use crate::volume::each;

    /// Of bone that is held at its lowest nodes.
    fn topology(n: [usize; 3], active: &[bool]) -> Topology {
        let held = each(n.map(|n| n + 1))
            .map(|at| if at[2] == 0 { 7 } else { 0 })
            .collect();
        Topology::new(Grid { elements: n }, [1.0; 3], active, held)
    }

    #[test]
    fn a_plate_keeps_to_its_own_parents() {
        let n = [7, 4, 4];
        let active: Vec<bool> = each(n).map(|at| at[0] != 3).collect();
        let (_, kept) = topology(n, &active).coarser();
        let at = |at: [usize; 3]| kept[place(at, n.map(|n| n + 1))];
        // The gap's near side lies between coarse nodes at 2 and at 4, of which the second keeps to the far plate.
        assert_eq!(at([3, 2, 2]), 0b1);
        assert_eq!(at([3, 1, 2]), 0b101);
        assert_eq!(at([3, 1, 1]), 0b101_0101);
        assert_eq!(at([2, 1, 2]), ALL);
        assert_eq!(at([4, 2, 2]), ALL);
        assert_eq!(at([5, 1, 1]), ALL);
    }

    /// Which nodes hang together inside the coarse elements around a coarse node, by going from element to element.
    fn pieces_around(n: [usize; 3], bone: &[bool], coarse: [usize; 3]) -> Vec<Vec<usize>> {
        let nodes = n.map(|n| n + 1);
        let mut elements: Vec<[usize; 3]> = each(n)
            .filter(|at| bone[place(*at, n)])
            .filter(|at| (0..3).all(|k| at[k] / 2 == coarse[k] || at[k] / 2 + 1 == coarse[k]))
            .collect();
        let mut pieces = Vec::new();
        while let Some(first) = elements.pop() {
            let mut piece: Vec<usize> = corners_of(first, nodes).collect();
            while let Some(k) = elements
                .iter()
                .position(|e| corners_of(*e, nodes).any(|node| piece.contains(&node)))
            {
                piece.extend(corners_of(elements.swap_remove(k), nodes));
            }
            piece.sort_unstable();
            piece.dedup();
            pieces.push(piece);
        }
        pieces
    }

    #[test]
    fn nodes_keep_the_parents_that_keep_to_their_piece() {
        let n = [10, 9, 12];
        let nodes = n.map(|n| n + 1);
        let wave = |x: usize, step: f64| (x as f64 * step).sin();
        let active: Vec<bool> = each(n)
            .map(|[x, y, z]| wave(x + y, 1.9) + wave(y + 2 * z, 1.3) + wave(3 * x + z, 0.7) > 0.4)
            .collect();
        let topology = topology(n, &active);
        let bone = hanging(topology.grid, &active, &topology.held);
        let (coarse, kept) = topology.coarser();
        let weight = |node: [usize; 3], parent: [usize; 3]| -> f64 {
            (0..3)
                .map(|k| (1.0 - 0.5 * node[k].abs_diff(2 * parent[k]) as f64).max(0.0))
                .product()
        };
        let each_node: Vec<[usize; 3]> = each(nodes).collect();
        // Of each coarse node the largest piece: more than one where they are as large.
        let largest: Vec<Vec<Vec<usize>>> = coarse
            .grid
            .each_node()
            .map(|parent| {
                let pieces = pieces_around(n, &bone, parent);
                let size = |piece: &Vec<usize>| -> f64 {
                    let weights = piece.iter().map(|node| weight(each_node[*node], parent));
                    weights.sum()
                };
                let most = pieces.iter().map(size).fold(0.0, f64::max);
                let as_large = pieces.into_iter().filter(|p| size(p) > most - 1e-5);
                as_large.collect()
            })
            .collect();
        let (mut compared, mut lost) = (0, 0);
        for (node, at) in each_node.iter().enumerate() {
            let parents: Vec<(usize, &Vec<Vec<usize>>)> = (0..8usize)
                .filter(|p| (0..3).all(|k| steps(*p)[k] <= at[k] % 2))
                .map(|p| {
                    let parent = [0, 1, 2].map(|k| at[k] / 2 + steps(p)[k]);
                    (
                        p,
                        &largest[place(parent, coarse.grid.elements.map(|n| n + 1))],
                    )
                })
                .collect();
            let moved = bone
                .iter()
                .zip(each(n))
                .any(|(b, e)| *b && corners_of(e, nodes).any(|c| c == node));
            if !moved || parents.iter().any(|(_, pieces)| pieces.len() > 1) {
                continue;
            }
            let own: Vec<usize> = parents
                .iter()
                .filter(|(_, pieces)| pieces.iter().any(|piece| piece.contains(&node)))
                .map(|(p, _)| *p)
                .collect();
            let want = if own.is_empty() || own.len() == parents.len() {
                ALL
            } else {
                own.iter().fold(0, |bits, p| bits | 1 << p)
            };
            assert_eq!(kept[node], want, "node {at:?}");
            compared += 1;
            lost += usize::from(want != ALL);
        }
        assert!(compared > 200 && lost > 20, "{compared} {lost}");
    }

    #[test]
    fn what_floats_goes_with_what_is_near() {
        let n = [12, 12, 12];
        // Plates with gaps of one element, and one of them that hangs on nothing.
        let plate = |x: usize| x % 4 != 3;
        let held_at = |x: usize| x < 8;
        let active: Vec<bool> = each(n).map(|at| plate(at[0])).collect();
        let held = each(n.map(|n| n + 1))
            .map(|at| if at[2] == 0 && held_at(at[0]) { 7 } else { 0 })
            .collect();
        let (_, kept) = Topology::new(Grid { elements: n }, [1.0; 3], &active, held).coarser();
        let at = |x: usize| kept[place([x, 2, 2], n.map(|n| n + 1))];
        assert_eq!((at(3), at(7), at(11)), (0b1, ALL, ALL));
    }

    #[test]
    fn a_piece_that_nothing_strains_has_no_coarse_node() {
        // A sliding plate holds the bone and, in a niche of it, a voxel of its own; all nodes of that have one parent.
        let n = [8, 8, 4];
        let active: Vec<bool> = each(n)
            .map(|at| at[0] < 4 || at[1] < 4 || at[2] >= 2 || at == [5, 5, 0])
            .collect();
        let held = each(n.map(|n| n + 1))
            .map(|at| if at[2] == 0 { 4 } else { 0 })
            .collect();
        let fine = Topology::new(Grid { elements: n }, [1.0; 3], &active, held);
        let (coarse, kept) = fine.coarser();
        let nodes = n.map(|n| n + 1);
        assert!(fine.exists[place([5, 5, 0], nodes)]);
        assert_eq!(kept[place([5, 5, 1], nodes)], 1 << 0b011);
        let coarse_nodes = coarse.grid.elements.map(|n| n + 1);
        assert!(!coarse.exists[place([3, 3, 0], coarse_nodes)]);
        assert!(coarse.exists[place([3, 3, 1], coarse_nodes)]);
    }
}
