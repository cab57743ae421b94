"""Need that arrives, what avoids it, and what happens when it is not met."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from allocator.data.index import Axis, Codes, Index
from allocator.data.runs import RunTerms
from allocator.data.years import by_year
from allocator.instance.instance import Instance

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Demand:
    """Need by programme and year.

    Attributes
    ----------
    rows : Index
        (programme, year) with demand; the arrays below follow it.
    arriving, opening, carry, min_met, harm : ndarray
        Need arriving, backlog brought in (first year only), share of last year's unmet
        need that waits, least share met, outcome lost per unmet unit.
    harm_outcome : ndarray of int
        Outcome code of the harm; -1 for none.
    arriving_most : ndarray
        Most need that can arrive, whatever options do.
    need_max, unmet_max : ndarray
        Most need there can be, and most of it that may stay unmet.
    before : Index
        (programme, year, programme, year before) where unmet need is carried.
    kernel_rows : Index
        (target, year, source, source year) of the effects.
    kernel : ndarray
        Need avoided per unit of source activity above its baseline.
    avoided : Index
        (programme, year) where need can be avoided.
    surplus : ndarray
        B of each avoided row: how far a shrinking source can raise need.
    tail : ndarray, shape (programmes, years)
        Objective per unit of source activity for need avoided after the last year.
    """

    rows: Index
    arriving: Numbers
    opening: Numbers
    carry: Numbers
    min_met: Numbers
    harm: Numbers
    harm_outcome: Codes
    arriving_most: Numbers
    need_max: Numbers
    unmet_max: Numbers
    before: Index
    kernel_rows: Index
    kernel: Numbers
    avoided: Index
    surplus: Numbers
    tail: Numbers


def demand(
    instance: Instance, programme: Axis, year: Axis, outcome: Axis, price: Numbers
) -> Demand:
    """Extract demand and the effects between programmes."""
    axes = (programme, year)
    table = by_year(instance.demand, ["programme"], instance.settings.years)
    i, t = programme.codes(table["programme"].tolist()), table["t"].to_numpy()
    order = np.lexsort((t, i))
    table = table.iloc[order]
    i, t = i[order], t[order]
    rows = Index(axes, [i, t])
    arriving, carry = table["demand"].to_numpy(), table["carry"].to_numpy()
    opening = np.where(t == 0, table["opening_backlog"].to_numpy(), 0.0)
    strict = instance.programmes["class"].isin(["emergency", "entitlement"]).to_numpy()[i]
    min_met = np.where(table["min_met"].isna(), strict, table["min_met"]).astype(float)
    harmful = table["harm_outcome"].tolist()
    harm_outcome = np.array([outcome.position.get(k, -1) for k in harmful], dtype=np.int64)
    harm = np.where(harm_outcome >= 0, table["harm"].to_numpy(), 0.0)

    waits = np.flatnonzero((t > 0) & (carry > 0))
    need_max, unmet_max = _most(arriving, opening, carry, min_met, t, waits)
    before = Index((*axes, *axes), [i[waits], t[waits], i[waits], t[waits] - 1])

    kernel_rows, kernel = _kernel(instance, programme, year)
    avoided, surplus = _avoided(rows, kernel_rows, kernel, instance)
    return Demand(
        rows,
        arriving,
        opening,
        carry,
        min_met,
        harm,
        harm_outcome,
        arriving,
        need_max,
        unmet_max,
        before,
        kernel_rows,
        kernel,
        avoided,
        surplus,
        _tail(instance, programme, price),
    )


def _most(
    arriving: Numbers, opening: Numbers, carry: Numbers, min_met: Numbers, t: Codes, waits: Codes
) -> tuple[Numbers, Numbers]:
    """Most need there can be, and most of it that may stay unmet, year by year."""
    need_max = arriving + opening
    unmet_max = (1.0 - min_met) * need_max
    for later in range(1, int(t.max(initial=0)) + 1):
        row = waits[t[waits] == later]
        need_max[row] = arriving[row] + carry[row] * unmet_max[row - 1]
        unmet_max[row] = (1.0 - min_met[row]) * need_max[row]
    return need_max, unmet_max


def with_more_need(need: Demand, adds: RunTerms) -> Demand:
    """Demand with its upper bounds widened by what options add to it."""
    most = adds.range(need.rows)[1]
    if not most.any():
        return need
    arriving = need.arriving + np.maximum(most, 0.0)
    waits = need.rows.positions(need.before.columns[:2])
    t = need.rows.columns[1]
    found = _most(arriving, need.opening, need.carry, need.min_met, t, waits)
    return replace(need, arriving_most=arriving, need_max=found[0], unmet_max=found[1])


def _strength(instance: Instance, lags: npt.NDArray[np.int64]) -> Numbers:
    """Kernel of each effect at each lag, shape (effects, lags)."""
    effects = instance.effects
    age = lags[None, :] - effects["delay"].to_numpy()[:, None]
    fade = effects["fade"].to_numpy()[:, None]
    faded = np.where(age >= 0, fade ** np.maximum(age, 0), 0.0)
    strength: Numbers = effects["per_unit"].to_numpy()[:, None] * faded
    return strength


def _kernel(instance: Instance, programme: Axis, year: Axis) -> tuple[Index, Numbers]:
    effects = instance.effects
    strength = _strength(instance, np.arange(len(year)))
    e, lag = np.nonzero(strength)
    count = len(year) - lag
    pair = np.repeat(np.arange(len(e)), count)
    from_year = np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count)
    source = programme.codes(effects["source"].tolist())[e[pair]]
    target = programme.codes(effects["target"].tolist())[e[pair]]
    axes = (programme, year, programme, year)
    rows = Index(axes, [target, from_year + lag[pair], source, from_year])
    return rows, strength[e[pair], lag[pair]]


def _avoided(
    rows: Index, kernel_rows: Index, kernel: Numbers, instance: Instance
) -> tuple[Index, Numbers]:
    target, t, source, _ = kernel_rows.columns
    at = rows.positions([target, t])
    baseline = instance.programmes["baseline"].to_numpy()
    surplus = np.bincount(at, np.abs(kernel) * baseline[source], len(rows)).astype(float)
    touched = np.unique(at)
    return rows.take(touched), surplus[touched]


def _tail(instance: Instance, programme: Axis, price: Numbers) -> Numbers:
    settings = instance.settings
    years = len(settings.years)
    out = np.zeros((len(programme), years))
    if not settings.tail_years or not settings.saving_value or instance.effects.empty:
        return out
    effects = instance.effects
    source = programme.codes(effects["source"].tolist())
    target = programme.codes(effects["target"].tolist())
    released = 1.0 - instance.programmes["fixed_share"].to_numpy()[target]
    worth = settings.saving_value * price[target, -1] * released
    after = np.arange(1, settings.tail_years + 1)
    discount = (1.0 + settings.discount_rate) ** -(years - 1.0 + after)
    for s in range(years):
        strength = _strength(instance, years - 1 - s + after)
        np.add.at(out[:, s], source, worth * (strength @ discount))
    return out
