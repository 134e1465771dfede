"""Every term that a page lists is explained."""

import ast
from pathlib import Path

from dashboard.presentation.glossary import TERMS, explained

PAGES = Path(__file__).parents[3] / "dashboard" / "app_pages"


def test_the_terms_of_all_pages_are_in_the_glossary():
    named = [
        ast.literal_eval(word)
        for path in PAGES.rglob("page.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "glossary.terms"
        for word in node.args
    ]
    assert {"DI", "KDE", "CHI", "SRGA", "node", "path", "field"} <= set(named) <= set(TERMS)
    assert explained(("DI", "CHI")).count("**") == 4
