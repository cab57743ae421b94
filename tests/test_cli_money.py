"""The command line on money and evidence: reports of a plan, cases, comparison."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from shown import NOTHING, out_json

import allocator
from allocator.cli import main

MONEY = {
    "programmes.csv": """\
programme,sector,provider,pool,contract,class,unit,unit_cost,baseline,fixed_share,release_years
Beds,acute,Trust,NHS,Acute,emergency,bed-day,100,1000,0.7,1
Nursing,community,Nurses,NHS,,discretionary,contact,10,1000,0,0
""",
    "budgets.csv": "pool,amount\nNHS,115000\n",
    "outcomes.csv": "outcome,weight\nQALY,1\n",
    "responses.csv": "programme,outcome,per_unit,low,high\nNursing,QALY,1,0.5,2\n",
    "limits.csv": "programme,min,max\nNursing,0.5,1.4\n",
    "demand.csv": "programme,demand\nBeds,1000\n",
    "effects.csv": "source,target,per_unit\nNursing,Beds,0.05\n",
    "contracts.csv": "contract,type,rebasing_year\nAcute,block,2026\n",
    "providers.csv": "provider,other_cost,deficit_max\nTrust,2000,5000\n",
    "instance.toml": 'name = "Block"\nbase_year = 2024\nyears = [2025, 2026]\n',
}
BENT = "contract,type,up_rate,down_rate\nAcute,aligned,0.5,1\n"


@pytest.fixture
def block(tmp_path: Path) -> Path:
    """Folder of a round with a block contract that is rebased in its second year."""
    folder = tmp_path / "block"
    folder.mkdir()
    for name, text in MONEY.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("name", "title", "tables"),
    [
        ("providers", "Providers: income, cost and position", ["providers"]),
        ("contracts", "Contracts: what is paid, and what it costs", ["contracts"]),
        ("pools", "Pools: money in, money out", ["budgets", "transfers", "funding"]),
        ("bridge", "Bridge: from outturn to plan, by pool", ["bridge"]),
        ("bridge-by-sector", "Bridge: from outturn to plan, by sector", ["bridge"]),
    ],
)
def test_every_report_can_be_shown(
    block: Path, capsys: Any, name: str, title: str, tables: list[str]
) -> None:
    assert main(["solve", str(block), "--show", name]) == 0
    shown = capsys.readouterr().out
    assert shown.index("HOW SURE THIS IS") < shown.index(title)
    assert main(["solve", str(block), "--show", name, "--json"]) == 0
    assert list(out_json(capsys)["tables"]) == tables


def test_reports_are_shown_once_and_in_order(block: Path, capsys: Any) -> None:
    words = ["--show", "bridge", "--show", "pools", "--show", "bridge"]
    assert main(["solve", str(block), *words]) == 0
    shown = capsys.readouterr().out
    assert shown.count("Bridge: from outturn") == 1
    assert shown.index("Bridge: from outturn") < shown.index("Pools: money in")
    assert main(["solve", str(block), "--show", "all", "--show", "pools"]) == 0
    every = capsys.readouterr().out
    titles = ("Providers:", "Contracts:", "Pools:", "plan, by pool", "plan, by sector")
    assert [every.index(t) for t in titles] == sorted(every.index(t) for t in titles)
    assert main(["solve", str(block), "--json"]) == 0
    assert "tables" not in out_json(capsys)


def test_plan_folder_has_the_tables_of_money(block: Path, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "plan"
    assert main(["solve", str(block), "--out", str(out), "--evidence", "high"]) == 0
    files = {file.name for file in out.iterdir()}
    assert {"contracts.csv", "providers.csv", "funding.csv", "bridge.csv"} <= files
    record = json.loads((out / "plan.json").read_text(encoding="utf-8"))
    assert record["instance"]["evidence"] == "high"
    assert "2026/27, high evidence: " in " ".join(capsys.readouterr().out.split())
    assert main(["evaluate", str(block), str(out), "--evidence", "high"]) == 0
    assert "as much as the best plan" in capsys.readouterr().out


def test_plan_is_valued_with_the_evidence_asked_for(
    block: Path, tmp_path: Path, capsys: Any
) -> None:
    draft = tmp_path / "draft.csv"
    rows = [f"{p},{y},1000" for p in ("Beds", "Nursing") for y in (2025, 2026)]
    draft.write_text("\n".join(["programme,year,activity", *rows]), encoding="utf-8")
    for case, worth in (("low", 1000.0), ("central", 2000.0), ("high", 4000.0)):
        assert main(["evaluate", str(block), str(draft), "--evidence", case, "--json"]) == 0
        record = out_json(capsys)
        assert record["objective"] == pytest.approx(worth)
        assert record["instance"]["evidence"] == case
        assert record["best"]["objective"] == pytest.approx(worth * 1.4)
    assert main(["evaluate", str(block), str(draft), "--evidence", "low", "--no-best"]) == 0
    assert "valued with the low figures" in capsys.readouterr().out


def test_model_is_exported_with_the_evidence_asked_for(
    block: Path, tmp_path: Path, capsys: Any
) -> None:
    texts = {}
    for case in ("low", "central", "high"):
        file = tmp_path / f"{case}.lp"
        words = ["export", str(block), "--format", "lp", "--out", str(file), "--evidence", case]
        assert main([*words, "--json"]) == 0
        assert out_json(capsys)["evidence"] == case
        texts[case] = file.read_text(encoding="utf-8")
    assert len(set(texts.values())) == 3
    script = tmp_path / "model.py"
    words = ["--format", "pyomo", "--out", str(script), "--evidence", "low"]
    assert main(["export", str(block), *words]) == 0
    assert "'low')" in script.read_text(encoding="utf-8")


def test_chosen_evidence_is_not_chosen_again(block: Path, capsys: Any) -> None:
    settings = (block / "instance.toml").read_text(encoding="utf-8")
    (block / "instance.toml").write_text(f'{settings}evidence = "low"\n', encoding="utf-8")
    assert main(["solve", str(block), "--evidence", "high"]) == 2
    assert "those of the case 'low' already" in " ".join(capsys.readouterr().err.split())
    assert main(["compare", str(block)]) == 2
    capsys.readouterr()
    assert main(["solve", str(block), "--json"]) == 0
    assert out_json(capsys)["instance"]["evidence"] == "low"


def test_compare_shows_the_cases_side_by_side(block: Path, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "compared"
    assert main(["compare", str(block), "--out", str(out)]) == 0
    shown = capsys.readouterr()
    assert "…" not in shown.out
    text = " ".join(shown.out.split())
    assert "low central high" in text
    assert "Moves in 2025/26 that survive every case:" in text
    assert "at least £0.1m or 0.1% of the programme's spend" in text
    assert "Written to" in shown.err
    files = [
        "cases.csv",
        "changes.csv",
        "comparison.json",
        "moves.csv",
        "options.csv",
        "sectors.csv",
    ]
    assert sorted(file.name for file in out.iterdir()) == files
    assert main(["compare", str(block), "--out", str(out)]) == 2
    capsys.readouterr()
    assert main(["compare", str(block), "--out", str(out), "--overwrite", "--json"]) == 0
    record = out_json(capsys)
    written = json.loads((out / "comparison.json").read_text(encoding="utf-8"))
    assert set(written.pop("files")) >= {"cases.csv", "moves.csv"}
    assert record == written
    assert record["status"] == "compared"
    assert [case["case"] for case in record["cases"]] == ["low", "central", "high"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"status": "infeasible", "tables": {}, "certificate": NOTHING, "verified": False}, 3),
        ({"status": "limit"}, 4),
        ({"verified": False, "max_violation": 0.1}, 5),
    ],
)
def test_compare_ends_as_its_worst_case(
    make_plan: Any,
    two_pools: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
    changes: dict[str, Any],
    status: int,
) -> None:
    from allocator.planning.compare import compared

    def compare(instance: Any) -> Any:
        plans = {"low": make_plan(**changes), "central": make_plan(), "high": make_plan()}
        return compared(plans, instance)

    monkeypatch.setitem(vars(allocator), "compare", compare)
    assert main(["compare", str(two_pools)]) == status
    shown = capsys.readouterr()
    if status == 3:
        assert "There is no plan with low evidence to compare." in shown.out
    if status == 5:
        assert "With low evidence" in shown.err
        assert shown.out == ""


def test_payment_that_bends_the_wrong_way_is_planned(block: Path, capsys: Any) -> None:
    (block / "contracts.csv").write_text(BENT, encoding="utf-8")
    assert main(["check", str(block)]) == 0
    assert "Good to solve" in capsys.readouterr().out
    assert main(["solve", str(block), "--json"]) == 0
    record = out_json(capsys)
    assert record["model"]["integers"] > 0
    assert record["certified_bound"] is None
    assert record["bound"] >= record["objective"]
