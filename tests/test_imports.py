"""Who may import whom, and what an import costs."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import allocator

ROOT = Path(__file__).resolve().parent.parent
SOLVING = {"pyomo", "highspy"}
GROUND = {
    f"allocator.{name}"
    for name in ("errors", "arrays", "tolerances", "words", "overview", "progress", "calls")
}
INSTANCE = {
    f"allocator.instance.{room}"
    for room in ("tables", "facts", "reading", "checks", "instance", "evidence")
}
ROUND = {"allocator.instance.instance", "allocator.instance.evidence", "allocator.instance.tables"}

MAY_IMPORT = {
    **{name: set() for name in sorted(GROUND)},
    "allocator.plan": set(),
    "allocator.instance.tables": set(),
    "allocator.instance.facts": {"allocator.instance.tables"},
    "allocator.instance.reading": {"allocator.instance.tables"},
    "allocator.instance.checks": {
        f"allocator.instance.{room}" for room in ("tables", "facts", "reading")
    },
    "allocator.instance.instance": {
        f"allocator.instance.{room}" for room in ("tables", "facts", "reading", "checks")
    },
    "allocator.instance.evidence": INSTANCE - {"allocator.instance.evidence"},
    "allocator.data": INSTANCE,
    "allocator.solver": {"allocator.data"},
    "allocator.evaluate": ROUND,
    "allocator.planning": {
        "allocator.data",
        "allocator.evaluate",
        "allocator.plan",
        "allocator.solver",
        *INSTANCE,
    },
    "allocator.report": {
        "allocator.evaluate",
        "allocator.plan",
        "allocator.planning",
        *INSTANCE,
    },
    "allocator.library": {
        "allocator.evaluate",
        "allocator.plan",
        "allocator.report",
        *INSTANCE,
    },
    "allocator.cli": {"allocator", "allocator.plan", "allocator.report", *INSTANCE},
    "allocator.__main__": {"allocator.cli"},
    "allocator_models": {"allocator.data"},
}
"""What each room may import of the others, the ground floor apart, which everybody may.

``allocator`` itself only names what is public.
"""


def modules() -> dict[str, Path]:
    found = {}
    for top, package in ((ROOT, "allocator"), (ROOT / "models", "allocator_models")):
        for path in sorted((top / package).rglob("*.py")):
            parts = path.relative_to(top).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


ALL = modules()
MODULES = [item for item in ALL.items() if item[0] not in ("allocator", "allocator.instance")]


def room_of(module: str) -> str:
    names = module.split(".")
    if names[0] != "allocator":
        return names[0]
    return ".".join(names[: 3 if names[1:2] == ["instance"] else 2])


def imports(path: Path) -> set[str]:
    """Modules a file imports, wherever in the file, those only for types included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in ALL else str(node.module))
    return found


@pytest.mark.parametrize(("name", "path"), MODULES, ids=[name for name, _ in MODULES])
def test_imports_go_one_way(name: str, path: Path) -> None:
    room = room_of(name)
    assert room in MAY_IMPORT, f"{room} is new: say in MAY_IMPORT what it may import"
    ours = {room_of(module) for module in imports(path) if module in ALL}
    assert ours - {room} <= MAY_IMPORT[room] | GROUND


def test_rooms_stand_one_above_the_other() -> None:
    """An order of the rooms exists, so that what is below never needs what is above."""
    below = {room: others | GROUND - {room} for room, others in MAY_IMPORT.items()}
    order = list(TopologicalSorter({**below, **{room: set() for room in GROUND}}).static_order())
    assert order.index("allocator.instance.tables") < order.index("allocator.instance.facts")
    assert order[-1] == "allocator.__main__"


def test_no_two_files_need_each_other() -> None:
    """Nor any ring of files, type hints included."""
    needs = {name: imports(path) & set(ALL) - {name} for name, path in ALL.items()}
    needs.pop("allocator")  # names what is public, at first use
    try:
        list(TopologicalSorter(needs).static_order())
    except CycleError as ring:
        pytest.fail(" -> ".join(ring.args[1]))


@pytest.mark.parametrize(("name", "path"), MODULES, ids=[name for name, _ in MODULES])
def test_only_solver_and_models_know_pyomo_and_highs(name: str, path: Path) -> None:
    tops = {module.split(".")[0] for module in imports(path)}
    allowed = {"allocator.solver": SOLVING, "allocator_models": {"pyomo"}}
    assert tops & SOLVING <= allowed.get(room_of(name), set())


def test_every_room_in_the_list_exists() -> None:
    assert set(MAY_IMPORT) - {"allocator"} <= {room_of(name) for name in ALL}


def run(code: str) -> str:
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return result.stdout.splitlines()[-1]


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["solve", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys; from allocator.cli import main; "
        f"main({arguments}); "
        "print([m for m in ('pyomo', 'pandas', 'numpy', 'scipy', 'highspy') if m in sys.modules])"
    )
    assert run(code) == "[]"


@pytest.mark.parametrize("folder", ["examples/unmet-need", "avonside"])
def test_check_imports_no_solver_and_makes_no_frame(folder: str) -> None:
    code = (
        "import sys; from allocator.cli import main; "
        f"main(['check', 'instances/{folder}']); "
        "print([m for m in ('pyomo', 'pandas', 'highspy') if m in sys.modules])"
    )
    assert run(code) == "[]"


def test_importing_allocator_imports_nothing_heavy() -> None:
    code = "import sys, allocator; print([m for m in ('pyomo', 'pandas') if m in sys.modules])"
    assert run(code) == "[]"


def test_every_public_name_is_there() -> None:
    for name in allocator.__all__:
        assert getattr(allocator, name) is not None
    assert set(allocator.__all__) <= set(dir(allocator))


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'solv'"):
        _ = allocator.solv


@pytest.mark.parametrize("order", ["from allocator.evaluate import evaluate", "allocator.evaluate"])
def test_function_is_not_shadowed_by_its_module(order: str) -> None:
    code = (
        f"import allocator; {order}; import allocator.evaluate.curves; "
        "print(allocator.evaluate.__module__ == 'allocator.library', "
        "callable(allocator.evaluate))"
    )
    assert run(code) == "True True"


def test_version_is_the_one_in_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert allocator.__version__ == project["version"]
