"""What a report says, as numbers: one place for the page and the Markdown file."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from benchmarks.suite import ledger, stats
from benchmarks.suite.lines import NOT_TRIED, STATUSES, Line, Results, name_of
from benchmarks.suite.problem import SIZES
from benchmarks.suite.solvers.base import SOLVING, STAGES

KINDS = {
    "lp": "Linear programmes",
    "mip": "Integer programmes",
    "pathology": "Pathological programmes",
}
PROOFS = ("known", "duals", "claim")
"""What an optimum rests on: known by construction, closed by duals, or nobody's contradiction."""

MIB = 2**20

NOISE = 0.1
"""Least share by which times must differ to be told apart."""

BANDS = {"1 s and more": 1.0, "0.1 s to 1 s": 0.1, "less than 0.1 s": 0.0}
"""Runs whose repeats are looked at together: short ones differ more."""


def shown_options(options: dict[str, Any]) -> str:
    """Options in a few words."""
    return ", ".join(f"{name}={value}" for name, value in sorted(options.items()))


def solved(line: Line) -> bool:
    """Whether a run ended with an answer that was verified or is known to be right."""
    if line["status"] in {"infeasible", "unbounded"}:
        return line["problem"].get("known_status") == line["status"]
    return line["status"] == "verified-optimal"


def seconds_of(line: Line, stages: Iterable[str] = SOLVING) -> float | None:
    """Seconds of some stages together; the total where stages were not told apart.

    None where nothing was timed.
    """
    seconds = line.get("seconds") or {}
    known = [seconds[name] for name in stages if seconds.get(name) is not None]
    if known:
        return float(sum(known))
    total = seconds.get("total")
    return None if total is None else float(total)


def kind_of(problem: dict[str, Any]) -> str:
    """Kind of a programme: what its family is for, or else whether it has integers."""
    if problem.get("kind") == "pathology":
        return "pathology"
    return "mip" if problem["integers"] else "lp"


@dataclass(frozen=True)
class Ranking:
    """Solvers on programmes of one kind, best first.

    Attributes
    ----------
    kind : str
    standings : list of stats.Standing
    results : stats.Results
    problems : list of str
        Programmes that all of them were run on.
    left_out : int
        Programmes of the kind that not all were run on.
    not_ranked : dict of str to str
        Solvers left out, and why.
    agreement : float or None
        Least Kendall tau between ways of counting.
    """

    kind: str
    standings: list[stats.Standing]
    results: stats.Results
    problems: list[str]
    left_out: int
    not_ranked: dict[str, str]
    agreement: float | None


class Figures:
    """Numbers of a set of results.

    Parameters
    ----------
    results : Results
        From one machine.
    """

    def __init__(self, results: Results) -> None:
        self.results = results
        self._asked = self._settings(results.lines)
        self.ledger = ledger.disagreements(results.lines, self.label)
        self.lines = ledger.judged(results.lines, self.ledger)
        self.runs = [line for line in self.lines if line.get("solver") and not line.get("layer")]
        self.layer_runs = [line for line in self.lines if line.get("layer")]

    @staticmethod
    def _settings(lines: Sequence[Line]) -> dict[tuple[bool, str], tuple[bool, bool]]:
        """Whether to name settings of each solver or layer, and the time limit among them.

        Only what differs is named, and limits only where one programme was run with several:
        large programmes may be given longer than small ones.
        """
        settings: dict[tuple[bool, str], set[str]] = defaultdict(set)
        limits: dict[tuple[bool, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for line in lines:
            settings[_who(line)].add(_setting(line, limit=False))
            limits[_who(line)][name_of(line["problem"])].add(_setting(line, limit=True))
        out = {}
        for who, by in limits.items():
            several = max(map(len, by.values())) > 1
            out[who] = several or len(settings[who]) > 1, several
        return out

    def label(self, line: Line) -> str:
        """Solver or layer, with its settings where results hold several."""
        key = _who(line)
        name = key[1]
        if key[0] and (False, name) in self._asked:
            name += " (layer)"
        named, limit = self._asked[key]
        return f"{name} [{_setting(line, limit=limit)}]" if named else name

    @cached_property
    def kinds(self) -> list[str]:
        """Kinds of programmes that solvers were run on."""
        found = {kind_of(line["problem"]) for line in self.runs}
        return [kind for kind in KINDS if kind in found]

    @cached_property
    def problems(self) -> dict[str, dict[str, Any]]:
        """Programmes by name, sorted by family and size."""
        found = {name_of(line["problem"]): line["problem"] for line in self.lines}
        return dict(sorted(found.items(), key=lambda entry: _order(entry[1])))

    def labels(self, lines: Iterable[Line]) -> list[str]:
        """Who these lines are of, sorted."""
        return sorted({self.label(line) for line in lines})

    def statuses(self, lines: Iterable[Line]) -> dict[str, dict[str, int]]:
        """Count of runs by solver and status; ``right``: verified, or rightly no solution."""
        out: dict[str, dict[str, int]] = {}
        for line in lines:
            counts = out.setdefault(self.label(line), dict.fromkeys((*STATUSES, "right"), 0))
            counts["right" if solved(line) else line["status"]] += 1
        return dict(sorted(out.items()))

    def shares(self, lines: Iterable[Line]) -> dict[str, dict[str, float]]:
        """Share of each status by solver, every programme weighing the same."""
        runs: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for line in lines:
            ending = "right" if solved(line) else line["status"]
            runs[self.label(line)][name_of(line["problem"])].append(ending)
        out = {}
        for label, by in sorted(runs.items()):
            out[label] = dict.fromkeys((*STATUSES, "right"), 0.0)
            for endings in by.values():
                for ending in endings:
                    out[label][ending] += 1 / len(endings) / len(by)
        return out

    def endings(self, lines: Iterable[Line]) -> dict[tuple[str, str], str]:
        """Worst way a solver's runs of a programme ended, where not all were right."""
        order = ["wrong", "error", "crash", "out-of-memory", "hard-time-out", "soft-time-out"]
        rank = {status: place for place, status in enumerate(order)}
        out: dict[tuple[str, str], str] = {}
        for line in lines:
            key, status = (self.label(line), name_of(line["problem"])), line["status"]
            if not solved(line):
                worst = out.setdefault(key, status)
                if rank.get(status, len(order)) < rank.get(worst, len(order)):
                    out[key] = status
        return out

    def results_by_solver(
        self, lines: Iterable[Line], stages: Iterable[str] = SOLVING
    ) -> dict[str, dict[str, list[stats.Result]]]:
        """Median over repeats of every permutation, by solver and programme."""
        groups: dict[tuple[str, str], dict[int, list[Line]]] = defaultdict(dict)
        for line in lines:
            key = (self.label(line), name_of(line["problem"]))
            groups[key].setdefault(line["permutation"], []).append(line)
        out: dict[str, dict[str, list[stats.Result]]] = defaultdict(dict)
        stages = tuple(stages)
        for (label, name), orders in sorted(groups.items()):
            out[label][name] = [_result(orders[order], stages) for order in sorted(orders)]
        return dict(out)

    def ranking(self, kind: str, size: str | None = None) -> Ranking:
        """Solvers on programmes of one kind (and size)."""
        mine = [
            line
            for line in self.runs
            if kind_of(line["problem"]) == kind and size in (None, line["problem"]["size"])
        ]
        everything = {name_of(line["problem"]) for line in mine}
        tried = {self.label(line) for line in mine if line["status"] not in NOT_TRIED}
        not_ranked = {
            label: f"never tried ({', '.join(sorted(self._why(mine, label)))})"
            for label in self.labels(mine)
            if label not in tried
        }
        results = self.results_by_solver(line for line in mine if self.label(line) in tried)
        for label in list(results):
            if len(results[label]) * 2 < len(everything):
                not_ranked[label] = f"run on {len(results[label])} of {len(everything)} programmes"
                del results[label]
        timed = any(seconds_of(line) is not None for line in mine)
        problems = stats.shared(results) if timed else []
        found = stats.standings(results, problems)
        return Ranking(
            kind,
            found,
            results,
            problems,
            len(everything) - len(problems),
            not_ranked,
            stats.agreement(found),
        )

    def _why(self, lines: Iterable[Line], label: str) -> set[str]:
        return {line["status"] for line in lines if self.label(line) == label}

    @cached_property
    def sizes(self) -> list[str]:
        """Sizes that were run, small to large."""
        found = {line["problem"]["size"] for line in self.lines}
        return sorted(found, key=_size_order)

    def growths(
        self,
    ) -> dict[tuple[str, str], tuple[list[float], list[float], stats.Growth | None]]:
        """Nonzeros, median seconds and growth by family and solver: solved runs only."""
        points: dict[tuple[str, str], dict[str, list[Line]]] = defaultdict(dict)
        for line in self.runs:
            if solved(line) and seconds_of(line) is not None:
                key = (line["problem"]["family"], self.label(line))
                points[key].setdefault(name_of(line["problem"]), []).append(line)
        out = {}
        for key, by_problem in sorted(points.items()):
            pairs = sorted(
                (float(lines[0]["problem"]["nonzeros"]), _median(map(seconds_of, lines)) or 0.0)
                for lines in by_problem.values()
            )
            x, y = [a for a, _ in pairs], [b for _, b in pairs]
            out[key] = (x, y, stats.growth(x, y))
        return out

    def memory(self, lines: Iterable[Line]) -> dict[str, dict[str, float]]:
        """Median peak memory beyond the imports in MiB, by solver and programme."""
        found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for line in lines:
            peak, base = line.get("peak_memory"), line.get("import_memory")
            if peak is not None and base is not None and line["status"] not in NOT_TRIED:
                name = name_of(line["problem"])
                found[self.label(line)][name].append(max(peak - base, 0) / MIB)
        return {
            label: {name: statistics.median(values) for name, values in by.items()}
            for label, by in sorted(found.items())
        }

    def accuracy(self) -> dict[str, dict[str, list[float]]]:
        """Relative residuals of solutions by solver: rows, bounds, integers."""
        found: dict[str, dict[str, list[float]]] = {}
        for line in self.lines:
            residual = line.get("residual") or {}
            if line["status"] not in (*ledger.WITH_SOLUTION, "wrong") or not residual:
                continue
            mine = found.setdefault(self.label(line), {"row": [], "bound": [], "integer": []})
            for name, values in mine.items():
                value = residual.get(name)
                if value is not None and not (
                    name == "integer" and not line["problem"]["integers"]
                ):
                    values.append(float(value))
        return dict(sorted(found.items()))

    def proofs(self) -> dict[str, dict[str, int]]:
        """What verified optima rest on, by solver: known optimum, duals, or a claim."""
        out: dict[str, dict[str, int]] = {}
        for line in self.lines:
            if line["status"] == "verified-optimal":
                mine = out.setdefault(self.label(line), dict.fromkeys(PROOFS, 0))
                proof = line.get("proof")
                mine[proof if proof in PROOFS else "claim"] += 1
        return out

    def off_optimum(self) -> dict[str, list[float]]:
        """Relative distance of claimed optima from what is known, by solver."""
        out: dict[str, list[float]] = defaultdict(list)
        for line in self.lines:
            best = self.best_known.get(name_of(line["problem"]))
            claims = line["status"] in {"verified-optimal", "wrong"}
            if claims and best is not None and line.get("objective") is not None:
                out[self.label(line)].append(abs(line["objective"] - best) / max(1.0, abs(best)))
        return dict(sorted(out.items()))

    @cached_property
    def best_known(self) -> dict[str, float]:
        """Known optimum, or else the best verified objective, by programme."""
        out: dict[str, float] = {}
        for name, problem in self.problems.items():
            if problem.get("known_optimum") is not None:
                out[name] = float(problem["known_optimum"])
                continue
            values = [
                float(line["objective"])
                for line in self.lines
                if name_of(line["problem"]) == name
                and line["status"] in ledger.WITH_SOLUTION
                and line.get("objective") is not None
                and ledger.residual_of(line) <= ledger.TOLERANCE
            ]
            if values:
                out[name] = max(values) if problem.get("maximise") else min(values)
        return out

    def stages(self, lines: Iterable[Line]) -> dict[str, dict[str, dict[str, float]]]:
        """Median seconds of each stage, by programme and solver or layer: solved runs only."""
        found: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
        for line in lines:
            if solved(line) and line.get("seconds"):
                found[name_of(line["problem"])][self.label(line)].append(line["seconds"])
        return {
            name: {
                label: {stage: _median(run.get(stage) for run in runs) or 0.0 for stage in STAGES}
                for label, runs in sorted(found[name].items())
            }
            for name in self.problems
            if name in found
        }

    def integer_work(self) -> dict[str, dict[str, float | None]]:
        """Nodes, gap left and primal integral (share of the limit) by solver."""
        mine: dict[str, list[Line]] = defaultdict(list)
        for line in self.runs:
            if line["problem"]["integers"] and line["status"] in ledger.WITH_SOLUTION:
                mine[self.label(line)].append(line)
        return {
            label: {
                "runs": float(len(lines)),
                "nodes": _median(line.get("nodes") for line in lines),
                "gap": _largest(line.get("gap") for line in lines),
                "integral": _mean(self._integral(line) for line in lines),
            }
            for label, lines in sorted(mine.items())
        }

    def _integral(self, line: Line) -> float | None:
        best = self.best_known.get(name_of(line["problem"]))
        limit = (line.get("asked") or {}).get("time_limit")
        log = line.get("primal_log")
        if best is None or not limit or not log:
            return None
        pairs = [(float(seconds), float(objective)) for seconds, objective in log]
        return stats.primal_integral(pairs, best, float(limit)) / float(limit)

    @cached_property
    def spreads(self) -> dict[str, dict[str, list[float]]]:
        """Range over median of repeats of the same run, by band of seconds and solver."""
        groups: dict[tuple[str, str, int], list[float]] = defaultdict(list)
        for line in self.lines:
            seconds = seconds_of(line, STAGES if line.get("layer") else SOLVING)
            if line["status"] in ledger.WITH_SOLUTION and seconds is not None:
                key = (self.label(line), name_of(line["problem"]), line["permutation"])
                groups[key].append(seconds)
        out: dict[str, dict[str, list[float]]] = {}
        for (label, _, _), values in sorted(groups.items()):
            found, middle = stats.spread(values), statistics.median(values)
            if found is not None and middle >= stats.CLOCK:
                band = next(name for name, least in BANDS.items() if middle >= least)
                out.setdefault(band, {}).setdefault(label, []).append(found)
        return {band: out[band] for band in BANDS if band in out}

    @cached_property
    def noise(self) -> tuple[float, str] | None:
        """Median spread of repeats, of the longest band there is, and that band."""
        for band, mine in self.spreads.items():
            return statistics.median(v for values in mine.values() for v in values), band
        return None

    @property
    def tie(self) -> float:
        """Share by which times must differ to be told apart."""
        return max(NOISE, self.noise[0]) if self.noise else NOISE

    def waiting(self) -> float | None:
        """Wall time over processor time of single-threaded solves, at the median.

        Well above 1 the machine was doing something else.
        """
        shares = []
        for line in self.lines:
            wall = (line.get("seconds") or {}).get("solve")
            cpu = (line.get("cpu_seconds") or {}).get("solve")
            if wall and cpu and wall >= 10 * stats.CLOCK and line.get("threads") == 1:
                shares.append(wall / cpu)
        return statistics.median(shares) if shares else None

    def options_read_back(self) -> dict[str, dict[str, set[str]]]:
        """Values of options as read back, by solver or layer."""
        out: dict[str, dict[str, set[str]]] = {}
        for line in self.lines:
            mine = out.setdefault(self.label(line), {})
            for name, value in (line.get("options") or {}).items():
                mine.setdefault(name, set()).add(str(value))
        return dict(sorted(out.items()))

    def algorithms(self) -> dict[str, set[str]]:
        """Algorithms that really ran, by solver or layer."""
        out: dict[str, set[str]] = defaultdict(set)
        for line in self.lines:
            if line.get("algorithm"):
                out[self.label(line)].add(str(line["algorithm"]))
        return dict(out)


def _who(line: Line) -> tuple[bool, str]:
    """Whether a layer, and its name or the solver's."""
    return bool(line.get("layer")), str(line.get("layer") or line["solver"])


def _setting(line: Line, *, limit: bool) -> str:
    asked = line.get("asked") or {}
    words = [shown_options(asked.get("options") or {})]
    if limit and asked.get("time_limit") is not None:
        words.append(f"{asked['time_limit']:g} s")
    if asked.get("threads") is not None:
        words.append(f"{asked['threads']} thread{'s' if asked['threads'] != 1 else ''}")
    return ", ".join(word for word in words if word)


def _result(lines: Sequence[Line], stages: Sequence[str]) -> stats.Result:
    limit = float((lines[0].get("asked") or {}).get("time_limit") or 0.0)
    seconds = _median(seconds_of(line, stages) for line in lines)
    return stats.Result(seconds or 0.0, all(solved(line) for line in lines), limit)


def _order(problem: dict[str, Any]) -> tuple[int, str, int, int]:
    kind = list(KINDS).index(kind_of(problem))
    return kind, problem["family"], _size_order(problem["size"]), problem["seed"]


def _size_order(size: str) -> int:
    return SIZES.index(size) if size in SIZES else len(SIZES)


def _numbers(values: Iterable[Any]) -> list[float]:
    return [float(value) for value in values if value is not None]


def _of(statistic: Callable[[list[float]], float], values: Iterable[Any]) -> float | None:
    numbers = _numbers(values)
    return float(statistic(numbers)) if numbers else None


def _median(values: Iterable[Any]) -> float | None:
    return _of(statistics.median, values)


def _largest(values: Iterable[Any]) -> float | None:
    return _of(max, values)


def _mean(values: Iterable[Any]) -> float | None:
    return _of(lambda numbers: float(np.mean(numbers)), values)
