"""Runs of options as columns: how what a run changes becomes coefficients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from allocator.arrays import Floats, Ints
from allocator.data.axes import Axes
from allocator.data.index import Axis, Index
from allocator.data.runs import Levels, RunTerms
from allocator.instance.facts.runs import Runs
from allocator.instance.instance import Instance
from allocator.tolerances import RESIDUE

Part = tuple[Sequence[Ints], Ints, Floats]
"""Coordinates of n entries, the run of each, and its coefficients by year (n, years)."""


class OptionRuns:
    """Every run of every option.

    Parameters
    ----------
    instance : Instance
    axes : Axes

    Attributes
    ----------
    option : Axis
    every : Runs
        What the runs are.
    index : Index
        (option, start, stop) of each.
    """

    def __init__(self, instance: Instance, axes: Axes) -> None:
        self.year = axes.year
        self.option = Axis("option", tuple(instance.rows["options"]["option"].tolist()))
        self.every: Runs = instance.facts.runs
        columns = [self.every.option, self.every.start, self.every.stop]
        self.index = Index((self.option, axes.year, axes.year), columns)

    def terms(self, axes: Sequence[Axis], parts: Sequence[Part]) -> RunTerms:
        """Coefficients over (axes, year, option, start, stop), added up.

        Parameters
        ----------
        axes : sequence of Axis
            Coordinates of the rows but the year.
        parts : sequence of Part
        """
        columns: list[list[Ints]] = [[] for _ in axes]
        run_of, t_of, value_of = [], [], []
        for where, run, coefficient in parts:
            n, t = np.nonzero(np.abs(coefficient) > RESIDUE)
            for target, column in zip(columns, where, strict=True):
                target.append(column[n])
            run_of.append(run[n])
            t_of.append(t)
            value_of.append(coefficient[n, t])
        empty = np.empty(0, np.int64)
        joined = [np.concatenate([empty, *column]) for column in columns]
        run = np.concatenate([empty, *run_of])
        joined.append(np.concatenate([empty, *t_of]))
        value = np.concatenate([np.empty(0), *value_of])
        joined += [column[run] for column in self.index.columns]
        index, which = Index.unique((*axes, self.year, *self.index.axes), joined)
        return RunTerms(index, np.bincount(which, value, len(index)).astype(float))

    def levels(
        self, axes: Sequence[Axis], parts: Sequence[tuple[tuple[int, ...], Ints, Floats]]
    ) -> Levels:
        """Levels of figures that options multiply.

        Parameters
        ----------
        axes : sequence of Axis
            Coordinates of a figure but the year.
        parts : sequence of (figure, runs, change)
            What the runs of an option add per unit of a figure, by year (runs, years).
        """
        together: dict[tuple[int, ...], list[tuple[Ints, Floats]]] = {}
        for figure, mine, change in parts:
            together.setdefault(figure, []).append((mine, change))
        keys: list[tuple[int, ...]] = []
        changes: list[float] = []
        members: list[tuple[int, int]] = []
        for figure, changes_of in together.items():
            touched = np.unique(np.concatenate([mine for mine, _ in changes_of]))
            change = np.zeros((len(touched), len(self.year)))
            for mine, more in changes_of:
                change[np.searchsorted(touched, mine)] += more
            for t in range(len(self.year)):
                some = np.flatnonzero(np.abs(change[:, t]) > RESIDUE)
                kinds: dict[tuple[int, float], int] = {}
                for n, run in zip(some.tolist(), touched[some].tolist(), strict=True):
                    kind = int(self.every.option[run]), float(change[n, t])
                    if kind not in kinds:
                        kinds[kind] = len(keys)
                        keys.append((*figure, t, len(kinds) - 1))
                        changes.append(kind[1])
                    members.append((kinds[kind], run))
        most = max((key[-1] for key in keys), default=0) + 1
        label = Axis("level", tuple(range(1, most + 1)))
        table = np.array(keys, dtype=np.int64).reshape(len(keys), len(axes) + 2)
        rows = Index((*axes, self.year, label), list(table.T))
        pairs = np.array(members, dtype=np.int64).reshape(-1, 2)
        runs = Index(
            (*rows.axes, *self.index.axes),
            [
                *(column[pairs[:, 0]] for column in rows.columns),
                *(column[pairs[:, 1]] for column in self.index.columns),
            ],
        )
        return Levels(rows, np.array(changes), RunTerms(runs, np.ones(len(pairs))))
