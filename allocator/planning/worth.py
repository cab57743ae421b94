"""What each yes-or-no decision is worth, in which evidence it holds, and when to take it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from allocator.errors import UsageError
from allocator.instance.evidence import CASES
from allocator.instance.instance import Instance
from allocator.instance.tables.lists import names_in
from allocator.plan import Plan
from allocator.planning.differences import compare_plans
from allocator.planning.record import Deadline
from allocator.planning.solve import solve
from allocator.planning.undone import idle, without
from allocator.solver.forced import Decision, forcing

NOW, PREPARE, NOT_YET = "now", "prepare", "not_yet"
"""Lists a decision may be on."""

COLUMNS = (
    "kind",
    "name",
    "label",
    "starts",
    "ends",
    "taken",
    "needs",
    "needs_months",
    "decided_by",
    "worth",
    "worth_gap",
    "worth_money",
    "too_close",
    *CASES,
    "list",
)


@dataclass(frozen=True)
class DecisionWorth:
    """What the decisions of a plan are worth.

    Attributes
    ----------
    table : pandas.DataFrame
        kind (option, contract), name, label, starts, ends (years, 0 where not taken), taken
        (by the plan), needs, needs_months, decided_by, worth (objective lost without it, or
        gained with one that was asked about and is not taken, then mostly negative; infinite
        where no plan does without), worth_gap (what both searches may have missed),
        worth_money (at the plan's price of money, all years), too_close (whether the first is
        not above the second), low, central, high (whether the best plan with that evidence
        takes it; blank where not solved), list (now, prepare, not_yet; blank where the time
        did not reach). In the order of the year they start in.
    waiting : float or None
        Objective lost when what is not yet to be decided stays as rolled forward.
    waiting_gap : float or None
        What both searches may have missed of that.
    plans : mapping of str to Plan
        The best plan by evidence case.
    complete : bool
        Whether everything was worked out within the time.
    interrupted : bool
        Whether it was Ctrl-C that stopped it.
    """

    table: pd.DataFrame
    waiting: float | None
    waiting_gap: float | None
    plans: Mapping[str, Plan]
    complete: bool
    interrupted: bool = False


def decision_worth(
    instance: Instance,
    plan: Plan,
    *,
    asked: Iterable[str] = (),
    seconds: float | None = None,
    progress: Callable[[str], None] | None = None,
    **options: Any,
) -> DecisionWorth:
    """Solve again without each decision of a plan, and under other evidence.

    A decision is one to take *now* when it starts in the first year and the best plan takes it
    so with all evidence, it is worth more than both searches may have missed, and needs no
    step before. One that holds and is worth as much, but needs a step, is one to *prepare*.
    The rest is *not yet* to be decided. An option that costs and changes nothing is what
    there is while nothing is decided, and no decision itself. Programmes that are held stay
    where the plan has them. Ctrl-C ends it with what has been worked out.

    Parameters
    ----------
    instance : Instance
        The round.
    plan : Plan
        Its best plan.
    asked : iterable of str
        Options that the plan does not take, to be solved with as well.
    seconds : float, optional
        Time for all solves together; what it does not reach stays open.
    progress : callable, optional
        Told what is solved next.
    **options
        Passed to :func:`allocator.solve`.

    Returns
    -------
    DecisionWorth

    Raises
    ------
    UsageError
        When there is no plan, it answers another round, or an option asked for is none of it.
    """
    if not plan.found:
        raise UsageError(f"there is no plan to look at: the solve ended {plan.status}")
    if plan.instance.get("sha256") != instance.sha256:
        raise UsageError("the plan answers another round than this instance")
    return _Solves(instance, plan, Deadline(seconds), progress, options).run(list(asked))


class _Stopped(Exception):
    """The time was up."""


class _Solves:
    """The solves of one question, one after the other."""

    def __init__(
        self,
        instance: Instance,
        plan: Plan,
        deadline: Deadline,
        progress: Callable[[str], None] | None,
        options: Mapping[str, Any],
    ) -> None:
        self.instance, self.plan, self.deadline = instance, plan, deadline
        self.tell = progress or (lambda _: None)
        self.case = plan.instance.get("evidence") or "central"
        self.options = dict(options)
        self.also = self.options.pop("extra", None)
        self.years = instance.settings.years
        self.idle = idle(instance)

    def run(self, asked: list[str]) -> DecisionWorth:
        """Cases first, then decisions by the year they start in, then waiting."""
        decisions = self._decisions(asked)
        plans: dict[str, Plan] = {self.case: self.plan}
        worth: dict[Decision, tuple[float, float | None]] = {}
        waiting: tuple[float, float | None] | None = None
        complete = interrupted = False
        try:
            for case in () if self.instance.settings.evidence or not decisions else CASES:
                if case not in plans:
                    self.tell(f"With {case} evidence")
                    plans[case] = self._solve(evidence=case, start=self.plan.tables)
            for n, key in enumerate(decisions):
                how = "Without" if self._runs(self.plan, key) else "With"
                self.tell(f"{how} {key[1]} ({n + 1} of {len(decisions)})")
                worth[key] = self._worth(key)
            table = self._table(decisions, plans, worth)
            later = [
                (kind, name)
                for kind, name, when, taken in zip(
                    *(table[c] for c in ("kind", "name", "list", "taken")), strict=True
                )
                if when == NOT_YET and taken
            ]
            off = self._as_rolled(later)
            if off:
                self.tell("With what is not yet to be decided left as it is")
                waiting = self._without(off)
            complete = True
        except (_Stopped, KeyboardInterrupt) as why:
            table = self._table(decisions, plans, worth)
            interrupted = isinstance(why, KeyboardInterrupt)
        lost, gap = waiting or (None, None)
        return DecisionWorth(table, lost, gap, plans, complete, interrupted)

    def _solve(self, **changes: Any) -> Plan:
        left = self.deadline.left()
        if left is not None and left <= 0:
            raise _Stopped
        asked = {"evidence": self.case, "extra": self.also, **self.options, **changes}
        if left is not None:
            asked["time_limit"] = min(left, asked.get("time_limit") or left)
        found = solve(self.instance, **asked)
        if found.solver.get("interrupted"):
            raise KeyboardInterrupt
        if found.status == "limit" and not found.found:
            raise _Stopped
        return found

    def _worth(self, key: Decision) -> tuple[float, float | None]:
        if self._runs(self.plan, key):
            return self._without([key])
        other = self._solve(extra=forcing(on=[key], also=self.also), held=self.plan)
        if not other.found:
            return -float("inf"), 0.0
        change = compare_plans(self.plan, other)
        return change.objective, change.room

    def _without(self, off: list[Decision]) -> tuple[float, float | None]:
        """What is lost without some decisions, and what the searches may have missed."""
        begin = without(self.instance, self.plan.tables, off)
        other = self._solve(extra=forcing(off=off, also=self.also), start=begin, held=self.plan)
        if not other.found:
            return float("inf"), 0.0
        change = compare_plans(other, self.plan)
        return change.objective, change.room

    def _runs(self, plan: Plan, key: Decision, flag: str = "") -> list[int]:
        """Years in which a plan takes an option or has ended a contract."""
        kind, name = key
        table = plan.tables.get(f"{kind}s")
        flag = flag or ("taken" if kind == "option" else "ended")
        if table is None or table.empty or flag not in table:
            return []
        mine = table[(table[kind] == name) & table[flag].astype(bool)]
        return sorted(int(year) for year in mine["year"])

    def _decisions(self, asked: list[str]) -> list[Decision]:
        """Decisions of the plan, and those asked for."""
        known = self.instance.options["option"].tolist()
        lost = [name for name in asked if name not in known]
        if lost:
            raise UsageError(f"there is no option {lost[0]!r} to ask about")
        keys: list[Decision] = []
        for kind, names in (
            ("option", known),
            ("contract", dict.fromkeys(self.instance.contracts["contract"])),
        ):
            for name in names:
                key = (kind, name)
                years = self._runs(self.plan, key)
                if name in asked or (years and name not in self.idle):
                    keys.append(key)
        last = self.years[-1] + 1
        return sorted(keys, key=lambda k: (min(self._runs(self.plan, k), default=last), k))

    def _as_rolled(self, later: list[Decision]) -> list[Decision]:
        """Decisions to leave out, with all of their groups that rolling forward does not take."""
        table = self.instance.options
        groups = dict(zip(table["option"], map(names_in, table["group"]), strict=True))
        mine = {g for kind, name in later if kind == "option" for g in groups[name]}
        also = [("option", n) for n, named in groups.items() if mine & set(named)]
        kept = {k for k in also if self._runs(self.plan, k, "reference_taken")}
        return [
            k for k in dict.fromkeys([*later, *also]) if k not in kept and k[1] not in self.idle
        ]

    def _table(
        self,
        decisions: list[Decision],
        plans: Mapping[str, Plan],
        worth: Mapping[Decision, tuple[float, float | None]],
    ) -> pd.DataFrame:
        price = self.plan.certificate.price_of_money
        terms = self.instance.options.set_index("option")
        rows = []
        for key in decisions:
            kind, name = key
            years = self._runs(self.plan, key)
            row = dict.fromkeys(COLUMNS, "") | {"kind": kind, "name": name, "needs_months": 0}
            row |= {"starts": min(years, default=0), "ends": max(years, default=0)}
            row |= {"taken": bool(years), "label": name}
            if kind == "option":
                said = terms.loc[name]
                row |= {c: said[c] for c in ("needs", "needs_months", "decided_by")}
                row["label"] = said["label"] or name
            holds = {c: bool(self._runs(plans[c], key)) for c in plans}
            row |= {case: holds.get(case) for case in CASES}
            value, gap = worth.get(key, (None, None))
            close = None if value is None or gap is None else bool(value <= gap)
            money = value / price if value is not None and price and price > 0 else None
            row |= {"worth": value, "worth_gap": gap, "worth_money": money, "too_close": close}
            row["list"] = "" if value is None else self._list(key, row, plans)
            rows.append(row)
        table = pd.DataFrame(rows, columns=list(COLUMNS))
        flags = dict.fromkeys(("too_close", *CASES), object)
        figures = dict.fromkeys(("worth", "worth_gap", "worth_money"), float)
        return table.astype({**flags, **figures})

    def _list(self, key: Decision, row: Mapping[str, Any], plans: Mapping[str, Plan]) -> str:
        """Which list a decision is on."""
        starts = [min(self._runs(plan, key), default=0) for plan in plans.values()]
        if not row["taken"] or row["too_close"] is not False or not all(starts):
            return NOT_YET
        if row["needs"]:
            return PREPARE
        first = self.years[0]
        return NOW if all(year == first for year in starts) else NOT_YET
