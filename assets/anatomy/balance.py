#!/usr/bin/env python3
"""Share what the hip and the ankle bear at the peaks of activities among their muscles.

    pip install numpy scipy
    python3 balance.py            # reads and writes beside itself; a second

reads muscles.csv and muscle-paths.csv and writes muscle-forces.csv: the force of each part of a muscle at the
peak of an activity, % of body weight. What is known is the joint's force on the femur's head (Bergmann 2001,
2016) and about what the ground and the leg's weight do; what is asked for is the least sum of squares of force
over peak isometric force for which the leg is in balance:
    sum of muscles + joint + ground and weight = 0, and likewise their moments about the head's centre.
The joint's force has no moment about the centre. Ground and weight act as one force at a height of the ankle;
how large it is, and where it passes the hip, may differ from what is usual as far as `loose` says. Muscles
pull as they do in a person who stands, but the pelvis is bent over the femur as far as in the activity.
"""

import csv
import os

import numpy as np
from scipy.optimize import lsq_linear

HERE = os.path.dirname(os.path.abspath(__file__))
ANKLE = -780.0
# Flexion of the hip and inclination of the thigh, knee to the front, degrees; the joint's force on the head in the
# femur's frame; ground and weight of the leg as they stand upright (1.1 or 1 less 0.16 of body weight upwards,
# braking, towards the middle), % of body weight; and their moment about the hip, % of body weight times m: x bends
# it, y turns the leg towards the middle (Winter: 0.9 Nm/kg early in stance are 9), z turns it about itself.
ACTIVITIES = {
    "walking": (20, 15, [29.7, -27.4, -234.3], [-5, -10, 92], [4, 9, 0]),
    "stairs": (45, 35, [34.8, -54.9, -242.5], [-5, -4, 92], [7, 8, 0]),
    "standing on one leg": (5, 0, [46.7, -8.8, -255.5], [-3, 0, 84], [0, 9, 0]),
}
LOOSE = (6.0, 2.0)


def table(name):
    with open(os.path.join(HERE, name), newline="") as file:
        return list(csv.DictReader(file))


def bent(p, degrees):
    s, c = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    return np.array([p[0], c * p[1] + s * p[2], c * p[2] - s * p[1]])


def lines(flexion):
    """Of each part that crosses the hip: where it leaves the leg, and which way it pulls the leg."""
    paths = {}
    for row in table("muscle-paths.csv"):
        paths.setdefault(row["part"], []).append((row["body"], np.array([float(row[k]) for k in ("x_mm", "y_mm", "z_mm")])))
    found = {}
    for row in table("muscles.csv"):
        path = paths.get(row["part"], [])
        if row["scene"] != "hip" or not path or path[0][0] != "pelvis":
            continue
        last = max(k for k, (body, _) in enumerate(path) if body == "pelvis")
        on_pelvis, on_leg = bent(path[last][1], flexion), path[last + 1][1]
        pull = on_pelvis - on_leg
        found[row["part"]] = (on_leg, pull / np.linalg.norm(pull), float(row["force_N"]), row["muscle"], row["group"])
    return found


# The ground under the ball of the foot late in stance, % of body weight, and where, mm (1.4 Nm/kg about the ankle);
# and under the heel at its strike, when the muscles in front let the foot down.
PUSH_OFF = ([0, 0, 115], [14, 140, -850])
HEEL_STRIKE = ([0, 0, 100], [8, -10, -850])
TALUS = np.array([11.0, 10.0, -778.0])


def ankle():
    """Muscles across the ankle: they balance the ground's moment that bends it and that tips the foot."""
    paths = {}
    for row in table("muscle-paths.csv"):
        paths.setdefault(row["part"], []).append((row["body"], np.array([float(row[k]) for k in ("x_mm", "y_mm", "z_mm")])))
    parts = {}
    for row in table("muscles.csv"):
        if row["scene"] == "lower-leg":
            path = paths[row["part"]]
            first = min(k for k, (body, _) in enumerate(path) if body == "foot")
            pull = path[first - 1][1] - path[first][1]
            parts[row["part"]] = (path[first][1], pull / np.linalg.norm(pull), float(row["force_N"]) / 7.36, row["group"])
    names = list(parts)
    pull = np.array([parts[n][1] for n in names])
    most = np.array([parts[n][2] for n in names])
    turn = np.cross(np.array([parts[n][0] for n in names]) - TALUS, pull) / 1e3
    out = []
    for activity, (ground, at) in {"walking, push-off": PUSH_OFF, "walking, heel strike": HEEL_STRIKE}.items():
        asked = -np.cross((np.array(at) - TALUS) / 1e3, ground)
        # Ligaments of the hindfoot keep it from tipping too.
        weight = np.array([200.0, 1.0])
        a = np.vstack([turn.T[:2] * weight[:, None], np.diag(1 / most)])
        force = lsq_linear(a, np.r_[asked[:2] * weight, np.zeros(len(names))], (0, most)).x
        left = turn.T[:2] @ force - asked[:2]
        joint = force @ pull + ground
        groups = {}
        for name, f in zip(names, force):
            groups[parts[name][3]] = groups.get(parts[name][3], 0) + f
            out.append([activity, name, f"{f:.3f}"])
        print(activity, "left over", left.round(3), "% BW m; joint", joint.round(0), "% BW; groups", {k: round(v, 1) for k, v in groups.items()})
        print("   ", {k: round(v, 1) for k, v in zip(names, force) if v > 0.5}, "fullest", round((force / most).max(), 2))
    return out


def main():
    out = []
    for activity, (flexion, thigh, joint, ground, moment) in ACTIVITIES.items():
        parts = lines(flexion)
        names = list(parts)
        at = np.array([parts[n][0] for n in names]) / 1e3
        pull = np.array([parts[n][1] for n in names])
        most = np.array([parts[n][2] for n in names]) / 7.36  # % of 75 kg
        turn = np.cross(at, pull)
        joint, ground, moment = np.array(joint, float), bent(np.array(ground, float), thigh), np.array(moment, float)
        n = len(names)
        # Unknowns: forces of the muscles, ground (3), moment of the ground (3).
        balance = np.zeros((6, n + 6))
        balance[:3, :n], balance[3:, :n] = pull.T, turn.T
        balance[:3, n : n + 3], balance[3:, n + 3 :] = np.eye(3), np.eye(3)
        wanted = np.r_[-joint, np.zeros(3)]
        scale = np.r_[np.full(3, 10.0), np.full(3, 200.0)]
        wish = np.r_[np.full(3, 0.3 / LOOSE[0]), np.full(3, 0.3 / LOOSE[1])]
        z = ANKLE / 1e3
        # A force has no say of its own in the moment about itself: that follows from where it passes.
        for _ in range(50):
            wish[5] = 20.0
            cheap = np.diag(np.r_[1 / most, wish])
            a = np.vstack([balance * scale[:, None], cheap])
            b = np.r_[wanted * scale, np.zeros(n), wish * np.r_[ground, moment]]
            low = np.r_[np.zeros(n), np.full(6, -np.inf)]
            x = lsq_linear(a, b, (low, np.r_[most, np.full(6, np.inf)])).x
            force, found, turned = x[:n], x[n : n + 3], x[n + 3 :]
            passes = [(z * found[0] - turned[1]) / found[2], (turned[0] + z * found[1]) / found[2]]
            about = passes[0] * found[1] - passes[1] * found[0]
            moment[2] += 0.3 * (about - moment[2])
        ground, moment = found, turned
        left = balance @ x - wanted
        left[5] += about - moment[2]
        groups = {}
        for name, f in zip(names, force):
            groups[parts[name][4]] = groups.get(parts[name][4], 0) + f
            out.append([activity, name, f"{f:.3f}"])
        out.append([activity, "ground and weight", flexion, *joint, *(f"{v:.3f}" for v in (*ground, 1e3 * passes[0], 1e3 * passes[1]))])
        size = np.linalg.norm(joint)
        print(activity, "left over:", np.round(left[:3], 2), "% BW,", np.round(left[3:], 3), f"% BW m; moment {100 * np.linalg.norm(left[3:]) / (0.05 * size):.1f} % of joint x 50 mm")
        print("   ground and weight", ground.round(1), "passes", (1e3 * np.array(passes)).round(), "mm lateral, anterior of the hip; moment", moment.round(2))
        print("   groups", {k: round(v, 1) for k, v in groups.items()})
        print("   ", {k: round(v, 1) for k, v in zip(names, force) if v > 0.5}, "fullest", round((force / most).max(), 2))
    out += ankle()
    with open(os.path.join(HERE, "muscle-forces.csv"), "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["activity", "part", "force_bw"])
        writer.writerows(row[:3] for row in out if row[1] != "ground and weight")
    with open(os.path.join(HERE, "ground-forces.csv"), "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["activity", "flexion_deg", "joint_x_bw", "joint_y_bw", "joint_z_bw", "x_bw", "y_bw", "z_bw", "at_x_mm", "at_y_mm", "at_z_mm"])
        writer.writerows([row[0], *row[2:], f"{ANKLE:g}"] for row in out if row[1] == "ground and weight")


if __name__ == "__main__":
    main()
