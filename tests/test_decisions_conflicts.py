"""Rules that only fractions of decisions could keep: which of them, in the planner's words."""

from __future__ import annotations

import pytest
from small import compiled, round_of

import allocator
from allocator.instance.instance import Instance
from allocator.solver.proof import whole_conflict
from allocator.solver.proof.whole_conflict import find_whole_conflict


def choosing(options: str, effects: str, rules: str, **tables: str) -> Instance:
    """A service and options whose outcome is measured by rules."""
    usual = {
        "budgets": "pool,amount\nNHS,10",
        "outcomes": "outcome,weight\nQALY,1\nk,0",
        "responses": "programme,outcome,per_unit\nA,QALY,1",
        "limits": "programme,basis,max\nA,activity,40",
        "options": f"option,group,choose,pool,review_years,cost_once\n{options}",
        "option_effects": f"option,measure,target,outcome,value\n{effects}",
        "rules": f"rule,measure,outcome,sense,value\n{rules}",
    }
    return round_of(
        "programme,sector,pool,baseline,held\nA,community,NHS,10,no",
        years=(2025, 2026),
        **(usual | tables),
    )


TWO = "a,,any,NHS,none,0\nb,,any,NHS,none,0"
FOUR_AND_THREE = "a,outcome,A,k,4\nb,outcome,A,k,3"


def said(instance: Instance) -> str:
    plan = allocator.solve(instance)
    assert plan.status == "infeasible"
    (words,) = plan.conflict
    assert "no combination of the yes-or-no decisions" in words
    return words.split(" keeps ")[1].split(";")[0]


def test_the_rule_that_no_whole_decisions_keep_is_named_with_its_year() -> None:
    # 0, 3, 4 or 7 a year; 5 is none of them, and every other rule can be kept.
    rules = "R,outcome,k,equal,5\nfree,outcome,k,max,7\nlow,outcome,QALY,max,15"
    instance = choosing(TWO, FOUR_AND_THREE, rules)
    assert said(instance) in ("rule 'R' in 2025/26", "rule 'R' in 2026/27")


def test_two_rules_that_collide_are_both_named() -> None:
    # At least 3.5 leaves 4 and 7, at most 3.9 leaves 0 and 3.
    rules = "least,outcome,k,min,3.5\nmost,outcome,k,max,3.9\nfree,outcome,k,max,7"
    found = said(choosing(TWO, FOUR_AND_THREE, rules))
    assert "rule 'least'" in found
    assert "rule 'most'" in found
    assert "free" not in found
    assert "money" not in found


def test_a_group_that_stands_in_the_way_is_named_with_the_rule() -> None:
    # Both would make 7; of the group only one may be taken, or halves of both with 4 and 4.
    options = "a,way,at_most_one,NHS,none,0\nb,way,at_most_one,NHS,none,0\nc,,any,NHS,none,8"
    effects = "a,outcome,A,k,4\nb,outcome,A,k,4\nc,outcome,A,k,4"
    found = said(choosing(options, effects, "R,outcome,k,min,6", budgets="pool,amount\nNHS,7"))
    assert "rule 'R'" in found
    assert "group way" in found
    assert "the money in NHS" in found


def test_with_no_time_every_rule_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_conflict._Search, "late", True)
    assert said(choosing(TWO, FOUR_AND_THREE, "R,outcome,k,equal,5")) == "every hard rule"


def test_what_has_no_plan_without_any_rule_names_none() -> None:
    program = compiled(choosing(TWO, FOUR_AND_THREE, "R,outcome,k,equal,5"))
    block = program.block("run")
    assert block is not None
    lower = program.col_lower.copy()
    lower[block.start] = 0.5
    upper = program.col_upper.copy()
    upper[block.start] = 0.6
    assert find_whole_conflict(program.replaced(col_lower=lower, col_upper=upper)) == []


def test_where_there_is_a_plan_nothing_is_named() -> None:
    assert find_whole_conflict(compiled(choosing(TWO, FOUR_AND_THREE, "R,outcome,k,max,5"))) == []
