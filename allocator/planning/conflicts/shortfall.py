"""How much is missing: the least that would have to give way for there to be a plan.

Asked in turn: does money alone do, does capacity alone, do rules alone, and where none of them
does, what does the cheapest mix of everything a planner set come to. Every answer is of a
programme whose ranges hold whatever gives way, so that what follows from the money there is does
not stand in the way of more of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from allocator.data import Data, extract
from allocator.data.parts import Knots
from allocator.instance.facts.wider import Room, Wider
from allocator.instance.instance import Instance
from allocator.plan import Missing, Shortfall
from allocator.planning.conflicts.giving import CAPACITY, EVERYTHING, MONEY, RULES, Givings, Kinds
from allocator.planning.conflicts.own_units import in_own_units
from allocator.planning.conflicts.phrases import member_of, phrase
from allocator.planning.formulation import model_of
from allocator.planning.request import Request
from allocator.solver.compile.compiler import compile_model
from allocator.solver.elastic import Elastic, Given, Giving
from allocator.solver.program import Program
from allocator.tolerances import IN_RAY, NO_SHORTFALL

ROOMS = (0.02, 0.5, 10.0)
"""Money that may be added to each pool and year, over all money of a year, tried in turn: ranges
stay as narrow as the answer lets them."""

SHARE = 0.5
"""Share of the time left that one search for whole decisions may take."""

NODES = 5000
"""Most nodes of one search."""

LEAST_SECONDS = 2.0
"""Seconds that each linear programme has at least: amounts are given however late it is."""


@dataclass(frozen=True, eq=False)
class Proof:
    """What proves that there is no plan, decisions taken in part or not."""

    program: Program
    given: Given

    def members(self) -> tuple[list[int], list[int]]:
        """Rows, and columns whose bounds take part."""
        brought = self.given.rows, self.given.columns
        most = max(float(part.max(initial=0.0)) for part in brought)
        rows, columns = (np.flatnonzero(part > IN_RAY * most).tolist() for part in brought)
        return rows, columns


class Shortfalls:
    """Least shortfalls of one infeasible round.

    Parameters
    ----------
    instance : Instance
        With its evidence chosen.
    request : Request
    knots : dict of (programme, year) to ndarray
        Where curves are cut.
    seconds : float
        For all of it.

    Attributes
    ----------
    proof : Proof or None
        Of the linear programmes in which something was missing, the shortest; None where decisions
        taken in part would keep everything.
    """

    def __init__(self, instance: Instance, request: Request, knots: Knots, seconds: float) -> None:
        self._instance, self._request, self._knots = instance, request, knots
        self._until = time.monotonic() + seconds
        self.proof: Proof | None = None

    def find(self) -> tuple[Shortfall, ...]:
        """By money, by capacity and by rules alone, as far as they do; else by the least mix."""
        alone = {"money": MONEY, "capacity": CAPACITY, "rule": RULES}
        ways = [self._way(name, kinds) for name, kinds in alone.items()]
        found = tuple(way for way in ways if way is not None)
        if found:
            return found
        mix = self._way("mix", EVERYTHING)
        return () if mix is None else (mix,)

    def _prove(self, proof: Proof) -> None:
        sizes = [sum(map(len, p.members())) for p in (proof, self.proof) if p is not None]
        if sizes[0] == min(sizes):
            self.proof = proof

    def _left(self) -> float:
        return max(0.0, self._until - time.monotonic())

    def _way(self, name: str, kinds: Kinds) -> Shortfall | None:
        """The least of some kinds; None where no amount of them does."""
        money = "pool" in kinds
        for share in ROOMS if money else (0.0,):
            room = Room(share * self._yearly, "capacity" in kinds, "limit" in kinds)
            data, program = self.wider(room)
            makes = Givings(self._instance, data, program)
            givings = makes.of(kinds)
            if not givings:
                return None
            elastic = Elastic(program, givings, self._request.threads)
            given = elastic.relaxed(max(self._left(), LEAST_SECONDS))
            if given is None or (money and given.total > room.money):
                continue
            rounding = NO_SHORTFALL * makes.yearly
            if given.total > rounding:
                self._prove(Proof(program, given))
            if program.integer.any():
                given = elastic.whole(given, SHARE * self._left(), NODES)
                if given is None or (money and given.total > room.money):
                    continue
            if given.total <= rounding and given.whole:
                return None
            return self._told(name, given, givings, room, rounding)
        return None

    @property
    def _yearly(self) -> float:
        budgets, spent = self._instance.facts.budgets, self._instance.facts.base_spend
        received = (budgets.revenue + budgets.capital).sum(axis=0).max(initial=0.0)
        return max(float(received), float(spent.sum()), 1.0)

    def wider(self, room: Room, instance: Instance | None = None) -> tuple[Data, Program]:
        """The round, or another of the same shape, with ranges that hold within some room."""
        i = instance or self._instance
        wide = Instance(i.settings, i.tables, i.origin, i.warnings, Wider(i.facts, room))
        data = extract(wide, self._knots)
        model = model_of(data, self._request.formulation, self._request.extra)
        return data, compile_model(model)

    def _told(
        self, way: str, given: Given, givings: list[Giving], room: Room, rounding: float
    ) -> Shortfall:
        missing = [m for m in self._missing(given, givings) if m.amount * m.price > rounding]
        missing = in_own_units(missing, self._instance, given.x, room, self.wider)
        missing.sort(key=lambda m: (m.year or 0, -m.amount * m.price))
        return Shortfall(way, tuple(missing), given.total, given.least, given.whole)

    def _missing(self, given: Given, givings: list[Giving]) -> Iterator[Missing]:
        for giving, amounts in zip(givings, given.amounts, strict=True):
            for k in np.flatnonzero(amounts > 0).tolist():
                at = int(giving.at[k])
                member = member_of(giving.block, at)
                _, words = phrase(giving.block, at, self._instance)
                place = giving.kind == "capacity" and member.names[1]
                yield Missing(
                    kind=giving.kind,
                    name=f"{member.names[0]} in {place}" if place else member.names[0],
                    year=member.year,
                    amount=float(amounts[k]),
                    unit=self._unit(giving.kind, member.names[0]),
                    price=float(giving.weight[k]),
                    what=words,
                    more=self._more(giving),
                )

    def _more(self, giving: Giving) -> bool:
        """Whether the figure that a planner set would have to be higher."""
        of = giving.block.name
        if of in ("rule_min", "rule_max", "rule_equal", "activity"):
            return giving.side == "upper"
        return of not in ("growth_min", "first_growth", "limit_least")

    def _unit(self, kind: str, name: str) -> str:
        """Unit of an amount; ``money`` for money."""
        rows = self._instance.rows
        if kind == "capacity":
            units = dict(rows["resources"].tuples(("resource", "unit")))
        elif kind in ("limit", "need"):
            units = dict(rows["programmes"].tuples(("programme", "unit")))
        elif kind == "rule":
            units = {name: self._rule_unit(name)}
        else:
            return "money"
        return str(units.get(name, ""))

    def _rule_unit(self, name: str) -> str:
        rows = self._instance.rows
        rules = rows["rules"].tuples(("rule", "measure", "outcome"))
        measure, outcome = next((m, o) for rule, m, o in rules if rule == name)
        if measure == "outcome":
            return str(dict(rows["outcomes"].tuples(("outcome", "unit"))).get(outcome, ""))
        return "" if measure in ("activity", "unmet") else "money"
