"""Checks of the rules table: do the parts of a rule go together."""

from __future__ import annotations

import numpy as np

from allocator.instance.checks.problem import Problems, needs, problem
from allocator.instance.facts.agreements import Agreements
from allocator.instance.reading.columns import year_of
from allocator.instance.tables.draft import Draft
from allocator.instance.tables.rows import BLANK_YEAR, Array, Rows
from allocator.instance.tables.schema import LEGAL_RULES
from allocator.instance.tables.selections import Selections, in_order
from allocator.instance.tables.wording import listing, number

REFERENCES = ("", "baseline", "previous")


def legal_combinations(draft: Draft) -> Problems:
    """Measure, basis and sense have a meaning together."""
    rows = draft["rules"]
    for position, (_, measure, basis, sense) in enumerate(rows.lists("measure", "basis", "sense")):
        bases = LEGAL_RULES[measure]
        if basis not in bases:
            yield problem(
                rows,
                position,
                "basis",
                f"measure {measure} cannot have basis {basis}; it takes {', '.join(bases)}.",
            )
        elif sense not in bases[basis]:
            yield problem(
                rows,
                position,
                "sense",
                f"measure {measure} with basis {basis} cannot be {sense}; it takes "
                f"{', '.join(bases[basis])}.",
            )


def columns_that_belong(draft: Draft) -> Problems:
    """Outcome, segment, relative_to and reference stand only where they mean something."""
    rows = draft["rules"]
    outcome = rows["measure"] == "outcome"
    compared = np.isin(rows["basis"], ("share", "ratio"))
    growth = rows["basis"] == "growth"
    given = {c: rows[c] != "" for c in ("outcome", "segment", "relative_to", "reference")}
    for position in np.flatnonzero(outcome & ~given["outcome"]).tolist():
        yield problem(rows, position, "outcome", "measure outcome needs the outcome it measures.")
    misplaced = (
        ("outcome", given["outcome"] & ~outcome, "measure outcome"),
        ("segment", given["segment"] & ~outcome, "measure outcome"),
        ("relative_to", given["relative_to"] & ~compared, "basis share or ratio"),
        ("reference", given["reference"] & ~growth, "basis growth"),
    )
    for column, wrong, place in misplaced:
        for position in np.flatnonzero(wrong).tolist():
            yield problem(rows, position, column, f"{column} belongs to {place} only; clear it.")


def values(draft: Draft) -> Problems:
    """The figure of a rule is one its basis can have."""
    rows = draft["rules"]
    value, basis = rows["value"], rows["basis"]
    share = basis == "share"
    for position in np.flatnonzero(share & ((value < 0) | (value > 1))).tolist():
        yield problem(
            rows,
            position,
            "value",
            f"a share is from 0 to 1, not {number(value[position])}"
            + ("; write 5% as 0.05." if value[position] > 1 else "."),
        )
    for position in np.flatnonzero((basis == "growth") & (value < -1)).tolist():
        yield problem(
            rows, position, "value", "growth is -1 (nothing left) or more; 0.05 is 5% more."
        )
    natural = ~np.isin(rows["measure"], ("outcome", "position")) & (basis != "growth") & ~share
    for position in np.flatnonzero(natural & (value < 0)).tolist():
        measure = rows["measure"][position]
        yield problem(
            rows,
            position,
            "value",
            f"{number(value[position])} is not allowed: {measure} is never negative.",
        )


@needs(years=True)
def growth_references(draft: Draft) -> Problems:
    """Growth is measured on the baseline, the year before or an earlier plan year."""
    rows = draft["rules"]
    years = draft.years
    for position in np.flatnonzero(rows["basis"] == "growth").tolist():
        text = rows["reference"][position]
        if text in REFERENCES:
            continue
        year = year_of(text)
        own = rows["year"][position]
        if year is None or year not in years:
            base = year == years[0] - 1
            hint = "write baseline." if base else f"plan years are {years[0]} to {years[-1]}."
            yield problem(
                rows,
                position,
                "reference",
                f"'{text}' is not a reference: it is baseline, previous or a plan year;",
                hint,
            )
        elif own == BLANK_YEAR:
            yield problem(
                rows,
                position,
                "reference",
                f"growth on {year} cannot hold in every year; give the rule a year after {year}.",
            )
        elif own <= year:
            yield problem(
                rows,
                position,
                "reference",
                f"the reference {year} must be before the rule's own year, {own}.",
            )


@needs("places")
def heads_known(draft: Draft) -> Problems:
    """A rule per head has a population to divide by."""
    rows = draft["rules"]
    if len(draft["places"]):
        return
    for position in np.flatnonzero(rows["basis"] == "per_head").tolist():
        yield problem(rows, position, "basis", "a rule per head needs the table places with heads.")


@needs("programmes", "selections", "responses", "demand", "option_effects")
def measured_programmes(draft: Draft) -> Problems:
    """A rule measures something its programmes have, in one unit."""
    measured = Measured(draft)
    rows = draft["rules"]
    for position, measure in enumerate(rows["measure"].tolist()):
        if measure == "activity":
            yield from measured.units(rows, position)
        elif measure == "unmet":
            yield from measured.unmet(rows, position)
        elif measure == "outcome":
            yield from measured.outcome(rows, position)
        elif measure == "recurrent_spend":
            yield from measured.recurrent(rows, position)
        elif measure == "position":
            yield from measured.position(rows, position)
        if rows["basis"][position] == "share":
            yield from measured.inside(rows, position)
        if rows["basis"][position] == "growth":
            yield from measured.growth_of_nothing(rows, position)


class Measured:
    """What the selections of rules and incomes hold."""

    def __init__(self, draft: Draft) -> None:
        self.programmes = draft["programmes"]
        self.selections = Selections(self.programmes, draft["selections"])
        self._counted: dict[str, tuple[Array, Array]] = {}
        self._units: dict[str, tuple[str, ...]] = {}
        names = self.programmes["programme"].tolist()
        self.rank = {name: i for i, name in enumerate(names)}
        self.with_demand = self._mask(draft["demand"]["programme"].tolist())
        self.buyers: dict[str, Array] = {}
        pairs = [
            *draft["responses"].tuples(),
            *draft["demand"].tuples(("programme", "harm_outcome")),
            *draft["option_effects"].tuples(("target", "outcome")),
        ]
        buying: dict[str, list[str]] = {}
        for programme, outcome in pairs:
            buying.setdefault(outcome, []).append(programme)
        for outcome, buyers in buying.items():
            self.buyers[outcome] = self._mask(buyers)
        self.value = self.programmes["unit_cost"] * self.programmes["baseline"]

    def _mask(self, names: list[str]) -> Array:
        mask = np.zeros(len(self.programmes), dtype=bool)
        mask[[self.rank[name] for name in names if name in self.rank]] = True
        return mask

    def counted(self, selection: str) -> tuple[Array, Array]:
        """Programmes that count, in order, and the share of each."""
        if selection not in self._counted:
            self._counted[selection] = self.selections.counted(selection)
        return self._counted[selection]

    def members(self, selection: str) -> Array:
        """Programmes that count, in order."""
        return self.counted(selection)[0]

    def _share_of(self, programmes: Array, selection: str) -> Array:
        """Share of some programmes in a selection."""
        who, shares = self.counted(selection)
        if len(who) == len(self.programmes):
            return shares[programmes]
        found = np.zeros(len(programmes))
        there = in_order(programmes, who)
        found[there] = shares[np.searchsorted(who, programmes[there])]
        return found

    def examples(self, selection: str) -> tuple[str, ...]:
        """One programme of each unit in the selection, with its unit."""
        if selection not in self._units:
            found: dict[str, str] = {}
            for i in self.members(selection).tolist():
                found.setdefault(self.programmes["unit"][i], self.programmes["programme"][i])
            self._units[selection] = tuple(f"'{p}' in {u}" for u, p in found.items())
        return self._units[selection]

    def units(self, rows: Rows, position: int) -> Problems:
        """Activity is added in one unit only."""
        compared = rows["basis"][position] in ("share", "ratio")
        columns = ("selection", "relative_to") if compared else ("selection",)
        for column in columns:
            units = self.examples(rows[column][position])
            if len(units) > 1:
                yield problem(
                    rows,
                    position,
                    column,
                    f"activity in different units cannot be added: {units[0]} and {units[1]}; "
                    "measure value instead, or select one unit.",
                )

    def unmet(self, rows: Rows, position: int) -> Problems:
        """Some need could be unmet."""
        if not self.with_demand[self.members(rows["selection"][position])].any():
            yield problem(
                rows,
                position,
                "measure",
                "no programme of the selection has demand that could be unmet.",
            )

    def outcome(self, rows: Rows, position: int) -> Problems:
        """Something changes the outcome."""
        outcome = rows["outcome"][position]
        buyers = self.buyers.get(outcome)
        if outcome and (
            buyers is None or not buyers[self.members(rows["selection"][position])].any()
        ):
            yield problem(
                rows,
                position,
                "outcome",
                f"no programme of the selection changes '{outcome}': none has a response or a "
                "harm for it, and no option adds any.",
            )

    def recurrent(self, rows: Rows, position: int) -> Problems:
        """Something is recurrent."""
        if not self.programmes["recurrent"][self.members(rows["selection"][position])].any():
            yield problem(
                rows,
                position,
                "measure",
                "no programme of the selection is recurrent, so its recurrent_spend is always 0.",
            )

    def position(self, rows: Rows, position: int) -> Problems:
        """Providers are counted wholly."""
        who, shares = self.counted(rows["selection"][position])
        provided = self.programmes["provider"][who] != ""
        if not provided.any():
            yield problem(
                rows,
                position,
                "selection",
                "measure position is that of the providers of the selection's programmes, and "
                "none of them names a provider.",
            )
        part = np.flatnonzero(provided & (shares < 1))
        if len(part):
            first = who[part[0]]
            yield problem(
                rows,
                position,
                "selection",
                f"a provider's position counts wholly, but '{self.programmes['programme'][first]}"
                f"' of '{self.programmes['provider'][first]}' counts "
                f"{number(shares[part[0]])} in the selection.",
            )

    def inside(self, rows: Rows, position: int) -> Problems:
        """A share is of a whole that holds it."""
        who, part = self.counted(rows["selection"][position])
        outside = who[part > self._share_of(who, rows["relative_to"][position])].tolist()
        if outside:
            names = listing((f"'{self.programmes['programme'][i]}'" for i in outside), 3)
            yield problem(
                rows,
                position,
                "relative_to",
                f"a share is of a whole that holds it, but {names} counts less or not at all in "
                "relative_to; use basis ratio, or widen that selection.",
            )

    def growth_of_nothing(self, rows: Rows, position: int) -> Problems:
        """Growth is of something."""
        who = self.members(rows["selection"][position])
        if rows["measure"][position] == "recurrent_spend":
            who = who[self.programmes["recurrent"][who]]
        if rows["reference"][position] in REFERENCES and not self.value[who].any():
            yield problem(
                rows,
                position,
                "basis",
                "the selection has no baseline to grow from, so growth of it is always 0.",
                severity="warning",
            )


@needs("programmes", "selections", "contracts", "places", years=True)
def contracts_wholly_measured(draft: Draft) -> Problems:
    """A payment rule holds every contract wholly or not at all."""
    rows, programmes = draft["rules"], draft["programmes"]
    asked = np.flatnonzero(rows["measure"] == "payment").tolist()
    if not asked:
        return
    selections = Selections(programmes, draft["selections"])
    agreements = Agreements(draft)
    paying = agreements.holds.any(axis=1)
    owner = np.full(len(programmes), -1)
    for c in np.flatnonzero(paying).tolist():
        owner[agreements.members[c]] = c
    shares = np.zeros(len(programmes))
    for position in asked:
        compared = rows["basis"][position] in ("share", "ratio")
        for column in ("selection", "relative_to") if compared else ("selection",):
            who, share = selections.counted(rows[column][position])
            shares[who] = share
            for c in np.unique(owner[who][owner[who] >= 0]).tolist():
                name, members = agreements.names[c], agreements.members[c]
                counted = shares[members]
                if np.ptp(counted) == 0.0:
                    continue
                out = members[int(np.argmin(counted))]
                into = members[int(np.argmax(counted))]
                less = number(float(counted.min())) if counted.min() > 0 else "not at all"
                yield problem(
                    rows,
                    position,
                    column,
                    f"contract '{name}' has one payment and counts wholly or not at all, but "
                    f"'{programmes['programme'][into]}' counts {number(float(counted.max()))} and "
                    f"'{programmes['programme'][out]}' {less}; select by contract instead.",
                )
            shares[who] = 0.0


CHECKS = (
    legal_combinations,
    columns_that_belong,
    values,
    growth_references,
    heads_known,
    measured_programmes,
    contracts_wholly_measured,
)
