"""What a plan is worth, and whether it is allowed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from allocator.evaluate.result_tables import ResultTables
from allocator.evaluate.workings import Workings
from allocator.overview import as_html, as_text, lacking
from allocator.words import number

MONEY = ("budget", "carry", "recurrent", "transfer", "funding")
"""Kinds of violation that money settled otherwise may mend."""


@dataclass(frozen=True)
class Evaluation(ResultTables):
    """A plan recomputed: what it is worth, and whether it is allowed.

    Money is in the instance's money unit, activity in each programme's unit. Tables are made
    when they are first read.

    Attributes
    ----------
    objective : float
        Value of the plan on the true response curves: outcomes - harm - penalties + tail.
    parts : dict of str to float
        ``outcomes``, ``harm``, ``penalties`` (both positive when they take value away) and
        ``tail``.
    max_violation : float
        Largest relative violation of anything hard, 0.0 when there is none.
    allowed : bool
        Whether all of it is kept: money to the penny, everything else within the tolerance.
    workings : Workings
        Everything the plan does, as arrays.
    notes : tuple of str
        What is to be said of how the plan was read: rows that are a total, figures that look
        like money and were read as activity, and what it states and its activity contradicts,
        which is worked out anew.
    """

    objective: float
    parts: dict[str, float]
    max_violation: float
    allowed: bool
    workings: Workings = field(repr=False, compare=False)
    notes: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name in dir(type(self)):  # or one that could not be made
            raise AttributeError(name)
        raise lacking("an evaluation", name, dir(self))

    def __repr__(self) -> str:
        return as_text(*self._overview())

    def _repr_html_(self) -> str:
        return as_html(*self._overview())

    def _overview(self) -> tuple[str, dict[str, str], dict[str, int]]:
        """Title, facts and rows by table."""
        found = self.violations
        facts = {
            "objective": number(self.objective),
            **{name: number(value) for name, value in self.parts.items() if value},
            "violations": "; ".join(found["message"].head(3)) if len(found) else "",
            "notes": " ".join(self.notes),
        }
        title = f"Evaluation: the plan is {'allowed' if self.allowed else 'not allowed'}"
        return title, facts, {name: len(table) for name, table in self.tables().items()}

    @property
    def balanced(self) -> bool:
        """Whether pools pay for all they must with the money they have."""
        return not self.violations["kind"].isin(MONEY).any()
