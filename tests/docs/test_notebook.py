"""The notebook of the docs runs from its first cell to its last, and what its cells end with shows itself."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

from PIL import Image

from lam_core.attribution.result import Attribution
from lam_core.notebook import Comparison

NOTEBOOK = Path(__file__).parents[2] / "docs" / "notebook.ipynb"


def run(source: str, names: dict[str, Any]) -> object:
    """Runs a cell; the value of the expression that it ends with."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names) if isinstance(last, ast.Expr) else None


def test_the_notebook_runs_from_start_to_end() -> None:
    content = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert (content["nbformat"], content["nbformat_minor"]) == (4, 4)
    cells = ["".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == "code"]
    assert all(not cell.get("outputs") for cell in content["cells"]), (
        "keep no outputs: they would be of another version"
    )
    names: dict[str, Any] = {"__name__": "notebook"}
    shown = [run(cell, names) for cell in cells]
    kinds = [Attribution, Image.Image, Comparison, Comparison, dict]
    assert [type(one) for one in shown] == kinds
    assert names["blurred"].diffusion_index != names["wider"].diffusion_index
    assert names["sides"]["trained"][0] <= names["sides"]["untrained"][0]
