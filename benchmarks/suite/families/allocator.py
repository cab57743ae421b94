"""Families that are rounds of the product: drawn through its tables, compiled by its model."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from benchmarks.suite.families.base import Draw, of_rounds, sizes

if TYPE_CHECKING:
    from allocator.instance.instance import Instance

Row = dict[str, Any]


def systems(seed: int, systems: int, places: int, years: int, *, national: bool = True) -> Instance:
    """Round of systems, linked by national rules and a shared resource, or by nothing."""
    from benchmarks.country.generate import generate

    return generate(systems, places, years, seed, national)


class _Round:
    """A round as it is drawn, row by row."""

    def __init__(self, family: str, seed: int) -> None:
        self.draw = Draw(family, seed)
        self.tables: dict[str, list[Row]] = {}

    def whole(self, low: int, high: int) -> int:
        """One whole number."""
        return int(self.draw.whole(low, high).item())

    def share(self, low: int, high: int) -> float:
        """So many hundredths."""
        return self.whole(low, high) / 100

    def add(self, table: str, **row: Any) -> None:
        """Add a row to a table."""
        self.tables.setdefault(table, []).append(row)

    def curve(self, programme: str, baseline: int, worth: int) -> None:
        """Concave curve in four straight pieces."""
        self.add("responses", programme=programme, outcome="QALY", shape="points")
        point = partial(self.add, "response_points", programme=programme, outcome="QALY")
        effect, before = 0, 0
        slope = worth + self.whole(0, 20)
        point(activity=0, effect=0)
        for share in (60, 90, 115, 140):
            at = baseline * share // 100
            effect += slope * (at - before)
            before, slope = at, slope * self.whole(60, 90) // 100
            point(activity=at, effect=effect)

    def instance(self, name: str, years: tuple[int, ...]) -> Instance:
        """The round that has been drawn."""
        from allocator.instance.instance import from_tables

        self.add("outcomes", outcome="QALY", weight=1.0)
        settings = {"name": name, "base_year": years[0] - 1, "years": list(years)}
        return from_tables(settings, {t: pd.DataFrame(rows) for t, rows in self.tables.items()})


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
    r = _Round("integration", seed)
    for first in range(0, places, TOGETHER):
        pool, hub = (f"{what} {first // TOGETHER + 1}" for what in ("NHS", "Hub"))
        once, yearly, lead = r.whole(20, 80), r.whole(5, 30), r.whole(0, 1)
        r.add(
            "options",
            option=hub,
            pool=pool,
            cost_once=once,
            cost_yearly=yearly,
            lead_years=lead,
            min_years=2,
        )
        shared = range(first, min(places, first + TOGETHER))
        spend = sum(_place(r, f"{place + 1}", pool, hub) for place in shared)
        amount = spend * r.whole(104, 112) // 100
        r.add("budgets", pool=pool, amount=amount, carry_max=amount // 100)
    return r.instance(f"integration {places}/{seed}", INTEGRATION_YEARS)


def _place(r: _Round, n: str, pool: str, hub: str) -> int:
    """Programmes and options of one place; its spend at baseline."""
    size = {
        "General practice": r.whole(200, 500),
        "Enhanced services": r.whole(30, 90),
        "Community care": r.whole(200, 600),
        "Emergency admissions": r.whole(300, 800),
    }
    for service, baseline in size.items():
        kind = "emergency" if service.startswith("Emergency") else "discretionary"
        row: Row = {"programme": f"{service} {n}", "sector": service, "pool": pool, "class": kind}
        if service == "General practice":
            row["contract"] = f"Practices {n}"
        r.add("programmes", **row, baseline=baseline)
    practice, enhanced, community, emergency = (f"{service} {n}" for service in size)
    fixed = size["General practice"] * r.whole(102, 108) // 100
    r.add("contracts", contract=f"Practices {n}", type="block", fixed=fixed)
    for programme, low, high in ((practice, 1.0, 1.0), (enhanced, 1.0, 2.0), (community, 0.5, 1.4)):
        r.add("limits", programme=programme, basis="baseline", min=low, max=high)
    for lag, year in enumerate(INTEGRATION_YEARS, start=1):
        need = size["Emergency admissions"] * (100 + lag) // 100
        r.add("demand", programme=emergency, year=year, demand=need)
    for programme, least, most in ((practice, 40, 70), (enhanced, 20, 60)):
        worth: Row = {"outcome": "QALY", "shape": "linear", "per_unit": r.whole(least, most)}
        r.add("responses", programme=programme, **worth)
    r.curve(community, size["Community care"], 60)
    _ways(r, n, pool, hub)
    return sum(size.values())


def _ways(r: _Round, n: str, pool: str, hub: str) -> None:
    """Ways for a place to work, and what they change."""
    loose, part, full, visits = (f"{way} {n}" for way in ("Loose", "Part", "Full", "Visits"))
    group: Row = {"group": f"practices-{n}", "choose": "exactly_one", "pool": pool}
    once, yearly = (r.draw.whole(2, 12, 2).tolist() for _ in range(2))
    leaving, visiting = r.whole(1, 6), r.whole(5, 20)
    r.add("options", option=loose, **group, cost_yearly=1)
    later: Row = {"earliest": 2026, "min_years": 2, "cost_once": once[0], "cost_yearly": yearly[0]}
    r.add("options", option=part, **group, **later)
    paid: Row = {"cost_once": once[1], "cost_yearly": yearly[1] + 8, "cost_exit": leaving}
    r.add("options", option=full, **group, review_years="2", **paid)
    midway: Row = {"review_years": "1; 3", "start_month": 7, "cost_yearly": visiting}
    r.add("options", option=visits, pool=pool, **midway)
    lower = (90 + r.draw.whole(0, 9, 2)) / 100
    gain = r.draw.whole(100, 900, 2).tolist()
    for option, measure, target, outcome, operation, value in (
        (part, "demand", f"Emergency admissions {n}", "", "multiply", max(lower)),
        (full, "demand", f"Emergency admissions {n}", "", "multiply", min(lower)),
        (full, "contract", f"Practices {n}", "", "suspend", None),
        (full, "limit_min", f"Enhanced services {n}", "", "add", r.whole(1, 9)),
        (full, "outcome", f"General practice {n}", "QALY", "add", gain[0]),
        (visits, "outcome", f"Community care {n}", "QALY", "add", gain[1]),
    ):
        change: Row = {"outcome": outcome, "operation": operation, "value": value}
        r.add("option_effects", option=option, measure=measure, target=target, **change)
    r.add("option_links", option=full, link="requires", other=hub)
    r.add("option_links", option=visits, link="excludes", other=part)


CONTRACT_YEARS = (2025, 2026, 2027)
SHARING = 10
"""Places that share a pool of money."""


def contracts(seed: int, places: int) -> Instance:
    """Every form of contract in every place, and a little money that may go to any place.

    Blocks that may be ended early for a fee, marginal rates, corridors, aligned payment,
    risk shares with caps and bonuses that step: payments that are neither convex nor
    concave and need decisions.
    """
    r = _Round("contracts", seed)
    for first in range(0, places, SHARING):
        pool, spend = f"NHS {first // SHARING + 1}", 0
        for place in range(first, min(places, first + SHARING)):
            r.add("places", place=f"Place {place + 1}", heads=1000)
            spend += sum(_under(r, form, f"{place + 1}", pool) for form in FORMS)
        r.add("budgets", pool=pool, amount=spend * r.whole(101, 106) // 100)
        r.add("transfers", from_pool="Country", to_pool=pool, max=spend // 25)
    r.add("budgets", pool="Country", amount=40 * places)
    return r.instance(f"contracts {places}/{seed}", CONTRACT_YEARS)


def _under(r: _Round, form: str, n: str, pool: str) -> int:
    """One programme and its contract; its spend at baseline."""
    name, baseline = f"{form} {n}", r.whole(100, 900)
    terms = FORMS[form](r, baseline)
    row: Row = {"programme": name, "sector": form, "pool": pool, "place": f"Place {n}"}
    row |= {"provider": f"Provider {n}", "contract": name if terms else ""}
    r.add("programmes", **row, baseline=baseline)
    r.add("limits", programme=name, basis="baseline", min=0.6, max=1.4)
    r.curve(name, baseline, 10)
    if terms:
        r.add("contracts", contract=name, **terms)
    return baseline


FORMS: dict[str, Callable[[_Round, int], Row]] = {
    "Block": lambda r, spend: {
        "type": "block",
        "ceiling": spend * r.whole(105, 125) // 100,
        "notice_years": 1,
        "exit_fee": spend * r.whole(1, 6) // 100,
    },
    "Activity": lambda r, spend: {
        "type": "activity",
        "threshold": spend * r.whole(95, 110) // 100,
        "marginal_rate": r.share(20, 60),
    },
    "Volume": lambda r, spend: {"type": "cost_and_volume", "up_rate": r.share(40, 90)},
    "Aligned": lambda r, spend: {
        "type": "aligned",
        "up_rate": r.share(30, 60),
        "down_rate": r.share(60, 95),
    },
    "Capitated": lambda r, spend: {
        "type": "capitated",
        "per_head": spend / 1000,
        "gain_share": r.share(30, 80),
        "loss_share": r.share(30, 80),
        "gain_cap": spend // 20,
        "loss_cap": spend // 25,
    },
    "Outcome": lambda r, spend: {
        "type": "outcome",
        "bonus_outcome": "QALY",
        "bonus": 0.002,
        "bonus_step": spend * r.whole(2, 8) // 100,
        "bonus_threshold": 9 * spend,
    },
    "Cost": lambda r, spend: {},
}
"""Terms of each form of contract, drawn for a spend at baseline."""

COUNTRIES = sizes(systems=(2, 3, 42, 42, 42), places=(1, 1, 1, 7, 74), years=(2, 5, 5, 5, 5))

FAMILIES = (
    of_rounds(
        "systems",
        "the product's own programme: linked systems, ring-fences, equity, five years",
        "lp",
        COUNTRIES,
        systems,
    ),
    of_rounds(
        "systems-apart",
        "systems without national rules: easy for its size, so that what surrounds a solve shows",
        "lp",
        COUNTRIES,
        partial(systems, national=False),
    ),
    of_rounds(
        "contracts",
        "every form of contract: payments that kink and step, blocks ended for a fee",
        "mip",
        sizes(places=(2, 22, 225, 2_000)),
        contracts,
    ),
    of_rounds(
        "integration",
        "ways to integrate, with review years, hubs they need and contracts they suspend",
        "mip",
        sizes(places=(2, 20, 200, 2_000, 20_000)),
        integration,
    ),
)
