//! Which elements and nodes each multigrid level has, and between which of them displacements are
//! transferred.
//!
//! A coarse node's trilinear shape function reaches over the coarse elements around it. Where the
//! bone within that reach is not connected (two struts with void between them), one coarse node
//! would give both components the same displacement, and the coarse grid could not represent that
//! they move apart. Dick, Georgii and Westermann 2011 (IEEE TVCG 17:1663) give each component a
//! node of its own. Here a coarse node belongs to the largest connected component alone. A fine
//! node of another component has no transfer weight from it: it takes the mean of its remaining
//! parents. So every place has one node at most and every stencil 27 neighbours, at nearly the same
//! number of iterations (docs/mechanics.md has both).
//!
//! Nodes clamped in soft tissue have no parents either: a shape function ends at them. Coarse nodes
//! that reach a clamp would otherwise have to be held, and a bone on a soft disc that is clamped
//! beyond could not move on coarse levels. Where clamps are in the stiffest there is, or only some
//! of a node's degrees of freedom are held, holding coarse nodes takes fewer iterations.
//!
//! Words used here: a fine node's *parents* are the coarse nodes from which it is interpolated; a
//! *component* is bone whose elements share nodes; a node *serves* an element if the element's
//! displacement is interpolated from it, that is if it is one of the element's degrees of freedom.

use crate::solver::grid::Grid;
use crate::solver::problem::{CLAMP, SOFT_CLAMP};
use crate::volume::each;

/// Elements along each axis of the coarsest level, at most.
pub(crate) const COARSEST: usize = 2;

/// An edge this many times as long as the second shortest is not doubled on the next level.
const SLENDER: f64 = 2.1;

/// How many elements of a grid make one of the next coarser grid along x, y, z: 2, but 1 along an
/// edge that is much longer than the two others (semi-coarsening). Along a long edge nodes are
/// coupled weakly, so a smoother leaves errors there that only a grid as fine as this one can
/// represent. At least two axes are always doubled: doubling one alone would save iterations, but
/// cost more time and twice the memory.
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

/// A transfer mask with no parent missing.
pub(crate) const ALL: u8 = 0xff;
/// That of a node without parents.
const NONE: u8 = 0;

/// A level's elements, nodes and held degrees of freedom.
#[derive(Debug, Clone)]
pub(crate) struct Topology {
    pub(crate) grid: Grid,
    /// Of an element along x, y, z, mm.
    edges: [f64; 3],
    /// Elements of the finer topology that make one of this along x, y, z.
    pub(crate) factor: [usize; 3],
    /// By place of an element, x fastest: where its entries in `corners` begin. An element without
    /// supported bone has none; a coarse element that holds several components has one for each.
    starts: Vec<u32>,
    /// By entry: a bit for each corner whose node serves it.
    corners: Vec<u8>,
    /// By place of a node, x fastest.
    exists: Vec<bool>,
    /// By place of a node, x fastest: a bit for each held degree of freedom (x, y, z), and as
    /// [`SOFT_CLAMP`].
    held: Vec<u8>,
    /// By place of a node: a bit for each parent with a transfer weight, none of a soft clamp. A
    /// node that lies between
    /// coarse nodes along an axis has two parents there. A parent's number has a bit for each axis,
    /// set where it is the higher of the two. [`ALL`] where no parent is missing.
    pub(crate) transfer_mask: Vec<u8>,
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

/// By element, whether it belongs to bone that is supported along every axis along which any bone
/// is. Other bone floats. Coarse levels transfer it together with whatever is near, so that they
/// need not solve for rigid motions, which have no stiffness.
fn supported(grid: Grid, active: &[bool], held: &[u8]) -> Vec<bool> {
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
        supports[bodies.root(node)] |= held & CLAMP;
    }
    let all = held.iter().fold(0, |all, held| all | held & CLAMP);
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
    /// By corner of a coarse element: which component of bone is there.
    components: Vec<usize>,
    /// By coarse node: the largest component there, to which it belongs.
    largest: Vec<usize>,
}

impl<'a> Coarsening<'a> {
    fn of(fine: &'a Topology) -> Self {
        let factor = coarsening(fine.grid.elements, fine.edges);
        let parents = fine.parents(factor);
        let components = components(fine, &parents);
        let mut step = Self {
            fine,
            factor,
            nodes: fine.grid.coarser(factor).elements.map(|n| n + 1),
            parents,
            components,
            largest: Vec::new(),
        };
        step.largest = step.largest_components();
        step
    }

    /// The node at a corner of a coarse element.
    fn corner_place(&self, element: usize, corner: usize) -> usize {
        let (at, step) = (self.parents.at[element], steps(corner));
        place([0, 1, 2].map(|k| at[k] + step[k]), self.nodes)
    }

    /// The coarse element of the finer node at `at`, the axes along which that node lies between
    /// coarse nodes, and the corners of the coarse element that are its parents.
    fn parents_of(
        &self,
        at: [usize; 3],
    ) -> Option<(usize, [bool; 3], impl Iterator<Item = usize> + Clone)> {
        // A node that serves no element may still be the parent of nodes of other components.
        let any = || self.fine.around(at).next().map(|(e, _)| e);
        let e = self.fine.served(at).next().or_else(any)?;
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

    fn largest_components(&self) -> Vec<usize> {
        let mut sizes = vec![0.0f32; self.components.len()];
        for at in self.fine.grid.each_node() {
            if let Some((element, _, corners)) = self.parents_of(at) {
                let share = 1.0 / corners.clone().count() as f32;
                for corner in corners {
                    sizes[self.components[8 * element + corner]] += share;
                }
            }
        }
        let mut largest = vec![usize::MAX; self.nodes.iter().product()];
        for element in 0..self.parents.at.len() {
            for corner in 0..8 {
                let component = self.components[8 * element + corner];
                let best = &mut largest[self.corner_place(element, corner)];
                if *best == usize::MAX || sizes[component] > sizes[*best] {
                    *best = component;
                }
            }
        }
        largest
    }

    /// Whether the node at a corner of a coarse element belongs to the component that is there.
    fn owns(&self, element: usize, corner: usize) -> bool {
        self.components[8 * element + corner] == self.largest[self.corner_place(element, corner)]
    }

    /// [`Topology::transfer_mask`] of the finer topology.
    fn transfer_mask(&self) -> Vec<u8> {
        let of_node = |at| {
            let Some((element, between, corners)) = self.parents_of(at) else {
                return ALL;
            };
            if self.fine.ends_shapes(at) {
                return NONE;
            }
            let own = corners.clone().filter(|c| self.owns(element, *c));
            let count = own.clone().count();
            // A node that would be left without any parent keeps those of other components.
            if count == 0 || count == corners.count() {
                return ALL;
            }
            let bits = |corner: usize| -> usize {
                (0..3)
                    .filter(|k| between[*k])
                    .map(|k| corner & 1 << k)
                    .sum()
            };
            own.fold(0, |transfer_mask, corner| transfer_mask | 1 << bits(corner))
        };
        self.fine.grid.each_node().map(of_node).collect()
    }

    /// Places of the coarse nodes from which the finer node at `at` is interpolated.
    fn places(&self, transfer_mask: &[u8], at: [usize; 3]) -> impl Iterator<Item = usize> {
        let (factor, nodes) = (self.factor, self.nodes);
        let transfer_mask = transfer_mask[place(at, self.fine.grid.elements.map(|n| n + 1))];
        (0..8usize).filter_map(move |parent| {
            let up = steps(parent);
            let own =
                (0..3).all(|k| up[k] <= at[k] % factor[k]) && transfer_mask >> parent & 1 == 1;
            own.then(|| place([0, 1, 2].map(|k| at[k] / factor[k] + up[k]), nodes))
        })
    }

    /// Which coarse nodes have any transfer weight, and their held degrees of freedom.
    fn nodes(&self, transfer_mask: &[u8]) -> (Vec<bool>, Vec<u8>) {
        let fine = self.fine.grid.elements.map(|n| n + 1);
        let mut exists = vec![false; self.largest.len()];
        let mut held = vec![0; self.largest.len()];
        for at in self.fine.grid.each_node() {
            if !self.fine.exists[place(at, fine)] {
                continue;
            }
            for parent in self.places(transfer_mask, at) {
                exists[parent] = true;
                // A coarse degree of freedom is held as soon as its shape function reaches a held
                // one that does not end it. Coarse corrections then vanish on held degrees of
                // freedom by themselves, and the Galerkin product needs no masks.
                held[parent] |= self.fine.held[place(at, fine)];
            }
        }
        (exists, held)
    }

    /// Which coarse nodes have stiffness. A floating component that is interpolated from a single
    /// coarse node is not strained by it, and would leave that node without any stiffness.
    fn strained(&self, transfer_mask: &[u8]) -> Vec<bool> {
        let fine = self.fine;
        let mut strained = vec![false; self.largest.len()];
        let mut of_element: Vec<usize> = Vec::new();
        for at in fine.grid.each_element() {
            let place_of = place(at, fine.grid.elements);
            for e in fine.starts[place_of] as usize..fine.starts[place_of + 1] as usize {
                of_element.clear();
                // What moves against a clamp is strained, however few nodes move it.
                let mut ends = false;
                for corner in (0..8).filter(|c| fine.corners[e] >> c & 1 == 1) {
                    let step = steps(corner);
                    let node = [0, 1, 2].map(|k| at[k] + step[k]);
                    ends |= fine.ends_shapes(node);
                    of_element.extend(self.places(transfer_mask, node));
                }
                if ends || of_element.iter().any(|p| *p != of_element[0]) {
                    for parent in &of_element {
                        strained[*parent] = true;
                    }
                }
            }
        }
        strained
    }
}

/// By corner of a coarse element, the number of its component: coarse elements that share a node of
/// the finer level are connected, and so are their corners at the same place.
fn components(fine: &Topology, parents: &Parents) -> Vec<usize> {
    let mut components = Sets((0..8 * parents.at.len() as u32).collect());
    let mut touching: Vec<usize> = Vec::new();
    for at in fine.grid.each_node() {
        touching.clear();
        for e in fine.served(at) {
            let element = parents.of[e] as usize;
            if !touching.contains(&element) {
                for other in &touching {
                    for (c, d) in shared(parents.at[element], parents.at[*other]) {
                        components.merge(8 * element + c, 8 * other + d);
                    }
                }
                touching.push(element);
            }
        }
    }
    (0..components.0.len())
        .map(|k| components.root(k))
        .collect()
}

impl Topology {
    pub(crate) fn new(grid: Grid, edges: [f64; 3], active: &[bool], held: Vec<u8>) -> Self {
        let is_supported = supported(grid, active, &held);
        let mut starts = vec![0];
        starts.extend(is_supported.iter().scan(0, |sum, is_supported| {
            *sum += u32::from(*is_supported);
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
            corners: vec![ALL; is_supported.iter().filter(|h| **h).count()],
            starts,
            exists,
            held,
            transfer_mask: Vec::new(),
        }
    }

    /// Whether the node at `at` is one at which shape functions of coarse nodes end.
    fn ends_shapes(&self, at: [usize; 3]) -> bool {
        self.held[place(at, self.grid.elements.map(|n| n + 1))] == SOFT_CLAMP
    }

    /// The elements around the node at `at`, and whether the node serves them.
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

    /// The elements that the node at `at` serves.
    fn served(&self, at: [usize; 3]) -> impl Iterator<Item = usize> {
        self.around(at)
            .filter_map(|(e, serves)| serves.then_some(e))
    }

    /// Groups the elements within each coarse element into connected components.
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
            let mut components = Sets((0..children.len() as u32).collect());
            for (i, (a, e)) in children.iter().enumerate() {
                for (j, (b, f)) in children[..i].iter().enumerate() {
                    let touch = |(c, d): (usize, usize)| {
                        self.corners[*e] >> c & self.corners[*f] >> d & 1 == 1
                    };
                    if shared(*a, *b).any(touch) {
                        components.merge(i, j);
                    }
                }
            }
            for (i, (_, e)) in children.iter().enumerate() {
                // The root of a set is its first member, and so has its parent already.
                let root = components.root(i);
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

    /// The next coarser topology, and [`Topology::transfer_mask`] of this one.
    fn coarser(&self) -> (Self, Vec<u8>) {
        let step = Coarsening::of(self);
        let transfer_mask = step.transfer_mask();
        let (mut exists, held) = step.nodes(&transfer_mask);
        let is_split = |bits: &u8| *bits != ALL;
        if transfer_mask.iter().any(is_split) || self.corners.iter().any(is_split) {
            for (exists, strained) in exists.iter_mut().zip(step.strained(&transfer_mask)) {
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
            transfer_mask: Vec::new(),
        };
        (coarse, transfer_mask)
    }

    /// This topology and the coarser ones, down to [`COARSEST`] elements along the longest side,
    /// one at least.
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
            let (coarser, transfer_mask) = last.coarser();
            last.transfer_mask = transfer_mask;
            levels.push(coarser);
        }
    }

    /// Whether any node lacks a parent, because that belongs to another component or it is clamped.
    pub(crate) fn is_split(&self) -> bool {
        self.transfer_mask
            .iter()
            .any(|transfer_mask| *transfer_mask != ALL)
    }

    /// Whether shape functions of coarse nodes end at any clamp.
    pub(crate) fn has_soft_clamps(&self) -> bool {
        self.held.contains(&SOFT_CLAMP)
    }

    /// The list of nodes: padded index, held degrees of freedom in the three top bits.
    pub(crate) fn nodes(&self) -> Vec<u32> {
        self.grid
            .each_node()
            .zip(&self.held)
            .zip(&self.exists)
            .filter(|(_, exists)| **exists)
            .map(|((at, held), _)| self.grid.index(at) as u32 | u32::from(*held & CLAMP) << 29)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL, Topology, corners_of, place, steps, supported};
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
    fn a_plate_has_parents_of_its_own_component_only() {
        let n = [7, 4, 4];
        let active: Vec<bool> = each(n).map(|at| at[0] != 3).collect();
        let (_, transfer_mask) = topology(n, &active).coarser();
        let at = |at: [usize; 3]| transfer_mask[place(at, n.map(|n| n + 1))];
        // The gap's near side lies between coarse nodes at 2 and at 4, of which the second keeps to
        // the far plate.
        assert_eq!(at([3, 2, 2]), 0b1);
        assert_eq!(at([3, 1, 2]), 0b101);
        assert_eq!(at([3, 1, 1]), 0b101_0101);
        assert_eq!(at([2, 1, 2]), ALL);
        assert_eq!(at([4, 2, 2]), ALL);
        assert_eq!(at([5, 1, 1]), ALL);
    }

    /// Which nodes are connected inside the coarse elements around a coarse node, by going from
    /// element to element.
    fn components_around(n: [usize; 3], bone: &[bool], coarse: [usize; 3]) -> Vec<Vec<usize>> {
        let nodes = n.map(|n| n + 1);
        let mut elements: Vec<[usize; 3]> = each(n)
            .filter(|at| bone[place(*at, n)])
            .filter(|at| (0..3).all(|k| at[k] / 2 == coarse[k] || at[k] / 2 + 1 == coarse[k]))
            .collect();
        let mut components = Vec::new();
        while let Some(first) = elements.pop() {
            let mut component: Vec<usize> = corners_of(first, nodes).collect();
            while let Some(k) = elements
                .iter()
                .position(|e| corners_of(*e, nodes).any(|node| component.contains(&node)))
            {
                component.extend(corners_of(elements.swap_remove(k), nodes));
            }
            component.sort_unstable();
            component.dedup();
            components.push(component);
        }
        components
    }

    #[test]
    fn nodes_have_the_parents_of_their_component() {
        let n = [10, 9, 12];
        let nodes = n.map(|n| n + 1);
        let wave = |x: usize, step: f64| (x as f64 * step).sin();
        let active: Vec<bool> = each(n)
            .map(|[x, y, z]| wave(x + y, 1.9) + wave(y + 2 * z, 1.3) + wave(3 * x + z, 0.7) > 0.4)
            .collect();
        let topology = topology(n, &active);
        let bone = supported(topology.grid, &active, &topology.held);
        let (coarse, transfer_mask) = topology.coarser();
        let weight = |node: [usize; 3], parent: [usize; 3]| -> f64 {
            (0..3)
                .map(|k| (1.0 - 0.5 * node[k].abs_diff(2 * parent[k]) as f64).max(0.0))
                .product()
        };
        let each_node: Vec<[usize; 3]> = each(nodes).collect();
        // Of each coarse node the largest component: more than one where they are as large.
        let largest: Vec<Vec<Vec<usize>>> = coarse
            .grid
            .each_node()
            .map(|parent| {
                let components = components_around(n, &bone, parent);
                let size = |component: &Vec<usize>| -> f64 {
                    let weights = component
                        .iter()
                        .map(|node| weight(each_node[*node], parent));
                    weights.sum()
                };
                let most = components.iter().map(size).fold(0.0, f64::max);
                let as_large = components.into_iter().filter(|p| size(p) > most - 1e-5);
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
            let serves = bone
                .iter()
                .zip(each(n))
                .any(|(b, e)| *b && corners_of(e, nodes).any(|c| c == node));
            if !serves || parents.iter().any(|(_, components)| components.len() > 1) {
                continue;
            }
            let own: Vec<usize> = parents
                .iter()
                .filter(|(_, components)| {
                    components.iter().any(|component| component.contains(&node))
                })
                .map(|(p, _)| *p)
                .collect();
            let want = if own.is_empty() || own.len() == parents.len() {
                ALL
            } else {
                own.iter().fold(0, |bits, p| bits | 1 << p)
            };
            assert_eq!(transfer_mask[node], want, "node {at:?}");
            compared += 1;
            lost += usize::from(want != ALL);
        }
        assert!(compared > 200 && lost > 20, "{compared} {lost}");
    }

    #[test]
    fn what_floats_goes_with_what_is_near() {
        let n = [12, 12, 12];
        // Plates with gaps of one element, of which the last is not supported.
        let plate = |x: usize| x % 4 != 3;
        let held_at = |x: usize| x < 8;
        let active: Vec<bool> = each(n).map(|at| plate(at[0])).collect();
        let held = each(n.map(|n| n + 1))
            .map(|at| if at[2] == 0 && held_at(at[0]) { 7 } else { 0 })
            .collect();
        let (_, transfer_mask) =
            Topology::new(Grid { elements: n }, [1.0; 3], &active, held).coarser();
        let at = |x: usize| transfer_mask[place([x, 2, 2], n.map(|n| n + 1))];
        assert_eq!((at(3), at(7), at(11)), (0b1, ALL, ALL));
    }

    #[test]
    fn a_piece_that_nothing_strains_has_no_coarse_node() {
        // A sliding plate holds the bone and, in a niche of it, a voxel of its own; all nodes of
        // that have one parent.
        let n = [8, 8, 4];
        let active: Vec<bool> = each(n)
            .map(|at| at[0] < 4 || at[1] < 4 || at[2] >= 2 || at == [5, 5, 0])
            .collect();
        let held = each(n.map(|n| n + 1))
            .map(|at| if at[2] == 0 { 4 } else { 0 })
            .collect();
        let fine = Topology::new(Grid { elements: n }, [1.0; 3], &active, held);
        let (coarse, transfer_mask) = fine.coarser();
        let nodes = n.map(|n| n + 1);
        assert!(fine.exists[place([5, 5, 0], nodes)]);
        assert_eq!(transfer_mask[place([5, 5, 1], nodes)], 1 << 0b011);
        let coarse_nodes = coarse.grid.elements.map(|n| n + 1);
        assert!(!coarse.exists[place([3, 3, 0], coarse_nodes)]);
        assert!(coarse.exists[place([3, 3, 1], coarse_nodes)]);
    }
}
