"""Selections and rules: each system's own as in Avonside, and those that link the systems."""

from __future__ import annotations

import math
from collections.abc import Iterable

from sizing import BASE_YEAR, COUNCILS, GROWTH, YEARS, Row, Sized, text, without_council

from allocator.instance.tables.lists import names_in

NATIONAL_BCF = 5.614e9
"""Better Care Fund, NHS minimum contribution 2025/26, £ (England.nhs.uk); seen."""
BCF_GROWTH = 0.039
"""Growth of the minimum in 2025/26, taken from its social care part, as in Avonside."""
MHIS_NATIONAL = 15.6 / 14.9 - 1
"""Growth of England's mental health spend 2025/26 (written statement 27 March 2025); seen."""
ELECTIVE_POINTS = 0.011
"""Points of elective value England adds each year; assumed, a tenth more than a system must."""
ACUTE_POINTS = 0.001
"""Points by which the acute share of England's NHS spend falls a year; assumed, as Avonside's."""
ENGLAND = "England"


def selections(sized: Sized) -> Iterable[Row]:
    """Avonside's selections within the system."""
    system = sized.system
    for row in sized.template.once("selections", "selection"):
        own_share = row["tag"] == "bcf_part"
        yield {
            "selection": system.of(row["selection"]),
            "sector": row["sector"],
            "place": system.name,
            "pool": system.pool(row["pool"]) if row["pool"] else "",
            "programme": system.of(row["programme"]),
            "tag": row["tag"],
            "share": text(bcf_part(sized), 4) if own_share else row["share"],
            "status": row["status"],
            "source": "README" if own_share else "Avonside",
        }


def bcf_part(sized: Sized) -> float:
    """Part of community nursing bought under the Better Care Fund.

    What the other lines under the fund leave of the system's minimum in the base year.
    """
    minimum = NATIONAL_BCF * sized.system.core_share / (1 + BCF_GROWTH)
    other = sized.spend(lambda row: "bcf" in names_in(row["tags"]))
    return (minimum - other) / sized.spend(lambda row: "bcf_part" in names_in(row["tags"]))


def acute_share(all_sized: list[Sized]) -> float:
    """Acute share of spend from the NHS pools in the base year."""
    nhs = math.fsum(s.spend(lambda r: r["pool"] == "NHS") for s in all_sized)
    acute = math.fsum(
        s.spend(lambda r: r["pool"] == "NHS" and r["sector"] == "acute") for s in all_sized
    )
    return acute / nhs


def rules(sized: Sized) -> Iterable[Row]:
    """Avonside's rules with the values of the system."""
    system = sized.system
    for row in sized.template.once("rules", "rule"):
        label = row["label"]
        for council in COUNCILS:
            label = label.removesuffix(f" in{council}")
        yield {
            **row,
            "rule": system.of(row["rule"]),
            "label": f"{system.name}: {label}",
            "selection": system.of(without_council(row["selection"])),
            "value": value(sized, row),
            "relative_to": system.of(row["relative_to"]),
            "owner": row["owner"].replace("Avonside", system.name).replace("Avon City h", "H"),
            "reason": "",
            "source": "Avonside",
            "note": "",
        }


def value(sized: Sized, row: Row) -> str:
    """A rule's figure in the system: amounts follow size, rates stay, one share is its own."""
    figure = float(row["value"])
    if row["rule"] == "BCF minimum":
        all_years = [r for r in sized.template.tables["rules"] if r["rule"] == row["rule"]]
        path = figure / float(all_years[0]["value"])
        return text(NATIONAL_BCF * sized.system.core_share * path // 1000 * 1000)
    if row["rule"] == "Acute share ceiling":
        return text(figure * acute_share([sized]) / avonside_acute_share(sized), 5)
    if row["basis"] == "amount":
        return text(figure * sized.over(measured(sized, row["selection"])))
    return row["value"]


def measured(sized: Sized, selection: str) -> str:
    """The one programme of a selection."""
    rows = sized.template.tables["selections"]
    (programme,) = (r["programme"] for r in rows if r["selection"] == selection)
    return programme


def avonside_acute_share(sized: Sized) -> float:
    """Acute share of Avonside's NHS spend in the base year."""
    nhs = acute = 0.0
    for row in sized.template.tables["programmes"]:
        if row["pool"] == "NHS":
            spend = float(row["unit_cost"]) * float(row["baseline"])
            nhs += spend
            acute += spend if row["sector"] == "acute" else 0.0
    return acute / nhs


def national_selections(all_sized: list[Sized]) -> Iterable[Row]:
    """Programmes of all systems together."""
    yield _national("mental health in scope", tag="mhis")
    for row in all_sized[0].template.tables["selections"]:
        if row["selection"] == "elective":
            yield _national("elective", tag=row["tag"], share=row["share"])
    for name, sector in (("NHS lines", ""), ("acute NHS", "acute")):
        for sized in all_sized:
            yield _national(name, sector=sector, pool=sized.system.of("NHS"))


def _national(name: str, **criteria: str) -> Row:
    return {"selection": f"{ENGLAND} | {name}", **criteria}


def national_rules(all_sized: list[Sized]) -> Iterable[Row]:
    """Rules that only all systems together can meet."""
    share = acute_share(all_sized)
    for year in YEARS:
        ahead = MHIS_NATIONAL - GROWTH[YEARS[0]]
        passed = year - BASE_YEAR
        yield {
            **_rule("MHIS", year, "Mental health spend of England grows faster than allocations"),
            "selection": f"{ENGLAND} | mental health in scope",
            "sense": "min",
            "value": text(GROWTH[year] + ahead, 4),
            "basis": "growth",
            "reference": "previous",
            "source": "£14.9bn to £15.6bn" if passed == 1 else "README",
        }
        yield {
            **_rule("Elective floor", year, "Value-weighted elective activity of England grows"),
            "measure": "value",
            "selection": f"{ENGLAND} | elective",
            "sense": "min",
            "value": text(ELECTIVE_POINTS * passed, 4),
            "basis": "growth",
            "reference": "baseline",
            "status": "assumed",
        }
        yield {
            **_rule("Acute share ceiling", year, "Acute share of England's NHS spend falls"),
            "selection": f"{ENGLAND} | acute NHS",
            "sense": "max",
            "value": text(share - ACUTE_POINTS * passed, 5),
            "basis": "share",
            "relative_to": f"{ENGLAND} | NHS lines",
            "status": "assumed",
        }


def _rule(name: str, year: int, label: str) -> Row:
    return {
        "rule": f"{ENGLAND} | {name}",
        "year": str(year),
        "label": f"{ENGLAND}: {label}",
        "measure": "spend",
        "status": "national",
        "owner": "NHS England",
        "source": "README",
    }
