"""A plan recomputed, as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from allocator.arrays import Floats
from allocator.evaluate.accounts import Accounts
from allocator.evaluate.capacity import (
    CapacityOfPlan,
)
from allocator.evaluate.findings import Findings
from allocator.evaluate.incomes import Incomes
from allocator.evaluate.limits import LimitsOfPlan
from allocator.evaluate.need import Need
from allocator.evaluate.outcomes import (
    Outcomes,
)
from allocator.evaluate.round import Decided
from allocator.evaluate.verdict import Verdict

BEYOND: Mapping[str, Any] = {"over": "ignore", "invalid": "ignore"}
"""A plan far beyond all limits may overflow; what cannot be computed counts as missed."""


@dataclass(frozen=True)
class Workings:
    """A plan recomputed, as arrays.

    Attributes
    ----------
    decided : Decided
        The round under what the plan decides.
    activity : numpy.ndarray
        Shape (programme, year).
    limits, need, capacity, outcomes, incomes, accounts, verdict
        What the plan does and how it stands.
    findings : Findings
        What it breaks.
    """

    decided: Decided
    activity: Floats
    limits: LimitsOfPlan
    need: Need
    capacity: CapacityOfPlan
    outcomes: Outcomes
    incomes: Incomes
    accounts: Accounts
    verdict: Verdict
    findings: Findings
