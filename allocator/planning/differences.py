"""Two plans held against each other: every what-if and every comparison counts by this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from allocator.calls import told
from allocator.errors import UsageError
from allocator.evaluate import Evaluation, evaluate
from allocator.instance.evidence import with_evidence
from allocator.instance.instance import Instance
from allocator.plan import Certificate, Plan
from allocator.planning.inputs import INPUTS, changed_amounts, changed_inputs
from allocator.tolerances import ROUNDING
from allocator.words import figure, kind_of

Side = Plan | Evaluation | Mapping[str, pd.DataFrame]
"""A plan that can be compared: solved, evaluated, or its tables."""

Instances = Instance | tuple[Instance, Instance]


@dataclass(frozen=True)
class PlanDifference:
    """What a second plan has that a first one has not; all differences are second less first.

    Objectives are compared, never gains: each plan's gain is counted from its own reference
    plan, and that moves with the round as well. Money is in the instance's money unit.

    Attributes
    ----------
    first, second : float
        Objectives, on the true curves where both are known there.
    first_room, second_room : float or None
        By how much another plan of the same round may still be better: the bound and what
        chords may miss, less the objective. None where nothing was proved.
    parts : pandas.DataFrame
        part (outcomes, penalties, other), first, second, difference; penalties count
        against the objective, and other is harm and savings beyond the plan.
    outcomes : pandas.DataFrame
        outcome, year, first, second, difference (amounts), value (difference in objective).
    penalties : pandas.DataFrame
        rule, label, first, second, difference (of all years); only rules whose penalty
        differs.
    moves : pandas.DataFrame
        programme, label, sector, year, first_spend, second_spend, spend (difference),
        first_activity, second_activity, activity (difference); only what differs, the
        largest change of spend first.
    decisions : pandas.DataFrame
        kind (option, contract), name, label, year, first, second (whether it is taken or
        ended); all years of those that differ in one.
    inputs : pandas.DataFrame
        table, row, column, before, after: what the two rounds say differently. Complete
        where both instances were given, otherwise what the plans' tables repeat of them:
        money, rules and capacity.
    same_round : bool or None
        Whether both answer the same instance; None where that is not known.
    notes : tuple of str
        Why the objectives do not measure the same, where they do not.
    """

    first: float
    second: float
    first_room: float | None
    second_room: float | None
    parts: pd.DataFrame
    outcomes: pd.DataFrame
    penalties: pd.DataFrame
    moves: pd.DataFrame
    decisions: pd.DataFrame
    inputs: pd.DataFrame
    same_round: bool | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def objective(self) -> float:
        """Second less first."""
        return self.second - self.first

    @property
    def room(self) -> float | None:
        """What the two searches together could not tell apart."""
        if self.first_room is None or self.second_room is None:
            return None
        return self.first_room + self.second_room

    @property
    def least(self) -> float | None:
        """Least by which the best plans of the two rounds may differ."""
        return None if self.first_room is None else self.objective - self.first_room

    @property
    def most(self) -> float | None:
        """Most by which they may differ."""
        return None if self.second_room is None else self.objective + self.second_room

    @property
    def too_close(self) -> bool | None:
        """Whether the searches could not tell which is better; None where nothing was proved."""
        if self.room is None:
            return None
        size = max(1.0, abs(self.first), abs(self.second))
        return abs(self.objective) <= self.room + ROUNDING * size

    def __str__(self) -> str:
        said = f"{figure(self.objective)} in objective ({self.first:,.6g} to {self.second:,.6g})"
        if self.room is not None:
            close = ", too close to call" if self.too_close else ""
            said += f", told apart to {figure(self.room)}{close}"
        changes = self.moves["programme"].nunique(), self.decisions["name"].nunique()
        return f"{said}; {changes[0]} programmes and {changes[1]} decisions differ"


@told
def compare_plans(a: Side, b: Side, *, instance: Instances | None = None) -> PlanDifference:
    """Hold a second plan against a first.

    Parameters
    ----------
    a, b : Plan, Evaluation or mapping of str to pandas.DataFrame
        The first and the second plan. Tables, as :func:`allocator.evaluate` takes them, need
        the instance, and a solved plan that was read back is a :class:`Plan`.
    instance : Instance or pair of Instance, optional
        The round they answer, or the first's and the second's. With both, every cell in which
        the rounds differ is told.

    Raises
    ------
    UsageError
        When one of them was not found, or is tables without an instance.
    """
    pair = instance if isinstance(instance, tuple) else (instance, instance)
    for name, side in (("a", a), ("b", b)):
        if not isinstance(side, Plan | Evaluation | Mapping):
            raise UsageError(
                f"compare_plans takes two plans, evaluations or tables of plans: {name} is "
                f"{kind_of(side)}"
            )
    one, two = (_side(plan, own) for plan, own in zip((a, b), pair, strict=True))
    # Curves count on both sides or on neither.
    true = one.true is not None and two.true is not None
    values = [float(s.true if true and s.true is not None else s.objective) for s in (one, two)]
    rooms = [_room(s.certificate, v) for s, v in zip((one, two), values, strict=True)]
    given = None if pair[0] is None or pair[1] is None else (pair[0], pair[1])
    outcomes = _outcomes(one.tables, two.tables)
    penalties = _penalties(one.tables, two.tables)
    return PlanDifference(
        first=values[0],
        second=values[1],
        first_room=rooms[0],
        second_room=rooms[1],
        parts=_parts(one.tables, two.tables, values),
        outcomes=outcomes,
        penalties=penalties,
        moves=_moves(one.tables, two.tables),
        decisions=_decisions(one.tables, two.tables),
        inputs=_inputs(one, two, given),
        same_round=_same_round(one, two, given),
        notes=tuple(_notes(one, two, given)),
    )


@dataclass(frozen=True)
class _Side:
    """One of the plans: what it is worth, what is proved of it, and its tables."""

    objective: float
    true: float | None
    certificate: Certificate
    tables: Mapping[str, pd.DataFrame]
    named: Mapping[str, str]


def _side(plan: Side, instance: Instance | None) -> _Side:
    if isinstance(plan, Plan):
        if not plan.found or plan.objective is None:
            raise UsageError(f"there is no plan to compare: the solve ended {plan.status}")
        c = plan.certificate
        return _Side(plan.objective, c.true_objective, c, plan.tables, plan.instance)
    named: dict[str, str] = {}
    if not isinstance(plan, Evaluation):
        if instance is None:
            raise UsageError("tables of a plan need the instance they answer: give instance=")
        believed = with_evidence(instance)
        named = {"sha256": instance.sha256, "evidence": believed.settings.evidence}
        plan = evaluate(believed, plan)
    tables = {name: getattr(plan, name) for name in _EVALUATED}
    return _Side(plan.objective, plan.objective, Certificate(), tables, named)


_EVALUATED = ("allocation", "outcomes", "rules", "options", "contracts", "budgets", "capacity")


def _room(certificate: Certificate, value: float) -> float | None:
    best = certificate.best_bound
    return None if best is None else max(0.0, best + certificate.curve_error - value)


Tables = Mapping[str, pd.DataFrame]


def _both(one: pd.DataFrame, two: pd.DataFrame, keys: list[str], figures: list[str]) -> Any:
    """Rows of both by key, figures of the first and the second, what only one has counted as 0."""
    frames = [t.groupby(keys, sort=False)[figures].sum() for t in (one, two)]
    index = frames[0].index.union(frames[1].index, sort=False)
    return [frame.reindex(index).fillna(0.0) for frame in frames]


def _parts(one: Tables, two: Tables, values: list[float]) -> pd.DataFrame:
    bought = [float(t["outcomes"]["value"].sum()) for t in (one, two)]
    lost = [float(t["rules"]["penalty"].sum()) if "rules" in t else 0.0 for t in (one, two)]
    other = [v - b + p for v, b, p in zip(values, bought, lost, strict=True)]
    rows = [("outcomes", *bought), ("penalties", *lost), ("other", *other)]
    table = pd.DataFrame(rows, columns=["part", "first", "second"])
    return table.assign(difference=table["second"] - table["first"])


def _outcomes(one: Tables, two: Tables) -> pd.DataFrame:
    first, second = _both(
        one["outcomes"], two["outcomes"], ["outcome", "year"], ["amount", "value"]
    )
    table = pd.DataFrame({"first": first["amount"], "second": second["amount"]})
    table["difference"] = table["second"] - table["first"]
    table["value"] = second["value"] - first["value"]
    return table.reset_index()


def _penalties(one: Tables, two: Tables) -> pd.DataFrame:
    columns = ["rule", "label", "first", "second", "difference"]
    if "rules" not in one or "rules" not in two:
        return pd.DataFrame(columns=columns)
    first, second = _both(one["rules"], two["rules"], ["rule"], ["penalty"])
    table = pd.DataFrame({"first": first["penalty"], "second": second["penalty"]})
    table["difference"] = table["second"] - table["first"]
    label = pd.concat([two["rules"], one["rules"]]).drop_duplicates("rule")
    table = table.reset_index().merge(label[["rule", "label"]], on="rule")
    size = max(1.0, float(table[["first", "second"]].abs().to_numpy().max(initial=0.0)))
    return table.loc[table["difference"].abs() > ROUNDING * size, columns].reset_index(drop=True)


def _moves(one: Tables, two: Tables) -> pd.DataFrame:
    keys = ["programme", "year"]
    first, second = _both(one["allocation"], two["allocation"], keys, ["spend", "activity"])
    table = pd.DataFrame(index=first.index)
    for column in ("spend", "activity"):
        table[f"first_{column}"], table[f"second_{column}"] = first[column], second[column]
        table[column] = second[column] - first[column]
    differs = pd.Series(False, index=table.index)
    for column in ("spend", "activity"):
        sides = table[[f"first_{column}", f"second_{column}"]].abs().max(axis=1)
        differs |= table[column].abs() > ROUNDING * sides.clip(lower=1.0)
    table = table[differs].reset_index()
    named = pd.concat([t["allocation"] for t in (two, one)]).drop_duplicates("programme")
    for column in ("label", "sector"):
        words = dict(zip(named["programme"], named[column], strict=True)) if column in named else {}
        table[column] = [words.get(name, "") for name in table["programme"]]
    order = table["spend"].abs().sort_values(ascending=False, kind="stable").index
    names = [*keys[:1], "label", "sector", *keys[1:]]
    return table.loc[order, [*names, *(c for c in table if c not in names)]].reset_index(drop=True)


def _decisions(one: Tables, two: Tables) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    for kind, table, flag in (("option", "options", "taken"), ("contract", "contracts", "ended")):
        said = [_flags(t.get(table), kind, flag) for t in (one, two)]
        frames = [t[table] for t in (two, one) if table in t and len(t[table])]
        names = dict.fromkeys(name for f in frames for name in f[kind])
        labels: dict[str, str] = {}
        for frame in reversed(frames):
            if "label" in frame:
                labels |= dict(zip(frame[kind], frame["label"], strict=True))
        years = sorted({year for s in said for _, year in s})
        for name in names:
            pairs = [(y, *(s.get((name, y), False) for s in said)) for y in years]
            if any(a != b for _, a, b in pairs):
                rows += [(kind, name, labels.get(name) or name, *pair) for pair in pairs]
    return pd.DataFrame(rows, columns=["kind", "name", "label", "year", "first", "second"])


def _flags(table: pd.DataFrame | None, kind: str, flag: str) -> dict[tuple[str, int], bool]:
    if table is None or flag not in table or table.empty:
        return {}
    cells = zip(table[kind], table["year"], table[flag], strict=True)
    return {(name, int(year)): bool(said) for name, year, said in cells}


def _inputs(one: _Side, two: _Side, given: tuple[Instance, Instance] | None) -> pd.DataFrame:
    if given is None:
        return changed_amounts(one.tables, two.tables)
    if given[0] is given[1]:
        return pd.DataFrame(columns=list(INPUTS))
    return changed_inputs(*given)


def _same_round(one: _Side, two: _Side, given: tuple[Instance, Instance] | None) -> bool | None:
    if given is not None:
        return given[0].sha256 == given[1].sha256
    hashes = [side.named.get("sha256") for side in (one, two)]
    return hashes[0] == hashes[1] if all(hashes) else None


def _notes(one: _Side, two: _Side, given: tuple[Instance, Instance] | None) -> list[str]:
    """Why objectives may not measure the same."""
    said = []
    cases = [side.named.get("evidence") or "central" for side in (one, two)]
    if cases[0] != cases[1]:
        said.append(
            f"The first is valued with {cases[0]} evidence and the second with {cases[1]}: their "
            "objectives do not measure the same."
        )
    years = [sorted(set(side.tables["allocation"]["year"])) for side in (one, two)]
    if years[0] != years[1]:
        said.append("The plans do not cover the same years: their objectives do not compare.")
    if given is not None:
        tables = [i.outcomes for i in given]
        weights = [dict(zip(t["outcome"], t["weight"], strict=True)) for t in tables]
        if weights[0] != weights[1]:
            said.append("The rounds weigh outcomes differently: compare outcomes, not objectives.")
    return said
