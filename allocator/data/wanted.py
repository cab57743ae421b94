"""What something wants high or low: payments, costs, stranded cost and outcomes.

A plan may fill the pieces of a payment or the segments of a curve in any order, and claim
more cost than there is, unless nothing gains from it. Where something does, the order is
kept by decisions and the cost is held exactly.
"""

from __future__ import annotations

import numpy as np

from allocator.arrays import Flags, Ints
from allocator.data.activity import Activity
from allocator.data.contracts import Contracts
from allocator.data.incomes import Incomes
from allocator.data.pieces import Pieces
from allocator.data.providers import Providers
from allocator.data.responses import Responses
from allocator.data.rules import Rules
from allocator.tolerances import ROUNDING


class Wanted:
    """What something gains from raising or lowering.

    Attributes
    ----------
    payments : dict of int to str
        Rows of the contracts whose payment something wants high, with what that is.
    costs : ndarray of bool, shape (programmes, years)
        Programme-years whose cost something wants high.
    stranded : ndarray of bool, shape (programmes, years)
        Programme-years whose stranded cost would be overstated if it could be.
    outcomes_high, outcomes_low : ndarray of bool
        Response rows something wants high, or low.
    exact : ndarray of bool, shape (programmes,)
        Programmes whose true curves may break a rule, a threshold or a budget that their
        chords keep.
    counted : ndarray of bool, shape (programmes,)
        Programmes with a curve that a rule, a threshold or a bonus rests on.
    """

    def __init__(
        self,
        activity: Activity,
        contracts: Contracts,
        pieces: tuple[Pieces, ...],
        providers: Providers,
        rules: Rules,
        incomes: Incomes,
        responses: Responses,
    ) -> None:
        self.payments = _payments(contracts, providers, rules)
        self.costs = _costs(contracts, rules)
        self.stranded = _stranded(activity, contracts, pieces, providers, rules)
        self._responses = responses
        self._gap = responses.worst(responses.gap) > 0
        self._over = responses.worst(responses.over) > 0
        self.outcomes_high, self.outcomes_low = responses.value > 0, responses.value < 0
        self.exact, self.counted = np.zeros((2, len(activity.baseline)), dtype=bool)
        self._by_rules(rules)
        self._by_incomes(incomes)
        self._by_bonuses(contracts, pieces)
        self.counted |= self.exact

    def _by_rules(self, rules: Rules) -> None:
        """What helps to keep a rule."""
        terms = rules.outcome
        sense = rules.sense[rules.rows.positions(terms.rows.columns[:2])]
        helps = (sense == "min") == (terms.coefficient > 0)
        self._add(terms.rows.columns[2:], helps | (sense == "equal"), ~helps | (sense == "equal"))

    def _by_incomes(self, incomes: Incomes) -> None:
        """What helps to reach a threshold."""
        helps = incomes.outcome.coefficient > 0
        self._add(incomes.outcome.rows.columns[2:], helps, ~helps)

    def _add(self, rows: list[Ints] | tuple[Ints, ...], high: Flags, low: Flags) -> None:
        which = self._responses.rows.positions(rows)
        self.outcomes_high[which[high]] = True
        self.outcomes_low[which[low]] = True
        missed = (high & self._over[which]) | (low & self._gap[which])
        curved = self._gap[which] | self._over[which]
        programme = self._responses.rows.columns[1]
        self.exact[programme[which[missed]]] = True
        self.counted[programme[which[curved]]] = True

    def _by_bonuses(self, contracts: Contracts, pieces: tuple[Pieces, ...]) -> None:
        """What is paid for under contract: its pool wants it low, who wants the payment high."""
        c = contracts
        row = c.rows.positions(c.members.columns[:2])
        pays = np.array([bool(cut.steps or np.any(cut.slope != 0)) for cut in pieces], dtype=bool)
        wanted = np.isin(np.arange(len(c.rows)), list(self.payments))
        _, t, i = c.members.columns
        found = self._responses.rows.find([np.maximum(c.outcome[row], 0), i, t])
        earns = (c.kind[row] == "outcome") & pays[row] & (found >= 0)
        bonus = found[earns]
        self.outcomes_low[bonus] = True
        self.outcomes_high[found[earns & wanted[row]]] = True
        curved = bonus[self._gap[bonus] | self._over[bonus]]
        self.exact[self._responses.rows.columns[1][curved]] = True


def _payments(contracts: Contracts, providers: Providers, rules: Rules) -> dict[int, str]:
    """Rows whose payment something gains from raising, with what that is."""
    out = _limited(contracts, providers, contracts.provider)
    out |= _limited(contracts, providers, _leads(contracts))
    names = rules.rows.column_labels(0)
    for row, rule, raises in _rules_on_payment(contracts, rules):
        if raises > 0:
            out[row] = f"rule {str(names[rule])!r}"
    return out


def _leads(contracts: Contracts) -> Ints:
    """Lead that gains an overhead from each row; -1 for none."""
    return np.where(contracts.markup > 1.0, contracts.lead, -1)


def _limited(contracts: Contracts, providers: Providers, who: Ints) -> dict[int, str]:
    """Rows that pay a provider whose deficit is limited."""
    rows = np.flatnonzero(who >= 0)
    at = providers.rows.positions([who[rows], contracts.rows.columns[1][rows]])
    names = providers.axis.labels
    return {
        int(row): f"the deficit limit of {names[who[row]]!r}"
        for row, limit in zip(rows, providers.deficit_max[at], strict=True)
        if np.isfinite(limit)
    }


def _rules_on_payment(contracts: Contracts, rules: Rules) -> list[tuple[int, int, float]]:
    """Contract row, rule row, and by how much a higher payment helps to keep the rule."""
    rule = rules.rows.positions(rules.payment.rows.columns[:2])
    row = contracts.rows.positions(rules.payment.rows.columns[2:])
    raises = np.where(rules.sense[rule] == "max", -1.0, 1.0) * rules.payment.coefficient
    raises = np.where(rules.sense[rule] == "equal", np.abs(raises), raises)
    return list(zip(row.tolist(), rule.tolist(), raises.tolist(), strict=True))


def _costs(contracts: Contracts, rules: Rules) -> Flags:
    """Programme-years under contract, and those whose surcharge a rule wants high."""
    terms = rules.surcharge
    sense = rules.sense[rules.rows.positions(terms.rows.columns[:2])]
    high = (sense == "equal") | ((sense == "min") == (terms.coefficient > 0))
    out = contracts.covered.copy()
    out[terms.rows.columns[2][high], terms.rows.columns[3][high]] = True
    return out


def _stranded(
    activity: Activity,
    contracts: Contracts,
    pieces: tuple[Pieces, ...],
    providers: Providers,
    rules: Rules,
) -> Flags:
    """Programme-years whose stranded cost something would gain from overstating.

    A lead's overhead rises with it, and so does a payment that a rule wants high, where the
    stranded cost itself does not weigh as much in the same rule.
    """
    c, late = contracts, activity.late
    out = np.zeros(activity.price.shape, dtype=bool)
    of = c.rows.positions(c.members.columns[:2])
    _, year, member = c.members.columns
    steepest = np.array([cut.slope.max() for cut in pieces])
    by_cost = (c.kind == "cost") & (steepest > 0)
    # Once it has been ended or suspended, a contract of any kind is paid at cost.
    paid = np.where(by_cost, steepest, 0.0)
    rises = np.where(c.endable, np.maximum(paid, 1.0), steepest)
    left_out = _stranded_left_out(contracts, rules)
    follows = by_cost | c.endable
    for row in _limited(contracts, providers, _leads(contracts)):
        mine = (of == row) & late[member] & by_cost[row]
        out[member[mine], year[mine]] = True
    at_rule = rules.rows.positions(rules.stranded.rows.columns[:2])
    _, _, i, t = rules.stranded.rows.columns
    for row, rule, raises in _rules_on_payment(contracts, rules):
        if raises <= 0 or not follows[row]:
            continue
        if (rule, row) in left_out and paid[row] == 0.0:
            continue
        mine = (of == row) & late[member]
        same = (at_rule == rule) & (t == c.rows.columns[1][row])
        weight = np.abs(rules.stranded.coefficient[same])
        weighs = dict(zip(i[same].tolist(), weight.tolist(), strict=True))
        for n, y in zip(member[mine].tolist(), year[mine].tolist(), strict=True):
            if raises * rises[row] > weighs.get(n, 0.0) * (1.0 + ROUNDING):
                out[n, y] = True
    return out


def _stranded_left_out(contracts: Contracts, rules: Rules) -> set[tuple[int, int]]:
    """Rule rows and contract rows where the stranded cost of an ended contract cancels."""
    terms = rules.stranded_ended
    rule = rules.rows.positions(terms.rows.columns[:2])
    row = contracts.rows.positions(terms.rows.columns[2:])
    return set(zip(rule.tolist(), row.tolist(), strict=True))
