"""Imports run one way: ui → chatbot → index → crawler; and nothing heavy is loaded before it is used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ORDER = ["crawler", "index", "chatbot", "ui"]
HEAVY = {
    "torch",
    "gradio",
    "sentence_transformers",
    "transformers",
    "faiss",
    "fastapi",
    "sqlalchemy",
    "lxml",
    "openpyxl",
    "markdown_it",
    "numpy",
    "requests",
}


def imported_by(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}


@pytest.mark.parametrize("package", ORDER)
def test_imports_run_downward(package: str) -> None:
    above = set(ORDER[ORDER.index(package) + 1 :])

    upward = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / package).rglob("*.py")
        for name in imported_by(path)
        if name.partition(".")[0] in above
    ]

    assert upward == []


def test_no_cycle_within_the_packages() -> None:
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for package in ORDER
        for path in (ROOT / package).rglob("*.py")
    }
    top_level = {name: module_imports(path, set(modules)) for name, path in modules.items()}

    assert find_cycle(top_level) == []


def module_imports(path: Path, modules: set[str]) -> set[str]:
    found = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names} & modules
            found |= inner or {node.module} & modules
    return found


def find_cycle(graph: dict[str, set[str]]) -> list[str]:
    done: set[str] = set()

    def visit(name: str, trail: list[str]) -> list[str]:
        if name in trail:
            return [*trail[trail.index(name) :], name]
        if name in done:
            return []
        for other in sorted(graph.get(name, ())):
            if cycle := visit(other, [*trail, name]):
                return cycle
        done.add(name)
        return []

    return next((cycle for name in sorted(graph) if (cycle := visit(name, []))), [])


def test_only_settings_reads_the_environment() -> None:
    readers = [
        str(path.relative_to(ROOT))
        for package in ORDER
        for path in (ROOT / package).rglob("*.py")
        if "os.environ" in path.read_text("utf-8") or "getenv" in path.read_text("utf-8")
    ]

    # The sandbox hands on what an interpreter needs to start, and nothing else of it.
    assert sorted(readers) == ["crawler/sandbox.py", "ui/settings.py"]


@pytest.mark.slow_process
def test_help_loads_nothing_heavy() -> None:
    code = "import sys; from ui.cli.run import run; assert run(['--help']) == 0; print('LOADED', *sys.modules)"

    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert HEAVY & set(out.rpartition("LOADED")[2].split()) == set()
