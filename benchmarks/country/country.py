"""A drawn country: its places, and the size, cost and worth of their service lines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

LINES = Path(__file__).with_name("lines.csv")
BASE_YEAR = 2024


@dataclass(frozen=True)
class Country:
    """The drawn places and their service lines.

    Attributes
    ----------
    places : pandas.DataFrame
        place, system, heads; a row a place.
    services : pandas.DataFrame
        A row a place and line: the columns of ``lines.csv`` with unit_cost and baseline
        drawn, and programme, place, system, pool.
    years : tuple of int
        Plan years.
    random : numpy.random.Generator
        What is left to draw comes from here.
    national : bool
        Whether anything links the systems.
    """

    places: pd.DataFrame
    services: pd.DataFrame
    years: tuple[int, ...]
    random: np.random.Generator
    national: bool

    def of_line(self, *lines: str) -> pd.DataFrame:
        """Services of some lines."""
        return self.services[self.services["line"].isin(lines)]


def draw(systems: int, places: int, years: int, seed: int, national: bool = True) -> Country:
    """Draw places and the size, cost and worth of their service lines."""
    random = np.random.default_rng(seed)
    count = systems * places
    system = np.repeat([f"System {n + 1}" for n in range(systems)], places)
    where = pd.DataFrame(
        {
            "place": [f"Place {n // places + 1}.{n % places + 1}" for n in range(count)],
            "system": system,
            "heads": np.round(np.exp(random.normal(np.log(270_000), 0.4, count))),
        }
    )
    services = where.merge(pd.read_csv(LINES, keep_default_na=True), how="cross")
    size = len(services)
    services["programme"] = services["line"] + " " + services["place"]
    in_pounds = services["unit"] == "pounds"
    cost = services["unit_cost"] * np.where(in_pounds, 1.0, np.exp(random.normal(0, 0.06, size)))
    services["unit_cost"] = np.round(cost, 3)
    spend = services["pounds_per_head"] * services["heads"] * np.exp(random.normal(0, 0.1, size))
    services["baseline"] = np.round(spend / services["unit_cost"])
    services["elasticity"] += np.round(random.uniform(-0.12, 0.12, size), 4)
    worth = np.exp(random.normal(0, 0.15, size))
    services["pounds_per_qaly"] *= worth
    services["pounds_per_second"] *= worth
    nhs = services["payer"] == "NHS"
    services["pool"] = np.where(nhs, "NHS " + services["system"], "Council " + services["place"])
    plan_years = tuple(range(BASE_YEAR + 1, BASE_YEAR + 1 + years))
    return Country(where, services, plan_years, random, national)
