#!/usr/bin/env python3
"""Make the bellies of the muscles from their paths, their volumes and the bones beside them.

    pip install numpy scipy trimesh rtree
    python3 muscles.py            # reads and writes beside itself; about ten minutes

reads muscles.csv, muscle-paths.csv and the bones' surfaces, and writes bellies.csv: for each part of a
muscle a chain of points (mm) with a weight (mm2), the muscle's cross-section there (mm2) and where its middle
is (mm). A place belongs to the part for which the squared distance to the chain, less the weight there, is least
and below zero (a power diagram between chains), unless bone is there. So muscles share borders and never overlap.

How the chains are found
    1. A part's course is its path, from the muscle's own points where `via` has some, with the belly from
       `begins_mm` on for `length_mm` (all of it where nothing is given). Its cross-section rises and falls as
       (4u(1-u))^0.7 along it, and adds up to its volume.
    2. Lines of pull lie closer together than muscles have room. As if each were a string of discs of its
       cross-section, chains push each other and bone aside and are drawn back to their course.
    3. The weights are raised or lowered until every stretch of every part has its volume (within 3 %).
    4. In between, where a stretch's middle lies beside its path by more than 4 mm its chain is moved the other
       way, as far as volumes bear it. What a chain is moved by is the price of where the middle is to be, as its
       weight is that of the volume. Chains of two muscles come no closer than 9 mm, so that the border between
       them hardly moves with the bones of another person. Parts whose paths take a short cut stay where they are.
The vertebra's muscles have the same section throughout.
"""

import csv
import os

import numpy as np
import trimesh
from scipy.ndimage import distance_transform_edt, gaussian_filter1d, map_coordinates
from scipy.spatial import cKDTree

HERE = os.path.dirname(os.path.abspath(__file__))
STEP = 15.0  # between the points of a chain, mm
POWER = 0.7
# Parts that stay where people have them, off the model's paths, which take short cuts: drawn to these, rectus
# femoris presses vastus intermedius off the femur, and the toes' long muscles come around the tibia's other side.
STAY = {"sart", "soleus", "recfem", "vasint", "vaslat", "vasmed", "edl", "fdl"}
# Muscles that lie on bone under others: pressed flat rather than pushed away.
DEEP = {"vasint", "tibpost", "bfsh", "addmagProx", "addbrev", "glmin1", "glmin2", "glmin3", "piri"}


def table(name):
    with open(os.path.join(HERE, name), newline="") as file:
        return list(csv.DictReader(file))


class Grid:
    """Places that may hold muscle, and how far bone is."""

    def __init__(self, low, high, edge, in_bone, inside):
        self.edge, self.low = edge, np.array(low, float)
        self.n = ((np.array(high) - low) / edge).round().astype(int)
        axes = [self.low[k] + edge * (np.arange(self.n[k]) + 0.5) for k in range(3)]
        points = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
        bone = in_bone(points)
        self.free = points[~bone & inside(points)]
        bone = bone.reshape(self.n)
        self.to_bone = (distance_transform_edt(~bone) - distance_transform_edt(bone)) * edge
        self.away = np.gradient(self.to_bone, edge)

    def bone(self, p):
        at = ((p - self.low) / self.edge - 0.5).T
        away = np.stack([map_coordinates(g, at, order=1, mode="nearest") for g in self.away], 1)
        away /= np.maximum(np.linalg.norm(away, axis=1), 1e-6)[:, None]
        return map_coordinates(self.to_bone, at, order=1, mode="nearest"), away


def length_along(p):
    return np.r_[0, np.cumsum(np.linalg.norm(np.diff(p, axis=0), axis=1))]


def along(points, s):
    at = length_along(points)
    return np.stack([np.interp(s, at, points[:, k]) for k in range(3)], 1)


class Part:
    def __init__(self, row, path):
        self.name, self.muscle = row["part"], row["muscle"]
        self.volume = 1e3 * float(row["volume_cm3"]) * float(row["share"])
        via = [[float(x) for x in p.split()] for p in row["via"].split("|") if p]
        self.path = np.array(path, float) if path else np.array(via)
        course = np.array(via + path[1:] if via and path else via or path, float)
        whole = length_along(course)[-1]
        begins = float(row["begins_mm"])
        ends = min(0.97 * whole, begins + float(row["length_mm"] or 1e9)) if path else whole
        self.s = np.linspace(begins, ends, max(4, int(round((ends - begins) / STEP)) + 1))
        self.course = along(course, self.s)
        u = (self.s - begins) / (ends - begins)
        profile = np.maximum(4 * u * (1 - u), 1e-3) ** POWER if path else np.ones_like(u)
        spread = np.trapezoid(profile, self.s)
        if not path:
            # Both sides of the slab that the scene has, 48 mm high.
            spread = 2 * 48.0
        self.area = profile * self.volume / spread
        if not path:
            self.volume = np.trapezoid(self.area, self.s)
        self.chain, self.weight = self.course.copy(), self.area / np.pi
        t = np.gradient(self.course, axis=0)
        self.t = t / np.linalg.norm(t, axis=1)[:, None]
        self.lengths = np.gradient(self.s)
        self.lengths[[0, -1]] /= 2

    def beside_path(self, points):
        """How far points lie beside the path, across it, and whether they lie beside it at all."""
        best = np.full(len(points), np.inf)
        off, told = np.zeros_like(points), np.zeros(len(points), bool)
        last = len(self.path) - 2
        for k in range(last + 1):
            a, axis = self.path[k], self.path[k + 1] - self.path[k]
            t = (points - a) @ axis / (axis @ axis)
            d = points - a - np.clip(t, 0, 1)[:, None] * axis
            far = np.linalg.norm(d, axis=1)
            near = far < best
            best[near], off[near] = far[near], d[near]
            told[near] = ((t >= 0) | (k > 0))[near] & ((t <= 1) | (k < last))[near]
        return off, told

    def dense(self, k=6):
        last = len(self.s) - 1
        f = np.linspace(0, last, last * k + 1)
        i = np.minimum(f.astype(int), last - 1)
        x = f - i
        chain = self.chain[i] * (1 - x)[:, None] + self.chain[i + 1] * x[:, None]
        return chain, self.weight[i] * (1 - x) + self.weight[i + 1] * x, f


def push_apart(grid, parts, rounds=300, beside=0.75, own=0.6, back=0.06):
    of = np.concatenate([np.full(len(p.s), j) for j, p in enumerate(parts)])
    radius = np.concatenate([np.sqrt(p.area / np.pi) for p in parts])
    t = np.concatenate([p.t for p in parts])
    course = np.concatenate([p.course for p in parts])
    muscles = sorted({p.muscle for p in parts})
    muscle = np.array([muscles.index(parts[j].muscle) for j in of])
    deep = np.array([parts[j].name in DEEP for j in of])
    ends = np.r_[0, np.cumsum([len(p.s) for p in parts])]
    c = course + np.random.default_rng(1).normal(0, 0.3, course.shape)
    for _ in range(rounds):
        pairs = cKDTree(c).query_pairs(70, output_type="ndarray")
        a, b = pairs[of[pairs[:, 0]] != of[pairs[:, 1]]].T
        d = c[b] - c[a]
        middle = t[a] + t[b] * np.sign(np.sum(t[a] * t[b], 1))[:, None]
        middle /= np.linalg.norm(middle, axis=1)[:, None]
        ahead = np.sum(d * middle, 1)
        d -= middle * ahead[:, None]
        apart = np.linalg.norm(d, axis=1)
        share = np.where(muscle[a] == muscle[b], own, np.where(deep[a] | deep[b], 0.65, beside))
        over = share * (radius[a] + radius[b]) - apart
        near = (over > 0) & (np.abs(ahead) < 9)
        a, b, d, apart, over = a[near], b[near], d[near], apart[near], over[near]
        push = 0.5 * (over / np.maximum(apart, 1e-6))[:, None] * d
        # The thinner one gives way.
        gives = (radius[b] ** 2 / (radius[a] ** 2 + radius[b] ** 2))[:, None]
        move, count = np.zeros_like(c), np.zeros(len(c))
        np.add.at(move, a, -push * gives)
        np.add.at(move, b, push * (1 - gives))
        np.add.at(count, a, 1)
        np.add.at(count, b, 1)
        move /= np.maximum(1, 0.5 * count)[:, None]
        to_bone, away = grid.bone(c)
        sunk = np.where(deep, 0.3, 0.75) * radius - to_bone
        move += 0.3 * np.clip(sunk, 0, 8)[:, None] * away
        move -= t * np.sum(move * t, 1)[:, None]
        c += move + back * (course - c)
        for j in range(len(parts)):
            k = slice(ends[j], ends[j + 1])
            c[k] = course[k] + gaussian_filter1d(c[k] - course[k], 0.9, axis=0, mode="nearest")
    for j, p in enumerate(parts):
        p.chain = c[ends[j] : ends[j + 1]]


def shares(grid, parts):
    """Which part each place belongs to, and where on its chain."""
    best = np.zeros(len(grid.free), np.float32)
    owner, at = np.full(len(grid.free), -1), np.zeros(len(grid.free), np.float32)
    for j, p in enumerate(parts):
        chain, weight, f = p.dense()
        reach = np.sqrt(max(weight.max(), 1.0))
        near = np.all((grid.free > chain.min(0) - reach) & (grid.free < chain.max(0) + reach), 1).nonzero()[0]
        d, i = cKDTree(chain).query(grid.free[near], distance_upper_bound=reach, workers=-1)
        value = (d**2 - np.r_[weight, 0][i]).astype(np.float32)
        mine = value < best[near]
        best[near[mine]], owner[near[mine]], at[near[mine]] = value[mine], j, f[i[mine]]
    return owner, at


def measure(grid, parts):
    """What every stretch of every part has, and where its middle is."""
    owner, at = shares(grid, parts)
    for j, p in enumerate(parts):
        q, f, n = grid.free[owner == j], at[owner == j], len(p.s)
        i = np.minimum(f.astype(int), n - 2)
        x = f - i
        count = np.bincount(i, 1 - x, n) + np.bincount(i + 1, x, n)
        p.has = count * grid.edge**3
        sums = [np.bincount(i, (1 - x) * q[:, k], n) + np.bincount(i + 1, x * q[:, k], n) for k in range(3)]
        beside = np.stack(sums, 1) / np.maximum(count, 1e-9)[:, None] - p.course
        # Where next to nothing is, as at both ends, by the nearest that has some.
        some = (p.has > 0.3 * p.area * p.lengths).nonzero()[0]
        if len(some):
            beside = np.stack([np.interp(np.arange(n), some, beside[some, k]) for k in range(3)], 1)
        else:
            beside[:] = 0
        p.middle = p.course + gaussian_filter1d(beside, 0.6, axis=0, mode="nearest")
        p.off, p.told = p.beside_path(p.middle)
        p.told &= p.has > 0.1 * p.has.max()


def weigh(parts, rate=0.35):
    """Weights towards the volumes that are wanted; slower where chains lie close together, and little moves much."""
    of = np.concatenate([np.full(len(p.s), j) for j, p in enumerate(parts)])
    names = [p.muscle for p in parts]
    muscle = np.array([names.index(name) for name in names])
    at = np.concatenate([p.chain for p in parts])
    points = cKDTree(at)
    for j, p in enumerate(parts):
        d, i = points.query(p.chain, k=20)
        other = of[np.minimum(i, len(of) - 1)]
        apart = np.where(other != j, d, np.inf).min(1)
        # The way across from the nearest point of another muscle.
        first = np.where(muscle[other] != muscle[j], d, np.inf).argmin(1)
        way = p.chain - at[np.minimum(i, len(of) - 1)[np.arange(len(d)), first]]
        p.from_other = way - p.t * np.sum(way * p.t, 1)[:, None]
        wrong = (p.area * p.lengths - p.has) / (np.pi * p.lengths)
        wrong = gaussian_filter1d(wrong, 0.8, mode="nearest")
        wrong += 0.3 * (p.volume - p.has.sum()) / (np.pi * (p.s[-1] - p.s[0]))
        most = 0.25 * np.maximum(p.weight, 60)
        step = np.clip(rate * np.clip(apart / 20, 0.15, 1) * wrong, -most, most)
        p.weight = np.clip(p.weight + step, -(65.0**2), 90.0**2)


def draw(p, start, pull=0.1, free=4.0, least=9.0):
    """Moves a chain a little, so that the part's middle comes nearer to its path, or back if its volume suffers."""
    far = np.linalg.norm(p.off, axis=1)
    step = -pull * p.off * (np.maximum(0, far - free) / np.maximum(far, 1e-9) * p.told)[:, None]
    # Close to each other a little would move the border between them much: there they slide, and part.
    distance = np.linalg.norm(p.from_other, axis=1)
    out = p.from_other / np.maximum(distance, 1e-6)[:, None]
    close = np.maximum(0, np.minimum(least, p.at_first) - distance) * (distance > 0)
    closer = np.minimum(0, np.sum(step * out, 1)) * (close > 0)
    step += (0.1 * close - closer)[:, None] * out
    moved = p.chain - start
    if abs(p.has.sum() / p.volume - 1) < 0.03:
        chain = start + gaussian_filter1d(moved + step, 0.5, axis=0, mode="nearest")
    else:
        chain = start + 0.95 * moved
    # Borders stay about where they are.
    p.weight = p.weight + np.sum((p.middle - chain) ** 2, 1) - np.sum((p.middle - p.chain) ** 2, 1)
    p.chain = chain


def fill(grid, parts, rounds, first=20, last=160):
    """Volumes in all rounds; middles too, but in the first and the last."""
    start = [p.chain.copy() for p in parts]
    for k in range(rounds):
        measure(grid, parts)
        if first < k < rounds - last and k % 3 == 0:
            for p, at in zip(parts, start):
                if p.name not in STAY:
                    draw(p, at)
        else:
            weigh(parts)
        if k == 0:
            for p in parts:
                p.at_first = np.linalg.norm(p.from_other, axis=1)
    measure(grid, parts)


def surfaces(*names):
    meshes = [trimesh.load(os.path.join(HERE, name), process=False) for name in names]

    def inside(points):
        found = np.zeros(len(points), bool)
        for mesh in meshes:
            found |= mesh.contains(points)
        return found

    return inside


def rod(p, a, b, ra, rb, axis, flat):
    """Whether places lie in a bar from a to b with radii ra to rb, `flat` times as wide along an axis."""
    squeeze = np.ones(3)
    squeeze[axis] = 1 / flat
    p, a, b = p * squeeze, np.array(a) * squeeze, np.array(b) * squeeze
    t = np.clip((p - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
    return np.linalg.norm(p - a - t[:, None] * (b - a), axis=1) < ra + (rb - ra) * t


def vertebra(p):
    """The shapes of src/tissue/lumbar.rs, without their fillets; discs are no muscle either."""
    p = np.c_[np.abs(p[:, 0]), p[:, 1:]]
    found = (p[:, 0] / 23) ** 2 + (p[:, 1] / 17.5) ** 2 < 1
    for bar in (
        ([15, -10, 29], [17, -28, 28.5], 5.1, 5.3, 2, 1.4),
        ([16.5, -31, 26], [0, -38, 22], 4.5, 4.0, 2, 2.2),
        ([0, -41, 20], [0, -72, 18], 3.5, 4.0, 2, 2.6),
        ([19, -28, 27], [39, -34, 28], 4.5, 3.6, 2, 1.5),
        ([18.5, -31, 28], [19, -35, 41], 6.5, 4.5, 2, 1.0),
        ([13, -39, 21], [14.5, -41, 7], 6.5, 4.5, 2, 1.0),
    ):
        found |= rod(p, *bar)
    # The canal holds nerves.
    return found | ((p[:, 0] / 12.15) ** 2 + ((p[:, 1] + 26) / 8.0) ** 2 < 1)


def main():
    paths = {}
    for row in table("muscle-paths.csv"):
        paths.setdefault(row["part"], []).append([float(row[k]) for k in ("x_mm", "y_mm", "z_mm")])
    rows = table("muscles.csv")
    grids = {
        "hip": ([-90, -130, -450], [118, 98, 150], 4.0, surfaces("femur.ply", "hemipelvis.ply", "tibia.ply", "fibula.ply"), lambda p: p[:, 0] > -82),
        "lower-leg": ([-60, -100, -870], [80, 80, -360], 4.0, surfaces("femur.ply", "tibia.ply", "fibula.ply", "talus.ply", "calcaneus.ply"), lambda p: p[:, 0] > -90),
        "lumbar": ([0, -90, 0], [90, 40, 48], 2.0, vertebra, lambda p: p[:, 0] > 0),
    }
    out = []
    for scene, grid in grids.items():
        grid = Grid(*grid)
        parts = [Part(row, paths.get(row["part"], [])) for row in rows if row["scene"] in (scene, {"hip": "thigh"}.get(scene))]
        push_apart(grid, parts)
        # The vertebra's are by hand.
        fill(grid, parts, 80 if scene == "lumbar" else 560)
        for p in parts:
            off = np.linalg.norm(p.off[p.told], axis=1) if p.told.any() else np.array([np.nan])
            print(f"{p.name:12s} {p.has.sum() / 1e3:6.1f} of {p.volume / 1e3:6.1f} cm3; middle {off.mean():4.1f} mm off its path, at most {off.max():4.1f}")
            for at, weight, area, middle in zip(p.chain, p.weight, p.area, p.middle):
                place = [[f"{x:.2f}" for x in point] for point in (at, middle)]
                out.append([p.name, *place[0], f"{weight:.1f}", f"{area:.1f}", *place[1]])
    with open(os.path.join(HERE, "bellies.csv"), "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["part", "x_mm", "y_mm", "z_mm", "weight_mm2", "section_mm2", "middle_x_mm", "middle_y_mm", "middle_z_mm"])
        writer.writerows(out)


if __name__ == "__main__":
    main()
