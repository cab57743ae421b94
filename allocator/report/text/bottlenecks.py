"""What binds, a family of limits at a time, with what a little more room would buy."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator.evaluate.measures import IN_MONEY
from allocator.plan.plan import NOT_APART
from allocator.report.language.units import display_names, years_text
from allocator.report.text.missed import is_missed
from allocator.tolerances import ROUNDING, SAME_PRICE
from allocator.words import figure, listed, of_unit, unit_for

if TYPE_CHECKING:
    from allocator.instance.instance import Instance
    from allocator.instance.tables.settings import Settings
    from allocator.plan import Plan
    from allocator.report.language.units import Money, Worth


PRICES = ("price", "price_range", "price_less", "price_less_range", "price_sides")


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


def dearest_first(found: Iterable[Bottleneck]) -> tuple[Bottleneck, ...]:
    """What binds, dearest first."""
    return tuple(sorted(found, key=lambda b: (-b.gain, b.name)))


def priced(table: pd.DataFrame, keys: Sequence[str]) -> Iterator[tuple[pd.DataFrame, pd.Series]]:
    """Rows with a price by key, each with its dearest row."""
    if table.empty or not (table["price"] > 0).any():
        return
    binding = table[table["price"] > ROUNDING * table["price"].max()]
    for _, rows in binding.groupby(list(keys), sort=False, dropna=False):
        yield rows, rows.loc[rows["price"].idxmax()]


def _buys(row: pd.Series) -> str:
    """A price is what a little more buys, or no less than that where it stands for less as well."""
    return "would buy at most" if row.get("price_sides") == NOT_APART else "would buy"


def _when(rows: pd.DataFrame, settings: Settings) -> str:
    """Years in which something binds, when there is more to say than its dearest year."""
    return f" (binds {years_text(_years(rows), settings)})" if len(rows) > 1 else ""


def _years(rows: pd.DataFrame) -> tuple[int, ...]:
    return tuple(int(y) for y in rows["year"])


def pool_limits(plan: Plan, settings: Settings, money: Money, worth: Worth) -> Iterator[Bottleneck]:
    """Pools with what more money in each would buy, and less of it cost."""
    for rows, top in priced(plan.budgets, ["pool"]):
        pool = str(top["pool"])
        name = pool if pool.lower().endswith("pool") else f"{pool} pool"
        step = _step_within(money.unit, min(_reach_of(row) for _, row in rows.iterrows()))
        bought = [
            f"{(worth.figure if n else worth.text)(float(row['price']) * step)} in "
            f"{settings.year_label(int(row['year']))}"
            for n, (_, row) in enumerate(rows.iterrows())
        ]
        room = money.one if step == money.unit else money.text(step)
        sentence = (
            f"{room} more in the {name} {_buys(top)} {listed(bought)}"
            f"{_cost_of_less(top, step, room, worth, settings)}."
        )
        yield Bottleneck(pool, _years(rows), float(top["price"]) * money.unit, sentence)


def _reach_of(row: pd.Series) -> float:
    """How much more a price holds for; endless where nothing says."""
    reach = float(row.get("price_range", math.inf))
    return math.inf if reach != reach else reach


def _step_within(step: float, reach: float) -> float:
    """A step to tell a price by that is no longer than it holds: divided by ten until it is."""
    if not 0.0 < reach < step:
        return step
    return float(step * 10.0 ** math.floor(math.log10(reach / step)))


def _cost_of_less(row: pd.Series, step: float, room: str, worth: Worth, settings: Settings) -> str:
    """What less would cost, where that is another figure than what more would buy."""
    price, less = float(row["price"]), float(row.get("price_less", math.nan))
    when = settings.year_label(int(row["year"]))
    if less != less or abs(less - price) <= SAME_PRICE * max(less, price):
        return ""
    if math.isinf(less):
        return f"; in {when} there cannot be less"
    return f"; {room} less in {when} would cost {worth.text(less * step)}"


def added_rows(plan: Plan, worth: Worth) -> Iterator[Bottleneck]:
    """Rows that somebody added to the model, by their own names."""
    table = plan.tables.get("extra")
    for _, top in () if table is None else priced(table, ["name"]):
        step = _step_within(1.0, _reach_of(top))
        gain = float(top["price"]) * step
        side = {"most": "at its most", "least": "at its least"}.get(top["side"], "fixed")
        room = {"most": "more", "least": "less"}.get(top["side"], "off")
        sentence = (
            f"{top['name']} is {side}, {figure(float(top['value']))}: {figure(step)} {room} "
            f"{_buys(top)} {worth.text(gain)}."
        )
        yield Bottleneck(str(top["name"]), (), gain, sentence)


def provider_limits(
    plan: Plan, settings: Settings, money: Money, worth: Worth
) -> Iterator[Bottleneck]:
    """Providers whose deficit limit costs value, with what a little more room would buy."""
    for rows, top in priced(plan.providers, ["provider"]):
        gain = float(top["price"]) * money.unit
        provider, limit = str(top["provider"]), money.text(float(top["deficit_max"]))
        step, room = _money_step(top, money)
        sentence = (
            f"{provider} may lose no more than {limit}{_when(rows, settings)}: {room} of room "
            f"in {settings.year_label(int(top['year']))} {_buys(top)} "
            f"{worth.text(float(top['price']) * step)}."
        )
        yield Bottleneck(provider, _years(rows), gain, sentence)


def _money_step(row: pd.Series, money: Money) -> tuple[float, str]:
    """A step of money within what a price holds for, and its words."""
    step = _step_within(money.unit, _reach_of(row))
    return step, money.one if step == money.unit else money.text(step)


def rule_limits(plan: Plan, instance: Instance, money: Money, worth: Worth) -> Iterator[Bottleneck]:
    """Rules that are met and cost value."""
    settings = instance.settings
    easing = {"min": "a floor {} lower", "max": "a ceiling {} higher", "equal": "{} of room"}
    names = display_names(plan.rules["rule"], plan.rules["label"])
    for rows, top in priced(plan.rules[~is_missed(plan.rules)], ["rule"]):
        price = float(top["price"])
        if top["measure"] in IN_MONEY:
            step, room = _money_step(top, money)
        else:
            step = _step(price, _reach_of(top))
            size = figure(step)
            room = (
                f"{size} of the outcome" if top["measure"] == "outcome" else of_unit(size, "unit")
            )
        later = _later(instance.rules, "rule", str(top["rule"]), top, settings)
        sentence = (
            f"{names[top['rule']]}{_when(rows, settings)}: "
            f"{easing[str(top['sense'])].format(room)} in "
            f"{settings.year_label(int(top['year']))} {_buys(top)} "
            f"{worth.text(price * step)}{later}."
        )
        yield Bottleneck(str(top["rule"]), _years(rows), price * step, sentence)


def _later(table: pd.DataFrame, key: str, name: str, row: pd.Series, settings: Settings) -> str:
    """Whether a figure that grows on the year before takes later years along."""
    mine = table[table[key] == name]
    if key == "rule":
        mine = mine[mine["reference"] == "previous"]
    grows = bool((mine["basis"] == "growth").any())
    return " (moves later years too)" if grows and int(row["year"]) < settings.years[-1] else ""


def capacity_limits(plan: Plan, instance: Instance, worth: Worth) -> Iterator[Bottleneck]:
    """Resources that run out."""
    settings = instance.settings
    units = dict(zip(instance.resources["resource"], instance.resources["unit"], strict=True))
    for rows, top in priced(plan.capacity, ["resource", "place"]):
        price = float(top["price"])
        step = _step(price, min(_reach_of(top), float(top["amount"]) or math.inf))
        resource, unit = str(top["resource"]), str(units.get(top["resource"]) or "")
        place, size = f" in {top['place']}" if top["place"] else "", figure(step)
        sentence = (
            f"{resource}{place}{_when(rows, settings)}: {size} "
            f"{f'more {unit_for(size, unit)}'.rstrip()} in {settings.year_label(int(top['year']))} "
            f"{_buys(top)} {worth.text(price * step)}."
        )
        yield Bottleneck(resource, _years(rows), price * step, sentence)


def programme_limits(
    plan: Plan, instance: Instance, money: Money, worth: Worth
) -> Iterator[Bottleneck]:
    """Limits on programmes that are not held."""
    settings = instance.settings
    names = display_names(plan.allocation["programme"], plan.allocation["label"])
    held = plan.allocation.set_index(["programme", "year"])["held"]
    columns = ["programme", "year", "activity", "lo", "hi", "side", *PRICES]
    limits = plan.limits[[c for c in columns if c in plan.limits]]
    limits = limits.join(held, on=["programme", "year"])
    limits = limits[~limits["held"].astype(bool)]
    cost = year_prices(limits, instance)
    limits = limits.assign(price=limits["price"] / cost)
    if "price_range" in limits:
        limits = limits.assign(price_range=limits["price_range"] * cost)
    for rows, top in priced(limits, ["programme"]):
        name = str(top["programme"])
        step, room = _money_step(top, money)
        direction = "more" if _side_of(top) == "most" else "less"
        only = f"only {direction} buys, " if top["lo"] == top["hi"] else ""
        sentence = (
            f"{names[name]} is {_sides(rows, settings)}: {only}{room} {direction} of it in "
            f"{settings.year_label(int(top['year']))} {_buys(top)} "
            f"{worth.text(float(top['price']) * step)}"
            f"{_later(instance.limits, 'programme', name, top, settings)}."
        )
        yield Bottleneck(name, _years(rows), float(top["price"]) * money.unit, sentence)


def share_limits(
    plan: Plan, settings: Settings, money: Money, worth: Worth
) -> Iterator[Bottleneck]:
    """Agreed shares that keep money from where it buys more."""
    if "price" not in plan.funding:
        return
    names = display_names(plan.allocation["programme"], plan.allocation["label"])
    standing = plan.funding[plan.funding["side"] != ""]
    # Where one pays its most another pays its least: it is told once.
    both = standing.assign(rank=(standing["side"] != "most").astype(int))
    first = both.groupby(["programme", "year"])["rank"].transform("min")
    for rows, top in priced(both[both["rank"] == first], ["programme", "pool"]):
        step, room = _money_step(top, money)
        which, way = ("largest", "more") if top["side"] == "most" else ("smallest", "less")
        sentence = (
            f"{names[top['programme']]}: {top['pool']} pays its {which} share "
            f"({years_text(_years(rows), settings)}); {room} {way} from it in "
            f"{settings.year_label(int(top['year']))} {_buys(top)} "
            f"{worth.text(float(top['price']) * step)}."
        )
        gain = float(top["price"]) * money.unit
        yield Bottleneck(str(top["programme"]), _years(rows), gain, sentence)


def transfer_limits(
    plan: Plan, settings: Settings, money: Money, worth: Worth
) -> Iterator[Bottleneck]:
    """Money handed over at its most."""
    if "price" not in plan.transfers:
        return
    for rows, top in priced(plan.transfers, ["from_pool", "to_pool"]):
        step, room = _money_step(top, money)
        sentence = (
            f"{top['from_pool']} hands {top['to_pool']} the most it may, "
            f"{money.text(float(top['amount']))}{_when(rows, settings)}: {room} more in "
            f"{settings.year_label(int(top['year']))} {_buys(top)} "
            f"{worth.text(float(top['price']) * step)}."
        )
        gain = float(top["price"]) * money.unit
        yield Bottleneck(str(top["from_pool"]), _years(rows), gain, sentence)


def _sides(rows: pd.DataFrame, settings: Settings) -> str:
    """At which side a programme stands, year by year where that differs."""
    sides: dict[str, list[int]] = {}
    for _, row in rows.sort_values("year").iterrows():
        where = "fixed" if row["lo"] == row["hi"] else f"at its {_side_of(row)}"
        sides.setdefault(where, []).append(int(row["year"]))
    if len(sides) == 1 and len(rows) == 1:
        return next(iter(sides))
    return " and ".join(f"{side} ({years_text(y, settings)})" for side, y in sides.items())


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


def _side_of(row: pd.Series) -> str:
    """The side of its limits that a programme stands at, ``most`` or ``least``."""
    known = str(row.get("side", ""))
    if known in ("most", "least"):
        return known
    return "most" if row["hi"] - row["activity"] <= row["activity"] - row["lo"] else "least"


def _step(price: float, reach: float) -> float:
    """Power of ten that buys at least one point of value, or as much as the price holds for."""
    step = 10.0 ** max(0, math.ceil(-math.log10(price)))
    return _step_within(step, reach)
