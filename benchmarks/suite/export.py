"""Programmes of the suite as exact MPS files: ``python -m benchmarks export``."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.suite.mps import MpsError, write_mps
from benchmarks.suite.problem import Problem


def main(arguments: Sequence[str]) -> int:
    """Write what the arguments name; return the exit status (2: they name nothing)."""
    from benchmarks.suite.families.registry import FAMILIES

    options = _parser().parse_args(arguments)
    unknown = sorted(set(options.family) - set(FAMILIES))
    if unknown:
        near = difflib.get_close_matches(unknown[0], FAMILIES, 1, 0.4)
        hint = f" Did you mean {near[0]}?" if near else ""
        return _refuse(f"no family {unknown[0]}.{hint} `python -m benchmarks run --list` has all.")
    asked = [(FAMILIES[name], size) for name in options.family for size in options.size]
    there = [(family, size) for family, size in asked if size in family.sizes]
    if not there:
        have = ", ".join(f"{family.name}: {' '.join(family.sizes)}" for family, _ in asked[:3])
        return _refuse(f"no such size ({have}).")
    options.out.mkdir(parents=True, exist_ok=True)
    for family, size in there:
        problem = family.make(size, options.seed)
        path = options.out / f"{problem.name}.mps{'.gz' if options.gzip else ''}"
        try:
            write_mps(problem, path)
        except MpsError as fault:
            return _refuse(f"{problem.name} has no form in MPS: {fault}.")
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


def _refuse(words: str) -> int:
    print(f"benchmarks export: {words}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks export",
        description="Write programmes as MPS files from which every bit can be read back. What is"
        " known of a programme, and the hash of its arrays, is in the first line, a comment.",
    )
    add = parser.add_argument
    add("--family", type=_names, required=True, help="families, by comma")
    add("--size", type=_names, default=["XS"], help="XS, S, M, L, XL, by comma (XS)")
    add("--seed", type=int, default=0, help="of the generators (0)")
    add("--out", type=Path, default=Path(), help="folder to write to (the current one)")
    add("--gzip", action="store_true", help="compress")
    return parser


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
