"""Make the instance of England's 42 integrated care systems from one system and published need.

Every system gets the programmes of ``data/one_system`` (Avonside before its contracts), sized
by its own published populations (``data/icb_population_need_2025_26.csv``), and money of its
own; national pools, rules and staff limits link the systems. README.md says what is scaled
by what.

Usage::

    python instances/england/build.py            write the CSV files of this folder
    python instances/england/build.py --check    say whether they are what this script makes
"""

from __future__ import annotations

import argparse
import csv
import io
import math
import sys
from collections.abc import Iterable

import policy
from sizing import (
    BASE_YEAR,
    COUNCILS,
    HERE,
    NATIONAL_POOLS,
    SHARED_POOL,
    YEARS,
    Row,
    Sized,
    System,
    Tables,
    Template,
    known,
    read_systems,
    text,
)

NATIONAL_DEFICIT = 1.4e9
"""Deficit of all systems 2023/24, £ (National Audit Office); seen."""
NET_PRICE = 0.0215
"""Yearly growth of unit costs, net of efficiency; 2025/26 seen, later years assumed."""
SHARED_IN = 0.0025
"""Most a system may pay into the convergence pool, of its allocation; assumed."""
SHARED_OUT = 0.005
"""Most a system may get from the convergence pool, of its allocation; assumed."""
CONTINGENCY = 0.0025
"""Contingency over the base-year allocation, as in Avonside; assumed."""
SUPPORT = {2025: 0.75, 2026: 0.5, 2027: 0.25, 2028: 0.0, 2029: 0.0}
"""Deficit support over the base-year deficit; gone by 2028/29 seen, yearly steps assumed."""
STAFF_LOCAL, STAFF_NATIONAL = 0.047, 0.02
"""Yearly growth of acute staff a head, P90 and median of 42 systems; the proxy of Avonside."""
FIFTHS = ("Highest", "Second", "Middle", "Fourth", "Lowest")
"""Fifths of England's people by the need for health inequalities of their system."""


def programmes(sized: Sized) -> Iterable[Row]:
    """Every programme of a system."""
    columns = ("sector", "contract", "tags", "class", "unit", "unit_cost")
    costs = ("fixed_share", "release_years", "cost_uplift")
    for row in sized.rows:
        yield {
            "programme": sized.system.of(row["programme"]),
            **{c: row[c] for c in columns[:1]},
            "place": sized.system.name,
            "pool": sized.system.pool(row["pool"]),
            **{c: row[c] for c in columns[1:]},
            "baseline": text(sized.baseline[row["programme"]]),
            **{c: row[c] for c in costs},
            "status": known(row),
            "source": sized.source(row),
        }


def limits(sized: Sized) -> Iterable[Row]:
    """Limits as Avonside's; those in units of activity follow the programme's size."""
    for row in sized.template.once("limits"):
        name, most, least = row["programme"], row["max"], row["min"]
        if name == "Contingency":
            least = most = text(CONTINGENCY * sized.system.allocation)
        elif row["basis"] == "activity":
            most = text(float(most) * sized.over(name))
        yield {
            **row,
            "programme": sized.system.of(name),
            "min": least,
            "max": most,
            "source": "Avonside",
            "note": "",
        }


def budgets(sized: Sized) -> Iterable[Row]:
    """A system's own pools in every year."""
    system = sized.system
    amounts = sized.template.total("budgets", "amount", "pool", "year")
    shared = {
        "public health grant": (("Public health grant",), "Councils"),
        "disabled facilities grant": (("Disabled facilities grant",), "Councils"),
        "councils": (tuple(f"{c.strip()} council" for c in COUNCILS), "Councils"),
    }
    for year in YEARS:
        status = "derived" if year == YEARS[0] else "assumed"
        yield {
            "pool": system.of("NHS"),
            "year": str(year),
            "amount": text(system.allocation_in(year) // 1000 * 1000),
            "owner": f"{system.name} ICB",
            "status": status,
            "source": "£127.2bn by core, growth",
        }
        for pool, (parts, owner) in shared.items():
            amount = math.fsum(amounts[part, str(year)] for part in parts)
            yield {
                "pool": system.of(pool),
                "year": str(year),
                "amount": text(math.ceil(amount * system.ratio["pop"] / 1000) * 1000),
                "owner": owner,
                "status": "assumed",
                "source": "Avonside by pop",
            }


def national_budgets(all_sized: list[Sized]) -> Iterable[Row]:
    """The pools England holds."""
    specialised = math.fsum(s.baseline["Specialised services"] for s in all_sized)
    for year in YEARS:
        amounts = {
            SHARED_POOL: (0.0, "what systems pay in"),
            NATIONAL_POOLS["Deficit support"]: (NATIONAL_DEFICIT * SUPPORT[year], "£1.4bn by path"),
            NATIONAL_POOLS["Specialised commissioning"]: (
                math.ceil(specialised * (1 + NET_PRICE) ** (year - BASE_YEAR) / 1e6) * 1e6,
                "£18.8bn at net prices, rounded up",
            ),
        }
        for pool, (amount, source) in amounts.items():
            yield {
                "pool": pool,
                "year": str(year),
                "amount": text(amount),
                "owner": "NHS England",
                "status": "assumed",
                "source": source,
            }


def transfers(sized: Sized) -> Iterable[Row]:
    """What pools may hand over: support, convergence, section 75 and section 256."""
    system, template = sized.system, sized.template
    of_deficit = (r for r in template.tables["limits"] if r["programme"] == "Provider deficit")
    left = {row["year"]: row["max"] for row in of_deficit}
    for year in YEARS:
        if SUPPORT[year]:
            deficit = sized.baseline["Provider deficit"] * float(left[str(year)])
            pool = NATIONAL_POOLS["Deficit support"]
            yield _transfer(pool, system.of("NHS"), deficit, "deficit support funding", year)
        own, money = system.of("NHS"), system.allocation_in(year)
        yield _transfer(own, SHARED_POOL, SHARED_IN * money, "convergence", year)
        yield _transfer(SHARED_POOL, own, SHARED_OUT * money, "convergence", year)
    for row in template.tables["transfers"]:
        if row["to_pool"] == "Public health grant":
            most = float(row["max"]) * system.ratio["pop"]
            to_pool = system.pool(row["to_pool"])
            yield _transfer(system.of("NHS"), to_pool, most, row["instrument"])
    councils = [r for r in template.tables["transfers"] if r["instrument"] == "section 75"]
    most = math.fsum(float(r["max"]) for r in councils) * system.ratio["pop"]
    yield _transfer(system.of("NHS"), system.pool(councils[0]["to_pool"]), most, "section 75")


def _transfer(
    from_pool: str, to_pool: str, most: float, instrument: str, year: int | None = None
) -> Row:
    return {
        "from_pool": from_pool,
        "to_pool": to_pool,
        "year": str(year or ""),
        "max": text(most),
        "instrument": instrument,
        "status": "assumed",
        "source": "README" if year else "Avonside by pop",
    }


def responses(sized: Sized) -> Iterable[Row]:
    """Curves as Avonside's: the same outcome for a pound, around the system's own baseline."""
    for row in sized.template.once("responses"):
        name = sized.system.of(row["programme"])
        yield {**row, "programme": name, "source": "Avonside", "note": "", "status": known(row)}


def demand(sized: Sized) -> Iterable[Row]:
    """Need and lists in proportion to the programme's baseline."""
    template = sized.template
    keys = ("programme", "year")
    arriving = template.total("demand", "demand", *keys)
    waiting = template.total("demand", "opening_backlog", *keys)
    for row in template.once("demand"):
        key, over = (row["programme"], row["year"]), sized.over(row["programme"])
        yield {
            **row,
            "programme": sized.system.of(row["programme"]),
            "demand": text(arriving[key] * over),
            "opening_backlog": text(waiting[key] * over) if waiting[key] else "",
            "status": known(row),
            "source": "Avonside by baseline",
            "note": "",
        }


def effects(sized: Sized) -> Iterable[Row]:
    """Effects as Avonside's, within the system."""
    for row in sized.template.once("effects", "source"):
        ends = {c: sized.system.of(row[c]) for c in ("source", "target")}
        yield {**row, **ends, "status": known(row), "citation": "Avonside", "note": ""}


def capacity(sized: Sized) -> Iterable[Row]:
    """Resources in proportion to their use in the base year."""
    template, system = sized.template, sized.system
    keys = ("resource", "year")
    amounts = template.total("capacity", "amount", *keys)
    extra = template.total("capacity", "extra_max", *keys)
    seen = set()
    for row in template.tables["capacity"]:
        resource, key = row["resource"], (row["resource"], row["year"])
        if key in seen:
            continue
        seen.add(key)
        used = template.used(resource, sized.baseline)
        over = used / template.used(resource, template.baseline)
        amount, source = amounts[key] * over, "Avonside by use"
        if resource == "Community nursing time":
            amount, source = (
                used * (1 + STAFF_LOCAL) ** (int(row["year"]) - BASE_YEAR),
                "use, staff P90",
            )
        yield {
            "resource": resource,
            "place": system.name,
            "year": row["year"],
            "amount": text(amount, 1),
            "extra_max": text(extra[key] * over, 1) if extra[key] else "",
            "extra_cost": row["extra_cost"],
            "extra_pool": system.pool(row["extra_pool"]) if row["extra_pool"] else "",
            "status": known(row),
            "source": source,
        }


def national_capacity(all_sized: list[Sized]) -> Iterable[Row]:
    """Community nurses of England."""
    resource = "Community nursing time"
    used = math.fsum(s.template.used(resource, s.baseline) for s in all_sized)
    for year in YEARS:
        yield {
            "resource": resource,
            "place": "",
            "year": str(year),
            "amount": text(used * (1 + STAFF_NATIONAL) ** (year - BASE_YEAR)),
            "status": "assumed",
            "source": "use, staff median",
        }


def use(sized: Sized) -> Iterable[Row]:
    """Resource a unit of activity, as Avonside's."""
    for row in sized.template.once("use"):
        name = sized.system.of(row["programme"])
        yield {**row, "programme": name, "source": "Avonside", "note": ""}


def places(systems: list[System]) -> Iterable[Row]:
    """The systems as places; registered population, flat."""
    for system in systems:
        yield {
            "place": system.name,
            "year": "",
            "heads": system.heads,
            "status": "seen",
            "source": "registered",
        }


def segments(systems: list[System]) -> Iterable[Row]:
    """Fifths of the people by their system's need for health inequalities, weighted by it."""
    people = math.fsum(float(s.heads) for s in systems)
    before = 0.0
    for system in sorted(systems, key=lambda s: (-s.inequality, s.name)):
        middle = before + float(system.heads) / 2
        before += float(system.heads)
        yield {
            "segment": f"{FIFTHS[int(5 * middle / people)]} fifth of systems by inequality",
            "place": system.name,
            "heads": system.heads,
            "weight": text(system.inequality, 4),
            "status": "judgement",
            "source": "inequality / registered",
        }


def make() -> Tables:
    """Every table of the instance."""
    template = Template()
    systems = read_systems()
    sized = [Sized(template, system) for system in systems]
    by_system = {
        "programmes": programmes,
        "limits": limits,
        "budgets": budgets,
        "transfers": transfers,
        "responses": responses,
        "demand": demand,
        "effects": effects,
        "capacity": capacity,
        "use": use,
        "selections": policy.selections,
        "rules": policy.rules,
    }
    tables = {name: [r for s in sized for r in rows(s)] for name, rows in by_system.items()}
    tables["budgets"] += national_budgets(sized)
    tables["capacity"] += national_capacity(sized)
    tables["selections"] += policy.national_selections(sized)
    tables["rules"] += policy.national_rules(sized)
    tables["places"] = list(places(systems))
    tables["segments"] = list(segments(systems))
    tables["outcomes"] = template.tables["outcomes"]
    tables["resources"] = template.tables["resources"]
    return tables


def as_csv(rows: list[Row]) -> str:
    """Text of a table without the columns nobody fills."""
    columns = [c for c in rows[0] if any(row.get(c) for row in rows)]
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def main() -> int:
    """Write the files, or with ``--check`` name those that are not what they should be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="change nothing, report differences")
    check = parser.parse_args().check
    stale = []
    for name, rows in make().items():
        path, made = HERE / f"{name}.csv", as_csv(rows)
        if check:
            if not path.exists() or path.read_bytes() != made.encode():
                stale.append(path.name)
        else:
            path.write_text(made, encoding="utf-8", newline="\n")
    if stale:
        print(f"not what build.py makes: {', '.join(stale)}", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
