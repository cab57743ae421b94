"""Random rounds with contracts of every type, shared funding and all kinds of money.

What is solved, with yes-or-no decisions or without, must pass the independent check, with the
funding the solver chose and with the funding and transfers left open; what is refused must be
refused in words.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest

import allocator
from allocator.errors import InstanceError
from allocator.evaluate import evaluate
from allocator.instance.instance import Instance
from allocator.instance.reading.reader import from_tables
from allocator.instance.tables.schema import ADJUSTMENT_KINDS, CONTRACT_TYPES

YEARS = (2025, 2026, 2027)
PARAMETERS = {
    "cost": ("overhead",),
    "block": ("fixed", "rebasing_year"),
    "activity": ("threshold", "marginal_rate"),
    "cost_and_volume": ("fixed", "volume", "up_rate"),
    "aligned": ("fixed", "up_rate", "down_rate"),
    "capitated": ("per_head", "gain_share", "loss_share"),
    "outcome": ("fixed", "bonus", "bonus_outcome"),
}


class Draw:
    """Draws a round."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rng = np.random.default_rng(seed)

    def often(self, share: float = 0.5) -> bool:
        return bool(self.rng.random() < share)

    def number(self, low: float, high: float) -> float:
        return round(float(self.rng.uniform(low, high)), 3)

    def instance(self) -> Instance:
        """Two contracts over four hospital services, four other services, three pools."""
        kinds = [CONTRACT_TYPES[self.seed % 7], str(self.rng.choice(CONTRACT_TYPES))]
        programmes = pd.DataFrame([self.programme(n) for n in range(8)])
        worth = (programmes.baseline * programmes.unit_cost).to_numpy()
        tables: dict[str, Any] = {
            "programmes": programmes,
            "contracts": pd.DataFrame(
                [self.contract(n, kind, worth[[n, n + 2]].sum()) for n, kind in enumerate(kinds)]
            ),
            "providers": pd.DataFrame([self.provider(n, worth[[n, n + 2]].sum()) for n in (0, 1)]),
            "funding": pd.DataFrame(
                [
                    {"programme": "P5", "pool": "NHS", "share_min": 0.2, "share_max": 0.6},
                    {"programme": "P5", "pool": "Council", "share_min": 0.1, "share_max": 1},
                    {"programme": "P6", "pool": "Council", "share_max": 0.7},
                    {"programme": "P6", "pool": "BCF", "share_max": 0.5},
                ]
            ),
            "adjustments": pd.DataFrame([self.adjustment(n, worth.sum()) for n in range(4)]),
            "budgets": self.budgets(worth),
            "transfers": pd.DataFrame(
                [{"from_pool": "NHS", "to_pool": "Council", "max": self.number(0, 30)}]
            ),
            "outcomes": pd.DataFrame([{"outcome": "QALY", "weight": 1.0, "unit": ""}]),
            "responses": pd.DataFrame([self.response(n) for n in range(8)]),
            "limits": pd.DataFrame([self.limit(n) for n in range(8)]),
            "selections": pd.DataFrame(
                [{"selection": f"K{n}", "contract": f"K{n}"} for n in (0, 1)]
                + [{"selection": "all but capital", "sector": s} for s in ("acute", "care")]
            ),
            "rules": pd.DataFrame([self.rule(n, worth[[n, n + 2]].sum()) for n in (0, 1)]),
            "places": pd.DataFrame([{"place": "Here", "heads": 100}]),
        }
        settings = {
            "name": "Random",
            "base_year": 2024,
            "years": list(YEARS),
            "cost_uplift": 0.03,
            "recurrent_balance": self.often(),
        }
        return from_tables(settings, tables)

    def programme(self, n: int) -> dict[str, Any]:
        late = self.often()
        cost = self.number(1, 5)
        under = n < 4
        return {
            "programme": f"P{n}",
            "sector": "acute" if under else "capital" if n == 7 else "care",
            "provider": f"T{n % 2}" if under else "",
            "contract": f"K{n % 2}" if under else "",
            "pool": ("NHS", "NHS", "NHS", "NHS", "NHS", "Council", "BCF", "NHS")[n],
            "baseline": self.number(20, 60),
            "unit_cost": cost,
            "unit": "unit",
            "tariff": round(cost * self.number(0.7, 1.2), 3) if under and self.often() else None,
            "recurrent": n not in (4, 7) or self.often(),
            "money": "capital" if n == 7 else "revenue",
            "fixed_share": 0.5 if late else 0.0,
            "release_years": int(self.rng.integers(1, 3)) if late else 0,
        }

    def contract(self, n: int, kind: str, worth: float) -> dict[str, Any]:
        values = {
            "overhead": self.number(0.01, 0.1),
            "fixed": round(worth * self.number(0.9, 1.1), 3),
            "rebasing_year": int(self.rng.choice(YEARS)),
            "threshold": round(worth * self.number(0.9, 1.6), 3),
            "marginal_rate": self.number(0.5, 1.5),
            "volume": round(worth * self.number(0.7, 1.6), 3),
            "up_rate": self.number(0.3, 1.0),
            "down_rate": self.number(0.1, 0.8),
            "per_head": round(worth / 100 * self.number(0.9, 1.1), 4),
            "gain_share": self.number(0, 0.5),
            "loss_share": self.number(0.3, 1.0),
            "bonus": self.number(0, 2),
            "bonus_outcome": "QALY",
        }
        needed = {"per_head", "bonus", "bonus_outcome"}
        chosen = [c for c in PARAMETERS[kind] if c in needed or self.often(0.7)]
        if "marginal_rate" in chosen and "threshold" not in chosen:
            chosen.remove("marginal_rate")
        line = {"contract": f"K{n}", "type": kind} | {c: values[c] for c in chosen}
        if "overhead" in chosen:
            line["lead"] = f"T{1 - n}"
        if self.often(0.2):
            line["end"] = 2026 if line.get("rebasing_year", 2025) <= 2026 else 2027
        if self.often(0.2):
            line["min_income"] = round(worth * self.number(0.5, 1.0), 3)
        return line

    def provider(self, n: int, worth: float) -> dict[str, Any]:
        return {
            "provider": f"T{n}",
            "other_income": self.number(0, 5),
            "deficit_max": round(worth * self.number(0.1, 0.3), 3) if self.often(0.1) else None,
        }

    def adjustment(self, n: int, total: float) -> dict[str, Any]:
        return {
            "item": f"A{n}",
            "pool": "NHS" if n % 2 else "",
            "selection": "" if n % 2 else "all but capital",
            "kind": str(self.rng.choice(ADJUSTMENT_KINDS)),
            "amount": round(total * self.number(0, 0.02), 3),
            "delivery": self.number(0.3, 1),
            "recurrent": self.often(),
        }

    def budgets(self, worth: Any) -> pd.DataFrame:
        nhs = float(worth[:5].sum() + 0.5 * worth[5:7].sum())
        lines = [
            ("NHS", "recurrent", nhs * self.number(1.05, 1.3)),
            ("NHS", "non_recurrent", nhs * self.number(0.02, 0.1)),
            ("NHS", "capital", float(worth[7]) * self.number(1.1, 1.6)),
            ("Council", "recurrent", float(worth[5:7].sum()) * self.number(0.7, 1.2)),
            ("BCF", "grant", float(worth[6]) * self.number(0.3, 0.8)),
        ]
        frame = pd.DataFrame(lines, columns=["pool", "kind", "amount"]).round(3)
        return frame.assign(carry_max=np.where(frame.kind == "recurrent", 10.0, 0.0))

    def response(self, n: int) -> dict[str, Any]:
        return {"programme": f"P{n}", "outcome": "QALY", "per_unit": self.number(0.1, 2)}

    def limit(self, n: int) -> dict[str, Any]:
        return {
            "programme": f"P{n}",
            "basis": "baseline",
            "min": self.number(0.4, 0.9),
            "max": self.number(1.0, 1.5),
        }

    def rule(self, n: int, worth: float) -> dict[str, Any]:
        measure, low, high = [
            ("payment", 0.8, 1.5),
            ("position", -0.3, 0.0),
            ("recurrent_spend", 0.5, 0.9),
        ][int(self.rng.choice(3, p=(0.45, 0.1, 0.45)))]
        sense = "max" if measure == "payment" and self.often(0.9) else "min"
        return {
            "rule": f"R{n}",
            "measure": measure,
            "selection": f"K{n}",
            "sense": sense,
            "value": round(worth * self.number(low, high), 3),
            "penalty": self.number(0.1, 2) if self.often(0.4) else None,
        }


def tried(seed: int) -> str:
    """What becomes of one round: its status, and whether it took decisions."""
    try:
        plan = allocator.solve(instance := Draw(seed).instance(), gap=0.0)
    except InstanceError:
        return "refused"
    if plan.found:
        assert plan.verified, (seed, plan.max_violation, plan.certificate)
        assert (plan.certificate.gap or 0.0) <= 1e-6
        open_ = evaluate(
            instance, {"allocation": plan.allocation[["programme", "year", "activity"]]}
        )
        assert open_.allowed, (seed, open_.violations.message.tolist())
        assert open_.objective == pytest.approx(plan.certificate.true_objective)
        assert plan.status == "optimal", seed
    if plan.found and plan.model["integers"]:
        return "decided"
    return plan.status


@pytest.mark.parametrize("kind", range(len(CONTRACT_TYPES)))
def test_every_type_of_contract_is_solved_and_checked(kind: int) -> None:
    found = Counter(tried(7 * n + kind) for n in range(12))
    assert found["optimal"] >= 3, found
    assert found["decided"] >= 1, found
    assert set(found) <= {"optimal", "decided", "infeasible", "refused"}


@pytest.mark.long
def test_many_more() -> None:
    found = Counter(tried(seed) for seed in range(100, 500))
    assert found["optimal"] > 150, found
    assert found["decided"] > 50, found
    assert set(found) <= {"optimal", "decided", "infeasible", "refused"}
