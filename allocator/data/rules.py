"""Every rule, multiplied out into coefficients of one row a year."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator.data.activity import Activity
from allocator.data.contracts import Contracts, Earnings, Providers
from allocator.data.demand import Demand
from allocator.data.equity import Equity
from allocator.data.index import Axis, Codes, Index
from allocator.data.responses import Responses
from allocator.data.surcharge import Surcharge
from allocator.data.years import by_year
from allocator.instance.instance import Instance

Numbers = npt.NDArray[np.float64]

CRITERIA = ("sector", "place", "provider", "pool", "contract", "programme", "class")


@dataclass(frozen=True)
class Terms:
    """Coefficients of one kind of variable in the rules.

    Attributes
    ----------
    rows : Index
        (rule, year, then the coordinates of the variable).
    coefficient : ndarray
        One number a row of `rows`.
    """

    rows: Index
    coefficient: Numbers


@dataclass(frozen=True)
class Rules:
    """Rules as ``left (>=, <=, =) right``, one row a rule and year.

    Attributes
    ----------
    rows : Index
        (rule, year); the arrays below follow it.
    sense : ndarray of str
        ``min``, ``max`` or ``equal``.
    right : ndarray
        Right side once every variable has been brought to the left.
    penalty : ndarray
        Objective lost per unit of violation; NaN for a hard rule.
    activity, surcharge, stranded, unmet, outcome, payment, ended : Terms
        Left side: coefficients of activity, surcharge, stranded cost, unmet need (each by
        programme and year), of outcomes (by outcome, programme and year), of payments and of
        the cost that stands in for a payment once its contract is ended (by contract and
        year).
    """

    rows: Index
    sense: npt.NDArray[np.object_]
    right: Numbers
    penalty: Numbers
    activity: Terms
    surcharge: Terms
    stranded: Terms
    unmet: Terms
    outcome: Terms
    payment: Terms
    ended: Terms

    def of_sense(self, sense: str) -> Index:
        """Rows of one sense."""
        return self.rows.take(self.sense == sense)

    def soft(self, sense: str) -> npt.NDArray[np.bool_]:
        """Mask of the soft rows that may be missed in a direction (``below``, ``above``)."""
        missed = ("min", "equal") if sense == "below" else ("max", "equal")
        return ~np.isnan(self.penalty) & np.isin(self.sense, missed)


@dataclass
class _Collector:
    """Grows the triples of one kind of term."""

    rule: list[Codes] = field(default_factory=list)
    member: list[tuple[Codes, ...]] = field(default_factory=list)
    coefficient: list[Numbers] = field(default_factory=list)

    def add(self, rule: Codes, member: tuple[Codes, ...], coefficient: Numbers) -> None:
        some = coefficient != 0.0
        self.rule.append(rule[some])
        self.member.append(tuple(m[some] for m in member))
        self.coefficient.append(coefficient[some])

    def terms(self, rows: Index, axes: tuple[Axis, ...]) -> Terms:
        """Triples with the same rule and variable added together."""
        rule = np.concatenate([np.empty(0, np.int64), *self.rule])
        columns = [
            np.concatenate([np.empty(0, np.int64), *(m[d] for m in self.member)])
            for d in range(len(axes))
        ]
        coefficient = np.concatenate([np.empty(0), *self.coefficient])
        key = rule
        for axis, column in zip(axes, columns, strict=True):
            key = key * len(axis) + column
        _, first, where = np.unique(key, return_index=True, return_inverse=True)
        total = np.bincount(where, coefficient, len(first)).astype(float)
        some = np.abs(total) > 1e-14 * np.bincount(where, np.abs(coefficient), len(first))
        first, total = first[some], total[some]
        rule_columns = [c[rule[first]] for c in rows.columns]
        index = Index((*rows.axes, *axes), [*rule_columns, *(c[first] for c in columns)])
        return Terms(index, total)


class Selections:
    """Shares with which programmes count in each selection."""

    def __init__(self, instance: Instance, programme: Axis) -> None:
        self._programmes = instance.programmes
        self._rows: dict[str, list[dict[str, Any]]] = {}
        columns = ("selection", *CRITERIA, "tag", "share")
        values = [instance.selections[name].tolist() for name in columns]
        for row in zip(*values, strict=True):
            self._rows.setdefault(row[0], []).append(dict(zip(columns, row, strict=True)))
        self._codes: dict[str, tuple[dict[str, int], Codes]] = {}
        self._tags: dict[str, npt.NDArray[np.bool_]] = {}
        self._known: dict[str, tuple[Codes, Numbers]] = {}
        for i, tags in enumerate(instance.programmes["tags"]):
            for tag in tags.split():
                self._tags.setdefault(tag, np.zeros(len(programme), bool))[i] = True

    def _matches(self, criterion: str, value: str) -> npt.NDArray[np.bool_]:
        if criterion not in self._codes:
            codes, names = pd.factorize(self._programmes[criterion].to_numpy(dtype=object))
            self._codes[criterion] = ({str(n): c for c, n in enumerate(names)}, codes)
        position, of_programme = self._codes[criterion]
        return of_programme == position.get(value, -1)

    def share(self, selection: str) -> Numbers:
        """Share of each programme in a selection, shape (programmes,)."""
        count = len(self._programmes)
        if selection in ("", "all"):
            return np.ones(count)
        out = np.zeros(count)
        if selection not in self._known:
            for row in self._rows[selection]:
                mask = np.ones(count, bool)
                for criterion in CRITERIA:
                    if row[criterion]:
                        mask &= self._matches(criterion, row[criterion])
                if row["tag"]:
                    mask &= self._tags.get(row["tag"], np.zeros(count, bool))
                out[mask] = row["share"]
            members = np.flatnonzero(out)
            self._known[selection] = members, out[members]
        members, shares = self._known[selection]
        out[members] = shares
        return out

    def places(self, selection: str) -> list[str]:
        """Places named by every row of a selection; empty when some row names none."""
        if selection in ("", "all"):
            return []
        places = [row["place"] for row in self._rows[selection]]
        return sorted(set(places)) if all(places) else []


class _Expansion:
    """Multiplies rules out; holds what the measures are made of."""

    def __init__(
        self,
        instance: Instance,
        programme: Axis,
        outcome: Axis,
        activity: Activity,
        demand: Demand,
        responses: Responses,
        equity: Equity,
        money: tuple[npt.NDArray[np.bool_], Contracts, Providers, Surcharge],
    ) -> None:
        self.recurrent, self.contracts, self.providers, extra = money
        self.surcharged = np.zeros(activity.price.shape, dtype=bool)
        self.surcharged[extra.rows.columns] = True
        table = instance.programmes
        self.tariff = table["tariff"].fillna(table["unit_cost"]).to_numpy(dtype=float)
        homes = self.providers.axis.position
        self.provider_of = np.array([homes.get(p, -1) for p in table["provider"]], dtype=np.int64)
        self.selections = Selections(instance, programme)
        self.settings = instance.settings
        self.activity_data = activity
        self.demand = demand
        self.responses = responses
        self.equity = equity
        self.outcomes = outcome
        self.heads = self._heads(instance)
        self.activity, self.stranded = _Collector(), _Collector()
        self.unmet, self.outcome = _Collector(), _Collector()
        self.payment, self.surcharge, self.ended = _Collector(), _Collector(), _Collector()

    def _heads(self, instance: Instance) -> dict[str, Numbers]:
        years = self.settings.years
        table = by_year(instance.places, ["place"], years)
        heads: dict[str, Numbers] = {}
        for place, t, count in zip(table["place"], table["t"], table["heads"], strict=True):
            heads.setdefault(place, np.zeros(len(years)))[t] = count
        return heads

    def row(self, rule: dict[str, Any], rows: Codes, t: Codes) -> Numbers:
        """Add the terms of one line of the rules table; return its right sides.

        Parameters
        ----------
        rule : dict
            The line.
        rows, t : ndarray of int
            Rule rows it makes and their years.
        """
        share = self.selections.share(str(rule["selection"]))
        value, basis, measure = float(rule["value"]), rule["basis"], str(rule["measure"])
        right = np.zeros(len(rows))
        if measure in ("outcome", "unmet"):
            right += self._outcome_or_unmet(rule, share, rows, t)
            right += value * self._per(rule, t)
            return right
        if measure == "position":
            return value - self._position_terms(str(rule["sense"]), share, rows, t)
        if measure == "recurrent_spend":
            share, measure = share * self.recurrent, "spend"
        here = [(share, t, np.ones(len(t)))]
        if basis in ("amount", "per_head"):
            right += value * self._per(rule, t)
        elif basis in ("share", "ratio"):
            other = self.selections.share(str(rule["relative_to"]))
            other = other * self.recurrent if rule["measure"] == "recurrent_spend" else other
            here.append((other, t, np.full(len(t), -value)))
        else:
            reference = self._reference_year(rule, t)
            before = reference < 0
            right += np.where(before, (1 + value) * self._at_baseline(measure, share), 0.0)
            here.append((share, reference, np.where(before, 0.0, -(1 + value))))
        if measure == "payment":
            self._payment_terms(str(rule["sense"]), here, rows)
        else:
            self._activity_terms(measure, str(rule["sense"]), here, rows)
        return right

    def _payment_terms(
        self, sense: str, parts: list[tuple[Numbers, Codes, Numbers]], rows: Codes
    ) -> None:
        """Contracts that count wholly, and other programmes at cost."""
        c = self.contracts
        name, year = c.rows.columns
        _, _, member = c.members.columns
        owner = c.rows.positions(c.members.columns[:2])
        for n in range(len(rows)):
            at_cost = []
            for share, t, factor in parts:
                y = max(int(t[n]), 0)
                whole = np.full(len(c.rows), np.inf)
                np.minimum.at(whole, owner, share[member])
                mine = (year == y) & (whole > 0)
                weight = c.markup[mine] * whole[mine] * factor[n]
                at = np.full(int(mine.sum()), rows[n]), (name[mine], year[mine])
                self.payment.add(*at, weight)
                # Once a contract is ended its cost is paid without the lead's overhead.
                self.ended.add(*at, (1.0 / c.markup[mine] - 1.0) * weight)
                apart = np.where(c.held[:, y], 0.0, share)
                at_cost.append((apart, t[n : n + 1], factor[n : n + 1]))
            self._activity_terms("spend", sense, at_cost, rows[n : n + 1])

    def _position_terms(self, sense: str, share: Numbers, rows: Codes, t: Codes) -> Numbers:
        """Positions of the providers of a selection; returns what is not in variables."""
        c, p = self.contracts, self.providers
        mine = np.isin(np.arange(len(p.axis)), self.provider_of[share > 0])
        name, year = c.rows.columns
        held_by = np.where(c.provider >= 0, mine[c.provider], False)
        led_by = np.where(c.lead >= 0, mine[c.lead], False)
        coefficient = held_by + led_by * (c.markup - 1.0)
        other = np.zeros(len(rows))
        for n, y in enumerate(t):
            some = (year == y) & (coefficient != 0)
            at = np.full(int(some.sum()), rows[n]), (name[some], year[some])
            self.payment.add(*at, coefficient[some])
            self.ended.add(*at, -(led_by * (c.markup - 1.0))[some])
            whose = np.where(self.provider_of >= 0, mine[self.provider_of], False)
            cost = np.where(c.held[:, y] & whose, 1.0, 0.0)
            terms = [(cost, t[n : n + 1], -np.ones(1))]
            self._activity_terms("spend", sense, terms, rows[n : n + 1])
            who, when = p.rows.columns
            other[n] = p.other[(when == y) & mine[who]].sum()
        return other

    def _per(self, rule: dict[str, Any], t: Codes) -> Numbers:
        if rule["basis"] != "per_head":
            return np.ones(len(t))
        places = self.selections.places(str(rule["selection"])) or list(self.heads)
        total: Numbers = np.sum([self.heads[p] for p in places], axis=0)[t]
        return total

    def _reference_year(self, rule: dict[str, Any], t: Codes) -> Codes:
        """Position of the reference year of a growth rule; negative before the plan."""
        reference = str(rule["reference"]) or "previous"
        if reference == "previous":
            return t - 1
        year = self.settings.base_year if reference == "baseline" else int(reference[:4])
        return np.full(len(t), year - self.settings.years[0])

    def _at_baseline(self, measure: str, share: Numbers) -> float:
        a = self.activity_data
        unit = {"activity": np.ones_like(share), "payment": self.tariff}.get(measure, a.unit_cost)
        return float(np.sum(share * a.baseline * unit))

    def _unit(self, measure: str, t: Codes, i: Codes) -> Numbers:
        """What a unit of activity measures, shape (years asked for, programmes asked for)."""
        a = self.activity_data
        if measure == "spend":
            unit: Numbers = a.price[np.ix_(i, np.maximum(t, 0))].T
            return unit
        row = a.unit_cost[i] if measure == "value" else np.ones(len(i))
        return np.broadcast_to(row, (len(t), len(row)))

    def _activity_terms(
        self,
        measure: str,
        sense: str,
        parts: list[tuple[Numbers, Codes, Numbers]],
        rows: Codes,
    ) -> None:
        for share, t, factor in parts:
            some = np.flatnonzero(share)
            coefficient = self._unit(measure, t, some) * share[some] * factor[:, None]
            rule = np.repeat(rows, len(some))
            year = np.repeat(np.maximum(t, 0), len(some))
            self.activity.add(rule, (np.tile(some, len(rows)), year), coefficient.ravel())
            if measure == "spend" and self.surcharged.any():
                counts = self.surcharged[np.tile(some, len(rows)), year]
                weight = (share[some] * factor[:, None]).ravel() * counts
                self.surcharge.add(rule, (np.tile(some, len(rows)), year), weight)
        if measure == "spend" and sense != "equal":
            self._stranded_terms(sense, parts, rows)

    def _stranded_terms(
        self, sense: str, parts: list[tuple[Numbers, Codes, Numbers]], rows: Codes
    ) -> None:
        """Stranded cost, where more of it makes a rule harder to meet."""
        a, years = self.activity_data, len(self.settings.years)
        late = (a.fixed_share > 0) & (a.release_years > 0)
        some = np.flatnonzero(late & np.any([share != 0 for share, _, _ in parts], axis=0))
        cells = np.concatenate([rows * years + np.maximum(t, 0) for _, t, _ in parts])
        weights = np.concatenate([share[some] * factor[:, None] for share, _, factor in parts])
        cell, where = np.unique(cells, return_inverse=True)
        total = np.zeros((len(cell), len(some)))
        np.add.at(total, where, weights)
        at, i = np.nonzero(total < 0 if sense == "min" else total > 0)
        self.stranded.add(cell[at] // years, (some[i], cell[at] % years), total[at, i])

    def _outcome_or_unmet(
        self, rule: dict[str, Any], share: Numbers, rows: Codes, t: Codes
    ) -> Numbers:
        at_year = np.full(len(self.settings.years), -1)
        at_year[t] = rows
        if rule["measure"] == "unmet":
            i, year = self.demand.rows.columns
            mine = (share[i] != 0) & (at_year[year] >= 0)
            self.unmet.add(at_year[year[mine]], (i[mine], year[mine]), share[i[mine]])
            return np.zeros(len(rows))
        code = self.outcomes.position[rule["outcome"]]
        if rule["segment"]:
            share = share * self.equity.share[:, self.equity.segment.position[rule["segment"]]]
        k, i, year = self.responses.rows.columns
        mine = (k == code) & (share[i] != 0) & (at_year[year] >= 0)
        self.outcome.add(at_year[year[mine]], (k[mine], i[mine], year[mine]), share[i[mine]])
        i, year = self.demand.rows.columns
        mine = (self.demand.harm_outcome == code) & (share[i] != 0) & (at_year[year] >= 0)
        harm = -share[i[mine]] * self.demand.harm[mine]
        self.unmet.add(at_year[year[mine]], (i[mine], year[mine]), harm)
        return np.zeros(len(rows))


def rules(
    instance: Instance,
    axes: tuple[Axis, Axis, Axis],
    activity: Activity,
    demand: Demand,
    responses: Responses,
    equity: Equity,
    recurrent: npt.NDArray[np.bool_],
    contracts: Contracts,
    providers: Providers,
    extra: Surcharge,
    margin: int,
) -> Rules:
    """Multiply every rule out into coefficients.

    Parameters
    ----------
    instance : Instance
    axes : tuple of Axis
        Programme, year and outcome.
    activity, demand, responses, equity, recurrent, contracts, providers, extra
        What the measures are made of; `recurrent` says which programmes come every year.
    margin : int
        As in :func:`allocator.data.extract`.
    """
    programme, year, outcome = axes
    table = by_year(instance.rules, ["rule"], instance.settings.years)
    name = Axis("rule", tuple(dict.fromkeys(table["rule"])))
    rows = Index((name, year), [name.codes(table["rule"].tolist()), table["t"].to_numpy()])
    money = recurrent, contracts, providers, extra
    expansion = _Expansion(instance, programme, outcome, activity, demand, responses, equity, money)
    right = np.zeros(len(rows))
    columns = ["measure", "selection", "outcome", "segment", "sense", "value", "basis"]
    columns += ["relative_to", "reference"]
    alike = table.groupby(["rule", *columns], sort=False, dropna=False).ngroup().to_numpy()
    order = np.argsort(alike, kind="stable")
    ends = np.flatnonzero(np.diff(alike[order])) + 1
    lines = {name: table[name].tolist() for name in columns}
    for at in np.split(order, ends) if len(order) else []:
        line = {name: column[at[0]] for name, column in lines.items()}
        right[at] = expansion.row(line, at, rows.columns[1][at])
    penalty = table["penalty"].to_numpy()
    where = (programme, year)
    sense = table["sense"].to_numpy(dtype=object)
    bought = expansion.outcome.terms(rows, (outcome, *where))
    fewer, more = _misstated(rows, bought, responses)
    if margin > 0:
        right = right + np.where(sense == "min", fewer, np.where(sense == "max", -more, 0.0))
    elif margin < 0:
        right = right + np.where(sense == "min", -more, np.where(sense == "max", fewer, 0.0))
    return Rules(
        rows,
        sense,
        right,
        penalty,
        expansion.activity.terms(rows, where),
        expansion.surcharge.terms(rows, where),
        expansion.stranded.terms(rows, where),
        expansion.unmet.terms(rows, where),
        bought,
        expansion.payment.terms(rows, contracts.rows.axes),
        expansion.ended.terms(rows, contracts.rows.axes),
    )


def _misstated(rows: Index, bought: Terms, responses: Responses) -> tuple[Numbers, Numbers]:
    """How far the true curves can lie below, and above, what rows count of outcomes."""
    at = rows.positions(bought.rows.columns[:2])
    which = responses.rows.positions(bought.rows.columns[2:])
    gap, over = responses.worst(responses.gap)[which], responses.worst(responses.over)[which]
    size, up = np.abs(bought.coefficient), bought.coefficient > 0
    below = np.bincount(at, size * np.where(up, over, gap), len(rows))
    above = np.bincount(at, size * np.where(up, gap, over), len(rows))
    return below.astype(float), above.astype(float)


class Measured:
    """Measures over selections as terms, for conditions.

    Parameters
    ----------
    instance : Instance
    axes : tuple of Axis
        Programme, year and outcome.
    activity, demand, responses, equity, money
        What the measures are made of.
    """

    def __init__(
        self,
        instance: Instance,
        axes: tuple[Axis, Axis, Axis],
        activity: Activity,
        demand: Demand,
        responses: Responses,
        equity: Equity,
        money: tuple[npt.NDArray[np.bool_], Contracts, Providers, Surcharge],
    ) -> None:
        self.programme, self.year, self.outcome = axes
        self.activity, self.demand, self.responses = activity, demand, responses
        self.expansion = _Expansion(
            instance, self.programme, self.outcome, activity, demand, responses, equity, money
        )

    def conditions(
        self,
        table: pd.DataFrame,
        rows: Index,
        earned: Earnings,
    ) -> tuple[Terms, Terms, Terms, tuple[Numbers, Numbers], tuple[Numbers, Numbers]]:
        """Terms of what each row of a table by year measures.

        Parameters
        ----------
        table : pandas.DataFrame
            With measure, selection and outcome; one line a row of `rows`.
        rows : Index
            (condition, year).
        earned : Earnings
            What outcomes can come to.

        Returns
        -------
        activity, unmet, outcome : Terms
        span : pair of ndarray
            Least and most each row can be.
        error : pair of ndarray
            How far the true curves can lie below, and above, it.
        """
        work = self.expansion
        for n, line in enumerate(table.to_dict("records")):
            share = work.selections.share(line["selection"])
            at, t = np.array([n]), rows.columns[1][n : n + 1]
            if line["measure"] in ("outcome", "unmet"):
                what = {"measure": line["measure"], "outcome": line["outcome"], "segment": ""}
                work._outcome_or_unmet(what, share, at, t)
            else:
                work._activity_terms(line["measure"], "equal", [(share, t, np.ones(1))], at)
        where = (self.programme, self.year)
        activity, unmet = work.activity.terms(rows, where), work.unmet.terms(rows, where)
        bought = work.outcome.terms(rows, (self.outcome, *where))
        need, a = self.demand, self.activity
        low, high = np.zeros(len(rows)), np.zeros(len(rows))
        there = need.rows.positions(unmet.rows.columns[2:])
        which = earned.rows.positions(bought.rows.columns[2:])
        i, t = activity.rows.columns[2:]
        for terms, least, most in (
            (activity, a.lo[i, t], a.hi[i, t]),
            (unmet, np.zeros(len(there)), need.unmet_max[there]),
            (bought, earned.low[which], earned.high[which]),
        ):
            owner = rows.positions(terms.rows.columns[:2])
            ends = terms.coefficient * least, terms.coefficient * most
            low += np.bincount(owner, np.minimum(*ends), len(rows))
            high += np.bincount(owner, np.maximum(*ends), len(rows))
        error = _misstated(rows, bought, self.responses)
        return activity, unmet, bought, (low, high), error
