"""Imports run one way: what each room may import, no circle anywhere, and the layers that must not be loaded."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("lam_core", "zoo", "lam_cli", "dashboard")

# What each package may import of the others.
LAYERS = {
    "lam_core": set(),
    "zoo": {"lam_core"},
    "dashboard": {"lam_core", "zoo"},
    "lam_cli": {"lam_core", "zoo", "dashboard"},
}
# What each room of the dashboard may import of the others; a page's folder is a room of its own.
ROOMS = {
    "server": {"app_pages", "runtime", "gallery"},
    "streamlit_app": {"components", "runtime", "state"},
    "app_pages": {"widgets", "components", "state", "runtime", "presentation", "gallery"},
    "widgets": {"components", "state", "runtime", "presentation", "gallery"},
    "state": {"runtime", "presentation", "gallery"},
    "components": {"presentation"},
    "runtime": {"presentation", "gallery"},
    "presentation": {"gallery"},
    "gallery": set(),
}
# What `make_ready` imports by name, before it is asked for.
PRELOADED = {("dashboard.server", "dashboard.widgets.target_column")}
FREE_OF_STREAMLIT = ("dashboard.presentation", "dashboard.gallery", "lam_core", "zoo")


def graph(root: Path, *folders: str) -> dict[str, set[str]]:
    """Every module below some folders of `root`, and the modules that it imports anywhere but under TYPE_CHECKING."""
    files = {
        name_of(path.relative_to(root)): path for folder in folders for path in sorted((root / folder).rglob("*.py"))
    }
    return {
        name: {home_of(found, files) for found in imported(ast.parse(path.read_text(encoding="utf-8")))} - {name}
        for name, path in files.items()
    }


def name_of(path: Path) -> str:
    """The dotted name of a file.

    >>> name_of(Path("zoo/catalog/__init__.py")), name_of(Path("zoo/errors.py"))
    ('zoo.catalog', 'zoo.errors')
    """
    return ".".join(part for part in path.with_suffix("").parts if part != "__init__")


def imported(node: ast.AST) -> Iterator[str]:
    """Dotted names that a syntax tree imports, of modules or of what they hold; literal `import_module` calls too."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield from (f"{module}.{alias.name}" for alias in names)
            case ast.Call(func=ast.Name(id="import_module"), args=[ast.Constant(value=str(module))]):
                yield module
        yield from imported(child)


def home_of(name: str, known: dict[str, Path]) -> str:
    """The module of a dotted name, which may be that of something in it."""
    return name if name in known or "." not in name or name.rpartition(".")[0] not in known else name.rpartition(".")[0]


def circles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """Groups of modules that can each be reached from each other (Tarjan's strongly connected components)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in arrows[node] & arrows.keys():
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            group = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(group) > 1:
                found.append(sorted(group))

    for node in arrows:
        if node not in index:
            visit(node)
    return found


def against_layers(arrows: dict[str, set[str]]) -> list[str]:
    """Arrows from one package to another that is not below it."""
    return [
        f"{module} -> {other}"
        for module, others in arrows.items()
        for other in sorted(others)
        if (there := other.split(".")[0]) in LAYERS
        and (here := module.split(".")[0]) != there
        and there not in LAYERS[here]
    ]


def against_rooms(arrows: dict[str, set[str]]) -> list[str]:
    """Arrows between rooms of the dashboard, or between its pages, that are not allowed."""
    wrong = []
    for module, others in arrows.items():
        for other in sorted(others):
            here, there = module.split(".")[1:], other.split(".")[1:]
            if not (module.startswith("dashboard.") and other.startswith("dashboard.")) or (module, other) in PRELOADED:
                continue
            is_same = here[0] == there[0] and (here[0] != "app_pages" or here[:2] == there[:2])
            if not is_same and there[0] not in ROOMS[here[0]]:
                wrong.append(f"{module} -> {other}")
    return wrong


def users_of(arrows: dict[str, set[str]], rooms: tuple[str, ...], package: str) -> list[str]:
    """Modules of some rooms that import a package themselves."""
    return [
        f"{module} -> {other}"
        for module, others in arrows.items()
        if f"{module}.".startswith(tuple(f"{room}." for room in rooms))
        for other in sorted(others)
        if other.split(".")[0] == package
    ]


def with_streamlit(arrows: dict[str, set[str]]) -> list[str]:
    """Modules that import Streamlit and must not."""
    return users_of(arrows, FREE_OF_STREAMLIT, "streamlit")


ARROWS = graph(ROOT, *PACKAGES)


def with_line(file: str, line: str) -> dict[str, set[str]]:
    """The arrows as they would be with further lines in one file."""
    name, known = name_of(Path(file)), dict.fromkeys(ARROWS, ROOT)
    return {**ARROWS, name: ARROWS[name] | {home_of(found, known) for found in imported(ast.parse(line))}}


def test_no_package_imports_one_above_it():
    assert against_layers(ARROWS) == []


def test_no_room_of_the_dashboard_and_no_page_imports_one_that_it_may_not():
    assert against_rooms(ARROWS) == []
    rooms = {module.split(".")[1] for module in ARROWS if module.startswith("dashboard.")}
    assert rooms == ROOMS.keys()


def test_no_import_runs_in_a_circle():
    assert circles(ARROWS) == []


def test_what_is_free_of_streamlit_stays_so():
    assert with_streamlit(ARROWS) == []


def test_the_tests_of_the_core_know_no_zoo():
    arrows = graph(ROOT, "tests/lam_core")
    assert users_of(arrows, ("tests.lam_core",), "zoo") == []
    assert [f"{m} -> {o}" for m, others in arrows.items() for o in others if o.startswith("tests.zoo")] == []


@pytest.mark.parametrize(
    ("file", "line", "held_by"),
    [
        ("lam_core/region.py", "import zoo", against_layers),
        ("lam_core/region.py", "def late():\n    from zoo.catalog import entry", against_layers),
        ("zoo/errors.py", "from dashboard.runtime import process", against_layers),
        ("dashboard/app_pages/compare/page.py", "from dashboard.app_pages.zoo import model_card", against_rooms),
        ("dashboard/presentation/view.py", "from dashboard.state import session", against_rooms),
        ("dashboard/runtime/compute.py", "def late():\n    import dashboard.widgets.chart", against_rooms),
        ("dashboard/widgets/chart.py", 'import_module("dashboard.app_pages.zoo.page")', against_rooms),
        ("zoo/errors.py", "def late():\n    from zoo.catalog.entry import Entry", circles),
        ("lam_core/errors.py", "from lam_core.region import Region", circles),
        ("dashboard/gallery/shipped.py", "import streamlit as st", with_streamlit),
    ],
)
def test_an_arrow_against_the_rules_is_found(file, line, held_by):
    assert held_by(with_line(file, line)) != held_by(ARROWS)
    unseen = f"if TYPE_CHECKING:\n    {line.splitlines()[-1].strip()}"
    assert held_by(with_line(file, unseen)) == held_by(ARROWS)
