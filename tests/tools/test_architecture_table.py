"""The table of architectures: it has a row for each, and what its rows say is within the bounds that are promised."""

from __future__ import annotations

import re

from tools.architecture_table.__main__ import TABLE, line
from tools.architecture_table.builds import BUILDS
from tools.architecture_table.measure import Row
from zoo.checkpoints.spandrel_registry import spandrel_registry

EXACT, SINGLE = 1e-10, 1e-5
READ_HERE = {"SeemoRe": "seemore"}
"""Architectures of spandrel whose weights this project's own code reads."""


def rows() -> dict[str, list[str]]:
    """Cells by architecture."""
    lines = [found for found in TABLE.read_text().splitlines() if found.startswith("| ")][1:]
    cells = [[cell.strip() for cell in found.strip("|").split("|")] for found in lines]
    return {first: rest for first, *rest in cells}


def test_every_architecture_has_a_build_and_a_row() -> None:
    known = {str(support.architecture.id) for support in spandrel_registry().architectures("detection")}
    assert set(BUILDS) == known - set(READ_HERE)
    assert set(READ_HERE.values()) <= set(BUILDS)
    assert list(rows()) == list(BUILDS)


def test_no_row_is_wrong_and_no_network_is_spoilt() -> None:
    for name, (_, _, run, *errors, _, state, _) in rows().items():
        assert "**" not in run + state, name
        if not run.startswith("refused"):
            allowed = SINGLE if "errors in float32" in state else EXACT
            assert max(float(error) for error in errors) <= allowed, name
        assert state.startswith("unchanged"), name
        assert re.match(r"cropped, saves|whole: |refused: ", run), name


def test_a_row_says_what_was_measured() -> None:
    found = Row("edsr", 4, saving=0.988, errors=(1e-15, 2e-15), alone=0.0, reach=7, plan_seconds=0.1)
    numbers = "1.0e-15 | 2.0e-15 | 0.0e+00 | local, 7 | unchanged | 0.10 s"
    assert line(found) == f"| edsr | this project | 4 | cropped, saves 98.8% | {numbers} |"
    assert "| refused: it needs a mask |" in line(Row("LaMa", refused="it needs a mask"))
    assert "**changed**: .mean" in line(Row("ATD", 4, errors=(0.0, 0.0), state=".mean"))
