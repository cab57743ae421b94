"""Write the programme of an instance for other programs to read: MPS, LP or Pyomo."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np

from allocator.calls import told
from allocator.errors import UsageError
from allocator.instance.instance import Instance, instance_of
from allocator.instance.reading.folder import write_file
from allocator.solver.mps import OBJECTIVE, mps_pieces
from allocator.solver.program import Program

FORMATS = ("mps", "lp", "pyomo")

GZIP = 31
"""What zlib calls the format of ``.gz`` files."""


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes
    ----------
    path : Path
        The file.
    fmt : str
        Its format.
    rows, columns, whole, held : int or None
        Rows and columns of the programme, the columns that are whole numbers, and those fixed
        because they hold a programme at the reference plan. None for ``pyomo``, a script that
        works them out.
    objective : float or None
        What another solver should find: the worth of the best plan, to within the gap it was
        searched to where there are whole numbers. None where there is no plan, and for
        ``pyomo``.
    bound : float or None
        What no solver can find more than.
    """

    path: Path
    fmt: str
    rows: int | None = None
    columns: int | None = None
    whole: int | None = None
    held: int | None = None
    objective: float | None = None
    bound: float | None = None

    def __fspath__(self) -> str:
        return str(self.path)


@told
def export(
    instance: Instance | str | PathLike[str], path: str | PathLike[str], fmt: str | None = None
) -> Exported:
    """Write the programme of an instance to a file.

    The programme is the one a plan is the best of: programmes that are held are fixed at the
    reference plan, everything else is open, and decisions are whole numbers, so any solver can
    find the plan's objective for itself. Where there is no plan it is the programme as
    compiled.

    Parameters
    ----------
    instance : Instance or path
        A path is read.
    path : path
        File to write, completely or not at all; ``.gz`` at the end compresses it.
    fmt : {'mps', 'lp', 'pyomo'}, optional
        ``mps`` and ``lp`` hold every number to the last digit under readable names;
        ``pyomo`` is a script that builds the Pyomo model from the instance. Taken from
        the ending of `path` when not given (``.mps``, ``.lp``, ``.py``).

    Returns
    -------
    Exported
        The file, and what to expect of it.

    Raises
    ------
    UsageError
        For an unknown format, a folder that does not exist, or a file that cannot be written.
    """
    instance = instance_of(instance, "export")
    target = Path(path)
    fmt = fmt or _by_ending(target)
    if fmt not in FORMATS:
        raise UsageError(f"format {fmt!r} is not one of {', '.join(FORMATS)}")
    if not target.parent.is_dir():
        raise UsageError(f"there is no folder {target.parent} to write {target.name} in")
    if fmt == "pyomo":
        _write(target, _ended(_script(instance)))
        return Exported(target, fmt)
    from allocator.planning.formulation import held_program  # loads Pyomo and the solver

    found = held_program(instance)
    program = found.program
    _write(target, mps_text(program) if fmt == "mps" else _ended(lp_lines(program)))
    rows, columns = program.shape
    fixed = (program.col_lower == program.col_upper)[_activity(program)]
    return Exported(
        target,
        fmt,
        rows,
        columns,
        int(program.integer.sum()),
        int(fixed.sum()),
        found.objective,
        found.bound,
    )


def _activity(program: Program) -> slice:
    block = program.block("activity")
    return slice(0, 0) if block is None else block.span


def _by_ending(path: Path) -> str:
    ending = path.name.removesuffix(".gz").rpartition(".")[2].lower()
    return {"py": "pyomo"}.get(ending, ending)


def _ended(lines: Iterator[str]) -> Iterator[str]:
    return (f"{line}\n" for line in lines)


def _write(path: Path, pieces: Iterator[str]) -> None:
    write_file(_packed(pieces) if path.suffix == ".gz" else (p.encode() for p in pieces), path)


def _packed(pieces: Iterator[str]) -> Iterator[bytes]:
    """Text packed as gzip does, always in the same bytes."""
    packed = zlib.compressobj(wbits=GZIP)
    for piece in pieces:
        yield packed.compress(piece.encode())
    yield packed.flush()


def _names(names: list[str], spoil: str, kind: str) -> list[str]:
    """Names without characters the format gives a meaning to, each still its own."""
    out: list[str] = []
    seen: dict[str, int] = {}
    for name in names:
        clean = re.sub(spoil, "_", name.replace("[", "(").replace("]", ")"))
        clean = clean if clean[:1].isalpha() else f"{kind}_{clean}"
        count = seen.get(clean, 0)
        seen[clean] = count + 1
        out.append(f"{clean}~{count}" if count else clean)
    return out


def _number(value: float) -> str:
    return repr(float(value))


def mps_text(program: Program) -> Iterator[str]:
    """Free-format MPS, every number with all its digits."""
    rows = _names([OBJECTIVE, *program.row_names()], r"\s", "r")[1:]
    columns = _names(program.column_names(), r"\s", "c")
    return mps_pieces(program, re.sub(r"\W", "_", program.name), rows, columns)


def lp_lines(program: Program) -> Iterator[str]:
    """CPLEX LP format, every number with all its digits."""
    rows = _names(program.row_names(), r"[^\w!\"#$%&(),.;?@{}~']", "r")
    columns = _names(program.column_names(), r"[^\w!\"#$%&(),.;?@{}~']", "c")
    yield f"\\ {program.name}"
    yield "Maximize" if program.maximise else "Minimize"
    some = np.flatnonzero(program.cost)
    yield " objective:"
    yield from _lp_terms(program.cost[some], [columns[j] for j in some])
    yield f"  {_signed(program.offset)} constant_one"
    yield "Subject To"
    matrix = program.matrix.sorted_indices()
    for i, name in enumerate(rows):
        span = slice(matrix.indptr[i], matrix.indptr[i + 1])
        names = [columns[j] for j in matrix.indices[span]]
        low, high = float(program.row_lower[i]), float(program.row_upper[i])
        sides = [("=", low, "")] if low == high else []
        if not sides and not np.isinf(low):
            sides.append((">=", low, ""))
        if low != high and not np.isinf(high):
            sides.append(("<=", high, "_upper" if sides else ""))
        for sense, side, tail in sides:
            yield f" {name}{tail}:"
            yield from _lp_terms(matrix.data[span], names)
            yield f"  {sense} {_number(side)}"
    yield "Bounds"
    yield " constant_one = 1"
    for name, lower, upper in zip(columns, program.col_lower, program.col_upper, strict=True):
        yield f" {_bound(lower)} <= {name} <= {_bound(upper)}"
    binary = program.integer & (program.col_lower == 0.0) & (program.col_upper == 1.0)
    for heading, which in (("General", program.integer & ~binary), ("Binary", binary)):
        if which.any():
            yield heading
            yield from (f" {columns[j]}" for j in np.flatnonzero(which))
    yield "End"


def _signed(value: float) -> str:
    return f"{'-' if value < 0 else '+'} {_number(abs(value))}"


def _lp_terms(coefficients: np.ndarray, names: list[str]) -> Iterator[str]:
    for value, name in zip(coefficients, names, strict=True):
        yield f"  {_signed(value)} {name}"


def _bound(value: float) -> str:
    if np.isinf(value):
        return "-inf" if value < 0 else "+inf"
    return _number(value)


def _script(instance: Instance) -> Iterator[str]:
    origin = instance.origin or "path/to/instance"
    case = instance.settings.evidence or "central"
    yield f'"""Pyomo model of {instance.settings.name}, expanded row by row."""'
    yield ""
    yield "import allocator"
    yield "from allocator.instance.evidence import with_evidence"
    yield "from allocator.planning.formulation import build"
    yield "from allocator_models.arrays import expand"
    yield ""
    yield f"instance = with_evidence(allocator.read({origin!r}), {case!r})"
    yield "data, model = build(instance)"
    yield "expand(model)"
    yield "held = allocator.solve(instance).allocation.query('held')"
    yield "for row in held.itertuples():"
    yield "    model.activity[row.programme, row.year].fix(row.activity)"
    yield ""
    yield 'if __name__ == "__main__":'
    yield "    model.pprint()"
