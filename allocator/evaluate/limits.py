"""Limits on activity, and activity outside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.arrays import Flags, Floats
from allocator.evaluate.changes import Changes
from allocator.evaluate.findings import Findings
from allocator.evaluate.programmes import Programmes
from allocator.evaluate.tables import Tables, year_before


@dataclass(frozen=True)
class Limits:
    """Limits of the tables on activity, shape (programme, year).

    Attributes
    ----------
    least, most : numpy.ndarray
        From rows of basis activity and baseline, and from class safety; nothing and infinite
        where there is none.
    growth_min, growth_max, growth_amount : numpy.ndarray
        Rows of basis growth; NaN where there is none.
    scale : numpy.ndarray
        Least activity that is viable, nothing where there is none.
    """

    least: Floats
    most: Floats
    growth_min: Floats
    growth_max: Floats
    growth_amount: Floats
    scale: Floats


def read_limits(tables: Tables, programmes: Programmes) -> Limits:
    """Limits in force, before options change them."""
    parts = {
        basis: _of_basis(tables, basis, programmes) for basis in ("activity", "baseline", "growth")
    }
    base = programmes.baseline[:, None]
    floors = [parts["activity"]["min"], parts["baseline"]["min"] * base]
    ceilings = [parts["activity"]["max"], parts["baseline"]["max"] * base]
    scales = [parts["activity"]["start_min"], parts["baseline"]["start_min"] * base]
    low = parts["growth"]["min"]
    free = np.isnan(floors[0]) & np.isnan(floors[1]) & np.isnan(low)
    safe = (programmes.rows["class"] == "safety")[:, None] & free
    floors.append(np.where(safe, base, np.nan))
    return Limits(
        # Without a minimum it is nothing, which is where options start from.
        least=np.maximum.reduce([np.fmax(floor, 0.0) for floor in floors]),
        most=np.minimum.reduce([np.where(np.isnan(c), np.inf, c) for c in ceilings]),
        growth_min=low,
        growth_max=parts["growth"]["max"],
        growth_amount=parts["growth"]["growth_amount"],
        scale=np.fmax(np.fmax(*scales), 0.0),
    )


def _of_basis(tables: Tables, basis: str, programmes: Programmes) -> dict[str, Floats]:
    """Columns of the rows of one basis, shape (programme, year); NaN where there is none."""
    every = tables["limits"]
    rows = every.take(np.flatnonzero(every["basis"] == basis))
    in_force = tables.in_force(rows, programmes.names, "programme")
    return {c: in_force.figures(c) for c in ("min", "max", "growth_amount", "start_min")}


@dataclass(frozen=True)
class LimitsOfPlan:
    """Limits on the activity of a plan, shape (programme, year); infinite where there is none.

    Attributes
    ----------
    least, most : numpy.ndarray
        From rows of basis activity and baseline, and from class safety.
    growth_least, growth_most : numpy.ndarray
        From rows of basis growth, on the activity of the plan the year before.
    scale : numpy.ndarray
        Least activity that is viable, unless there is none.
    closed : numpy.ndarray
        Whether an option in place closes the programme: nothing but this limits it then.
    """

    least: Floats
    most: Floats
    growth_least: Floats
    growth_most: Floats
    scale: Floats
    closed: Flags

    @property
    def lo(self) -> Floats:
        """Least activity allowed, never below nothing."""
        return np.maximum(np.maximum(self.least, self.growth_least), 0.0)

    @property
    def hi(self) -> Floats:
        """Most activity allowed."""
        return np.where(self.closed, 0.0, np.minimum(self.most, self.growth_most))


def limits_of_plan(
    limits: Limits, programmes: Programmes, activity: Floats, changes: Changes
) -> LimitsOfPlan:
    """Limits in force, those on growth for the plan's own activity the year before.

    Options change the least and the most of all rows together, and what they close is not
    kept from falling to nothing.
    """
    low, high = limits.growth_min, limits.growth_max
    before = year_before(activity, programmes.baseline)
    closed = changes["close"].where(len(activity))
    return LimitsOfPlan(
        least=np.where(closed, 0.0, changes["limit_min"].apply(limits.least)),
        most=changes["limit_max"].apply(limits.most),
        growth_least=np.where(np.isnan(low) | closed, -np.inf, (1.0 + low) * before),
        growth_most=np.where(np.isnan(high), np.inf, (1.0 + high) * before + limits.growth_amount),
        scale=np.where(closed, 0.0, limits.scale),
        closed=closed,
    )


def check_limits(
    limits: LimitsOfPlan,
    activity: Floats,
    natural: Floats,
    programmes: Programmes,
    findings: Findings,
) -> None:
    """Note activity outside its limits.

    Parameters
    ----------
    limits : LimitsOfPlan
        Limits in force.
    activity : numpy.ndarray
        Shape (programme, year).
    natural : numpy.ndarray
        Shape (programme, 1): the size of the programme.
    programmes : Programmes
        Names and units.
    findings : Findings
        Takes the violations.
    """
    subject = programmes.subject
    before = year_before(activity, programmes.baseline)
    most_open = np.where(limits.closed, np.inf, limits.most)
    for bound, growth, most, said in (
        (limits.least, limits.growth_least, False, "{off} below the least allowed, {limit}"),
        (most_open, limits.growth_most, True, "{off} above the most allowed, {limit}"),
    ):
        findings.add(
            "limit",
            subject,
            "does {value}, " + said,
            value=activity,
            limit=bound,
            most=most,
            terms=activity,
            natural=natural,
        )
        findings.add(
            "growth",
            subject,
            "does {value} after {before} the year before, " + said,
            value=activity,
            limit=growth,
            most=most,
            terms=activity + before,
            natural=natural,
            also={"before": before},
        )
    findings.add(
        "limit",
        subject,
        "does {value} while an option closes it",
        value=activity,
        limit=np.where(limits.closed, 0.0, np.inf),
        most=True,
        terms=activity,
        natural=natural,
    )
    findings.add(
        "limit",
        subject,
        "does {value}, which is neither nothing nor the least that is viable, {limit}",
        value=activity,
        limit=limits.scale,
        most=False,
        terms=activity,
        natural=natural,
        excess=np.minimum(activity, limits.scale - activity),
    )
