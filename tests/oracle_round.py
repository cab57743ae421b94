"""The best plan of a small round, by trying every decision; from the tables and the mathematics.

Every combination of runs of options and of years in which contracts end is tried. With the
decisions fixed a round is made of straight pieces (see ``oracle_piecewise``): nothing here is
shared with the formulation, the data behind it or the checker. Tables are lists of rows as a
planner writes them; a column that is left out has the default of the format.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from oracle_piecewise import INFINITE, Linear, Piece, Program, total

Row = dict[str, Any]
Tables = dict[str, list[Row]]
Run = tuple[int, int]

MANY = 1e3
"""Times the largest baseline: more than any programme of a small round can do."""

CRITERIA = ("sector", "place", "provider", "pool", "contract", "programme", "class")

AT = 1e-9
"""How far below a threshold a figure still counts as at it, for rounding."""


def figure(row: Row, column: str, default: float = 0.0) -> float:
    """A number of a row, or its default where it is blank."""
    value = row.get(column)
    return default if value is None or value == "" or value != value else float(value)


def blank(row: Row, column: str) -> bool:
    """Whether a row says nothing in a column."""
    value = row.get(column)
    return value is None or value == "" or value != value


def word(row: Row, column: str, default: str = "") -> str:
    """A word of a row, or its default where it is blank."""
    return default if blank(row, column) else str(row[column])


def flag(row: Row, column: str, default: bool) -> bool:
    """A yes or no of a row."""
    value = row.get(column)
    return default if value is None else value in (True, "yes")


@dataclass(frozen=True)
class Choice:
    """Decisions: the runs of every option (first and last year), years in which contracts end.

    Years are positions of plan years from 0.
    """

    runs: dict[str, tuple[Run, ...]]
    ends: dict[str, int | None]


@dataclass(frozen=True)
class Best:
    """The best plan: its value, its decisions, and activity and unmet need by programme, year."""

    value: float
    choice: Choice
    activity: dict[tuple[str, int], float]
    unmet: dict[tuple[str, int], float]
    tried: int


class Round:
    """A round as its tables say.

    Parameters
    ----------
    settings : dict
        Entries of ``instance.toml``.
    tables : dict of str to list of dict
        Tables by name.
    pieces : int
        Straight pieces a smooth curve is cut into.
    room_below : float
        How much is left out below the threshold of a bonus step, relatively to what the
        outcome can be: a plan may not sit where the step could be read either way.
    held : dict, optional
        Activity by programme and year (position) of programmes that are held.
    """

    def __init__(
        self,
        settings: dict[str, Any],
        tables: Tables,
        *,
        pieces: int = 40,
        room_below: float = 2e-9,
        held: dict[tuple[str, int], float] | None = None,
    ) -> None:
        self.settings = settings
        self.tables = defaultdict(list, tables)
        self.years = [int(y) for y in settings["years"]]
        self.base_year = int(settings["base_year"])
        self.uplift = float(settings.get("cost_uplift", 0.0))
        self.pieces, self.room_below = pieces, room_below
        self.held = held or {}
        self.programmes = {str(r["programme"]): r for r in self.tables["programmes"]}
        self.most = MANY * max(1.0, *map(self.baseline, self.programmes))

    # Years and prices

    def span(self) -> range:
        """Positions of the plan years."""
        return range(len(self.years))

    def rows(self, table: str, key: tuple[str, ...], t: int) -> dict[tuple[str, ...], Row]:
        """Rows in force in a year, by key: a row with the year replaces one without."""
        found: dict[tuple[str, ...], Row] = {}
        for dated in (False, True):
            for row in self.tables[table]:
                year = None if blank(row, "year") else int(row["year"])
                if (year == self.years[t]) if dated else year is None:
                    found[tuple(word(row, k) for k in key)] = row
        return found

    def grown(self, t: int, uplift: float) -> float:
        """Growth of prices from the base year."""
        return (1.0 + uplift) ** (self.years[t] - self.base_year)

    def own_uplift(self, name: str) -> float:
        return figure(self.programmes[name], "cost_uplift", self.uplift)

    def price(self, name: str, t: int) -> float:
        row = self.programmes[name]
        return figure(row, "unit_cost", 1.0) * self.grown(t, self.own_uplift(name))

    def base_tariff(self, name: str) -> float:
        row = self.programmes[name]
        return figure(row, "tariff", figure(row, "unit_cost", 1.0))

    def tariff(self, name: str, t: int) -> float:
        return self.base_tariff(name) * self.grown(t, self.own_uplift(name))

    def baseline(self, name: str) -> float:
        return figure(self.programmes[name], "baseline")

    # Decisions

    def choices(self) -> list[Choice]:
        """Every combination of decisions that windows, groups, links and notice allow."""
        options = [word(r, "option") for r in self.tables["options"]]
        patterns = [self.patterns(r) for r in self.tables["options"]]
        endings = [(c, self.endings(c)) for c in self.contracts()]
        out = []
        for runs in itertools.product(*patterns):
            choice = dict(zip(options, runs, strict=True))
            if not self.together(choice):
                continue
            for ends in itertools.product(*(e for _, e in endings)):
                named = {c: e for (c, _), e in zip(endings, ends, strict=True)}
                out.append(Choice(choice, named))
        return out

    def position(self, row: Row, column: str, default: int) -> int:
        return default if blank(row, column) else int(row[column]) - self.years[0]

    def runs(self, option: Row) -> list[Run]:
        """Possible runs of an option."""
        last = len(self.years) - 1
        earliest = self.position(option, "earliest", 0)
        latest = self.position(option, "latest", last)
        least = int(figure(option, "min_years", 1))
        review = word(option, "review_years")
        out = []
        for s in range(max(earliest, 0), min(latest, last) + 1):
            for e in range(s, last + 1):
                long = e - s + 1
                if e == last:
                    leaves = True
                elif review == "none":
                    leaves = False
                else:
                    reviewed = not review or long in {int(w) for w in review.split(";")}
                    leaves = reviewed and long >= least
                if leaves:
                    out.append((s, e))
        return out

    def patterns(self, option: Row) -> list[tuple[Run, ...]]:
        """Sets of runs of an option with a year between any two."""
        runs = self.runs(option)
        out: list[tuple[Run, ...]] = [()]
        for size in range(1, len(self.years) // 2 + 2):
            out += [
                some
                for some in itertools.combinations(runs, size)
                if all(a[1] + 1 < b[0] for a, b in itertools.pairwise(some))
            ]
        return out

    def together(self, runs: dict[str, tuple[Run, ...]]) -> bool:
        """Whether groups and links allow the runs of all options together."""
        groups: dict[str, list[Row]] = defaultdict(list)
        for row in self.tables["options"]:
            for group in filter(None, word(row, "group").split("; ")):
                groups[group].append(row)
        for t in self.span():
            taken = {o: any(s <= t <= e for s, e in rs) for o, rs in runs.items()}
            for rows in groups.values():
                count = sum(taken[word(r, "option")] for r in rows)
                choose = word(rows[0], "choose", "any")
                first = min(self.position(r, "earliest", 0) for r in rows)
                if choose == "at_most_one" and count > 1:
                    return False
                if choose == "exactly_one" and (count > 1 or (count < 1 and t >= first)):
                    return False
                if choose == "at_most" and count > int(figure(rows[0], "most", 1)):
                    return False
            for link in self.tables["option_links"]:
                one, other = taken[word(link, "option")], taken[word(link, "other")]
                if word(link, "link") == "requires" and one and not other:
                    return False
                if word(link, "link") == "excludes" and one and other:
                    return False
        return True

    def endings(self, contract: str) -> list[int | None]:
        """Years in which a contract may be ended early."""
        out: list[int | None] = [None]
        for t in self.span():
            row = self.terms(contract, t)
            if row is None or blank(row, "notice_years"):
                continue
            start = max(self.position(row, "start", 0), 0)
            if t >= start + int(figure(row, "notice_years")):
                out.append(t)
        return out

    def contracts(self) -> list[str]:
        """Contracts that have terms and programmes."""
        used = {word(r, "contract") for r in self.programmes.values()} - {""}
        return sorted(used & {word(r, "contract") for r in self.tables["contracts"]})

    def terms(self, contract: str, t: int) -> Row | None:
        return self.rows("contracts", ("contract",), t).get((contract,))

    def in_term(self, row: Row, t: int) -> bool:
        last = len(self.years) - 1
        return self.position(row, "start", 0) <= t <= self.position(row, "end", last)

    # What an option does

    def share(self, option: Row, run: Run, t: int) -> float:
        """Share of a year in which a run is in place, whenever it is left."""
        first = run[0] + int(figure(option, "lead_years"))
        if t < first:
            return 0.0
        month = int(figure(option, "start_month"))
        if t > first or month == 0:
            return 1.0
        april = flag(self.settings, "financial_years", True)
        place = (month - 4) % 12 + 1 if april else month
        return (13 - place) / 12

    def felt(self, choice: Choice, measure: str, t: int, **target: str) -> Iterator[Any]:
        """Effects at work in a year: operation, value and share."""
        rows = {word(r, "option"): r for r in self.tables["options"]}
        for effect in self.tables["option_effects"]:
            if word(effect, "measure") != measure:
                continue
            if any(word(effect, column) != name for column, name in target.items()):
                continue
            option = rows[word(effect, "option")]
            for run in choice.runs[word(effect, "option")]:
                late = t - int(figure(effect, "delay"))
                share = self.share(option, run, late) if run[0] <= t <= run[1] else 0.0
                if share > 0.0:
                    yield word(effect, "operation", "add"), figure(effect, "value"), share

    def changed(self, value: float, choice: Choice, measure: str, t: int, **target: str) -> float:
        """A figure after options: multiplied first, then added to."""
        added = 0.0
        for operation, by, share in self.felt(choice, measure, t, **target):
            if operation == "multiply":
                value = value * (1.0 + (by - 1.0) * share)
            else:
                added += by * share
        return value + added

    # Solving

    def best(self, choices: list[Choice] | None = None) -> Best | None:
        """The best plan over all decisions; None when no plan is allowed."""
        choices = self.choices() if choices is None else choices
        best: Best | None = None
        for choice in choices:
            built = Built(self, choice)
            floor = -INFINITE if best is None else best.value + 1e-9 * max(1.0, abs(best.value))
            found = built.program.best(built.worth, floor)
            if found is not None:
                value, point = found
                best = Best(
                    value,
                    choice,
                    {key: x.at(point) for key, x in built.activity.items()},
                    {key: x.at(point) for key, x in built.unmet.items()},
                    len(choices),
                )
        return best

    def judged(
        self,
        choice: Choice,
        activity: dict[tuple[str, int], float],
        unmet: dict[tuple[str, int], float],
        room: float = 1e-7,
    ) -> float | None:
        """Value of a plan, whatever its pools hand around; None when it is not allowed."""
        built = Built(self, choice, activity, unmet, room)
        found = built.program.best(built.worth)
        return None if found is None else found[0]


class Built:
    """A round with its decisions made, as a programme of straight pieces."""

    def __init__(
        self,
        round_: Round,
        choice: Choice,
        activity: dict[tuple[str, int], float] | None = None,
        unmet: dict[tuple[str, int], float] | None = None,
        room: float = 0.0,
    ) -> None:
        self.round, self.choice, self.program = round_, choice, Program()
        self.names, self.span = list(round_.programmes), round_.span()
        self.given, self.given_unmet, self.room = activity or {}, unmet or {}, room
        self.activity: dict[tuple[str, int], Linear] = {}
        self.unmet: dict[tuple[str, int], Linear] = {}
        self.driver: dict[tuple[str, int], Linear] = {}
        self.stranded: dict[tuple[str, int], Linear] = {}
        self.running: dict[tuple[str, int], Linear] = {}
        self.worth = Linear()
        self._activities()
        self._demands()
        self._outcomes()
        self._costs()
        self._contracts()
        self._capacity()
        self._incomes()
        self._pools()
        self._rules()
        self._tail()

    # Activity

    def closed(self, name: str, t: int) -> bool:
        return any(True for _ in self.round.felt(self.choice, "close", t, target=name))

    def before(self, name: str, t: int) -> Linear:
        """Activity of a year; the baseline before the plan."""
        return Linear(self.round.baseline(name)) if t < 0 else self.activity[name, t]

    def _activities(self) -> None:
        for name in self.names:
            for t in self.span:
                self._activity(name, t)

    def _activity(self, name: str, t: int) -> None:
        r, p, base = self.round, self.program, self.round.baseline(name)
        rows = {b: row for (n, b), row in self._limits(t).items() if n == name}
        if self.closed(name, t):
            self._place(name, t, 0.0, 0.0)
            if (growth := rows.get("growth")) is not None:
                self._grow(name, t, growth, least=False)
            return
        scale = {"activity": 1.0, "baseline": base}
        usual = [(scale[b], row) for b, row in rows.items() if b != "growth"]
        floors = [k * figure(row, "min") for k, row in usual if not blank(row, "min")]
        ceilings = [k * figure(row, "max") for k, row in usual if not blank(row, "max")]
        starts = [k * figure(row, "start_min") for k, row in usual if not blank(row, "start_min")]
        if word(r.programmes[name], "class") == "safety" and all(
            blank(row, "min") for row in rows.values()
        ):
            floors.append(base)
        low = r.changed(max([0.0, *floors]), self.choice, "limit_min", t, target=name)
        high = r.changed(min([r.most, *ceilings]), self.choice, "limit_max", t, target=name)
        a = self._place(name, t, max(low, 0.0), high)
        least = max([0.0, *starts])
        if least > 0.0:
            most = max(p.reach(a)[1], least)
            p.curve(a, [(0.0, 0.0, 0.0, 0.0), (least * (1 - AT), 1.0, most, 1.0)])
        if (growth := rows.get("growth")) is not None:
            self._grow(name, t, growth, least=True)

    def _limits(self, t: int) -> dict[tuple[str, ...], Row]:
        rows = self.round.rows("limits", ("programme", "basis"), t)
        return {(n, b or "baseline"): row for (n, b), row in rows.items()}

    def _place(self, name: str, t: int, low: float, high: float) -> Linear:
        """Activity within limits, at what is given or held where it is."""
        a = self.program.unknown(low, high)
        for given in (self.given, self.round.held):
            if (name, t) in given:
                room = max(self.room, AT) * max(1.0, self.round.baseline(name))
                self.program.keep(a, given[name, t] - room, given[name, t] + room)
        self.activity[name, t] = a
        return a

    def _grow(self, name: str, t: int, row: Row, *, least: bool) -> None:
        before, a = self.before(name, t - 1), self.activity[name, t]
        if least and not blank(row, "min"):
            self.program.keep(a - before * (1.0 + figure(row, "min")), low=0.0)
        if not blank(row, "max"):
            over = a - before * (1.0 + figure(row, "max"))
            self.program.keep(over, high=figure(row, "growth_amount"))

    # Need

    def _kernel(self, effect: Row, lag: int) -> float:
        delay = int(figure(effect, "delay"))
        if lag < delay:
            return 0.0
        return figure(effect, "per_unit") * figure(effect, "fade") ** (lag - delay)

    def _demands(self) -> None:
        for name in self.names:
            before = Linear()
            for t in self.span:
                row = self.round.rows("demand", ("programme",), t).get((name,))
                if row is None:
                    self.driver[name, t] = self.activity[name, t]
                    continue
                before = self._demand(name, t, row, before)

    def _demand(self, name: str, t: int, row: Row, before: Linear) -> Linear:
        r, p = self.round, self.program
        arriving = r.changed(figure(row, "demand"), self.choice, "demand", t, target=name)
        carried = figure(row, "opening_backlog") if t == 0 else before * figure(row, "carry")
        need = carried + Linear(arriving)
        potential, back = Linear(), 0.0
        for effect in r.tables["effects"]:
            if word(effect, "target") != name:
                continue
            source = word(effect, "source")
            base = r.baseline(source)
            for s in range(t + 1):
                kernel = self._kernel(effect, t - s)
                potential = potential + (self.activity[source, s] - base) * kernel
                back += abs(kernel) * base
        v = p.unknown(-back, arriving)
        p.keep(v - potential, high=0.0)
        strict = word(r.programmes[name], "class") in ("emergency", "entitlement")
        least = figure(row, "min_met", 1.0 if strict else 0.0)
        u = p.unknown(0.0, p.reach(need)[1])
        p.keep(u - need * (1.0 - least), high=self.room * max(1.0, arriving))
        p.keep(self.activity[name, t] + v + u - need, 0.0, 0.0)
        if (name, t) in self.given_unmet:
            room = self.room * max(1.0, arriving)
            given = self.given_unmet[name, t]
            p.keep(u, given - room, given + room)
        self.unmet[name, t], self.driver[name, t] = u, need - u
        return u

    # Outcomes

    def _outcomes(self) -> None:
        r = self.round
        self.outcome: dict[tuple[str, str, int], Linear] = defaultdict(Linear)
        self.weights = {word(o, "outcome"): figure(o, "weight") for o in r.tables["outcomes"]}
        responses = {(word(x, "programme"), word(x, "outcome")): x for x in r.tables["responses"]}
        for name, t in itertools.product(self.names, self.span):
            for outcome in r.tables["outcomes"]:
                k = word(outcome, "outcome")
                bought = Linear()
                delay = 0
                if (row := responses.get((name, k))) is not None:
                    bought = self._effect(name, row, self.driver[name, t])
                    delay = int(figure(row, "delay"))
                for operation, by, share in r.felt(
                    self.choice, "outcome", t, target=name, outcome=k
                ):
                    if operation == "multiply":
                        bought = bought * (1.0 + (by - 1.0) * share)
                for operation, by, share in r.felt(
                    self.choice, "outcome", t, target=name, outcome=k
                ):
                    if operation == "add":
                        bought = bought + by * share
                harm = self._harm(name, k, t)
                self.outcome[name, k, t] = bought - harm
                worth = figure(outcome, "weight") * self.equity(name)
                self.worth = self.worth + bought * (worth * self.discount(outcome, t, delay))
                self.worth = self.worth - harm * (worth * self.discount(outcome, t, 0))

    def discount(self, outcome: Row, t: int, delay: int) -> float:
        if not flag(outcome, "discounted", True):
            return 1.0
        return (1.0 + figure(self.round.settings, "discount_rate")) ** -(t + delay)

    def _harm(self, name: str, k: str, t: int) -> Linear:
        row = self.round.rows("demand", ("programme",), t).get((name,))
        if row is None or word(row, "harm_outcome") != k:
            return Linear()
        return self.unmet[name, t] * figure(row, "harm")

    def _effect(self, name: str, row: Row, x: Linear) -> Linear:
        shape = word(row, "shape", "linear")
        if shape == "linear":
            return x * figure(row, "per_unit")
        if shape == "points":
            return self.program.curve(x, self._through(name, row))
        curve = self.curve(name, row)
        low, high = self.program.reach(x)
        low = max(low, 0.0)
        # Evenly, and closer together near the lower end, where a power bends most.
        even = [n / self.round.pieces for n in range(self.round.pieces + 1)]
        at = [low + (high - low) * share for share in sorted({*even, *(e**4 for e in even)})]
        pieces = [(a, curve(a), b, curve(b)) for a, b in itertools.pairwise(at)]
        return self.program.curve(x, pieces)

    def _through(self, name: str, row: Row) -> list[Piece]:
        """Straight lines through points, flat after the last one."""
        points = sorted(
            (figure(p, "activity"), figure(p, "effect"))
            for p in self.round.tables["response_points"]
            if word(p, "programme") == name and word(p, "outcome") == word(row, "outcome")
        )
        first, last = points[0], points[-1]
        flat = [(last[0], last[1], last[0] + 2.0 * self.round.most, last[1])]
        before = [(-self.round.most, first[1], *first)]
        return before + [(*a, *b) for a, b in itertools.pairwise(points)] + flat

    def curve(self, name: str, row: Row) -> Callable[[float], float]:
        """A smooth curve as the mathematics has it."""
        per, base = figure(row, "per_unit"), self.round.baseline(name)
        e, most = figure(row, "elasticity", 1.0), figure(row, "maximum")
        half, steep = figure(row, "half", 1.0), figure(row, "steepness")
        curves: dict[str, Callable[[float], float]] = {
            "power": lambda x: per * base / e * (x / base) ** e,
            "saturating": lambda x: most * (1.0 - 2.0 ** (-x / half)),
            "logistic": lambda x: most / (1.0 + math.exp(-steep * (x - half))),
        }
        return curves[word(row, "shape")]

    def reaches(self, name: str) -> dict[str, float]:
        """Part of a programme's outcomes that goes to each segment."""
        segments = self.round.tables["segments"]
        named = [w for w in self.round.tables["reach"] if word(w, "programme") == name]
        if named:
            return {word(w, "segment"): figure(w, "share") for w in named}
        here = [s for s in segments if self.counts(s, name)]
        people = sum(figure(s, "heads") for s in here)
        out: dict[str, float] = defaultdict(float)
        for s in here:
            out[word(s, "segment")] += figure(s, "heads") / people
        return out

    def counts(self, segment: Row, name: str) -> bool:
        home = word(self.round.programmes[name], "place")
        return word(segment, "place") in ("", home) or home == ""

    def equity(self, name: str) -> float:
        """Weight of a programme's outcomes."""
        segments = self.round.tables["segments"]
        if not segments:
            return 1.0
        people = sum(figure(s, "heads") for s in segments)
        mean = sum(figure(s, "heads") * figure(s, "weight", 1.0) for s in segments) / people
        out = 0.0
        for segment, share in self.reaches(name).items():
            here = [s for s in segments if word(s, "segment") == segment and self.counts(s, name)]
            heads = sum(figure(s, "heads") for s in here)
            weighed = sum(figure(s, "heads") * figure(s, "weight", 1.0) for s in here)
            out += share * (weighed / heads if heads else 0.0) / mean
        return out

    # Costs

    def _costs(self) -> None:
        r = self.round
        for name, t in itertools.product(self.names, self.span):
            row, a, price = r.programmes[name], self.activity[name, t], r.price(name, t)
            cost = a * price
            if not blank(row, "cost_threshold"):
                over = self.program.above(a - figure(row, "cost_threshold"))
                cost = cost + over * (price * (figure(row, "cost_above", 1.0) - 1.0))
            for operation, by, share in r.felt(self.choice, "unit_cost", t, target=name):
                if operation == "multiply":
                    cost = cost + a * (price * (by - 1.0) * share)
                else:
                    cost = cost + a * (by * r.grown(t, r.own_uplift(name)) * share)
            self.running[name, t] = cost + self._yearly(name, t)
            self.stranded[name, t] = self._left(name, t)

    def _yearly(self, name: str, t: int) -> float:
        """Yearly costs of options that are part of a programme's spend."""
        rows = [o for o in self.round.tables["options"] if word(o, "programme") == name]
        return sum(self._in_place(o, t) * figure(o, "cost_yearly") for o in rows) * self.general(t)

    def _in_place(self, option: Row, t: int) -> float:
        runs = self.choice.runs[word(option, "option")]
        return sum(self.round.share(option, run, t) for run in runs if run[0] <= t <= run[1])

    def general(self, t: int) -> float:
        """Growth of prices by the instance's uplift."""
        return self.round.grown(t, self.round.uplift)

    def _left(self, name: str, t: int) -> Linear:
        """Fixed cost of activity given up."""
        row = self.round.programmes[name]
        years, fixed = int(figure(row, "release_years")), figure(row, "fixed_share")
        if not years or not fixed:
            return Linear()
        most = self.before(name, t - 1)
        for back in range(2, years + 1):
            other = self.before(name, t - back)
            most = other + self.program.above(most - other)
            if t - back < 0:
                break
        lost = self.program.above(most - self.activity[name, t])
        return lost * (fixed * self.round.price(name, t))

    def spend(self, name: str, t: int) -> Linear:
        return self.running[name, t] + self.stranded[name, t]

    # Contracts

    def _contracts(self) -> None:
        """Payments in the years contracts hold."""
        self.payment: dict[tuple[str, int], Linear] = {}
        self.overhead: dict[tuple[str, int], float] = {}
        self.left: set[tuple[str, int]] = set()
        for contract, t in itertools.product(self.round.contracts(), self.span):
            row = self.round.terms(contract, t)
            if row is None or _plain(row) or not self.round.in_term(row, t):
                continue
            if not self.holds(contract, t):
                self.left.add((contract, t))
                continue
            self.payment[contract, t] = self._limited(contract, row, t)
            self.overhead[contract, t] = figure(row, "overhead")

    def holds(self, contract: str, t: int) -> bool:
        """Whether a contract is neither ended nor suspended."""
        end = self.choice.ends.get(contract)
        suspended = any(True for _ in self.round.felt(self.choice, "contract", t, target=contract))
        ended = end is not None and t >= end
        return not ended and not suspended

    def members(self, contract: str) -> list[str]:
        rows = self.round.programmes.items()
        return [name for name, row in rows if word(row, "contract") == contract]

    def contract(self, name: str) -> str:
        """The contract a programme names."""
        return word(self.round.programmes[name], "contract")

    def under(self, name: str, t: int) -> bool:
        """Whether a programme's contract holds."""
        return (self.contract(name), t) in self.payment

    def own(self, row: Row, t: int) -> float:
        """Growth of a contract's amounts."""
        return self.round.grown(t, figure(row, "uplift", self.round.uplift))

    def _limited(self, contract: str, row: Row, t: int) -> Linear:
        """Payment at least the least income and at most the most."""
        paid, n = self._paid(contract, row, t), self.own(row, t)
        low = figure(row, "min_income", -INFINITE) * n
        high = figure(row, "max_income", INFINITE) * n
        reach = self.program.reach(paid)
        named = [x for x in (low, high) if math.isfinite(x)]
        left, right = min(reach[0], *named, 0.0) - 1.0, max(reach[1], *named, 0.0) + 1.0
        pieces: list[Piece] = []
        if math.isfinite(low):
            pieces.append((left, low, low, low))
            left = low
        top = min(high, right)
        pieces.append((left, left, top, top))
        if math.isfinite(high):
            pieces.append((high, high, right, high))
        return self.program.curve(paid, pieces)

    def _paid(self, contract: str, row: Row, t: int) -> Linear:
        r, p, n = self.round, self.program, self.own(row, t)
        mine = self.members(contract)
        value = total(self.activity[i, t] * r.tariff(i, t) for i in mine)
        cost = total(self.spend(i, t) for i in mine)
        usual = sum(r.tariff(i, t) * r.baseline(i) for i in mine)
        fixed = figure(row, "fixed", sum(r.base_tariff(i) * r.baseline(i) for i in mine)) * n
        kind = word(row, "type")
        if kind == "cost":
            return cost
        if kind == "block":
            return self._block(row, t, value, fixed)
        if kind == "activity":
            if blank(row, "threshold"):
                return value
            over = p.above(value - figure(row, "threshold") * n)
            return value + over * (figure(row, "marginal_rate", 1.0) - 1.0)
        if kind == "cost_and_volume":
            volume = fixed if blank(row, "volume") else figure(row, "volume") * n
            return fixed + p.above(value - volume) * figure(row, "up_rate", 1.0)
        if kind == "aligned":
            up, down = figure(row, "up_rate", 1.0), figure(row, "down_rate", 1.0)
            return fixed + p.curve(value - usual, _bent(down, up))
        if kind == "capitated":
            return self._capitated(contract, row, t, cost)
        assert kind == "outcome"
        k = word(row, "bonus_outcome")
        earned = total(self.outcome[i, k, t] for i in mine)
        paid = fixed + earned * (figure(row, "bonus") * n)
        if blank(row, "bonus_threshold"):
            return paid
        return paid + self._step(earned, figure(row, "bonus_threshold")) * (
            figure(row, "bonus_step") * n
        )

    def _block(self, row: Row, t: int, value: Linear, fixed: float) -> Linear:
        last = len(self.round.years)
        if t >= self.round.position(row, "rebasing_year", last):
            return value
        if not blank(row, "ceiling"):
            self.program.keep(value, high=figure(row, "ceiling") * self.own(row, t) * (1 + AT))
        return Linear(fixed)

    def _capitated(self, contract: str, row: Row, t: int, cost: Linear) -> Linear:
        n = self.own(row, t)
        homes = {word(self.round.programmes[i], "place") for i in self.members(contract)}
        budget = figure(row, "per_head") * n * self.heads(t, homes)
        gain, loss = figure(row, "gain_share"), figure(row, "loss_share")
        back = figure(row, "gain_cap", INFINITE) * n
        made = figure(row, "loss_cap", INFINITE) * n
        far = max(map(abs, self.program.reach(cost - budget))) + 1.0
        left = min(far, back / gain) if gain else 0.0
        right = min(far, made / loss) if loss else 0.0
        pieces = [
            (-2.0 * far, -gain * left, -left, -gain * left),
            (-left, -gain * left, 0.0, 0.0),
            (0.0, 0.0, right, loss * right),
            (right, loss * right, 2.0 * far, loss * right),
        ]
        return budget + self.program.curve(cost - budget, pieces)

    def _step(self, x: Linear, threshold: float) -> Linear:
        """1 once x reaches a threshold; a narrow range below it is left out."""
        low, high = self.program.reach(x)
        room = self.round.room_below * max(1.0, high - low)
        size = max(1.0, abs(threshold))
        below = threshold - max(room, 3.0 * AT * size)
        reach = max(abs(low), abs(high), abs(threshold)) + 1.0
        at = threshold - AT * size
        return self.program.curve(x, [(-reach, 0.0, below, 0.0), (at, 1.0, reach, 1.0)])

    def heads(self, t: int, places: set[str] | None = None) -> float:
        """People of places; of all of them when none or a blank one is named."""
        rows = self.round.rows("places", ("place",), t)
        every = not places or "" in places
        return sum(figure(r, "heads") for (p,), r in rows.items() if every or p in places)

    # Capacity

    def _capacity(self) -> None:
        r, p = self.round, self.program
        self.extra: dict[tuple[str, int], Linear] = defaultdict(Linear)
        for t in self.span:
            for (resource, place), row in r.rows("capacity", ("resource", "place"), t).items():
                amount = r.changed(
                    figure(row, "amount"),
                    self.choice,
                    "capacity",
                    t,
                    target=resource,
                    place=place,
                )
                used = total(
                    self.activity[word(u, "programme"), t] * figure(u, "per_unit")
                    for u in r.tables["use"]
                    if word(u, "resource") == resource
                    and place in ("", word(r.programmes[word(u, "programme")], "place"))
                )
                extra = p.unknown(0.0, figure(row, "extra_max"))
                p.keep(used - extra, high=amount + self.room * max(1.0, amount))
                cost = figure(row, "extra_cost") * self.general(t)
                self.extra[word(row, "extra_pool"), t] += extra * cost

    # Conditional money

    def _incomes(self) -> None:
        r = self.round
        self.received: dict[tuple[str, int], Linear] = defaultdict(Linear)
        self.held_back: dict[tuple[str, int], float] = defaultdict(float)
        for t in self.span:
            for row in r.rows("incomes", ("income", "part"), t).values():
                pool, basis = word(row, "pool"), word(row, "basis", "amount")
                amount = figure(row, "amount") * figure(row, "share", 1.0)
                if basis == "per_head":
                    amount *= self.heads(t)
                if basis == "held_back":
                    amount *= self.money(pool, t, ("recurrent", "grant"))
                    self.held_back[pool, t] += amount
                later = t + int(figure(row, "lag"))
                if later < len(r.years):
                    self.received[pool, later] += self._earned(row, t) * amount

    def _earned(self, row: Row, t: int) -> Linear:
        """Share of an income that is earned."""
        measured = self.measure(
            word(row, "measure", "outcome"),
            word(row, "selection"),
            t,
            outcome=word(row, "outcome"),
        )
        threshold = figure(row, "threshold")
        reach = max(map(abs, (*self.program.reach(measured), threshold))) + 1.0
        size = AT * max(1.0, abs(threshold))
        if blank(row, "full"):
            low = word(row, "sense", "min") == "min"
            edge = threshold - size if low else threshold + size
            below, above = (0.0, 1.0) if low else (1.0, 0.0)
            return self.program.curve(
                measured, [(-reach, below, edge, below), (edge, above, reach, above)]
            )
        full = figure(row, "full")
        reach += abs(full)
        left, right = sorted((threshold, full))
        below, above = (0.0, 1.0) if full > threshold else (1.0, 0.0)
        return self.program.curve(
            measured,
            [
                (-reach, below, left, below),
                (left, below, right, above),
                (right, above, reach, above),
            ],
        )

    # Pools

    def money(self, pool: str, t: int, kinds: tuple[str, ...]) -> float:
        rows = self.round.rows("budgets", ("pool", "kind"), t)
        return sum(
            figure(row, "amount")
            for (name, kind), row in rows.items()
            if name == pool and (kind or "recurrent") in kinds
        )

    def pools(self) -> list[str]:
        return list(dict.fromkeys(word(r, "pool") for r in self.round.tables["budgets"]))

    def payer(self, option: Row) -> str:
        """The pool that pays for an option."""
        if word(option, "pool"):
            return word(option, "pool")
        return word(self.round.programmes[word(option, "programme")], "pool")

    def _pools(self) -> None:
        self.out: dict[tuple[str, int], Linear] = defaultdict(Linear)
        self.lasting: dict[tuple[str, int], Linear] = defaultdict(Linear)
        self.capital: dict[tuple[str, int], Linear] = defaultdict(Linear)
        self.income: dict[tuple[str, int], Linear] = defaultdict(Linear)
        for t in self.span:
            for name in self.names:
                self._pay_programme(name, t)
            for contract in self.round.contracts():
                self._pay_contract(contract, t)
            for option in self.round.tables["options"]:
                self._pay_option(option, t)
            self._pay_others(t)
        self._balances()

    def _pay(self, pool: str, t: int, cost: Linear, lasting: bool) -> None:
        self.out[pool, t] += cost
        if lasting:
            self.lasting[pool, t] += cost

    def _pay_programme(self, name: str, t: int) -> None:
        row, cost = self.round.programmes[name], self.spend(name, t)
        lasting = flag(row, "recurrent", True)
        if word(row, "money", "revenue") == "capital":
            self.capital[word(row, "pool"), t] += cost
        elif self.under(name, t):
            return
        elif parts := [
            part
            for (n, _), part in self.round.rows("funding", ("programme", "pool"), t).items()
            if n == name
        ]:
            paid = []
            for part in parts:
                x = self.program.unknown(0.0, max(self.program.reach(cost)[1], 0.0))
                self.program.keep(x - cost * figure(part, "share_min"), low=0.0)
                self.program.keep(x - cost * figure(part, "share_max", 1.0), high=0.0)
                self._pay(word(part, "pool"), t, x, lasting)
                paid.append(x)
            self.program.keep(total(paid) - cost, 0.0, 0.0)
        else:
            self._pay(word(row, "pool"), t, cost, lasting)

    def _pay_contract(self, contract: str, t: int) -> None:
        pool = word(self.round.programmes[self.members(contract)[0]], "pool")
        if (contract, t) in self.payment:
            paid = self.payment[contract, t] * (1.0 + self.overhead[contract, t])
            self._pay(pool, t, paid, True)
        if self.choice.ends.get(contract) == t:
            row = self.round.terms(contract, t) or {}
            self._pay(pool, t, Linear(figure(row, "exit_fee") * self.own(row, t)), False)

    def _pay_option(self, option: Row, t: int) -> None:
        pool, n = self.payer(option), self.general(t)
        once = 0.0
        for s, e in self.choice.runs[word(option, "option")]:
            once += figure(option, "cost_once") if t == s else 0.0
            once += figure(option, "cost_exit") if t == e + 1 else 0.0
            side = max(int(figure(option, "lead_years")), 1)
            double = s <= t <= min(s + side - 1, e)
            once += figure(option, "double_running") if double else 0.0
            if t == s:
                self.capital[pool, t] += figure(option, "capital") * n
        self._pay(pool, t, Linear(once * n), False)
        if not word(option, "programme"):
            yearly = figure(option, "cost_yearly") * self._in_place(option, t) * n
            self._pay(pool, t, Linear(yearly), True)

    def _pay_others(self, t: int) -> None:
        for pool in self.pools():
            self.out[pool, t] += self.extra[pool, t]
            for operation, by, share in self.round.felt(self.choice, "income", t, target=pool):
                assert operation == "add"
                self.income[pool, t] += by * share * self.general(t)
        for row in self.round.rows("adjustments", ("item",), t).values():
            amount = figure(row, "amount") * figure(row, "delivery", 1.0)
            sign = -1.0 if word(row, "kind") == "efficiency" else 1.0
            self._pay(word(row, "pool"), t, Linear(sign * amount), flag(row, "recurrent", True))

    def _balances(self) -> None:
        r, p = self.round, self.program
        given: dict[tuple[str, int], Linear] = defaultdict(Linear)
        taken: dict[tuple[str, int], Linear] = defaultdict(Linear)
        for t in self.span:
            for (giver, taker), row in r.rows("transfers", ("from_pool", "to_pool"), t).items():
                x = p.unknown(0.0, figure(row, "max"))
                given[giver, t] += x
                taken[taker, t] += x
        for pool in self.pools():
            carry: Linear | float = sum(
                figure(row, "opening")
                for (name, kind), row in r.rows("budgets", ("pool", "kind"), 0).items()
                if name == pool and kind != "capital"
            )
            for t in self.span:
                before, carry = carry, self._carry(pool, t)
                room = self.room * max(1.0, self.money(pool, t, ("recurrent",)))
                there = Linear(
                    self.money(pool, t, ("recurrent", "grant", "non_recurrent", "support"))
                    - self.held_back[pool, t]
                )
                there = there + self.received[pool, t] + self.income[pool, t] + taken[pool, t]
                gone = self.out[pool, t] + given[pool, t] + carry
                p.keep(there + before - gone, low=-room - AT)
                capital = self.money(pool, t, ("capital",)) * (1.0 + AT)
                p.keep(self.capital[pool, t], high=capital + room)
                if flag(r.settings, "recurrent_balance", False):
                    lasting = self.money(pool, t, ("recurrent", "grant", "support"))
                    lasting = lasting + self.income[pool, t]
                    spare = lasting + taken[pool, t] - self.lasting[pool, t] - given[pool, t]
                    p.keep(spare, low=-room - AT)

    def _carry(self, pool: str, t: int) -> Linear:
        rows = self.round.rows("budgets", ("pool", "kind"), t)
        mine = [row for (name, kind), row in rows.items() if name == pool and kind != "capital"]
        owed = sum(figure(row, "overdraw_max") for row in mine)
        last = t == len(self.round.years) - 1
        most = sum(figure(row, "carry_max") for row in mine)
        return self.program.unknown(0.0 if last else -owed, most)

    # Rules

    def chosen(self, selection: str) -> dict[str, float]:
        """Programmes of a selection and the share of each that counts; all when blank."""
        if not selection:
            return dict.fromkeys(self.names, 1.0)
        out = {}
        usual = {"class": "discretionary"}
        for row in self.round.tables["selections"]:
            if word(row, "selection") != selection:
                continue
            for name, programme in self.round.programmes.items():
                tagged = word(row, "tag") in ("", *word(programme, "tags").split("; "))
                if tagged and all(
                    word(row, c) in ("", word(programme, c, usual.get(c, ""))) for c in CRITERIA
                ):
                    out[name] = figure(row, "share", 1.0)
        return out

    def measure(
        self,
        kind: str,
        selection: str,
        t: int,
        *,
        outcome: str = "",
        segment: str = "",
        late: bool = False,
    ) -> Linear:
        """A measure over a selection in a year (-1: before the plan), stranded cost in or out."""
        r, chosen = self.round, self.chosen(selection)
        if kind == "position":
            return self._positions(chosen, t, late)
        if kind == "payment":
            return self._payments(chosen, t, late)
        if kind == "outcome":
            return total(
                self.outcome[i, outcome, t]
                * (share * (self.reaches(i).get(segment, 0.0) if segment else 1.0))
                for i, share in chosen.items()
            )
        if kind == "unmet":
            return total(self.unmet.get((i, t), Linear()) * s for i, s in chosen.items())
        if kind in ("activity", "value"):
            rate = {i: figure(r.programmes[i], "unit_cost", 1.0) for i in chosen}
            return total(
                self.before(i, t) * (s * (rate[i] if kind == "value" else 1.0))
                for i, s in chosen.items()
            )
        if kind == "recurrent_spend":
            chosen = {i: s for i, s in chosen.items() if flag(r.programmes[i], "recurrent", True)}
        return total(self._spent(i, t, late) * s for i, s in chosen.items())

    def _spent(self, name: str, t: int, late: bool) -> Linear:
        if t < 0:
            unit = figure(self.round.programmes[name], "unit_cost", 1.0)
            return Linear(unit * self.round.baseline(name))
        return self.spend(name, t) if late else self.running[name, t]

    def _payments(self, chosen: dict[str, float], t: int, late: bool) -> Linear:
        if t < 0:
            r = self.round
            return Linear(sum(s * r.base_tariff(i) * r.baseline(i) for i, s in chosen.items()))
        # A contract that has been left counts with the whole cost of its programmes.
        parts = [
            self._spent(i, t, late or (self.contract(i), t) in self.left) * s
            for i, s in chosen.items()
            if not self.under(i, t)
        ]
        for contract in self.round.contracts():
            mine = self.members(contract)
            if (contract, t) in self.payment and all(i in chosen for i in mine):
                paid = self.payment[contract, t] * (1.0 + self.overhead[contract, t])
                parts.append(paid * min(chosen[i] for i in mine))
        return total(parts)

    def _positions(self, chosen: dict[str, float], t: int, late: bool) -> Linear:
        providers = {word(self.round.programmes[i], "provider") for i in chosen} - {""}
        return total(self.balance(p, t, late) for p in providers)

    def balance(self, provider: str, t: int, late: bool = True) -> Linear:
        """Position of a provider."""
        row = self.round.rows("providers", ("provider",), t).get((provider,), {})
        parts: list[Linear | float] = [figure(row, "other_income") - figure(row, "other_cost")]
        parts += [
            figure(item, "amount") * figure(item, "delivery", 1.0)
            for item in self.round.rows("adjustments", ("item",), t).values()
            if word(item, "provider") == provider
        ]
        for contract in self.round.contracts():
            if (contract, t) not in self.payment:
                continue
            terms, mine = self.round.terms(contract, t) or {}, self.members(contract)
            if word(self.round.programmes[mine[0]], "provider") == provider:
                parts.append(self.payment[contract, t])
                parts += [-self.spend(i, t) for i in mine]
                parts += [self.stranded[i, t] for i in mine if not late]
            if word(terms, "lead") == provider:
                parts.append(self.payment[contract, t] * self.overhead[contract, t])
        return total(parts)

    def _rules(self) -> None:
        for t in self.span:
            for (provider,), row in self.round.rows("providers", ("provider",), t).items():
                if not blank(row, "deficit_max"):
                    room = self.room * max(1.0, abs(figure(row, "other_cost")), 100.0)
                    low = -figure(row, "deficit_max") - room - AT
                    self.program.keep(self.balance(provider, t), low=low)
            for row in self.round.rows("rules", ("rule",), t).values():
                self._rule(row, t)

    def _rule(self, row: Row, t: int) -> None:
        sense, basis, value = word(row, "sense"), word(row, "basis", "amount"), figure(row, "value")
        kind, selection = word(row, "measure"), word(row, "selection")
        about = {"outcome": word(row, "outcome"), "segment": word(row, "segment")}
        # Stranded cost counts where it makes the rule harder to meet.
        late = (sense == "min") if kind == "position" else (sense == "max")
        left = self.measure(kind, selection, t, late=late, **about)
        if basis == "amount":
            right = Linear(value)
        elif basis == "per_head":
            right = Linear(value * self._people(selection, t))
        elif basis == "growth":
            named = word(row, "reference", "previous")
            back = {"previous": t - 1, "baseline": -1}
            at = back[named] if named in back else int(named) - self.round.years[0]
            right = self.measure(kind, selection, at, **about) * (1.0 + value)
        else:
            right = self.measure(kind, word(row, "relative_to"), t, **about) * value
        over = left - right
        if not blank(row, "penalty"):
            miss = self.program.unknown(0.0, max(map(abs, self.program.reach(over))) + 1.0)
            self.worth = self.worth - miss * figure(row, "penalty")
            if sense in ("max", "equal"):
                self.program.keep(over - miss, high=0.0)
            if sense in ("min", "equal"):
                self.program.keep(over + miss, low=0.0)
            return
        room = AT + self.room * max(1.0, *map(abs, self.program.reach(left)))
        self.program.keep(
            over,
            -room if sense in ("min", "equal") else -INFINITE,
            room if sense in ("max", "equal") else INFINITE,
        )

    def _people(self, selection: str, t: int) -> float:
        rows = [s for s in self.round.tables["selections"] if word(s, "selection") == selection]
        places = {word(s, "place") for s in rows}
        return self.heads(t, places)

    # After the plan

    def _tail(self) -> None:
        r, last = self.round, len(self.round.years)
        worth = figure(r.settings, "saving_value")
        for effect in r.tables["effects"]:
            source, target = word(effect, "source"), word(effect, "target")
            saved = r.price(target, last - 1) * (1.0 - figure(r.programmes[target], "fixed_share"))
            for n in range(1, int(figure(r.settings, "tail_years")) + 1):
                discount = (1.0 + figure(r.settings, "discount_rate")) ** -(last - 1 + n)
                for s in self.span:
                    kernel = self._kernel(effect, last - 1 + n - s)
                    more = self.activity[source, s] - r.baseline(source)
                    self.worth = self.worth + more * (worth * kernel * saved * discount)


def _plain(row: Row) -> bool:
    """Whether a contract pays cost and nothing else, which changes nothing."""
    limited = not blank(row, "min_income") or not blank(row, "max_income")
    return word(row, "type") == "cost" and not limited and not figure(row, "overhead")


def _bent(below: float, above: float) -> list[Piece]:
    """A line through nothing that turns there."""
    far = 1e12
    return [(-far, -far * below, 0.0, 0.0), (0.0, 0.0, far, far * above)]
