"""Times in a report: means, profiles, programme by programme, scaling, stages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from allocator.arrays import Floats
from benchmarks.suite import stats
from benchmarks.suite.lines import NOT_TRIED
from benchmarks.suite.page import charts
from benchmarks.suite.page.charts import short
from benchmarks.suite.page.document import Block, Chart, Charts, Section, Table, Text
from benchmarks.suite.page.figures import KINDS, Figures, Ranking, kind_of, seconds_of
from benchmarks.suite.page.words import ENDINGS, bold, ends, plural
from benchmarks.suite.solvers.base import OVERHEAD, STAGES

STAGE_WORDS = {
    "build": "build",
    "compile": "compile",
    "handover": "hand over",
    "solve": "solve",
    "readback": "read back",
}


def means(rankings: Mapping[str, Ranking], look: Mapping[str, charts.Look]) -> Section | None:
    """Shifted geometric means and how far places depend on the counting."""
    blocks: list[Block] = [
        Text(
            "Seconds from arrays in memory to the answer in memory, as shifted geometric means"
            " over programmes (median over repeats, mean over permutations). An unsolved run"
            " costs the time limit times the penalty. Where a place depends on shift and"
            " penalty, nobody should rely on it."
        )
    ]
    drawn = [
        _mean_chart(ranking, look) for ranking in rankings.values() if len(ranking.standings) > 1
    ]
    if drawn:
        blocks.append(Charts(drawn))
    for ranking in rankings.values():
        if ranking.standings:
            blocks.append(_mean_table(ranking))
        blocks += _mean_notes(ranking)
    found = any(ranking.standings for ranking in rankings.values())
    return Section("Mean times", blocks) if found else None


def _mean_table(ranking: Ranking) -> Table:
    columns = [KINDS[ranking.kind], "solved"]
    columns += [f"shift {s:g}, penalty {p:g}" for s, p in stats.WAYS]
    columns += ["times the first (95%)", "place", "first in"]
    rows = []
    for s in ranking.standings:
        place = str(s.best_rank)
        if s.worst_rank != s.best_rank:
            place += f" to {s.worst_rank}"
        means = [bold(short(s.means[way]), s.ranks[way] == 1) for way in stats.WAYS]
        behind = "1"
        if s.behind is not None:
            behind = f"{s.behind.value:.2f} ({s.behind.low:.2f}–{s.behind.high:.2f})"
        solved_of = f"{s.solved} of {s.attempts}"
        rows.append((s.solver, solved_of, *means, behind, place, f"{s.first_share:.0%}"))
    return Table(columns, rows)


def _mean_notes(ranking: Ranking) -> list[Block]:
    words = []
    if ranking.agreement is not None:
        words.append(
            "The order is the same under all six ways of counting."
            if ranking.agreement > 1 - 1e-9
            else f"The order depends on the way of counting (least Kendall tau"
            f" {ranking.agreement:.2f})."
        )
        words.append(
            "“Times the first” compares programme by programme; it and “first in” resample"
            " programmes (penalty 1)."
        )
    if ranking.left_out:
        words.append(f"{plural(ranking.left_out, 'programme')} not run by all left out.")
    reasons: dict[str, list[str]] = {}
    for who, why in sorted(ranking.not_ranked.items()):
        reasons.setdefault(why, []).append(who)
    words += [f"Not ranked, {why}: {', '.join(names)}." for why, names in reasons.items()]
    return [Text(" ".join(words), "note")] if words else []


def _mean_chart(ranking: Ranking, look: Mapping[str, charts.Look]) -> Chart:
    values = {s.solver: [s.means[stats.MAIN]] for s in ranking.standings}
    intervals = {s.solver: s.interval for s in ranking.standings}
    reach = ends([v for pair in intervals.values() for v in pair], stats.CLOCK / 10)
    title = f"{KINDS[ranking.kind]}: means, 95%"
    words = "seconds (shift 10, penalty 1)"
    return Chart(title, charts.dots(title, values, look, words, ends=reach, intervals=intervals))


def profiles(rankings: Mapping[str, Ranking], look: Mapping[str, charts.Look]) -> Section | None:
    """Dolan–Moré profiles."""
    drawn, rows = [], []
    for ranking in rankings.values():
        if len(ranking.standings) < 2:
            continue
        names = [s.solver for s in ranking.standings]
        results = {name: ranking.results[name] for name in names}
        found = stats.profile(results, ranking.problems)
        drawn.append(_profile_chart(ranking, found, look))
        for name in names:
            shares = (f"{stats.profile_at(found[name], r):.0%}" for r in (1, 2, 10, 100))
            rows.append((name, KINDS[ranking.kind], *shares))
    if not drawn:
        return None
    intro = (
        "Share of programmes a solver answered within so many times the best time on each"
        " (Dolan and Moré). Left: how often it is the fastest. Right: how much it solves at all."
        " With more than two solvers, only the highest curve may be compared with the others:"
        " the order of the rest depends on who else takes part."
    )
    columns = ("Solver", "Programmes", "fastest", "within 2", "within 10", "within 100")
    blocks: list[Block] = [Text(intro), Charts(drawn), Table(columns, rows, 2)]
    return Section("Performance profiles", blocks)


def _profile_chart(
    ranking: Ranking,
    found: Mapping[str, tuple[Floats, Floats]],
    look: Mapping[str, charts.Look],
) -> Chart:
    widest = max((float(x[-1]) for x, _ in found.values() if len(x)), default=10.0)
    svg = charts.curves(
        f"{KINDS[ranking.kind]}: performance profiles",
        {name: (list(x), list(y)) for name, (x, y) in found.items()},
        look,
        ("times the best time", "programmes solved"),
        x_range=(1.0, max(min(widest, 1000.0), 2.0)),
        y_range=(0.0, 1.0),
        steps=True,
        percent=True,
    )
    return Chart(KINDS[ranking.kind], svg, [(look[name].swatch(), name) for name in found])


def by_programme(figures: Figures) -> Section | None:
    """Fastest on every programme, and all times."""
    results = figures.results_by_solver(
        line
        for line in figures.runs
        if line["status"] not in NOT_TRIED and kind_of(line["problem"]) != "pathology"
    )
    if not results or all(seconds_of(line) is None for line in figures.runs):
        return None
    endings = figures.endings(figures.runs)
    names = sorted(results)
    fastest, matrix = [], []
    for name in figures.problems:
        cells = {s: results[s][name] for s in names if name in results[s]}
        if not cells:
            continue
        times = {
            s: stats.shifted_geometric_mean([r.seconds for r in runs], 0.0)
            for s, runs in cells.items()
            if all(r.solved for r in runs)
        }
        fastest.append(_fastest(name, times, sorted(cells.keys() - times.keys()), figures.tie))
        best = min(times.values(), default=0.0)
        cell = (_cell(times.get(s), best, endings.get((s, name), ""), figures.tie) for s in names)
        matrix.append((name, *cell))
    intro = (
        "Median over repeats, geometric mean over permutations. “Fastest” names everything"
        f" within {figures.tie:.0%} or {short(stats.CLOCK)} s of the best. Without a verified"
        " answer, how runs ended; n/a: never tried, for want of support, licence or package."
    )
    columns = ("Programme", "fastest", "seconds", "next", "times as long", "no verified answer")
    return Section(
        "By family and size",
        [Text(intro), Table(columns, fastest, 6), Table(("Seconds", *names), matrix)],
    )


def _fastest(
    name: str, times: Mapping[str, float], unsolved: Sequence[str], tie: float
) -> tuple[str, ...]:
    missed = ", ".join(unsolved) or "–"
    if not times:
        return (name, "–", "–", "–", "–", missed)
    best = min(times.values())
    reach = max(best * (1 + tie), best + stats.CLOCK)
    near = sorted((s for s in times if times[s] <= reach), key=lambda s: times[s])
    if len(near) == len(times) > 2:
        return (name, f"all {len(near)} that solved it", short(best), "–", "–", missed)
    rest = sorted((s for s in times if s not in near), key=lambda s: times[s])
    after = (rest[0], f"{times[rest[0]] / max(best, stats.CLOCK):.2g}") if rest else ("–", "–")
    return (name, ", ".join(near), short(best), *after, missed)


def _cell(seconds: float | None, best: float, ending: str, tie: float) -> str:
    if seconds is None:
        return ENDINGS.get(ending, ending) or "not run"
    return bold(short(seconds), seconds <= max(best * (1 + tie), best + stats.CLOCK))


def scaling(figures: Figures, look: Mapping[str, charts.Look]) -> Section | None:
    """How seconds grow with size."""
    found = figures.growths()
    several = sorted({f for (f, _), (x, _, _) in found.items() if len(set(x)) > 1})
    if not several:
        return None
    names = sorted({who for family, who in found if family in several})
    drawn, rows = [], []
    for family in several:
        mine = {who: found[family, who] for who in names if (family, who) in found}
        drawn.append(_scaling_chart(family, mine, look))
        fits = (mine[who][2] if who in mine else None for who in names)
        rows.append((family, *(_exponent(fit) for fit in fits)))
    intro = (
        "Seconds against nonzeros, verified runs only: a line that stops early stopped solving."
        " The exponent is that of seconds ~ nonzeros to its power, fitted where times are above"
        f" {short(stats.CLOCK)} s, with half the width of its 95% interval (*: through two points"
        " only); 1 is proportional to size."
    )
    blocks: list[Block] = [Text(intro), Charts(drawn), Table(("Exponent", *names), rows)]
    return Section("Scaling", blocks)


def _exponent(fit: stats.Growth | None) -> str:
    if fit is None:
        return "–"
    exact = math.isfinite(fit.low)
    return f"{fit.exponent:.2f} ±{fit.exponent - fit.low:.2f}" if exact else f"{fit.exponent:.2f}*"


def _scaling_chart(
    family: str,
    mine: Mapping[str, tuple[list[float], list[float], stats.Growth | None]],
    look: Mapping[str, charts.Look],
) -> Chart:
    xs = [v for x, _, _ in mine.values() for v in x]
    ys = [v for _, y, _ in mine.values() for v in y]
    svg = charts.curves(
        f"{family}: seconds by nonzeros",
        {who: (x, [max(v, 1e-4) for v in y]) for who, (x, y, _) in mine.items()},
        look,
        ("nonzeros", "seconds"),
        x_range=(min(xs), max(xs)),
        y_range=ends(ys, 1e-4),
        log_y=True,
    )
    return Chart(family, svg, [(look[who].swatch(), who) for who in mine])


def stages(figures: Figures) -> Section | None:
    """Where time goes: layers, and solvers from arrays."""
    blocks: list[Block] = []
    layers = figures.stages(figures.layer_runs)
    for name, by in layers.items():
        blocks.append(_stage_table(name, by))
    if layers:
        largest = max(layers, key=lambda p: figures.problems[p]["nonzeros"])
        blocks.insert(0, _stage_chart(f"{largest}: seconds by stage", layers[largest]))
    solvers = figures.stages(figures.runs)
    if solvers:
        largest = max(solvers, key=lambda p: figures.problems[p]["nonzeros"])
        blocks.append(_stage_table(f"{largest}, solvers from arrays", solvers[largest]))
    if not blocks:
        return None
    intro = (
        "Median seconds. Overhead is everything but the solve, over the solve. Sets of layers"
        " are of the same programme with the same solver underneath, so their solve times differ"
        " by what each sets the solver to, and by noise."
    )
    return Section("Stages", [Text(intro), *blocks])


def _stage_chart(title: str, by: Mapping[str, Mapping[str, float]]) -> Chart:
    order = sorted(by, key=lambda who: sum(by[who].values()))
    svg = charts.bars(title, {who: by[who] for who in order}, charts.STAGE_INKS, " s")
    legend = [(charts.block(ink), STAGE_WORDS[s]) for s, ink in charts.STAGE_INKS.items()]
    return Chart(title, svg, legend)


def _stage_table(title: str, by: Mapping[str, Mapping[str, float]]) -> Table:
    totals = {who: sum(mine.values()) for who, mine in by.items()}
    rows = []
    for who in sorted(by, key=lambda who: totals[who]):
        ours = sum(by[who][stage] for stage in OVERHEAD)
        ratio = f"{ours / by[who]['solve']:.2f}" if by[who]["solve"] >= stats.CLOCK else "–"
        cells = [short(by[who][stage]) for stage in STAGES]
        rows.append((who, *cells, bold(short(totals[who]), True), ratio))
    columns = (title, *(STAGE_WORDS[s] for s in STAGES), "total", "overhead")
    return Table(columns, rows)
