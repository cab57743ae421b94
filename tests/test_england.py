"""England: the script makes the committed files, the arithmetic holds, the plan is proved."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from examples import INSTANCES, shipped
from small import solved

from allocator.instance.instance import Instance

FOLDER = INSTANCES / "england"
SYSTEMS = 42
PEOPLE = 63_849_324
NHS = 127.2e9


def england() -> Instance:
    return shipped("england")


@cache
def need() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "data" / "icb_population_need_2025_26.csv", index_col="icb_code")


def spend() -> pd.Series:
    """Base-year spend by programme, £."""
    lines = england().programmes
    return (lines["unit_cost"] * lines["baseline"]).set_axis(lines["programme"])


def amount(table: str, value: str = "amount", **key: object) -> float:
    rows = getattr(england(), table)
    for column, wanted in key.items():
        rows = rows[rows[column] == wanted]
    assert len(rows) == 1
    return float(rows[value].iloc[0])


def build(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(FOLDER / "build.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_script_makes_the_committed_files() -> None:
    checked = build("--check")
    assert checked.returncode == 0, checked.stderr


def test_check_names_a_file_that_differs(tmp_path: Path) -> None:
    root = FOLDER.parent
    for name in ("england", "avonside"):
        for file in (root / name).rglob("*.*"):
            if file.suffix in {".py", ".csv"}:
                target = tmp_path / file.relative_to(root)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.read_bytes())
    places = tmp_path / "england" / "places.csv"
    places.write_bytes(places.read_bytes().replace(b"1306307.3", b"1306307.4"))
    script = str(tmp_path / "england" / "build.py")
    run = [sys.executable, script]
    checked = subprocess.run([*run, "--check"], capture_output=True, text=True, check=False)
    assert checked.returncode == 1
    assert checked.stderr.strip() == "not what build.py makes: places.csv"
    assert subprocess.run(run, check=False).returncode == 0
    assert places.read_bytes() == (FOLDER / "places.csv").read_bytes()


def test_it_is_clean_and_large() -> None:
    instance = england()
    assert len(instance.places) == SYSTEMS
    assert len(instance.programmes) == SYSTEMS * 43
    assert instance.programmes["place"].value_counts().eq(43).all()
    # In each system 12 lines that nothing values, and one that only avoids need.
    assert [p.message.split(",")[0] for p in instance.warnings] == [
        "504 programmes have no response",
        "42 programmes are valued only by need avoided (an effect",
    ]
    assert sum(f.stat().st_size for f in FOLDER.glob("*.csv")) < 6e6


def test_nothing_of_the_invented_councils_is_left() -> None:
    for file in FOLDER.glob("*.csv"):
        text = file.read_text(encoding="utf-8")
        for name in ("Avon City", "North Coast", "South Vale"):
            assert name not in text, file.name


def test_people() -> None:
    assert england().places["heads"].sum() == pytest.approx(PEOPLE, abs=1)
    assert england().segments["heads"].sum() == pytest.approx(PEOPLE, abs=1)
    mean = (england().segments["heads"] * england().segments["weight"]).sum() / PEOPLE
    assert mean == pytest.approx(1, abs=1e-4)


def test_national_nhs_money() -> None:
    """£127.2bn in the base year; × 1.044 the year after."""
    lines = england().programmes.set_index("programme")
    own = lines["pool"].str.endswith("| NHS") & ~lines.index.str.endswith("Provider deficit")
    assert spend()[own].sum() == pytest.approx(NHS, rel=1e-6)
    pools = england().budgets
    first = pools[pools["pool"].str.endswith("| NHS") & pools["year"].eq(2025)]
    assert len(first) == SYSTEMS
    assert first["amount"].sum() == pytest.approx(NHS * 1.044, abs=1000 * SYSTEMS)


def test_devon_by_hand() -> None:
    """£127.2bn × 1,342,794.2 / 63,849,324 = £2,675.10m; × 1.044 = £2,792.81m."""
    pool = amount("budgets", pool="Devon | NHS", year=2025)
    assert pool == pytest.approx(2792.81e6, abs=0.01e6)
    # £5,614m × 1,342,794.2 / 63,849,324
    minimum = amount("rules", "value", rule="Devon | BCF minimum", year=2025)
    assert minimum == pytest.approx(118.066e6, abs=0.002e6)
    # £18.8bn by core weighted population, Avonside's rounded £320.7m taken as 1.7061%
    assert spend()["Devon | Specialised services"] == pytest.approx(395.3e6, abs=0.1e6)
    # Avonside's 1,037,214 weighted heads are BNSSG's: Devon has 1,446,993.1 of its own
    weighted = amount("programmes", "baseline", programme="Devon | Prescribing")
    assert weighted == pytest.approx(1_446_993, abs=20)


def test_bnssg_is_the_one_system() -> None:
    """The system the one system is sized on comes out at its size."""
    one = pd.read_csv(FOLDER / "data" / "one_system" / "programmes.csv")
    total = float((one["unit_cost"] * one["baseline"]).sum())
    mine = spend()[spend().index.str.startswith("BNSSG | ")]
    assert mine.sum() == pytest.approx(total, rel=2e-4)
    beds = amount("capacity", resource="General and acute beds", place="BNSSG", year=2025)
    assert beds == pytest.approx(1686.6, rel=1e-3)


@pytest.mark.parametrize(
    ("line", "measure"),
    [
        ("Care homes over 65", "registered_population"),
        ("Core general practice", "wp_primary_medical_final"),
        ("Home-first care", "wp_core_overall"),
    ],
)
def test_lines_follow_their_measure(line: str, measure: str) -> None:
    one, other = (
        spend()[f"Cornwall and the Isles of Scilly | {line}"],
        spend()[f"Kent and Medway | {line}"],
    )
    assert one / other == pytest.approx(
        need().loc["QT6", measure] / need().loc["QKS", measure], rel=1e-4
    )


def test_balanced_lines_keep_the_mix_of_need() -> None:
    """Mental health over acute follows the two weighted populations; the balance cancels."""

    def ratio(system: str) -> float:
        return float(spend()[f"{system} | Day cases"] / spend()[f"{system} | Talking therapies"])

    def wanted(code: str) -> float:
        return float(need().loc[code, "wp_general_acute"] / need().loc[code, "wp_mental_health"])

    london, devon = wanted("QMJ"), wanted("QJK")
    assert ratio("North Central London") / ratio("Devon") == pytest.approx(london / devon, rel=1e-3)


def test_the_better_care_fund_reaches_its_minimum_in_the_base_year() -> None:
    lines = england().programmes.set_index("programme")
    shares = england().selections.query("tag == 'bcf_part'").set_index("place")["share"]
    tags = lines["tags"].str.split("; ")
    part = tags.map(lambda t: "bcf" in t) * 1.0
    part += tags.map(lambda t: "bcf_part" in t) * lines["place"].map(shares)
    total = (spend() * part).groupby(lines["place"]).sum()
    rules = england().rules
    minimum = rules[rules["rule"].str.endswith("| BCF minimum") & rules["year"].eq(2025)]
    assert len(minimum) == SYSTEMS
    for rule, value in zip(minimum["rule"], minimum["value"], strict=True):
        system = rule.removesuffix(" | BCF minimum")
        assert total[system] == pytest.approx(value / 1.039, rel=2e-4), system


def test_what_links_the_systems() -> None:
    instance = england()
    national = instance.rules[instance.rules["rule"].str.startswith("England | ")]
    assert set(national["rule"].str[10:]) == {"MHIS", "Elective floor", "Acute share ceiling"}
    # £14.9bn to £15.6bn is 4.698%
    assert amount("rules", "value", rule="England | MHIS", year=2025) == pytest.approx(0.047)
    everywhere = instance.capacity[instance.capacity["place"] == ""]
    assert set(everywhere["resource"]) == {"Community nursing time"}
    given = instance.transfers[instance.transfers["from_pool"].str.startswith("England | ")]
    assert given.groupby(["from_pool", "year"])["to_pool"].nunique().eq(SYSTEMS).all()
    # the nurses of England are fewer than the systems' own limits together
    nurses = instance.capacity[instance.capacity["resource"] == "Community nursing time"]
    local = nurses[nurses["place"] != ""].groupby("year")["amount"].sum()
    assert (nurses[nurses["place"] == ""].set_index("year")["amount"] < local).all()


@pytest.mark.long
def test_the_plan_is_optimal_verified_and_certified() -> None:
    plan = solved(england())
    assert plan.status == "optimal"
    assert plan.verified
    assert plan.certificate is not None
    gap = plan.certificate.certified_bound - plan.certificate.objective
    assert 0 <= gap <= 1e-6 * plan.certificate.objective
    assert plan.certificate.objective > plan.certificate.reference_objective
    assert plan.model["nonzeros"] > 100_000
    rules = plan.tables["rules"]
    national = rules[rules["rule"].str.startswith("England | ")]
    assert (national.groupby("rule")["price"].max() > 0).all()
    nurses = plan.tables["capacity"].query("place == '' and price > 0")
    assert len(nurses) > 0
    last = plan.tables["allocation"].query("year == 2029").set_index("programme")
    first = england().demand.query("year == 2025").set_index("programme")
    lines = first.index[first.index.str.endswith("| Outpatients")]
    assert last.loc[lines, "unmet"].sum() < first.loc[lines, "opening_backlog"].sum()
