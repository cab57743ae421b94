"""Every fact has one owner, is derived once, and again only when what it rests on changes."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from examples import AVONSIDE, EXAMPLES, avonside

from allocator.data import Data, Extraction
from allocator.instance.evidence import with_evidence
from allocator.instance.facts import facts as dated
from allocator.instance.facts import timeless
from allocator.instance.facts.deriving import Deriving, fact
from allocator.instance.facts.facts import Facts, facts_of
from allocator.instance.facts.groups import Group
from allocator.instance.instance import Instance, read
from allocator.instance.tables.by_year import ByYear
from allocator.instance.tables.draft import Draft
from allocator.instance.tables.settings import Settings
from allocator.planning.formulation import build
from allocator.planning.solve import solve

ROOT = Path(__file__).resolve().parent.parent
SMALL = EXAMPLES / "linked-decisions"

CHANGED_BY_SHRINKING = {"losses"}
"""What rests on the figures of responses, which avonside draws towards a reference."""


NO_FACTS = {ByYear, Group, Deriving, Facts, timeless.Timeless, Draft, Settings, fact}
"""Classes the owner knows that are no facts, or parts of one."""


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each fact has been made, whoever makes it: by class, or function and table."""
    found: Counter[str] = Counter()

    def counted(owner: type) -> None:
        plain = owner.__init__

        def init(self: object, *parts: object, **more: object) -> None:
            found[owner.__name__] += 1
            plain(self, *parts, **more)  # type: ignore[misc]

        monkeypatch.setattr(owner, "__init__", init)

    everything = [*vars(dated).values(), *vars(timeless).values()]
    for owner in {value for value in everything if inspect.isclass(value)} - NO_FACTS:
        if owner.__module__.startswith("allocator.instance"):
            counted(owner)
    return found


@pytest.fixture
def owners(monkeypatch: pytest.MonkeyPatch) -> list[Deriving]:
    """Every owner of facts there is, in the order in which they are made."""
    found: list[Deriving] = []
    plain = Deriving.__init__

    def init(self: Deriving, *parts: object) -> None:
        found.append(self)
        plain(self, *parts)  # type: ignore[arg-type]

    monkeypatch.setattr(Deriving, "__init__", init)
    return found


def total(owners: list[Deriving]) -> Counter[str]:
    return sum((owner.derived for owner in owners), Counter())


def facts_by_name() -> Iterator[str]:
    for owner in (timeless.Timeless, Facts):
        yield from (name for name, value in vars(owner).items() if isinstance(value, fact))


def once(derived: Counter[str], twice: set[str] = frozenset()) -> None:
    assert {name for name, count in derived.items() if count > 1} <= twice
    assert max(derived.values(), default=0) <= 2


@pytest.mark.parametrize("folder", [SMALL, AVONSIDE], ids=lambda folder: folder.name)
def test_reading_derives_each_fact_once_and_extraction_takes_what_it_derived(
    folder: Path, made: Counter[str], owners: list[Deriving]
) -> None:
    instance = read(folder)
    assert owners == [instance.facts]
    once(total(owners))
    once(made)
    assert instance.facts.derived["ranges"] == 1
    build(instance)
    once(total(owners), CHANGED_BY_SHRINKING)
    once(made)


@pytest.mark.parametrize(
    "folder",
    [SMALL, pytest.param(AVONSIDE, marks=pytest.mark.long)],
    ids=lambda folder: folder.name,
)
def test_solving_derives_each_fact_once(
    folder: Path, made: Counter[str], owners: list[Deriving]
) -> None:
    assert solve(read(folder)).status == "optimal"
    once(total(owners), CHANGED_BY_SHRINKING)
    once(made)


def test_cutting_curves_again_derives_nothing_again(
    made: Counter[str], owners: list[Deriving], monkeypatch: pytest.MonkeyPatch
) -> None:
    cut: list[Extraction] = []
    plain = Extraction.data

    def data(self: Extraction, *parts: Any) -> Data:
        cut.append(self)
        return plain(self, *parts)

    monkeypatch.setattr(Extraction, "data", data)
    assert solve(read(EXAMPLES / "outcome-equal")).status == "optimal"
    # The last is what prices are read from, with wider curves.
    assert len(cut) > 2
    assert len(set(cut[:-1])) == 1
    once(total(owners))
    once(made)


def test_only_the_owner_lays_tables_out_by_year() -> None:
    users = {
        path.relative_to(ROOT).as_posix()
        for top in ("allocator", "models")
        for path in (ROOT / top).rglob("*.py")
        if "by_year(rows" in path.read_text(encoding="utf-8")
        or "import ByYear, by_year" in path.read_text(encoding="utf-8")
    }
    assert users == {"allocator/instance/facts/facts.py", "allocator/instance/tables/by_year.py"}


@pytest.fixture(scope="module")
def instance() -> Instance:
    return avonside()


def fresh(instance: Instance) -> Facts:
    """Facts of the same tables, nothing derived yet."""
    draft = instance.facts.draft
    found = facts_of(type(draft)(draft.settings, dict(draft.tables)))
    assert isinstance(found, Facts)
    return found


def test_rows_set_aside_take_what_rests_on_them_with_them(instance: Instance) -> None:
    facts = fresh(instance)
    before = facts.groups, facts.rank, facts.runs, facts.prices
    keep = np.arange(len(facts["options"])) > 0
    facts.drop("options", keep)
    assert facts.groups is not before[0]
    assert len(facts.runs.opens) == len(before[2].opens) - 1
    assert (facts.rank, facts.prices) == (before[1], before[3])
    assert facts.derived["groups"] == facts.derived["runs"] == 2
    assert facts.derived["rank"] == facts.derived["prices"] == 1


def test_rows_set_aside_behind_its_back_count_as_well(instance: Instance) -> None:
    facts = fresh(instance)
    assert len(facts.rank) == len(facts["programmes"])
    facts.draft.drop("programmes", np.arange(len(facts["programmes"])) > 0)
    assert len(facts.rank) == len(facts["programmes"])


def test_a_fact_that_rests_on_others_goes_with_them(instance: Instance) -> None:
    facts = fresh(instance)
    ranges = facts.ranges
    assert facts.ranges is ranges
    limits = facts["limits"]
    facts.draft.tables["limits"] = limits.put(max=limits["max"] + 1.0)
    assert facts.ranges is not ranges
    assert facts.derived["need"] == facts.derived["agreements"] == 1


def test_what_rests_on_some_columns_stands_while_others_change(instance: Instance) -> None:
    facts = fresh(instance)
    held = facts.held
    demand = facts["demand"]
    facts.draft.tables["demand"] = demand.put(demand=demand["demand"] + 1.0)
    assert facts.held is held
    facts.draft.tables["demand"] = demand.take(np.zeros(len(demand), dtype=bool))
    assert facts.held is not held


def test_an_equal_set_keeps_what_rests_on_it(instance: Instance) -> None:
    facts = fresh(instance)
    commitments = facts.commitments
    rows = facts["responses"]
    facts.draft.tables["responses"] = rows.put(per_unit=rows["per_unit"] * 2.0)
    assert facts.commitments is commitments
    assert facts.derived["losses"] == 2
    facts.draft.tables["responses"] = rows.put(per_unit=-rows["per_unit"])
    assert facts.commitments is not commitments


def test_evidence_keeps_what_it_does_not_change(instance: Instance) -> None:
    low = with_evidence(instance, "low")
    assert low.facts is not instance.facts
    assert low.facts.prices is instance.facts.prices
    assert low.facts.limits is instance.facts.limits
    central = with_evidence(instance)
    assert central.facts.ranges is instance.facts.ranges


def test_a_change_is_checked_with_what_it_leaves_known(instance: Instance) -> None:
    rows = instance.rows["adjustments"]
    changed = instance.replace(adjustments=instance.adjustments)
    assert len(changed.rows["adjustments"]) == len(rows)
    assert changed.facts.prices is instance.facts.prices
    assert changed.facts.derived["prices"] == 0


def test_other_prices_leave_nothing_known(instance: Instance) -> None:
    dearer = instance.replace(cost_uplift=instance.settings.cost_uplift - 0.01)
    assert dearer.facts.prices is not instance.facts.prices
    assert dearer.facts.derived["rank"] == 1


def test_facts_of_unknown_years_are_those_of_the_tables_alone(instance: Instance) -> None:
    draft = instance.facts.draft
    settings = type(draft.settings)("x", 0, ())
    found = facts_of(type(draft)(settings, dict(draft.tables)))
    assert not isinstance(found, Facts)
    assert found.rank == instance.facts.rank


def test_every_fact_is_asked_for(instance: Instance) -> None:
    assert set(facts_by_name()) <= set(instance.facts.derived)


def test_a_fact_is_found_by_its_name(instance: Instance) -> None:
    facts = instance.facts
    for name in facts_by_name():
        assert facts.named(name) is getattr(facts, name)
    assert facts.named("limits by year") is facts.by_year("limits")
