"""Groups of options of which only so many may be taken in a year."""

from __future__ import annotations

from dataclasses import dataclass, field

from allocator.instance.tables.lists import names_in
from allocator.instance.tables.rows import Rows

_ONE_AT_A_TIME = ("at_most_one", "exactly_one")


@dataclass
class Group:
    """Options of which only so many may be taken in a year.

    Attributes
    ----------
    name, choose : str
    most : int
        Most that may be taken in a year; as many as there are for ``any``.
    members : list of int
        Positions in the options table, by line.
    """

    name: str
    choose: str
    most: int
    members: list[int] = field(default_factory=list)

    @property
    def one_at_a_time(self) -> bool:
        """Whether no two of its options are ever taken together."""
        return self.choose != "any" and self.most == 1


def groups_of(options: Rows) -> dict[str, Group]:
    """Groups by name, in the order of the file; the first row of a group says what it allows."""
    found: dict[str, Group] = {}
    rows = options.tuples(("group", "choose", "most"))
    for position in options.by_line:
        words, choose, most = rows[position]
        for name in names_in(words):
            if name not in found:
                limit = 1 if choose in _ONE_AT_A_TIME else most
                found[name] = Group(name, choose, len(options) if choose == "any" else limit)
            found[name].members.append(position)
    return found


def payers_of(options: Rows, programmes: Rows) -> list[str]:
    """Pool that pays for each option, its own or its programme's; blank where unknown."""
    home = dict(programmes.tuples(("programme", "pool")))
    return [pool or home.get(name, "") for pool, name in options.tuples(("pool", "programme"))]
