"""What can be taken away from a study: tables as CSV, LaTeX and Parquet, everything with its settings as JSON."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from math import isinf
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.components.chart_export import chart_export
from dashboard.components.copy_link import copy_link
from dashboard.presentation.download_kind import kind_for
from dashboard.presentation.formatting import percent
from dashboard.presentation.study import Study
from dashboard.presentation.tables import csv, latex
from dashboard.state import visitor
from lam_core.attribution.settings import METHOD_VERSION
from lam_core.studies.published import SOURCE

CITATION = f"Local attribution maps and Diffusion Index after {SOURCE}."


def settings_of(study: Study) -> str:
    """What all DI of a study have in common, in one line."""
    table = study.table
    first, about = table.iloc[0], table.attrs.get("about", {})
    chosen: Mapping[str, Any] = about.get("settings", {})
    rule = (
        f"reference rule, {first['nodes']} steps"
        if first["rule"] == "reference"
        else f"tolerance {percent(float(first['tolerance']))}, at most {chosen.get('nodes', 'unknown')} nodes"
    )
    windows = {"centre": "central window", "grid": "4×4 windows", "hard": "hardest window of 4×4"}
    parts = (
        f"{table['image'].nunique()} images",
        f"LR {first['lr_width']}×{first['lr_height']}, ×{first['scale']}",
        f"{windows.get(about.get('windows', ''), 'window')} of {first['size']}",
        f"{chosen.get('path', 'blur')} σ {first['sigma']:g}, {chosen.get('kernel', '?')}×{chosen.get('kernel', '?')}",
        str(chosen.get("detector", "gradient")),
        rule,
        str(chosen.get("dtype", "float32")),
    )
    return " · ".join(parts)


def take_away(
    study: Study,
    name: str,
    table: pd.DataFrame,
    caption: str,
    digits: Mapping[str, int],
    figures: Mapping[str, Any],
) -> None:
    """Buttons below a chart: the chart itself, the table it shows, all rows it was made of, everything as JSON."""
    settings = settings_of(study)
    comment = f"{settings}\n{CITATION}"
    offers = (
        ("CSV", lambda: csv(table, comment), f"{name}.csv", "text/csv"),
        ("LaTeX", lambda: latex(table, f"{caption} {settings}.", digits=digits), f"{name}.tex", "text/x-tex"),
        ("Rows, Parquet", lambda: parquet(study.table), f"{name}-rows.parquet", "application/octet-stream"),
        ("JSON", lambda: as_json(study, figures), f"{name}.json", "application/json"),
    )
    with st.container(horizontal=True, gap="small"):
        chart_export(name)
        for label, make, file, mime in offers:
            kind = kind_for(visitor.visitor() if study.own else None, mime)
            st.download_button(label, make, file, kind, key=f"take-{file}", on_click="ignore")
        copy_link(f"link-{name}", width=110)


def parquet(table: pd.DataFrame) -> bytes:
    """The rows of a sweep, as `lam sweep` writes them."""
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()


def as_json(study: Study, figures: Mapping[str, Any]) -> str:
    """Figures with everything that they depend on."""
    content = {
        "citation": CITATION,
        "study": study.title,
        "settings": settings_of(study),
        "method_version": METHOD_VERSION,
        "about": study.table.attrs.get("about", {}),
        "notes": list(study.notes),
        **figures,
    }
    return json.dumps(_finite(content), indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def _finite(value: Any) -> Any:
    """The same with infinity, which JSON lacks, as a word, and what is not a number as nothing."""
    if isinstance(value, Mapping):
        return {str(key): _finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    if isinstance(value, float) and (value != value or isinf(value)):
        return None if value != value else "infinite"
    return value
