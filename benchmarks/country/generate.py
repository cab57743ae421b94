"""Make a round of any size that looks like the real thing, from a seed.

A country of `systems` care systems, each with `places` places, each place with the service
lines of ``lines.csv``. Spend a head, unit costs, what a pound buys and the rules are those
of the one-system instance of this repository (``instances/avonside``, which gives their
sources); how places differ from each other is drawn, and so are the heads. Every row
therefore has status ``assumed``: the instance is for timing, not for planning.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.instance.instance import Instance, from_tables
from benchmarks.country.country import BASE_YEAR, Country, draw
from benchmarks.country.policy import rules, selections

UPLIFT = 0.0215
FUNDS = {"NHS": 1.018, "council": 1.012}
"""Real growth of what payers receive a year."""

EFFECTS = (
    # source, target, units avoided per unit, delay, fade
    ("Community nursing", "Emergency stays", 0.003738, 2, 0.3),
    ("Community therapies", "Emergency stays", 0.006267, 2, 0.3),
    ("Intermediate care", "Delayed discharge days", 0.1029, 0, 0.0),
    ("Virtual wards", "Delayed discharge days", 0.13, 0, 0.0),
    ("Care homes", "Delayed discharge days", 0.2327, 0, 0.0),
    ("Home care", "Delayed discharge days", 0.02, 0, 0.0),
    ("Home-first care", "Delayed discharge days", 0.02, 0, 0.0),
    ("Reablement", "Delayed discharge days", 1.968, 0, 0.0),
    ("Enhanced services", "A&E", 0.008513, 1, 0.0),
    ("Crisis mental health", "Mental health inpatients", 0.1551, 1, 0.0),
)
USES = (
    # line, resource, resource per unit
    ("Emergency stays", "General and acute beds", 0.0211905),
    ("Emergency short stays", "General and acute beds", 0.00136986),
    ("Planned inpatients", "General and acute beds", 0.00821918),
    ("Delayed discharge days", "General and acute beds", 0.00273973),
    ("Community nursing", "Community nursing time", 1.0),
    ("Intermediate care", "Community nursing time", 1.0),
    ("Virtual wards", "Community nursing time", 1.0),
    ("Home care", "Home care hours", 1.0),
    ("Home-first care", "Home care hours", 1.0),
    ("Care homes", "Care home places", 1 / 52),
    ("Talking therapies", "Mental health contacts", 1.0),
    ("Community mental health", "Mental health contacts", 1.0),
    ("Crisis mental health", "Mental health contacts", 1.0),
    ("Children's mental health", "Mental health contacts", 1.0),
)
SUPPLY = {
    # resource: amount over use at baseline, its growth a year, most that may be added
    "General and acute beds": (1.03, 0.0, 0.08),
    "Community nursing time": (1.03, 0.03, 0.0),
    "Home care hours": (1.03, 0.02, 0.06),
    "Care home places": (1.03, 0.01, 0.0),
    "Mental health contacts": (1.03, 0.05, 0.0),
}
NATIONAL = "Mental health contacts"
"""The resource that all systems share."""

OUTCOMES = {"QALYs": 1.0, "Social-care QALYs": 1.0, "Recoveries": 0.1, "Waiting": 1.0}
EXTRA_COST = {"General and acute beds": 195_640.0, "Home care hours": 7.76}
EQUITY = {"Most deprived": 1.5, "Second": 1.25, "Middle": 1.0, "Fourth": 0.9, "Least deprived": 0.8}


def generate(
    systems: int, places: int = 4, years: int = 5, seed: int = 0, national: bool = True
) -> Instance:
    """Make and check an instance.

    Parameters
    ----------
    systems : int
        Care systems, each with a pool of money and rules of its own.
    places : int
        Places of a system, each with 34 programmes.
    years : int
        Plan years.
    seed : int
        Seed of everything drawn; the same seed gives the same instance.
    national : bool
        Whether national rules and a shared resource link the systems; without them the
        programme falls apart into one a system, which is easier to solve.
    """
    country = draw(systems, places, years, seed, national)
    settings = {
        "name": f"Generated: {systems} systems, {places} places each, {years} years",
        "base_year": BASE_YEAR,
        "years": list(country.years),
        "discount_rate": 0.035,
        "cost_uplift": UPLIFT,
        "tail_years": 2,
        "saving_value": 0.00007407,
    }
    return from_tables(settings, tables(country))


def tables(country: Country) -> dict[str, pd.DataFrame]:
    """Tables of the instance, by name."""
    services = country.services
    resources = pd.DataFrame({"resource": list(SUPPLY)})
    made = {
        "programmes": services.assign(
            tags=services["tags"].fillna("") + np.where(services["payer"] == "NHS", "; nhs", "")
        ).rename(columns={"line": "label"})[PROGRAMME_COLUMNS],
        "limits": _limits(services),
        "budgets": _budgets(country),
        "transfers": _transfers(country),
        "outcomes": pd.DataFrame({"outcome": list(OUTCOMES), "weight": list(OUTCOMES.values())}),
        "responses": _responses(services),
        "demand": _demand(country),
        "effects": _effects(country),
        "capacity": _capacity(country),
        "use": _use(country),
        "selections": selections(country),
        "rules": rules(country),
        "places": country.places[["place", "heads"]],
        "segments": _segments(country),
    }
    for frame in made.values():
        frame["status"] = "assumed"
    return {**made, "resources": resources}


PROGRAMME_COLUMNS = [
    *("programme", "label", "sector", "place", "pool", "tags", "class", "unit", "unit_cost"),
    *("baseline", "fixed_share", "release_years", "cost_uplift"),
]


def _limits(services: pd.DataFrame) -> pd.DataFrame:
    moving = services[services["growth_max"].notna()]
    least, most = moving["growth_min"], moving["growth_max"]
    return pd.DataFrame(
        {"programme": moving["programme"], "basis": "growth", "min": least, "max": most}
    )


def _budgets(country: Country) -> pd.DataFrame:
    services = country.services
    lag = np.arange(1, len(country.years) + 1)
    rise = 1.0 + services["cost_uplift"].fillna(UPLIFT).to_numpy()
    real = services["payer"].map(FUNDS).to_numpy()
    base = (services["unit_cost"] * services["baseline"]).to_numpy()
    amounts = pd.DataFrame(base[:, None] * (rise * real)[:, None] ** lag, columns=country.years)
    by_pool = amounts.groupby(services["pool"].to_numpy(), sort=False).sum().round()
    frame = by_pool.reset_index(names="pool").melt("pool", var_name="year", value_name="amount")
    nhs = frame["pool"].str.startswith("NHS")
    return frame.assign(carry_max=np.where(nhs, np.round(0.01 * frame["amount"]), 0.0))


def _transfers(country: Country) -> pd.DataFrame:
    places = country.places
    payer, payee = "NHS " + places["system"], "Council " + places["place"]
    most = np.round(4.0 * places["heads"])
    return pd.DataFrame(
        {"from_pool": payer, "to_pool": payee, "max": most, "instrument": "section 75"}
    )


def _responses(services: pd.DataFrame) -> pd.DataFrame:
    curved = services[services["shape"].notna()]
    slope = curved["unit_cost"] / curved["pounds_per_qaly"]
    saturating = curved["shape"] == "saturating"
    half = (1.5 * curved["baseline"]).round()
    at_baseline = np.log(2) / half * 2.0 ** -(curved["baseline"] / half)
    first = pd.DataFrame(
        {
            "programme": curved["programme"],
            "outcome": "QALYs",
            "shape": curved["shape"],
            "per_unit": slope.where(~saturating),
            "elasticity": curved["elasticity"].where(~saturating),
            "maximum": (slope / at_baseline).where(saturating),
            "half": half.where(saturating),
        }
    )
    more = services[services["second_outcome"].notna()]
    second = pd.DataFrame(
        {
            "programme": more["programme"],
            "outcome": more["second_outcome"],
            "shape": "power",
            "per_unit": more["unit_cost"] / more["pounds_per_second"],
            "elasticity": more["elasticity"],
        }
    )
    return pd.concat([first, second], ignore_index=True)


def _demand(country: Country) -> pd.DataFrame:
    mine = country.services[country.services["demand_growth"].notna()]
    lag = np.arange(1, len(country.years) + 1)
    growth = 1.0 + mine["demand_growth"].to_numpy()[:, None]
    need = np.round(mine["baseline"].to_numpy()[:, None] * growth**lag, 1)
    row = np.repeat(np.arange(len(mine)), len(lag))
    many = mine.iloc[row]
    waits = many["backlog"].notna()
    return pd.DataFrame(
        {
            "programme": many["programme"],
            "year": np.tile(country.years, len(mine)),
            "demand": need.ravel(),
            "opening_backlog": np.round(many["backlog"].fillna(0.0) * many["baseline"]),
            "carry": waits.astype(float),
            "harm_outcome": np.where(waits, "Waiting", ""),
            "harm": np.where(waits, 0.05 * many["unit_cost"] / many["pounds_per_qaly"], 0.0),
        }
    )


def _effects(country: Country) -> pd.DataFrame:
    parts = []
    for source, target, per_unit, delay, fade in EFFECTS:
        strength = per_unit * country.random.uniform(0.7, 1.3, len(country.places))
        ends = {"source": source, "target": target}
        lines = {end: f"{line} " + country.places["place"] for end, line in ends.items()}
        parts.append(pd.DataFrame({**lines, "per_unit": strength, "delay": delay, "fade": fade}))
    return pd.concat(parts, ignore_index=True)


def _use(country: Country) -> pd.DataFrame:
    parts = [
        country.of_line(line)[["programme", "place", "system", "baseline"]].assign(
            resource=resource, per_unit=per_unit
        )
        for line, resource, per_unit in USES
    ]
    return pd.concat(parts, ignore_index=True)[["programme", "resource", "per_unit"]]


def _capacity(country: Country) -> pd.DataFrame:
    use = _use(country).merge(country.services, on="programme")
    use["needed"] = use["per_unit"] * use["baseline"]
    if country.national:
        use.loc[use["resource"] == NATIONAL, "place"] = ""
    needed = use.groupby(["resource", "place"], sort=False)["needed"].sum().reset_index()
    supply = np.array([SUPPLY[name] for name in needed["resource"]])
    lag = np.arange(1, len(country.years) + 1)
    amount = needed["needed"].to_numpy()[:, None] * supply[:, :1] * (1 + supply[:, 1:2]) ** lag
    row = np.repeat(np.arange(len(needed)), len(lag))
    many = needed.iloc[row].reset_index(drop=True)
    extra = np.round(many["needed"] * supply[row, 2], 1)
    return pd.DataFrame(
        {
            "resource": many["resource"],
            "place": many["place"],
            "year": np.tile(country.years, len(needed)),
            "amount": np.round(amount.ravel(), 1),
            "extra_max": extra,
            "extra_cost": many["resource"].map(EXTRA_COST).fillna(0.0),
            "extra_pool": np.where(extra > 0, "Council " + many["place"], ""),
        }
    )


def _segments(country: Country) -> pd.DataFrame:
    shares = country.random.dirichlet(np.full(len(EQUITY), 12.0), len(country.places))
    heads = np.maximum(np.round(shares * country.places["heads"].to_numpy()[:, None]), 1.0)
    return pd.DataFrame(
        {
            "segment": np.tile(list(EQUITY), len(country.places)),
            "place": np.repeat(country.places["place"].to_numpy(), len(EQUITY)),
            "heads": heads.ravel(),
            "weight": np.tile(list(EQUITY.values()), len(country.places)),
        }
    )
