#!/usr/bin/env python3
"""Mechanostat and ParOSol in turns on the same cubes, the same cores.

    apt install openmpi-bin; pip install parosol-py numpy
    python3 benches/parosol.py --mechanostat target/release/mechanostat --cubes 32,64

ParOSol (ETH Zurich, GPL) runs as a process of its own; nothing here links it. Both solve `smooth` and
`gyroid` of `mechanostat bench mechanics` from zero. Seconds: ParOSol's own "Overall" and "Solving", and
Mechanostat's solve with its coarse operators. ParOSol computes in f64; its residual is relative to the first one.
"""

import argparse
import json
import math
import os
import re
import subprocess
import sys

import numpy as np


def density(field, n):
    """Relative density [z, y, x] of the cube, as src/command/bench_mechanics.rs has it."""
    x = np.arange(n) + 0.5
    axes = x[None, None, :], x[None, :, None], x[:, None, None]
    around = list(zip(axes, axes[1:] + axes[:1]))
    if field == "smooth":
        turn = 2 * math.pi / n
        wave = sum(np.sin(2 * turn * a) * np.cos(turn * b) for a, b in around)
        return 0.525 + 0.475 * np.clip(wave / 1.5, -1, 1)
    turn = 2 * math.pi / 16
    wave = sum(np.sin(turn * a) * np.cos(turn * b) for a, b in around)
    return np.where(wave > 0, 1.0, 0.01)


def parosol(field, n, tolerance, ranks):
    """Runs ParOSol in a fresh interpreter, because it prints from C++; its figures."""
    print_run = (
        "import sys; sys.path.insert(0, sys.argv[1]); import parosol as p; "
        "p.solve_with_parosol(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", print_run, os.path.dirname(os.path.abspath(__file__)), field]
        + [str(n), str(tolerance), str(ranks)],
        capture_output=True,
        text=True,
        env={**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"},
    )
    found = {
        name: re.search(pattern + r":\s*([-+0-9.e]+)", done.stdout)
        for name, pattern in [
            ("iterations", "Nr of It"),
            ("residual", "Relative residuum"),
            ("overall", "Overall"),
            ("solving", "Solving"),
        ]
    }
    if done.returncode or None in found.values():
        sys.exit(f"ParOSol failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return {name: float(match[1]) for name, match in found.items()}


def solve_with_parosol(field, n, tolerance, ranks):
    """One face clamped, 1 MPa of traction on the other, E = 15 000 ρ² MPa, ν = 0.3."""
    import parosol_py

    nodes = [(x, y) for y in range(n + 1) for x in range(n + 1)]
    edge = [0.5 if i in (0, n) else 1.0 for i in range(n + 1)]
    held = [(x, y, 0, k) for x, y in nodes for k in range(3)]
    loaded = [(x, y, n, 2) for x, y in nodes]
    result = parosol_py.solve(
        material=(15000 * density(field, n) ** 2).astype(np.float32),
        spacing=(1.0, 1.0, 1.0),
        boundary_conditions=parosol_py.BoundaryConditionSet(
            np.array(held, np.uint16),
            np.zeros(len(held), np.float32),
            np.array(loaded, np.uint16),
            np.array([edge[x] * edge[y] for x, y in nodes], np.float32),
        ),
        tolerance=tolerance,
        mpi_processes=ranks,
    )
    print(getattr(result, "stdout", ""))


def mechanostat(program, sizes):
    done = subprocess.run(
        [program, "bench", "mechanics", "--json", "--cubes", ",".join(map(str, sizes))],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"mechanostat failed: {done.stderr}")
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--mechanostat", default="mechanostat", help="the program to run")
    parser.add_argument("--cubes", default="32,64", help="voxels along the edges")
    parser.add_argument("--ranks", type=int, default=os.cpu_count(), help="ParOSol's MPI processes")
    parser.add_argument("--tolerance", type=float, default=1e-3, choices=[1e-3, 1e-5])
    parser.add_argument("--turns", type=int, default=2)
    args = parser.parse_args()
    sizes = [int(n) for n in args.cubes.split(",")]
    print(f"| turn | field | size | program | iterations | residual | seconds |\n|{'---|' * 7}")
    for turn in range(1, args.turns + 1):
        for field in ("smooth", "gyroid"):
            for n in sizes:
                p = parosol(field, n, args.tolerance, args.ranks)
                print(
                    f"| {turn} | {field} | {n} | ParOSol, {args.ranks} ranks | {p['iterations']:.0f} "
                    f"| {p['residual']:.1e} | {p['overall']:.2f} ({p['solving']:.2f} of it solving) |",
                    flush=True,
                )
        report = mechanostat(args.mechanostat, sizes)
        for row in report["solves"]:
            if row["start"] == "zero" and row["tolerance"] == args.tolerance:
                print(
                    f"| {turn} | {row['field']} | {row['voxels'][0]} | Mechanostat, {report['adapter']} "
                    f"| {row['iterations']} | {row['true_residual']:.1e} | {row['seconds']:.2f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
