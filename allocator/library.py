"""What a person calls with plans and folders in hand, each of which is understood."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from allocator.calls import told
from allocator.errors import InstanceError, Problem, UsageError
from allocator.evaluate import Evaluation, Round
from allocator.evaluate import evaluate as judge
from allocator.evaluate.tolerances import DEFAULT_TOLERANCE
from allocator.instance import instance as instances
from allocator.instance.evidence import with_evidence
from allocator.instance.instance import Instance, instance_of
from allocator.plan import Plan
from allocator.report.files import folder as plans
from allocator.report.files.plans import plan_of_folder
from allocator.words import kind_of

if TYPE_CHECKING:
    import pandas as pd


@told
def evaluate(
    instance: Instance | Round | str | PathLike[str],
    plan: Plan | Mapping[str, pd.DataFrame] | pd.DataFrame | str | PathLike[str],
    *,
    tolerance: float = DEFAULT_TOLERANCE,
) -> Evaluation:
    """Recompute a plan from the tables of its instance alone.

    Parameters
    ----------
    instance : Instance, Round or path
        A path is read. A Round is what an instance says, read once for many plans.
    plan : Plan, mapping of str to DataFrame, DataFrame, or path
        A plan that was solved or read, which is judged by the evidence it believes; its tables
        by name, of which ``allocation`` (programme, year, activity) is needed; that table
        alone; or a plan folder or a CSV of it.
    tolerance : float
        As for :func:`allocator.evaluate.recompute.evaluate`, which also says what else the
        tables may hold.

    Returns
    -------
    Evaluation

    Raises
    ------
    InstanceError
        With every problem of the plan, or of the instance at a path.
    UsageError
        For a plan of another kind, or one that was not found.
    """
    known = instance if isinstance(instance, Round) else instance_of(instance, "evaluate")
    if isinstance(known, Instance) and isinstance(plan, Plan):
        known = with_evidence(known, plan.instance.get("evidence") or "central")
    noted: list[Problem] = []
    draft = _tables(plan, noted)
    try:
        found = judge(known, draft, tolerance=tolerance)
    except InstanceError as error:
        if isinstance(plan, str | PathLike):
            raise plans.located(error, draft, plan, noted) from None
        raise
    if noted:
        raise InstanceError(noted)
    return found


def _tables(plan: object, noted: list[Problem]) -> Mapping[str, pd.DataFrame]:
    """Tables of whatever stands for a plan."""
    import pandas as pd

    if isinstance(plan, Plan):
        if not plan.found:
            raise UsageError(f"there is no plan to evaluate: status {plan.status}")
        return plan.tables
    if isinstance(plan, pd.DataFrame):
        return {"allocation": plan}
    if isinstance(plan, Mapping):
        return plan
    if isinstance(plan, str | PathLike):
        return plans.read_plan(plan, noted=noted)
    raise UsageError(
        f"evaluate takes a plan, its tables by name, its allocation alone, or a plan folder, "
        f"not {kind_of(plan)}"
    )


@told
def write(what: Instance | Plan, folder: str | PathLike[str], *, overwrite: bool = False) -> None:
    """Write an instance or a plan as a folder, completely or not at all.

    An instance becomes ``instance.toml`` and one CSV a table that has rows; columns in which
    every row has the default are left out. A plan becomes ``plan.json`` and one CSV a table.
    Reading the folder gives the same again (:func:`read`, :func:`read_plan`).

    Parameters
    ----------
    what : Instance or Plan
    folder : path
        Folder to make. It may exist when it is empty.
    overwrite : bool
        Replace the instance or the plan in the folder. Files that are no part of an instance
        stay; a folder with files that are no part of a plan is refused.

    Raises
    ------
    UsageError
        When the folder holds something else, or cannot be written, or there is no plan.
    """
    if isinstance(what, Instance):
        instances.write(what, folder, overwrite=overwrite)
    elif isinstance(what, Plan):
        if not what.found:
            raise UsageError(f"there is no plan to write: status {what.status}")
        plans.write_plan(what, None, Path(folder), overwrite=overwrite)
    else:
        raise UsageError(f"write takes an instance or a plan, not {kind_of(what)}")


@told
def read_plan(folder: str | PathLike[str]) -> Plan:
    """Read a plan that was written with all its tables, by ``solve --out`` or :func:`write`.

    Parameters
    ----------
    folder : path
        Plan folder, or the ``plan.json`` in it.

    Returns
    -------
    Plan
        As it was written: status, certificate and tables. That somebody has changed them since
        is not noticed; :func:`evaluate` judges what they say now.

    Raises
    ------
    InstanceError
        With every cell that is not of its column's kind.
    UsageError
        When there is no such plan. (To judge tables made by hand, give their folder to
        :func:`evaluate`.)
    """
    try:
        return plan_of_folder(Path(folder))
    except TypeError as error:
        raise UsageError(f"read_plan takes a plan folder, not {kind_of(folder)}") from error
