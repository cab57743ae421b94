"""Families that are rounds of the product: drawn through its tables, compiled by its model.

The allocator is imported when a round is drawn, not before: it loads HiGHS, which cannot
share a process with some of the other solvers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from benchmarks import ROOT
from benchmarks.suite.families.base import Draw, Family, family
from benchmarks.suite.problem import Problem

if TYPE_CHECKING:
    from allocator.instance.instance import Instance
    from allocator.solver.program import Program


NONE = 1e20
"""Bounds of this size and beyond are none to the solvers."""

Row = dict[str, Any]


def compiled(instance: Instance) -> Program:
    """Main programme of a round."""
    from allocator.data import extract
    from allocator.solver.compiler import compile_model
    from allocator_models.allocation import build

    return compile_model(build(extract(instance)))


def of_program(name: str, size: str, seed: int, program: Program) -> Problem:
    """Canonical arrays of a compiled programme."""

    def bound(numbers: Any) -> Any:
        return np.where(np.abs(numbers) >= NONE, np.copysign(np.inf, numbers), numbers)

    return Problem.of(
        name,
        size,
        seed,
        maximise=program.maximise,
        cost=program.cost,
        offset=float(program.offset),
        matrix=program.matrix,
        row_lower=bound(program.row_lower),
        row_upper=bound(program.row_upper),
        col_lower=bound(program.col_lower),
        col_upper=bound(program.col_upper),
        integer=program.integer,
    )


def systems(seed: int, systems: int, places: int, years: int) -> Instance:
    """Round of systems linked by national rules and a shared resource."""
    from benchmarks.country.generate import generate

    return generate(systems, places, years, seed)


def apart(seed: int, systems: int, places: int, years: int) -> Instance:
    """The same round without what links its systems: as many programmes in one."""
    from benchmarks.country.generate import generate

    return generate(systems, places, years, seed, national=False)


INTEGRATION_YEARS = (2025, 2026, 2027, 2028)
TOGETHER = 4
"""Places that share a pool and a hub."""


def integration(seed: int, places: int) -> Instance:
    """How far the practices of each place integrate, on terms that are reviewed.

    A place works in exactly one way: loosely, in part from 2026 on (at least two years), or
    fully (left only at a review after two years), which suspends the practices' contract,
    lowers emergency demand, and needs the hub of its system. Home visiting can be bought
    with reviews after one and three years, but not along with partial integration.
    """
    draw = Draw("integration", seed)
    tables: dict[str, list[Row]] = {name: [] for name in TABLES}
    for first in range(0, places, TOGETHER):
        pool = f"NHS {first // TOGETHER + 1}"
        hub = f"Hub {first // TOGETHER + 1}"
        cost = draw.whole(20, 80).item()
        tables["options"].append(
            {
                "option": hub,
                "pool": pool,
                "cost_once": cost,
                "cost_yearly": draw.whole(5, 30).item(),
                "lead_years": draw.whole(0, 1).item(),
                "min_years": 2,
            }
        )
        spend = 0
        for place in range(first, min(places, first + TOGETHER)):
            spend += _place(draw, tables, f"{place + 1}", pool, hub)
        amount = spend * draw.whole(104, 112).item() // 100
        tables["budgets"].append({"pool": pool, "amount": amount, "carry_max": amount // 100})
    tables["outcomes"].append({"outcome": "QALY", "weight": 1.0})
    return _round(f"integration {places}/{seed}", INTEGRATION_YEARS, tables)


TABLES = (
    "programmes",
    "limits",
    "budgets",
    "transfers",
    "outcomes",
    "responses",
    "response_points",
    "demand",
    "contracts",
    "places",
    "options",
    "option_effects",
    "option_links",
)


def _round(name: str, years: tuple[int, ...], tables: dict[str, list[Row]]) -> Instance:
    from allocator.instance.reader import from_tables

    settings = {"name": name, "base_year": years[0] - 1, "years": list(years)}
    frames = {table: pd.DataFrame(rows) for table, rows in tables.items() if rows}
    return from_tables(settings, frames)


def _place(draw: Draw, tables: dict[str, list[Row]], n: str, pool: str, hub: str) -> int:
    """Programmes and options of one place; its spend at baseline."""
    size = {
        "General practice": draw.whole(200, 500).item(),
        "Enhanced services": draw.whole(30, 90).item(),
        "Community care": draw.whole(200, 600).item(),
        "Emergency admissions": draw.whole(300, 800).item(),
    }
    for service, baseline in size.items():
        kind = "emergency" if service.startswith("Emergency") else "discretionary"
        row: Row = {"programme": f"{service} {n}", "sector": service, "pool": pool}
        row |= {"class": kind, "baseline": baseline}
        if service == "General practice":
            row["contract"] = f"Practices {n}"
        tables["programmes"].append(row)
    practice, enhanced, community, emergency = (f"{service} {n}" for service in size)
    fixed = size["General practice"] * draw.whole(102, 108).item() // 100
    contract = {"contract": f"Practices {n}", "type": "block", "fixed": fixed}
    tables["contracts"].append(contract)
    for programme, low, high in ((practice, 1.0, 1.0), (enhanced, 1.0, 2.0), (community, 0.5, 1.4)):
        limit = {"programme": programme, "basis": "baseline", "min": low, "max": high}
        tables["limits"].append(limit)
    for lag, year in enumerate(INTEGRATION_YEARS, start=1):
        need = size["Emergency admissions"] * (100 + lag) // 100
        tables["demand"].append({"programme": emergency, "year": year, "demand": need})
    for programme, low, high in ((practice, 40, 70), (enhanced, 20, 60)):
        worth = draw.whole(low, high).item()
        row = {"programme": programme, "outcome": "QALY", "shape": "linear", "per_unit": worth}
        tables["responses"].append(row)
    tables["responses"].append({"programme": community, "outcome": "QALY", "shape": "points"})
    _points(draw, tables, community, size["Community care"], 60)
    _ways(draw, tables, n, pool, hub)
    return sum(size.values())


def _points(
    draw: Draw, tables: dict[str, list[Row]], programme: str, baseline: int, worth: int
) -> None:
    """Concave curve in four straight pieces."""
    effect = 0
    slope = worth + draw.whole(0, 20).item()
    tables["response_points"].append(
        {"programme": programme, "outcome": "QALY", "activity": 0, "effect": 0}
    )
    for share in (60, 90, 115, 140):
        at = baseline * share // 100
        before = int(tables["response_points"][-1]["activity"])
        effect += slope * (at - before)
        slope = slope * draw.whole(60, 90).item() // 100
        tables["response_points"].append(
            {"programme": programme, "outcome": "QALY", "activity": at, "effect": effect}
        )


def _ways(draw: Draw, tables: dict[str, list[Row]], n: str, pool: str, hub: str) -> None:
    """Ways for a place to work, and what they change."""
    loose, part, full, visits = (f"{way} {n}" for way in ("Loose", "Part", "Full", "Visits"))
    group = {"group": f"practices-{n}", "choose": "exactly_one", "pool": pool}
    once, yearly = (draw.whole(2, 12, 2).tolist() for _ in range(2))
    tables["options"] += [
        {"option": loose, **group, "cost_yearly": 1},
        {
            "option": part,
            **group,
            "earliest": 2026,
            "min_years": 2,
            "cost_once": once[0],
            "cost_yearly": yearly[0],
        },
        {
            "option": full,
            **group,
            "review_years": "2",
            "cost_once": once[1],
            "cost_yearly": yearly[1] + 8,
            "cost_exit": draw.whole(1, 6).item(),
        },
        {
            "option": visits,
            "pool": pool,
            "review_years": "1 3",
            "start_month": 7,
            "cost_yearly": draw.whole(5, 20).item(),
        },
    ]
    lower = (90 + draw.whole(0, 9, 2)) / 100
    gain = draw.whole(100, 900, 2).tolist()
    for option, measure, target, outcome, operation, value in (
        (part, "demand", f"Emergency admissions {n}", "", "multiply", max(lower)),
        (full, "demand", f"Emergency admissions {n}", "", "multiply", min(lower)),
        (full, "contract", f"Practices {n}", "", "suspend", None),
        (full, "limit_min", f"Enhanced services {n}", "", "add", draw.whole(1, 9).item()),
        (full, "outcome", f"General practice {n}", "QALY", "add", gain[0]),
        (visits, "outcome", f"Community care {n}", "QALY", "add", gain[1]),
    ):
        row: Row = {"option": option, "measure": measure, "target": target}
        row |= {"outcome": outcome, "operation": operation, "value": value}
        tables["option_effects"].append(row)
    for option, link, other in ((full, "requires", hub), (visits, "excludes", part)):
        tables["option_links"].append({"option": option, "link": link, "other": other})


CONTRACT_YEARS = (2025, 2026, 2027)
SHARING = 10
"""Places that share a pool of money."""


def contracts(seed: int, places: int) -> Instance:
    """Every form of contract in every place, and a little money that may go to any place.

    Blocks that may be ended early for a fee, marginal rates, corridors, aligned payment,
    risk shares with caps and bonuses that step: payments that are neither convex nor
    concave and need decisions.
    """
    draw = Draw("contracts", seed)
    tables: dict[str, list[Row]] = {name: [] for name in TABLES}
    for first in range(0, places, SHARING):
        pool, spend = f"NHS {first // SHARING + 1}", 0
        for place in range(first, min(places, first + SHARING)):
            tables["places"].append({"place": f"Place {place + 1}", "heads": 1000})
            spend += sum(_under(draw, tables, form, f"{place + 1}", pool) for form in FORMS)
        amount = spend * draw.whole(101, 106).item() // 100
        tables["budgets"].append({"pool": pool, "amount": amount})
        tables["transfers"].append({"from_pool": "Country", "to_pool": pool, "max": spend // 25})
    tables["budgets"].append({"pool": "Country", "amount": 40 * places})
    tables["outcomes"].append({"outcome": "QALY", "weight": 1.0})
    return _round(f"contracts {places}/{seed}", CONTRACT_YEARS, tables)


def _under(draw: Draw, tables: dict[str, list[Row]], form: str, n: str, pool: str) -> int:
    """One programme and its contract; its spend at baseline."""
    name = f"{form} {n}"
    baseline = draw.whole(100, 900).item()
    row: Row = {"programme": name, "sector": form, "pool": pool, "place": f"Place {n}"}
    terms = FORMS[form](draw, baseline)
    contract = name if terms else ""
    row |= {"baseline": baseline, "provider": f"Provider {n}", "contract": contract}
    tables["programmes"].append(row)
    tables["limits"].append({"programme": name, "basis": "baseline", "min": 0.6, "max": 1.4})
    tables["responses"].append({"programme": name, "outcome": "QALY", "shape": "points"})
    _points(draw, tables, name, baseline, 10)
    if terms:
        tables["contracts"].append({"contract": name, **terms})
    return baseline


def _share(draw: Draw, low: int, high: int) -> float:
    return draw.whole(low, high).item() / 100


def _block(draw: Draw, baseline: int) -> Row:
    row = {"type": "block", "ceiling": baseline * draw.whole(105, 125).item() // 100}
    return row | {"notice_years": 1, "exit_fee": baseline * draw.whole(1, 6).item() // 100}


def _activity(draw: Draw, baseline: int) -> Row:
    at = baseline * draw.whole(95, 110).item() // 100
    return {"type": "activity", "threshold": at, "marginal_rate": _share(draw, 20, 60)}


def _volume(draw: Draw, baseline: int) -> Row:
    return {"type": "cost_and_volume", "up_rate": _share(draw, 40, 90)}


def _aligned(draw: Draw, baseline: int) -> Row:
    up, down = _share(draw, 30, 60), _share(draw, 60, 95)
    return {"type": "aligned", "up_rate": up, "down_rate": down}


def _capitated(draw: Draw, baseline: int) -> Row:
    row = {"type": "capitated", "per_head": baseline / 1000}
    row |= {"gain_share": _share(draw, 30, 80), "loss_share": _share(draw, 30, 80)}
    return row | {"gain_cap": baseline // 20, "loss_cap": baseline // 25}


def _outcome(draw: Draw, baseline: int) -> Row:
    step = baseline * draw.whole(2, 8).item() // 100
    row = {"type": "outcome", "bonus_outcome": "QALY", "bonus": 0.002, "bonus_step": step}
    return row | {"bonus_threshold": 9 * baseline}


def _cost(draw: Draw, baseline: int) -> Row:
    return {}


FORMS = {
    "Block": _block,
    "Activity": _activity,
    "Volume": _volume,
    "Aligned": _aligned,
    "Capitated": _capitated,
    "Outcome": _outcome,
    "Cost": _cost,
}


def decisions(seed: int, options: int, curves: int) -> Instance:
    """Round of grouped options and S-shaped returns, as in the benchmark of formulations."""
    from benchmarks.studies.decisions import draw

    return draw(options, curves, seed)


def real(seed: int, folder: str) -> Instance:
    """Round of this repository; there is nothing to draw."""
    from allocator.instance.reader import read

    return read(ROOT / "instances" / folder)


def _of(
    name: str, reason: str, kind: Any, sizes: dict[str, dict[str, Any]], instance: Any
) -> Family:
    def make(name: str, size: str, seed: int, **parameters: Any) -> Problem:
        return of_program(name, size, seed, compiled(instance(seed, **parameters)))

    return family(name, reason, kind, sizes, make, instance)


COUNTRIES = {
    "XS": {"systems": 2, "places": 1, "years": 2},
    "S": {"systems": 3, "places": 1, "years": 5},
    "M": {"systems": 42, "places": 1, "years": 5},
    "L": {"systems": 42, "places": 7, "years": 5},
    "XL": {"systems": 42, "places": 74, "years": 5},
}

FAMILIES = (
    _of(
        "systems",
        "the product's own programme: linked systems, ring-fences, equity, five years",
        "lp",
        COUNTRIES,
        systems,
    ),
    _of(
        "systems-apart",
        "systems without national rules: easy for its size, so that what surrounds a solve shows",
        "lp",
        COUNTRIES,
        apart,
    ),
    _of(
        "contracts",
        "every form of contract: payments that kink and step, blocks ended for a fee",
        "mip",
        {
            "XS": {"places": 2},
            "S": {"places": 22},
            "M": {"places": 225},
            "L": {"places": 2_000},
        },
        contracts,
    ),
    _of(
        "integration",
        "ways to integrate, with review years, hubs they need and contracts they suspend",
        "mip",
        {
            "XS": {"places": 2},
            "S": {"places": 20},
            "M": {"places": 200},
            "L": {"places": 2_000},
            "XL": {"places": 20_000},
        },
        integration,
    ),
    _of(
        "decisions",
        "grouped options that change unit costs, and S-shaped returns",
        "mip",
        {
            "S": {"options": 8, "curves": 2},
            "M": {"options": 180, "curves": 90},
            "L": {"options": 3_000, "curves": 1_500},
        },
        decisions,
    ),
    _of(
        "avonside",
        "the worked system of this repository: 54 programmes, five years, contracts",
        "mip",
        {"S": {"folder": "avonside"}},
        real,
    ),
    _of(
        "england",
        "the 42 systems of this repository, from published figures",
        "lp",
        {"M": {"folder": "england"}},
        real,
    ),
)
