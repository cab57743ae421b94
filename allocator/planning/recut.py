"""Cutting curves again until the true curves bear a plan out.

Where a rule, a threshold or a bonus rests on a curved outcome, the true curve may break
what its chords keep. The curves are then cut again at the plan's own activity and the
plan is sought again, until the true curves bear it out; if they never do, one more plan
is made that allows for all that chords may miss. Once a limit has stopped the search its
decisions are kept through all this. And where no plan keeps the rules on the
chords, one is sought that may miss them by as much as the chords do, to cut there.
"""

from __future__ import annotations

import numpy as np

from allocator.arrays import Flags, Floats
from allocator.data import Data
from allocator.evaluate import Evaluation
from allocator.plan import Plan
from allocator.planning.attempt import Attempt, Attempts
from allocator.planning.unsound import unsound
from allocator.tolerances import ERROR_SHARE, RESIDUE

SHARPER = 3
"""How often curves are cut again at the plan where chords hide the penalty of a soft rule."""

RECUTS = 6
"""How often curves are cut again at the plan's own activity, where they must be met exactly."""


def planned(attempts: Attempts) -> Plan:
    """The plan that the true curves bear out, or the last one sought."""
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
        last = attempt if attempt.decided else last
        if plan.status == "limit" and not plan.verified and last is not None:
            return mended(attempts, last, cut_since=last is not attempt) or plan
        if plan.verified or plan.status == "limit":
            break
        if not cut_again(attempts, attempt, data.ordering.exact):
            break
    if plan.found and not plan.verified and plan.status != "limit":
        attempt = attempts.make(otherwise=True)
        if attempt.plan.found and not attempt.plan.verified:
            raise unsound(attempts.instance, attempt)
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


def mended(attempts: Attempts, found: Attempt, *, cut_since: bool) -> Plan | None:
    """Plan with the decisions of a stopped search that the true curves bear out, if any.

    Curves are cut again as for any plan, unless they have been `cut_since`, and in the end
    all that chords may miss is allowed for. What was proved in the search stays what is known
    of the best plan.
    """
    exact = found.data.ordering.exact
    if not exact.any():
        return None
    attempt, seconds = found, found.seconds
    # The margin still to come needs as long again, where it can help.
    rounds = 1 if _meets_exactly(found.data) else 2
    for margin in (*[0] * RECUTS, 1):
        if is_late(attempts, seconds if margin else rounds * seconds):
            continue
        if margin == 0:
            if not cut_since and not cut_again(attempts, attempt, attempt.data.ordering.exact):
                continue
            cut_since = False
        attempt = attempts.make(margin, kept=found)
        if attempt.plan.verified:
            return attempt.plan
        seconds = attempt.seconds or seconds
    return None


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
