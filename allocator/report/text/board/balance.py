"""Are we in balance: pools, the system's underlying position, providers, capital."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from allocator.report.language.layout import Paragraph
from allocator.report.text.board.page import Lines, Page
from allocator.report.text.contracts import kept_from_moving
from allocator.report.text.pools import underlying
from allocator.report.text.providers import losses
from allocator.words import count, listed

if TYPE_CHECKING:
    from allocator.instance.instance import Instance

PROVIDERS = 1
"""Providers that lose most that are named."""


def are_we_in_balance(page: Page) -> Lines:
    """The section."""
    said = list(_pools(page))
    if has_accounts(page.instance):
        said.append(underlying(page.plan, page.instance))
        lost = losses(page.plan, page.settings, page.money, PROVIDERS)
        stuck = len(list(kept_from_moving(page.plan, page.instance, page.money)))
        keeps = "keeps" if stuck == 1 else "keep"
        kept = f"{count(stuck, 'contract')} {keeps} money in place (--show accounts)."
        said += [lost] if lost else []
        said += [kept] if stuck else []
    rests = list(_rests_on(page))
    said += [f"Depends on {listed(rests)}."] if rests else []
    yield Paragraph("ARE WE IN BALANCE?", " ".join(said))


def has_accounts(instance: Instance) -> bool:
    """Whether the instance says more about money than what programmes cost."""
    return bool(
        any(len(instance.tables[name]) for name in ("contracts", "providers", "adjustments"))
        or instance.settings.recurrent_balance
        or (instance.budgets["kind"] != "recurrent").any()
        or not instance.programmes["recurrent"].all()
    )


def _pools(page: Page) -> Iterator[str]:
    """That pools balance, money left unspent and why, and capital."""
    budgets, money = page.plan.budgets, page.money
    unspent = budgets[budgets["slack"] >= money.visible]
    if unspent.empty:
        yield "Every pool balances, no revenue lies unspent."
    else:
        yield "Every pool balances."
        for pool, rows in unspent.groupby("pool", sort=False):
            amounts = [
                f"{money.text(float(r['slack']))} ({page.year(int(r['year']))})"
                for _, r in rows.iterrows()
            ]
            tight = (rows["underlying"] + rows["support"]).abs() < money.visible
            why = (
                "one-off money may not pay for what lasts"
                if page.settings.recurrent_balance and bool(tight.all())
                else "more spending would be worth nothing, or a rule or limit stops it"
            )
            yield f"Unspent in {pool}: {listed(amounts)}, as {why}."
    there, spent = float(budgets["capital_amount"].sum()), float(budgets["capital_spend"].sum())
    if there > 0:
        yield f"Capital: {money.text(spent)} of {money.text(there)}."


def _rests_on(page: Page) -> Iterator[str]:
    """Money that must come true: efficiency, and conditional money."""
    plan, money = page.plan, page.money
    saved = plan.adjustments
    saved = saved[(saved["kind"] == "efficiency") & (saved["year"] == page.first)]
    total = -float(saved["amount"].sum())
    if total >= money.visible:
        yield f"{money.text(total)} of efficiency in {page.year(page.first)}"
    incomes = plan.tables.get("incomes")
    if incomes is not None and len(incomes):
        paid = incomes[incomes["received"] > 0]
        for name, rows in paid.groupby("income", sort=False):
            earned = float(rows["amount"].sum())
            if earned >= money.visible:
                yield f"{money.text(earned)} of {name}"
