"""Years linked by carried money, waiting lists and staff: a staircase."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Floats, Ints
from benchmarks.suite.families.base import Assembly, Draw, family, sizes
from benchmarks.suite.problem import Problem

YEARS = 5
SERVICES = 10
GROUPS = 4
SEGMENTS = 5
"""Plan years; services and staff groups of a place; segments of a curve."""

STAY = 0.92
TRAINING = 2
DISCOUNT = 1.035
AGENCY = 3
"""Share of staff still there a year later; years from the start of training to work;
discount factor of a year; what an agency hour costs over what an hour of activity does."""


def carryover(name: str, size: str, seed: int, places: int) -> Problem:
    """Each place a pool that carries 1%, need that waits, and staff who take years to train.

    Staff groups shrink, grow by those trained two years before, and may be topped up by
    agency staff at a price; training places are shared by all places in a year. Always
    feasible, since everybody may wait, and bounded.
    """
    draw = Draw("carryover", seed)
    made = Assembly()
    base = draw.whole(20, 400, places, SERVICES)
    price = draw.whole(2, 90, places, SERVICES)
    activity = _services(made, draw, base, price)
    agency, trained = _staff(made, draw, activity, base)
    _pools(made, draw, (activity, price), agency, trained, (price * base).sum(axis=1))
    return made.problem(name, size, seed, status="optimal")


def _services(made: Assembly, draw: Draw, base: Ints, price: Ints) -> Ints:
    """Activity, what it buys, who waits, and how fast it may grow."""
    shape = (*base.shape, YEARS)
    width = np.maximum(base[..., None] * draw.whole(10, 40, *base.shape, SEGMENTS) // 100, 1)
    worth = np.cumsum(draw.whole(1, 9, *base.shape, SEGMENTS)[..., ::-1], axis=-1)[..., ::-1]
    weight = _weights()
    activity = made.columns(*shape)
    waiting = made.columns(*shape, cost=-2.0 * weight)
    value = (worth * price[..., None])[..., None, :] * weight[:, None]
    bought = made.columns(*shape, SEGMENTS, upper=width[..., None, :], cost=value)
    of_curve = made.rows(*shape, lower=0.0, upper=0.0)
    made.put(of_curve, activity)
    made.put(of_curve[..., None], bought, -1.0)
    arriving = base[..., None] * (100 + 2 * np.arange(1, YEARS + 1)) // 100
    arriving[..., 0] += base // 4
    queue = made.rows(*shape, lower=arriving, upper=arriving)
    made.put(queue, activity)
    made.put(queue, waiting)
    made.put(queue[..., 1:], waiting[..., :-1], -1.0)
    growth = made.rows(*base.shape, YEARS - 1, upper=(base // 20)[..., None])
    made.put(growth, activity[..., 1:])
    made.put(growth, activity[..., :-1], -1.06)
    return activity


def _weights() -> Floats:
    """Discount factors, by division only: the same on every machine."""
    weight = np.ones(YEARS)
    for year in range(1, YEARS):
        weight[year] = weight[year - 1] / DISCOUNT
    return weight


def _staff(made: Assembly, draw: Draw, activity: Ints, base: Ints) -> tuple[Ints, Ints]:
    """Staff of each group and year, what they allow, and how many may be trained."""
    places = len(base)
    shape = places, GROUPS, YEARS
    service = np.arange(SERVICES)
    uses = ((service % GROUPS, 1, 4), ((service // 2 + 1) % GROUPS, 1, 2))
    here = np.zeros((places, GROUPS), dtype=np.int64)
    staff = made.columns(*shape)
    agency = made.columns(*shape)
    enough = made.rows(*shape, upper=0.0)
    for group, least, most in uses:
        hours = draw.whole(least, most, places, SERVICES)
        for mine in range(GROUPS):
            here[:, mine] += (hours * base)[:, group == mine].sum(axis=1)
        made.put(enough[:, group, :], activity, hours[..., None])
    made.put(enough, staff, -1.0)
    made.put(enough, agency, -1.0)
    trained = made.columns(*shape, upper=(here * 6 // 100)[..., None])
    left = np.zeros(shape)
    left[..., 0] = STAY * here
    stock = made.rows(*shape, lower=left, upper=left)
    made.put(stock, staff)
    made.put(stock[..., 1:], staff[..., :-1], -STAY)
    made.put(stock[..., TRAINING:], trained[..., :-TRAINING], -1.0)
    shared = made.rows(GROUPS, YEARS, upper=(here.sum(axis=0) * 4 // 100)[:, None])
    made.put(shared, trained)
    return agency, trained


def _pools(
    made: Assembly,
    draw: Draw,
    bought: tuple[Ints, Ints],
    agency: Ints,
    trained: Ints,
    spend: Ints,
) -> None:
    """Money of each place and year, of which a little may be carried into the next."""
    activity, price = bought
    places = len(spend)
    budget = spend[:, None] * (100 + draw.whole(0, 3, places, YEARS)) // 100
    carried = made.columns(places, YEARS, upper=budget // 100)
    pool = made.rows(places, YEARS, upper=budget)
    made.put(pool[:, None, :], activity, price[..., None])
    made.put(pool[:, None, :], agency, float(AGENCY))
    made.put(pool[:, None, :], trained, 1.0)
    made.put(pool, carried)
    made.put(pool[:, 1:], carried[:, :-1], -1.0)


FAMILIES = (
    family(
        "carryover",
        "five years linked by carried money, waiting lists and staff two years in training",
        "lp",
        sizes(places=(1, 12, 120, 1_200, 12_000)),
        carryover,
    ),
)
