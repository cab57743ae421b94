"""Need that arrives, what avoids it, and what happens when it is not met."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Floats, Ints
from allocator.data.axes import Axes
from allocator.data.index import Index, numbered
from allocator.data.runs import RunTerms
from allocator.instance.facts.kernel import Effects
from allocator.instance.instance import Instance


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
    met : Index
        (programme, year) whose least share met rests on variables: need is carried on, or
        options change it.
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
    within : Index
        (programme, year) where need can be avoided and options change how much arrives.
    """

    def __init__(self, instance: Instance, axes: Axes, adds: RunTerms) -> None:
        need = instance.facts.demand
        row, group, t = instance.facts.by_year("demand").in_force
        order = np.lexsort((t, group))
        row, group, t = row[order], group[order], t[order]
        table, i = instance.rows["demand"].take(row), need.at[group]
        self.rows = rows = Index((axes.programme, axes.year), [i, t])
        self.arriving = need.arriving[group, t]
        self.opening = np.where(t == 0, need.opening[group], 0.0)
        self.carry, self.min_met = need.carry[group, t], need.min_met[group, t]
        self.harm_outcome = harm_outcome = axes.outcome.find(table["harm_outcome"].tolist())
        waits = np.flatnonzero((t > 0) & (self.carry > 0))
        self.arriving_most = self.arriving + np.maximum(adds.range(rows)[1], 0.0)
        self.need_max, self.unmet_max = _most(
            self.arriving_most, self.opening, self.carry, self.min_met, t, waits
        )
        self.kernel_rows, self.kernel = _kernel(instance.facts.effects, axes)
        self.avoided, self.surplus = _avoided(
            rows, self.kernel_rows, self.kernel, instance.rows["programmes"]["baseline"]
        )
        self.harm = np.where(harm_outcome >= 0, table["harm"], 0.0)
        self.before = Index((*rows.axes, *rows.axes), [i[waits], t[waits], i[waits], t[waits] - 1])
        changed = rows.find(adds.rows.columns[:2])
        changes = np.isin(np.arange(len(rows)), changed)
        rests = changes.copy()
        rests[waits] = True
        self.met = rows.take(rests & (self.min_met < 1))
        self.within = self.avoided.take(changes[rows.positions(self.avoided.columns)])


def _most(
    arriving: Floats, opening: Floats, carry: Floats, min_met: Floats, t: Ints, waits: Ints
) -> tuple[Floats, Floats]:
    """Most need there can be, and most of it that may stay unmet, year by year."""
    need_max = arriving + opening
    unmet_max = (1.0 - min_met) * need_max
    for later in range(1, int(t.max(initial=0)) + 1):
        row = waits[t[waits] == later]
        need_max[row] = arriving[row] + carry[row] * unmet_max[row - 1]
        unmet_max[row] = (1.0 - min_met[row]) * need_max[row]
    return need_max, unmet_max


def _kernel(effects: Effects, axes: Axes) -> tuple[Index, Floats]:
    """Effects of every year of a source on every year from then on."""
    e, lag = np.nonzero(effects.kernel)
    pair, from_year = numbered(len(axes.year) - lag)
    source, target = effects.source[e[pair]], effects.target[e[pair]]
    both = (axes.programme, axes.year, axes.programme, axes.year)
    rows = Index(both, [target, from_year + lag[pair], source, from_year])
    return rows, effects.kernel[e[pair], lag[pair]]


def _avoided(
    rows: Index, kernel_rows: Index, kernel: Floats, baseline: Floats
) -> tuple[Index, Floats]:
    target, t, source, _ = kernel_rows.columns
    at = rows.positions([target, t])
    surplus = np.bincount(at, np.abs(kernel) * baseline[source], len(rows)).astype(float)
    touched = np.unique(at)
    return rows.take(touched), surplus[touched]
