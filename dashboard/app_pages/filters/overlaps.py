"""How many filters two degradations share, against chance."""

from __future__ import annotations

from itertools import combinations

import pandas as pd
import streamlit as st

from dashboard.app_pages.filters.abilities import FIRST_SHARE, Chosen
from dashboard.app_pages.filters.figures import share_label, title_of
from dashboard.app_pages.filters.gathering import Subject


def section(subject: Subject, chosen: Chosen) -> None:
    """The section; nothing for a single degradation."""
    pairs = list(combinations(subject.study.degradations, 2))
    if not pairs:
        return
    share = chosen.share or FIRST_SHARE
    st.header("Do two degradations share filters?", anchor="overlap")
    rows = []
    for one, other in pairs:
        found = subject.study.overlap(one, other, share)
        rows.append(
            {
                "degradations": f"{title_of(one)} and {title_of(other)}",
                "shared filters": found.common,
                "of": found.size,
                "share": found.share,
                "by chance": found.expected / found.size if found.size else 0.0,
                "p": found.p_value,
            }
        )
        beyond = "more than" if found.p_value < 0.05 and found.common > found.expected else "no more than"
        st.markdown(
            f"- **{title_of(one)}** and **{title_of(other)}** share {found.common} of their first {found.size} filters "
            f"({found.share:.0%}), {beyond} chance, which gives {found.expected:.0f}."
        )
    with st.expander("Overlap in figures", icon=":material/table_rows:"):
        st.dataframe(pd.DataFrame(rows), hide_index=True, alt="Overlap of the filters of two degradations")
    st.caption(
        f"The first {share_label(share)} of the filters for each degradation. Chance: two random sets of that size; p, "
        "hypergeometric: the probability of so many in common or more."
    )
