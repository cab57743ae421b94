"""What holds the plan back, each with what a little more room would buy, in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator.evaluate.measures import IN_MONEY
from allocator.report.language.units import display_names, years_text
from allocator.tolerances import ROUNDING
from allocator.words import count, figure

if TYPE_CHECKING:
    from allocator.instance.instance import Instance
    from allocator.instance.tables.settings import Settings
    from allocator.plan import Plan
    from allocator.report.language.units import Money, Worth

MOST_LISTED = 5
MISSES_LISTED = 10


@dataclass(frozen=True)
class Bottleneck:
    """Something that binds in at least one year.

    Attributes
    ----------
    name : str
        Pool, rule, resource or programme.
    years : tuple of int
        Years in which it binds.
    gain : float
        Objective gained by one step more room in the dearest year; orders the list.
    sentence : str
        The finding for a planner.
    """

    name: str
    years: tuple[int, ...]
    gain: float
    sentence: str


@dataclass(frozen=True)
class Kind:
    """Everything of one sort that binds, dearest first."""

    title: str
    bottlenecks: tuple[Bottleneck, ...]

    @property
    def sentences(self) -> list[str]:
        """The dearest ones, then how many are left out."""
        lines = [b.sentence for b in self.bottlenecks[:MOST_LISTED]]
        rest = len(self.bottlenecks) - MOST_LISTED
        verb = "binds" if rest == 1 else "bind"
        return lines + ([f"{rest} more {verb} at a lower price."] if rest > 0 else [])


def what_binds(plan: Plan, instance: Instance, money: Money, worth: Worth) -> list[Kind]:
    """Budgets, rules, capacities and limits that cost value, by kind.

    Parameters
    ----------
    plan : Plan
        A plan that was found, with prices.
    instance : Instance
        The instance it answers.
    money : Money
        One unit of it is the step money is told in.
    worth : Worth
        Units in which value is told.

    Returns
    -------
    list of Kind
        Only kinds that bind somewhere.
    """
    kinds = [
        Kind("Money", tuple(_ordered(_budgets(plan, instance.settings, money, worth)))),
        Kind(
            "Deficits of providers",
            tuple(_ordered(provider_limits(plan, instance.settings, money, worth))),
        ),
        Kind("Rules", tuple(_ordered(_rules(plan, instance.settings, money, worth)))),
        Kind("Staff, beds and slots", tuple(_ordered(_capacities(plan, instance, worth)))),
        Kind("Limits on programmes", tuple(_ordered(_limits(plan, instance, money, worth)))),
    ]
    return [kind for kind in kinds if kind.bottlenecks]


def missed_rules(rules: pd.DataFrame, instance: Instance, money: Money, worth: Worth) -> list[str]:
    """Soft rules that are missed, by how much and at what cost, dearest first.

    Parameters
    ----------
    rules : pandas.DataFrame
        Rules of a plan or of an evaluation.
    instance : Instance
        The instance they are from.
    money : Money
        How amounts are shown.
    worth : Worth
        Units in which value is told.
    """
    settings = instance.settings
    bases = dict(zip(instance.rules["rule"], instance.rules["basis"], strict=True))
    names = display_names(rules["rule"], rules["label"])
    missed = rules[_missed(rules)].sort_values("penalty", ascending=False, kind="stable")
    lines = []
    for _, rows in missed.groupby("rule", sort=False):
        top = rows.iloc[0]
        asked = {"min": "at least ", "max": "at most "}.get(top["sense"], "")
        basis = bases.get(top["rule"], "amount")
        value, limit = (_measured(top[c], top["measure"], basis, money) for c in ("value", "limit"))
        line = (
            f"{names[top['rule']]}: missed in {settings.year_label(int(top['year']))}, "
            f"{value} against {asked}{limit} (costs {worth.text(top['penalty'])})"
        )
        if len(rows) > 1:
            others = years_text(_years(rows.iloc[1:]), settings)
            line += f"; also in {others} ({worth.text(rows['penalty'].sum())} in all)"
        lines.append(f"{line}.")
        if len(lines) == MISSES_LISTED:
            break
    untold = missed["rule"].nunique() - len(lines)
    if untold:
        cost = worth.text(missed["penalty"].sum())
        lines.append(f"{count(untold, 'rule')} more; all that are missed cost {cost}.")
    return lines


def _missed(rules: pd.DataFrame) -> pd.Series[bool]:
    """Soft rules that are missed by more than rounding."""
    size = rules[["value", "limit"]].abs().max(axis=1)
    met = (rules["value"] - rules["limit"]).abs() <= ROUNDING * size
    return rules["soft"].astype(bool) & (rules["penalty"] > 0) & ~met


def _measured(value: float, measure: str, basis: str, money: Money) -> str:
    """Left side of a rule in the unit its basis implies."""
    if basis in ("share", "growth"):
        return f"{value * 100:,.2f}%"
    if measure in IN_MONEY and basis in ("amount", "per_head"):
        return money.text(value) + (" a head" if basis == "per_head" else "")
    return figure(value) + (" a head" if basis == "per_head" else "")


def _ordered(found: Iterable[Bottleneck]) -> list[Bottleneck]:
    return sorted(found, key=lambda b: (-b.gain, b.name))


def _priced(table: pd.DataFrame, keys: Sequence[str]) -> Iterator[tuple[pd.DataFrame, pd.Series]]:
    """Rows with a price by key, each with its dearest row."""
    if table.empty or not (table["price"] > 0).any():
        return
    binding = table[table["price"] > ROUNDING * table["price"].max()]
    for _, rows in binding.groupby(list(keys), sort=False, dropna=False):
        yield rows, rows.loc[rows["price"].idxmax()]


def _when(rows: pd.DataFrame, settings: Settings) -> str:
    """Years in which something binds, when there is more to say than its dearest year."""
    return f" (binds {years_text(_years(rows), settings)})" if len(rows) > 1 else ""


def _years(rows: pd.DataFrame) -> tuple[int, ...]:
    return tuple(int(y) for y in rows["year"])


def _budgets(plan: Plan, settings: Settings, money: Money, worth: Worth) -> Iterator[Bottleneck]:
    for rows, top in _priced(plan.budgets, ["pool"]):
        gain = float(top["price"]) * money.unit
        pool = str(top["pool"])
        name = pool if pool.lower().endswith("pool") else f"{pool} pool"
        sentence = (
            f"{money.one} more in the {name} in {settings.year_label(int(top['year']))} "
            f"would buy {worth.text(gain)}{_when(rows, settings)}."
        )
        yield Bottleneck(pool, _years(rows), gain, sentence)


def provider_limits(
    plan: Plan, settings: Settings, money: Money, worth: Worth
) -> Iterator[Bottleneck]:
    """Providers whose deficit limit costs value, with what a little more room would buy."""
    for rows, top in _priced(plan.providers, ["provider"]):
        gain = float(top["price"]) * money.unit
        provider, limit = str(top["provider"]), money.text(float(top["deficit_max"]))
        sentence = (
            f"{provider} may lose no more than {limit}{_when(rows, settings)}: {money.one} of room "
            f"in {settings.year_label(int(top['year']))} would buy {worth.text(gain)}."
        )
        yield Bottleneck(provider, _years(rows), gain, sentence)


def assumed_bounds(plan: Plan, instance: Instance) -> list[str]:
    """Limits and rules that bind though they are only assumed, as a sentence.

    Parameters
    ----------
    plan : Plan
        A plan that was found, with prices.
    instance : Instance
        The instance it answers, which says what gives every limit its force.
    """
    lines = plan.allocation
    found: list[str] = []
    for prices, bounds, key, labelled in (
        (plan.limits, instance.limits, "programme", lines),
        (plan.rules, instance.rules, "rule", plan.rules),
    ):
        names = display_names(labelled[key], labelled["label"])
        assumed = set(bounds.loc[bounds["status"] == "assumed", key])
        binding = {str(rows[key].iloc[0]) for rows, _ in _priced(prices, [key])}
        found += sorted(names[name] for name in binding & assumed)
    if not found:
        return []
    more = f" and {len(found) - MOST_LISTED} more" if len(found) > MOST_LISTED else ""
    return [
        f"Bounds that hold the plan back and are only assumed: "
        f"{', '.join(found[:MOST_LISTED])}{more}."
    ]


def _rules(plan: Plan, settings: Settings, money: Money, worth: Worth) -> Iterator[Bottleneck]:
    easing = {"min": "a floor {} lower", "max": "a ceiling {} higher", "equal": "{} of room"}
    names = display_names(plan.rules["rule"], plan.rules["label"])
    for rows, top in _priced(plan.rules[~_missed(plan.rules)], ["rule"]):
        price = float(top["price"])
        if top["measure"] in IN_MONEY:
            step, room = money.unit, money.one
        else:
            step = _step(price)
            room = f"{figure(step)} {'of the outcome' if top['measure'] == 'outcome' else 'units'}"
        sentence = (
            f"{names[top['rule']]}{_when(rows, settings)}: "
            f"{easing[str(top['sense'])].format(room)} in "
            f"{settings.year_label(int(top['year']))} would buy {worth.text(price * step)}."
        )
        yield Bottleneck(str(top["rule"]), _years(rows), price * step, sentence)


def _capacities(plan: Plan, instance: Instance, worth: Worth) -> Iterator[Bottleneck]:
    settings = instance.settings
    units = dict(zip(instance.resources["resource"], instance.resources["unit"], strict=True))
    for rows, top in _priced(plan.capacity, ["resource", "place"]):
        price = float(top["price"])
        step = _step(price)
        resource, unit = str(top["resource"]), units.get(top["resource"])
        unit = f" ({unit})" if unit else ""
        place = f" in {top['place']}" if top["place"] else ""
        sentence = (
            f"{resource}{place}{_when(rows, settings)}: {figure(step)} "
            f"more{unit} in {settings.year_label(int(top['year']))} "
            f"would buy {worth.text(price * step)}."
        )
        yield Bottleneck(resource, _years(rows), price * step, sentence)


def _limits(plan: Plan, instance: Instance, money: Money, worth: Worth) -> Iterator[Bottleneck]:
    settings = instance.settings
    names = display_names(plan.allocation["programme"], plan.allocation["label"])
    held = plan.allocation.set_index(["programme", "year"])["held"]
    limits = plan.limits[["programme", "year", "activity", "lo", "hi", "price"]]
    limits = limits.join(held, on=["programme", "year"])
    limits = limits[~limits["held"].astype(bool)]
    limits = limits.assign(price=limits["price"] / year_prices(limits, instance))
    for rows, top in _priced(limits, ["programme"]):
        gain = float(top["price"]) * money.unit
        side, direction = _side(top)
        sentence = (
            f"{names[top['programme']]} is {side}{_when(rows, settings)}: {money.one} "
            f"{direction} in {settings.year_label(int(top['year']))} would buy {worth.text(gain)}."
        )
        yield Bottleneck(str(top["programme"]), _years(rows), gain, sentence)


def year_prices(rows: pd.DataFrame, instance: Instance) -> pd.Series:
    """Price of a unit of activity in the year of each row.

    Parameters
    ----------
    rows : pandas.DataFrame
        With the columns programme and year.
    instance : Instance
        The instance the programmes are from.
    """
    facts = instance.facts
    programme = rows["programme"].map(facts.rank).to_numpy(np.int64)
    year = rows["year"].to_numpy(np.int64) - facts.years[0]
    return pd.Series(facts.prices.unit_cost[programme, year], index=rows.index)


def _side(row: pd.Series) -> tuple[str, str]:
    """Which limit an activity stands at, and the room that is missing."""
    if row["lo"] == row["hi"]:
        return "fixed", "either way"
    if row["hi"] - row["activity"] <= row["activity"] - row["lo"]:
        return "at its most", "more of it"
    return "at its least", "less of it"


def _step(price: float) -> float:
    """Power of ten by which to ease something so that it buys at least one point of value."""
    return 10.0 ** max(0, math.ceil(-math.log10(price)))
