"""Options: when a plan takes each, how far it is in place, and whether it may be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from allocator.arrays import Flags, Floats, Ints
from allocator.evaluate.findings import Findings
from allocator.evaluate.programmes import Programmes, growth
from allocator.evaluate.tables import Names, Tables, pick, year_before
from allocator.instance.tables.lists import names_in, words_in
from allocator.instance.tables.rows import BLANK_YEAR, Rows
from allocator.instance.tables.settings import Settings
from allocator.words import listing

NEVER = "none"
"""What ``review_years`` says of an option that is kept to the end of the plan."""

COSTS = ("cost_once", "cost_yearly", "double_running", "cost_exit", "capital")
"""Columns that say what an option costs; one of nothing but noughts is free."""

MONTHS = 12
FIRST_MONTH = 4
"""Calendar month in which a financial year begins."""


@dataclass(frozen=True)
class Options:
    """The options of a round; O of them, arrays of shape (O,) unless said.

    Attributes
    ----------
    names : Names
        Options.
    rows : Rows
        The table itself.
    links : Rows
        What links them to each other.
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

    names: Names
    rows: Rows
    links: Rows
    settings: Settings
    years: Ints
    growth: Floats
    earliest: Ints
    latest: Ints
    lead: Ints
    min_years: Ints
    reviews: list[set[int] | None]
    first_share: Floats
    pool: Ints
    programme: Ints

    @property
    def shape(self) -> tuple[int, int]:
        """Number of options and of years."""
        return len(self.names), len(self.years)

    @property
    def labels(self) -> list[str]:
        """Options in words; the name where there are none."""
        named = zip(self.rows["label"].tolist(), self.names.all, strict=True)
        return [label or name for label, name in named]

    @cached_property
    def groups(self) -> dict[str, Ints]:
        """Positions of the options of every group."""
        found: dict[str, list[int]] = {}
        for o, named in enumerate(self.rows["group"].tolist()):
            for group in names_in(named):
                found.setdefault(group, []).append(o)
        return {group: np.array(mine, dtype=np.int64) for group, mine in found.items()}


def read_options(tables: Tables, programmes: Programmes, pools: Names) -> Options:
    """Options with their windows, terms and payers."""
    rows, settings, years = tables["options"], tables.settings, tables.years
    programme = programmes.names.find(rows["programme"])
    own = pick(programmes.rows["pool"], programme, "")
    month, earliest, latest = rows["start_month"], rows["earliest"], rows["latest"]
    first = FIRST_MONTH if settings.financial_years else 1
    gone = np.where(month == 0, 0, (month - first) % MONTHS)
    latest = np.where(latest == BLANK_YEAR, years[-1], latest)
    return Options(
        names=Names(rows["option"]),
        rows=rows,
        links=tables["option_links"],
        settings=settings,
        years=years,
        growth=growth(tables),
        earliest=np.where(earliest == BLANK_YEAR, 0, np.maximum(earliest - years[0], 0)),
        latest=np.minimum(latest, years[-1]) - years[0],
        lead=rows["lead_years"],
        min_years=rows["min_years"],
        reviews=[_reviews(said) for said in rows["review_years"].tolist()],
        first_share=(MONTHS - gone) / MONTHS,
        pool=pools.find(np.where(rows["pool"] == "", own, rows["pool"])),
        programme=programme,
    )


def _reviews(said: str) -> set[int] | None:
    if not said.strip():
        return None
    return {int(word) for word in words_in(said) if word != NEVER}


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
    begun: Ints

    @cached_property
    def starts(self) -> Flags:
        """Years in which a run starts."""
        starts: Flags = self.taken & ~year_before(self.taken, False)
        return starts

    @cached_property
    def left(self) -> Flags:
        """First years after a run."""
        left: Flags = ~self.taken & year_before(self.taken, False)
        return left

    @cached_property
    def in_place(self) -> Floats:
        """Share of the year for which each is in place."""
        every = np.arange(len(self.options.names))
        return self.felt(every, np.zeros_like(every))

    def felt(self, option: Ints, delay: Ints) -> Floats:
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
        felt: Floats = np.where(self.taken[option] & (age >= 0), share, 0.0)
        return felt

    def runs(self) -> Iterator[tuple[int, int, int]]:
        """Option, first and last year of every run, counted from 0."""
        years = self.taken.shape[1]
        for o, start in np.argwhere(self.starts).tolist():
            after = np.flatnonzero(self.left[o, start:])
            yield o, start, start + int(after[0]) - 1 if len(after) else years - 1


def follow(options: Options, taken: Flags) -> Course:
    """Runs of a plan: the years in a row in which an option is taken."""
    begun = np.full(taken.shape, -1, dtype=np.int64)
    for t in range(taken.shape[1]):
        before = begun[:, t - 1] if t else begun[:, 0]
        begun[:, t] = np.where(taken[:, t], np.where(before >= 0, before, t), -1)
    return Course(options, taken, begun)


def with_free(options: Options, effects: Rows, stated: Floats) -> Flags:
    """What a plan takes, with the option that comes free where a group needs one.

    Where a group needs exactly one and the plan takes none of it, the one option that costs
    nothing and changes nothing is taken, unless the plan says no to it.

    Parameters
    ----------
    options : Options
        The options.
    effects : Rows
        What options change.
    stated : numpy.ndarray
        Shape (option, year): 1 taken, 0 not taken, NaN where the plan does not say.
    """
    taken: Flags = stated == 1
    for mine, free, first in free_of_groups(options, effects):
        none = ~taken[mine].any(axis=0) & np.isnan(stated[free])
        none[:first] = False
        taken[free] |= none
    return taken


def free_of_groups(options: Options, effects: Rows) -> Iterator[tuple[Ints, int, int]]:
    """Groups that need exactly one, their only free option, and its first year from 0."""
    # An option that moves a provider changes something, whatever it costs.
    moved = options.rows["provider"] != ""
    costs = np.column_stack([moved, *(options.rows[kind] != 0 for kind in COSTS)])
    busy = set(effects["option"].tolist())
    alone = [len(names_in(named)) == 1 for named in options.rows["group"].tolist()]
    idle = [name not in busy for name in options.names.all]
    free = ~costs.any(axis=1) & np.array(alone, dtype=bool) & np.array(idle, dtype=bool)
    for mine in options.groups.values():
        found = mine[free[mine]]
        if options.rows["choose"][mine[0]] == "exactly_one" and len(found) == 1:
            yield mine, int(found[0]), int(options.earliest[found[0]])


def check_options(course: Course, findings: Findings) -> None:
    """Note runs that are not possible, and groups and links that are not kept."""
    _check_runs(course, findings)
    _check_groups(course, findings)
    _check_links(course, findings)


def _check_runs(course: Course, findings: Findings) -> None:
    options, label = course.options, course.options.settings.year_label
    last = len(options.years) - 1
    for o, start, end in course.runs():
        name, began = options.names.all[o], int(options.years[start])
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
                findings.broken("option", name, began, (began, limit), message)
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
        findings.broken("option", name, left, (kept, limit), message)


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


def _check_groups(course: Course, findings: Findings) -> None:
    options, label = course.options, course.options.settings.year_label
    choose, most = options.rows["choose"], options.rows["most"]
    may_start = options.earliest <= options.latest
    for group, mine in options.groups.items():
        kind = choose[mine[0]]
        if kind == "any":
            continue
        cap = int(most[mine[0]]) if kind == "at_most" else 1
        counts = course.taken[mine].sum(axis=0)
        first = options.earliest[mine][may_start[mine]].min(initial=len(options.years))
        needed = (np.arange(len(counts)) >= first) & (kind == "exactly_one")
        for t in np.flatnonzero((counts > cap) | (needed & (counts < 1))).tolist():
            year, every = int(options.years[t]), [options.names.all[o] for o in mine]
            now = [n for n, on in zip(every, course.taken[mine, t], strict=True) if on]
            takes = listing(now) if now else f"none of {listing(every)}"
            asked = "exactly one must" if kind == "exactly_one" else f"at most {cap} may"
            message = f"Group '{group}' in {label(year)} takes {takes}; {asked} be taken."
            findings.broken("option", group, year, (int(counts[t]), cap), message)


def _check_links(course: Course, findings: Findings) -> None:
    options, label = course.options, course.options.settings.year_label
    own = options.names.positions(options.links, "option").tolist()
    others = options.names.positions(options.links, "other").tolist()
    for link, a, b in zip(options.links["link"].tolist(), own, others, strict=True):
        needs = link == "requires"
        wrong = course.taken[a] & (course.taken[b] != needs)
        for t in np.flatnonzero(wrong).tolist():
            name, other, year = options.names.all[a], options.names.all[b], int(options.years[t])
            said = (
                f"is taken without '{other}', which it requires"
                if needs
                else f"is taken together with '{other}', which it excludes"
            )
            message = f"Option '{name}' in {label(year)} {said}."
            findings.broken("option", name, year, (1.0, 0.0), message)
