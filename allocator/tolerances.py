"""How near is near enough: every tolerance, with its reason and who relies on it.

The independent checker keeps its own (``allocator.evaluate``), so that a tolerance that is wrong
here is noticed there. Figures without a unit are shares of what they are compared with.
"""

from __future__ import annotations

# What a solver can hold

INFINITE = 1e20
"""Figures of this size and beyond mean none. HiGHS takes them for infinite, so reading refuses
them, the compiler and the resolver make them infinite."""

LARGE = 1e15
"""Figures of this size are beyond what doubles can tell apart by a unit, and HiGHS refuses
coefficients from here. Reading refuses larger figures; programmes and the resolver too."""

SMALLEST = 1e-9
"""Figures of a round nearer to 0, 0 itself apart: HiGHS takes coefficients below it for 0 unless
told otherwise. Reading refuses them."""

SMALL = 1e-12
"""Coefficients of this size and below, in the programme's own units, cannot be sent to HiGHS,
whose smallest setting this is. Programmes and the resolver refuse them; the compiler leaves out
those that :data:`UNMOVED` allows; an effect between programmes that has faded so far is none."""

UNFELT = 1e-12
"""Coefficients below this, in scaled units where the largest of a row is near 1, cannot be told
from nothing: doubles end four digits on. Scaling leaves them out, and HiGHS is told to."""

UNMOVED = 1e-9
"""How far a coefficient too small to send may move its row over the whole range of its column and
still be the residue of a subtraction. The compiler leaves it out."""

WIDEST_SPREAD = 1e9
"""Ratio of money in one pool from which the smaller figure blurs: the tolerance of a row is
relative to its largest term. The check of programmes warns."""

ENDLESS = 1e30
"""Stands for infinity where infinity times nothing would be no number: beyond every figure that
can be read, and far from overflowing. Facts about need and agreements."""

NO_SIZE = 1e-300
"""Stands for the size of nothing at all, so that a ratio to it is a number. Pieces of
payments, faces of stages, prices of limits."""


# When figures of a round are the same

ROUNDING = 1e-9
"""Share by which figures that are the same may differ: seven digits above what doubles lose in the
sums of a round, far below what a planner writes. Shares that add up to one, marks that money
reaches, slopes that rise, cuts of a curve that are one, moves of a plan that are none: checks,
facts about purses, data, comparisons, reports."""

NO_DISTANCE = 1e-9
"""Distances of activity or money below this, in their own unit, are rounding: a solver could not
tell, and none is meant. Data (``distinct``), which most rows with a distance in them go through."""

RESIDUE = 1e-12
"""Share, or coefficient, that is left where figures should have cancelled: a thousand times what
doubles lose in one subtraction. Facts about costs, pieces of payments, terms of
options, places where a curve is cut again, prices of limits, effects that have faded."""

SETTLED = 1e-12
"""Share by which the last step of an iteration must still move something for it to go on: where
more steps only shift the last digits. The check of money pumps, breakpoints of curves."""

CANCELLED = 1e-14
"""Share of its parts below which a sum of coefficients is nothing: no more than doubles lose in a
sum of ten terms, because a small difference may be meant. Terms of rules."""

NOT_MISSED = 1e-7
"""Share of the sides of a soft rule by which it may be off and is not told as missed: what the
judge lets a hard one be off that is not about money. Reports."""

SEGMENT_SHARES = 1e-6
"""How far shares of people by segment may miss one: they are written with few digits. The check of
segments."""

STEP = 1e-9
"""Share by which a bound must move to count as moved: smaller steps would go on for ever. Ranges
that can be reached."""

COLLISION = 1e-7
"""Share by which what is demanded must exceed what there is before a round is refused: a hundred
times :data:`STEP`, so that what propagation leaves undone refuses nobody. Ranges that can be
reached, pools."""

FAINT = 1e-9
"""Slopes of a chord of this size and below are flat: HiGHS drops them (:data:`SMALLEST`).
Responses."""


# Room around what can be reached

ROOM = 1e-3
"""How far beyond what can be reached a bound lies that must be tight, as a share of it: enough
that rounding never touches it, little enough that the relaxation gains nothing. Data."""

BEYOND = 1e-3
"""How far beyond what can be reached the first and last piece of a payment go, as a share of the
range. Payments."""

LEAST_BEYOND = 1e-6
"""The same where the range is narrow, as a share of its end. Payments."""

SEEN = 1e-5
"""How far from the end of what can be reached a step of a payment still counts, as a share of the
figures themselves, where the range is narrow. Contracts by outcome."""

BAND = 1e-6
"""Left out just below a step of a payment, as a share of its threshold: ten times what the check
forgives. Payments."""

ONE_KINK = 1e-7
"""Kinks of a payment nearer than this share of the range are one: a piece between them would be
narrower than what a solver can tell. Pieces of payments."""


# How closely chords follow a curve

ERROR_SHARE = 1e-3
"""Most a chord may miss, as a share of the change in effect over the range; certificates add what
chords may miss, so that a plan stays proved. Curves."""

NEAR_NOTHING = 1e-6
"""One chord serves a power curve, vertical at nothing, below this share of its range, and a
saturating curve where less than this share of its slope is left. Curves."""

STRAIGHT = 1e-9
"""Bend, over its change in effect, below which a curve is a straight line. Curves that steepen."""


# What is asked of HiGHS, and believed

FEASIBILITY = 1e-9
"""How far rows, bounds and reduced costs may be off in a scaled programme; HiGHS's own 1e-7 lets
presolve call small rows infeasible. The door to HiGHS, and what fits as a start."""

SEARCH = 1e-7
"""Tolerance of branch and bound, scaled: at 1e-9 it has been seen to prune the best plan. Values
come from the linear programme with the decisions fixed, kept to the penny; decisions that leave it
no solution are cut off and the search goes on. Search."""

LOOSER = 1e-6
"""Tolerance at which branch and bound is asked again when it refuses its own answer. Search."""

DOUBLES = 2.0**-49
"""Share of the terms of a row by which it may be missed and still be kept as exactly as doubles
hold its columns: eight times what rounding one term to the nearest double takes. Refinement of
solutions."""

LOOKED_AT = 1e-9
"""Share of the terms of a row within which its sides are measured without rounding. Farther off
they cannot be felt. Refinement of solutions."""

FIRST_ORDER = 1e-8
"""Tolerance of the first-order algorithm, which is as far as it gets in reasonable time; its result
is measured and polished (:data:`EXACT`). The door to HiGHS."""

SOUND = 1e-6
"""Violation, scaled, above which a solution in whole numbers is none. Reading of solutions."""

START_GAP = 0.01
"""Gap at which a start is completed well enough: the search goes on from it. Search."""

EMPTY_ROW = 1e-9
"""How far the side of a row without variables may leave 0 out and be rounding. Programmes."""

LEAST_TERMS = 1e-9
"""Size of the terms of a row below which its violation counts as it is. Residuals."""

IN_RAY = 1e-9
"""Share of the largest price in a dual ray from which a row or bound takes part. Conflicts."""


SHORTFALL_GAP = 1e-6
"""Share of the least that must give way to which whole decisions are sought, in price: a pound in a
million. The least shortfall."""

NO_SHORTFALL = 1e-9
"""What gives way by less than this share of all money of a year, in price, is rounding: pounds of a
billion, which is what rows are solved to (:data:`FEASIBILITY`). The least shortfall."""


# Stages of a solve

GAP = 2.5e-4
"""Share of the weighted outcomes gained to which the decisions of a plan are proved best unless
asked otherwise; of the whole objective, as HiGHS counts, it would be large money on a national
budget, and penalties avoided would make it large where a soft rule is broken. Requests, stages."""

GAP_FLOOR = 1e-8
"""The least that may be missing where next to nothing is gained, as a share of the weighted
outcomes of the reference plan: a search could not tell less apart. Stages."""

REFERENCE_GAP = 1e-7
"""Gap to which the decisions of the reference plan are sought, in pounds moved: all gains are
measured against it. Stages."""

CALM_GAP = 1e-2
"""Gap to which the decisions of a calmer plan are sought, in pounds moved: it is a choice among
plans as good. Stages."""

FACE_TOLERANCES = (1e-9, 1e-11, 1e-13)
"""Reduced costs and prices above this share of the terms they are made of hold on an optimal face,
tried in turn: the first on which no earlier stage loses more than :data:`ROUNDED`, or a
:data:`PENNY` of money, is taken. Stages."""

ROUNDED = 1e-13
"""What the terms of an objective, added up, may lose to rounding: a hundred times what doubles lose
in one addition, as they lose it in a sum of many. A later stage gives up no more. Stages."""

KEPT_SHARE = 1e-9
"""How far a calmer plan may miss the share of the gain that was asked for. Stages."""

EXACT = 1e-7
"""Residuals and gap above which the result of another algorithm than the simplex method is solved
again. Stages."""

DOUBT = 1e-6
"""Residuals above which a solution is not believed and a second opinion sought: what the check
would not forgive. Stages."""

LITTLE = 1e-5
"""Share of what there is by which something is moved to see what a little more or less is worth:
ten thousand times what a solver may be off, far less than a planner would move. Prices."""

SAME_PRICE = 0.05
"""Share by which a price may change and still hold: chords change slope where curves do not, and
nobody decides on less. Ranges of prices, words of what binds."""

AT_SIDE = 1e-7
"""Share of its size up to which something has nothing to spare: above what a solver may be off in
scaled units. Prices."""

NO_PRICE = 1e-9
"""Share of the objective below which what all there is of something would be worth is rounding;
also how closely a value must lie on a line to be on it. Prices."""

ABOVE = 1e-6
"""Share of the objective by which a plan must be worth more than a price says, to end its range:
what a search may be off; ten and a hundred times that where it was further off. Ranges."""

PRICED_NEAR = 1e-2
"""Share of the objective by which a programme made for prices may differ from the plan it prices:
it cuts curves elsewhere. Prices."""

PENNY = 0.01
"""The least sum of money, in currency. A decision counts for one beyond what it costs, on the way
to the reference plan and to a calm one (stages); by one the steps of a plan's bridge may miss what
they explain (certification)."""

MILL = 0.001
"""A tenth of a penny, in currency: how far a row of money may be missed where nothing meets it to
the last digit, as figures that were rounded when they were written do. Stages."""

AGREEMENT = 1e-6
"""How closely the checker's objective must lie within what the programme claims, as a share of the
objective: what the checker forgives a rule. Certification."""

CURVED = 1e-12
"""Added to what curves may add to a bound, so that the rounding of its sum is on the safe side.
Certificates."""


# What a reader is not told

NOT_WORTH_TELLING = 1e-4
"""Share of the gain below which what could be missing is told as a share and not in units: no
figure of a round is known that closely. Words of the proof."""

NOT_WORTH_A_CLAUSE = 1e-6
"""Share of what outcomes gain below which the rest of the gain is not mentioned. Headlines."""

SAME_OUTCOME = 1e-3
"""Share of an outcome by which it must differ from rolling forward for that to be told as a
difference. The summary."""
