"""Who benefits, and what an outcome for them is worth."""

from __future__ import annotations

import numpy as np

from allocator.data.axes import Axes
from allocator.data.index import Axis
from allocator.instance.instance import Instance


class Equity:
    """Reach of programmes over segments.

    Attributes
    ----------
    segment : Axis
        Names of the segments; empty when there are none.
    share : ndarray, shape (programmes, segments)
        Part of a programme's outcome that goes to a segment; rows sum to 1.
    weight : ndarray, shape (programmes,)
        Value of a programme's outcome relative to one spread evenly over the population.
    """

    def __init__(self, instance: Instance, axes: Axes) -> None:
        table, programmes = instance.rows["segments"], len(axes.programme)
        self.segment = segment = Axis("segment", tuple(dict.fromkeys(table["segment"].tolist())))
        if not len(segment):
            self.share, self.weight = np.zeros((programmes, 0)), np.ones(programmes)
            return
        group = segment.codes(table["segment"].tolist())
        heads = table["heads"]
        weight = table["weight"] * heads.sum() / (heads * table["weight"]).sum()

        homes = instance.rows["programmes"]["place"]
        home_names, home = np.unique(homes.astype(str), return_inverse=True)
        lives = table["place"].astype(str)
        here = (lives[None, :] == "") | (lives[None, :] == home_names[:, None])
        here |= (home_names == "")[:, None]
        count = np.zeros((len(home_names), len(segment)))
        worth = np.zeros_like(count)
        for row in range(len(table)):
            count[:, group[row]] += here[:, row] * heads[row]
            worth[:, group[row]] += here[:, row] * heads[row] * weight[row]
        with np.errstate(invalid="ignore", divide="ignore"):
            local_weight = np.where(count > 0, worth / count, 0.0)
            local_share = count / count.sum(axis=1, keepdims=True)

        self.share = share = local_share[home]
        reach = instance.rows["reach"]
        if len(reach):
            i = axes.programme.codes(reach["programme"].tolist())
            share[np.unique(i)] = 0.0
            share[i, segment.codes(reach["segment"].tolist())] = reach["share"]
        self.weight = (share * local_weight[home]).sum(axis=1)
