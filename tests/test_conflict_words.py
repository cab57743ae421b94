"""Every row and variable of the programme has words: no planner reads the name of one."""

from __future__ import annotations

import re
from typing import Any

import pyomo.environ as pyo
import pytest
from every_family import every_family
from small import compiled, round_of

import allocator
from allocator.planning.conflicts.phrases import PHRASES, SILENT, in_words, phrase
from allocator.planning.formulation import build
from allocator.solver.program import Block, Program

INSTANCE = every_family()
PROGRAM = compiled(INSTANCE)
RAW = re.compile(r"\w_\w|\[|\{|\d{4},")
"""What names of rows have and words have not: underscores and brackets."""


def families() -> set[str]:
    """Every family of the formulation, whether or not the round has rows of it."""
    _, model = build(INSTANCE)
    kinds = (pyo.Constraint, pyo.Var)
    return {part.name for kind in kinds for part in model.component_objects(kind)}


def test_every_family_has_words_and_no_words_are_of_none() -> None:
    assert set(PHRASES) == families()


@pytest.mark.parametrize("block", [*PROGRAM.rows, *PROGRAM.columns], ids=lambda b: str(b.name))
def test_every_member_of_every_family_is_put_in_words(block: Block) -> None:
    assert len(block), f"the round has no {block.name}"
    for position in range(block.start, block.stop):
        _, words = phrase(block, position, INSTANCE)
        assert not RAW.search(words), words


def test_a_round_without_any_row_that_holds_is_all_in_words() -> None:
    rows, columns = PROGRAM.shape
    told = in_words(PROGRAM, INSTANCE, range(rows), range(columns))
    assert told
    assert not [words for words in told if RAW.search(words)]
    assert "the money in NHS in 2025/26" in told[:12]


def test_what_only_says_what_something_is_goes_unsaid() -> None:
    silent = [b for b in PROGRAM.rows if PHRASES[b.name][0] == SILENT]
    told = in_words(PROGRAM, INSTANCE, [b.start for b in silent], [])
    assert told  # better than nothing
    pool = block_of(PROGRAM, "pool")
    told = in_words(PROGRAM, INSTANCE, [pool.start, *(b.start for b in silent)], [])
    assert told == ("the money in Council in 2025/26",)


def block_of(program: Program, name: str) -> Block:
    block = program.block(name)
    assert block is not None
    return block


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (-0.05, 0.1, {"how far bed may fall in 2026/27", "how fast bed may grow in 2026/27"}),
        (0.0, 0.1, {"that bed may not fall in 2026/27", "how fast bed may grow in 2026/27"}),
        (0.02, 0.1, {"how much bed must grow in 2026/27", "how fast bed may grow in 2026/27"}),
        (-0.5, -0.1, {"how far bed may fall in 2026/27", "how far bed must fall in 2026/27"}),
    ],
)
def test_limits_of_growth_say_which_way_they_go(low: float, high: float, words: set[str]) -> None:
    instance = round_of(
        "programme,sector,pool,unit_cost,baseline\nbed,acute,NHS,1,100",
        years=(2025, 2026),
        responses="programme,outcome,per_unit\nbed,QALY,1",
        limits=f"programme,basis,min,max\nbed,growth,{low},{high}",
    )
    program = compiled(instance)
    rows = [block_of(program, name).start for name in ("growth_min", "growth_max")]
    assert set(in_words(program, instance, rows, [])) == words


def test_what_a_planner_added_keeps_its_own_name() -> None:
    instance = round_of(
        "programme,sector,pool,unit_cost,baseline\nbed,acute,NHS,1,100",
        responses="programme,outcome,per_unit\nbed,QALY,1",
        budgets="pool,amount\nNHS,120",
    )

    def more(model: Any, data: Any) -> None:
        model.many_beds = pyo.Constraint(expr=model.activity["bed", 2025] >= 150)

    plan = allocator.solve(instance, extra=more)
    assert plan.conflict == ("the money in NHS in 2025/26", "many_beds")
    (money,) = plan.shortfall
    assert money.total == pytest.approx(30)
