"""Scale sweeps: networks of one architecture that differ in a single hyperparameter, such as depth or width."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Series:
    """Networks that differ in one number alone."""

    architecture: str
    hyperparameter: str
    models: tuple[str, ...]
    """In ascending order of that number."""


def scale_series(networks: Mapping[str, tuple[str, Mapping[str, Any]]]) -> tuple[Series, ...]:
    """The scale sweeps among networks, given by name as architecture and hyperparameters.

    >>> found = scale_series({
    ...     "a": ("edsr", {"blocks": 8, "channels": 32}),
    ...     "b": ("edsr", {"blocks": 2, "channels": 32}),
    ...     "c": ("edsr", {"blocks": 8, "channels": 16}),
    ...     "d": ("imdn", {"channels": 32}),
    ... })
    >>> [(s.hyperparameter, s.models) for s in found]
    [('blocks', ('b', 'a')), ('channels', ('c', 'a'))]
    """
    groups: defaultdict[tuple[str, str, str], list[tuple[float, str]]] = defaultdict(list)
    for model, (architecture, parameters) in networks.items():
        for name, value in parameters.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                others = {key: other for key, other in parameters.items() if key != name}
                groups[architecture, name, json.dumps(others, sort_keys=True, default=str)].append((value, model))
    return tuple(
        Series(architecture, name, tuple(model for _, model in sorted(members)))
        for (architecture, name, _), members in groups.items()
        if len({value for value, _ in members}) > 1
    )
