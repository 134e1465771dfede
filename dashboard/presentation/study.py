"""The study that a page shows: the shipped sweep, or one of the visitor's own; and what is derived from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from math import inf
from typing import Literal

import numpy as np
import pandas as pd

from dashboard.gallery.studies import shipped_features, shipped_sweep, studied_networks
from dashboard.presentation.model_options import Tag
from lam_core.attribution.checks.network_size import Build
from lam_core.images.image_sets import Picture, of_sample
from lam_core.samples import samples
from lam_core.studies.content_study import ContentStudy, content_study
from lam_core.studies.landscape import Axis, Site
from lam_core.studies.series import Series, scale_series
from lam_core.studies.sweeps.table import check_comparable, comparable, parse_table
from zoo.catalog.entry import Entry
from zoo.catalog.registry import registry

Field = Literal["probed", "declared"]
SCALE = 4


@dataclass(frozen=True, eq=False)
class Study:
    """A sweep's table and what goes with it."""

    key: str
    """Names the table in caches."""
    title: str
    table: pd.DataFrame
    """The part whose DI may be ranked together."""
    features: pd.DataFrame
    """Content of its windows; empty where the images are not available."""
    notes: tuple[str, ...] = ()
    own: bool = False
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    """The available images, by name."""

    @property
    def networks(self) -> tuple[str, ...]:
        """The models in the table."""
        return tuple(dict.fromkeys(self.table["model"].tolist()))

    def of(self, models: Sequence[str]) -> pd.DataFrame:
        """The rows of some models."""
        kept = self.table.iloc[np.flatnonzero(self.table["model"].isin(models))].reset_index(drop=True)
        kept.attrs = dict(self.table.attrs)
        return kept


def shipped() -> Study:
    """The finished sweep over samples that comes with the project."""
    table, note = comparable(shipped_sweep())
    count = table["image"].nunique()
    title = f"{count} samples, shipped results"
    pictures = {sample.id: of_sample(sample) for sample in samples()}
    return Study("shipped", title, table, shipped_features(), (note,) if note else (), pictures=pictures)


def own(key: str, title: str, table: pd.DataFrame, features: pd.DataFrame, pictures: Sequence[Picture] = ()) -> Study:
    """A study of the visitor's own; rows that may not be compared with most are left out, which a note says."""
    kept, note = comparable(table)
    kept.attrs = dict(table.attrs)
    named = {picture.name: picture for picture in pictures}
    return Study(key, title, kept, features, (note,) if note else (), own=True, pictures=named)


def of_file(name: str, content: bytes) -> Study:
    """The study in the bytes of a table that `lam sweep` wrote. Raises `TableError`."""
    table = parse_table(content, name)
    check_comparable(comparable(table)[0])
    return own(sha256(content).hexdigest(), name, table, shipped_features().iloc[:0])


def content_of(models: tuple[str, ...], study: Study) -> ContentStudy:
    """DI of some models of a study against the content of its windows."""
    return content_study(study.of(models), study.features)


def builds(study: Study) -> dict[str, Build]:
    """What is known of the networks of a study by themselves: a network is recognised by its fingerprint."""
    known = {network.fingerprint: network.build for network in studied_networks()}
    models: Mapping[str, str] = study.table.attrs.get("about", {}).get("models", {})
    return {model: known[fingerprint] for model, fingerprint in models.items() if fingerprint in known}


def entry_of(model: str) -> Entry | None:
    """The zoo's entry that goes by the name that a table has for a model."""
    return next((entry for entry in registry() if entry.name == model), None)


def tag_of(model: str) -> Tag:
    """What kind of network it is."""
    entry = entry_of(model)
    return "yours" if entry is None else "compact" if entry.tag == "compact" else "published"


def series_among(models: Sequence[str]) -> tuple[Series, ...]:
    """Scale sweeps among the compact networks: only they were trained alike."""
    entries = [(model, entry_of(model)) for model in models]
    return scale_series(
        {model: (e.architecture, e.hyperparameters) for model, e in entries if e is not None and e.tag == "compact"}
    )


def places(sites: Sequence[Site], axis: Axis, by: Field) -> dict[str, float]:
    """Where networks stand along an axis; those of unknown place are left out."""
    found = {}
    for site in sites:
        place = declared_field(site.model) if axis == "receptive_field" and by == "declared" else site.value(axis)
        if place is not None:
            found[site.model] = place
    return found


def declared_field(model: str) -> float | None:
    """Side of the receptive field in LR pixels as the network's authors say, infinite if global."""
    entry = entry_of(model)
    said = entry.published.receptive_field if entry else None
    return None if said is None else inf if said == "global" else float(said)


def titles() -> dict[str, str]:
    """The samples' titles by id."""
    return {sample.id: sample.title for sample in samples()}


def kinds() -> dict[str, str]:
    """The samples' kinds by id."""
    return {sample.id: sample.kind for sample in samples()}
