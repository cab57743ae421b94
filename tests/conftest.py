"""A small round and a plan for it made by hand, for tests that need no solver."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import allocator
from allocator.instance.instance import Instance, read
from allocator.plan import Certificate, Plan

if threading.current_thread() is threading.main_thread():
    # A shell's background job ignores Ctrl-C, and so would every program that a test starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)

FILES = {
    "instance.toml": """
name = "Two pools"
base_year = 2024
years = [2025, 2026]
""",
    "programmes.csv": """\
programme,label,sector,pool,unit,unit_cost,baseline
ae,A&E [main],acute,NHS,attendance,200,100000
nursing,Community nursing,community,NHS,visit,50,400000
gp,,primary,NHS,appointment,25,1200000
reable,Reablement,social care,Council,package,2000,5000
""",
    "budgets.csv": """\
pool,year,amount
NHS,2025,72000000
NHS,2026,75000000
Council,,11000000
""",
    "outcomes.csv": """\
outcome,unit,weight
health,QALY,2
""",
    "responses.csv": """\
programme,outcome,per_unit,evidence
nursing,health,0.004,D
gp,health,0.002,A
reable,health,0.1,C
""",
    "limits.csv": """\
programme,basis,min,max
nursing,baseline,0.9,1.2
gp,baseline,0.9,1.2
reable,baseline,0.9,1.1
""",
    "resources.csv": "resource,unit\nnurses,whole-time nurses\n",
    "capacity.csv": "resource,amount\nnurses,480\n",
    "use.csv": "programme,resource,per_unit\nnursing,nurses,0.001\n",
    "rules.csv": """\
rule,label,measure,selection,sense,value,basis,relative_to,penalty
ceiling,Acute share ceiling,spend,acute,max,0.3,share,all,
floor,Community floor,spend,community,min,0.35,share,all,1e-5
""",
    "selections.csv": "selection,sector\nacute,acute\ncommunity,community\n",
}

LINES = (
    # programme, label, sector, pool, base spend, reference, then per year spend and activity
    ("ae", "A&E [main]", "acute", "NHS", 20e6, (20e6, 20e6), (20e6, 20e6), (1e5, 1e5)),
    ("nursing", "Community nursing", "community", "NHS", 20e6, (21e6, 22e6), (22e6, 24e6), None),
    ("gp", "", "primary", "NHS", 30e6, (31e6, 33e6), (30e6, 31e6), None),
    ("reable", "Reablement", "social care", "Council", 10e6, (11e6, 11e6), (11e6, 11e6), None),
)
NO_ACCOUNTS = {
    "funding": ("programme", "pool", "year", "paid", "share", "share_min", "share_max"),
    "contracts": ("contract", "year", "type", "provider", "pool", "payment", "cost", "state"),
    "providers": ("provider", "year", "position", "deficit_max", "price"),
    "adjustments": ("pool", "year", "kind", "item", "amount"),
    "bridge": ("pool", "sector", "year", "step", "recurrent", "amount"),
}
UNIT_COSTS = {"ae": 200.0, "nursing": 50.0, "gp": 25.0, "reable": 2000.0}


def write_files(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def two_pools(tmp_path: Path) -> Path:
    """Folder of the small instance."""
    return write_files(tmp_path / "two_pools", FILES)


@pytest.fixture(scope="session")
def small_instance(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    """The small instance, read once; tests that change its folder read their own."""
    return read(write_files(tmp_path_factory.mktemp("round") / "two_pools", FILES))


@pytest.fixture
def make_plan() -> Callable[..., Plan]:
    """Makes the hand-made plan of the small instance, with any part changed."""

    def make(**changes: Any) -> Plan:
        parts: dict[str, Any] = {
            "status": "optimal",
            "verified": True,
            "max_violation": 2e-12,
            "certificate": Certificate(22180.5, 21730.5, 22180.5, 22180.8, 0.3, 22180.7),
            "tables": tables(),
            "model": {"name": "allocation", "rows": 40, "columns": 50, "nonzeros": 100},
            "solver": {"name": "HiGHS", "version": "1.15.1", "algorithm": "simplex"},
            "seconds": {"solve": 0.1, "total": 0.2},
            "instance": {"name": "Two pools", "sha256": "ab" * 32},
            "versions": {"allocator": "0.1.0"},
            "weak_share": 0.62,
        }
        return Plan(**{**parts, **changes})

    return make


@pytest.fixture
def solved(
    make_plan: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., list[dict[str, Any]]]:
    """Lets ``solve`` return the made plan with changes; gives the options it was asked with."""

    def use(error: BaseException | None = None, **changes: Any) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = []

        def solve(instance: object, **options: Any) -> Plan:
            calls.append(options)
            if error is not None:
                raise error
            return make_plan(**changes)

        monkeypatch.setitem(vars(allocator), "solve", solve)
        return calls

    return use


def tables() -> dict[str, pd.DataFrame]:
    return {
        "allocation": _allocation(),
        "outcomes": pd.DataFrame(
            {
                "outcome": ["health", "health"],
                "year": [2025, 2026],
                "amount": [5400.0, 5725.25],
                "beyond_horizon": [0.0, 12.0],
                "value": [10800.0, 11450.5],
                "reference_amount": [5300.0, 5600.0],
                "reference_value": [10600.0, 11200.0],
            }
        ),
        "worth": pd.DataFrame(
            {
                "part": ["outcomes", "harm", "penalties", "later savings"],
                "plan": [22250.5, 0.0, -70.0, 0.0],
                "reference": [21800.0, 0.0, -69.5, 0.0],
            }
        ),
        "segments": pd.DataFrame({"outcome": [], "segment": [], "year": [], "amount": []}),
        "rules": _rules(),
        "limits": _limits(),
        "capacity": pd.DataFrame(
            {
                "resource": ["nurses", "nurses"],
                "place": ["", ""],
                "year": [2025, 2026],
                "used": [440.0, 480.0],
                "amount": [480.0, 480.0],
                "extra": [0.0, 0.0],
                "slack": [40.0, 0.0],
                "price": [0.0, 0.03],
            }
        ),
        "budgets": pd.DataFrame(
            {
                "pool": ["NHS", "NHS", "Council", "Council"],
                "year": [2025, 2026, 2025, 2026],
                "amount": [72e6, 75e6, 11e6, 11e6],
                "spend": [72e6, 75e6, 11e6, 11e6],
                "extra_cost": 0.0,
                "transfers_in": 0.0,
                "transfers_out": 0.0,
                "carry_in": 0.0,
                "carry_out": 0.0,
                "slack": 0.0,
                "underlying": 0.0,
                "support": 0.0,
                "capital_amount": 0.0,
                "capital_spend": 0.0,
                "price": [1.04e-4, 9e-5, 0.0, 0.0],
            }
        ),
        "transfers": pd.DataFrame({"from_pool": [], "to_pool": [], "year": [], "amount": []}),
        "system": pd.DataFrame(
            {
                "year": [2025, 2026],
                "pools": 0.0,
                "held": 0.0,
                "providers": 0.0,
                "underlying": 0.0,
                "support": 0.0,
            }
        ),
        **{name: pd.DataFrame({c: [] for c in columns}) for name, columns in NO_ACCOUNTS.items()},
    }


def _allocation() -> pd.DataFrame:
    rows = []
    for name, label, sector, pool, base, reference, spend, activity in LINES:
        for t, year in enumerate((2025, 2026)):
            cost = UNIT_COSTS[name]
            rows.append(
                {
                    "programme": name,
                    "label": label,
                    "sector": sector,
                    "place": "",
                    "pool": pool,
                    "year": year,
                    "baseline_spend": base,
                    "reference_spend": reference[t],
                    "spend": spend[t],
                    "change": spend[t] - reference[t],
                    "activity": activity[t] if activity else spend[t] / cost,
                    "reference_activity": reference[t] / cost,
                    "baseline": base / cost,
                    "unmet": float("nan"),
                    "avoided": float("nan"),
                    "stranded": 0.0,
                    "held": name == "ae",
                    "given_up": 0.0,
                }
            )
    return pd.DataFrame(rows)


def _rules() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "rule": ["ceiling", "ceiling", "floor", "floor"],
            "year": [2025, 2026, 2025, 2026],
            "label": ["Acute share ceiling"] * 2 + ["Community floor"] * 2,
            "measure": "spend",
            "sense": ["max", "max", "min", "min"],
            "value": [0.24, 0.3, 0.265, 0.36],
            "left": [20e6, 25.8e6, 22e6, 31e6],
            "limit": [0.3, 0.3, 0.35, 0.35],
            "slack": [5e6, 0.0, -7e6, 1e6],
            "violation": [0.0, 0.0, 7e6, 0.0],
            "soft": [False, False, True, True],
            "penalty": [0.0, 0.0, 70.0, 0.0],
            "reference_penalty": [0.0, 0.0, 69.5, 0.0],
            "price": [0.0, 4e-6, 1e-5, 0.0],
        }
    )


def _limits() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "programme": ["ae", "gp", "gp", "reable"],
            "year": [2025, 2025, 2026, 2026],
            "activity": [1e5, 1.2e6, 1.24e6, 5500.0],
            "lo": [1e5, 1.08e6, 1.08e6, 4500.0],
            "hi": [1e5, float("inf"), float("inf"), 5500.0],
            "price": [1.0, 0.0, 0.0, 0.04],
        }
    )
