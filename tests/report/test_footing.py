"""What the summary's last section says of lines that are held."""

from __future__ import annotations

from shown import joined, printed
from small import round_of, solved

from allocator.instance.instance import Instance
from allocator.plan import Plan
from allocator.report.text.reports import print_reports
from allocator.report.text.summary import print_summary

LINES = """
    programme,sector,pool,unit_cost,baseline
    grants,care,NHS,1,60
    upkeep,care,NHS,1,40
    nurse,care,NHS,1,50
"""
RESPONSES = "programme,outcome,per_unit\nnurse,QALY,1"
LEAST = "programme,min\nnurse,1"


def short_of_money(amount: float, **tables: str) -> Instance:
    """Two lines nobody has valued beside one that may not fall."""
    money = f"pool,amount\nNHS,{amount}"
    return round_of(LINES, responses=RESPONSES, limits=LEAST, budgets=money, **tables)


def footing(plan: Plan, instance: Instance) -> str:
    text = joined(printed(print_summary, plan, instance, width=80))
    return text[text.index("HOW SURE THIS IS") :]


def in_short(instance: Instance) -> str:
    text = joined(printed(print_summary, solved(instance), instance, width=80))
    return text[text.index("IN SHORT") : text.index("WHERE THE MONEY GOES")]


def told(instance: Instance) -> str:
    plan = solved(instance)
    assert plan.verified
    return footing(plan, instance)


def test_lines_that_keep_their_level_are_not_told_to_give_way() -> None:
    said = told(short_of_money(200))
    assert "Not valued and held: 2 programmes, £100." in said
    assert "give up" not in said
    assert "planned down" not in said.lower()


def test_what_held_lines_give_up_is_told_with_the_rule() -> None:
    said = told(short_of_money(130))
    assert (
        "Held lines give up £20.00 of £100 in 2025/26, as when rolling forward: pro rata." in said
    )


def test_what_gives_up_most_of_its_level_is_named_at_once() -> None:
    cut = "rule,measure,selection,sense,value,basis\ncap,spend,only grants,max,25,amount"
    only = "selection,programme\nonly grants,grants"
    said = in_short(short_of_money(200, rules=cut, selections=only))
    assert (
        "Held, but falls by more than half, as when rolling forward: grants, £35 of £60 in "
        "2025/26." in said
    )
    assert "upkeep, £" not in said


def test_where_several_do_the_largest_are_named_and_the_rest_counted() -> None:
    lines = f"{LINES}teas,care,NHS,1,1"
    said = in_short(
        round_of(
            lines,
            responses=RESPONSES,
            limits=LEAST,
            budgets="pool,amount\nNHS,70",
        )
    )
    assert "grants, £48.12 of £60 in" in said
    assert "upkeep, £32.08 of £40 in 2025/26; and 1 more." in said


def test_less_than_half_is_told_with_the_footing_alone() -> None:
    assert "falls by more" not in in_short(short_of_money(101))
    assert "falls by more" in in_short(short_of_money(99))


def test_a_line_that_a_rule_cuts_does_not_give_way_pro_rata() -> None:
    cut = "rule,measure,selection,sense,value,basis\ncap,spend,only grants,max,45,amount"
    instance = short_of_money(200, rules=cut, selections="selection,programme\nonly grants,grants")
    said = told(instance)
    assert "Planned down in 2025/26: grants £15." in said
    assert "give up" not in said


def test_a_rule_over_several_lines_leaves_the_choice_between_them() -> None:
    cut = "rule,measure,selection,sense,value,basis\ncap,spend,both,max,80,amount"
    both = "selection,programme\nboth,grants\nboth,upkeep"
    said = told(short_of_money(200, rules=cut, selections=both))
    assert "Held lines give up £20.00 of £100 in 2025/26" in said
    assert "Planned down" not in said


def evidence(instance: Instance) -> str:
    return joined(printed(print_reports, ["evidence"], solved(instance), instance, width=80))


def test_which_lines_give_way_is_told_as_a_choice_with_amounts() -> None:
    said = evidence(short_of_money(130))
    assert (
        "Held lines that give way: grants £12.00 of £60 in 2025/26, upkeep £8.00 of £40 in "
        "2025/26." in said
    )
    assert "£20.00 in all (2025/26) falls on lines nobody has valued." in said
    assert "where it falls is a choice: pro rata to how far each may fall" in said
    assert "no other way" not in said


def test_an_order_that_is_given_is_told() -> None:
    lines = LINES.replace("baseline", "baseline,held_order").replace(",60", ",60,2")
    lines = lines.replace(",40", ",40,0").replace(",50", ",50,0")
    said = evidence(
        round_of(lines, responses=RESPONSES, limits=LEAST, budgets="pool,amount\nNHS,130")
    )
    assert "Held lines that give way: grants £20 of £60 in 2025/26." in said
    assert "a higher held_order first" in said


def test_a_line_with_a_ceiling_of_its_own_is_planned_down_and_gives_nothing_up() -> None:
    cut = "rule,measure,selection,sense,value,basis\ncap,spend,only grants,max,45,amount"
    said = evidence(
        short_of_money(200, rules=cut, selections="selection,programme\nonly grants,grants")
    )
    assert (
        "planned down, which is no choice between lines: grants £15 of £60 in 2025/26 "
        "(rule cap)." in said
    )
    assert "give way" not in said


def test_more_than_rolling_forward_gives_up_is_the_plan_s_own() -> None:
    instance = short_of_money(130)
    plan = solved(instance)
    held = plan.held.assign(reference_given_up=0.0)
    own = Plan(**{**vars(plan), "tables": {**plan.tables, "held": held}})
    assert "Held lines give up £20.00 of £100 in 2025/26: pro rata." in footing(own, instance)


def test_lines_valued_only_by_need_avoided_are_named() -> None:
    instance = round_of(
        """
        programme,sector,pool,unit_cost,baseline
        visits,care,NHS,2,10
        stays,care,NHS,1,50
        upkeep,care,NHS,1,40""",
        demand="programme,demand\nstays,50",
        effects="source,target,per_unit\nvisits,stays,0.1",
    )
    said = told(instance)
    assert (
        "Not valued and held: 1 programme, £40; valued only by need avoided: visits, £20." in said
    )
