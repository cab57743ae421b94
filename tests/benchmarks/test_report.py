"""The report: self-contained, well formed, and saying what the lines say."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from results_made import line, problem, results, write

from benchmarks.suite.lines import STATUSES, BadResults, Results
from benchmarks.suite.page import charts, report
from benchmarks.suite.page.figures import Figures, seconds_of
from benchmarks.suite.page.sections import document
from benchmarks.suite.page.words import ends, share

VOID = {"meta", "br", "hr", "img", "link", "input"}


def mixed() -> Results:
    """Two kinds, three sizes, two solvers, two layers, every status."""
    lines: list[dict[str, Any]] = []
    for k, size in enumerate(("XS", "S", "M")):
        nonzeros = 1000 * 10**k
        lp = problem("knapsack", size, nonzeros=nonzeros, known_optimum=50.0)
        mip = problem("adopt", size, nonzeros=nonzeros, kind="mip", integers=5)
        for repeat in range(2):
            spent = 0.1 * 10**k * (1 + 0.1 * repeat)
            lines.append(line("highs", spent, problem=lp, repeat=repeat))
            lines.append(line("scip", 3 * spent, problem=lp, repeat=repeat))
        for order in range(5):
            log = [[0.5, 25.0], [1.0, 50.0]]
            whole = {"problem": mip, "permutation": order, "bound": 50.0, "gap": 0.0, "nodes": 7}
            lines.append(line("highs", 2.0, **whole, primal_log=log))
            lines.append(line("scip", 1.0, **whole, primal_log=log))
        for layer, build in (("ours", 0.25), ("numpy", 0.05)):
            stages = {
                "build": build,
                "compile": 0.05,
                "handover": 0.1,
                "solve": 1.0,
                "readback": 0.1,
            }
            lines.append(line(layer=layer, problem=lp, seconds=None) | {"seconds": stages})
    none = problem("conflict", "XS", kind="pathology", known_status="infeasible")
    lines.append(line("highs", status="infeasible", objective=None, problem=none))
    lines.append(line("scip", status="wrong", note="claims an optimum", problem=none))
    for k, status in enumerate(STATUSES):
        every = problem("all", str(k), kind="pathology")
        lines.append(line("glop", status=status, objective=None, problem=every))
    return results(lines)


class Balance(HTMLParser):
    """Open and close tags, and what is in them."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        named = dict(attrs)
        self.links += [str(named["href"])] if "href" in named else []
        self.ids += [str(named["id"])] if "id" in named else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page_of(held: Results) -> str:
    return document(Figures(held), report.TITLE).html()


def test_page_needs_nothing_else_and_is_well_formed() -> None:
    page = page_of(mixed())
    balance = Balance()
    balance.feed(page)
    balance.close()
    assert balance.open == []
    assert balance.seen.count("svg") > 8
    assert not {"script", "link", "img", "iframe", "object"} & set(balance.seen)
    assert not re.search(r"https?:|url\(|@import|src=", page)
    assert {link.removeprefix("#") for link in balance.links} <= set(balance.ids)
    assert len(balance.ids) == len(set(balance.ids))
    for drawing in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        root = ElementTree.fromstring(drawing)
        assert "nan" not in drawing
        assert root.get("viewBox")


def test_names_are_escaped() -> None:
    nasty = '<b onclick="x">&'
    page = page_of(results([line(nasty), line("scip", objective=51.0)]))
    assert nasty not in page
    assert "&lt;b onclick=&quot;x&quot;&gt;&amp;" in page


def test_disagreements_come_first_and_count_as_unsolved() -> None:
    held = results([line("scip", objective=51.0), line("highs", objective=50.0)])
    text = document(Figures(held), report.TITLE).markdown()
    titles = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert titles[:3] == ["In short", "Disagreements", "Verified answers"]
    assert "**1 answer shown to be wrong**, of highs, on 1 programme" in text
    assert "| knapsack-S-0 | highs | **wrong** | optimum 50 |" in text
    assert "| highs | 0% | 1 of 1 | – | 1 |" in text
    assert "| scip | 100% | 1 of 1 | 1 | – |" in text


def test_no_disagreement_is_said() -> None:
    text = document(Figures(results([line()])), report.TITLE).markdown()
    assert "No answer was shown to be wrong." in text
    assert "## Disagreements" in text
    assert "\nNone.\n" in text


def test_every_table_has_as_many_cells_as_columns() -> None:
    text = document(Figures(mixed()), report.TITLE).markdown()
    blocks = [b.splitlines() for b in text.split("\n\n") if b.startswith("|")]
    assert len(blocks) > 12
    for rows in blocks:
        assert len({row.replace("\\|", "").count("|") for row in rows}) == 1, rows[0]


def section(text: str, title: str) -> str:
    return text.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_numbers_are_those_of_the_lines() -> None:
    text = document(Figures(mixed()), report.TITLE).markdown()
    means = section(text, "Mean times")
    assert re.search(r"^\| highs \| 3 of 3 \|", means, re.MULTILINE)
    assert re.search(r"^\| scip \| 3 of 3 \|.*\| 3\.00 \(3\.00–3\.00\) \| 2 \| 0% \|", means, re.M)
    assert "The order depends on the way of counting" not in means
    scaling = section(text, "Scaling")
    assert "| Exponent | highs | scip |" in scaling
    assert "| knapsack | 1.00 ±0.00 | 1.00 ±0.00 |" in scaling
    stages = section(text, "Stages")
    assert "| ours | 0.25 | 0.05 | 0.1 | 1 | 0.1 | **1.5** | 0.50 |" in stages
    assert "| numpy | 0.05 | 0.05 | 0.1 | 1 | 0.1 | **1.3** | 0.30 |" in stages
    memory = section(text, "Memory")
    assert "| knapsack-M-0 | 100k | 200 | 200 |" in memory
    integers = section(text, "Integer programmes")
    assert "| highs | 15 | 7 | 0 | 7.5% |" in integers
    answers = section(text, "Verified answers")
    assert "| conflict-XS-0 | – | right | **wrong** |" in answers
    profiles = section(text, "Performance profiles")
    assert "| highs | Linear programmes | 100% | 100% | 100% | 100% |" in profiles
    assert "| scip | Linear programmes | 0% | 0% | 100% | 100% |" in profiles


def test_solver_and_layer_of_one_name_are_kept_apart() -> None:
    held = results([line("allocator"), line(layer="allocator", iterations=7)])
    figures = Figures(held)
    assert figures.ledger == []
    assert figures.labels(figures.lines) == ["allocator", "allocator (layer)"]


def test_a_limit_is_named_only_where_one_programme_was_run_with_several() -> None:
    def asked(limit: float, **options: Any) -> dict[str, Any]:
        told = {"solver": "highs", "layer": "", "time_limit": limit, "threads": 1}
        return {**told, "options": options}

    small = line(asked=asked(10.0))
    large = line(problem=problem(size="L"), asked=asked(60.0))
    figures = Figures(results([small, large]))
    assert figures.labels(figures.lines) == ["highs"]
    figures = Figures(results([small, large, line(asked=asked(60.0))]))
    assert figures.labels(figures.lines) == ["highs [10 s, 1 thread]", "highs [60 s, 1 thread]"]
    other = line(problem=problem(size="L"), asked=asked(60.0, presolve="off"))
    figures = Figures(results([small, other]))
    assert figures.labels(figures.lines) == ["highs [1 thread]", "highs [presolve=off, 1 thread]"]


def test_settings_are_named_where_they_differ() -> None:
    asked = line()["asked"]
    figures = Figures(
        results([line(), line(asked={**asked, "options": {"presolve": "off"}}), line("scip")])
    )
    assert figures.labels(figures.lines) == [
        "highs [10 s, 1 thread]",
        "highs [presolve=off, 10 s, 1 thread]",
        "scip",
    ]


def test_solver_run_on_little_does_not_narrow_the_comparison() -> None:
    lines = [line(who, problem=problem("f", str(k))) for k in range(6) for who in ("a", "b")]
    lines.append(line("c", problem=problem("f", "0")))
    ranking = Figures(results(lines)).ranking("lp")
    assert len(ranking.problems) == 6
    assert ranking.not_ranked == {"c": "run on 1 of 6 programmes"}
    assert ranking.left_out == 0


def test_never_tried_is_not_ranked_and_failed_is() -> None:
    lines = [line(), line("absent", status="missing"), line("down", status="crash")]
    ranking = Figures(results(lines)).ranking("lp")
    assert [s.solver for s in ranking.standings] == ["highs", "down"]
    assert ranking.not_ranked == {"absent": "never tried (missing)"}


def test_infeasible_is_right_only_where_it_is_known() -> None:
    known = problem("conflict", known_status="infeasible")
    lines = [
        line(status="infeasible", objective=None, problem=known),
        line(status="infeasible", objective=None, problem=problem("unknown")),
    ]
    counts = Figures(results(lines)).statuses(lines)["highs"]
    assert (counts["right"], counts["infeasible"]) == (1, 1)


def test_results_without_times_are_reported() -> None:
    bare = [
        {
            k: v
            for k, v in entry.items()
            if k not in ("seconds", "cpu_seconds", "peak_memory", "load")
        }
        for entry in mixed().lines
    ]
    text = document(Figures(results(bare)), report.TITLE).markdown()
    assert "## Mean times" not in text
    assert "## Scaling" not in text
    assert "## Accuracy" in text


def test_interrupted_session_is_said() -> None:
    words = "The last session was interrupted"
    assert words in page_of(results([line()], finished=False))
    assert words not in page_of(results([line()]))


def test_repeats_say_how_far_apart_times_must_be() -> None:
    times = (2.0, 2.2, 2.6)
    figures = Figures(results([line(seconds=t, repeat=k) for k, t in enumerate(times)]))
    assert figures.noise == (pytest.approx(0.6 / 2.2), "1 s and more")
    assert figures.tie == pytest.approx(0.6 / 2.2)
    assert "differ by 27% at the median" in document(figures, "t").markdown()


def test_solve_is_charged_from_arrays_to_answer() -> None:
    stages = {"build": 9.0, "compile": 9.0, "handover": 1.0, "solve": 2.0, "readback": 0.5}
    assert seconds_of({"seconds": stages}) == 3.5
    assert seconds_of({"seconds": {"total": 4.0}}) == 4.0
    assert seconds_of({"seconds": None}) is None


def test_command_writes_page_and_markdown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "r.jsonl", mixed().lines)
    assert report.main([str(path), "--out", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out.split() == [
        str(tmp_path / "out" / "report.html"),
        str(tmp_path / "out" / "report.md"),
    ]
    first = (tmp_path / "out" / "report.html").read_bytes()
    assert report.main([str(path), "--out", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "report.html").read_bytes() == first
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["report.html", "report.md"]


def test_what_cannot_be_reported_is_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "out")
    assert report.main([str(tmp_path / "none.jsonl"), "--out", out]) == 2
    empty = write(tmp_path / "empty.jsonl", [])
    assert report.main([str(empty), "--out", out]) == 2
    other = write(tmp_path / "other.jsonl", [line("scip", environment_id="elsewhere")])
    mine = write(tmp_path / "mine.jsonl", [line()])
    assert report.main([str(mine), str(other), "--out", out]) == 2
    bare = write(tmp_path / "bare.jsonl", [line(problem=problem(sha256=""))])
    assert report.main([str(bare), "--out", out]) == 2
    said = capsys.readouterr().err.splitlines()
    for words, message in zip(
        ("cannot be read", "no results yet", "2 environments", "no SHA-256"), said, strict=True
    ):
        assert words in message
    assert not (tmp_path / "out").exists()
    with pytest.raises(BadResults):
        report.write(results([]), tmp_path / "out")


def test_every_status_has_a_colour() -> None:
    assert set(charts.STATUS_INKS) >= set(STATUSES) - {"verified-optimal"}


def test_looks_differ() -> None:
    made = charts.looks([f"s{k}" for k in range(24)])
    assert len(set(made.values())) == 24


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0"), (0.00012, "1e-4"), (0.0123456, "0.0123"), (3.14159, "3.14"), (999.6, "1000"),
     (9994, "9994"), (12345, "12.3k"), (1e6, "1M"), (2.5e7, "25M"), (-5, "-5")],
)  # fmt: skip
def test_numbers_for_people(value: float, words: str) -> None:
    assert charts.short(value) == words


def test_shares_never_round_up_to_all() -> None:
    assert [share(999, 1000), share(1000, 1000), share(1, 0), share(0, 5)] == [
        "over 99%",
        "100%",
        "–",
        "0%",
    ]


@pytest.mark.parametrize(
    ("low", "high", "log"),
    [(0.001, 1000.0, True), (1.0, 1.0, True), (0.0, 0.0, False), (0.0, 1.0, False)],
)
def test_axes_have_ticks_between_their_ends(low: float, high: float, log: bool) -> None:
    axis = charts.Axis(low, high, 10.0, 110.0, log)
    ticks = axis.ticks()
    assert 1 <= len(ticks) <= 8
    assert all(9.9 <= axis.at(tick) <= 110.1 for tick in ticks)
    assert axis.at(axis.low) == pytest.approx(10.0)
    assert axis.at(axis.high) == pytest.approx(110.0)
    assert axis.at(axis.high * 2 + 1) == pytest.approx(110.0)


def test_ends_are_powers_of_ten_around_the_values() -> None:
    assert ends([0.03, 7.0], 1e-3) == pytest.approx((0.01, 10.0))
    assert ends([], 1e-3) == pytest.approx((1.0, 10.0))


def test_never_tried_is_said_and_has_no_share() -> None:
    held = results([line(), line("scip", status="missing"), line("glop", status="unsupported")])
    answers = section(document(Figures(held), report.TITLE).markdown(), "Verified answers")
    assert "Never tried, missing: scip; unsupported: glop." in answers
    assert "| scip |" not in answers


def test_times_too_short_rank_nobody() -> None:
    short = [line(who, 0.001, problem=problem("f", str(k))) for who in "ab" for k in range(12)]
    assert "times this short rank nobody" in document(Figures(results(short)), "t").markdown()
    long = [line(who, 2.0 + k, problem=problem("f", str(k))) for who in "ab" for k in range(12)]
    text = document(Figures(results(long)), "t").markdown()
    assert "1.00 times as long (95%: 1.00 to 1.00): no difference is shown." in text


def test_nobody_is_first_where_nothing_is_solved() -> None:
    failed = [line(who, status="soft-time-out", objective=None) for who in ("a", "b")]
    text = document(Figures(results(failed)), "t").markdown()
    assert "Linear programmes: nobody verified any of 1." in text


def sweep(way: str, seconds: float, highs: float) -> dict[str, Any]:
    return {
        "way": way,
        "draws": 1000,
        "seconds": seconds,
        "highs": highs,
        "load": 0.5,
        "iterations": 5000,
        "per_second": 1000 / seconds,
        "beyond": (seconds - highs) / highs,
    }


def test_sweeps_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "sweep.json"
    ways = [sweep("ours", 2.1, 2.0), sweep("pyomo", 50.0, 2.5)]
    path.write_text(json.dumps({"size": "S", "seed": 0, "disagreements": [], "ways": ways}))
    held = str(write(tmp_path / "r.jsonl", [line()]))
    assert report.main([held, "--out", str(tmp_path), "--sweep", str(path)]) == 0
    text = (tmp_path / "report.md").read_text()
    assert (
        "Sweep of size S: ours 476 solves a second, 5% beyond HiGHS's own runs,"
        " 23.8 times the throughput of pyomo." in text
    )
    told = section(text, "Sweeps")
    assert "| ours | 1,000 | **476** | 2 | 0.1 | 5% | 5 | 0.5 | 23.8 |" in told
    assert "| pyomo | 1,000 | **20** | 2.5 | 47.5 | 1900% | 5 | 0.5 | 1.0 |" in told
    assert "milliseconds a draw" in (tmp_path / "report.html").read_text()
    path.write_text(json.dumps({"size": "S", "disagreements": ["a differs"], "ways": ways}))
    assert report.main([held, "--out", str(tmp_path), "--sweep", str(path)]) == 0
    assert "**Against it: a differs.**" in (tmp_path / "report.md").read_text()


def test_sweep_file_that_is_none_is_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = write(tmp_path / "r.jsonl", [line()])
    for content in ("nonsense", "[]", "{}", '{"ways": [{"way": "ours"}]}'):
        (tmp_path / "sweep.json").write_text(content)
        asked = [str(held), "--out", str(tmp_path / "out"), "--sweep", str(tmp_path / "sweep.json")]
        assert report.main(asked) == 2
        assert "not the result of a sweep" in capsys.readouterr().err
