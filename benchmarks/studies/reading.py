"""What reading a large round costs: seconds of processor time, and memory at its most."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

OPTIONS = 4_000
GROUP = 10
RESOURCES = 10
YEARS = (2025, 2026, 2027, 2028, 2029)
ROWS = 100_000

_ONE = """
import sys, time
from benchmarks.suite.memory import peak
import allocator
began = time.process_time()
instance = allocator.read(sys.argv[1])
print(time.process_time() - began, peak() or 0, sum(map(len, instance.rows.values())))
"""


def write_round(folder: Path, rows: int = ROWS, options: int = OPTIONS) -> None:
    """Write a round with options in groups that share resources, and so many rows in all.

    Parameters
    ----------
    folder : Path
    rows : int
        Rows of all tables together, about.
    options : int
        How many; :data:`GROUP` of them in each group, one of which must be taken.
    """
    programmes = max(80, int((rows - options * (RESOURCES + 2.25)) / 11.5))
    tables: dict[str, tuple[tuple[str, ...], Sequence[tuple[object, ...]]]] = {
        "programmes": _programmes(programmes),
        "budgets": (("pool", "amount"), [("NHS", 120 * programmes)]),
        "outcomes": (("outcome", "weight"), [("Value", 1)]),
        "responses": (
            ("programme", "outcome", "per_unit"),
            [(f"P{n}", "Value", 0.01 + n % 7) for n in range(programmes)],
        ),
        "limits": _limits(programmes),
        "demand": (
            ("programme", "year", "demand"),
            [(f"P{n}", y, 90 + n % 9) for n in range(0, programmes, 2) for y in YEARS],
        ),
        "resources": (("resource",), [(f"R{r}",) for r in range(RESOURCES)]),
        "capacity": (
            ("resource", "amount"),
            [(f"R{r}", 60 * options + 200 * programmes) for r in range(RESOURCES)],
        ),
        "use": (
            ("programme", "resource", "per_unit"),
            [(f"P{n}", f"R{(n + r) % RESOURCES}", 0.5) for n in range(programmes) for r in (0, 1)],
        ),
        "options": (
            ("option", "group", "choose", "pool"),
            [(f"O{o}", f"G{o // GROUP}", "exactly_one", "NHS") for o in range(options)],
        ),
        "option_effects": (
            ("option", "measure", "target", "outcome", "value"),
            list(_effects(options, programmes)),
        ),
    }
    settings = f'name = "Large"\nbase_year = 2024\nyears = {list(YEARS)}\n'
    (folder / "instance.toml").write_text(settings, encoding="utf-8")
    for name, (columns, cells) in tables.items():
        lines = [",".join(columns), *(",".join(map(str, row)) for row in cells)]
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _programmes(count: int) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    rows = [(f"P{n}", f"S{n % 9}", "NHS", 100, "no") for n in range(count)]
    return ("programme", "sector", "pool", "baseline", "held"), list(rows)


def _limits(count: int) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    rows = [(f"P{n}", y, 0.5, 1.5) for n in range(count) for y in YEARS]
    return ("programme", "year", "min", "max"), list(rows)


def _effects(options: int, programmes: int) -> Iterator[tuple[object, ...]]:
    for o in range(options):
        yield f"O{o}", "outcome", f"P{o % programmes}", "Value", 1 + o % 13
        for r in range(RESOURCES):
            yield f"O{o}", "capacity", f"R{r}", "", -(1 + (o + r) % 50)
        if o % 4 == 0:
            yield f"O{o}", "demand", f"P{o % (programmes // 40) * 2}", "", -(1 + o % 3) / 10


def measured(folder: Path) -> tuple[float, float, int]:
    """Seconds of processor time, megabytes at the most, and rows of one reading, in a process."""
    command = [sys.executable, "-c", _ONE, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, memory, rows = done.stdout.split()
    return float(seconds), int(memory) / 2**20, int(rows)


def main(arguments: Sequence[str]) -> int:
    """Write a large round, read it a few times and say what that took."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks reading", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of all tables, about")
    parser.add_argument("--options", type=int, default=OPTIONS, help="yes-or-no decisions")
    parser.add_argument("--repeats", type=int, default=3, help="readings, each in a process")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_round(folder, asked.rows, asked.options)
        found = [measured(folder) for _ in range(asked.repeats)]
    seconds = statistics.median(s for s, _, _ in found)
    memory = max(m for _, m, _ in found)
    print(
        f"{found[0][2]:,} rows, {asked.options:,} options in {asked.options // GROUP:,} groups, "
        f"{RESOURCES} capacities: {seconds:.2f} s of processor time (median of {len(found)}), "
        f"{memory:,.0f} MB at the most"
    )
    return 0
