"""From a checked instance to arrays."""

from __future__ import annotations

from allocator.arrays import Floats
from allocator.data.data import Data
from allocator.data.parts import Knots
from allocator.data.stated import Stated
from allocator.instance.instance import Instance


def extract(instance: Instance, knots: Knots | None = None, margin: int = 0) -> Data:
    """Turn a checked instance into arrays.

    Parameters
    ----------
    instance : Instance
    knots : dict of (programme, year) positions to ndarray, optional
        Activity at which chords shall meet their curves besides where they do anyway.
    margin : int
        1: rules, thresholds and steps on outcomes allow for all that the chords may miss, so
        that the true curves keep them wherever the plan lies; -1: rules and thresholds give
        way by as much, so that whatever the true curves reach is allowed; 0: neither.
    """
    return Extraction(instance).data(knots, margin)


class Extraction:
    """An instance as arrays, whose curves may be cut more than once.

    Parameters
    ----------
    instance : Instance
    levels : ndarray, shape (programmes, years), optional
        Activity at which held programmes are held; NaN for their baseline.
    wider : bool
        Whether curves go beyond what can be reached, for the question what a little more or
        less would buy; otherwise no further than a plan can go.
    """

    def __init__(
        self, instance: Instance, levels: Floats | None = None, *, wider: bool = False
    ) -> None:
        self._stated = Stated(instance, levels, wider=wider)

    def data(self, knots: Knots | None = None, margin: int = 0) -> Data:
        """Cut the curves; parameters are those of :func:`extract`."""
        return Data(self._stated, knots or {}, margin)
