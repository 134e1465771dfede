"""Enter in a list never takes all that match what was typed."""

import ast
from pathlib import Path

PAGES = Path(__file__).parents[2] / "dashboard"


def test_no_list_offers_all_matches_first():
    calls = [
        node
        for path in PAGES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "multiselect"
    ]
    assert len(calls) > 3
    for call in calls:
        chosen = {word.arg: ast.unparse(word.value) for word in call.keywords}
        assert chosen.get("select_all") == "False", ast.unparse(call)
