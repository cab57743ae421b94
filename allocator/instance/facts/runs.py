"""Runs of options: every way each can be taken, and when it is felt.

A *run* is one way an option can be taken: the first and the last year of it, as positions
of plan years.
"""

from __future__ import annotations

import numpy as np

from allocator.arrays import Flags, Floats, Ints
from allocator.instance.tables.lists import words_in
from allocator.instance.tables.rows import BLANK_YEAR, Rows
from allocator.instance.tables.settings import Settings

NO_REVIEW = "none"
"""Text of ``review_years`` for an option that cannot be left again."""

Run = tuple[int, int]


def possible_runs(
    earliest: int, latest: int, min_years: int, review_years: str, years: int
) -> list[Run]:
    """Runs an option can have.

    Parameters
    ----------
    earliest, latest : int
        First and last position at which it may start; parts outside the plan are ignored.
    min_years : int
        Least years from start to end, unless the plan ends first.
    review_years : str
        Years after its start at which it may be left, in a list; blank: at any
        time; ``none``: never.
    years : int
        Number of plan years.

    Returns
    -------
    list of (int, int)
        First and last position of each run, by start, the shortest first.
    """
    last = years - 1
    reviews = {int(word) for word in words_in(review_years) if word != NO_REVIEW}
    anytime = not review_years.strip()

    def may_end(start: int, end: int) -> bool:
        length = end - start + 1
        return end == last or (length >= min_years and (anytime or length in reviews))

    starts = range(max(earliest, 0), min(latest, last) + 1)
    return [(s, e) for s in starts for e in range(s, years) if may_end(s, e)]


def share_in_place(
    start: int, lead_years: int, start_month: int, financial_years: bool, t: int
) -> float:
    """Part of year `t` in which an option started in `start`, and not left, is in place.

    Parameters
    ----------
    start, t : int
        Positions of plan years.
    lead_years : int
        Years from the start until it is in place.
    start_month : int
        Calendar month in which it comes into place, 0 for the first month of the year.
    financial_years : bool
        Whether a plan year begins in April rather than January.

    Returns
    -------
    float
        0 before it is in place, the share of months left in its first year in place, 1
        afterwards.
    """
    since = t - start - lead_years
    if since < 0:
        return 0.0
    if since > 0 or start_month == 0:
        return 1.0
    month = (start_month - 4) % 12 + 1 if financial_years else start_month
    return (13 - month) / 12


class Runs:
    """Every run of every option.

    Parameters
    ----------
    options : Rows
        The table.
    settings : Settings
        The round.

    Attributes
    ----------
    opens, latest : ndarray of int, shape (options,)
        First and last position at which each option may start.
    option, start, stop : ndarray of int, shape (runs,)
        Runs by option, start and end.
    first : ndarray of int, shape (options + 1,)
        Runs of option o are those from ``first[o]`` up to ``first[o + 1]``.
    taken : ndarray of bool, shape (runs, years)
        Years each run covers.
    in_place : ndarray, shape (runs, years)
        Share of each year in which the option is in place; 0 outside the run.
    """

    def __init__(self, options: Rows, settings: Settings) -> None:
        self._years = len(settings.years)
        self.opens = _places(options["earliest"], settings, 0)
        self.latest = _places(options["latest"], settings, self._years - 1)
        found = [
            possible_runs(first, last, least, reviews, self._years)
            for first, last, (_, least, reviews) in zip(
                self.opens.tolist(),
                self.latest.tolist(),
                options.lists("min_years", "review_years"),
                strict=True,
            )
        ]
        count = np.array([len(runs) for runs in found], dtype=np.int64)
        self.option: Ints = np.repeat(np.arange(len(options)), count)
        self.first: Ints = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
        pairs = np.array([run for runs in found for run in runs], dtype=np.int64).reshape(-1, 2)
        self.start, self.stop = pairs[:, 0], pairs[:, 1]
        t = np.arange(self._years)
        self.taken: Flags = (self.start[:, None] <= t) & (t <= self.stop[:, None])
        self.in_place = self._in_place(options, settings)
        self._felt = {0: self.in_place}

    def _in_place(self, options: Rows, settings: Settings) -> Floats:
        opening = np.array(
            [
                share_in_place(0, 0, month, settings.financial_years, 0)
                for month in options["start_month"].tolist()
            ],
            dtype=float,
        )
        lead = options["lead_years"][self.option]
        since = np.arange(self._years) - (self.start + lead)[:, None]
        share = np.where(since == 0, opening[self.option][:, None], 1.0)
        return np.where((since >= 0) & self.taken, share, 0.0)

    def of(self, option: int) -> Ints:
        """Runs of an option."""
        return np.arange(self.first[option], self.first[option + 1])

    def felt(self, delay: int) -> Floats:
        """Share of each year in which an effect is felt, shape (runs, years); 0 outside the run."""
        if delay not in self._felt:
            later = np.zeros_like(self.in_place)
            if delay < self._years:
                later[:, delay:] = self.in_place[:, : self._years - delay]
            self._felt[delay] = np.where(self.taken, later, 0.0)
        return self._felt[delay]


def _places(years: Ints, settings: Settings, blank: int) -> Ints:
    """Positions of plan years."""
    return np.where(years == BLANK_YEAR, blank, years - settings.years[0])
