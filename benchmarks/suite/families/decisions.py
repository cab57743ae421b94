"""Rounds of grouped options that change unit costs, and of curves that steepen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from benchmarks.suite.families.base import of_rounds, sizes

if TYPE_CHECKING:
    from allocator.instance.instance import Instance

YEARS = 2
GROUP = 4
"""Options of a group: ways to run the same service."""


def draw(options: int, curves: int, seed: int) -> Instance:
    """Draw a round of options and curves that steepen.

    Parameters
    ----------
    options : int
        Options: groups of ways to run a service (dearer or cheaper by the unit, paid for
        once, worth more or less), and service extensions that may start in any year, some
        of which need another or exclude it.
    curves : int
        Programmes with an S-shaped return (logistic, or points with a start-up threshold).
    seed : int
        Seed.

    Returns
    -------
    Instance
        Every row is drawn: for timing, not for planning.
    """
    rng = np.random.default_rng(seed)
    years = [2025 + t for t in range(YEARS)]
    plain = max(20, curves // 5)
    s_shaped = [f"s{n:04d}" for n in range(curves)]
    concave = [f"c{n:04d}" for n in range(plain)]
    baseline = rng.uniform(50, 400, curves + plain).round()
    cost = rng.lognormal(0.0, 0.5, curves + plain).round(3)
    programmes = pd.DataFrame(
        {
            "programme": [*s_shaped, *concave],
            "sector": rng.choice(["acute", "community", "primary"], curves + plain),
            "pool": "NHS",
            "unit": "contacts",
            "unit_cost": cost,
            "baseline": baseline,
        }
    )
    limits = pd.DataFrame(
        {"programme": programmes["programme"], "basis": "baseline", "min": 0.0, "max": 1.6}
    )
    responses, points = _curves(rng, s_shaped, concave, baseline, cost)
    chosen, effects, links = _options(rng, options, programmes, years)
    total = float((cost * baseline).sum())
    settings = {"name": f"decisions {options}/{curves}", "base_year": 2024, "years": years}
    tables = {
        "programmes": programmes,
        "limits": limits,
        "budgets": pd.DataFrame({"pool": ["NHS"], "amount": [0.8 * total]}),
        "outcomes": pd.DataFrame({"outcome": ["health"], "weight": [1.0]}),
        "responses": responses,
        "response_points": points,
        "options": chosen,
        "option_effects": effects,
        "option_links": links,
    }
    from allocator.instance.instance import from_tables

    return from_tables(settings, tables)


def _curves(
    rng: np.random.Generator,
    s_shaped: list[str],
    concave: list[str],
    baseline: Any,
    cost: Any,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    worth = rng.lognormal(0.3, 0.35, len(baseline)) * cost * baseline
    rows: list[tuple[Any, ...]] = []
    points: list[tuple[Any, ...]] = []
    for n, name in enumerate(s_shaped):
        b = baseline[n]
        if n % 2:
            half = b * rng.uniform(0.5, 1.0)
            rows.append((name, "logistic", None, None, 1.5 * worth[n], half, 6.0 / half))
            continue
        rows.append((name, "points", None, None, None, None, None))
        start, turn = b * rng.uniform(0.3, 0.6), b * rng.uniform(0.8, 1.2)
        for at, part in ((0, 0), (start, 0.05), (turn, 0.9), (1.4 * b, 1.1), (1.6 * b, 1.15)):
            points.append((name, "health", round(at, 3), round(part * worth[n], 4)))
    for n, name in enumerate(concave, start=len(s_shaped)):
        rows.append((name, "power", 0.5 * worth[n] / baseline[n], 0.5, None, None, None))
    columns = ["programme", "shape", "per_unit", "elasticity", "maximum", "half", "steepness"]
    responses = pd.DataFrame(rows, columns=columns).assign(outcome="health")
    table = pd.DataFrame(points, columns=["programme", "outcome", "activity", "effect"])
    return responses, table


def _options(
    rng: np.random.Generator, options: int, programmes: pd.DataFrame, years: list[int]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    names, cost, base = (programmes[c].to_numpy() for c in ("programme", "unit_cost", "baseline"))
    grouped = options // 2
    rows, effects, links = [], [], []
    targets = rng.permutation(len(names))
    for n in range(options):
        name = f"o{n:04d}"
        if n < grouped:
            i = targets[(n // GROUP) % len(names)]
            spend = cost[i] * base[i]
            rows.append(
                (name, f"g{n // GROUP}", "at_most_one", 2, rng.uniform(0.02, 0.2) * spend, 0.0)
            )
            effects.append((name, "unit_cost", names[i], "", "multiply", rng.uniform(0.8, 0.97)))
        else:
            i = int(rng.integers(len(names)))
            spend = cost[i] * base[i]
            rows.append(
                (
                    name,
                    "",
                    "any",
                    int(rng.integers(1, 3)),
                    rng.uniform(0.05, 0.3) * spend,
                    rng.uniform(0.02, 0.1) * spend,
                )
            )
            gain = rng.uniform(0.1, 0.5) * spend
            effects.append((name, "outcome", names[i], "health", "add", gain))
            effects.append((name, "limit_max", names[i], "", "add", 0.3 * base[i]))
            if n > grouped and rng.random() < 0.3:
                link = "requires" if rng.random() < 0.5 else "excludes"
                links.append((name, link, f"o{int(rng.integers(grouped, n)):04d}"))
    table = pd.DataFrame(
        rows, columns=["option", "group", "choose", "min_years", "cost_once", "cost_yearly"]
    ).assign(pool="NHS", earliest=years[0], latest=years[-1])
    changed = pd.DataFrame(
        effects, columns=["option", "measure", "target", "outcome", "operation", "value"]
    )
    return table, changed, pd.DataFrame(links, columns=["option", "link", "other"])


def decisions(seed: int, options: int, curves: int) -> Instance:
    """Round of grouped options and S-shaped returns."""
    return draw(options, curves, seed)


FAMILIES = (
    of_rounds(
        "decisions",
        "grouped options that change unit costs, and S-shaped returns",
        "mip",
        sizes("S", "M", "L", options=(8, 180, 3_000), curves=(2, 90, 1_500)),
        decisions,
    ),
)
