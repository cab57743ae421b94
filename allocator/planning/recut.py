"""Cutting curves again until the true curves bear a plan out.

Where a rule, a threshold or a bonus rests on a curved outcome, the true curve may break
what its chords keep. The curves are then cut again at the plan's own activity and the
plan is sought again, until the true curves bear it out; if they never do, one more plan
is made that allows for all that chords may miss. Once a limit has stopped the search its
decisions are kept through all this; where nothing with them passes the check, the plan is
the reference plan, and where that does not pass either, there is none. And where no plan
keeps the rules on the chords, one is sought that may miss them by as much as the chords do,
to cut there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from allocator.arrays import Flags, Floats
from allocator.data import Data
from allocator.evaluate import Evaluation
from allocator.plan import Certificate, Plan
from allocator.planning.attempt import Attempt, Attempts
from allocator.planning.unsound import unsound
from allocator.tolerances import ERROR_SHARE, RESIDUE

SHARPER = 3
"""How often curves are cut again at the plan where chords hide the penalty of a soft rule."""

RECUTS = 6
"""How often curves are cut again at the plan's own activity, where they must be met exactly."""


def planned(attempts: Attempts) -> Plan:
    """The plan that the true curves bear out, or why there is none.

    Raises
    ------
    UnsoundError
        When what two solvers found fails the check.
    """
    last: Attempt | None = None
    for cut in range(RECUTS + 1):
        attempt = attempts.make(margin=1 if cut == RECUTS else 0)
        plan, data = attempt.plan, attempt.data
        if cut == 0 and plan.status == "infeasible":
            # The true curves may just reach what their chords do not.
            wider = attempts.make(margin=-1)
            if not cut_again(attempts, wider, wider.data.ordering.counted):
                return attempts.explained(attempt)
            continue
        last = attempt if plan.found else last
        if plan.status == "limit" and not plan.verified:
            return plan if last is None else _stopped(attempts, attempt, last)
        if plan.verified:
            break
        if not cut_again(attempts, attempt, data.ordering.exact):
            break
    if plan.found and not plan.verified:
        attempt = _sound(attempts, attempts.make(otherwise=True))
    return attempts.explained(_sharper(attempts, attempt))


def _sharper(attempts: Attempts, attempt: Attempt) -> Attempt:
    """The plan for curves cut closer, where soft rules on them cost what the chords did not see.

    Of the plans that are found on the way the one that is truly worth most.
    """
    best = attempt
    for _ in range(SHARPER):
        if not _penalised_unseen(attempt):
            break
        every = np.ones(len(attempt.data.programme), dtype=bool)
        if not cut_again(attempts, attempt, every):
            break
        attempt = attempts.make()
        if not attempt.plan.verified or attempt.plan.status != best.plan.status:
            break
        best = max(best, attempt, key=_true_worth)
    return best


def _true_worth(attempt: Attempt) -> float:
    worth = attempt.plan.certificate.true_objective
    return -np.inf if worth is None else worth


def _penalised_unseen(attempt: Attempt) -> bool:
    """Whether soft rules on curves cost more than chords may miss otherwise."""
    c, data = attempt.plan.certificate, attempt.data
    if not attempt.plan.verified or c.objective is None or c.true_objective is None:
        return False
    unseen, _ = data.rules.misjudged(data.responses)
    size = c.outcome_gain or abs(c.objective)
    return unseen > 0.0 and c.objective - c.true_objective > ERROR_SHARE * size


def _sound(attempts: Attempts, attempt: Attempt) -> Attempt:
    """What a second solver came to, unless that fails the check as well."""
    if attempt.plan.found and not attempt.plan.verified:
        raise unsound(attempts.instance, attempt)
    return attempt


def _stopped(attempts: Attempts, attempt: Attempt, found: Attempt) -> Plan:
    """Plan where a limit stopped an attempt: what was `found`, mended; rolling forward; or none."""
    last = mended(attempts, found, cut_since=found is not attempt)
    for plan in (last.plan, last.rolled, found.rolled):
        if plan is not None and plan.verified:
            return plan
    nothing: dict[str, Any] = {"tables": {}, "certificate": Certificate(), "max_violation": None}
    return replace(attempt.plan, weak_share=None, **nothing)


def mended(attempts: Attempts, found: Attempt, *, cut_since: bool) -> Attempt:
    """The last of the attempts with the decisions of a stopped search.

    Curves are cut again as for any plan, unless they have been `cut_since`, and in the end
    all that chords may miss is allowed for. What still fails the check when all this is done,
    in the time there is, a second solver is asked for. What was proved in the search stays
    what is known of the best plan.

    Raises
    ------
    UnsoundError
        When that fails as well.
    """
    attempt, seconds, late, margin = found, found.seconds, False, 0
    # The margin still to come needs as long again, where it can help.
    rounds = 1 if _meets_exactly(found.data) else 2
    for margin in (*[0] * RECUTS, 1) if found.data.ordering.exact.any() else ():
        if is_late(attempts, seconds if margin else rounds * seconds):
            late = True
            continue
        if margin == 0:
            if not cut_since and not cut_again(attempts, attempt, attempt.data.ordering.exact):
                continue
            cut_since = False
        attempt = attempts.make(margin, kept=found)
        if attempt.plan.verified:
            return attempt
        seconds = attempt.seconds or seconds
    if late or not attempt.plan.found or is_late(attempts, seconds):
        return attempt
    return _sound(attempts, attempts.make(margin, kept=found, otherwise=True))


def is_late(attempts: Attempts, seconds: float) -> bool:
    """Whether something that takes so many seconds would end too late."""
    left = attempts.deadline.left(-attempts.overtime)
    return left is not None and left <= seconds


def _meets_exactly(data: Data) -> bool:
    """Whether a hard rule asks for an exact outcome, where a margin is no help."""
    r = data.rules
    rule = r.rows.positions(r.outcome.rows.columns[:2])
    return bool(np.any((r.sense[rule] == "equal") & np.isnan(r.penalty[rule].astype(float))))


def cut_again(attempts: Attempts, attempt: Attempt, programmes: Flags) -> bool:
    """Have curves cut where a plan lies; whether any was to be cut that had not been there."""
    if attempt.checked is None:
        return False
    more = cuts(attempt.data, attempt.checked, attempts.knots, programmes)
    attempts.knots.update(more)
    return bool(more)


def cuts(
    data: Data,
    checked: Evaluation,
    knots: dict[tuple[int, int], Floats],
    programmes: Flags,
) -> dict[tuple[int, int], Floats]:
    """Where chords would have to meet the curves of some programmes to meet them at a plan.

    Parameters
    ----------
    data : Data
    checked : Evaluation
        The plan as recomputed from the tables.
    knots : dict of (programme, year) to ndarray
        Where they are cut already.
    programmes : ndarray of bool, shape (programmes,)
        Whose curves.

    Returns
    -------
    dict of (programme, year) to ndarray
        All cuts of those that need one more.
    """
    r = data.responses
    bent = r.worst(r.gap) + r.worst(r.over) > 0
    mine = bent & programmes[r.rows.columns[1]]
    shape = (len(data.programme), len(data.year))
    met = checked.allocation["met"].fillna(checked.allocation["activity"])
    at = met.to_numpy().reshape(shape)
    more: dict[tuple[int, int], Floats] = {}
    for i, t in set(zip(*(c[mine].tolist() for c in r.rows.columns[1:]), strict=True)):
        known = knots.get((i, t), np.empty(0))
        if not np.isclose(known, at[i, t], rtol=RESIDUE, atol=0.0).any():
            more[i, t] = np.append(known, at[i, t])
    return more
