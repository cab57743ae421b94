"""Programmes of the suite as exact MPS files: ``python -m benchmarks export``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from allocator.solver.mps import MpsError
from benchmarks.command import meant, names, refuse
from benchmarks.suite.families.registry import FAMILIES
from benchmarks.suite.mps import write_mps
from benchmarks.suite.problem import Problem


def main(arguments: Sequence[str]) -> int:
    """Write what the arguments name; return the exit status (2: they name nothing)."""
    options = _parser().parse_args(arguments)
    unknown = sorted(set(options.family) - set(FAMILIES))
    if unknown:
        hint = meant(FAMILIES, unknown[0])
        words = f"no family {unknown[0]}.{hint} `python -m benchmarks run --list` has all."
        return refuse("export", words)
    asked = [(FAMILIES[name], size) for name in options.family for size in options.size]
    there = [(family, size) for family, size in asked if size in family.sizes]
    if not there:
        have = ", ".join(f"{family.name}: {' '.join(family.sizes)}" for family, _ in asked[:3])
        return refuse("export", f"no such size ({have}).")
    options.out.mkdir(parents=True, exist_ok=True)
    for family, size in there:
        problem = family.make(size, options.seed)
        path = options.out / f"{problem.name}.mps{'.gz' if options.gzip else ''}"
        try:
            write_mps(problem, path)
        except MpsError as fault:
            return refuse("export", f"{problem.name} has no form in MPS: {fault}.")
        print(_told(problem, path), flush=True)
    return 0


def _told(problem: Problem, path: Path) -> str:
    rows, columns = problem.shape
    known = problem.status if problem.status not in ("", "optimal") else "optimum not known"
    if problem.optimum is not None:
        known = f"optimum {problem.optimum!r}"
    return (
        f"{path}\n  {rows:,} rows, {columns:,} columns, {problem.matrix.nnz:,} nonzeros, "
        f"{int(problem.integer.sum()):,} integers; {known}\n  sha256 {problem.sha256}"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks export",
        description="Write programmes as MPS files from which every bit can be read back. What is"
        " known of a programme, and the hash of its arrays, is in the first line, a comment.",
    )
    add = parser.add_argument
    add("--family", type=names, required=True, help="families, by comma")
    add("--size", type=names, default=["XS"], help="XS, S, M, L, XL, by comma (XS)")
    add("--seed", type=int, default=0, help="of the generators (0)")
    add("--out", type=Path, default=Path(), help="folder to write to (the current one)")
    add("--gzip", action="store_true", help="compress")
    return parser
