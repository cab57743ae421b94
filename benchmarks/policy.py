"""Policy of a generated country: what every system, place and the country must keep to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from benchmarks.generate import Country

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


def _rule(name: str, selection: str, sense: str, value: float, basis: str, **more: Any) -> Row:
    row = {"rule": name, "selection": selection, "sense": sense, "value": value, "basis": basis}
    return {"measure": "spend", **row, **more}


def _of_system(country: Country, system: str, mine: pd.DataFrame) -> list[Row]:
    spend = mine["unit_cost"] * mine["baseline"]
    nhs = mine["payer"] == "NHS"
    acute = spend[mine["sector"] == "acute"].sum() / spend[nhs].sum()
    cyp = spend[mine["tags"] == "mhis cyp"].sum()
    mental = spend[mine["tags"].fillna("").str.contains("mhis")].sum()
    diagnostics = spend[mine["line"] == "Diagnostics"].sum()
    elective = spend[mine["tags"] == "elective"].sum()
    waiting = (mine["baseline"] * mine["backlog"])[mine["line"] == "Planned inpatients"].sum()
    of = f" of {system}"
    rows = [
        _rule("MHIS" + of, "mental health" + of, "min", 0.039, "growth"),
        _rule("Primary medical floor" + of, "primary medical" + of, "min", 0.0309, "growth"),
        _rule(
            "Children's share" + of,
            "children's mental health" + of,
            "min",
            round(0.99 * cyp / mental, 5),
            "share",
            relative_to="mental health" + of,
        ),
        _rule(
            "Diagnostics keep pace" + of,
            "diagnostics" + of,
            "min",
            round(0.98 * diagnostics / elective, 5),
            "ratio",
            measure="value",
            relative_to="elective" + of,
        ),
        _rule(
            "Virtual wards need urgent response" + of,
            "virtual wards" + of,
            "max",
            0.5,
            "ratio",
            measure="value",
            relative_to="urgent response" + of,
        ),
        _rule("Community grows" + of, "community" + of, "min", 0.045, "growth", penalty=0.0001),
    ]
    bcf = spend[mine["tags"].fillna("").str.contains("bcf")].sum()
    for t, year in enumerate(country.years, start=1):
        rows += [
            _rule(
                "Acute ceiling" + of,
                "acute" + of,
                "max",
                round(acute - 0.001 * t, 5),
                "share",
                relative_to="NHS lines" + of,
                year=year,
            ),
            _rule(
                "BCF minimum" + of,
                "better care fund" + of,
                "min",
                round(bcf * 1.0215**t),
                "amount",
                year=year,
            ),
            _rule(
                "Elective floor" + of,
                "elective" + of,
                "min",
                0.01 * t,
                "growth",
                measure="value",
                reference="baseline",
                year=year,
            ),
            _rule(
                "Waiting list" + of,
                "waiting list" + of,
                "max",
                round(waiting * (1.0 - 0.02 * t)),
                "amount",
                measure="unmet",
                year=year,
            ),
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
        rows += [
            _rule(
                "National acute ceiling",
                "acute",
                "max",
                round(acute - 0.0012 * t, 5),
                "share",
                relative_to="NHS",
                year=year,
            ),
            _rule(
                "National elective floor",
                "elective",
                "min",
                0.012 * t,
                "growth",
                measure="value",
                reference="baseline",
                year=year,
            ),
            _rule(
                "National recoveries",
                "",
                "min",
                round(recovered * (1.0 + 0.003 * t)),
                "amount",
                measure="outcome",
                outcome="Recoveries",
                year=year,
            ),
        ]
    return rows
