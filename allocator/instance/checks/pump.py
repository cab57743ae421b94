"""Money pumps: chains of effects that return more cash than they cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from allocator.instance.checks.problem import Problems, needs, problem
from allocator.instance.facts.agreements import Agreements
from allocator.instance.tables.draft import Draft
from allocator.instance.tables.rows import Array, among
from allocator.instance.tables.wording import listing, money

_ROUNDING = 1e-9
_CLOSE = 1e-12


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
    rows: Array
    source: Array
    target: Array
    kernel: Array

    @property
    def sources(self) -> Array:
        """Position in `names` of every programme that is a source."""
        found: Array = np.unique(self.source)
        return found

    def matrix(self, lag: int) -> sp.csr_array:
        """Change of target activity per unit of source activity `lag` years before."""
        size = len(self.names)
        entries = (-self.kernel[:, lag], (self.target, self.source))
        found = sp.csr_array(entries, shape=(size, size))
        found.eliminate_zeros()
        return found


def kernel(per_unit: Array, delay: Array, fade: Array, years: int) -> Array:
    """Units avoided per unit of source activity, by effect and years since."""
    lag = np.arange(years)[None, :]
    since = np.maximum(lag - delay[:, None], 0)
    return np.where(lag >= delay[:, None], per_unit[:, None] * fade[:, None] ** since, 0.0)


def network(draft: Draft) -> Network:
    """Effects of the draft as a network."""
    effects = draft["effects"]
    row_of = {name: i for i, name in enumerate(draft["programmes"]["programme"].tolist())}
    names = sorted({*effects["source"].tolist(), *effects["target"].tolist()})
    place = {name: i for i, name in enumerate(names)}
    return Network(
        names,
        np.array([row_of[name] for name in names], dtype=np.int64),
        np.array([place[name] for name in effects["source"].tolist()], dtype=np.int64),
        np.array([place[name] for name in effects["target"].tolist()], dtype=np.int64),
        kernel(effects["per_unit"], effects["delay"], effects["fade"], len(draft.years)),
    )


@needs(
    "programmes",
    "effects",
    "demand",
    "contracts",
    "places",
    "responses",
    "response_points",
    years=True,
)
def money_pumps(draft: Draft) -> Problems:
    """No programme saves more releasable cash within the plan than it costs."""
    effects = draft["effects"]
    hit = among(effects["target"], draft["demand"]["programme"])
    if not len(effects) or not hit.all() or (effects["source"] == effects["target"]).any():
        return
    net = network(draft)
    sources = _first(effects["source"].tolist())
    circles = _circles(net)
    for circle in circles:
        yield problem(
            effects,
            min(sources[name] for name in circle if name in sources),
            "source",
            f"{listing(circle)} avoid each other's need in a circle that "
            "does not die out: a change would grow for ever.",
        )
    if circles:
        return
    saved = savings(draft, net)
    total = np.bincount(_columns(saved), saved.data, saved.shape[1])
    assert draft.settings is not None
    accepted = set(draft.settings.accept_money_pump)
    one = 1 / draft.settings.money_scale
    for position in np.flatnonzero(total > 1 + _ROUNDING).tolist():
        name = net.names[net.sources[position]]
        here = slice(*saved.indptr[position : position + 2].tolist())
        most = net.names[int(saved.indices[here][np.argmax(saved.data[here])])]
        taken = name in accepted
        back = money(float(total[position]) * one, draft.settings)
        yield problem(
            effects,
            sources[name],
            "per_unit",
            f"money pump: {money(one, draft.settings)} more for '{name}' saves {back} elsewhere "
            f"within the plan, most of it on '{most}'" + ("; accepted." if taken else "."),
            ""
            if taken
            else "Check per_unit and the unit costs, or name the programme in accept_money_pump.",
            severity="warning" if taken else "error",
        )


def _first(values: list[str]) -> dict[str, int]:
    """Position at which each value is first there."""
    found: dict[str, int] = {}
    for position, value in enumerate(values):
        found.setdefault(value, position)
    return found


def _circles(net: Network) -> list[list[str]]:
    """Groups of programmes whose effects on each other do not die out."""
    size = len(net.names)
    strength = sp.csr_array(
        (np.abs(net.kernel).sum(axis=1), (net.target, net.source)), shape=(size, size)
    )
    count, group = connected_components(strength, connection="strong")
    if count == size:
        return []
    found = []
    ends = np.cumsum(np.bincount(group, minlength=count))
    for members in np.split(np.argsort(group, kind="stable"), ends[:-1]):
        if len(members) < 2:
            continue
        inner = strength[members][:, members].toarray()
        if np.abs(np.linalg.eigvals(inner)).max() >= 1 - _ROUNDING:
            found.append([net.names[i] for i in members.tolist()])
    return found


def savings(draft: Draft, net: Network) -> sp.csc_array:
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
    programmes, settings = draft["programmes"], draft.settings
    assert settings is not None
    years = len(draft.years)
    uplift = programmes["cost_uplift"][net.rows]
    uplift = np.where(np.isnan(uplift), settings.cost_uplift, uplift)
    fixed = programmes["fixed_share"][net.rows]
    release = programmes["release_years"][net.rows]
    first_price = programmes["unit_cost"][net.rows] * (1 + uplift)
    agreements = Agreements(draft)
    most, least, at_tariff = (part[net.rows] for part in agreements.marginal())
    tariff = agreements.tariff[net.rows]
    matrices = [net.matrix(lag) for lag in range(years)]
    change: list[sp.csr_array] = []
    saved = sp.csr_array((len(net.names), len(net.sources)))
    for lag in range(years):
        moved = _pulse(net) if lag == 0 else sp.csr_array(saved.shape)
        for before in range(lag):
            moved = moved + matrices[lag - before] @ change[before]
        moved = _settled(matrices[0], moved)
        change.append(moved)
        price = first_price * (1 + uplift) ** lag
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
    per_pound.data /= first_price[net.sources][_columns(per_pound)]
    return per_pound


def _columns(matrix: sp.csc_array) -> Array:
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
        moved = abs(following - settled) - _CLOSE * abs(settled)
        if (moved.data <= _CLOSE).all():
            return following
        settled = following
    return settled


CHECKS = (money_pumps,)
