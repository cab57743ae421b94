"""Families that are rounds of this repository: there is nothing to draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import ROOT
from benchmarks.suite.families.base import of_rounds, sizes

if TYPE_CHECKING:
    from allocator.instance.instance import Instance


def real(seed: int, folder: str) -> Instance:
    """Round of a folder."""
    from allocator.instance.instance import read

    return read(ROOT / "instances" / folder)


FAMILIES = (
    of_rounds(
        "avonside",
        "the worked system of this repository: 54 programmes, five years, contracts",
        "mip",
        sizes("S", folder=("avonside",)),
        real,
    ),
    of_rounds(
        "england",
        "the 42 systems of this repository, from published figures",
        "lp",
        sizes("M", folder=("england",)),
        real,
    ),
)
