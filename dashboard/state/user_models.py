"""Networks that a visitor brought along: theirs alone, in this session, on every page."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

import streamlit as st

import zoo
from dashboard.presentation.model_options import Offer, offers
from dashboard.runtime import process
from lam_core.condition import Condition
from lam_core.errors import LamError
from lam_core.reference import NetworkReference
from lam_core.settings import settings
from zoo.catalog.entry import Entry, Hub
from zoo.models.pool import PooledReference
from zoo.settings import settings as zoo_settings
from zoo.spec import split_conditions

if TYPE_CHECKING:
    from zoo.inspection.propose_entry import Proposal


@dataclass(frozen=True, eq=False)
class Yours:
    """One such network."""

    key: str
    """What lists and links call it; see `key_of`."""
    entry: Entry
    file: Path | None = None
    """The file of one's own, for a network that is not on the Hub."""


def mine() -> dict[str, Yours]:
    """This session's own networks by key, in the order in which they came."""
    return st.session_state.setdefault("yours", {})


def folder() -> Path:
    """A folder for the files that this session brings; it goes with the session."""
    if "model_folder" not in st.session_state:
        st.session_state.model_folder = tempfile.TemporaryDirectory(prefix="lam-models-", ignore_cleanup_errors=True)
    return Path(st.session_state.model_folder.name)


def adopt(proposal: Proposal) -> Yours:
    """Makes a network that was looked at one of this session's."""
    is_own_file = not isinstance(proposal.entry.weights, Hub)
    one = Yours(key_of(proposal), proposal.entry, proposal.file if is_own_file else None)
    mine()[one.key] = one
    return one


def key_of(proposal: Proposal) -> str:
    """Repository, commit and file on the Hub, or digest and name of a file of one's own; and how it wants its input."""
    source = proposal.entry.weights
    if isinstance(source, Hub):
        name = f"{source.repo}@{source.revision}:{source.file}"
    else:
        name = f"{proposal.inspection.sha256[:16]}:{proposal.file.name}"
    convention = proposal.entry.convention
    order = "-bgr" if convention.colour == "bgr" else ""
    return f"{quote(name, safe='/@:')}~{convention.input_range:g}{order}"


def absent(keys: Iterable[str]) -> list[str]:
    """Files on the Hub that keys of somebody else's session mean, as `owner/repo@commit:file`."""
    names = [unquote(key.rpartition("~")[0]) for key in keys if key not in mine()]
    return [name for name in names if "/" in name and "@" in name]


def session_offers() -> tuple[Offer, ...]:
    """Every network that can be chosen in this session."""
    own = [Offer(one.key, one.entry.name, "yours", one.entry.scale) for one in mine().values()]
    listed = (*own, *offers(zoo_settings(), settings().networks))
    return (*_under_conditions(listed), *listed)


def _under_conditions(listed: Iterable[Offer]) -> Iterator[Offer]:
    """Networks of the list that the view shows under other conditions than the list has them."""
    view = st.session_state.get("view")
    plain = {split_conditions(offer.key)[0]: offer for offer in listed}
    known = {offer.key for offer in plain.values()}
    for key in view.models if view else ():
        base, numbers = split_conditions(key)
        if numbers and key not in known and base in plain:
            said = ", ".join(f"{name}={value:g}" for name, value in numbers.items())
            name = plain[base].name.partition(",")[0]
            yield replace(plain[base], key=key, name=f"{name}, {said}")


def network(key: str) -> PooledReference:
    """The network of a key: one of this session's own, or what `zoo.reference` takes. Raises a `ZooError`."""
    base, numbers = split_conditions(key)
    own = mine().get(key) or mine().get(base)
    if own is None:
        return process.network(key)
    return process.pooled(zoo.reference(own.entry, weights=own.file, **({"condition": numbers} if numbers else {})))


def conditions_of(key: str) -> tuple[tuple[Condition, float], ...]:
    """The conditions of a network that are numbers, and the numbers; none of a network that is not loaded yet."""
    try:
        model = process.loaded(network(key))
    except LamError:  # said where its map would be
        return ()
    if model is None:
        return ()
    values = model.values
    return tuple((one, value) for one in model.conditions if isinstance(value := values.get(one.name), int | float))


def looked_into(key: str) -> NetworkReference:
    """As `network`, and classifiers too: networks to be looked at by their features. Raises a `ZooError`."""
    return network(key) if key in mine() else process.feature_network(key)
