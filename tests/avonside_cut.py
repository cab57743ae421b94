"""Small instances cut from Avonside, for the stories its plans must be able to tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from examples import avonside

from allocator.instance.instance import Instance


def cut(
    programmes: Sequence[str],
    *,
    years: Sequence[int] = (2025, 2026, 2027, 2028, 2029),
    rules: Sequence[str] = (),
    adjustments: Sequence[str] = (),
    options: Sequence[str] = (),
    **changes: Any,
) -> Instance:
    """Avonside with some programmes, rules, adjustments and options only, and money to match.

    A pool keeps the share of its revenue that its programmes cut out have of its base-year
    spend, and pays the adjustments on top; support of deficits stays whole, and is passed on,
    where the provider it is for stays. Amounts of a contract stay only if all its programmes do.
    Conditional money is left out.

    Parameters
    ----------
    programmes : sequence of str
    years : sequence of int
        Plan years kept.
    rules, adjustments, options : sequence of str
        Kept by name; the selections they need come with them, of an option the effects on
        what is kept.
    **changes
        Tables or settings to put in place of the cut ones.
    """
    whole = avonside()
    tables = {name: table.copy() for name, table in whole.tables.items()}
    kept = set(programmes)
    lines = tables["programmes"]
    tables["programmes"] = lines[lines["programme"].isin(kept)]
    for name in ("limits", "responses", "demand", "use", "reach", "funding"):
        tables[name] = tables[name][tables[name]["programme"].isin(kept)]
    ends = tables["effects"]
    tables["effects"] = ends[ends["source"].isin(kept) & ends["target"].isin(kept)]
    pools = set(tables["programmes"]["pool"]) | set(tables["funding"]["pool"])
    tables["use"] = _use(whole, tables)
    tables["capacity"] = _within(tables, "capacity", "resource", tables["use"]["resource"])
    tables["resources"] = _within(tables, "resources", "resource", tables["use"]["resource"])
    tables["rules"] = _within(tables, "rules", "rule", rules)
    held = set(tables["programmes"]["provider"]) - {""}
    items = tables["adjustments"]
    passed_on = (items["kind"] == "deficit") & items["provider"].isin(held)
    tables["adjustments"] = items[items["item"].isin(list(adjustments)) | passed_on]
    tables |= _options(tables, options)
    tables["incomes"] = tables["incomes"].iloc[:0]
    named = {*tables["rules"]["selection"], *tables["rules"]["relative_to"]}
    named |= set(tables["adjustments"]["selection"])
    tables["selections"] = _selections(tables, named)
    tables["contracts"] = _contracts(whole, tables)
    tables["providers"] = _within(tables, "providers", "provider", held)
    both = tables["transfers"]
    tables["transfers"] = both[both["from_pool"].isin(pools) & both["to_pool"].isin(pools)]
    tables["budgets"] = _budgets(whole, tables, pools)
    for name, table in tables.items():
        if "year" in table:
            tables[name] = table[table["year"].isna() | table["year"].isin(years)]
    tables["contracts"] = _inside(tables["contracts"], ("end", "rebasing_year"), years[-1])
    tables["options"] = _inside(tables["options"], ("latest",), years[-1])
    return whole.replace(**{**tables, "years": tuple(years), **changes})


def _within(tables: dict[str, pd.DataFrame], name: str, column: str, keep: Any) -> pd.DataFrame:
    table = tables[name]
    return table[table[column].isin(list(keep))]


def _options(tables: dict[str, pd.DataFrame], kept: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Named options with their links to each other and their effects on what is there."""
    effects = _within(tables, "option_effects", "option", kept)
    there = set(tables["programmes"]["programme"]) | set(tables["resources"]["resource"])
    links = _within(tables, "option_links", "option", kept)
    return {
        "options": _within(tables, "options", "option", kept),
        "option_effects": effects[effects["target"].isin(there)],
        "option_links": links[links["other"].isin(list(kept))],
    }


def _use(whole: Instance, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Use of the resources whose users all stay: a part of a ward says nothing."""
    users = whole.use.groupby("resource")["programme"].nunique()
    stay = tables["use"].groupby("resource")["programme"].nunique()
    return _within(tables, "use", "resource", [r for r, n in stay.items() if n == users[r]])


def _selections(tables: dict[str, pd.DataFrame], named: set[str]) -> pd.DataFrame:
    """Rows of the named selections that still find a programme."""
    table, lines = tables["selections"], tables["programmes"]
    tags = {tag for words in lines["tags"] for tag in words.split("; ")}
    found = table["selection"].isin(named)
    for column in ("sector", "provider", "pool", "contract", "programme"):
        found &= (table[column] == "") | table[column].isin(set(lines[column]))
    return table[found & ((table["tag"] == "") | table["tag"].isin(tags))]


def _contracts(whole: Instance, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    table = tables["contracts"]
    before = whole.programmes.groupby("contract")["programme"].nunique()
    after = tables["programmes"].groupby("contract")["programme"].nunique()
    part = {name for name, n in after.items() if n < before[name]}
    table = table[table["contract"].isin(set(after.index))].copy()
    some = table["contract"].isin(part)
    amounts = ["fixed", "ceiling", "min_income", "max_income"]
    table.loc[some, amounts] = float("nan")
    return table


def _inside(table: pd.DataFrame, columns: Sequence[str], last: int) -> pd.DataFrame:
    """Table without years that lie beyond the plan: of ends, rebasing and late starts."""
    return table.assign(**{c: table[c].where(table[c] <= last) for c in columns})


def _budgets(whole: Instance, tables: dict[str, pd.DataFrame], pools: set[str]) -> pd.DataFrame:
    """Each pool's money in proportion to the base-year spend that stays, support as it is."""
    table, items = tables["budgets"], tables["adjustments"]
    supported = set(items["pool"][items["kind"] == "deficit"])
    table = table[table["pool"].isin(pools)]
    table = table[(table["kind"] != "support") | table["pool"].isin(supported)].copy()
    before = spend_by_pool(whole.programmes, whole.funding)
    after = spend_by_pool(tables["programmes"], tables["funding"])
    share = table["pool"].map(after).fillna(0.0) / table["pool"].map(before)
    whole_amount = table["kind"].isin(["non_recurrent", "support"]).to_numpy()
    table["amount"] = table["amount"] * share.where(~whole_amount, 1.0)
    return table


def spend_by_pool(programmes: pd.DataFrame, funding: pd.DataFrame) -> dict[str, float]:
    """What the baseline costs each pool at tariff; shared programmes by their least shares."""
    price = programmes["tariff"].fillna(programmes["unit_cost"])
    lines = programmes.assign(spend=price * programmes["baseline"])[["programme", "pool", "spend"]]
    shared = funding[["programme", "pool", "share_min"]].merge(
        lines[["programme", "spend"]], on="programme"
    )
    alone = lines[~lines["programme"].isin(shared["programme"])]
    least = shared["share_min"] / shared.groupby("programme")["share_min"].transform("sum")
    parts = shared.assign(spend=shared["spend"] * least)
    every = pd.concat([alone, parts])
    return {str(p): float(v) for p, v in every.groupby("pool")["spend"].sum().items()}
