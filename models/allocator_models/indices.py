"""What the indices of components are, so that a rule says what it is indexed by.

While a rule is recorded as a template an index stands for all members at once; otherwise it is a
label of these types. A letter means the same in every rule, p apart, whose type says which:

i, h : Programme        t, s : Year (s also the year a run starts in, e the one it ends in)
b, p, q : Pool          c, d : Contract
k : Outcome             j : Rule or Condition
r, p : Resource, Place  p : Provider
o : Option              n : Segment, Piece, Level, Block or Order
"""

from __future__ import annotations

from typing import Any, NewType, TypeAlias

Programme = NewType("Programme", str)
Year = NewType("Year", int)
Pool = NewType("Pool", str)
Outcome = NewType("Outcome", str)
Contract = NewType("Contract", str)
Provider = NewType("Provider", str)
Resource = NewType("Resource", str)
Place = NewType("Place", str)
Option = NewType("Option", str)
Choice = NewType("Choice", str)
"""What a row between runs says: a group, a link, or an option once at a time."""
Rule = NewType("Rule", str)
Condition = NewType("Condition", str)
"""An income, or a part of one."""
Segment = NewType("Segment", int)
"""Number of a straight piece of the curves of a programme, from 1."""
Piece = NewType("Piece", int)
"""Number of a straight piece of a payment, from 1."""
Block = NewType("Block", int)
"""Number of a block of segments or pieces that need no order among themselves, from 1."""
Level = NewType("Level", int)
"""Number of a way in which an option multiplies a figure, from 1."""
Order = NewType("Order", int)
"""Number that says which held lines give way before others."""
Source = NewType("Source", object)
"""A year that stranded cost comes from, or ``baseline``."""

Expression: TypeAlias = Any
"""Variables times numbers, added up."""
Relation: TypeAlias = Any
"""A row: one expression at most, at least or equal to another."""
