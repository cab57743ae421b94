"""Which payments are one line, held from below or filled in order, and the fillings."""

from __future__ import annotations

from typing import Any

import pytest
from coefficients import by_label
from small import round_of

from allocator.data import extract
from allocator.data.payments import Payments
from allocator.instance.instance import Instance
from allocator.tolerances import BAND, BEYOND

CONVEX = "type,up_rate,down_rate\nK,aligned,1,0.5"
CONCAVE = "type,up_rate,down_rate\nK,aligned,0.5,1"
CAPS = "type,per_head,gain_share,loss_share,gain_cap,loss_cap\nK,capitated,1,0.5,0.5,10,10"
"""90 up to a cost of 80, half a pound a pound up to 120, 110 beyond."""


def paying(terms: str, *, response: str = "linear,2,,", **tables: str) -> Instance:
    """A hospital of 60 to 140 at cost 1 under a contract, and a community service."""
    head, values = terms.split("\n")
    return round_of(
        """programme,sector,pool,provider,contract,baseline,held
        A,acute,NHS,Trust,K,100,no
        B,community,NHS,,,20,no""",
        **{
            "limits": "programme,basis,min,max\nA,activity,60,140\nB,activity,0,1000",
            "responses": "programme,outcome,shape,per_unit,maximum,half\n"
            f"A,QALY,{response}\nB,QALY,linear,1,,",
            "places": "place,heads\nHere,100",
            "selections": "selection,contract,programme\nK,K,\nB,,B",
            "contracts": f"contract,{head}\n{values}",
            **tables,
        },
    )


def paid(terms: str, **more: Any) -> Payments:
    return extract(paying(terms, **more)).payments


def rule(text: str) -> str:
    return "rule,measure,selection,sense,value,basis,relative_to\nR," + text


def kind(p: Payments) -> str:
    """How the one payment is held."""
    assert not (p.filled & p.from_below).any()
    return "filled" if p.filled[0] else "from below" if p.from_below[0] else "line"


LIMIT = "provider,deficit_max\nTrust,5"


@pytest.mark.parametrize(
    ("terms", "tables", "expected", "why"),
    [
        ("type\nK,activity", {}, "line", ""),
        ("type\nK,activity", {"providers": LIMIT}, "line", ""),
        ("type,fixed\nK,block,90", {"rules": rule("payment,K,equal,90,amount,")}, "line", ""),
        (CONVEX, {}, "from below", ""),
        (CONVEX, {"rules": rule("payment,K,max,110,amount,")}, "from below", ""),
        (CONVEX, {"rules": rule("position,K,max,110,amount,")}, "from below", ""),
        (CONVEX, {"providers": LIMIT}, "filled", "the deficit limit of 'Trust' wants it high"),
        (CONVEX, {"rules": rule("payment,K,min,90,amount,")}, "filled", "rule 'R' wants it high"),
        (CONVEX, {"rules": rule("payment,K,equal,99,amount,")}, "filled", "rule 'R' wants it high"),
        (CONVEX, {"rules": rule("position,K,min,-9,amount,")}, "filled", "rule 'R' wants it high"),
        # B's share of all that is paid falls with what the hospital is paid.
        (CONVEX, {"rules": rule("payment,B,max,0.9,share,")}, "filled", "rule 'R' wants it high"),
        (CONVEX, {"rules": rule("payment,B,min,0.1,share,")}, "from below", ""),
        (CONCAVE, {}, "filled", "it rises more slowly above a kink"),
        (CAPS, {}, "filled", "it rises more slowly above a kink"),
        (
            "type,fixed,bonus_outcome,bonus_threshold,bonus_step\nK,outcome,4,QALY,200,6",
            {},
            "filled",
            "it steps",
        ),
        (
            "type,fixed,notice_years\nK,block,90,0",
            {},
            "filled",
            "it may be ended or suspended",
        ),
        (
            "type,fixed\nK,block,90",
            {
                "options": "option,pool\nO,NHS",
                "option_effects": "option,measure,target,operation\nO,contract,K,suspend",
            },
            "filled",
            "it may be ended or suspended",
        ),
    ],
)
def test_how_a_payment_is_held_and_why(
    terms: str, tables: dict[str, str], expected: str, why: str
) -> None:
    found = paid(terms, **tables)
    assert kind(found) == expected
    assert found.why == (why,)
    assert (len(found.fills) > 0) == (expected == "filled")


@pytest.mark.parametrize(("overhead", "expected"), [(0.1, "filled"), (0.0, "from below")])
def test_a_lead_wants_a_payment_high_only_for_its_overhead(overhead: float, expected: str) -> None:
    terms = f"type,up_rate,down_rate,lead,overhead\nK,aligned,1,0.5,Lead,{overhead}"
    assert kind(paid(terms, providers="provider,deficit_max\nLead,5")) == expected


def whole(p: Payments) -> list[bool]:
    """Whether each piece is filled wholly or not at all."""
    return [piece in set(p.whole.members()) for piece in p.fills.members()]


def pieces(p: Payments) -> list[tuple[float, float, bool, int]]:
    return list(zip(p.width, p.slope, whole(p), p.block.tolist(), strict=True))


def near(*rows: tuple[float, float, bool, int]) -> list[tuple[Any, Any, bool, int]]:
    return [(pytest.approx(w), pytest.approx(s, abs=1e-12), x, b) for w, s, x, b in rows]


def test_order_is_kept_only_where_the_payment_bends_the_wrong_way() -> None:
    room = BEYOND * 80  # 60 to 140, a little further at both ends
    found = paid(CAPS)
    assert pieces(found) == near(
        (20 + room, 0, False, 0), (40, 0.5, False, 0), (20 + room, 0, False, 1)
    )
    assert by_label(found.orders, found.jump) == {("K", 2025, 1): 0}
    assert found.low == pytest.approx([60 - room])
    assert found.at_low == pytest.approx([90])


def test_where_it_is_wanted_high_every_kink_is_kept() -> None:
    found = paid(CAPS, providers=LIMIT)
    assert found.block.tolist() == [0, 1, 2]
    assert by_label(found.orders, found.jump) == {("K", 2025, 1): 0, ("K", 2025, 2): 0}


def test_a_band_below_a_step_is_filled_wholly_or_not_at_all() -> None:
    # 120 to 280 of outcome; 4, half a pound for each, and 6 once there are 200.
    terms = "type,fixed,bonus,bonus_outcome,bonus_threshold,bonus_step\nK,outcome,4,0.5,QALY,200,6"
    found = paid(terms)
    reach = 160 * (1 + 2e-3)  # a step at the very end must still be seen
    spread = BEYOND * reach
    band = BAND * 200
    half = reach / 2 + spread
    assert pieces(found) == near(
        (half - band, 0.5, False, 0), (band, 0.5, True, 0), (half, 0.5, False, 1)
    )
    assert by_label(found.orders, found.jump) == {("K", 2025, 1): pytest.approx(6)}
    assert found.low == pytest.approx([200 - half])
    assert found.at_low == pytest.approx([4 + 0.5 * (200 - half)])
    # Filled up to the step and with it, this is the payment at 200 exactly.
    assert found.low[0] + found.width[:2].sum() == pytest.approx(200, abs=1e-9)


def test_the_band_may_allow_for_the_error_of_a_curve() -> None:
    terms = "type,fixed,bonus,bonus_outcome,bonus_threshold,bonus_step\nK,outcome,4,0.5,QALY,50,6"
    data = extract(paying(terms, response="saturating,,100,100"), margin=1)
    found = data.payments
    error = float(data.payments.error[0])
    r = data.responses
    assert error == r.gap.max() > 0
    # Ends as far below the step as the true figure may lie above the chords, and that far again.
    below, band, above = found.width
    end = found.low[0] + below
    assert 50 - end == pytest.approx(2 * error)
    assert end + band == pytest.approx(50 + error)
    assert whole(found) == [False, True, False]
    assert found.low[0] + found.width.sum() > 100 * (1 - 2 ** (-1.4))
    assert above > 0
    assert found.jump == pytest.approx([6])


def test_a_step_to_another_slope_is_joined_where_the_error_ends() -> None:
    # Half a pound for each up to 50, and nothing beyond: 29 just below the step, 35 from it on.
    terms = (
        "type,fixed,bonus,bonus_outcome,bonus_threshold,bonus_step,max_income\n"
        "K,outcome,4,0.5,QALY,50,6,35"
    )
    data = extract(paying(terms, response="saturating,,100,100"), margin=1)
    found, error = data.payments, float(data.payments.error[0])
    assert error > 0
    assert found.slope == pytest.approx([0.5, 0.5, 0], abs=1e-12)
    assert found.jump == pytest.approx([6 - 0.5 * error], rel=1e-12)
    # What is paid where the last piece begins is what is agreed there.
    below = found.at_low[0] + 0.5 * (found.width[0] + found.width[1])
    assert below + found.jump[0] == pytest.approx(35)


def test_what_may_be_ended_is_filled_in_those_years_only() -> None:
    data = extract(
        round_of(
            "programme,sector,pool,provider,contract,baseline\nA,acute,NHS,T,K,10",
            years=(2025, 2026, 2027),
            responses="programme,outcome,per_unit\nA,QALY,1",
            limits="programme,max\nA,2",
            contracts="contract,type,fixed,notice_years,exit_fee\nK,block,10,1,3",
        )
    )
    found, contracts = data.payments, data.contracts
    assert found.filled.tolist() == contracts.endable.tolist() == [False, True, True]
    assert found.why == ("", *["it may be ended or suspended"] * 2)
    assert by_label(contracts.ends, contracts.fee) == {("K", 2026): 3, ("K", 2027): 3}
    assert len(found.orders) == 0


LATE = "fixed_share,release_years"


def test_what_programmes_cost_spans_stranded_cost_and_surcharges() -> None:
    data = extract(
        round_of(
            f"""programme,sector,pool,provider,contract,baseline,{LATE},cost_threshold,cost_above
            A,acute,NHS,T,K,100,0.5,1,,
            B,acute,NHS,T,K,50,0,0,40,2""",
            responses="programme,outcome,per_unit\nA,QALY,1\nB,QALY,1",
            limits="programme,basis,min,max\nA,activity,60,140\nB,activity,30,60",
            contracts="contract,type,fixed,notice_years\nK,block,90,0",
        )
    )
    # A costs 60 to 140 and strands half of up to 140; B 30 to 60 and 20 of surcharge.
    assert data.contracts.cost_low == pytest.approx([90])
    assert data.contracts.cost_high == pytest.approx([140 + 70 + 60 + 20])


STRANDED = """programme,sector,pool,provider,contract,baseline,fixed_share,release_years,held
    A,acute,NHS,Trust,K,100,0.9,{},no
    B,community,NHS,,,10,0,0,no"""


@pytest.mark.parametrize(
    ("release", "terms", "tables", "wanted"),
    [
        (1, "type,lead,overhead\nK,cost,Lead,0.1", {"rules": rule("payment,K,min,99,amount,")}, 1),
        (0, "type,lead,overhead\nK,cost,Lead,0.1", {"rules": rule("payment,K,min,99,amount,")}, 0),
        (1, "type,lead,overhead\nK,cost,Lead,0.1", {"rules": rule("payment,K,max,99,amount,")}, 0),
        (1, "type,lead,overhead\nK,cost,Lead,0.1", {"rules": rule("position,K,min,0,amount,")}, 0),
        (1, "type,fixed\nK,block,90", {"rules": rule("payment,K,min,80,amount,")}, 0),
        (
            1,
            "type,fixed,notice_years\nK,block,90,0",
            {"rules": rule("payment,K,min,80,amount,")},
            1,
        ),
        (
            1,
            "type,lead,overhead\nK,cost,Lead,0.1",
            {"providers": "provider,other_cost,deficit_max\nLead,9,0"},
            1,
        ),
        (1, "type,per_head,loss_share\nK,capitated,1,0.5", {"providers": LIMIT}, 0),
    ],
)
def test_stranded_cost_is_exact_where_something_gains_from_more(
    release: int, terms: str, tables: dict[str, str], wanted: int
) -> None:
    head, values = terms.split("\n")
    instance = round_of(
        STRANDED.format(release),
        **{
            "limits": "programme,basis,min,max\nA,activity,60,140\nB,activity,0,1000",
            "responses": "programme,outcome,per_unit\nA,QALY,1\nB,QALY,10",
            "places": "place,heads\nHere,100",
            "selections": "selection,contract\nK,K",
            "contracts": f"contract,{head}\n{values}",
            "providers": "provider\nLead" if "Lead" in terms else "provider\nTrust",
            **tables,
        },
    )
    assert extract(instance).stranded_exact.tolist() == [[bool(wanted)], [False]]
