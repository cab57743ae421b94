"""Options: when a plan takes each, how far it is in place, and whether it may be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.evaluate.findings import Findings
from allocator.evaluate.tables import (
    Array,
    Codes,
    Flags,
    Programmes,
    numbers,
    positions,
    words,
)
from allocator.instance.instance import Instance
from allocator.instance.tables.settings import Settings
from allocator.instance.tables.wording import listing

NEVER = "none"
"""What ``review_years`` says of an option that is kept to the end of the plan."""

MONTHS = 12
FIRST_MONTH = 4
"""Calendar month in which a financial year begins."""


@dataclass(frozen=True)
class Options:
    """The options of a round; O of them, arrays of shape (O,) unless said.

    Attributes
    ----------
    names : pandas.Index
        Options.
    table : pandas.DataFrame
        The table itself.
    settings : Settings
        How years are written.
    years : numpy.ndarray
        Plan years; T of them.
    growth : numpy.ndarray
        Shape (T,): what the instance's uplift makes of base-year prices.
    earliest, latest : numpy.ndarray
        First and last plan year in which each may start, counted from 0; a window outside
        the plan is empty.
    lead, min_years : numpy.ndarray
        Years from the start until in place, and least years from start to end.
    reviews : list of set of int or None
        Years after the start at which each may be left; None: at any time.
    first_share : numpy.ndarray
        Part of the first year in place that counts.
    pool, programme : numpy.ndarray
        Positions of the pool that pays and of the programme whose spend the yearly cost is
        part of; -1 for none.
    """

    names: pd.Index
    table: pd.DataFrame
    settings: Settings
    years: Codes
    growth: Array
    earliest: Codes
    latest: Codes
    lead: Codes
    min_years: Codes
    reviews: list[set[int] | None]
    first_share: Array
    pool: Codes
    programme: Codes

    @property
    def labels(self) -> list[str]:
        """Options in words; the name where there are none."""
        named = zip(self.table["label"], self.names, strict=True)
        return [str(label or name) for label, name in named]

    def groups(self) -> dict[str, Codes]:
        """Positions of the options of every group."""
        found: dict[str, list[int]] = {}
        for o, named in enumerate(self.table["group"]):
            for group in str(named).split():
                found.setdefault(group, []).append(o)
        return {group: np.array(mine, dtype=np.intp) for group, mine in found.items()}


def read_options(instance: Instance, programmes: Programmes, pools: pd.Index) -> Options:
    """Options with their windows, terms and payers."""
    table, settings, years = instance.options, instance.settings, programmes.years
    programme = programmes.names.get_indexer(pd.Index(table["programme"])).astype(np.intp)
    own = np.append(words(programmes.table, "pool"), "")[programme]
    payer = np.where(table["pool"] == "", own, words(table, "pool"))
    month = table["start_month"].to_numpy(dtype=np.intp)
    first = FIRST_MONTH if settings.financial_years else 1
    gone = np.where(month == 0, 0, (month - first) % MONTHS)
    return Options(
        names=pd.Index(table["option"]),
        table=table,
        settings=settings,
        years=years,
        growth=np.power(1.0 + settings.cost_uplift, years - settings.base_year),
        earliest=np.maximum(_year(table, "earliest", years[0]) - years[0], 0),
        latest=np.minimum(_year(table, "latest", years[-1]), years[-1]) - years[0],
        lead=table["lead_years"].to_numpy(dtype=np.intp),
        min_years=table["min_years"].to_numpy(dtype=np.intp),
        reviews=[_reviews(str(said)) for said in table["review_years"]],
        first_share=(MONTHS - gone) / MONTHS,
        pool=pools.get_indexer(pd.Index(payer)).astype(np.intp),
        programme=programme,
    )


def _year(table: pd.DataFrame, column: str, blank: int) -> Codes:
    year = table[column].to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isnan(year), blank, year).astype(np.intp)


def _reviews(said: str) -> set[int] | None:
    if not said.strip():
        return None
    return {int(word) for word in said.split() if word != NEVER}


@dataclass(frozen=True)
class Course:
    """How a plan takes its options; arrays of shape (option, year).

    Attributes
    ----------
    options : Options
        The options.
    taken : numpy.ndarray
        Whether each is taken.
    begun : numpy.ndarray
        Year, counted from 0, in which the run it is in began; -1 where not taken.
    """

    options: Options
    taken: Flags
    begun: Codes

    @property
    def starts(self) -> Flags:
        """Years in which a run starts."""
        starts: Flags = self.taken & ~_before(self.taken)
        return starts

    @property
    def left(self) -> Flags:
        """First years after a run."""
        left: Flags = ~self.taken & _before(self.taken)
        return left

    @property
    def in_place(self) -> Array:
        """Share of the year for which each is in place."""
        every = np.arange(len(self.options.names))
        return self.felt(every, np.zeros(len(every), dtype=np.intp))

    def felt(self, option: Codes, delay: Codes) -> Array:
        """Share with which effects are felt, nothing once their option has been left.

        Parameters
        ----------
        option, delay : numpy.ndarray
            Shape (row,): position of the option, and years until it is felt.

        Returns
        -------
        numpy.ndarray
            Shape (row, year).
        """
        lead = self.options.lead[option] + delay
        age = np.arange(self.taken.shape[1]) - self.begun[option] - lead[:, None]
        share = np.where(age == 0, self.options.first_share[option, None], 1.0)
        felt: Array = np.where(self.taken[option] & (age >= 0), share, 0.0)
        return felt

    def runs(self) -> Iterator[tuple[int, int, int]]:
        """Option, first and last year of every run, counted from 0."""
        years = self.taken.shape[1]
        for o, start in np.argwhere(self.starts).tolist():
            after = np.flatnonzero(self.left[o, start:])
            yield o, start, start + int(after[0]) - 1 if len(after) else years - 1


def _before(taken: Flags) -> Flags:
    """Whether each was taken in the year before."""
    before = np.zeros_like(taken)
    before[:, 1:] = taken[:, :-1]
    return before


def follow(options: Options, taken: Flags) -> Course:
    """Runs of a plan: the years in a row in which an option is taken."""
    begun = np.full(taken.shape, -1, dtype=np.intp)
    for t in range(taken.shape[1]):
        before = begun[:, t - 1] if t else begun[:, 0]
        begun[:, t] = np.where(taken[:, t], np.where(before >= 0, before, t), -1)
    return Course(options, taken, begun)


def check_options(instance: Instance, course: Course, found: Findings) -> None:
    """Note runs that are not possible, and groups and links that are not kept."""
    _check_runs(course, found)
    _check_groups(course, found)
    _check_links(instance, course, found)


def _check_runs(course: Course, found: Findings) -> None:
    options, label = course.options, course.options.settings.year_label
    last = len(options.years) - 1
    for o, start, end in course.runs():
        name, began = str(options.names[o]), int(options.years[start])
        for edge, missed, said in (
            (options.earliest[o], start < options.earliest[o], "earliest"),
            (options.latest[o], start > options.latest[o], "latest"),
        ):
            if missed:
                limit = int(options.years[0] + edge)
                message = (
                    f"Option '{name}' in {label(began)} starts, and {label(limit)} is the {said} "
                    "year in which it may."
                )
                found.broken("option", name, began, (began, limit), message)
        kept = end - start + 1
        if end == last or _may_be_left(options, o, kept):
            continue
        left, terms = int(options.years[end + 1]), _terms(options, o)
        more = [n for n in range(kept + 1, last - start + 1) if _may_be_left(options, o, n)]
        limit = more[0] if more else last - start + 1
        message = (
            f"Option '{name}' in {label(left)} is left {_years(kept)} after it started in "
            f"{label(began)}; {terms}."
        )
        found.broken("option", name, left, (kept, limit), message)


def _may_be_left(options: Options, o: int, kept: int) -> bool:
    """Whether a run of so many years may end before the plan does."""
    reviews = options.reviews[o]
    return bool(kept >= options.min_years[o] and (reviews is None or kept in reviews))


def _terms(options: Options, o: int) -> str:
    """When an option may be left, in words."""
    reviews, least = options.reviews[o], int(options.min_years[o])
    if reviews is None:
        return f"it must be kept for at least {_years(least)}, or to the end of the plan"
    after = sorted(n for n in reviews if n >= least)
    if not after:
        return "it must be kept to the end of the plan"
    said = listing((str(n) for n in after), most=len(after))
    return f"it may be left after {said} year{'s' if after != [1] else ''} only"


def _years(count: int) -> str:
    return "1 year" if count == 1 else f"{count} years"


def _check_groups(course: Course, found: Findings) -> None:
    options, label = course.options, course.options.settings.year_label
    choose, most = words(options.table, "choose"), numbers(options.table, "most")
    may_start = options.earliest <= options.latest
    for group, mine in options.groups().items():
        kind = choose[mine[0]]
        if kind == "any":
            continue
        cap = int(most[mine[0]]) if kind == "at_most" else 1
        counts = course.taken[mine].sum(axis=0)
        first = options.earliest[mine][may_start[mine]].min(initial=len(options.years))
        needed = (np.arange(len(counts)) >= first) & (kind == "exactly_one")
        for t in np.flatnonzero((counts > cap) | (needed & (counts < 1))).tolist():
            year, every = int(options.years[t]), [str(n) for n in options.names[mine]]
            now = [n for n, on in zip(every, course.taken[mine, t], strict=True) if on]
            takes = listing(now) if now else f"none of {listing(every)}"
            asked = "exactly one must" if kind == "exactly_one" else f"at most {cap} may"
            message = f"Group '{group}' in {label(year)} takes {takes}; {asked} be taken."
            found.broken("option", group, year, (int(counts[t]), cap), message)


def _check_links(instance: Instance, course: Course, found: Findings) -> None:
    options, label = course.options, course.options.settings.year_label
    links = instance.option_links
    own = positions(options.names, links, "option_links", "option")
    others = positions(options.names, links, "option_links", "other")
    for link, a, b in zip(links["link"], own, others, strict=True):
        needs = link == "requires"
        wrong = course.taken[a] & (course.taken[b] != needs)
        for t in np.flatnonzero(wrong).tolist():
            name, other, year = str(options.names[a]), options.names[b], int(options.years[t])
            said = (
                f"is taken without '{other}', which it requires"
                if needs
                else f"is taken together with '{other}', which it excludes"
            )
            message = f"Option '{name}' in {label(year)} {said}."
            found.broken("option", name, year, (1.0, 0.0), message)
