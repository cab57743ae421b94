"""The same round under several readings of the evidence, and what all of them agree on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any

import pandas as pd

from allocator.errors import UsageError
from allocator.instance.evidence import CASES
from allocator.instance.instance import Instance, instance_of
from allocator.plan import Plan
from allocator.planning.solve import solve
from allocator.tolerances import ROUNDING

MOVE_AMOUNT = 100_000.0
"""Currency from which a change of spend on a programme is a move."""

MOVE_SHARE = 0.001
"""Share of a programme's spend from which a smaller change is a move all the same."""


@dataclass(frozen=True)
class Comparison:
    """Plans for one round that differ in the evidence they believe.

    Money is in the instance's money unit.

    Attributes
    ----------
    plans : mapping of str to Plan
        By evidence case, in the order asked for.
    cases : pandas.DataFrame
        case, status, verified, objective, reference_objective, gain (each with the figures
        of its own case), moved (most money spent elsewhere than in the reference plan in a
        year), weak_share.
    sectors : pandas.DataFrame
        case, sector, year, baseline, reference, spend.
    changes : pandas.DataFrame
        case, programme, label, sector, year (the first), reference_spend, spend, change
        (spend less reference), move (whether the change is big enough to count).
    moves : pandas.DataFrame
        programme, label, sector, year, direction (more, less; mixed when the cases differ),
        least, most (the range of the change over the cases), survives (a move in the same
        direction in every case that has a plan); those that survive first, the largest
        first. Programmes that move in no case are left out.
    options : pandas.DataFrame
        option, label, case, year, taken; only options that are not taken in the same years
        in every case that has a plan.
    """

    plans: Mapping[str, Plan]
    cases: pd.DataFrame
    sectors: pd.DataFrame
    changes: pd.DataFrame
    moves: pd.DataFrame
    options: pd.DataFrame

    @property
    def complete(self) -> bool:
        """Whether there is a plan in every case; the frames hold only those that have one."""
        return all(plan.found for plan in self.plans.values())


def compare(
    instance: Instance | str | PathLike[str], cases: Sequence[str] = CASES, **options: Any
) -> Comparison:
    """Solve a round under several evidence cases and say which first-year moves survive.

    A change of spend against the case's own reference plan is a move when it is at least
    £0.1m (100,000 of the currency) or 0.1% of the programme's spend. A move survives when
    it is one in every case, in the same direction.

    Parameters
    ----------
    instance : Instance or path
        A path is read. As written: its evidence must not have been chosen yet.
    cases : sequence of {'low', 'central', 'high'}
        At least two, each once.
    **options
        Passed to :func:`allocator.solve`.

    Returns
    -------
    Comparison

    Raises
    ------
    UsageError
        When there are not two different cases, or the instance carries one already.
    KeyboardInterrupt
        When a solve was interrupted, which by itself would return the best plan so far.
    """
    if isinstance(instance, Plan) or isinstance(cases, Plan):
        raise UsageError(
            "compare takes one instance, which it solves by each reading of the evidence; what "
            "compares two plans is compare_plans"
        )
    instance = instance_of(instance, "compare")
    if isinstance(cases, str):
        raise UsageError(f"cases is a list of readings of the evidence, not {cases!r} alone")
    if len(cases) < 2 or len(set(cases)) < len(cases) or not set(cases) <= set(CASES):
        raise UsageError(f"name at least two different cases of {', '.join(CASES)}")
    if instance.settings.evidence:
        raise UsageError(
            f"the instance's figures are those of the case '{instance.settings.evidence}' already; "
            f"compare it as it was written"
        )
    plans: dict[str, Plan] = {}
    for case in cases:
        plans[case] = solve(instance, evidence=case, **options)
        if plans[case].solver.get("interrupted"):
            raise KeyboardInterrupt
    return compared(plans, instance)


def compared(plans: Mapping[str, Plan], instance: Instance) -> Comparison:
    """Compare plans that are there already.

    Parameters
    ----------
    plans : mapping of str to Plan
        By case; plans that were not found appear in ``cases`` only.
    instance : Instance
        The instance they answer.
    """
    first = instance.settings.years[0]
    scale = instance.settings.money_scale
    found = {case: plan for case, plan in plans.items() if plan.found}
    changes = [_changes(plan, first, scale).assign(case=case) for case, plan in found.items()]
    sectors = [plan.sectors().assign(case=case) for case, plan in found.items()]
    every = pd.concat(changes, ignore_index=True) if changes else _no_rows(CHANGES)
    return Comparison(
        plans=plans,
        cases=pd.DataFrame([_case(case, plan) for case, plan in plans.items()]),
        sectors=_ordered(sectors, SECTORS),
        changes=every[list(CHANGES)],
        moves=_moves(every, len(found)),
        options=_options(found),
    )


SECTORS = ("case", "sector", "year", "baseline", "reference", "spend")
CHANGES = (
    "case",
    "programme",
    "label",
    "sector",
    "year",
    "reference_spend",
    "spend",
    "change",
    "move",
)
OPTIONS = ("option", "label", "case", "year", "taken")
MOVES = ("programme", "label", "sector", "year", "direction", "least", "most", "survives")


def _no_rows(columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({column: [] for column in columns})


def _ordered(frames: list[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    if not frames:
        return _no_rows(columns)
    return pd.concat(frames, ignore_index=True)[list(columns)]


def _case(case: str, plan: Plan) -> dict[str, Any]:
    moved = None
    if plan.found:
        year, change = plan.allocation["year"], plan.allocation["change"]
        ways = (change.clip(lower=0.0), -change.clip(upper=0.0))
        moved = max(float(way.groupby(year).sum().max()) for way in ways)
    return {
        "case": case,
        "status": plan.status,
        "verified": plan.verified,
        "objective": plan.objective,
        "reference_objective": plan.reference_objective,
        "gain": plan.certificate.gain,
        "moved": moved,
        "weak_share": plan.weak_share,
    }


def _options(found: Mapping[str, Plan]) -> pd.DataFrame:
    """Options by case and year that are not taken in the same years in every case."""
    frames = [
        plan.tables["options"].assign(case=case)
        for case, plan in found.items()
        if len(plan.tables.get("options", ()))
    ]
    if not frames:
        return _no_rows(OPTIONS)
    every = _ordered(frames, OPTIONS)
    cases = every.groupby(["option", "year"], sort=False)["taken"].nunique()
    differ = cases[cases > 1].index.get_level_values("option")
    rows = every[every["option"].isin(differ)]
    return rows.sort_values("option", kind="stable", ignore_index=True)


def _changes(plan: Plan, year: int, scale: float) -> pd.DataFrame:
    """Changes of a year, with whether each is a move."""
    rows = plan.allocation[plan.allocation["year"] == year].reset_index(drop=True)
    size, spent = rows["change"].abs(), rows[["spend", "reference_spend"]].max(axis=1)
    move = (size >= MOVE_AMOUNT / scale) | (size >= MOVE_SHARE * spent)
    return rows.assign(move=move & (size > ROUNDING * spent.sum()))


def _moves(changes: pd.DataFrame, cases: int) -> pd.DataFrame:
    """Programmes that move in some case, and whether they do in all."""
    rows = []
    for name, mine in changes.groupby("programme", sort=False):
        moving = mine[mine["move"]]
        if moving.empty:
            continue
        up = moving["change"] > 0
        same = bool(up.all() or not up.any())
        rows.append(
            {
                "programme": name,
                "label": mine["label"].iloc[0],
                "sector": mine["sector"].iloc[0],
                "year": int(mine["year"].iloc[0]),
                "direction": ("more" if up.all() else "less") if same else "mixed",
                "least": float(mine["change"].min()),
                "most": float(mine["change"].max()),
                "survives": same and len(moving) == cases,
                "size": float(mine["change"].abs().max()),
            }
        )
    if not rows:
        return _no_rows(MOVES)
    frame = pd.DataFrame(rows).sort_values(
        ["survives", "size"], ascending=False, kind="stable", ignore_index=True
    )
    return frame[list(MOVES)]
