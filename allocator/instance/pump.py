"""Money pumps: chains of effects that return more cash than they cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from allocator.instance.agreements import Agreements
from allocator.instance.draft import Draft, Problems, needs, problem
from allocator.instance.rows import Array
from allocator.instance.wording import listing, money

_ROUNDING = 1e-9


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

    def matrix(self, lag: int) -> sp.csr_matrix:
        """Change of target activity per unit of source activity `lag` years before."""
        size = len(self.names)
        entries = (-self.kernel[:, lag], (self.target, self.source))
        return sp.csr_matrix(entries, shape=(size, size))


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
    hit = np.isin(effects["target"], draft["demand"]["programme"])
    if not len(effects) or not hit.all() or (effects["source"] == effects["target"]).any():
        return
    net = network(draft)
    circles = _circles(net)
    for circle in circles:
        first = _first(effects["source"].tolist(), circle)
        yield problem(
            effects,
            first,
            "source",
            f"{listing(circle)} avoid each other's need in a circle that "
            "does not die out: a change would grow for ever.",
        )
    if circles:
        return
    saved = savings(draft, net)
    total = saved.sum(axis=0)
    assert draft.settings is not None
    accepted = set(draft.settings.accept_money_pump)
    one = 1 / draft.settings.money_scale
    for position in np.flatnonzero(total > 1 + _ROUNDING).tolist():
        name = net.names[net.sources[position]]
        most = net.names[int(np.argmax(saved[:, position]))]
        taken = name in accepted
        back = money(float(total[position]) * one, draft.settings)
        yield problem(
            effects,
            _first(effects["source"].tolist(), [name]),
            "per_unit",
            f"money pump: {money(one, draft.settings)} more for '{name}' saves {back} elsewhere "
            f"within the plan, most of it on '{most}'" + ("; accepted." if taken else "."),
            ""
            if taken
            else "Check per_unit and the unit costs, or name the programme in accept_money_pump.",
            severity="warning" if taken else "error",
        )


def _first(values: list[str], names: list[str]) -> int:
    return next(i for i, value in enumerate(values) if value in names)


def _circles(net: Network) -> list[list[str]]:
    """Groups of programmes whose effects on each other do not die out."""
    size = len(net.names)
    strength = sp.csr_matrix(
        (np.abs(net.kernel).sum(axis=1), (net.target, net.source)), shape=(size, size)
    )
    count, group = connected_components(strength, connection="strong")
    if count == size:
        return []
    found = []
    for number in np.flatnonzero(np.bincount(group) > 1).tolist():
        members = np.flatnonzero(group == number)
        inner = strength[members][:, members].toarray()
        if np.abs(np.linalg.eigvals(inner)).max() >= 1 - _ROUNDING:
            found.append([net.names[i] for i in members.tolist()])
    return found


def savings(draft: Draft, net: Network) -> Array:
    """Cash saved on each programme per unit of money spent more on each source.

    The shape is (programmes, sources).

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
    pulse = np.eye(len(net.names))[:, net.sources]
    matrices = [net.matrix(lag) for lag in range(years)]
    change: list[Array] = []
    saved = np.zeros(pulse.shape)
    for lag in range(years):
        moved = pulse.copy() if lag == 0 else np.zeros(pulse.shape)
        for before in range(lag):
            moved += matrices[lag - before] @ change[before]
        moved = _settled(matrices[0], moved)
        change.append(moved)
        price = first_price * (1 + uplift) ** lag
        released = np.where(lag < release, 1.0 - fixed, 1.0)
        paid = at_tariff[:, lag]
        back = most[:, lag] * np.where(paid, tariff[:, lag], price * released)
        more = least[:, lag] * np.where(paid, tariff[:, lag], price)
        fall = -moved * np.where(moved < 0, back[:, None], more[:, None])
        if lag == 0:
            fall[pulse == 1.0] = 0.0
        saved += fall
    per_pound: Array = saved / first_price[net.sources]
    return per_pound


def _settled(same_year: sp.csr_matrix, pushed: Array) -> Array:
    """Activity after effects felt in the same year have run their course."""
    settled = pushed
    for _ in range(10_000):
        following: Array = pushed + same_year @ settled
        if np.allclose(following, settled, rtol=1e-12, atol=1e-12):
            return following
        settled = following
    return settled


CHECKS = (money_pumps,)
