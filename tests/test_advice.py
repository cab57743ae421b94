"""Who follows the advice of a message is let through."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from small import round_of

from allocator.errors import InstanceError
from allocator.instance.checks.worst import _Search
from allocator.instance.instance import Instance


def refused(*words: str, **tables: str) -> str:
    """What refuses a round; one error only, with these words."""
    with pytest.raises(InstanceError) as raised:
        round_of(**tables)
    errors = [p for p in raised.value.problems if p.severity == "error"]
    assert len(errors) == 1, errors
    for word in words:
        assert word in str(errors[0])
    return str(errors[0])


def accepted(**tables: str) -> Instance:
    return round_of(**tables)


ONE = "programme,sector,pool,unit_cost,baseline\na,s,NHS,{},10"
CURVE = {"responses": "programme,outcome,per_unit\na,QALY,{}", "limits": "programme,max\na,2"}


def curve(per_unit: str) -> dict[str, str]:
    return {**CURVE, "responses": CURVE["responses"].format(per_unit)}


def test_a_unit_cost_of_almost_nothing_is_written_0() -> None:
    refused("smaller unit", "or write 0", programmes=ONE.format("1e-35"), **curve("1"))
    accepted(programmes=ONE.format("0"), **curve("1"))


def test_a_tiny_weight_asks_for_a_larger_unit_of_its_outcome() -> None:
    """1e-10 a dollar is 1e-7 a thousand dollars, each of which a unit buys a thousandth of."""
    money = "outcome,weight\nQALY,1\ncost,{}"
    said = refused(
        "count the outcome in a larger unit",
        programmes=ONE.format("1"),
        outcomes=money.format("-1e-10"),
        responses="programme,outcome,per_unit\na,QALY,1\na,cost,3000",
    )
    assert "smaller" not in said
    accepted(
        programmes=ONE.format("1"),
        outcomes=money.format("-1e-7"),
        responses="programme,outcome,per_unit\na,QALY,1\na,cost,3",
    )


def test_a_tiny_effect_of_a_unit_asks_for_small_outcomes_or_large_activity() -> None:
    refused(
        "count outcome in a smaller unit or count activity in a larger unit",
        programmes=ONE.format("1"),
        **curve("1e-12"),
    )
    accepted(programmes=ONE.format("1"), **curve("1e-6"))


USE = "programme,resource,per_unit\n" + "\n".join(f"p{n},medical,1\np{n},beds,2" for n in range(30))
MANY = "programme,sector,pool,baseline\n" + "\n".join(f"p{n},s,NHS,1" for n in range(30))


def test_a_resource_without_capacity_is_one_error_and_a_blank_amount_its_end() -> None:
    resources = "resource\nmedical\nbeds"
    with pytest.raises(InstanceError) as raised:
        round_of(MANY, use=USE, resources=resources)
    said = [str(p) for p in raised.value.problems if p.severity == "error"]
    assert len(said) == 2
    assert "'medical' has no capacity; 30 programmes use it" in said[0]
    assert "'beds' has no capacity; 30 programmes use it" in said[1]
    round_of(MANY, use=USE, resources=resources, capacity="resource,amount\nmedical,\nbeds,")


OPTIONS = "option,pool\nA,NHS\nB,NHS"
TAKES = """option,measure,target,value
    A,demand,a,-60
    B,demand,a,-60"""


def test_options_that_take_too_much_are_kept_apart_by_a_link() -> None:
    round_with = {
        "programmes": "programme,sector,pool,baseline\na,s,NHS,100",
        "demand": "programme,demand\na,100",
        "options": OPTIONS,
        "option_effects": TAKES,
    }
    refused("would be -20, less than nothing", "let 'A' exclude 'B'", **round_with)
    accepted(option_links="option,link,other\nA,excludes,B", **round_with)


def test_nothing_is_searched_where_the_worst_of_each_group_leave_something() -> None:
    """20 groups of 10 together take 10,000 at most, each group 50 at its worst: 1,000."""
    names = [(f"O{g}-{n}", f"g{g}", 5 * (n + 1)) for g in range(20) for n in range(10)]
    options = "\n".join(f"{name},{group},exactly_one,NHS" for name, group, _ in names)
    effects = "\n".join(f"{name},demand,a,-{takes}" for name, _, takes in names)
    with patch.object(_Search, "too_much", side_effect=AssertionError("it searches")):
        accepted(
            programmes="programme,sector,pool,baseline\na,s,NHS,1000",
            demand="programme,demand\na,1000",
            options=f"option,group,choose,pool\n{options}",
            option_effects=f"option,measure,target,value\n{effects}",
        )
