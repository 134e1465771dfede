"""What can be taken away from a study of filters."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.app_pages.filters.gathering import Subject
from dashboard.components.copy_link import copy_link
from dashboard.presentation.download_kind import kind_for
from dashboard.presentation.tables import csv
from dashboard.state import visitor
from lam_core.filters.settings import METHOD_VERSION, FilterSettings
from lam_core.filters.summary import summary

CITATION = "Filter attribution (FAIG) after Xie, Wang, Dong, Qi and Shan, NeurIPS 2021."


def section(subject: Subject) -> None:
    """Buttons, and the command that computes the same."""
    st.header("Take it away", anchor="take-away")
    owner = visitor.visitor() if subject.question.is_own else None
    offers = (
        ("All figures, JSON", lambda: as_json(subject), "filters.json", "application/json"),
        ("Filters, CSV", lambda: csv(table(subject), CITATION), "filters.csv", "text/csv"),
        ("Arrays, .npz", lambda: arrays(subject), "filters.npz", "application/octet-stream"),
    )
    with st.container(horizontal=True, gap="small"):
        for label, make, file, mime in offers:
            st.download_button(label, make, file, kind_for(owner, mime), key=f"take-{file}", on_click="ignore")
        copy_link("link-filters", width=120)
    asked = subject.question
    st.caption("The same in a terminal, on a folder of HR images:")
    st.code(
        f"lam filters --target {asked.target} --baseline {asked.baseline} --degradations "
        f"{','.join(subject.study.degradations)} --images FOLDER --out filters.json",
        language="sh",
        wrap_lines=True,
    )


def as_json(subject: Subject) -> str:
    """Figures with what they depend on."""
    asked = subject.question
    content = {
        "citation": CITATION,
        "method_version": METHOD_VERSION,
        "target": asked.names[0],
        "baseline": asked.names[1],
        "images": asked.title,
        "settings": FilterSettings().as_dict(),
        **summary(subject.study),
    }
    return json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def table(subject: Subject) -> pd.DataFrame:
    """A row for every filter: its place, its change, its scores and their standard errors."""
    study = subject.study
    rows = {
        "layer": np.repeat([layer.name for layer in study.layers], [layer.count for layer in study.layers]),
        "output": np.concatenate([np.repeat(np.arange(one.rows), one.columns) for one in study.layers]),
        "input": np.concatenate([np.tile(np.arange(one.columns), one.rows) for one in study.layers]),
        "change": study.change,
    }
    for one in study.found:
        rows |= {f"score {one.degradation}": one.scores, f"standard error {one.degradation}": one.spread}
    return pd.DataFrame(rows)


def arrays(subject: Subject) -> bytes:
    """Scores, changes and curves as .npz."""
    buffer, named = io.BytesIO(), {"change": subject.study.change}
    for one in subject.study.found:
        named |= {f"scores {one.degradation}": one.scores, f"standard error {one.degradation}": one.spread}
        named |= {f"psnr {one.degradation} {order}": values for order, values in one.curves.psnr.items()}
    np.savez_compressed(buffer, allow_pickle=False, **named)
    return buffer.getvalue()
