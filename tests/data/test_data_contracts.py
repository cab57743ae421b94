"""When a contract may be ended, and for what fee."""

from __future__ import annotations

import pytest
from coefficients import by_label
from small import round_of

from allocator.data import extract


@pytest.mark.parametrize(
    ("terms", "years"),
    [
        ("notice_years\n0", (2025, 2026, 2027)),
        ("notice_years\n1", (2026, 2027)),
        ("notice_years\n2", (2027,)),
        ("notice_years\n3", ()),
        ("notice_years,start\n1,2026", (2027,)),
        ("notice_years,start\n1,2020", (2026, 2027)),
        ("notice_years,end\n1,2026", (2026,)),
    ],
)
def test_a_contract_may_be_ended_after_its_notice(terms: str, years: tuple[int, ...]) -> None:
    head, values = terms.split("\n")
    data = extract(
        round_of(
            "programme,sector,pool,provider,contract,baseline\nbed,acute,NHS,T,K,10",
            years=(2025, 2026, 2027),
            responses="programme,outcome,per_unit\nbed,QALY,1",
            limits="programme,max\nbed,2",
            contracts=f"contract,type,fixed,exit_fee,uplift,{head}\nK,block,10,8,0.5,{values}",
        )
    )
    fee = by_label(data.contracts.ends, data.contracts.fee)
    assert fee == {("K", y): pytest.approx(8 * 1.5 ** (y - 2024)) for y in years}


def test_a_contract_without_notice_is_not_ended() -> None:
    data = extract(
        round_of(
            "programme,sector,pool,provider,contract,baseline\nbed,acute,NHS,T,K,10",
            responses="programme,outcome,per_unit\nbed,QALY,1",
            limits="programme,max\nbed,2",
            contracts="contract,type,fixed\nK,block,10",
        )
    )
    assert len(data.contracts.ends) == len(data.contracts.fee) == 0
    assert not data.contracts.endable.any()
