"""Who may import whom, and what an import costs."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import allocator

ROOT = Path(__file__).resolve().parent.parent
SOLVING = {"pyomo", "highspy"}
GROUND = {"allocator.errors", "allocator.arrays", "allocator.tolerances", "allocator.words"}
"""What everybody may import."""

MAY_IMPORT = {
    "allocator.errors": set(),
    "allocator.instance": {"allocator.errors"},
    "allocator.plan": {"allocator.errors"},
    "allocator.data": {"allocator.errors", "allocator.instance"},
    "allocator.solver": {"allocator.errors", "allocator.instance", "allocator.data"},
    "allocator.evaluate": {"allocator.errors", "allocator.instance"},
    "allocator.arrays": set(),
    "allocator.tolerances": set(),
    "allocator.words": set(),
    "allocator.planning": {
        "allocator.errors",
        "allocator.instance",
        "allocator.data",
        "allocator.solver",
        "allocator.plan",
        "allocator.evaluate",
    },
    "allocator.report": {
        "allocator.words",
        "allocator.errors",
        "allocator.instance",
        "allocator.plan",
        "allocator.evaluate",
    },
    "allocator.cli": {
        "allocator",
        "allocator.errors",
        "allocator.instance",
        "allocator.report",
        "allocator.words",
    },
    "allocator_models": {"allocator.errors", "allocator.instance", "allocator.data"},
}
"""What each part may import of the others; ``allocator`` itself only names its parts."""


def modules() -> list[tuple[str, Path]]:
    found = []
    for top, package in ((ROOT, "allocator"), (ROOT / "models", "allocator_models")):
        for path in sorted((top / package).rglob("*.py")):
            parts = path.relative_to(top).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found.append((name, path))
    return found


def part_of(module: str) -> str:
    names = module.split(".")
    return names[0] if names[0] != "allocator" else ".".join(names[:2])


def imports(path: Path) -> set[str]:
    """Modules a file imports, wherever in the file; those only for types excepted."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


MODULES = [m for m in modules() if m[0] != "allocator"]


@pytest.mark.parametrize(("name", "path"), MODULES, ids=[name for name, _ in MODULES])
def test_imports_go_one_way(name: str, path: Path) -> None:
    part = part_of(name)
    assert part in MAY_IMPORT, f"{part} is new: say in MAY_IMPORT what it may import"
    ours = {part_of(module) for module in imports(path)} & {"allocator", *MAY_IMPORT}
    assert ours - {part} - GROUND <= MAY_IMPORT[part]


@pytest.mark.parametrize(("name", "path"), MODULES, ids=[name for name, _ in MODULES])
def test_only_solver_and_models_know_pyomo_and_highs(name: str, path: Path) -> None:
    tops = {module.split(".")[0] for module in imports(path)}
    allowed = {"allocator.solver": SOLVING, "allocator_models": {"pyomo"}}
    assert tops & SOLVING <= allowed.get(part_of(name), set())


def test_every_part_in_the_list_exists() -> None:
    assert set(MAY_IMPORT) <= {part_of(name) for name, _ in modules()}


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
        "print(allocator.evaluate.__module__.startswith('allocator.evaluate'), "
        "callable(allocator.evaluate))"
    )
    assert run(code) == "True True"


def test_version_is_the_one_in_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert allocator.__version__ == project["version"]


def test_pyomo_starts_without_scipy_stats_and_finds_scipy_when_it_wants_it() -> None:
    code = (
        "import sys, allocator.planning.solve; "
        "early = [m for m in ('scipy.stats', 'scipy.spatial') if m in sys.modules]; "
        "from pyomo.common.dependencies import scipy; "
        "print(early, scipy.stats.norm.cdf(0.0), scipy is sys.modules['scipy'])"
    )
    assert run(code).startswith("[] 0.5 ")
