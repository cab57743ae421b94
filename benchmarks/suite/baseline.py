"""Run what continuous integration compares with ``xs.jsonl`` beside this file.

``python -m benchmarks baseline FILE`` writes a new result file: programmes of size XS, the
HiGHS algorithms and layers of the ordinary installation, nothing that differs from run to run.
Then ``python -m benchmarks compare benchmarks/baseline/xs.jsonl FILE --other-machine`` says what
got worse. To renew the baseline, run it with that file's own name and commit the result.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import ROOT
from benchmarks.suite import runner

COMMITTED = ROOT / "benchmarks" / "baseline" / "xs.jsonl"

LINEAR = (
    "knapsack",
    "concave",
    "maxmin",
    "carryover",
    "systems",
    "sweep",
    "planted",
    "planted-degenerate",
)
INTEGER = ("s-shaped", "adopt", "contracts", "integration", "planted-whole")
PATHOLOGY = ("overspent", "hidden-conflict", "parity", "unbounded", "ties", "scaling")


class Part(NamedTuple):
    """Families, and who is run on all of them."""

    families: tuple[str, ...]
    solvers: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()


PARTS = (
    Part(LINEAR, ("highs-simplex", "highs-ipx", "allocator")),
    # on the others it takes seconds to minutes, or stops short of the tolerance
    Part(("knapsack", "concave", "maxmin", "planted-degenerate"), ("highs-pdlp",)),
    Part((*INTEGER, *PATHOLOGY), ("highs", "allocator")),
    Part(("systems", "contracts", "integration"), (), ("ours", "numpy", "pyomo")),
)

ASKED = ("--size", "XS", "--repeats", "1", "--permutations", "1", "--no-timing")


def main(arguments: Sequence[str]) -> int:
    """Write the result file, in the place of what was there.

    Returns
    -------
    int
        0 all runs are in the file; otherwise what the runner said, and nothing is replaced.
    """
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks baseline",
        description="Run what continuous integration compares with the committed results.",
    )
    parser.add_argument("out", type=Path, help=f"result file; {COMMITTED.name} here: renew it")
    out: Path = parser.parse_args(arguments).out
    with tempfile.TemporaryDirectory(prefix="baseline-") as folder:
        made = Path(folder) / "new.jsonl"
        for part in PARTS:
            named = zip(("--family", "--solver", "--layer"), part, strict=True)
            asked = [word for flag, who in named if who for word in (flag, ",".join(who))]
            status = runner.main([*asked, *ASKED, "--out", str(made), "--work", folder])
            if status:
                return status
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(made.read_bytes())
    return 0
