"""What a report says, section by section: in short, disagreements, verified answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.suite import stats
from benchmarks.suite.ledger import Entry
from benchmarks.suite.lines import NOT_TRIED, STATUSES, Line, name_of
from benchmarks.suite.page import charts, sweep, times, work
from benchmarks.suite.page.document import (
    Block,
    Chart,
    Charts,
    Document,
    Points,
    Section,
    Table,
    Text,
)
from benchmarks.suite.page.figures import KINDS, Figures, Ranking, kind_of
from benchmarks.suite.page.words import ENDINGS, bold, plural, seconds, share

FEW = 10
"""Programmes below which a ranking is an indication and no more."""

LEAST = 3
"""Programmes below which an interval is not worth giving."""

STATUS_WORDS = {"right": "verified answer"}


def document(figures: Figures, title: str, sweeps: Sequence[sweep.Sweep] = ()) -> Document:
    """Report of a set of results, and of sweeps if there are any."""
    look = charts.looks(figures.labels(figures.runs) + figures.labels(figures.layer_runs))
    rankings = {kind: figures.ranking(kind) for kind in figures.kinds if kind != "pathology"}
    made = [
        _summary(figures, rankings, sweeps),
        _disagreements(figures),
        _answers(figures),
        times.means(rankings, look),
        times.profiles(rankings, look),
        times.by_programme(figures),
        times.scaling(figures, look),
        work.memory(figures, look),
        work.accuracy(figures, look),
        times.stages(figures),
        sweep.sweeps(sweeps),
        work.integers(figures),
        work.machine(figures),
        work.programmes(figures),
        work.reading(),
    ]
    return Document(title, _subtitle(figures), [s for s in made if s is not None])


def _subtitle(figures: Figures) -> str:
    dates = sorted(str(line["started"])[:10] for line in figures.lines if line.get("started"))
    when = "" if not dates else dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"
    used = {str(line.get("environment_id")) for line in figures.lines}
    machines = [
        f"{e.get('cpu')}, {e.get('cores')} cores, {e.get('memory_gib')} GiB, {e.get('system')}"
        for name, e in sorted(figures.results.environments.items())
        if name in used
    ]
    return " · ".join(part for part in (when, *machines) if part)


def _summary(
    figures: Figures, rankings: Mapping[str, Ranking], sweeps: Sequence[sweep.Sweep]
) -> Section:
    blocks: list[Block] = []
    sessions = figures.results.sessions
    if sessions and not sessions[-1].get("finished"):
        blocks.append(
            Text("The last session was interrupted: these results are not complete.", "alarm")
        )
    points = [_extent(figures), _verdict(figures)]
    points += [words for ranking in rankings.values() if (words := _leader(ranking))]
    again = sweep.in_short(sweeps)
    more = (_pathology(figures), _layers_in_short(figures), *again, _noise(figures))
    points += [words for words in more if words]
    blocks.append(Points(points))
    return Section("In short", blocks)


def _extent(figures: Figures) -> str:
    families = {problem["family"] for problem in figures.problems.values()}
    who = [
        plural(len(labels), word)
        for labels, word in (
            (figures.labels(figures.runs), "solver"),
            (figures.labels(figures.layer_runs), "modelling layer"),
        )
        if labels
    ]
    limits = sorted({(line.get("asked") or {}).get("time_limit") or 0 for line in figures.lines})
    limit = f"; limit {' or '.join(f'{v:g}' for v in limits)} s a run" if any(limits) else ""
    return (
        f"{plural(len(figures.lines), 'run')} of {plural(len(figures.problems), 'programme')}"
        f" in {plural(len(families), 'family', 'families')} (sizes {', '.join(figures.sizes)}) by"
        f" {' and '.join(who)}{limit}."
    )


def _verdict(figures: Figures) -> str:
    wrong = [entry for entry in figures.ledger if entry.verdict == "wrong"]
    if not wrong:
        others = len(figures.ledger)
        more = f"; {plural(others, 'other disagreement')} below" if others else ""
        return f"No answer was shown to be wrong{more}."
    names = sorted({entry.who.split(" (permutation")[0] for entry in wrong})
    programmes = len({entry.problem for entry in wrong})
    return (
        f"**{plural(len(wrong), 'answer')} shown to be wrong**, of {', '.join(names)}, on"
        f" {plural(programmes, 'programme')}: see the disagreements."
    )


def _leader(ranking: Ranking) -> str:
    if not ranking.standings:
        return ""
    first, *rest = ranking.standings
    if not any(s.solved for s in ranking.standings):
        return f"{KINDS[ranking.kind]}: nobody verified any of {first.attempts}."
    words = (
        f"{KINDS[ranking.kind]}: **{first.solver}** has the lowest mean time"
        f" ({seconds(first.means[stats.MAIN])}) and verified answers on {first.solved} of"
        f" {first.attempts}"
    )
    if not rest:
        return words + "; nothing else was run on them."
    if first.means[stats.MAIN] < stats.CLOCK:
        return f"{words}; times this short rank nobody."
    words += "." + _next(rest[0])
    always = "every way" if first.worst_rank == 1 else "only some ways"
    words += f" {first.solver} is first under {always} of counting unsolved runs and small times"
    if first.attempts < FEW:
        return f"{words}. {plural(first.attempts, 'programme')}: an indication only."
    words += f", and in {first.first_share:.0%} of resampled sets of programmes."
    most = max(ranking.standings, key=lambda s: s.solved)
    if most.solved > first.solved:
        words += f" {most.solver} solved more: {most.solved}."
    return words


def _next(second: stats.Standing) -> str:
    """How far behind the second is, and whether that is shown."""
    behind = second.behind
    if behind is None or behind.value < 1:
        return f" Next is {second.solver}."
    words = f" Next is {second.solver}, {behind.value:.2f} times as long"
    if behind.pairs < LEAST:
        return words + "."
    words += f" (95%: {behind.low:.2f} to {behind.high:.2f})"
    return words + ("." if behind.low > 1 else ": no difference is shown.")


def _noise(figures: Figures) -> str:
    if figures.noise is None:
        return ""
    middle, band = figures.noise
    return (
        f"Repeats of the same run ({band}) differ by {middle:.0%} at the median: read nothing into"
        f" differences below {figures.tie:.0%}."
    )


def _pathology(figures: Figures) -> str:
    counts = figures.statuses(
        line
        for line in figures.runs
        if kind_of(line["problem"]) == "pathology" and line["status"] not in NOT_TRIED
    )
    if not counts:
        return ""
    names = [who for who, found in counts.items() if found["right"] == sum(found.values())]
    worst = [who for who, found in counts.items() if found["wrong"]]
    words = f"Pathological programmes: right on all they tried: {', '.join(names) or 'nobody'}"
    return words + (f"; wrong at least once: {', '.join(worst)}." if worst else ".")


def _layers_in_short(figures: Figures) -> str:
    by_programme = figures.stages(figures.layer_runs)
    if not by_programme:
        return ""
    name = max(by_programme, key=lambda p: figures.problems[p]["nonzeros"])
    totals = {label: sum(stages.values()) for label, stages in by_programme[name].items()}
    order = sorted(totals, key=lambda label: totals[label])
    words = ", ".join(f"{label} {seconds(totals[label])}" for label in order[:4])
    return f"Modelling layers end to end on {name}, the largest: {words}."


def _disagreements(figures: Figures) -> Section:
    intro = (
        "A solution checked against the programme's own rows, bounds and integers is a fact; a"
        " bound, an optimum or “infeasible” is a claim. A fact that beats a claim shows it to be"
        " wrong, and the run counts as unsolved everywhere below. Solutions that use the"
        " feasibility tolerance show a disagreement without deciding it. The difference is that"
        " of the worst run, relative to max(1, |objective|)."
    )
    if not figures.ledger:
        return Section("Disagreements", [Text(intro), Text("None.")])
    groups: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in figures.ledger:
        label = figures.label(figures.lines[entry.line])
        groups.setdefault((entry.verdict, entry.problem, label), []).append(entry)
    rows = []
    for (verdict, problem, label), entries in groups.items():
        worst = max(entries, key=lambda e: e.difference or 0.0)
        size = "–" if worst.difference is None else f"{worst.difference:.1e}"
        runs = str(len(entries))
        said = (bold(verdict, verdict == "wrong"), worst.claim, worst.against)
        rows.append((problem, label, *said, size, runs))
    columns = ("Programme", "Result of", "Verdict", "It says", "Against it", "difference", "runs")
    return Section("Disagreements", [Text(intro), Table(columns, rows, 5, 3)])


def _answers(figures: Figures) -> Section:
    intro = (
        "Share of the programmes a solver tried that it answered: the answer was checked, or its"
        " status is known to be right. Every programme weighs the same, however many runs it has."
        " Statuses are what the check found, not what a solver said."
    )
    drawn: list[Chart] = []
    blocks: list[Block] = []
    for title, lines in _sorts(figures):
        tried = [line for line in lines if line["status"] not in NOT_TRIED]
        shares, counts = figures.shares(tried), figures.statuses(tried)
        order = sorted(shares, key=lambda who: (-shares[who]["right"], who))
        used = [s for s in ("right", *STATUSES) if any(found[s] for found in counts.values())]
        if order:
            drawn.append(_status_chart(title, {who: shares[who] for who in order}, used))
        of = len({name_of(line["problem"]) for line in lines})
        rows = [
            (
                who,
                share(shares[who]["right"], 1.0),
                f"{_programmes_of(figures, tried, who)} of {of}",
                *(str(counts[who][s]) if counts[who][s] else "–" for s in used),
            )
            for who in order
        ]
        words = (STATUS_WORDS.get(s, s) for s in used)
        blocks.append(Table((f"{title}, runs", "share", "tried", *words), rows))
        blocks += _never_tried(figures, lines, order)
    blocks += _pathology_table(figures)
    return Section("Verified answers", [Text(intro), Charts(drawn), *blocks])


def _programmes_of(figures: Figures, lines: list[Line], who: str) -> int:
    return len({name_of(line["problem"]) for line in lines if figures.label(line) == who})


def _never_tried(figures: Figures, lines: list[Line], tried: list[str]) -> list[Block]:
    """Who was asked and never worked on any of these, by reason."""
    reasons: dict[str, set[str]] = {}
    for line in lines:
        if (who := figures.label(line)) not in tried:
            reasons.setdefault(line["status"], set()).add(who)
    words = [f"{why}: {', '.join(sorted(names))}" for why, names in sorted(reasons.items())]
    return [Text(f"Never tried, {'; '.join(words)}.", "note")] if words else []


def _pathology_table(figures: Figures) -> list[Table]:
    """How every solver's runs of every pathological programme ended, at the worst."""
    mine = [line for line in figures.runs if kind_of(line["problem"]) == "pathology"]
    if not mine:
        return []
    names, ends = figures.labels(mine), figures.endings(mine)
    tried = {(figures.label(line), name_of(line["problem"])) for line in mine}
    rows = []
    for name in figures.problems:
        if any((who, name) in tried for who in names):
            cells = (
                ENDINGS.get(e := ends.get((who, name), "right"), e) if (who, name) in tried else "–"
                for who in names
            )
            rows.append((name, *(bold(cell, cell == "wrong") for cell in cells)))
    return [Table(("Pathological programmes", *names), rows)]


def _sorts(figures: Figures) -> list[tuple[str, list[Line]]]:
    """Runs of solvers by kind of programme, and those of layers."""
    sorts = [
        (KINDS[kind], [line for line in figures.runs if kind_of(line["problem"]) == kind])
        for kind in figures.kinds
    ]
    return [(t, lines) for t, lines in (*sorts, ("Layers", figures.layer_runs)) if lines]


def _status_chart(title: str, shares: Mapping[str, Mapping[str, float]], used: list[str]) -> Chart:
    inks = {"right": charts.STATUS_INKS["right"]}
    inks |= {status: ink for status, ink in charts.STATUS_INKS.items() if status in used}
    svg = charts.bars(f"{title}: statuses by solver", shares, inks, share=True)
    legend = [(charts.block(ink), STATUS_WORDS.get(s, s)) for s, ink in inks.items()]
    return Chart(title, svg, legend)
