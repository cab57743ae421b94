"""Where results contradict each other, and who is shown to be wrong.

No oracle is asked. A solution that was checked against the programme's own rows, bounds and
integers is a fact; a bound, an optimum or "infeasible" is a claim; a fact beats a claim.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.suite.lines import Line, name_of

TOLERANCE = 1e-6
"""By how much of max(1, |objective|) two objectives may differ and still agree."""

CLEAN = 1e-9
"""Largest relative residual of a solution whose objective decides against a claim.

A solution that uses the feasibility tolerance may gain more than the objective tolerance by
it; it shows a disagreement, not who is wrong. What it uses of the tolerance of bounds and whole
numbers is taken away first, where the rows allow that.
"""

INTEGER_GAP = 1e-4
"""Relative gap granted to an integer optimum that came without bound and gap."""

WITH_SOLUTION = ("verified-optimal", "feasible-at-limit")


@dataclass(frozen=True)
class Entry:
    """One disagreement.

    Attributes
    ----------
    problem : str
        Family, size and seed.
    who : str
        Whose result is in question, with permutation and repeat.
    claim : str
        What it says.
    against : str
        What says otherwise.
    difference : float or None
        Relative to max(1, |objective|); None where there is no number.
    verdict : str
        ``wrong``, ``not decided`` or ``not repeatable``.
    line : int
        Position of the result in question.
    """

    problem: str
    who: str
    claim: str
    against: str
    difference: float | None
    verdict: str
    line: int


Label = Callable[[Line], str]


def who(line: Line, label: Label) -> str:
    """Solver or layer, and which of its runs."""
    return f"{label(line)} (permutation {line['permutation']}, repeat {line['repeat']})"


def disagreements(lines: Sequence[Line], label: Label) -> list[Entry]:
    """All disagreements of a set of results, wrong ones first."""
    by_problem: dict[str, list[int]] = defaultdict(list)
    for place, line in enumerate(lines):
        by_problem[line["problem"]["sha256"]].append(place)
    found: list[Entry] = []
    for places in by_problem.values():
        found += _of_problem(lines, places, label)
    found += _unsteady(lines, label)
    order = {"wrong": 0, "not decided": 1, "not repeatable": 2}
    return sorted(found, key=lambda e: (order[e.verdict], e.problem, e.who))


def judged(lines: Sequence[Line], entries: Sequence[Entry]) -> list[Line]:
    """The same lines, with status ``wrong`` where the ledger shows it."""
    wrong = {entry.line for entry in entries if entry.verdict == "wrong"}
    return [
        {**line, "status": "wrong"} if place in wrong else line for place, line in enumerate(lines)
    ]


def residual_of(line: Line) -> float:
    """Largest relative residual of a line's solution; infinite where it was not checked.

    Columns within the tolerance of a whole number count by what rounding them does to the
    rows, where that was measured: that is what is left to argue about.
    """
    residual = dict(line.get("residual") or {})
    rounded = (line.get("residual_absolute") or {}).get("row_after_rounding")
    if rounded is not None and (residual.get("integer") or 0.0) <= TOLERANCE:
        residual["integer"] = rounded
    numbers = [float(v) for v in residual.values() if isinstance(v, int | float)]
    return max(numbers) if numbers else math.inf


def fact_of(line: Line) -> tuple[float, float, bool] | None:
    """What a line's solution is worth beyond dispute; None where it uses a tolerance.

    Returns
    -------
    objective, residual : float
    settled : bool
        Whether they are of the point with its columns made whole and put within their bounds.
    """
    point = line.get("settled") or {}
    value, row = point.get("objective"), point.get("row")
    if value is not None and row is not None and row <= CLEAN:
        return float(value), float(row), True
    residual = residual_of(line)
    if line.get("objective") is None or residual > CLEAN:
        return None
    return float(line["objective"]), residual, False


def work_of(line: Line, what: str) -> int | None:
    """Iterations (of all algorithms together) or nodes of a run; None where not counted."""
    value = line.get(what)
    if isinstance(value, dict):
        counts = [int(count) for count in value.values() if count is not None]
        return sum(counts) if counts else None
    return None if value is None else int(value)


def _of_problem(lines: Sequence[Line], places: Sequence[int], label: Label) -> list[Entry]:
    sign = 1.0 if lines[places[0]]["problem"].get("maximise") else -1.0
    witness = _best(lines, places, sign, clean=True)
    rough = _best(lines, places, sign, clean=False)
    out: list[Entry] = []
    for place in places:
        line = lines[place]
        if line["status"] == "wrong":
            out.append(_entry(line, place, label, _claim(line), _note(line), None, "wrong"))
            continue
        entry = _no_solution(lines, place, rough, label)
        entry = entry or _beaten(lines, place, witness, rough, sign, label)
        if entry is not None:
            out.append(entry)
    return out


def _entry(
    line: Line,
    place: int,
    label: Label,
    claim: str,
    against: str,
    difference: float | None,
    verdict: str,
) -> Entry:
    return Entry(
        name_of(line["problem"]), who(line, label), claim, against, difference, verdict, place
    )


def _note(line: Line) -> str:
    return str(line.get("note") or "failed its own check")


def _claim(line: Line) -> str:
    claimed = str(line.get("claimed_status") or line["status"])
    objective = line.get("objective")
    return claimed if objective is None else f"{claimed}, objective {objective:.12g}"


@dataclass(frozen=True)
class _Witness:
    """A verified solution, and what it is worth."""

    place: int
    objective: float
    residual: float
    settled: bool = False

    def told(self, line: Line, label: Label, own: bool) -> str:
        by = "its own solution" if own else f"solution of {who(line, label)}"
        how = " (made whole and put within bounds)" if self.settled else ""
        return f"{by}: {self.objective:.12g}, residual {self.residual:.0e}{how}"


def _best(
    lines: Sequence[Line], places: Sequence[int], sign: float, clean: bool
) -> _Witness | None:
    """The best solution that was verified (and hardly uses a tolerance)."""
    able = []
    for place in places:
        line = lines[place]
        if line["status"] not in WITH_SOLUTION or line.get("objective") is None:
            continue
        if not clean:
            able.append(_Witness(place, float(line["objective"]), residual_of(line)))
        elif (fact := fact_of(line)) is not None:
            plain = fact[0] == float(line["objective"])
            able.append(_Witness(place, fact[0], fact[1], fact[2] and not plain))
    return max(able, key=lambda witness: sign * witness.objective, default=None)


def _no_solution(
    lines: Sequence[Line], place: int, rough: _Witness | None, label: Label
) -> Entry | None:
    """Somebody says there is no solution, or no best one, and another says there is."""
    line = lines[place]
    known = str(line["problem"].get("known_status") or "")
    status = line["status"]
    witness = None if rough is None else rough.place
    if status in {"infeasible", "unbounded"} and known and known != status:
        return _entry(line, place, label, status, f"known to be {known}", None, "wrong")
    if status == "infeasible" and witness is not None:
        other = who(lines[witness], label)
        return _entry(line, place, label, status, f"solution of {other}", None, "wrong")
    if status == "unbounded" and witness is not None:
        if lines[witness]["status"] != "verified-optimal":
            return None
        proved = lines[witness].get("proof") == "duals"
        against = f"optimum {'proved' if proved else 'claimed'} by {who(lines[witness], label)}"
        verdict = "wrong" if proved else "not decided"
        return _entry(line, place, label, status, against, None, verdict)
    if status in WITH_SOLUTION and known == "infeasible":
        against = "known to be infeasible"
        return _entry(line, place, label, _claim(line), against, None, "not decided")
    if status == "verified-optimal" and known == "unbounded":
        against = "known to be unbounded"
        return _entry(line, place, label, _claim(line), against, None, "wrong")
    return None


def bound_of(line: Line) -> tuple[float, str] | None:
    """Bound a line claims on the best objective, and in what words; None: it claims none."""
    bound, objective = line.get("bound"), line.get("objective")
    optimum = objective if line["status"] == "verified-optimal" else None
    if optimum is not None and not line["problem"]["integers"]:
        return float(optimum), f"optimum {optimum:.12g}"
    if bound is not None:
        return float(bound), f"bound {bound:.12g}"
    if optimum is None:
        return None
    gap = line.get("gap")
    gap = INTEGER_GAP if gap is None else float(gap)
    sign = 1.0 if line["problem"].get("maximise") else -1.0
    bound = float(optimum + sign * gap * max(1.0, abs(optimum)))
    return bound, f"optimum {optimum:.12g} within a gap of {gap:.1e}"


def _beaten(
    lines: Sequence[Line],
    place: int,
    clean: _Witness | None,
    rough: _Witness | None,
    sign: float,
    label: Label,
) -> Entry | None:
    """A verified solution is better than the bound."""
    line = lines[place]
    claimed = bound_of(line)
    if claimed is None:
        return None
    bound, words = claimed
    known = line["problem"].get("known_optimum")
    if known is not None and sign * (known - bound) > TOLERANCE * max(1.0, abs(known)):
        excess = abs(known - bound) / max(1.0, abs(known))
        against = f"known optimum {known:.12g}"
        return _entry(line, place, label, words, against, excess, "wrong")
    for witness, verdict in ((clean, "wrong"), (rough, "not decided")):
        if witness is None:
            continue
        excess = sign * (witness.objective - bound) / max(1.0, abs(witness.objective))
        if excess > TOLERANCE:
            against = witness.told(lines[witness.place], label, witness.place == place)
            return _entry(line, place, label, words, against, excess, verdict)
    return None


def _unsteady(lines: Sequence[Line], label: Label) -> Iterator[Entry]:
    """Repeats of the same run that came to something else."""
    groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for place, line in enumerate(lines):
        key = (line["problem"]["sha256"], label(line), line["permutation"])
        groups[key].append(place)
    for places in groups.values():
        finished = [p for p in places if lines[p]["status"] == "verified-optimal"]
        if len(finished) < 2:
            continue
        first = lines[finished[0]]
        for place in finished[1:]:
            changed = _changed(first, lines[place])
            if changed:
                yield _entry(
                    lines[place],
                    place,
                    label,
                    changed[0],
                    f"repeat {first['repeat']}: {changed[1]}",
                    None,
                    "not repeatable",
                )
                break


def _changed(first: Line, line: Line) -> tuple[str, str] | None:
    """Work or answer that differs between two repeats: deterministic solvers have none."""
    for name in ("iterations", "nodes"):
        a, b = work_of(first, name), work_of(line, name)
        if a is not None and b is not None and a != b:
            return f"{b} {name}", f"{a} {name}"
    a, b = first.get("objective"), line.get("objective")
    if a is not None and b is not None and abs(a - b) > TOLERANCE * max(1.0, abs(a)):
        return f"objective {b:.12g}", f"objective {a:.12g}"
    return None
