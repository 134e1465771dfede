"""A table to take away: CSV for programs, LaTeX for papers."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

import pandas as pd

_ESCAPES = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_ESCAPES |= {sign: f"\\{sign}" for sign in "&%$#_{}"}
_ESCAPES |= {"×": r"$\times$", "±": r"$\pm$", "ρ": r"$\rho$", "σ": r"$\sigma$", "∞": r"$\infty$", "°": r"$^\circ$"}
_ESCAPES |= {"−": "$-$", "–": "--"}


def csv(table: pd.DataFrame, comment: str = "") -> str:
    """A table as CSV; the lines of a comment stand first, each behind `#`."""
    return "".join(f"# {line}\n" for line in comment.splitlines()) + table.to_csv(index=False)


def latex(table: pd.DataFrame, caption: str, *, digits: Mapping[str, int] | None = None) -> str:
    r"""A table as LaTeX for the booktabs package; numbers are set right, to `digits` decimals by column.

    >>> print(latex(pd.DataFrame({"model": ["A_1"], "DI": [1.234]}), "Mean DI.", digits={"DI": 1}))
    \begin{table}
    \centering
    \caption{Mean DI.}
    \begin{tabular}{lr}
    \toprule
    model & DI \\
    \midrule
    A\_1 & 1.2 \\
    \bottomrule
    \end{tabular}
    \end{table}
    <BLANKLINE>
    """
    wanted = digits or {}
    sides = "".join("r" if pd.api.types.is_numeric_dtype(table[name]) else "l" for name in table.columns)
    rows = [
        " & ".join(_cell(value, wanted.get(name)) for name, value in zip(table.columns, row, strict=True)) + r" \\"
        for row in table.itertuples(index=False, name=None)
    ]
    head = " & ".join(escaped(str(name)) for name in table.columns) + r" \\"
    lines = [r"\begin{table}", r"\centering", rf"\caption{{{escaped(caption)}}}", rf"\begin{{tabular}}{{{sides}}}"]
    lines += [r"\toprule", head, r"\midrule", *rows, r"\bottomrule", r"\end{tabular}", r"\end{table}"]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Text as LaTeX prints it.

    >>> escaped("5 % of ×4")
    '5 \\\\% of $\\\\times$4'
    """
    return "".join(_ESCAPES.get(sign, sign) for sign in text)


def _cell(value: object, digits: int | None) -> str:
    if value is None or (isinstance(value, float) and not isfinite(value)):
        return r"$\infty$" if value == float("inf") else "--"
    if isinstance(value, float) and digits is not None:
        return f"{value:.{digits}f}"
    return escaped(f"{value:g}" if isinstance(value, float) else str(value))
