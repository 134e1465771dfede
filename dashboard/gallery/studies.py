"""Reading the studies that `make_studies.py` made. Apart from the first visit's results, for they need pandas."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass

import pandas as pd

from dashboard.gallery.shipped import FOLDER
from lam_core.attribution.checks.network_size import Build
from lam_core.studies.laboratory import patterns
from lam_core.studies.sweeps.table import read_table

SWEEP, LABORATORY = FOLDER / "sweep.parquet", FOLDER / "laboratory.parquet"
CONTENT, NETWORKS = FOLDER / "content.parquet", FOLDER / "networks.json"
PATTERNS = patterns(["stripes", "grid"], [32, 24, 16, 12, 10, 8, 6], [0, 15, 45])
"""The patterns whose curves ship."""


@dataclass(frozen=True)
class StudiedNetwork:
    """What is known of a network in the shipped tables, whether its weights are available or not."""

    id: str
    """The entry's id."""
    name: str
    """As in the tables."""
    fingerprint: str
    source: str
    """Where the weights come from."""
    sha256: str
    """Of the weights."""
    build: Build


@functools.cache
def studied_networks() -> tuple[StudiedNetwork, ...]:
    """The networks of the shipped tables."""
    rows = json.loads(NETWORKS.read_text(encoding="utf-8"))
    return tuple(StudiedNetwork(**{**row, "build": Build.from_dict(row["build"])}) for row in rows)


@functools.cache
def shipped_sweep() -> pd.DataFrame:
    """The shipped sweep over samples. Callers leave it as it is."""
    return read_table(SWEEP)


@functools.cache
def shipped_laboratory() -> pd.DataFrame:
    """The shipped sweep over `PATTERNS`. Callers leave it as it is."""
    return read_table(LABORATORY)


@functools.cache
def shipped_features() -> pd.DataFrame:
    """Content features of the shipped sweep's windows. Callers leave it as it is."""
    return pd.read_parquet(CONTENT)
