"""The page on writing formulations shows what runs, and says what does not."""

from __future__ import annotations

import logging
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pyomo.environ as pyo
import pytest
from every_family import every_family
from small import round_of
from untemplated import differences

import allocator_models
import allocator_models.allocation
from allocator.data import extract
from allocator.data.stated import Stated
from allocator.errors import SolverError
from allocator.evaluate import recompute
from allocator.instance.tables.column import Column
from allocator.instance.tables.schema import PROGRAMMES
from allocator.solver.compile.compiler import compile_model
from allocator_models.allocation import FAMILIES, build
from allocator_models.arrays import Constraint, Model

MODELS = Path(allocator_models.__file__).parent
PAGE = (MODELS.parent / "README.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^```python (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
TOLD = re.compile(r"^def (\w+)\(.*\):(?:  # (.+))?$", re.MULTILINE)
SMALL = round_of(
    """programme,sector,pool,unit_cost,baseline
    gp,primary,NHS,1,100
    hip,acute,NHS,3,20""",
    years=(2025, 2026),
    responses="programme,outcome,per_unit\ngp,QALY,1",
    demand="programme,demand\nhip,25",
    effects="source,target,per_unit\ngp,hip,0.01",
)


def rules(kind: str) -> list[tuple[Any, str]]:
    """Functions of a block with what is said beside each."""
    found: dict[str, Any] = {"pyo": pyo}
    exec(compile(BLOCKS[kind], f"README.md: {kind}", "exec"), found)
    return [(found[name], said) for name, said in TOLD.findall(BLOCKS[kind])]


def with_row(rule: Any) -> Model:
    m = build(extract(SMALL))
    m.mine = Constraint(m.PROGRAMME_YEARS, rule=rule)
    return m


def by_name(cases: list[tuple[Any, str]]) -> list[Any]:
    return [pytest.param(*case, id=case[0].__name__) for case in cases]


@pytest.mark.parametrize(("rule", "_said"), by_name(rules("works")))
def test_what_works_works(rule: Any, _said: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    m = with_row(rule)
    program = compile_model(m)
    assert "row by row" not in caplog.text
    assert differences(program, m) == []


@pytest.mark.parametrize(("rule", "said"), by_name(rules("raises")))
def test_what_raises_raises(rule: Any, said: str) -> None:
    with pytest.raises(SolverError, match=f"'mine' (?s:.*){re.escape(said)}"):
        compile_model(with_row(rule))


@pytest.mark.parametrize(("rule", "_said"), by_name(rules("wrong")))
def test_what_is_wrong_is_wrong_silently(rule: Any, _said: str) -> None:
    m = with_row(rule)
    found = differences(compile_model(m), m)
    assert found
    assert all("mine[" in difference for difference in found)


def test_what_is_slow_is_slow_and_right(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    m = build(extract(SMALL))
    exec(BLOCKS["slow"], {"m": m, "pyo": pyo})
    program = compile_model(m)
    told = [r.getMessage() for r in caplog.records if "row by row" in r.getMessage()]
    assert told == [f"{name} is compiled row by row" for name in ("own", "pairs", "few")]
    assert differences(program, m) == []


def module(file: str) -> dict[str, Any]:
    """Run a block as the file it says it is, so that later ones can import it."""
    name = file.removesuffix(".py").replace("/", ".")
    made = ModuleType(name)
    sys.modules[name] = made
    exec(compile(BLOCKS[file], f"README.md: {file}", "exec"), made.__dict__)
    return made.__dict__


@pytest.fixture
def follow_ups(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Puts the family that the page adds in its places; its tests, by name."""
    columns: dict[str, Any] = {"Column": Column}
    exec(BLOCKS["columns"], columns)
    for column in columns["FOLLOW_UP"]:
        monkeypatch.setitem(PROGRAMMES.columns, column.name, column)
    files = [file for file in BLOCKS if file.endswith(".py")]
    for file in files:
        monkeypatch.setitem(sys.modules, file.removesuffix(".py").replace("/", "."), ModuleType(""))
    read, declare, check, tests = (module(file) for file in files)

    def init(self: Stated, instance: Any, levels: Any = None, *, wider: bool = False) -> None:
        made(self, instance, levels, wider=wider)
        self.follow_ups = read["FollowUps"](instance, self.axes)  # type: ignore[attr-defined]

    def checks(*arguments: Any) -> None:
        limits(*arguments)
        _, activity, _, programmes, findings = arguments
        check["check_follow_ups"](programmes, activity, findings)

    made, limits = Stated.__init__, recompute.check_limits
    monkeypatch.setattr(Stated, "__init__", init)
    monkeypatch.setattr(recompute, "check_limits", checks)
    families = (*FAMILIES, declare["declare"])
    monkeypatch.setattr(allocator_models.allocation, "FAMILIES", families)
    return tests


@pytest.mark.parametrize("name", re.findall(r"^def (test_\w+)", PAGE, re.MULTILINE))
def test_a_family_step_by_step(name: str, follow_ups: dict[str, Any]) -> None:
    follow_ups[name]()


def test_nothing_is_left_of_it() -> None:
    assert "follow_up" not in PROGRAMMES.columns
    assert every_family().rows["programmes"].table is PROGRAMMES
    assert "allocator.data.follow_ups" not in sys.modules


def test_links_and_files_of_the_page_exist() -> None:
    root = MODELS.parents[1]
    for link in re.findall(r"\]\(([^)]+)\)", PAGE):
        assert (MODELS.parent / link).exists(), link
    new = {file for file in BLOCKS if file.endswith(".py")}
    for file in re.findall(r"`((?:allocator|tests|instances)/[\w/.]+)`", PAGE):
        assert (root / file).exists() or file in new, file
