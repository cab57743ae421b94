"""Reports of money: every figure is the plan's, columns add up, nothing is cut off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from shown import DETAILS, joined, printed, whole

from allocator.cli.solve import Show
from allocator.evaluate import STEPS
from allocator.instance.instance import Instance
from allocator.plan import Plan
from allocator.report.text.bridge import STEPS as WORDS
from allocator.report.text.reports import REPORTS, print_reports, report_tables
from allocator.report.text.summary import print_summary

OF_DECISIONS = ("options", "incomes", "decisions")
"""Reports with nothing in them here; a test of their own shows them."""


def told(plan: Plan, instance: Instance) -> str:
    """The summary and the reports behind it, on one line."""
    return joined(whole(plan, instance))


def shown(name: str, plan: Plan, instance: Instance) -> str:
    text = printed(print_reports, [name], plan, instance)
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "…" not in text
    return text


def block(text: str, title: str) -> dict[str, list[float]]:
    """Figures of the table with `title` in its heading, by the name of the line."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith(f"{title} ") and "2025/26" in line:
            break
    else:
        raise AssertionError(f"there is no table {title}")
    return dict(_figures(lines))


def _figures(lines: Iterator[str]) -> Iterator[tuple[str, list[float]]]:
    for line in lines:
        if not line.strip():
            return
        if line.startswith("──"):
            continue
        words = line.split()
        size = next(n for n, w in enumerate(words) if w.lstrip("-")[0].isdigit() and n > 0)
        while not all(w.replace("-", "").replace(".", "").strip("%").isdigit()
                      for w in words[size:]):  # fmt: skip
            size += 1
        yield " ".join(words[:size]), [float(w.strip("%")) for w in words[size:]]


def changed(plan: Plan, name: str, table: pd.DataFrame) -> Plan:
    return replace(plan, tables={**plan.tables, name: table})


def test_position_is_income_less_cost(money_plan: Plan, money_round: Instance) -> None:
    text = shown("providers", money_plan, money_round)
    trust = block(text, "Trust")
    assert trust["paid under contracts"] == [100.0, 100.0, 99.0]
    assert trust["cost of activity"] == [-99.7, -99.0, -99.0]
    assert trust["stranded part of it"] == [-0.7, 0.0, 0.0]
    assert trust["position"] == [-1.7, -1.0, -2.0]
    assert trust["most it may lose"] == [5.0, 5.0, 5.0]
    names = ("paid under contracts", "cost of activity", "other cost")
    total = [sum(trust[n][t] for n in names) for t in range(3)]
    assert total == pytest.approx(trust["position"])
    assert "other income" not in trust, "lines with nothing in them are left out"
    assert "its position is always nothing: Carers (£11k), Nurses (£14k)" in joined(text)


def test_limit_on_a_deficit_has_its_price(money_plan: Plan, money_round: Instance) -> None:
    providers = money_plan.providers.copy()
    providers.loc[(providers["provider"] == "Trust") & (providers["year"] == 2026), "price"] = 0.05
    plan = changed(money_plan, "providers", providers)
    sentence = "Trust may lose no more than £5,000: £1k of room in 2026/27 would buy 50 QALY."
    assert sentence in joined(shown("providers", plan, money_round))
    assert f"Deficits of providers {sentence}" in told(plan, money_round)


def test_contract_says_where_it_stands(money_plan: Plan, money_round: Instance) -> None:
    text = shown("contracts", money_plan, money_round)
    assert "Acute block: block; Trust, paid by NHS" in text
    said = joined(text)
    assert "fixed until 2027/28 (2025/26 to 2026/27); rebased (2027/28)." in said
    lines = block(text, "Contract")
    assert lines["payment to the provider"] == [100.0, 100.0, 99.0]
    assert lines["payment less cost"] == [0.3, 1.0, 0.0]
    assert lines["activity at tariff"] == [99.0, 99.0, 99.0]
    assert "overhead of the lead" not in lines
    assert (
        "Acute block: £1,000 less activity (10 bed-days) than rolling forward in 2025/26 releases "
        "no cash, as the payment is fixed until 2027/28; £700 more cost is stranded at Trust; "
        "it cannot be ended early." in said
    )


def test_what_is_stranded_is_told_against_rolling_forward(
    money_plan: Plan, money_round: Instance
) -> None:
    contracts = money_plan.contracts
    either_way = changed(
        money_plan, "contracts", contracts.assign(reference_stranded=contracts["stranded"])
    )
    assert "stranded at" not in joined(shown("contracts", either_way, money_round))


def test_beds_that_come_free_are_named(money_plan: Plan, money_round: Instance) -> None:
    use = pd.DataFrame({"programme": ["Admissions"], "resource": ["Beds"], "per_unit": [0.1]})
    resources = pd.DataFrame({"resource": ["Beds"], "unit": ["occupied bed"]})
    known = {"status": [""], "source": [""], "note": [""]}
    tables = {
        **money_round.tables,
        "use": use.assign(**known),
        "resources": resources.assign(**known),
    }
    said = joined(shown("contracts", money_plan, replace(money_round, tables=tables)))
    # Ten bed-days fewer, a tenth of a bed each.
    assert "fixed until 2027/28; it frees 1 occupied bed of Beds; £700 more cost" in said


def test_overhead_of_a_lead_is_apart(money_plan: Plan, money_round: Instance) -> None:
    contracts = money_plan.contracts.assign(pool_payment=money_plan.contracts["payment"] * 1.1)
    text = shown("contracts", changed(money_plan, "contracts", contracts), money_round)
    assert block(text, "Contract")["overhead of the lead"] == [10.0, 10.0, 9.9]


def test_rebased_contract_keeps_nothing_from_moving(
    money_plan: Plan, money_round: Instance
) -> None:
    contracts = money_plan.contracts.assign(state="rebased")
    text = told(changed(money_plan, "contracts", contracts), money_round)
    assert "releases no cash" not in text


def test_pools_add_up(money_plan: Plan, money_round: Instance) -> None:
    text = shown("pools", money_plan, money_round)
    nhs = block(text, "NHS")
    assert nhs["recurrent money"] == [115.0, 115.0, 115.0]
    assert nhs["one-off money"] == [2.0, 0.0, 0.0]
    assert nhs["contracts"] == [-100.0, -100.0, -99.0]
    assert nhs["adjustments"] == [0.2, 0.5, 0.5]
    for lines in (nhs, block(text, "Council")):
        flows = [v for name, v in lines.items() if name not in ("left over", "underlying position")]
        total = [sum(flow[t] for flow in flows) for t in range(3)]
        assert total == pytest.approx(lines["left over"], abs=0.11)
    assert nhs["underlying position"][0] == -1.7


def test_shared_programme_is_told_by_pool(money_plan: Plan, money_round: Instance) -> None:
    text = shown("pools", money_plan, money_round)
    lines = block(text, "Home care")
    spend = money_plan.allocation[money_plan.allocation["programme"] == "Home care"]["spend"] / 1e3
    together = [a + b for a, b in zip(lines["Council"], lines["NHS"], strict=True)]
    assert together == pytest.approx(spend.tolist(), abs=0.11)
    assert "share (40% to 100% allowed)" in text
    assert "share (0% to 60% allowed)" in text


def test_money_handed_over_is_told(money_plan: Plan, money_round: Instance) -> None:
    moved = {"from_pool": ["NHS"] * 3, "to_pool": ["Council"] * 3, "year": [2025, 2026, 2027]}
    handed = pd.DataFrame({**moved, "amount": [100.0, 0.0, 2000.0]})
    text = shown("pools", changed(money_plan, "transfers", handed), money_round)
    assert block(text, "Handed over")["NHS to Council"] == [0.1, 0.0, 2.0]
    assert "Handed over" not in shown("pools", money_plan, money_round)


@pytest.mark.parametrize("title", ["All pools", "NHS", "Council"])
def test_bridge_adds_up(money_plan: Plan, money_round: Instance, title: str) -> None:
    lines = block(shown("bridge", money_plan, money_round), title)
    sums = ("recurrent", "one-off", "plan", "underlying position")
    steps = [amounts for name, amounts in lines.items() if name not in sums]
    total = [sum(step[t] for step in steps) for t in range(3)]
    assert total == pytest.approx(lines["plan"], abs=0.31)
    budgets = money_plan.budgets
    mine = budgets if title == "All pools" else budgets[budgets["pool"] == title]
    assert lines["plan"] == pytest.approx(
        (mine.groupby("year")[["spend", "adjustments"]].sum().sum(axis=1) / 1e3).tolist(), abs=0.06
    )
    assert lines["underlying position"] == pytest.approx(
        (mine.groupby("year")["underlying"].sum() / 1e3).tolist(), abs=0.06
    )


def test_one_off_money_stands_apart(money_plan: Plan, money_round: Instance) -> None:
    lines = block(shown("bridge", money_plan, money_round), "NHS")
    assert lines["double running"] == [0.3, 0.0, 0.0]
    assert lines["one-off"] == [0.3, 0.0, 0.0]
    assert list(lines).index("recurrent") < list(lines).index("double running")
    assert lines["efficiency"] == [-1.0, -1.0, -1.0]


def test_lines_of_both_kinds_are_told_apart(money_plan: Plan, money_round: Instance) -> None:
    once = money_plan.bridge.assign(recurrent=False)
    both = pd.concat([money_plan.bridge, once], ignore_index=True)
    lines = block(shown("bridge", changed(money_plan, "bridge", both), money_round), "All pools")
    assert lines["2024/25 outturn"] == lines["2024/25 outturn, one-off"]


def test_every_step_has_its_words_in_order() -> None:
    assert (*WORDS, "plan") == STEPS


def test_sectors_of_the_bridge_add_up_to_its_pools(money_plan: Plan, money_round: Instance) -> None:
    text = shown("bridge-by-sector", money_plan, money_round)
    sectors = ("acute", "community", "social care", "In no sector")
    plan = [block(text, sector)["plan"] for sector in sectors]
    total = [sum(p[t] for p in plan) for t in range(3)]
    pools = block(shown("bridge", money_plan, money_round), "All pools")["plan"]
    assert total == pytest.approx(pools, abs=0.21)
    assert text.index("acute") < text.index("community") < text.index("In no sector")


@pytest.mark.parametrize("name", REPORTS)
def test_reports_say_so_when_there_is_nothing(
    make_plan: object, small_instance: Instance, money_plan: Plan, name: str
) -> None:
    empty = {table: frame.iloc[:0] for table, frame in money_plan.tables.items()}
    kept = {"allocation", "budgets", "outcomes"}
    tables = {n: money_plan.tables[n] if n in kept else empty[n] for n in money_plan.tables}
    assert shown(name, replace(money_plan, tables=tables), small_instance).strip()


@pytest.mark.parametrize("name", [n for n in REPORTS if n not in {*OF_DECISIONS, *DETAILS}])
@pytest.mark.parametrize("years", [1, 5, 8])
def test_nothing_is_wider_than_80_or_cut_off(
    money_plan: Plan, money_round: Instance, name: str, years: int
) -> None:
    span = tuple(range(2025, 2025 + years))
    long = " of the integrated care partnership"
    tables = {}
    for table, frame in money_plan.tables.items():
        if "year" in frame:
            last = frame[frame["year"] == 2025]
            frame = pd.concat([last.assign(year=y) for y in span], ignore_index=True)
        numbers = frame.select_dtypes("float").columns
        words = [c for c in ("provider", "pool", "sector") if c in frame]
        frame[numbers] *= 3e4
        tables[table] = frame.assign(**{c: frame[c] + long for c in words})
    settings = replace(money_round.settings, years=span)
    text = shown(name, replace(money_plan, tables=tables), replace(money_round, settings=settings))
    for year in span:
        assert settings.year_label(year) in text


def test_tables_behind_the_reports(money_plan: Plan) -> None:
    tables = report_tables(["pools", "bridge", "bridge-by-sector"], money_plan)
    assert list(tables) == ["budgets", "transfers", "funding", "bridge"]
    assert len(tables["bridge"]) == len(money_plan.bridge)


def test_summary_says_what_the_money_does(money_plan: Plan, money_round: Instance) -> None:
    text = told(money_plan, money_round)
    assert "10 bed-days) than rolling forward in 2025/26 releases no cash" in text
    assert "Providers that lose most: Trust £2,000 (£5,000 allowed) in 2027/28." in text
    assert "Bounds that hold the plan back and are only assumed: Community." in text
    assert "Evidence: the central figures" in text


def test_underlying_position_is_that_of_pools_and_providers_together(
    money_plan: Plan, money_round: Instance
) -> None:
    pools = money_plan.budgets.groupby("year")["underlying"].sum()
    providers = money_plan.providers.groupby("year")["position"].sum()
    together = (pools + providers).tolist()
    assert money_plan.system["underlying"].tolist() == pytest.approx(together)
    said = ", ".join(
        f"{'-' if v < 0 else ''}£{abs(v):,.0f}" + (" in 2025/26" if t == 0 else "")
        for t, v in enumerate(together)
    )
    assert f"providers together: {said} in 2027/28." in told(money_plan, money_round)


def test_support_of_a_deficit_is_told_as_what_it_is(
    money_plan: Plan, money_round: Instance
) -> None:
    system = money_plan.system.assign(support=[5000.0, 2000.0, 0.0])
    text = told(changed(money_plan, "system", system), money_round)
    assert "stands outside: £5,000 in 2025/26, none after 2026/27." in text


def test_contracts_at_cost_are_only_named(money_plan: Plan, money_round: Instance) -> None:
    at_cost = money_plan.contracts.assign(contract="Grants", type="cost", state="at cost")
    contracts = pd.concat([money_plan.contracts, at_cost], ignore_index=True)
    names = money_round.contracts.assign(contract="Grants", label="Grants to charities")
    tables = {**money_round.tables, "contracts": pd.concat([money_round.contracts, names])}
    text = shown(
        "contracts",
        changed(money_plan, "contracts", contracts),
        replace(money_round, tables=tables),
    )
    assert "Paid what the activity costs: Grants to charities." in joined(text)
    assert text.count("payment to the provider") == 1


def test_summary_of_a_plain_round_says_nothing_of_it(
    make_plan: object, money_plan: Plan, money_round: Instance
) -> None:
    tables = {t: money_round.tables[t].iloc[:0] for t in ("contracts", "providers", "adjustments")}
    budgets = money_round.budgets[money_round.budgets["kind"] == "recurrent"]
    plain = replace(money_round, tables={**money_round.tables, **tables, "budgets": budgets})
    assert "underlying position" not in joined(printed(print_summary, money_plan, plain)).lower()


@pytest.mark.parametrize("case", ["low", "high"])
def test_other_evidence_is_in_the_headline(
    money_plan: Plan, money_round: Instance, case: str
) -> None:
    plan = replace(money_plan, instance={**money_plan.instance, "evidence": case})
    text = told(plan, money_round)
    assert f"{case} evidence. For decision" in text
    assert f"Evidence: the {case} figures of responses and effects." in text


def test_shrinkage_is_said(money_plan: Plan, money_round: Instance) -> None:
    settings = replace(money_round.settings, shrink_outcome="QALY", shrink_cost=13_500.0)
    text = told(money_plan, replace(money_round, settings=settings))
    assert "those for QALY are drawn towards £13,500 each, the more the weaker" in text


def test_what_prices_hold_is_not_printed_twice(make_plan: object, small_instance: Instance) -> None:
    plan = make_plan()  # type: ignore[operator]
    text = joined(
        printed(lambda *a: print_reports(["prices", "binding"], *a), plan, small_instance)
    )
    assert text.count("£1m more in the NHS pool would buy") == 1
    assert text.count("Community floor: missed in 2025/26") == 1


def test_the_readme_names_every_report() -> None:
    page = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (row,) = (line for line in page.splitlines() if line.startswith("| `--show"))
    named = re.findall("`([a-z-]+)`", row.split("|")[3])
    assert sorted(named) == sorted([*REPORTS, "all"]) == sorted(Show)
    after = page[page.index("Everything behind it is shown by name") :].split("\n\n")[0]
    assert set(re.findall("`(?:--show )?([a-z-]+)`", after)) == {*REPORTS, "all"}
