"""What an analysis finds, frozen and ready for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from math import isfinite
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lam_core.semantics.inference import Intervals, Null
from lam_core.semantics.separability import Accuracy, Contrast, EqualClasses, Shares

Role = Literal["model", "untrained", "raw"]

METHOD_VERSION = 2
"""Part of every stored analysis's key; changes when the same request would give other figures."""


@dataclass(frozen=True, eq=False)
class LayerResult:
    """One layer of one network: how its features part."""

    layer: str
    n: int
    """Points: pictures × degradations."""
    k_content: int
    k_degradation: int
    space: str
    """Everything between the layer's output and the figures; shares and null are of the whole space, not its PCA."""
    seed: int
    share: Shares
    chi: Contrast
    """Over all points: n, `k_content` and `k_degradation` as they are."""
    silhouette: Contrast
    """Over all points."""
    equal: EqualClasses
    """CHI and silhouette at equal numbers of classes: the fair comparison."""
    accuracy: Accuracy
    intervals: Intervals
    null: Null
    points: NDArray[np.float32] | None
    """t-SNE, [pictures, degradations, 2]; None where it was not asked for."""
    components: NDArray[np.float32]
    """The first principal components, [pictures, degradations, up to 3]."""


@dataclass(frozen=True)
class ModelResult:
    """One network, a control, or the pixels."""

    model: str
    fingerprint: str
    role: Role
    """`untrained`: the same network before training; `raw`: the pixels themselves."""
    layers: tuple[LayerResult, ...]


@dataclass(frozen=True)
class Analysis:
    """The crossed design and what every network makes of it."""

    models: tuple[ModelResult, ...]
    """As asked for, then the controls: each one's untrained self in the same order, and the pixels last."""
    images: tuple[str, ...]
    """Names, in the order of every array's first axis."""
    contents: tuple[str, ...]
    """Of each picture."""
    degradations: tuple[str, ...]
    """As text, in the order of every array's second axis."""
    seed: int

    @classmethod
    def joined(cls, analyses: Sequence[Analysis]) -> Analysis:
        """Analyses of single networks on one design as one: networks first, then controls, the pixels once."""
        models = [model for analysis in analyses for model in analysis.models]
        by_role = {role: [model for model in models if model.role == role] for role in ("model", "untrained", "raw")}
        ordered = (*by_role["model"], *by_role["untrained"], *by_role["raw"][:1])
        return replace(analyses[0], models=ordered)

    def to_json(self) -> dict[str, Any]:
        """Plain values; figures that are not finite are null. Controls stand beside the models, not among them."""

        def listed(controls: bool) -> list[dict[str, Any]]:
            return [
                {
                    "model": model.model,
                    "fingerprint": model.fingerprint,
                    "role": model.role,
                    "layers": [self._layer(layer) for layer in model.layers],
                }
                for model in self.models
                if (model.role != "model") == controls
            ]

        return _plain(
            {
                "models": listed(controls=False),
                "controls": listed(controls=True),
                "images": list(self.images),
                "contents": list(self.contents),
                "degradations": list(self.degradations),
                "seed": self.seed,
            }
        )

    def _layer(self, layer: LayerResult) -> dict[str, Any]:
        return {
            "layer": layer.layer,
            "n": layer.n,
            "k_content": layer.k_content,
            "k_degradation": layer.k_degradation,
            "space": layer.space,
            "seed": layer.seed,
            "share": asdict(layer.share),
            "chi": asdict(layer.chi),
            "silhouette": asdict(layer.silhouette),
            "equal_k": asdict(layer.equal),
            "accuracy": asdict(layer.accuracy),
            "intervals": asdict(layer.intervals),
            "null": asdict(layer.null),
            "points": []
            if layer.points is None
            else [
                [float(x), float(y), self.contents[i], self.degradations[d], self.images[i]]
                for i, row in enumerate(layer.points)
                for d, (x, y) in enumerate(row)
            ],
            "components": layer.components.tolist(),
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Analysis:
        """The inverse of `to_json`, for results that were kept; null figures come back as None."""
        shape = (len(content["images"]), len(content["degradations"]), 2)
        return cls(
            tuple(
                ModelResult(
                    model["model"],
                    model["fingerprint"],
                    model["role"],
                    tuple(_layer_from(layer, shape) for layer in model["layers"]),
                )
                for model in (*content["models"], *content["controls"])
            ),
            tuple(content["images"]),
            tuple(content["contents"]),
            tuple(content["degradations"]),
            int(content["seed"]),
        )


def _layer_from(layer: dict[str, Any], shape: tuple[int, int, int]) -> LayerResult:
    points = [[x, y] for x, y, *_ in layer["points"]]
    equal, accuracy, intervals = layer["equal_k"], layer["accuracy"], layer["intervals"]
    bounds = {name: tuple(bound) for name, bound in intervals.items() if name != "resamples"}
    return LayerResult(
        layer["layer"],
        layer["n"],
        layer["k_content"],
        layer["k_degradation"],
        layer["space"],
        layer["seed"],
        Shares(**layer["share"]),
        Contrast(**layer["chi"]),
        Contrast(**layer["silhouette"]),
        EqualClasses(
            **(equal | {name: Contrast(**equal[name]) for name in ("chi", "silhouette")}),
        ),
        Accuracy(**(accuracy | {name: Contrast(**accuracy[name]) for name in ("centroid", "probe", "chance")})),
        Intervals(**bounds, resamples=intervals["resamples"]),
        Null(**layer["null"]),
        np.array(points, np.float32).reshape(shape) if points else None,
        np.array(layer["components"], np.float32),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not isfinite(value):
        return None
    return value
