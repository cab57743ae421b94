"""The obvious formulation of decisions: the yardstick of :mod:`benchmarks.studies.decisions`.

What a capable analyst writes first, and textbooks show: an option is on or off in a year
and starts when it was off before; a point of a curve may weigh only next to the chosen
segment (one binary a segment); what an option changes is switched with a big-M. The
constants are no worse than they need to be: each big-M is twice the most that activity can
reach. Only what :func:`benchmarks.studies.decisions.draw` draws is supported.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from allocator.data import Data

BIG = 2.0


def build_obvious(data: Data) -> Any:
    """Build the obvious model from the same arrays and breakpoints.

    Parameters
    ----------
    data : allocator.data.Data
        Of a round without contracts, demand, rules and capacity.

    Returns
    -------
    pyomo.environ.ConcreteModel
    """
    m = pyo.ConcreteModel(name="obvious")
    a = data.activity
    shape = a.price.shape
    cells = [(i, t) for i in range(shape[0]) for t in range(shape[1])]
    m.activity = pyo.Var(cells, bounds=lambda m, i, t: (float(a.floor[i, t]), float(a.top[i, t])))
    _options(m, data)
    outcome = _curves(m, data)
    cost = _costs(m, data)
    years = range(shape[1])
    m.pool = pyo.Constraint(years, rule=lambda m, t: cost(t) <= float(data.money.amount[0, t]))
    m.worth = pyo.Objective(expr=outcome, sense=pyo.maximize)
    return m


def _options(m: Any, data: Data) -> None:
    """On, start, least duration, groups and links."""
    o = data.options
    count, years = len(o.option), len(data.year)
    cells = [(n, t) for n in range(count) for t in range(years)]
    m.on = pyo.Var(cells, domain=pyo.Binary)
    m.starts = pyo.Var(cells, domain=pyo.Binary)
    m.started = pyo.Constraint(
        cells, rule=lambda m, n, t: m.starts[n, t] >= m.on[n, t] - (m.on[n, t - 1] if t else 0.0)
    )
    length = np.full(count, years)
    for option, s, e in zip(*o.runs.columns, strict=True):
        if e < years - 1:
            length[option] = min(length[option], e - s + 1)
    m.lasts = pyo.Constraint(
        [(n, t, s) for n, t in cells for s in range(t, min(years, t + int(length[n])))],
        rule=lambda m, n, t, s: m.on[n, s] >= m.starts[n, t],
    )
    rows: dict[tuple[int, int], dict[int, float]] = {}
    terms = o.at_most.terms
    for c, t, option, s, e, weight in zip(*terms.rows.columns, terms.coefficient, strict=True):
        if s <= t <= e:  # the year between two runs is what `started` is for
            rows.setdefault((int(c), int(t)), {})[int(option)] = float(weight)
    right = dict(zip(zip(*o.at_most.rows.columns, strict=True), o.at_most.most, strict=True))
    m.together = pyo.Constraint(
        [key for key, weights in rows.items() if len(weights) > 1],
        rule=lambda m, c, t: (
            sum(w * m.on[n, t] for n, w in rows[c, t].items()) <= float(right[c, t])
        ),
    )


def _curves(m: Any, data: Data) -> Any:
    """Outcomes as weights of the curves' points, one binary a segment; the objective."""
    r = data.responses
    owner = r.drivers.positions(r.segments.columns[:2])
    ends: dict[int, list[float]] = {}
    for d, width in zip(owner.tolist(), r.width.tolist(), strict=True):
        ends.setdefault(d, [float(r.start[d])]).append(0.0)
        ends[d][-1] = ends[d][-2] + width
    points = [(d, n) for d, at in ends.items() for n in range(len(at))]
    segments = [(d, n) for d, at in ends.items() for n in range(len(at) - 1)]
    m.weight = pyo.Var(points, bounds=(0.0, 1.0))
    m.chosen = pyo.Var(segments, domain=pyo.Binary)
    where = [tuple(int(c[d]) for c in r.drivers.columns) for d in range(len(r.drivers))]
    m.driver = pyo.Constraint(
        list(ends),
        rule=lambda m, d: (
            m.activity[where[d]] == sum(x * m.weight[d, n] for n, x in enumerate(ends[d]))
        ),
    )
    m.weights = pyo.Constraint(
        list(ends), rule=lambda m, d: sum(m.weight[d, n] for n in range(len(ends[d]))) == 1.0
    )
    m.one = pyo.Constraint(
        list(ends), rule=lambda m, d: sum(m.chosen[d, n] for n in range(len(ends[d]) - 1)) == 1.0
    )
    m.next_to = pyo.Constraint(
        points,
        rule=lambda m, d, n: (
            m.weight[d, n]
            <= (m.chosen[d, n - 1] if n else 0.0)
            + (m.chosen[d, n] if n < len(ends[d]) - 1 else 0.0)
        ),
    )
    at = r.drivers.positions(r.rows.columns[1:])
    pair = r.rows.positions(r.slope_rows.columns[:3])
    slopes: dict[int, list[float]] = {}
    for row, slope in zip(pair.tolist(), r.slope.tolist(), strict=True):
        slopes.setdefault(row, []).append(slope)
    total = 0.0
    for row, steep in slopes.items():
        d = int(at[row])
        effect = np.concatenate([[0.0], np.cumsum(np.array(steep) * np.diff(ends[d]))])
        effect = float(r.value[row]) * (effect + float(r.base[row]))
        total = total + sum(float(y) * m.weight[d, n] for n, y in enumerate(effect))
    return total + _added(m, data)


def _by_option(terms: Any, rows: Any) -> dict[tuple[int, int, int], float]:
    """What an option that is on adds to a row in a year."""
    out: dict[tuple[int, int, int], float] = {}
    at = rows.positions(terms.rows.columns[: rows.dimen])
    years, options = terms.rows.columns[rows.dimen - 1], terms.rows.columns[rows.dimen]
    for row, t, n, weight in zip(at, years, options, terms.coefficient, strict=True):
        out[int(row), int(t), int(n)] = float(weight)
    return out


def _added(m: Any, data: Data) -> Any:
    r = data.responses
    adds = _by_option(data.options.outcome, r.rows)
    return sum(float(r.value[row]) * x * m.on[n, t] for (row, t, n), x in adds.items())


def _costs(m: Any, data: Data) -> Any:
    """What everything costs in a year: activity, what options change of it, and options."""
    a, o = data.activity, data.options
    years = len(data.year)
    more = _by_option(o.limit_max, data.programme_years)
    extra: dict[tuple[int, int], list[tuple[int, float]]] = {}
    for (row, t, n), x in more.items():
        extra.setdefault((row // years, t), []).append((n, x))
    m.limit = pyo.Constraint(
        list(extra),
        rule=lambda m, i, t: (
            m.activity[i, t]
            <= float(a.limit_max[i, t]) + sum(x * m.on[n, t] for n, x in extra[i, t])
        ),
    )
    changes: dict[tuple[int, int, int], float] = {}
    terms = o.prices
    where = terms.rows.positions(terms.runs.rows.columns[:3])
    for at, option in zip(where, terms.runs.rows.columns[3], strict=True):
        i, t = (int(c[at]) for c in terms.rows.columns[:2])
        changes[i, t, int(option)] = float(terms.change[at])
    m.saved = pyo.Var(list(changes), domain=pyo.NonNegativeReals)
    big = {key: BIG * float(a.hi[key[:2]] * abs(x)) for key, x in changes.items()}
    m.saved_most = pyo.Constraint(
        list(changes),
        rule=lambda m, i, t, n: m.saved[i, t, n] <= -changes[i, t, n] * m.activity[i, t],
    )
    m.saved_if = pyo.Constraint(
        list(changes), rule=lambda m, i, t, n: m.saved[i, t, n] <= big[i, t, n] * m.on[n, t]
    )
    once: dict[tuple[int, int], float] = {}
    yearly: dict[tuple[int, int], float] = {}
    for _, t, n, s, e, x in zip(*o.cost.rows.columns, o.cost.coefficient, strict=True):
        if s < t <= e:
            yearly[int(n), int(t)] = float(x)
    for _, t, n, s, _, x in zip(*o.cost.rows.columns, o.cost.coefficient, strict=True):
        if s == t:
            # Costs are in the prices of one year: what is left is paid once.
            known = next((v for (k, _), v in yearly.items() if k == n), 0.0)
            once[int(n), int(t)] = float(x) - known
            yearly.setdefault((int(n), int(t)), known)

    def cost(t: int) -> Any:
        care = sum(float(a.price[i, t]) * m.activity[i, t] for i in range(len(a.price)))
        saved = sum(m.saved[i, s, n] for i, s, n in changes if s == t)
        options = sum(x * m.on[n, s] for (n, s), x in yearly.items() if s == t)
        return (
            care - saved + options + sum(x * m.starts[n, s] for (n, s), x in once.items() if s == t)
        )

    return cost
