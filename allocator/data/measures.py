"""Measures over selections, multiplied out into coefficients of the variables."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Floats, Ints
from allocator.data.activity import Activity
from allocator.data.axes import Axes
from allocator.data.contracts import Contracts
from allocator.data.demand import Demand
from allocator.data.equity import Equity
from allocator.data.funding import Funding
from allocator.data.index import Index
from allocator.data.providers import Providers
from allocator.data.surcharge import Surcharge
from allocator.data.terms import Collector, Counted, Standing, Terms, share_of, those
from allocator.instance.instance import Instance

KINDS = {
    "activity": ("programme", "year"),
    "surcharge": ("programme", "year"),
    "stranded": ("programme", "year"),
    "unmet": ("programme", "year"),
    "outcome": ("outcome", "programme", "year"),
    "payment": ("contract", "year"),
    "ended": ("contract", "year"),
    "stranded_ended": ("contract", "year"),
}
"""Axes of the variables that rows count, in the order of :class:`allocator.data.rules.Rules`."""

COST = ("spend", "recurrent_spend")
"""Measures of what activity costs; the second of programmes that come back every year."""

Part = tuple[Counted, Ints, Floats]
"""Programmes that count, and for each row the year in which and the factor by which they do."""


class Measures:
    """What measures over selections are made of.

    Parameters
    ----------
    instance : Instance
    axes : Axes
    activity, demand, equity, funding, contracts, providers, surcharge
        What they measure.
    responses : Index
        (outcome, programme, year) with a response.
    """

    def __init__(
        self,
        instance: Instance,
        axes: Axes,
        *,
        activity: Activity,
        demand: Demand,
        responses: Index,
        equity: Equity,
        funding: Funding,
        contracts: Contracts,
        providers: Providers,
        surcharge: Surcharge,
    ) -> None:
        self.axes, self.activity, self.demand, self.responses = axes, activity, demand, responses
        self.equity, self.funding = equity, funding
        self.contracts, self.providers = contracts, providers
        self.selections = instance.facts.selections
        self.tariff = instance.facts.prices.base_tariff
        self.surcharged = np.zeros(activity.price.shape, dtype=bool)
        self.surcharged[surcharge.rows.columns] = True
        self.any_surcharged = bool(self.surcharged.any())
        homes = instance.rows["programmes"]["provider"].tolist()
        self.provider_of = axes.provider.find(homes)
        self.owner = contracts.rows.positions(contracts.members.columns[:2])
        self.size = np.bincount(self.owner, minlength=len(contracts.rows))
        self.strands = np.zeros(len(contracts.rows), dtype=bool)
        self.strands[self.owner[activity.late[contracts.members.columns[2]]]] = True
        self.contracted = Standing(contracts.members.columns[2])
        self.paid_to, self.led_by = Standing(contracts.provider), Standing(contracts.lead)
        self.provided_by = Standing(self.provider_of)
        self.earned_by = Standing(providers.rows.columns[0])
        self.needed = Standing(demand.rows.columns[0])
        self.answered = Standing(responses.columns[1])

    def counted(self, selection: str, measure: str) -> Counted:
        """Programmes of a selection that count in a measure, and their shares."""
        who = self.selections.counted(selection)
        return those(who, self.funding.recurrent) if measure == "recurrent_spend" else who

    def at_baseline(self, measure: str, who: Counted) -> float:
        """A measure of activity in the base year."""
        members, share = who
        each = share * self.activity.baseline[members]
        if measure != "activity":
            prices = self.tariff if measure == "payment" else self.activity.unit_cost
            each *= prices[members]
        return float(np.sum(each))

    def unit(self, measure: str, t: Ints, i: Ints) -> Floats:
        """What a unit of activity measures, shape (years asked for, programmes asked for)."""
        if measure in COST:
            unit: Floats = self.activity.price[np.ix_(i, np.maximum(t, 0))].T
            return unit
        row = self.activity.unit_cost[i] if measure == "value" else np.ones(len(i))
        return np.broadcast_to(row, (len(t), len(row)))

    def whole(self, who: Counted, year: int) -> Counted:
        """Contracts of a year all of whose programmes count, and the least share of each."""
        at = self.contracted.of(who[0])
        _, when, programme = (column[at] for column in self.contracts.members.columns)
        now = when == year
        paid, where = np.unique(self.owner[at[now]], return_inverse=True)
        least = np.full(len(paid), np.inf)
        np.minimum.at(least, where, share_of(who, programme[now]))
        wholly = np.bincount(where, minlength=len(paid)) == self.size[paid]
        return paid[wholly], least[wholly]


class Expansion:
    """Rows on their way: the terms of every variable that their measures come to.

    Parameters
    ----------
    of : Measures
    rows : Index
        (name, year) of the rows.
    """

    def __init__(self, of: Measures, rows: Index) -> None:
        self.of, self.rows = of, rows
        self._found = {kind: Collector() for kind in KINDS}

    def terms(self, kind: str) -> Terms:
        """Coefficients of one kind of variable, those of one variable added together."""
        axes = [getattr(self.of.axes, name) for name in KINDS[kind]]
        return self._found[kind].terms(self.rows, axes)

    def add_activity(self, measure: str, sense: str, parts: list[Part], rows: Ints) -> None:
        """Activity, its value or what it costs.

        Parameters
        ----------
        measure : str
            activity, value, spend or recurrent_spend.
        sense : str
            Sense of the rows.
        parts : list of Part
            What counts.
        rows : ndarray of int
            The rows that count it.
        """
        of = self.of
        for (some, share), t, factor in parts:
            weight = share * factor[:, None]
            row = np.repeat(rows, len(some))
            member = np.tile(some, len(rows)), np.repeat(np.maximum(t, 0), len(some))
            unit = of.unit(measure, t, some)
            self._found["activity"].add(row, member, (unit * weight).ravel())
            if measure in COST and of.any_surcharged:
                self._found["surcharge"].add(row, member, weight.ravel() * of.surcharged[member])
        if measure in COST and sense != "equal":
            self._add_stranded(sense, parts, rows)

    def _add_stranded(self, sense: str, parts: list[Part], rows: Ints) -> None:
        """Stranded cost, where more of it makes a row harder to meet."""
        years = len(self.of.axes.year)
        late = [(those(who, self.of.activity.late), t, factor) for who, t, factor in parts]
        some = np.unique(np.concatenate([members for (members, _), _, _ in late]))
        if not len(some):
            return
        cells = [rows * years + np.maximum(t, 0) for _, t, _ in late]
        cell = np.unique(np.concatenate(cells))
        total = np.zeros((len(cell), len(some)))
        for ((members, share), _, factor), mine in zip(late, cells, strict=True):
            where = np.searchsorted(cell, mine)[:, None], np.searchsorted(some, members)
            np.add.at(total, where, share * factor[:, None])
        at, i = np.nonzero(total < 0 if sense == "min" else total > 0)
        member = some[i], cell[at] % years
        self._found["stranded"].add(cell[at] // years, member, total[at, i])

    def add_unmet(self, who: Counted, rows: Ints, t: Ints) -> None:
        """Need that stays unmet."""
        need, row_in = self._needed(who, rows, t)
        i, year = (column[need] for column in self.of.demand.rows.columns)
        self._found["unmet"].add(row_in[year], (i, year), share_of(who, i))

    def add_outcome(self, outcome: str, segment: str, who: Counted, rows: Ints, t: Ints) -> None:
        """An outcome, or its part for a segment, less the harm of unmet need."""
        of, demand = self.of, self.of.demand
        need, row_in = self._needed(who, rows, t)
        code = of.axes.outcome.position[outcome]
        if segment:
            members, share = who
            who = members, share * of.equity.share[members, of.equity.segment.position[segment]]
        at = of.answered.of(who[0])
        k, i, year = (column[at] for column in of.responses.columns)
        some = (k == code) & (row_in[year] >= 0)
        k, i, year = k[some], i[some], year[some]
        self._found["outcome"].add(row_in[year], (k, i, year), share_of(who, i))
        need = need[demand.harm_outcome[need] == code]
        i, year = (column[need] for column in demand.rows.columns)
        self._found["unmet"].add(row_in[year], (i, year), -share_of(who, i) * demand.harm[need])

    def _needed(self, who: Counted, rows: Ints, t: Ints) -> tuple[Ints, Ints]:
        """Need of some programmes in the years of some rows, and the row of each year."""
        row_in = np.full(len(self.of.axes.year), -1)
        row_in[t] = rows
        need = self.of.needed.of(who[0])
        return need[row_in[self.of.demand.rows.columns[1][need]] >= 0], row_in

    def add_payment(self, sense: str, parts: list[Part], rows: Ints) -> None:
        """Contracts that count wholly, and other programmes at cost."""
        c = self.of.contracts
        for n in range(len(rows)):
            at_cost = []
            for who, t, factor in parts:
                y = max(int(t[n]), 0)
                paid, share = self.of.whole(who, y)
                weight = c.markup[paid] * share * factor[n]
                name, year = (column[paid] for column in c.rows.columns)
                at = np.full(len(paid), rows[n]), (name, year)
                self._found["payment"].add(*at, weight)
                # Once a contract is ended its cost is paid without the lead's overhead.
                self._found["ended"].add(*at, (1.0 / c.markup[paid] - 1.0) * weight)
                apart = those(who, ~c.covered[:, y])
                at_cost.append((apart, t[n : n + 1], factor[n : n + 1]))
            self.add_activity("spend", sense, at_cost, rows[n : n + 1])

    def add_position(self, sense: str, who: Counted, rows: Ints, t: Ints) -> Floats:
        """Positions of the providers of a selection; returns what is not in variables."""
        of, c, p = self.of, self.of.contracts, self.of.providers
        mine = np.unique(of.provider_of[who[0]])
        mine = mine[mine >= 0]
        direct, led = of.paid_to.of(mine), of.led_by.of(mine)
        paid = np.union1d(direct, led)
        is_direct, overhead = np.isin(paid, direct), np.isin(paid, led) * (c.markup[paid] - 1.0)
        name, year = (column[paid] for column in c.rows.columns)
        costs, earned = of.provided_by.of(mine), of.earned_by.of(mine)
        other = np.zeros(len(rows))
        for n, y in enumerate(t):
            some = (year == y) & (is_direct + overhead != 0)
            at = np.full(int(some.sum()), rows[n]), (name[some], year[some])
            self._found["payment"].add(*at, (is_direct + overhead)[some])
            self._found["ended"].add(*at, -overhead[some])
            if sense != "min":
                # Once a contract is ended its stranded cost is paid for: no gain to anybody.
                late = is_direct & of.strands[paid]
                self._found["stranded_ended"].add(*at, -late[some].astype(float))
            here = costs[c.covered[costs, y]]
            terms = [((here, np.ones(len(here))), t[n : n + 1], -np.ones(1))]
            self.add_activity("spend", sense, terms, rows[n : n + 1])
            other[n] = p.other[earned[p.rows.columns[1][earned] == y]].sum()
        return other
