"""A round with options, a contract that may be ended and conditional money, and a plan for it.

The plan's tables are made by hand, so that reports can be tested without a solver.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from small import csv

from allocator.instance.instance import Instance, from_tables
from allocator.plan import Certificate, Plan

YEARS = (2025, 2026, 2027, 2028)

TABLES = {
    "programmes": """\
        programme,sector,provider,pool,contract,unit,unit_cost,baseline,fixed_share,release_years
        Beds,acute,Trust,NHS,Acute,bed-day,100,100000,0.5,4
        GP,primary,Practices,NHS,GMS,contact,10,1000000,0,0
    """,
    "budgets": "pool,amount\nNHS,25000000",
    "outcomes": "outcome,unit,weight\nhealth,QALY,1",
    "responses": "programme,outcome,per_unit\nBeds,health,0.01\nGP,health,0.001",
    "limits": "programme,min,max\nBeds,0.5,1\nGP,0.5,1.5",
    "contracts": """\
        contract,label,type,notice_years,exit_fee
        Acute,Acute block,block,2,400000
        GMS,GMS contract,block,,
    """,
    "options": """\
        option,label,group,choose,pool,start_month,lead_years,review_years
        partial,Partial integration,network,at_most_one,NHS,10,0,
        full,Full integration,network,at_most_one,NHS,0,0,2
        wing,New wing,,any,NHS,0,2,none
        ward,Close the old ward,,any,NHS,0,0,
        north,North bid,lot,at_most_one,NHS,0,0,
        south,South bid,lot,at_most_one,NHS,0,0,
    """,
    "option_effects": """\
        option,measure,target,operation,value
        full,contract,GMS,suspend,
        partial,unit_cost,GP,multiply,0.99
        wing,unit_cost,Beds,multiply,0.99
        ward,income,NHS,add,10
        north,income,NHS,add,10
        south,income,NHS,add,10
    """,
    "places": "place,heads\neast,100000\nwest,100000",
    "incomes": """\
        income,part,label,pool,measure,selection,outcome,threshold,basis,amount,share,lag
        premium,cancer,Cancers found early,NHS,outcome,,health,2000,per_head,5,0.6,1
        premium,access,Access,NHS,activity,gps,,1000000,per_head,5,0.4,1
    """,
    "selections": "selection,programme\ngps,GP",
}


def deciding_round(**tables: str) -> Instance:
    """The round; a table given replaces the one there is."""
    settings = {"name": "Deciding", "base_year": 2024, "years": list(YEARS)}
    every = {name: csv(text) for name, text in {**TABLES, **tables}.items()}
    return from_tables(settings, every)


def options_table() -> pd.DataFrame:
    """Partial integration for a year from October, then full; a new wing; the ward closed."""
    taken = {
        "partial": (1, 0, 0, 0),
        "full": (0, 1, 1, 1),
        "wing": (1, 1, 1, 1),
        "ward": (0, 0, 1, 1),
        "north": (0, 0, 0, 0),
        "south": (0, 0, 0, 0),
    }
    in_place = {**taken, "partial": (0.5, 0, 0, 0), "wing": (0, 0, 1, 1)}
    costs: dict[str, dict[str, tuple[float, ...]]] = {
        "cost_once": {"partial": (2e5, 0, 0, 0), "full": (0, 1e6, 0, 0)},
        "cost_yearly": {"partial": (1e5, 0, 0, 0), "full": (0, 3e5, 3e5, 3e5),
                        "ward": (0, 0, -5e5, -5e5)},
        "double_running": {"wing": (1.5e5, 1.5e5, 0, 0)},
        "cost_exit": {"partial": (0, 5e4, 0, 0)},
        "capital": {"wing": (8e6, 0, 0, 0)},
    }  # fmt: skip
    known = csv(TABLES["options"]).set_index("option")
    rows: list[dict[str, Any]] = []
    for option, flags in taken.items():
        for t, year in enumerate(YEARS):
            money = {c: by.get(option, (0.0,) * 4)[t] for c, by in costs.items()}
            rows.append(
                {
                    "option": option,
                    "label": known.loc[option, "label"],
                    "group": known.loc[option, "group"],
                    "year": year,
                    "taken": bool(flags[t]),
                    "in_place": float(in_place[option][t]),
                    **money,
                    "pool": "NHS",
                    "programme": "",
                    "reference_taken": option == "wing",
                }
            )
    return pd.DataFrame(rows)


def incomes_table() -> pd.DataFrame:
    """Access is always met; cancers found early only in the last two years."""
    rows = []
    for part, label, measure, threshold, values in (
        ("cancer", "Cancers found early", "outcome", 2000.0, (1990.0, 1960.0, 2000.0, 2100.0)),
        ("access", "Access", "activity", 1e6, (1e6, 1.1e6, 1.1e6, 1.1e6)),
    ):
        share = {"cancer": 0.6, "access": 0.4}[part]
        for year, value in zip(YEARS, values, strict=True):
            earned = float(value >= threshold)
            rows.append(
                {
                    "income": "premium",
                    "part": part,
                    "label": label,
                    "pool": "NHS",
                    "year": year,
                    "received": year + 1 if year < YEARS[-1] else 0,
                    "measure": measure,
                    "sense": "min",
                    "value": value,
                    "threshold": threshold,
                    "full": float("nan"),
                    "earned": earned,
                    "amount": earned * 1e6 * share,
                    "held_back": 0.0,
                }
            )
    return pd.DataFrame(rows)


def decisions_table() -> pd.DataFrame:
    rows = [
        ("option runs", "partial", 10, "one for each way to take it"),
        ("option runs", "full", 6, "one for each way to take it"),
        ("option runs", "wing", 2, "one for each way to take it"),
        ("contract end", "Acute", 2, "may be ended from 2027/28"),
        ("threshold", "premium / cancer", 4, "paid only at 2,000"),
        ("curve", "GP / health", 1, "steepens below 4,100"),
    ]
    return pd.DataFrame(rows, columns=["kind", "name", "count", "why"])


def contracts_table(end: int = 2027) -> pd.DataFrame:
    """The acute block ended from `end`; the GMS contract suspended while full is in place."""
    rows = []
    for contract, provider, cost in (("Acute", "Trust", 9e6), ("GMS", "Practices", 1e7)):
        for year in YEARS:
            ended = contract == "Acute" and year >= end
            suspended = contract == "GMS" and year >= 2026
            gone = ended or suspended
            rows.append(
                {
                    "contract": contract,
                    "year": year,
                    "type": "block",
                    "provider": provider,
                    "pool": "NHS",
                    "payment": cost if gone else 1e7,
                    "pool_payment": cost if gone else 1e7,
                    "cost": cost,
                    "value": cost,
                    "fixed": float("nan") if gone else 1e7,
                    "stranded": 0.0,
                    "reference_stranded": 0.0,
                    "state": "ended" if ended else "suspended" if suspended else "fixed",
                    "ended": ended,
                    "suspended": suspended,
                    "exit_fee": 4e5 if ended and year == end else 0.0,
                }
            )
    return pd.DataFrame(rows)


def _allocation() -> pd.DataFrame:
    lines = pd.DataFrame(
        {
            "programme": ["Beds", "GP"],
            "sector": ["acute", "primary"],
            "price": [100.0, 10.0],
            "baseline": [100_000.0, 1_000_000.0],
            "activity": [90_000.0, 1_100_000.0],
            "reference_activity": [100_000.0, 1_000_000.0],
        }
    )
    lines = lines.merge(pd.DataFrame({"year": YEARS}), how="cross")
    lines = lines.assign(
        label=lines["programme"],
        place="",
        pool="NHS",
        baseline_spend=lines["baseline"] * lines["price"],
        reference_spend=lines["reference_activity"] * lines["price"],
        spend=lines["activity"] * lines["price"],
        unmet=float("nan"),
        avoided=float("nan"),
        stranded=0.0,
        surcharge=0.0,
        held=False,
        given_up=0.0,
    )
    return lines.assign(change=lines["spend"] - lines["reference_spend"])


def _budgets() -> pd.DataFrame:
    columns = {
        "spend": 2e7, "at_cost": 1e7, "contract_payments": 1e7, "funded": 0.0, "adjustments": 0.0,
        "extra_cost": 0.0, "option_cost": [3.5e5, 1.5e6, -2e5, -2e5], "option_income": 10.0,
        "incomes": [0.0, 4e5, 4e5, 1e6], "held_back": [0.0, 2.5e5, 0.0, 0.0],
        "exit_fees": [0.0, 0.0, 4e5, 0.0], "transfers_in": 0.0, "transfers_out": 0.0,
        "carry_in": 0.0, "carry_out": 0.0, "slack": 0.0, "recurrent_income": 2.5e7,
        "recurrent_spend": 2e7, "underlying": 5e6, "capital_amount": 8e6,
        "capital_spend": [8e6, 0.0, 0.0, 0.0], "price": [1e-4, 1e-4, 1e-4, 1e-4],
    }  # fmt: skip
    return pd.DataFrame({"pool": "NHS", "year": YEARS, "amount": 2.5e7, **columns})


def _empty(*columns: str) -> pd.DataFrame:
    return pd.DataFrame({column: [] for column in columns})


def deciding_plan(**changes: Any) -> Plan:
    """A plan worth 2,000 where 1,000 is rolling forward, and at most 2,004 can be had."""
    outcomes = {
        "outcome": "health", "year": YEARS, "amount": 500.0, "beyond_horizon": 0.0,
        "value": 500.0, "reference_amount": 250.0, "reference_value": 250.0,
    }  # fmt: skip
    bridge = [("outturn", 2e7), ("decisions", 1e6), ("exit_fees", 4e5), ("plan", 2.14e7)]
    steps = [
        {
            "pool": "NHS",
            "sector": "",
            "year": y,
            "step": s,
            "recurrent": True,
            "capital": False,
            "amount": a,
        }
        for y in YEARS
        for s, a in bridge
    ]
    parts: dict[str, Any] = {
        "status": "optimal",
        "verified": True,
        "max_violation": 0.0,
        "certificate": Certificate(
            2000.0, 1000.0, 2004.0, None, 0.0, 2000.0,
            root_bound=2100.0, integer=True, price_of_money=1e-5, years=4,
        ),
        "tables": {
            "allocation": _allocation(),
            "outcomes": pd.DataFrame(outcomes),
            "worth": pd.DataFrame(
                {"part": ["outcomes", "harm", "penalties", "later savings"],
                 "plan": [2000.0, 0.0, 0.0, 0.0], "reference": [1000.0, 0.0, 0.0, 0.0]}
            ),
            "segments": _empty("outcome", "segment", "year", "amount", "reference_amount"),
            "rules": _empty("rule", "year", "label", "measure", "sense", "value", "left", "limit",
                            "slack", "violation", "soft", "penalty", "reference_penalty", "price"),
            "limits": _empty("programme", "year", "activity", "lo", "hi", "price"),
            "capacity": _empty("resource", "place", "year", "used", "amount", "extra", "slack",
                               "price"),
            "budgets": _budgets(),
            "transfers": _empty("from_pool", "to_pool", "year", "amount"),
            "funding": _empty("programme", "pool", "year", "paid", "share", "share_min",
                              "share_max"),
            "adjustments": _empty("pool", "year", "kind", "item", "amount"),
            "contracts": contracts_table(),
            "providers": _empty("provider", "year", "income", "contract_income", "other_income",
                                "other_cost", "cost", "position", "deficit_max", "slack", "price"),
            "system": pd.DataFrame(
                {"year": YEARS, "pools": 0.0, "held": 0.0, "providers": 0.0, "underlying": 0.0,
                 "support": 0.0}
            ),
            "bridge": pd.DataFrame(steps),
            "options": options_table(),
            "incomes": incomes_table(),
            "decisions": decisions_table(),
        },
        "model": {"name": "allocation", "rows": 40, "columns": 50, "nonzeros": 9, "integers": 25},
        "solver": {"name": "highs", "version": "1.15.1", "algorithm": "branch and bound",
                   "nodes": 17, "root_gap": 0.1, "fixed_for_prices": 25},
        "seconds": {"total": 0.2},
        "instance": {"name": "Deciding", "sha256": "ab" * 32, "evidence": "central"},
    }  # fmt: skip
    return Plan(**{**parts, **changes})
