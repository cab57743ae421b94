"""How much is missing in a round, whether its checks or a solver found that it is short."""

from __future__ import annotations

from os import PathLike

from allocator.errors import InstanceError, UsageError
from allocator.instance.evidence import with_evidence
from allocator.instance.instance import Instance, read
from allocator.plan import Shortfall
from allocator.planning.conflicts.shortfall import Shortfalls
from allocator.planning.conflicts.why import AMOUNTS
from allocator.planning.formulation import Extra
from allocator.planning.request import Request
from allocator.words import kind_of


def shortfall(
    instance: Instance | InstanceError | str | PathLike[str],
    *,
    evidence: str = "central",
    seconds: float = AMOUNTS,
    threads: int = 1,
    formulation: str = "allocation",
    extra: Extra | None = None,
) -> tuple[Shortfall, ...]:
    """The least money, capacity, or change of rules with which a round would have a plan.

    A plan that is infeasible has them already (:attr:`allocator.Plan.shortfall`). Checks refuse
    a round before it is solved where what must be done is more than there can be; they count each
    programme at its least, and know no amount but that.

    Parameters
    ----------
    instance : Instance, InstanceError or path
        What refused a round stands for it, where nothing else is wrong with it.
    evidence : {'low', 'central', 'high'}
        Which figures of responses and effects to believe.
    seconds : float
        For all of it.
    threads, formulation, extra
        As in :func:`allocator.solve`.

    Returns
    -------
    tuple of Shortfall
        By money, by capacity and by rules alone, as far as one does; else the least mix. Empty
        where nothing is missing.

    Raises
    ------
    InstanceError
        When something else is wrong with the round.
    UsageError
        For anything else.
    """
    round_ = _short(instance)
    request = Request(threads=threads, formulation=formulation, extra=extra)
    return Shortfalls(with_evidence(round_, evidence), request, {}, seconds).find()


def _short(given: object) -> Instance:
    if isinstance(given, Instance):
        return given
    if isinstance(given, str | PathLike):
        try:
            return read(given)
        except InstanceError as error:
            given = error
    if isinstance(given, InstanceError):
        if isinstance(given.short, Instance):
            return given.short
        raise given
    raise UsageError(
        f"shortfall takes an instance, its folder, or what refused it, not {kind_of(given)}"
    )
