"""The plan in a few sentences: what is kept and missed, what is gained, what moves."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from allocator.report.language.layout import Paragraph, bullet
from allocator.report.language.proof import gain_matters, none_of
from allocator.report.text.board.page import Lines, Page, on_base
from allocator.report.text.board.people import who_gains
from allocator.report.text.domains import gains_by_domain
from allocator.report.text.held import Below
from allocator.report.text.missed import is_missed
from allocator.report.text.options import options_of, runs_of
from allocator.tolerances import NOT_WORTH_A_CLAUSE, SAME_OUTCOME
from allocator.words import figure, listed, missing_amount, percent

MISSED = 2
"""Rules missed that are named; the rest are counted."""

MOST_OF = 0.5
"""Share of its level from which what a held programme gives up is named at once."""

TELLING = 0.01
"""Share of the outcomes' gain from which an outcome's part of it is told."""

LOST = 2
"""Held programmes that give up most of their level which are named; the rest are counted."""

MOVES = 2
"""Moves of the first year that are named, each way."""


def in_short(page: Page) -> Lines:
    """The section."""
    yield Paragraph("IN SHORT", " ".join(_rules(page)))
    yield from (bullet(said) for said in _given_up(page))
    yield from (bullet(said) for said in _on_base_year(page))
    yield bullet(" ".join([*_gain(page), *who_gains(page)]))
    moved = " ".join(_moves(page))
    if moved:
        yield bullet(moved)


def _rules(page: Page) -> Iterator[str]:
    plan = page.plan
    if not plan.verified:
        yield "Checked independently: NO. Do not use these figures."
        return
    yield "Every hard rule is kept."
    missed = plan.rules[is_missed(plan.rules)]
    groups = [rows for _, rows in missed.groupby("rule", sort=False)]
    if not groups:
        return
    groups.sort(key=lambda rows: -float(rows["penalty"].sum()))
    said = [
        f"{rows['rule'].iloc[0]} by "
        + ", ".join(f"{_size(r)} ({page.year(int(r['year']))})" for _, r in rows.iterrows())
        for rows in groups[:MISSED]
    ]
    more = f"; and {len(groups) - MISSED} more" if len(groups) > MISSED else ""
    yield f"Missed at a price: {'; '.join(said)}{more}."


def _size(row: pd.Series[float]) -> str:
    """How far a rule is missed, in its own unit."""
    share = abs(float(row["limit"])) <= 1.0 and abs(float(row["left"])) > 1.0
    if share:
        return missing_amount(100 * abs(float(row["value"] - row["limit"])), "percentage point")
    return figure(float(row["violation"]))


def _given_up(page: Page) -> Iterator[str]:
    """Held programmes that fall by most of what they are held at, in the year of most."""
    money, rows = page.money, Below(page.plan, page.instance, page.money).rows
    rows = rows[rows["given_up"] > MOST_OF * rows["level"]]
    if rows.empty:
        return
    rows = rows.sort_values("given_up", ascending=False, kind="stable")
    rows = rows.drop_duplicates("programme")
    named = [
        f"{page.names[str(r['programme'])]}, {money.text(float(r['given_up']))} of "
        f"{money.text(float(r['level']))} in {page.year(int(r['year']))}"
        for _, r in rows.head(LOST).iterrows()
    ]
    more = f"; and {len(rows) - LOST} more" if len(rows) > LOST else ""
    same = (rows["spend"] - rows["reference_spend"]).abs() < money.visible
    yield (
        f"Held, but falls by more than half{', as when rolling forward' if same.all() else ''}: "
        f"{'; '.join(named)}{more}."
    )


def _on_base_year(page: Page) -> Iterator[str]:
    last = page.lines[page.lines["year"] == page.last]
    before = float(last["baseline_spend"].sum())
    spend, volume = float(last["spend"].sum()), float(last["volume"].sum())
    spend += float(page.beside.get(page.last, 0.0))
    if before <= 0 and spend <= 0:
        return
    grown = f", cash {on_base(spend, before)}, volume {on_base(volume, before, 1)}"
    yield (
        f"Against {page.base}: {page.money.text(before)} to {page.money.text(spend)} in "
        f"{page.year(page.last)}{grown if before > 0 else ''}."
    )


def _gain(page: Page) -> Iterator[str]:
    plan, worth = page.plan, page.worth
    over = "" if len(page.settings.years) == 1 else f", {len(page.settings.years)} years"
    if not gain_matters(plan):
        yield f"Against rolling forward: {none_of(plan)} is worth more."
        return
    columns = ["amount", "reference_amount", "value", "reference_value"]
    totals = plan.outcomes.groupby("outcome", sort=False)[columns].sum()
    gained = (totals["value"] - totals["reference_value"]).abs()
    told, same = [], []
    for name, row in totals.iterrows():
        amount, before = float(row["amount"]), float(row["reference_amount"])
        change = amount - before
        worth_it = float(gained[str(name)]) >= TELLING * float(gained.sum()) > 0
        if not worth_it and abs(change) <= SAME_OUTCOME * max(abs(amount), abs(before)):
            same.append(f"{name} ({_with_sign(change)} of {figure(amount)})")
        elif max(amount, before) <= 0:  # an outcome that counts harm
            told.append(f"{name} {figure(abs(change))} {'less' if change > 0 else 'more'}")
        else:
            told.append(f"{name} {_with_sign(change)}")
    parts = [", ".join(told)] if told else []
    parts += [f"no telling difference in {listed(same)}"] if same else []
    yield f"Against rolling forward{over}: {'; '.join(parts)}."
    yield from _worth(page, worth.unit == "points of value")


def _with_sign(change: float) -> str:
    said = figure(abs(change))
    return said if said == "0" else f"{'-' if change < 0 else '+'}{said}"


def _worth(page: Page, in_points: bool) -> Iterator[str]:
    """What the gain is made of: outcomes, penalties avoided rule by rule, later savings."""
    plan, worth = page.plan, page.worth
    parts = plan.worth.set_index("part")
    gain = parts["plan"] - parts["reference"]
    outcomes = float(gain["outcomes"] + gain["harm"])
    small = NOT_WORTH_A_CLAUSE * max(1.0, abs(outcomes))
    domains = gains_by_domain(plan, page.instance, worth)
    if in_points:
        by = f": {domains}" if domains else ""
        yield f"Together {worth.text(outcomes).removesuffix(' of value')}{_point(page)}{by}."
    elif domains:
        yield f"By domain: {domains}."
    avoided = float(gain["penalties"])
    apart = []
    if abs(avoided) > small:
        rules = plan.rules
        by_rule = (rules["reference_penalty"] - rules["penalty"]).groupby(rules["rule"]).sum()
        by_rule = by_rule.abs()[by_rule.abs() > small].sort_values(ascending=False, kind="stable")
        named = [f"{rule} {worth.figure(float(v))}" for rule, v in by_rule.head(MISSED).items()]
        named += [f"{len(by_rule) - MISSED} more"] if len(by_rule) > MISSED else []
        what = "penalties avoided" if avoided > 0 else "penalties added"
        apart.append(f"{worth.figure(abs(avoided))} of {what} ({', '.join(named)})")
    later = float(gain["later savings"])
    if abs(later) > small:
        what = "later savings" if later > 0 else "later savings lost"
        apart.append(f"{worth.figure(abs(later))} of {what}")
    if apart:
        yield f"Apart from outcomes: {' and '.join(apart)}."


def _point(page: Page) -> str:
    """What a point of value is, where several outcomes are added up."""
    outcomes = page.instance.outcomes
    one = outcomes[outcomes["weight"] == 1.0]
    if one.empty:
        return ""
    return f" (a point is 1 {one['unit'].iloc[0] or one['outcome'].iloc[0]})"


def _moves(page: Page) -> Iterator[str]:
    """What is spent differently: most in a year, first in the first year, and the largest move."""
    money, lines = page.money, page.lines
    change = lines.assign(up=lines["change"].clip(lower=0), down=-lines["change"].clip(upper=0))
    by_year = change.groupby("year")[["up", "down"]].sum().max(axis=1)
    top = int(by_year.index[int(by_year.to_numpy().argmax())])
    if by_year[top] < money.visible:
        choices = any(not run.reference for run in runs_of(options_of(page.plan)))
        yield (
            "No programme's activity moves; only the choices differ from rolling forward."
            if choices
            else "No programme moves: the plan is rolling forward."
        )
        return
    spent = float(lines.loc[lines["year"] == top, "spend"].sum())
    share = f" ({percent(float(by_year[top]) / spent)})" if spent > 0 else ""
    most = "" if len(page.settings.years) == 1 else "At most "
    moved = money.text(float(by_year[top]))
    yield f"{most}{moved}{share} moves, in {page.year(top)}."
    first = lines[lines["year"] == page.first].sort_values("change", kind="stable")
    first = first[first["change"].abs() >= money.visible]
    ups, downs = first[first["change"] > 0].iloc[::-1], first[first["change"] < 0]
    named = [
        f"{page.names[str(r['programme'])]} {'+' if r['change'] > 0 else ''}"
        f"{money.text(float(r['change']))}"
        for rows in (ups, downs)
        for _, r in rows.head(MOVES).iterrows()
    ]
    if named:
        yield f"First, in {page.year(page.first)}: {', '.join(named)}."
    row = lines.iloc[int(lines["change"].abs().to_numpy().argmax())]
    base = float(row["baseline_spend"])
    against = (
        f"on {page.base} cash {on_base(float(row['spend']), base)}, "
        f"volume {on_base(float(row['volume']), base, 1)}"
        if base > 0
        else f"new since {page.base}"
    )
    yield (
        f"Furthest {'above' if row['change'] > 0 else 'below'} rolling forward: "
        f"{page.names[str(row['programme'])]}, {money.text(abs(float(row['change'])))} in "
        f"{page.year(int(row['year']))} ({against})."
    )
