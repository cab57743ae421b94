"""The 42 systems and Avonside's programmes at the size of each.

A programme's baseline is Avonside's times the system's share of England's need over that of
the system Avonside is sized on; one factor a system then balances its NHS lines to its
allocation.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

HERE = Path(__file__).resolve().parent
AVONSIDE = HERE / "data" / "one_system"
NEED = HERE / "data" / "icb_population_need_2025_26.csv"

Row = dict[str, str]
Tables = dict[str, list[Row]]

BASE_YEAR = 2024
YEARS = (2025, 2026, 2027, 2028, 2029)
MODEL = "QUY"
"""The system Avonside is sized on: its shares of England undo Avonside's own scaling."""

NATIONAL_NHS = 127.2e9
"""Allocations of all systems 2024/25, £ (Commons Library CBP-10031); seen."""
GROWTH = {2025: 0.044, 2026: 0.036, 2027: 0.034, 2028: 0.032, 2029: 0.0309}
"""Growth of allocations: 2025/26 seen (Carnall Farrar), later years assumed as in Avonside."""

COUNCILS = (" Avon City", " North Coast", " South Vale")
SHORT = {
    "QOX": "BSW",
    "QHG": "BLMK",
    "QUY": "BNSSG",
    "QU9": "BOB",
    "QK1": "LLR",
    "QOC": "STW",
}

MEASURES = {
    "pop": "registered_population",
    "ga": "wp_general_acute",
    "community": "wp_community",
    "mh": "wp_mental_health",
    "maternity": "wp_maternity",
    "inequality": "wp_health_inequalities",
    "prescribing": "wp_prescribing",
    "core": "wp_core_overall",
    "primary": "wp_primary_medical_final",
}
BY_PROGRAMME = {
    "Core general practice": "primary",
    "Primary care network roles": "primary",
    "Local enhanced services": "pop",
    "Pharmacy optometry and dental": "pop",
    "Prescribing": "prescribing",
    "111 out-of-hours and urgent treatment": "pop",
    "Children's community services": "pop",
    "Maternity": "maternity",
    "Continuing healthcare": "community",
    "Home-first care": "core",
    "Specialised services": "core",
    "Contingency": "core",
}
BY_SECTOR = {"acute": "ga", "community": "community", "mental health": "mh"}
AS_PUBLISHED = {
    "Core general practice",
    "Primary care network roles",
    "Prescribing",
    "Home-first care",
    "ICB running costs",
    "Contingency",
    "Provider deficit",
}
"""NHS lines set by a contract, a count or a rule: the balance to the allocation leaves them."""
POOLS = {
    "NHS": "NHS",
    "Public health grant": "public health grant",
    "Disabled facilities grant": "disabled facilities grant",
    **{f"{council.strip()} council": "councils" for council in COUNCILS},
}
NATIONAL_POOLS = {
    "Specialised commissioning": "England | specialised commissioning",
    "Deficit support": "England | deficit support",
}
SHARED_POOL = "England | convergence pool"


@dataclass(frozen=True)
class System:
    """One integrated care system.

    Attributes
    ----------
    name : str
        Short name, also the name of its place.
    heads : str
        Registered population as published.
    ratio : dict of str to float
        Its share of England over the model system's, by measure of need.
    core_share : float
        Its share of England's core weighted population.
    inequality : float
        Need for health inequalities a head; England is 1.
    """

    name: str
    heads: str
    ratio: dict[str, float]
    core_share: float
    inequality: float

    def of(self, name: str) -> str:
        """Name of something of this system."""
        return f"{self.name} | {name}" if name else ""

    def pool(self, name: str) -> str:
        """This system's name for a pool of Avonside's."""
        return NATIONAL_POOLS.get(name) or self.of(POOLS[name])

    @property
    def allocation(self) -> float:
        """NHS money of the base year, £: the national sum by core weighted population."""
        return NATIONAL_NHS * self.core_share

    def allocation_in(self, year: int) -> float:
        """NHS money of a year, £."""
        return self.allocation * math.prod(1 + g for y, g in GROWTH.items() if y <= year)


def read_rows(path: Path) -> list[Row]:
    """Rows of a CSV file as text."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_systems() -> list[System]:
    """All systems in the order of their names."""
    rows = {row["icb_code"]: row for row in read_rows(NEED)}
    total = {m: math.fsum(float(r[c]) for r in rows.values()) for m, c in MEASURES.items()}
    model = {m: float(rows[MODEL][c]) for m, c in MEASURES.items()}
    systems = []
    for code, row in rows.items():
        need = {m: float(row[c]) for m, c in MEASURES.items()}
        name = row["icb_name"].removeprefix("NHS ").removesuffix(" ICB")
        name = name.replace(" And ", " and ").replace(" Of ", " of ")
        systems.append(
            System(
                SHORT.get(code, name),
                row["registered_population"],
                {m: need[m] / model[m] for m in MEASURES},
                need["core"] / total["core"],
                need["inequality"] / need["pop"] * total["pop"] / total["inequality"],
            )
        )
    return sorted(systems, key=lambda s: s.name)


def without_council(name: str) -> str:
    """Name of a social care line or rule of Avonside without its council."""
    for council in COUNCILS:
        name = name.removesuffix(council)
    return name


class Template:
    """Avonside with its three councils taken together."""

    def __init__(self) -> None:
        names = ("programmes", "limits", "budgets", "transfers", "outcomes", "responses")
        others = ("demand", "effects", "resources", "capacity", "use", "selections", "rules")
        self.tables: Tables = {n: read_rows(AVONSIDE / f"{n}.csv") for n in (*names, *others)}

    def once(self, table: str, column: str = "programme") -> list[Row]:
        """Rows of a table, those of the councils once and without a council's name."""
        later = tuple(council.strip() for council in COUNCILS[1:])
        return [
            {**row, column: without_council(row[column])}
            for row in self.tables[table]
            if not any(council in cell for cell in row.values() for council in later)
        ]

    def total(self, table: str, column: str, *keys: str) -> dict[tuple[str, ...], float]:
        """Sum of a column by keys, the councils' rows added up."""
        sums: dict[tuple[str, ...], float] = {}
        for row in self.tables[table]:
            key = tuple(without_council(row[k]) for k in keys)
            sums[key] = sums.get(key, 0.0) + float(row[column] or 0)
        return sums

    @cached_property
    def baseline(self) -> dict[str, float]:
        """Activity in the base year by programme."""
        return {k[0]: v for k, v in self.total("programmes", "baseline", "programme").items()}

    @cached_property
    def use(self) -> list[tuple[str, str, float]]:
        """Programme, resource and resource a unit of activity."""
        return [(r["programme"], r["resource"], float(r["per_unit"])) for r in self.once("use")]

    def used(self, resource: str, baseline: dict[str, float]) -> float:
        """Resource used at a baseline."""
        return math.fsum(per * baseline[p] for p, r, per in self.use if r == resource)


class Sized:
    """The programmes of Avonside at the size of one system."""

    def __init__(self, template: Template, system: System) -> None:
        self.template, self.system = template, system
        self.rows = template.once("programmes")
        self.balance = self._balance()
        self.baseline = {
            r["programme"]: float(round(template.baseline[r["programme"]] * self.scale(r)))
            for r in self.rows
        }

    def measure(self, row: Row) -> str:
        """Measure of need a programme is sized by."""
        own = BY_PROGRAMME.get(row["programme"])
        return own or BY_SECTOR.get(row["sector"], "pop")

    def balanced(self, row: Row) -> bool:
        """Whether a programme takes part in the balance to the NHS allocation."""
        return row["pool"] == "NHS" and row["programme"] not in AS_PUBLISHED

    def scale(self, row: Row) -> float:
        """The programme's size over Avonside's."""
        ratio = self.system.ratio[self.measure(row)]
        return ratio * self.balance if self.balanced(row) else ratio

    def _balance(self) -> float:
        """One factor that makes the NHS lines add up to the NHS allocation."""
        fixed = flexible = 0.0
        for row in self.rows:
            spend = float(row["unit_cost"]) * self.template.baseline[row["programme"]]
            spend *= self.system.ratio[self.measure(row)]
            if self.balanced(row):
                flexible += spend
            elif row["pool"] == "NHS" and row["programme"] != "Provider deficit":
                fixed += spend
        return (self.system.allocation - fixed) / flexible

    def over(self, programme: str) -> float:
        """The programme's baseline over Avonside's."""
        return self.baseline[programme] / self.template.baseline[programme]

    def spend(self, wanted: Callable[[Row], bool]) -> float:
        """Base-year spend of the programmes wanted, £."""
        return math.fsum(
            float(r["unit_cost"]) * self.baseline[r["programme"]] for r in self.rows if wanted(r)
        )

    def source(self, row: Row) -> str:
        """How the baseline was made, in the words of README.md."""
        balanced = ", balanced" if self.balanced(row) else ""
        return f"Avonside by {self.measure(row)}{balanced}"


def text(value: float, digits: int = 0) -> str:
    """Figure without trailing zeros."""
    return f"{value:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:.0f}"


def known(row: Row) -> str:
    """Status of a figure scaled from Avonside: never better than derived."""
    return "derived" if row["status"] == "seen" else row["status"]
