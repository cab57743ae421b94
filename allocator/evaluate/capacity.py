"""Resources that activity needs besides money, and what is added of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from allocator.arrays import Floats, Ints
from allocator.evaluate import frames
from allocator.evaluate.changes import Change
from allocator.evaluate.findings import Findings, Subject
from allocator.evaluate.programmes import Programmes, growth
from allocator.evaluate.tables import (
    Names,
    Tables,
    blank_where_unlimited,
    pick,
    places_of,
    unlimited_where_blank,
)
from allocator.instance.tables.settings import Settings
from allocator.words import number, of_unit


@dataclass(frozen=True)
class Capacity:
    """Resources by place; arrays of shape (capacity row, year) unless said.

    Attributes
    ----------
    names : Names
        resource and place of every row, a place blank for the whole system.
    units : dict of str to str
        Unit of every resource.
    settings : Settings
        How years are written.
    amount, extra_max, extra_price : numpy.ndarray
        Units there are (inf where that is not limited), most that may be added, money per unit
        added that year.
    extra_pool : numpy.ndarray
        Position of the pool that pays, -1 for none.
    user, per_unit : numpy.ndarray
        Shape (use,): programme that needs a resource, and units of it for one of activity.
    uses : list of numpy.ndarray
        Positions among these that every capacity row is for.
    option, option_use : numpy.ndarray
        Shapes (need,) and (need, year): option that needs a resource, and units in a full year.
    option_uses : list of numpy.ndarray
        Positions among these that every capacity row is for.
    """

    names: Names
    units: dict[str, str]
    settings: Settings
    amount: Floats
    extra_max: Floats
    extra_price: Floats
    extra_pool: Ints
    user: Ints
    per_unit: Floats
    uses: list[Ints]
    option: Ints
    option_use: Floats
    option_uses: list[Ints]

    @cached_property
    def subject(self) -> Subject:
        """Capacity rows as the subject of messages."""
        rows = [f"{resource}, {place}" if place else resource for resource, place in self.names.all]
        return Subject("Resource", rows, self.settings, self._words)

    def _words(self, value: float, row: int, more: int = 0) -> str:
        return of_unit(number(value, more), self.units[self.names.all[row][0]])


def read_capacity(tables: Tables, programmes: Programmes, pools: Names, options: Names) -> Capacity:
    """Capacity in force, what is added priced with the instance's uplift."""
    rows, use, resources = tables["capacity"], tables["use"], tables["resources"]
    names = Names(rows.tuples(("resource", "place")))
    in_force = tables.in_force(rows, names, "resource", "place")
    user = programmes.names.positions(use, "programme")
    places = programmes.rows["place"][user].tolist()
    here = places_of(zip(use["resource"].tolist(), places, strict=True))
    anywhere = places_of(use["resource"])
    none = np.empty(0, dtype=np.int64)
    return Capacity(
        names=names,
        units=dict(zip(resources["resource"].tolist(), resources["unit"].tolist(), strict=True)),
        settings=tables.settings,
        amount=unlimited_where_blank(in_force.figures("amount", 0.0)),
        extra_max=in_force.figures("extra_max", 0.0),
        extra_price=in_force.figures("extra_cost", 0.0) * growth(tables),
        extra_pool=pick(pools.find(rows["extra_pool"]), in_force.at, -1),
        user=user,
        per_unit=use["per_unit"],
        uses=[
            here.get((resource, place), none) if place else anywhere.get(resource, none)
            for resource, place in names.all
        ],
        **_option_use(tables, names, options),
    )


def _option_use(tables: Tables, names: Names, options: Names) -> dict[str, Any]:
    """What options need of every capacity row: those for its place, all where it has none."""
    rows = tables["option_use"]
    needs = Names(rows.tuples(("option", "resource", "place")))
    uses = [
        np.array(
            [n for n, (_, what, home) in enumerate(needs.all) if what == r and place in ("", home)],
            dtype=np.int64,
        )
        for r, place in names.all
    ]
    return {
        "option": options.find(needs.part(0)) if len(needs) else np.empty(0, dtype=np.int64),
        "option_use": tables.in_force(rows, needs, "option", "resource", "place").figures(
            "amount", 0.0
        ),
        "option_uses": uses,
    }


def capacity_used(capacity: Capacity, activity: Floats, in_place: Floats) -> Floats:
    """Units of every capacity row that activity and options need; shape (row, year).

    Parameters
    ----------
    capacity : Capacity
        The resources.
    activity, in_place : numpy.ndarray
        Shapes (programme, year) and (option, year): what is done, and the share of the year
        in which options are in place.
    """
    need = capacity.per_unit[:, None] * activity[capacity.user]
    taken = capacity.option_use * in_place[capacity.option]
    used = [
        need[mine].sum(axis=0) + taken[theirs].sum(axis=0)
        for mine, theirs in zip(capacity.uses, capacity.option_uses, strict=True)
    ]
    return np.array(used).reshape(capacity.amount.shape)


@dataclass(frozen=True)
class CapacityOfPlan:
    """What a plan needs of resources and adds to them; arrays of shape (capacity row, year).

    Attributes
    ----------
    capacity : Capacity
        The resources.
    used, amount, extra : numpy.ndarray
        Units needed, units there are under the plan's options, units added.
    """

    capacity: Capacity
    used: Floats
    amount: Floats
    extra: Floats

    def extra_cost(self, shape: tuple[int, int]) -> Floats:
        """Cost of what is added, charged to its pools; shape (pool, year)."""
        cost, pool = np.zeros(shape), self.capacity.extra_pool
        row, t = np.nonzero(pool >= 0)
        np.add.at(cost, (pool[row, t], t), (self.extra * self.capacity.extra_price)[row, t])
        return cost


def settle_capacity(
    capacity: Capacity, done: tuple[Floats, Floats], given: Floats, change: Change
) -> CapacityOfPlan:
    """Capacity of a plan, added as it says, or the least that is needed and may be had.

    Parameters
    ----------
    capacity : Capacity
        The resources.
    done : tuple of numpy.ndarray
        Activity, shape (programme, year), and options in place, shape (option, year).
    given : numpy.ndarray
        Shape (capacity row, year): units added as the plan states them, NaN where it does not.
    change : Change
        Effects of options on what there is.
    """
    amount, used = change.apply(capacity.amount), capacity_used(capacity, *done)
    least = np.clip(used - amount, 0.0, capacity.extra_max)
    return CapacityOfPlan(capacity, used, amount, np.where(np.isnan(given), least, given))


def check_capacity(plan: CapacityOfPlan, findings: Findings) -> None:
    """Note resources used beyond what there is, and more added than may be."""
    used, extra = plan.used, plan.extra
    there, added, limited = plan.amount + extra, np.abs(extra), np.isfinite(plan.amount)
    for value, limit, terms, said in (
        (used, there, used + added, "needs {value} and has {limit}, {off} too little"),
        (extra, plan.capacity.extra_max, added, "gets {value} more, {off} above {limit}"),
        (-extra, np.zeros_like(extra), added, "gets {off} less than nothing more"),
    ):
        findings.add(
            "capacity",
            plan.capacity.subject,
            said,
            value=value,
            limit=limit,
            most=True,
            terms=terms,
            natural=np.where(limited, plan.amount, 0.0).max(axis=1, initial=0.0)[:, None],
        )


def capacity_frame(plan: CapacityOfPlan, years: Ints) -> pd.DataFrame:
    """Capacity by year, as :attr:`Evaluation.capacity` describes."""
    names = {"resource": plan.capacity.names.part(0), "place": plan.capacity.names.part(1)}
    amount = blank_where_unlimited(plan.amount)
    columns = {"used": plan.used, "amount": amount, "extra": plan.extra}
    columns["slack"] = amount + plan.extra - plan.used
    return frames.by_year(names, years, columns)
