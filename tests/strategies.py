"""Hypothesis strategies: random small instances as tables, every table and kind of row in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from allocator.errors import InstanceError
from allocator.instance.instance import Instance
from allocator.instance.reading.reader import from_tables

Rows = list[dict[str, Any]]
Tables = dict[str, Rows]

PLACES, POOLS, SECTORS = ("North", "South"), ("NHS", "Council"), ("acute", "primary")
OUTCOMES = ("QALY", "days at home")


def figure(low: float, high: float, digits: int = 3) -> st.SearchStrategy[float]:
    """A figure with few digits, as planners write them."""
    step = 10.0**-digits
    return st.integers(round(low / step), round(high / step)).map(lambda n: round(n * step, digits))


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A figure or a blank."""
    return st.one_of(st.none(), strategy)


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, Any], Tables]:
    """Settings and tables of a small round of one to three years.

    Budgets are near what the baseline costs, and limits, demand and rules near the baseline,
    so that most rounds have a plan and something in them binds.
    """
    years = list(range(2025, 2025 + draw(st.integers(1, 3))))
    settings = {
        "name": "Random",
        "base_year": 2024,
        "years": years,
        "discount_rate": draw(st.sampled_from([0.0, 0.035, 0.1])),
        "cost_uplift": draw(st.sampled_from([0.0, 0.02, -0.01])),
        "tail_years": draw(st.integers(0, 2)),
        "saving_value": draw(st.sampled_from([0.0, 0.01])),
    }
    names = [f"P{n}" for n in range(draw(st.integers(2, 5)))]
    out: Tables = {"programmes": [draw(_programme(name)) for name in names]}
    out["programmes"][0] |= {"pool": "NHS", "held": "no"}
    by_name = {row["programme"]: row for row in out["programmes"]}
    out["places"] = [{"place": p, "heads": draw(st.integers(1, 9)) * 100} for p in PLACES]
    out["outcomes"] = [
        {
            "outcome": k,
            "weight": draw(figure(0.1, 5, 1)),
            "discounted": draw(st.sampled_from(["yes", "no"])),
        }
        for k in OUTCOMES
    ]
    for make in (_budgets, _demand, _responses, _limits, _effects, _capacity, _people, _rules):
        make(draw, out, by_name, years)
    return settings, {name: rows for name, rows in out.items() if rows or name == "responses"}


def _programme(name: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "programme": st.just(name),
            "sector": st.sampled_from(SECTORS),
            "place": st.sampled_from(["", *PLACES]),
            "pool": st.sampled_from(POOLS),
            "unit": st.just("unit"),
            "unit_cost": figure(0.5, 9, 1),
            "baseline": st.integers(20, 200),
            "fixed_share": st.sampled_from([0.0, 0.0, 0.3, 0.6]),
            "release_years": st.integers(0, 2),
            "cost_uplift": maybe(st.sampled_from([0.0, 0.03])),
            "class": st.sampled_from(["discretionary"] * 4 + ["safety", "entitlement"]),
            "held": st.sampled_from(["", "", "", "no", "yes"]),
        }
    )


Draw = st.DrawFn
ByName = dict[str, dict[str, Any]]


def _budgets(draw: Draw, out: Tables, by_name: ByName, years: list[int]) -> None:
    out["budgets"] = []
    for pool in POOLS:
        cost = sum(r["unit_cost"] * r["baseline"] for r in by_name.values() if r["pool"] == pool)
        if pool == "Council" and not cost:
            continue
        carry = draw(st.sampled_from([0.0, 0.0, 0.1]))
        for year in years:
            out["budgets"].append(
                {
                    "pool": pool,
                    "year": year,
                    "amount": round(max(cost, 1.0) * draw(figure(0.95, 1.4, 2)), 2),
                    "opening": draw(st.sampled_from([0.0, 20.0])) if year == years[0] else 0.0,
                    "carry_max": round(carry * cost, 2),
                    "overdraw_max": round(draw(st.sampled_from([0.0, 0.05])) * cost, 2),
                }
            )
    pools = {row["pool"] for row in out["budgets"]}
    if len(pools) == 2 and draw(st.booleans()):
        giver, taker = draw(st.permutations(POOLS))
        out["transfers"] = [{"from_pool": giver, "to_pool": taker, "max": draw(st.integers(5, 80))}]


def _demand(draw: Draw, out: Tables, by_name: ByName, years: list[int]) -> None:
    out["demand"] = []
    for name, row in by_name.items():
        if not draw(st.integers(0, 2)):
            strict = row["class"] == "entitlement"
            harm = draw(st.booleans())
            out["demand"].append(
                {
                    "programme": name,
                    "demand": round(row["baseline"] * draw(figure(0.85, 1.1, 2)), 2),
                    "opening_backlog": 0 if strict else draw(st.sampled_from([0, 0, 10])),
                    "carry": draw(st.sampled_from([0.0, 0.5, 1.0])),
                    "min_met": None if strict else draw(st.sampled_from([None, 0.4, 0.8])),
                    "harm_outcome": draw(st.sampled_from(OUTCOMES)) if harm else "",
                    "harm": draw(figure(0.01, 1, 2)) if harm else 0.0,
                }
            )


def _responses(draw: Draw, out: Tables, by_name: ByName, years: list[int]) -> None:
    out["responses"], out["response_points"] = [], []
    harmed = {(d["programme"], d["harm_outcome"]) for d in out["demand"]}
    for name, row in by_name.items():
        wanted = draw(st.sets(st.sampled_from(OUTCOMES), max_size=2))
        for k in sorted(wanted):
            if (name, k) in harmed:
                continue
            shape = draw(st.sampled_from(["linear", "linear", "power", "saturating", "points"]))
            line = {"programme": name, "outcome": k, "shape": shape}
            base = row["baseline"]
            if shape in ("linear", "power"):
                line["per_unit"] = draw(figure(0.05, 2, 2))
            if shape == "power":
                line["elasticity"] = draw(figure(0.3, 0.9, 1))
            if shape == "saturating":
                line |= {"maximum": float(base), "half": round(base * draw(figure(0.5, 2, 1)), 1)}
            if shape == "points":
                slopes = sorted(draw(st.lists(figure(0.1, 2, 1), min_size=2, max_size=2)))
                at = [0.0, base * 0.8, base * 1.2]
                effect = [0.0, at[1] * slopes[1], at[1] * slopes[1] + base * 0.4 * slopes[0]]
                out["response_points"] += [
                    {"programme": name, "outcome": k, "activity": x, "effect": round(y, 6)}
                    for x, y in zip(at, effect, strict=True)
                ]
            line["delay"] = draw(st.sampled_from([0, 0, 1, 4]))
            out["responses"].append(line)


def _limits(draw: Draw, out: Tables, by_name: ByName, years: list[int]) -> None:
    out["limits"] = []
    for name, row in by_name.items():
        basis = draw(st.sampled_from(["", "baseline", "growth", "activity", "both"]))
        if basis in ("baseline", "both"):
            out["limits"].append(
                {
                    "programme": name,
                    "basis": "baseline",
                    "min": draw(maybe(figure(0.5, 0.95, 2))),
                    "max": draw(figure(1.05, 2, 2)),
                }
            )
        if basis in ("growth", "both"):
            out["limits"].append(
                {
                    "programme": name,
                    "basis": "growth",
                    "min": draw(maybe(figure(-0.3, -0.05, 2))),
                    "max": draw(figure(0.03, 0.3, 2)),
                    "growth_amount": draw(st.sampled_from([0.0, 5.0])),
                }
            )
        if basis == "activity":
            out["limits"].append(
                {"programme": name, "basis": "activity", "max": 2.0 * row["baseline"]}
            )


def _effects(draw: Draw, out: Tables, by_name: ByName, years: list[int]) -> None:
    targets = [d["programme"] for d in out["demand"]]
    sources = [n for n in by_name if n not in targets]
    out["effects"] = []
    for source in sources[:2]:
        if targets and draw(st.booleans()):
            out["effects"].append(
                {
                    "source": source,
                    "target": draw(st.sampled_from(targets)),
                    "per_unit": draw(figure(0.01, 0.1, 2)),
                    "delay": draw(st.integers(0, 2)),
                    "fade": draw(st.sampled_from([0.0, 0.5, 1.0])),
                }
            )


def _capacity(draw: Draw, out: Tables, by_name: ByName, years: list[int]) -> None:
    users = [n for n in by_name if draw(st.booleans())]
    if not users:
        return
    out["resources"] = [{"resource": "beds"}]
    out["use"] = [
        {"programme": n, "resource": "beds", "per_unit": draw(figure(0.1, 3, 1))} for n in users
    ]
    need = sum(u["per_unit"] * by_name[u["programme"]]["baseline"] for u in out["use"])
    extra = draw(st.booleans())
    out["capacity"] = [
        {
            "resource": "beds",
            "amount": round(need * draw(figure(1.0, 1.4, 2)), 2),
            "extra_max": round(need * 0.1, 2) if extra else 0.0,
            "extra_cost": draw(figure(0.1, 2, 1)) if extra else 0.0,
            "extra_pool": "NHS" if extra else "",
        }
    ]


def _people(draw: Draw, out: Tables, by_name: ByName, years: list[int]) -> None:
    if not draw(st.booleans()):
        return
    out["segments"] = [
        {
            "segment": segment,
            "place": place,
            "heads": row["heads"] / 2,
            "weight": draw(figure(0.5, 3, 1)),
        }
        for row in out["places"]
        for place in [row["place"]]
        for segment in ("poor", "rest")
    ]
    if draw(st.booleans()):
        share = draw(figure(0.1, 0.9, 1))
        out["reach"] = [
            {"programme": "P0", "segment": "poor", "share": share},
            {"programme": "P0", "segment": "rest", "share": round(1 - share, 1)},
        ]


def _rules(draw: Draw, out: Tables, by_name: ByName, years: list[int]) -> None:
    sectors = sorted({r["sector"] for r in by_name.values()})
    out["selections"] = [
        {"selection": s, "sector": s, "programme": "", "share": 1.0} for s in sectors
    ]
    out["selections"].append({"selection": "part", "sector": "", "programme": "P0", "share": 0.5})
    out["rules"] = []
    for number in range(draw(st.integers(0, 3))):
        rule = draw(st.sampled_from(_RULES))(draw, out, by_name, sectors)
        soft = draw(st.booleans())
        penalty = draw(figure(0.001, 0.5, 3)) if soft else None
        out["rules"].append({"rule": f"R{number}", "penalty": penalty, **rule})


def _total(by_name: ByName, sector: str, unit: str) -> float:
    """Baseline activity or money of a sector."""
    return float(
        sum(
            r["baseline"] * (r["unit_cost"] if unit == "money" else 1)
            for r in by_name.values()
            if r["sector"] == sector
        )
    )


def _amount(draw: Draw, out: Tables, by_name: ByName, sectors: list[str]) -> dict[str, Any]:
    measure = draw(st.sampled_from(["spend", "value", "activity"]))
    sector = draw(st.sampled_from(sectors))
    sense, low, high = draw(st.sampled_from([("min", 0.7, 1.0), ("max", 1.0, 1.4)]))
    total = _total(by_name, sector, "activity" if measure == "activity" else "money")
    value = round(total * draw(figure(low, high, 2)), 3)
    return {"measure": measure, "selection": sector, "sense": sense, "value": value}


def _share(draw: Draw, out: Tables, by_name: ByName, sectors: list[str]) -> dict[str, Any]:
    sector = draw(st.sampled_from([*sectors, "part"]))
    sense, low, high = draw(st.sampled_from([("min", 0.02, 0.2), ("max", 0.8, 0.98)]))
    return {
        "measure": draw(st.sampled_from(["spend", "value"])),
        "selection": sector,
        "sense": sense,
        "value": draw(figure(low, high, 2)),
        "basis": "share",
    }


def _growth(draw: Draw, out: Tables, by_name: ByName, sectors: list[str]) -> dict[str, Any]:
    sense, low, high = draw(st.sampled_from([("min", -0.2, -0.02), ("max", 0.1, 0.3)]))
    return {
        "measure": draw(st.sampled_from(["spend", "value", "activity"])),
        "selection": draw(st.sampled_from(sectors)),
        "sense": sense,
        "value": draw(figure(low, high, 2)),
        "basis": "growth",
        "reference": draw(st.sampled_from(["", "previous", "baseline"])),
    }


def _per_head(draw: Draw, out: Tables, by_name: ByName, sectors: list[str]) -> dict[str, Any]:
    heads = sum(row["heads"] for row in out["places"])
    sector = draw(st.sampled_from(sectors))
    value = round(_total(by_name, sector, "money") * draw(figure(1.0, 1.5, 1)) / heads, 4)
    return {
        "measure": "spend",
        "selection": sector,
        "sense": "max",
        "value": value,
        "basis": "per_head",
    }


def _unmet(draw: Draw, out: Tables, by_name: ByName, sectors: list[str]) -> dict[str, Any]:
    total = sum(d["demand"] for d in out["demand"])
    value = round(total * draw(figure(0.1, 0.6, 1)), 2)
    return {"measure": "unmet", "selection": "", "sense": "max", "value": value}


def _outcome(draw: Draw, out: Tables, by_name: ByName, sectors: list[str]) -> dict[str, Any]:
    bought = [r["outcome"] for r in out["responses"]] or [OUTCOMES[0]]
    segment = "poor" if out.get("segments") and draw(st.booleans()) else ""
    return {
        "measure": "outcome",
        "selection": "",
        "outcome": draw(st.sampled_from(bought)),
        "segment": segment,
        "sense": "min",
        "value": draw(figure(0, 40, 1)),
    }


_RULES: tuple[Callable[..., dict[str, Any]], ...] = (
    _amount,
    _share,
    _growth,
    _per_head,
    _unmet,
    _outcome,
)


def frames(rows: Tables) -> dict[str, pd.DataFrame]:
    """Tables as frames."""
    columns = {"responses": ["programme", "outcome", "per_unit"]}
    return {
        name: pd.DataFrame(lines, columns=None if lines else columns[name])
        for name, lines in rows.items()
    }


@st.composite
def instances(draw: st.DrawFn) -> Instance | None:
    """A random instance, or None where its checks refuse what was drawn."""
    settings, rows = draw(tables())
    try:
        return from_tables(settings, frames(rows))
    except InstanceError:
        return None
