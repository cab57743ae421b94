"""What would have to give way for there to be a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Missing:
    """Something that would have to be set otherwise, and by how much.

    Attributes
    ----------
    kind : str
        ``pool`` or ``capital`` (money), ``capacity``, ``rule``, ``limit`` (of activity),
        ``need`` (to be met), ``deficit`` (a provider may run) or ``ceiling`` (of a contract).
    name : str
        Pool, resource with its place, rule, programme, provider or contract.
    year : int or None
        Plan year.
    amount : float
        How much, in its unit.
    unit : str
        ``money`` for the instance's money unit; else the planner's own unit, or blank.
    price : float
        Money per unit at which it was weighed against others.
    what : str
        What would have to be set otherwise, in words.
    more : bool
        Whether it would have to be higher.
    value : float or None
        For a rule whose figure is a share, a ratio, growth or an amount a head: by how much
        that figure would have to move, which comes to `amount`.
    basis : str
        Basis of such a rule; blank for others.
    """

    kind: str
    name: str
    year: int | None
    amount: float
    unit: str
    price: float
    what: str
    more: bool
    value: float | None = None
    basis: str = ""


@dataclass(frozen=True)
class Shortfall:
    """The least that would have to give way for there to be a plan.

    Attributes
    ----------
    way : str
        ``money``, ``capacity`` or ``rule``, where that alone is enough; else ``mix``, of all.
    missing : tuple of Missing
        One way to share the least out: with these amounts there is a plan.
    total : float
        All of it, in money.
    least : float
        Proved: less than this is not enough.
    enough : bool
        Whether the amounts are proved to be enough; otherwise they are no more than a least.
    """

    way: str
    missing: tuple[Missing, ...]
    total: float
    least: float
    enough: bool

    @property
    def exact(self) -> bool:
        """Whether the amounts are both enough and the least."""
        return self.enough and self.least >= self.total

    def to_dicts(self) -> list[dict[str, Any]]:
        """One record for each thing that is missing."""
        keys = ("kind", "name", "year", "amount", "unit", "what", "value", "basis")
        common = {"way": self.way, "at_least": not self.exact, "least_total": self.least}
        return [{key: getattr(m, key) for key in keys} | common for m in self.missing]
