"""What planners set, line by line, as parts of a programme that can be let go."""

from __future__ import annotations

import numpy as np

from allocator.instance.instance import Instance
from allocator.planning.conflicts.phrases import PHRASES, SILENT, phrase
from allocator.solver.program import Program
from allocator.solver.proof.needed import Part

ROWS = (
    *("pool", "recurrent_pool", "capital_pool", "capacity", "position", "block_ceiling"),
    *("rule_min", "rule_max", "rule_equal", "share_least", "share_most", "at_most", "exactly"),
    *("growth_max", "growth_min", "first_growth", "limit_least", "limit_most", "scale_least"),
    "met_enough",
)
COLUMNS = ("activity", "unmet", "extra", "transfer", "carried")
"""Families that stand for what somebody could set otherwise; what is no family of the model was
added to it. All others say what something is, and ease nothing by being named."""


def eased(program: Program, instance: Instance) -> list[Part]:
    """Everything that could be set otherwise: a part a phrase, as a planner knows it."""
    found: dict[str, tuple[list[int], list[int]]] = {}
    for blocks, names, which in ((program.rows, ROWS, 0), (program.columns, COLUMNS, 1)):
        for block in blocks:
            if block.name not in names and (which or block.name in PHRASES):
                continue
            for position in range(block.start, block.stop):
                if which and _is_free(program, position):
                    continue
                rank, words = phrase(block, position, instance)
                if rank != SILENT:
                    found.setdefault(words, ([], []))[which].append(position)
    return [
        Part(np.array(rows, dtype=np.int64), np.array(columns, dtype=np.int64))
        for rows, columns in found.values()
    ]


def _is_free(program: Program, column: int) -> bool:
    """Whether a column has no bound that could be let go."""
    return bool(program.col_lower[column] <= 0.0 and np.isinf(program.col_upper[column]))
