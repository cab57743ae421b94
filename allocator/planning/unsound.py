"""What is handed over where a solution fails its check: no plan, but what shows why."""

from __future__ import annotations

import io
import json
import zipfile

import pandas as pd

from allocator.errors import UnsoundError
from allocator.instance.instance import Instance
from allocator.instance.reading.writer import texts_of
from allocator.instance.tables.guard import guarded
from allocator.planning.attempt import Attempt


def unsound(instance: Instance, attempt: Attempt) -> UnsoundError:
    """The error, with the round, the solution and what it breaks in a zip."""
    plan, checked = attempt.plan, attempt.checked
    files = {f"round/{k}": v for k, v in texts_of(instance.settings, instance.rows).items()}
    tables = {f"found/{name}": table for name, table in plan.tables.items()}
    first = ""
    if checked is not None:
        tables["violations"] = checked.violations
        first = f" {checked.violations['message'].iloc[0]}" if len(checked.violations) else ""
    files |= {f"{name}.csv": _csv(table) for name, table in tables.items()}
    record = {"status": plan.status, "model": plan.model, "solver": plan.solver}
    files["solve.json"] = json.dumps(record, default=str, indent=1)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    said = f"two solvers gave a solution that the independent check refuses.{first}"
    return UnsoundError(f"{said} There is no plan.", packed.getvalue())


def _csv(table: pd.DataFrame) -> str:
    safe = table.map(lambda cell: guarded(cell) if isinstance(cell, str) else cell)
    text: str = safe.to_csv(index=False)
    return text
