"""Cash that effects save: programmes that avoid each other's need, followed through the years."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

import numpy as np
import scipy.sparse as sp

from allocator.arrays import Floats, Ints
from allocator.instance.facts.facts import Facts
from allocator.tolerances import ROUNDING, SETTLED


@dataclass(frozen=True)
class Network:
    """Effects between programmes as matrices.

    Attributes
    ----------
    names : list of str
        Programmes that are a source or a target.
    rows : ndarray of int
        Position of each of them in the programmes table.
    source, target : ndarray of int
        Position in `names`, one an effect.
    kernel : ndarray of float, shape (effects, years)
        Units avoided per unit of source activity so many years later.
    """

    names: list[str]
    rows: Ints
    source: Ints
    target: Ints
    kernel: Floats

    @property
    def sources(self) -> Ints:
        """Position in `names` of every programme that is a source."""
        found: Ints = np.unique(self.source)
        return found

    def matrix(self, lag: int) -> sp.csr_array:
        """Change of target activity per unit of source activity `lag` years before."""
        size = len(self.names)
        entries = (-self.kernel[:, lag], (self.target, self.source))
        found = sp.csr_array(entries, shape=(size, size))
        found.eliminate_zeros()
        return found


def network(facts: Facts) -> Network:
    """Effects of the facts as a network."""
    effects, known = facts["effects"], facts.effects
    names = sorted({*effects["source"].tolist(), *effects["target"].tolist()})
    rows = np.array([facts.rank[name] for name in names], dtype=np.int64)
    place = np.zeros(len(facts.rank), dtype=np.int64)
    place[rows] = np.arange(len(rows))
    return Network(names, rows, place[known.source], place[known.target], known.kernel)


def circles(net: Network) -> list[list[str]]:
    """Groups of programmes whose effects on each other do not die out."""
    followed: dict[int, set[int]] = {}
    for source, target in zip(net.source.tolist(), net.target.tolist(), strict=True):
        followed.setdefault(target, set()).add(source)
    try:
        TopologicalSorter(followed).prepare()
    except CycleError:
        return _endless(net)
    return []


def _endless(net: Network) -> list[list[str]]:
    """Circles of effects that do not die out."""
    from scipy.sparse.csgraph import connected_components  # costly, and rarely needed

    size = len(net.names)
    strength = sp.csr_array(
        (np.abs(net.kernel).sum(axis=1), (net.target, net.source)), shape=(size, size)
    )
    count, group = connected_components(strength, connection="strong")
    found = []
    ends = np.cumsum(np.bincount(group, minlength=count))
    for members in np.split(np.argsort(group, kind="stable"), ends[:-1]):
        if len(members) < 2:
            continue
        inner = strength[members][:, members].toarray()
        if np.abs(np.linalg.eigvals(inner)).max() >= 1 - ROUNDING:
            found.append([net.names[i] for i in members.tolist()])
    return found


def savings(facts: Facts, net: Network) -> sp.csc_array:
    """Cash saved on each programme per unit of money spent more on each source.

    The shape is (programmes, sources). A source moves few of the programmes, so all is kept
    sparse: it takes room and time for what moves only.

    A unit more of a programme in the first plan year lowers the activity of what it
    avoids, which in turn avoids less. The part of a cost that stays for
    ``release_years`` is not saved before.

    Where a contract replaces cost, only what its payment gives back is cash: nothing under
    a block until it is rebased, elsewhere the activity at tariff (or its cost) at the rate
    of the type. What is given back is counted at the highest rate the contract may reach
    and what more activity costs at the lowest, so the cash is never understated. A source
    costs what its activity costs, whoever bears it.
    """
    years, programmes = len(facts.years), facts["programmes"]
    fixed = programmes["fixed_share"][net.rows]
    release = programmes["release_years"][net.rows]
    prices = facts.prices.unit_cost[net.rows]
    most, least, at_tariff = (part[net.rows] for part in facts.agreements.marginal())
    tariff = facts.prices.tariff[net.rows]
    matrices = [net.matrix(lag) for lag in range(years)]
    change: list[sp.csr_array] = []
    saved = sp.csr_array((len(net.names), len(net.sources)))
    for lag in range(years):
        moved = _pulse(net) if lag == 0 else sp.csr_array(saved.shape)
        for before in range(lag):
            moved = moved + matrices[lag - before] @ change[before]
        moved = _settled(matrices[0], moved)
        change.append(moved)
        price = prices[:, lag]
        released = np.where(lag < release, 1.0 - fixed, 1.0)
        paid = at_tariff[:, lag]
        back = most[:, lag] * np.where(paid, tariff[:, lag], price * released)
        more = least[:, lag] * np.where(paid, tariff[:, lag], price)
        cells = moved.tocoo()
        worth = np.where(cells.data < 0, back[cells.row], more[cells.row])
        if lag == 0:
            worth[cells.row == net.sources[cells.col]] = 0.0
        saved = saved + sp.csr_array((-cells.data * worth, (cells.row, cells.col)), saved.shape)
    saved.sort_indices()
    per_pound = saved.tocsc()
    cost = prices[net.sources, 0][columns_of(per_pound)]
    # What costs nothing saves any amount for a pound spent on it, or nothing.
    free = np.where(per_pound.data > 0, np.inf, 0.0)
    per_pound.data = np.divide(per_pound.data, cost, out=free, where=cost > 0)
    return per_pound


def columns_of(matrix: sp.csc_array) -> Ints:
    """Column of each entry."""
    return np.repeat(np.arange(matrix.shape[1]), np.diff(matrix.indptr))


def _pulse(net: Network) -> sp.csr_array:
    """A unit more of each source."""
    count = len(net.sources)
    entries = (np.ones(count), (net.sources, np.arange(count)))
    return sp.csr_array(entries, shape=(len(net.names), count))


def _settled(same_year: sp.csr_array, pushed: sp.csr_array) -> sp.csr_array:
    """Activity after effects felt in the same year have run their course."""
    settled = pushed
    for _ in range(10_000):
        following = pushed + same_year @ settled
        moved = abs(following - settled) - SETTLED * abs(settled)
        if (moved.data <= SETTLED).all():
            return following
        settled = following
    return settled
