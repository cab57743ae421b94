"""A plan folder read back as the plan it was written from."""

from __future__ import annotations

import io
import json
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from allocator.errors import UsageError
from allocator.plan import Certificate, Plan

if TYPE_CHECKING:
    import pandas as pd

PROVED = (
    "objective",
    "reference_objective",
    "bound",
    "certified_bound",
    "curve_error",
    "true_objective",
    "root_bound",
    "integer",
    "price_of_money",
)
"""What ``plan.json`` says of how good the plan is, by the names of the certificate."""


WORDS = {
    "programme",
    "label",
    "sector",
    "place",
    "pool",
    "from_pool",
    "to_pool",
    "rule",
    "outcome",
    "segment",
    "resource",
    "option",
    "group",
    "contract",
    "provider",
    "type",
    "state",
    "income",
    "part",
    "measure",
    "sense",
    "kind",
    "name",
    "why",
    "item",
    "step",
    "needs",
    "decided_by",
    "list",
}
"""Columns that hold words, even where those are all digits."""


def written_plan(path: str | PathLike[str]) -> Plan:
    """Read a folder that ``solve --out`` wrote.

    Parameters
    ----------
    path : path
        The folder, or the ``plan.json`` in it.

    Raises
    ------
    UsageError
        When there is no such plan, or its files cannot be read.
    """
    where = Path(path)
    folder = where.parent if where.name == "plan.json" else where
    if not (folder / "plan.json").is_file():
        raise UsageError(
            f"{where} is not a plan that was solved: it has no plan.json. Write one with "
            "'allocator solve INSTANCE --out FOLDER'."
        )
    try:
        record = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
        tables = {file.stem: _table(file) for file in sorted(folder.glob("*.csv"))}
        return _plan(record, tables)
    except OSError as error:
        raise UsageError(f"{folder} cannot be read: {error.strerror or error}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{folder} is not a plan as it was written: {error}. Solve again with --out."
        ) from error


def _plan(record: dict[str, Any], tables: dict[str, pd.DataFrame]) -> Plan:
    years = tables["allocation"]["year"].nunique()
    for needed in ("outcomes", "rules"):
        tables[needed]
    return Plan(
        status=record["status"],
        verified=record["verified"],
        max_violation=record["max_violation"],
        certificate=Certificate(**{name: record[name] for name in PROVED}, years=years),
        tables=tables,
        weak_share=record["weak_share"],
        conflict=tuple(record["conflict"]),
        **{name: record[name] for name in ("model", "solver", "seconds", "instance", "versions")},
    )


def _table(file: Path) -> pd.DataFrame:
    """A table with the types it was written with."""
    import pandas as pd

    text = io.StringIO(file.read_text(encoding="utf-8-sig"))
    table = pd.read_csv(text, dtype=str, keep_default_na=False)
    return pd.DataFrame({c: _typed(str(c), table[c].tolist()) for c in table}, index=table.index)


def _typed(name: str, cells: list[str]) -> list[Any]:
    """Cells of a column as numbers, flags or words, whichever they are."""
    if name in WORDS:
        return cells
    if cells and set(cells) <= {"yes", "no"}:
        return [cell == "yes" for cell in cells]
    for kind in (int, lambda cell: float(cell or "nan")):
        try:
            return [kind(cell) for cell in cells]
        except ValueError:
            continue
    return cells
