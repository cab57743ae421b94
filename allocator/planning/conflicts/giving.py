"""What planners set and could set otherwise: which rows and bounds may give way, at what price.

A price is in money, so that amounts of different kinds can be weighed: money at its own,
activity at its unit cost, capacity at the least cost of the activity that a unit lets be done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from allocator.arrays import Flags, Floats, Ints
from allocator.data import Data
from allocator.instance.instance import Instance
from allocator.solver.elastic import Giving
from allocator.solver.program import Block, Program

Kinds = tuple[str, ...]

MONEY: Kinds = ("pool", "capital")
CAPACITY: Kinds = ("capacity",)
RULES: Kinds = ("rule",)
EVERYTHING: Kinds = (*MONEY, *CAPACITY, *RULES, "limit", "need", "deficit", "ceiling")


class Givings:
    """What may give way in one programme.

    Parameters
    ----------
    instance : Instance
    data : Data
    program : Program
        Of these data.
    """

    def __init__(self, instance: Instance, data: Data, program: Program) -> None:
        self._instance, self._data, self._program = instance, data, program
        price = data.activity.price
        some = price[price > 0]
        self._price: Floats = np.where(price > 0, price, some.min() if some.size else 1.0)

    @property
    def yearly(self) -> float:
        """Most money of a year: of the pools, or of the baseline where that is more."""
        money = self._data.money
        received = (money.amount + money.capital).sum(axis=0).max(initial=0.0)
        spent = float(np.sum(self._data.activity.unit_cost * self._data.activity.baseline))
        return max(float(received), spent, 1.0)

    def of(self, kinds: Kinds) -> list[Giving]:
        """All that is of some kinds, in their order."""
        make: dict[str, Callable[[], Iterator[Giving]]] = {
            "pool": self._pools,
            "capital": lambda: self._rows("capital", "capital_pool", _one),
            "capacity": lambda: self._rows("capacity", "capacity", self._capacity),
            "rule": self._rules,
            "limit": self._limits,
            "need": self._need,
            "deficit": lambda: self._rows("deficit", "position", _one),
            "ceiling": lambda: self._rows("ceiling", "block_ceiling", _one),
        }
        return [giving for kind in kinds for giving in make[kind]() if len(giving)]

    def _rows(
        self, kind: str, name: str, weight: Callable[[Block], Floats], some: Flags | None = None
    ) -> Iterator[Giving]:
        """Rows of one family, each side that they have."""
        block = self._program.block(name)
        if block is None or block.index is None or not len(block):
            return
        mine = np.arange(block.start, block.stop)
        keep = np.ones(len(mine), dtype=bool) if some is None else some
        for side, ends in (
            ("lower", self._program.row_lower),
            ("upper", self._program.row_upper),
        ):
            at = keep & np.isfinite(ends[mine])
            yield Giving(kind, block, mine[at], side, weight(block)[at])

    def _pools(self) -> Iterator[Giving]:
        """Money that comes every year: in the pool, and in its recurrent balance."""
        lasting = self._program.block("recurrent_pool")
        for giving in self._rows("pool", "pool", _one):
            also: tuple[Ints, ...] = ()
            if lasting is not None and lasting.index is not None and giving.block.index is not None:
                of = giving.block.index.take(giving.at - giving.block.start)
                found = lasting.index.find(of.columns)
                also = (np.where(found >= 0, lasting.start + found, -1),)
            yield Giving("pool", giving.block, giving.at, giving.side, giving.weight, also=also)

    def _capacity(self, block: Block) -> Floats:
        """Least cost of the activity that a unit lets be done."""
        capacity = self._data.capacity
        *row, i = capacity.use_rows.columns
        each = self._price[i, row[2]] / capacity.use
        least = np.full(len(capacity.rows), np.inf)
        np.minimum.at(least, capacity.rows.positions(row), each)
        least = np.where(np.isfinite(least), least, 1.0)
        assert block.index is not None
        found: Floats = least[capacity.rows.positions(block.index.columns)]
        return found

    def _activity(self, block: Block) -> Floats:
        """Unit cost of the programme in the year."""
        assert block.index is not None
        i, t = block.index.columns[:2]
        found: Floats = self._price[i, t]
        return found

    def _rules(self) -> Iterator[Giving]:
        """Hard rules: money at its own price, activity at its mean unit cost, outcomes as if all
        that is asked of them cost the money of a year."""
        rules = self._data.rules
        hard = np.isnan(rules.penalty.astype(float))
        weight = self._rule_weights()
        for name in ("rule_min", "rule_max", "rule_equal"):
            block = self._program.block(name)
            if block is None or block.index is None or not len(block):
                continue
            at = rules.rows.positions(block.index.columns)
            mine = weight[at]
            yield from self._rows("rule", name, partial(_same, mine), hard[at])

    def _rule_weights(self) -> Floats:
        rules = self._data.rules
        row, _, _ = self._instance.facts.by_year("rules").in_force
        measure = self._instance.rows["rules"].take(row)["measure"]
        weight = np.ones(len(rules.rows))
        for kind, terms in (("activity", rules.activity), ("unmet", rules.unmet)):
            size, worth = np.zeros((2, len(weight)))
            at = rules.rows.positions(terms.rows.columns[:2])
            each = np.abs(terms.coefficient)
            np.add.at(size, at, each)
            np.add.at(worth, at, each * self._price[tuple(terms.rows.columns[2:4])])
            mine = (measure == kind) & (size > 0)
            weight[mine] = worth[mine] / size[mine]
        bought = measure == "outcome"
        weight[bought] = self.yearly / np.maximum(np.abs(rules.right[bought]), 1.0)
        return weight

    def _limits(self) -> Iterator[Giving]:
        for name in ("growth_min", "growth_max", "first_growth", "limit_least", "limit_most"):
            yield from self._rows("limit", name, self._activity)
        block = self._program.block("activity")
        if block is None or block.index is None:
            return
        i, t = block.index.columns
        limits, first = self._instance.facts.limits, t == 0
        capped = np.isfinite(limits.most[i, t]) | (first & ~np.isnan(limits.growth_max[i, t]))
        at = np.arange(block.start, block.stop)
        floored = self._program.col_lower[at] > 0
        for side, mine in (("lower", floored), ("upper", capped)):
            yield Giving("limit", block, at[mine], side, self._activity(block)[mine], bound=True)

    def _need(self) -> Iterator[Giving]:
        yield from self._rows("need", "met_enough", self._activity)
        block = self._program.block("unmet")
        if block is not None and block.index is not None and len(block):
            at = np.arange(block.start, block.stop)
            yield Giving("need", block, at, "upper", self._activity(block), bound=True)


def _same(weight: Floats, _: Block) -> Floats:
    return weight


def _one(block: Block) -> Floats:
    return np.ones(len(block))
