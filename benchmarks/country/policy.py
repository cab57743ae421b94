"""Policy of a generated country: what every system, place and the country must keep to."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from benchmarks.country.country import Country

Row = dict[str, Any]

SYSTEM_SELECTIONS: dict[str, Row] = {
    "NHS lines": {},
    "acute": {"sector": "acute"},
    "mental health": {"tag": "mhis"},
    "children's mental health": {"tag": "cyp"},
    "primary medical": {"tag": "primary_medical"},
    "better care fund": {"tag": "bcf"},
    "elective": {"tag": "elective"},
    "community": {"sector": "community"},
}
"""Selections every system has, of the programmes its NHS pool pays for."""

SYSTEM_LINES = {
    "waiting list": "Planned inpatients",
    "virtual wards": "Virtual wards",
    "urgent response": "Intermediate care",
    "diagnostics": "Diagnostics",
}
"""Selections every system has of one line in each of its places."""

COUNTRY_SELECTIONS: dict[str, Row] = {
    "NHS": {"tag": "nhs"},
    "acute": {"sector": "acute"},
    "mental health": {"tag": "mhis"},
    "elective": {"tag": "elective"},
    "prevention": {"sector": "prevention"},
}


def selections(country: Country) -> pd.DataFrame:
    """Selections of the systems, places and country."""
    rows: list[Row] = [{"selection": name, **row} for name, row in COUNTRY_SELECTIONS.items()]
    for system in country.places["system"].unique():
        for name, row in SYSTEM_SELECTIONS.items():
            rows.append({"selection": f"{name} of {system}", "pool": f"NHS {system}", **row})
    for name, line in SYSTEM_LINES.items():
        mine = country.of_line(line)
        for programme, system in zip(mine["programme"], mine["system"], strict=True):
            rows.append({"selection": f"{name} of {system}", "programme": programme})
    rows += [
        {"selection": f"BCF social care of {place}", "place": place, "tag": "bcf_asc"}
        for place in country.places["place"]
    ]
    return pd.DataFrame(rows).fillna("")


def rules(country: Country) -> pd.DataFrame:
    """Rules of the systems, places and country."""
    rows = _of_places(country)
    if country.national:
        rows += _of_country(country)
    for system, mine in country.services.groupby("system", sort=False):
        rows += _of_system(country, str(system), mine)
    return pd.DataFrame(rows)


def _rule(
    name: str,
    selection: str,
    sense: str,
    value: float,
    basis: str,
    against: str = "",
    of: str = "",
    **more: Any,
) -> Row:
    """One rule; `of` says whose it is, and ends the names of all that it speaks of."""
    row = {"measure": "spend", "rule": name + of, "selection": selection + of, "sense": sense}
    relative = {"relative_to": against + of} if against else {}
    return {**row, "value": value, "basis": basis, **relative, **more}


def _of_system(country: Country, system: str, mine: pd.DataFrame) -> list[Row]:
    spend = mine["unit_cost"] * mine["baseline"]
    tags = mine["tags"].fillna("")
    acute = spend[mine["sector"] == "acute"].sum() / spend[mine["payer"] == "NHS"].sum()
    cyp, mental = spend[tags == "mhis; cyp"].sum(), spend[tags.str.contains("mhis")].sum()
    diagnostics = spend[mine["line"] == "Diagnostics"].sum()
    elective = spend[tags == "elective"].sum()
    share, pace = round(0.99 * cyp / mental, 5), round(0.98 * diagnostics / elective, 5)
    bcf = spend[tags.str.contains("bcf")].sum()
    waiting = (mine["baseline"] * mine["backlog"])[mine["line"] == "Planned inpatients"].sum()
    rule = partial(_rule, of=f" of {system}")
    care, wards = "children's mental health", "Virtual wards need urgent response"
    value: Row = {"measure": "value"}
    rows = [
        rule("MHIS", "mental health", "min", 0.039, "growth"),
        rule("Primary medical floor", "primary medical", "min", 0.0309, "growth"),
        rule("Children's share", care, "min", share, "share", "mental health"),
        rule("Diagnostics keep pace", "diagnostics", "min", pace, "ratio", "elective", **value),
        rule(wards, "virtual wards", "max", 0.5, "ratio", "urgent response", **value),
        rule("Community grows", "community", "min", 0.045, "growth", penalty=0.0001),
    ]
    for t, year in enumerate(country.years, start=1):
        ceiling, floor = round(acute - 0.001 * t, 5), round(bcf * 1.0215**t)
        most = round(waiting * (1.0 - 0.02 * t))
        more: Row = {"measure": "value", "reference": "baseline", "year": year}
        rows += [
            rule("Acute ceiling", "acute", "max", ceiling, "share", "NHS lines", year=year),
            rule("BCF minimum", "better care fund", "min", floor, "amount", year=year),
            rule("Elective floor", "elective", "min", 0.01 * t, "growth", **more),
            rule("Waiting list", "waiting list", "max", most, "amount", measure="unmet", year=year),
        ]
    return rows


def _of_places(country: Country) -> list[Row]:
    return [
        _rule(f"BCF social care of {place}", f"BCF social care of {place}", "min", 0.039, "growth")
        for place in country.places["place"]
    ]


def _of_country(country: Country) -> list[Row]:
    """National rules, which link the systems; they ask a little more than the local ones."""
    services = country.services
    spend = services["unit_cost"] * services["baseline"]
    acute = spend[services["sector"] == "acute"].sum() / spend[services["payer"] == "NHS"].sum()
    talking = country.of_line("Talking therapies")
    slope = talking["unit_cost"] / talking["pounds_per_second"]
    recovered = (slope * talking["baseline"] / talking["elasticity"]).sum()
    rows = [
        _rule("National mental health growth", "mental health", "min", 0.041, "growth"),
        _rule("National prevention floor", "prevention", "min", 0.03, "growth", penalty=0.0001),
    ]
    for t, year in enumerate(country.years, start=1):
        ceiling, least = round(acute - 0.0012 * t, 5), round(recovered * (1.0 + 0.003 * t))
        more: Row = {"measure": "value", "reference": "baseline", "year": year}
        outcome: Row = {"measure": "outcome", "outcome": "Recoveries", "year": year}
        rows += [
            _rule("National acute ceiling", "acute", "max", ceiling, "share", "NHS", year=year),
            _rule("National elective floor", "elective", "min", 0.012 * t, "growth", **more),
            _rule("National recoveries", "", "min", least, "amount", **outcome),
        ]
    return rows
