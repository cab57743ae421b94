"""Pools of money, alone and together: what can reach them and what they must pay for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from allocator.arrays import Flags, Floats, Ints
from allocator.instance.facts.agreements import Agreements
from allocator.instance.facts.budgets import Adjustments, Budgets, Conditional, Funding
from allocator.instance.facts.decisions import Decisions
from allocator.instance.tables.by_year import ByYear
from allocator.instance.tables.rows import Rows, positions_of
from allocator.tolerances import ROUNDING

_KINDS = ("revenue", "recurrent", "capital")
_NONE = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Purse:
    """Money of one pool, or of several taken together, and what it must pay for.

    Attributes
    ----------
    name : str
        The pool, or the pools.
    pools : frozenset of int
        Which pools.
    kind : str
        ``revenue``, ``recurrent`` (what comes and goes every year) or ``capital``.
    rows : ndarray of int
        Programmes it pays a part of, whatever is decided.
    weight : ndarray, shape (rows, years)
        Least share of their cost it pays.
    contracts : ndarray of int
        Contracts it pays.
    adjustments : ndarray, shape (years,)
        Net money that adjustments take.
    options : ndarray, shape (years,)
        Least that options which must be taken cost it.
    amount, transferred : ndarray, shape (years,)
        Money received less what is held back of it, most that other pools may hand over.
    raised : ndarray, shape (years,)
        Most that options and conditional incomes may bring.
    opening : float
    carry_max, overdraw : ndarray, shape (years,)
        Most carried on, most owed on.
    lines : ndarray of int, shape (years,)
        Lines of the budgets table.
    """

    name: str
    pools: frozenset[int]
    kind: str
    rows: Ints
    weight: Floats
    contracts: Ints
    adjustments: Floats
    options: Floats
    amount: Floats
    raised: Floats
    transferred: Floats
    opening: float
    carry_max: Floats
    overdraw: Floats
    lines: Ints

    def floor(self, floors: Floats, payments: Floats) -> Floats:
        """Least it must pay each year, given least costs and least payments."""
        with np.errstate(invalid="ignore"):
            each = self.weight * floors[self.rows]
        # Nothing of an endless saving is no money.
        cost = np.where(np.isnan(each), 0.0, each).sum(axis=0)
        found: Floats = cost + payments[self.contracts].sum(axis=0) + self.adjustments
        return found + self.options

    def shares_with(self, other: Purse) -> bool:
        """Whether some money is in both."""
        same_money = (other.kind == "capital") == (self.kind == "capital")
        return same_money and not self.pools.isdisjoint(other.pools)

    @property
    def received(self) -> Floats:
        """Most money of the year itself."""
        found: Floats = self.amount + self.raised + self.transferred
        return found

    def carried(self, floor: Floats) -> Floats:
        """Most money carried into each year, and past the last."""
        if self.kind != "revenue":
            return np.zeros(len(self.amount) + 1)
        carried, received = [self.opening], self.received
        for t in range(len(self.amount)):
            left = carried[-1] + received[t] - floor[t]
            carried.append(min(float(self.carry_max[t]), float(left)))
        return np.array(carried)

    def left(self, floor: Floats) -> Floats:
        """Most that can be left at the end of each year when only the floor is paid."""
        found: Floats = self.carried(floor)[:-1] + self.received - floor
        return found


class Purses:
    """Every pool alone and with those it shares money with; capital and recurrent apart.

    Parameters
    ----------
    programmes, budgets : Rows
        The tables; of the budgets only the lines matter.
    money : Budgets
        What pools receive.
    funding : Funding
        Who pays for what.
    adjustments : Adjustments
        Money that is no programme.
    conditional : Conditional
        What is held back and can be earned.
    agreements : Agreements
        Contracts in force.
    decisions : Decisions
        What options may change.
    recurrent_balance : bool
        Whether what is spent every year must stay within what comes every year.

    Attributes
    ----------
    every : list of Purse
    """

    def __init__(
        self,
        programmes: Rows,
        budgets: ByYear,
        *,
        money: Budgets,
        funding: Funding,
        adjustments: Adjustments,
        conditional: Conditional,
        agreements: Agreements,
        decisions: Decisions,
        recurrent_balance: bool,
    ) -> None:
        self._budgets, self._adjustments, self._conditional = money, adjustments, conditional
        self._decisions = decisions
        self._capital = programmes["money"] == "capital"
        self._recurrent = programmes["recurrent"]
        self._contracts_of = positions_of(
            money.payer[np.array([m[0] for m in agreements.members], dtype=np.int64)]
        )
        self._homed = positions_of(money.payer)
        self._given = positions_of(money.taker)
        self._overdraw = money.overdraw_max.copy()
        self._overdraw[:, -1] = 0.0
        self._lines = self._read_lines(budgets)
        where = positions_of(budgets.rows["pool"])
        self._first_line = [int(budgets.rows.lines[where[pool]].min()) for pool in money.names]
        self._read_funding(funding, agreements.covered)
        self.every = list(self._each(recurrent_balance))

    def _each(self, recurrent_balance: bool) -> Iterator[Purse]:
        every = range(len(self._budgets.names))
        for b in every:
            yield self._purse([b], "revenue")
        for b in self._investors():
            yield self._purse([b], "capital")
        for b in every if recurrent_balance else ():
            yield self._purse([b], "recurrent")
        for group in self._linked():
            yield self._purse(group, "revenue")

    def _read_lines(self, budgets: ByYear) -> dict[str, Ints]:
        """Line of the budgets table to name for each kind of money of each pool."""
        shape = self._budgets.revenue.shape
        found = {kind: np.zeros(shape, dtype=np.int64) for kind in _KINDS}
        every = budgets.lines()
        for group in budgets.by_line:
            (pool, kind), lines = budgets.keys[group], every[group]
            b = self._budgets.place[pool]
            purses = ["capital"] if kind == "capital" else ["revenue"]
            purses += ["recurrent"] if kind in ("recurrent", "grant", "support") else []
            for name in purses:
                known = (found[name][b] == 0) | (kind == "recurrent")
                found[name][b] = np.where(known, lines, found[name][b])
        return found

    def _read_funding(self, funding: Funding, covered: Flags) -> None:
        self._funding = funding
        self._own, self._shared = ~(covered | funding.shared), funding.shared & ~covered
        self._funds = positions_of(funding.pool)
        self._funding_of = positions_of(funding.programme)
        most = np.zeros(covered.shape)
        np.add.at(most, funding.programme, funding.share_max)
        # What its funders may not pay together, whoever they are.
        self._unfunded = np.flatnonzero((self._shared & (1.0 - most >= ROUNDING)).any(axis=1))

    def _purse(self, pools: Iterable[int], kind: str) -> Purse:
        """Money of some pools taken together."""
        group, money = sorted(pools, key=self._by_line), self._budgets
        rows, weight = self._weights(group, kind)
        none = np.zeros(money.revenue.shape[1])
        contracts, adjusted, amount = _NONE, none, getattr(money, kind)[group].sum(axis=0)
        transferred, raised, overdraw = none, none, none
        if kind != "capital":
            contracts = _of_any(self._contracts_of, group)
            adjusted = getattr(self._adjustments, kind)[group].sum(axis=0)
            transferred = self._transferred(group)
        if kind == "revenue":
            amount = amount - self._conditional.held_back[group].sum(axis=0)
            raised = self._conditional.earned[group].sum(axis=0)
            overdraw = self._overdraw[group].sum(axis=0)
        decided = self._decisions.raised({money.names[b] for b in group}, kind)
        return Purse(
            name=self._name(group, kind),
            pools=frozenset(group),
            kind=kind,
            rows=rows,
            weight=weight,
            contracts=contracts,
            adjustments=adjusted,
            options=np.maximum(-decided, 0.0),
            amount=amount,
            raised=raised + np.maximum(decided, 0.0),
            transferred=transferred,
            opening=float(money.opening[group].sum()),
            carry_max=money.carry_max[group].sum(axis=0),
            overdraw=overdraw,
            lines=self._lines[kind if len(group) == 1 else "revenue"][group[0]],
        )

    def _transferred(self, group: list[int]) -> Floats:
        """Most that pools outside a group may hand over to it."""
        given = _of_any(self._given, group)
        outside = given[~np.isin(self._budgets.giver[given], group)]
        found: Floats = self._budgets.transfer_max[outside].sum(axis=0)
        return found

    def _name(self, group: list[int], kind: str) -> str:
        if len(group) > 1:
            return f"pools {', '.join(repr_of(self._budgets.names[b]) for b in group)} together"
        money = {"revenue": "", "recurrent": "recurrent money of ", "capital": "capital of "}
        return f"{money[kind]}pool {repr_of(self._budgets.names[group[0]])}"

    def _weights(self, group: list[int], kind: str) -> tuple[Ints, Floats]:
        """Programmes whose cost these pools pay, and the least share they pay of each."""
        funds = _of_any(self._funds, group)
        homed = _of_any(self._homed, group)
        near = np.unique(np.concatenate([homed, self._funding.programme[funds], self._unfunded]))
        chosen = self._capital[near] if kind == "capital" else ~self._capital[near]
        chosen = chosen & self._recurrent[near] if kind == "recurrent" else chosen
        own = np.isin(self._budgets.payer[near], group) & chosen
        weight = np.where(own[:, None] & self._own[near], 1.0, 0.0)
        if len(self._funding.programme) and kind != "capital":
            part = self._least_part(near, group)
            weight = np.where(self._shared[near] & chosen[:, None], part, weight)
        weight[weight < ROUNDING] = 0.0
        some = weight.any(axis=1)
        return near[some], weight[some]

    def _least_part(self, near: Ints, group: list[int]) -> Floats:
        """Least share that some pools pay of each of some programmes, by their funding."""
        least, others = np.zeros((2, len(near), self._own.shape[1]))
        rows = _of_any(self._funding_of, near.tolist())
        at = np.searchsorted(near, self._funding.programme[rows])
        here = np.isin(self._funding.pool[rows], group)
        np.add.at(least, at[here], self._funding.share_min[rows[here]])
        np.add.at(others, at[~here], self._funding.share_max[rows[~here]])
        return np.asarray(np.clip(np.maximum(least, 1.0 - others), 0.0, 1.0))

    def _investors(self) -> list[int]:
        """Pools whose capital pays for something."""
        found = set(self._budgets.payer[self._capital].tolist())
        place = self._budgets.place
        found |= {place[pool] for pool in self._decisions.capital() if pool in place}
        return sorted(found)

    def _linked(self) -> list[frozenset[int]]:
        """Pools joined by transfers, and by programmes they fund together."""
        funders: dict[int, set[int]] = {}
        of, money = self._funding, self._budgets
        for i, b in zip(of.programme.tolist(), of.pool.tolist(), strict=True):
            funders.setdefault(i, set()).add(b)
        shared = [frozenset(group) for group in funders.values()]
        moves = zip(money.giver.tolist(), money.taker.tolist(), strict=True)
        moved = _joined([frozenset(pair) for pair in moves])
        every = _joined([*moved, *shared])
        groups = dict.fromkeys([*shared, *moved, *every])
        several = [group for group in groups if len(group) > 1]
        return sorted(several, key=lambda group: (len(group), sorted(map(self._by_line, group))))

    def _by_line(self, pool: int) -> int:
        """Line on which a pool first stands in the budgets table."""
        return self._first_line[pool]


def _of_any(positions: dict[int, Ints], group: Iterable[int]) -> Ints:
    """Positions of all members of a group together, in order."""
    found = [positions[b] for b in group if b in positions]
    return np.sort(np.concatenate(found)) if found else _NONE


def repr_of(name: str) -> str:
    """Name in quotes."""
    return f"'{name}'"


def _joined(links: list[frozenset[int]]) -> list[frozenset[int]]:
    """Groups of what links join, directly or through others, by their first member."""
    found: list[frozenset[int]] = []
    for link in dict.fromkeys(links):
        touched = [group for group in found if not group.isdisjoint(link)]
        found = [group for group in found if group.isdisjoint(link)]
        found.append(link.union(*touched))
    return sorted(found, key=min)
