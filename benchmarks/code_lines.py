"""Lines without comments, docstrings and blank ones, by package: `python benchmarks/code_lines.py [ROOT ...]`."""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from pathlib import Path

PACKAGES = ("lam_core", "zoo", "dashboard", "lam_cli")
NOTHING = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def lines(source: str) -> int:
    """Lines that hold code; a string that stands by itself is none.

    >>> lines('"What it is."\\n\\nx = 1  # one\\n# two\\ny = (\\n    2\\n)\\n')
    4
    """
    told = {
        line
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    code = {
        line
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type not in NOTHING
        for line in range(token.start[0], token.end[0] + 1)
    }
    return len(code - told)


def main() -> None:
    for root in map(Path, sys.argv[1:] or [Path(__file__).parents[1]]):
        counts = {
            package: sum(lines(path.read_text(encoding="utf-8")) for path in (root / package).rglob("*.py"))
            for package in PACKAGES
        }
        print(f"{root}: {', '.join(f'{name} {count}' for name, count in counts.items())}, all {sum(counts.values())}")


if __name__ == "__main__":
    main()
