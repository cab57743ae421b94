"""How the files of the room stand to each other."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOM = ROOT / "allocator" / "data"


def imported(path: Path) -> set[str]:
    """Modules a file imports from, those for type hints included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "allocator.data":
            found |= {f"allocator.data.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): imported(path)
    for path in sorted(ROOM.rglob("*.py"))
    if path.stem != "__init__"
}


def test_no_two_files_need_each_other() -> None:
    needed = {name: needs & set(FILES) for name, needs in FILES.items()}
    order = list(TopologicalSorter(needed).static_order())
    assert order[-1] == "allocator.data.extract"
    assert {name for name, needs in FILES.items() if "allocator.data.data" in needs} == {
        "allocator.data.extract"
    }


def test_rows_stay_rows() -> None:
    assert not [name for name, needs in FILES.items() if "pandas" in needs]


def test_extraction_makes_no_frame() -> None:
    code = (
        "import sys, allocator; from allocator.data import extract; "
        "extract(allocator.read('instances/examples/ties')); print('pandas' in sys.modules)"
    )
    run = [sys.executable, "-c", code]
    found = subprocess.run(run, capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.split() == ["False"]
