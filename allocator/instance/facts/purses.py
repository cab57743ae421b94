"""Pools of money, alone and together: what can reach them and what they must pay for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from allocator.instance.facts.agreements import Agreements
from allocator.instance.facts.decisions import Decisions
from allocator.instance.tables.by_year import by_year
from allocator.instance.tables.draft import Draft
from allocator.instance.tables.rows import Array, positions_of
from allocator.instance.tables.selections import Selections

_NOTHING = 1e-9
_NONE = np.empty(0, dtype=np.int64)


@dataclass
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
    short : bool
        Whether it, or a pool it shares money with, has been found unable to pay: what its
        money allows is no use to anybody then.
    """

    name: str
    pools: frozenset[int]
    kind: str
    rows: Array
    weight: Array
    contracts: Array
    adjustments: Array
    options: Array
    amount: Array
    raised: Array
    transferred: Array
    opening: float
    carry_max: Array
    overdraw: Array
    lines: Array
    short: bool = False

    def floor(self, floors: Array, payments: Array) -> Array:
        """Least it must pay each year, given least costs and least payments."""
        with np.errstate(invalid="ignore"):
            each = self.weight * floors[self.rows]
        # Nothing of an endless saving is no money.
        cost = np.where(np.isnan(each), 0.0, each).sum(axis=0)
        found: Array = cost + payments[self.contracts].sum(axis=0) + self.adjustments
        return found + self.options

    @property
    def received(self) -> Array:
        """Most money of the year itself."""
        found: Array = self.amount + self.raised + self.transferred
        return found

    def carried(self, floor: Array) -> Array:
        """Most money carried into each year, and past the last."""
        if self.kind != "revenue":
            return np.zeros(len(self.amount) + 1)
        carried, received = [self.opening], self.received
        for t in range(len(self.amount)):
            left = carried[-1] + received[t] - floor[t]
            carried.append(min(float(self.carry_max[t]), float(left)))
        return np.array(carried)

    def left(self, floor: Array) -> Array:
        """Most that can be left at the end of each year when only the floor is paid."""
        found: Array = self.carried(floor)[:-1] + self.received - floor
        return found


class _Reader:
    """Collects the purses of a draft."""

    def __init__(self, draft: Draft, agreements: Agreements, decisions: Decisions) -> None:
        self.draft, self.agreements, self.decisions = draft, agreements, decisions
        programmes = draft["programmes"]
        self.names = list(dict.fromkeys(draft["budgets"]["pool"].tolist()))
        self.place = {pool: b for b, pool in enumerate(self.names)}
        self.home = np.array([self.place[p] for p in programmes["pool"].tolist()], dtype=np.int64)
        self.shape = (len(self.names), len(draft.years))
        self.capital = programmes["money"] == "capital"
        self.recurrent = programmes["recurrent"]
        self.payer = np.array([self.home[m[0]] for m in agreements.members], dtype=np.int64)
        self._paid_from = positions_of(self.payer)
        self._homed = positions_of(self.home)
        self._read_budgets()
        self._read_transfers()
        self._read_funding()
        self._read_adjustments()
        self._read_incomes()

    def _read_budgets(self) -> None:
        grid = by_year(self.draft["budgets"], self.draft.years)
        self.money = {name: np.zeros(self.shape) for name in ("revenue", "recurrent", "capital")}
        self.opening = np.zeros(len(self.names))
        self.carry_max, self.overdraw = np.zeros(self.shape), np.zeros(self.shape)
        self.lines = {name: np.zeros(self.shape, dtype=np.int64) for name in self.money}
        amount, lines = grid.values("amount", 0.0), grid.lines()
        for group, (pool, kind) in enumerate(grid.keys):
            b = self.place[pool]
            purses = ["capital"] if kind == "capital" else ["revenue"]
            purses += ["recurrent"] if kind in ("recurrent", "grant") else []
            for name in purses:
                self.money[name][b] += amount[group]
                known = (self.lines[name][b] == 0) | (kind == "recurrent")
                self.lines[name][b] = np.where(known, lines[group], self.lines[name][b])
            if kind != "capital":
                self.opening[b] += grid.values("opening", 0.0)[group, 0]
                self.carry_max[b] += grid.values("carry_max", 0.0)[group]
                self.overdraw[b] += grid.values("overdraw_max", 0.0)[group]
        self.overdraw[:, -1] = 0.0

    def _read_transfers(self) -> None:
        grid = by_year(self.draft["transfers"], self.draft.years)
        self.pairs = [(self.place[giver], self.place[taker]) for giver, taker in grid.keys]
        self.most = grid.values("max", 0.0)
        self._given = positions_of(np.array([taker for _, taker in self.pairs], dtype=np.int64))

    def _read_funding(self) -> None:
        grid = by_year(self.draft["funding"], self.draft.years)
        names = self.draft["programmes"]["programme"].tolist()
        rank = {name: i for i, name in enumerate(names)} if grid.keys else {}
        self.funded = np.array([rank[name] for name, _ in grid.keys], dtype=np.int64)
        self.funder = np.array([self.place[pool] for _, pool in grid.keys], dtype=np.int64)
        self.share_min, self.share_max = (grid.values(c, 0.0) for c in ("share_min", "share_max"))
        self.shared = np.zeros((len(names), self.shape[1]), dtype=bool)
        for i, found in zip(self.funded.tolist(), grid.index >= 0, strict=True):
            self.shared[i] |= found
        self.own = ~(self.agreements.replaced | self.shared)
        self.shared &= ~self.agreements.replaced
        self._funds = positions_of(self.funder)
        self._funding_of = positions_of(self.funded)
        most = np.zeros(self.shared.shape)
        np.add.at(most, self.funded, self.share_max)
        # What its funders may not pay together, whoever they are.
        self._unfunded = np.flatnonzero((self.shared & (1.0 - most >= _NOTHING)).any(axis=1))

    def _read_adjustments(self) -> None:
        draft = self.draft
        grid = by_year(draft["adjustments"], draft.years)
        self.adjusted = {name: np.zeros(self.shape) for name in ("revenue", "recurrent")}
        if not grid.keys:
            return
        rows, programmes = draft["adjustments"], draft["programmes"]
        members = Selections(programmes, draft["selections"])
        sign = np.where(rows["kind"] == "efficiency", -1.0, 1.0)
        amount = sign * rows["amount"] * rows["delivery"]
        for group, t in np.argwhere(grid.index >= 0).tolist():
            row = int(grid.index[group, t])
            if rows["pool"][row]:
                at, share = np.array([self.place[rows["pool"][row]]]), np.ones(1)
            else:
                at, share = self._by_spend(*members.counted(rows["selection"][row]))
            self.adjusted["revenue"][at, t] += amount[row] * share
            if rows["recurrent"][row]:
                self.adjusted["recurrent"][at, t] += amount[row] * share

    def _by_spend(self, who: Array, share: Array) -> tuple[Array, Array]:
        """Pools of some programmes, and the share of each in their baseline spend."""
        programmes = self.draft["programmes"]
        weight = share * programmes["unit_cost"][who] * programmes["baseline"][who]
        pools, where = np.unique(self.home[who], return_inverse=True)
        return pools, np.bincount(where, weight / max(weight.sum(), 1e-300), len(pools))

    def _read_incomes(self) -> None:
        """What is held back of each pool's money, and the most that can be earned."""
        draft, years = self.draft, self.shape[1]
        self.held, self.earned = np.zeros(self.shape), np.zeros(self.shape)
        rows = draft["incomes"]
        grid = by_year(rows, draft.years)
        heads = by_year(draft["places"], draft.years).values("heads", 0.0).sum(axis=0)
        for group, t in np.argwhere(grid.index >= 0).tolist():
            row = int(grid.index[group, t])
            b, basis = self.place[rows["pool"][row]], rows["basis"][row]
            of = {"per_head": heads[t], "held_back": self.money["recurrent"][b, t]}
            most = float(rows["amount"][row] * rows["share"][row] * of.get(basis, 1.0))
            if basis == "held_back":
                self.held[b, t] += most
            if t + rows["lag"][row] < years:
                self.earned[b, t + rows["lag"][row]] += most

    def purse(self, pools: Iterable[int], kind: str) -> Purse:
        """Money of some pools taken together."""
        group = sorted(pools)
        rows, weight = self._weights(group, kind)
        together = kind != "capital"
        contracts = _of_any(self._paid_from, group) if together else _NONE
        received, inside = np.zeros(self.shape[1]), set(group)
        for pair in _of_any(self._given, group).tolist():
            if together and self.pairs[pair][0] not in inside:
                received += self.most[pair]
        none = np.zeros(self.shape[1])
        adjusted = self.adjusted[kind][group].sum(axis=0) if together else none
        amount, raised = self.money[kind][group].sum(axis=0), none
        if kind == "revenue":
            amount = amount - self.held[group].sum(axis=0)
            raised = self.earned[group].sum(axis=0)
        decided = self.decisions.raised({self.names[b] for b in group}, kind)
        return Purse(
            self._name(group, kind),
            frozenset(group),
            kind,
            rows,
            weight,
            contracts,
            adjusted,
            np.maximum(-decided, 0.0),
            amount,
            raised + np.maximum(decided, 0.0),
            received,
            float(self.opening[group].sum()),
            self.carry_max[group].sum(axis=0),
            self.overdraw[group].sum(axis=0) if kind == "revenue" else np.zeros(self.shape[1]),
            self.lines[kind][group].max(axis=0) if len(group) == 1 else self._first_line(group),
        )

    def _first_line(self, group: list[int]) -> Array:
        lines: Array = self.lines["revenue"][group[0]]
        return lines

    def _name(self, group: list[int], kind: str) -> str:
        if len(group) > 1:
            return f"pools {', '.join(repr_of(self.names[b]) for b in group)} together"
        money = {"revenue": "", "recurrent": "recurrent money of ", "capital": "capital of "}
        return f"{money[kind]}pool {repr_of(self.names[group[0]])}"

    def _weights(self, group: list[int], kind: str) -> tuple[Array, Array]:
        """Programmes whose cost these pools pay, and the least share they pay of each."""
        funds = _of_any(self._funds, group)
        homed = _of_any(self._homed, group)
        near = np.unique(np.concatenate([homed, self.funded[funds], self._unfunded]))
        chosen = self.capital[near] if kind == "capital" else ~self.capital[near]
        chosen = chosen & self.recurrent[near] if kind == "recurrent" else chosen
        weight = (np.isin(self.home[near], group) & chosen)[:, None] * self.own[near] * 1.0
        if len(self.funded) and kind != "capital":
            part = self._least_part(near, group)
            weight = np.where(self.shared[near] & chosen[:, None], part, weight)
        weight[weight < _NOTHING] = 0.0
        some = weight.any(axis=1)
        return near[some], weight[some]

    def _least_part(self, near: Array, group: list[int]) -> Array:
        """Least share that some pools pay of each of some programmes, by their funding."""
        least, others = np.zeros((2, len(near), self.shape[1]))
        rows = _of_any(self._funding_of, near.tolist())
        at, here = np.searchsorted(near, self.funded[rows]), np.isin(self.funder[rows], group)
        np.add.at(least, at[here], self.share_min[rows[here]])
        np.add.at(others, at[~here], self.share_max[rows[~here]])
        return np.asarray(np.clip(np.maximum(least, 1.0 - others), 0.0, 1.0))

    def investors(self) -> list[int]:
        """Pools whose capital pays for something."""
        found = set(self.home[self.capital].tolist())
        found |= {self.place[p] for p in self.decisions.capital() if p in self.place}
        return sorted(found)

    def linked(self) -> list[frozenset[int]]:
        """Pools joined by transfers, and by programmes they fund together."""
        funders: dict[int, set[int]] = {}
        for i, b in zip(self.funded.tolist(), self.funder.tolist(), strict=True):
            funders.setdefault(i, set()).add(b)
        shared = [frozenset(group) for group in funders.values()]
        moved = _components(self.shape[0], [set(pair) for pair in self.pairs])
        every = _components(self.shape[0], [*map(set, moved), *map(set, shared)])
        groups = dict.fromkeys([*shared, *moved, *every])
        return sorted((g for g in groups if len(g) > 1), key=lambda g: (len(g), sorted(g)))


def _of_any(positions: dict[int, Array], group: Iterable[int]) -> Array:
    """Positions of all members of a group together, in order."""
    found = [positions[b] for b in group if b in positions]
    return np.sort(np.concatenate(found)) if found else _NONE


def repr_of(name: str) -> str:
    """Name in quotes."""
    return f"'{name}'"


def _components(size: int, links: list[set[int]]) -> list[frozenset[int]]:
    ends = [(min(link), b) for link in links for b in link]
    one, other = np.array(ends, dtype=np.int64).reshape(-1, 2).T
    matrix = sp.coo_array((np.ones(len(ends)), (one, other)), shape=(size, size))
    _, group = connected_components(matrix, directed=False)
    parts = positions_of(group).values()
    return [frozenset(part.tolist()) for part in sorted(parts, key=lambda part: int(part[0]))]


def purses(draft: Draft, agreements: Agreements, decisions: Decisions) -> Iterator[Purse]:
    """Every pool alone and with those it shares money with; capital and recurrent apart.

    Parameters
    ----------
    draft : Draft
        With whole tables.
    agreements : Agreements
        Contracts of the draft.
    decisions : Decisions
        Options of the draft.
    """
    reader = _Reader(draft, agreements, decisions)
    assert draft.settings is not None
    every = range(len(reader.names))
    for b in every:
        yield reader.purse([b], "revenue")
    for b in reader.investors():
        yield reader.purse([b], "capital")
    if draft.settings.recurrent_balance:
        for b in every:
            yield reader.purse([b], "recurrent")
    for group in reader.linked():
        yield reader.purse(group, "revenue")
