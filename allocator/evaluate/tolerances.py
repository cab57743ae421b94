"""How closely the check looks: every tolerance it has, each with its reason.

They are the check's own, as all of it is: none is shared with the model or the solver.
"""

from __future__ import annotations

DEFAULT_TOLERANCE = 1e-7
"""Violation, relative to the size of its row, up to which a row counts as kept that is not money.

It is what writing a figure with seven digits does to it; what rounding leaves in a solved plan lies
below. Money is judged by the penny (:data:`PENNY`).
"""

DOUBLES = 16 * 2.0**-52
"""Share of the money there is that adding it up in doubles may lose: 0.1 and 0.2 fit into 0.3.
Relied on by every row of money, beside its penny; a penny is 1 in DOUBLES of three trillion."""

NATURAL_SHARE = 1e-3
"""Least share of the natural size of a thing on which a row about it is measured.

With the default tolerance, rounding of a billionth of a service or a pool is then not a
violation of a limit of nothing. Relied on by every row with a natural size.
"""

SMALLEST_SIZE = 1e-9
"""Least size a row is measured on, so that a row of nothing but noughts divides by something."""

REACHED = 1e-7
"""Share of a threshold by which it may be missed and still counts as reached.

A solver that earns a step or an income stops at its threshold, give or take its own
tolerance. Relied on by bonus steps of contracts and by conditional money.
"""

SAME = 1e-9
"""Share of a figure by which two that are the same may differ.

Relied on by the words for where a contract stands (at its baseline, on budget), and by rows of a
plan that are a total of the others.
"""

PENNY = 0.01
"""Money, in currency, by which a row of money may be missed and counts as kept, and by which the
steps of a bridge may miss what they explain unless asked otherwise."""

NO_STEP = 1e-6
"""Currency up to which a step of a bridge is left out, as the rounding it is."""

ADDING_UP = 1e-12
"""Share of a figure that adding up its parts may lose: a bridge in billions, to a penny."""

SMALLEST_POOL = 1e-9
"""Least size of a pool beside the largest one, when what a plan leaves open is settled.

Rows of that small programme are measured in the size of their pool; one without money would
be measured in nothing.
"""

SETTLED = 1e-10
"""How exactly that small programme keeps its rows: far within what a plan is judged by."""

OUTDATED = 1e-6
"""Share of a figure by which one that follows from activity may differ from it in a plan folder.

A folder is written to the last digit and may be rounded by a spreadsheet; beyond that the row
is a copy of another plan. Relied on by what an evaluation works out anew.
"""

FAR = 10.0
"""Times that a figure of a plan is another from which it may be another thing altogether.

Services grow by tenths; unit costs are tens to thousands. With OFF and NEAR relied on by the note
that figures read as activity look like money, and the reverse.
"""

OFF, NEAR = 1.5, 1.25
"""Times a figure must at least be what it is read as, and at most what it may mean, to look like
the latter: a plan changes a line by less."""
