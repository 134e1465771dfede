"""Docstrings and wordings that hold throughout the packages, docs and pages."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("lam_core", "zoo", "dashboard", "lam_cli")
RIDDLES = re.compile(
    r"\bat hand\b|\banew\b|\bwhat it raises\b|\bwhoever asks\b|\bwho asks:|makes all of it again", re.IGNORECASE
)
"""Phrases that a reader had to decode; plain words stand for each of them."""
SELF_EVIDENT = {"width", "height"}
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
TEXTS = [*SOURCES, ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def first_sentence(text: str | None) -> str:
    """The first paragraph of a docstring on one line, empty without one."""
    return " ".join((text or "").strip().split("\n\n")[0].split())


def ends(paragraph: str) -> bool:
    return (bool(paragraph) and paragraph[-1] in ".:`") or ". " in paragraph


def test_every_module_says_what_it_is():
    opening = {path: first_sentence(ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))) for path in SOURCES}
    lacking = [str(path.relative_to(ROOT)) for path, text in opening.items() if path.stat().st_size and not ends(text)]
    assert lacking == []


@pytest.mark.parametrize("package", ["lam_core", "zoo"])
def test_every_exported_name_says_what_it_is(package):
    module = import_module(package)
    for name in module.__all__:
        assert ends(first_sentence(getattr(module, name).__doc__)), name


def undescribed(exported: object) -> list[str]:
    """What of an exported function or class nobody describes: parameters, the result, fields without a docstring."""
    text = inspect.getdoc(exported) or ""
    section = re.search(r"^Args:\n(.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
    heads = re.findall(r"^    (\w[\w, ]*):", section[1] if section else "", re.MULTILINE)
    told = SELF_EVIDENT | {name.strip() for head in heads for name in head.split(",")}
    if not inspect.isclass(exported):
        names = list(inspect.signature(exported).parameters)  # type: ignore[arg-type]
        return [name for name in names if name not in told] + ([] if "\nReturns:\n" in text else ["Returns"])
    if not dataclasses.is_dataclass(exported):
        return [name for name in inspect.signature(exported).parameters if name not in told]
    (body,) = ast.parse(inspect.getsource(exported)).body
    assert isinstance(body, ast.ClassDef)
    fields = [(one, after) for one, after in pairwise([*body.body, ast.Pass()]) if isinstance(one, ast.AnnAssign)]
    names = [ast.unparse(one.target) for one, after in fields if not is_text(after)]
    return [name for name in names if name not in told]


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


@pytest.mark.parametrize("package", ["lam_core", "zoo"])
def test_every_exported_name_describes_its_parameters_and_result(package):
    module = import_module(package)
    lacking = {name: undescribed(getattr(module, name)) for name in module.__all__}
    assert {name: parts for name, parts in lacking.items() if parts} == {}


def test_no_text_holds_a_riddle():
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in TEXTS
        for match in RIDDLES.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_the_page_of_findings_lists_every_script():
    listed = re.findall(
        r"^\| `([^`]+\.sh)` \|", (ROOT / "docs" / "findings.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(listed) == sorted(path.name for path in (ROOT / "findings").glob("*.sh"))
