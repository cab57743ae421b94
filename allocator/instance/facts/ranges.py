"""What each programme can reach, and what leaves it nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from allocator.arrays import Floats


@dataclass(frozen=True)
class Money:
    """What the money of a pool in a year can be made of at most."""

    amount: float
    raised: float
    transferred: float
    carried: float
    owed: float

    @property
    def total(self) -> float:
        """All of it together."""
        return self.amount + self.raised + self.transferred + self.carried + self.owed


@dataclass(frozen=True)
class Collision:
    """Bounds of a programme that leave no activity in a year.

    Attributes
    ----------
    programme, year : int
        Positions.
    lo, hi : float
        What it must be at least and can be at most.
    floor, ceiling : list of (table, line)
        Rows each bound comes from, the nearest first.
    """

    programme: int
    year: int
    lo: float
    hi: float
    floor: list[tuple[str, int]]
    ceiling: list[tuple[str, int]]


@dataclass(frozen=True)
class Shortage:
    """Least use of a pool, a resource or a contract that together is more than there is.

    Attributes
    ----------
    table, line : str, int
        Row that says how much there is.
    name : str
        Pool, pools, resource or contract.
    year : int
        Position of the plan year.
    needed, available : float
        In money, or in the resource's unit.
    claims : list of (str, float)
        What needs it and how much each, largest first.
    unit : str
        Unit of a resource.
    money : Money or None
        What the available money is made of; None for a resource or contract.
    """

    table: str
    line: int
    name: str
    year: int
    needed: float
    available: float
    claims: list[tuple[str, float]]
    unit: str = ""
    money: Money | None = None


@dataclass(frozen=True)
class Ranges:
    """Bounds by programme and year, and what made them impossible.

    Attributes
    ----------
    lo, hi : ndarray, shape (programmes, years)
        Activity.
    driver_lo, driver_hi : ndarray, shape (programmes, years)
        Activity, or met need for a programme with demand.
    free_lo, free_hi : ndarray, shape (programmes, years)
        Activity if money were no limit. Payments are read on it: a range that rests on what a
        pool can pay holds only while the payment stands in the programme as it is. The same as
        `lo` and `hi` in a round without contracts.
    collisions : list of Collision
    shortages : list of Shortage
    """

    lo: Floats
    hi: Floats
    driver_lo: Floats
    driver_hi: Floats
    free_lo: Floats
    free_hi: Floats
    collisions: list[Collision] = field(default_factory=list)
    shortages: list[Shortage] = field(default_factory=list)
