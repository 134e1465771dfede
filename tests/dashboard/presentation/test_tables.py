"""Tables as CSV and LaTeX."""

import io

import pandas as pd

from dashboard.presentation.tables import csv, latex

TABLE = pd.DataFrame({"model": ["A & B", "C"], "field": [15.0, float("inf")], "depth": [None, 3.0]})


def test_csv_comes_back_as_it_was():
    text = csv(TABLE, "×4, window 16\nseed 0")
    assert text.startswith("# ×4, window 16\n# seed 0\nmodel,")
    pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(text), comment="#"), TABLE)


def test_latex_escapes_text_and_tells_unknown_from_infinite():
    text = latex(TABLE, "50 % of it", digits={"depth": 0})
    assert r"\caption{50 \% of it}" in text
    assert r"A \& B & 15 & -- \\" in text
    assert r"C & $\infty$ & 3 \\" in text
    assert r"\begin{tabular}{lrr}" in text
