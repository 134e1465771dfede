"""`analyse`, the one verb: pictures × degradations through networks, and how the features part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from lam_core.images.degradations import Degradation
from lam_core.semantics.design import DEGRADATIONS, Picture, cropped
from lam_core.semantics.errors import DesignError, TooManyPointsError
from lam_core.semantics.features import collect
from lam_core.semantics.inference import bootstrap, permutation_null
from lam_core.semantics.progress import Progress
from lam_core.semantics.projection import STEPS, plane, principal_components
from lam_core.semantics.result import Analysis, LayerResult, ModelResult, Role
from lam_core.semantics.separability import (
    Contrast,
    accuracy,
    at_equal_classes,
    check_design,
    chi_of,
    classes_of,
    inner_products,
    shares_of,
    silhouette,
    sums_of_squares,
)
from lam_core.semantics.space import FLATTENED, RAW, Features, Space
from lam_core.semantics.taps import Network
from lam_core.semantics.trunk import trunk_stages
from lam_core.semantics.untrained import untrained


def analyse(
    models: Sequence[Network],
    pictures: Sequence[Picture],
    *,
    degradations: Sequence[Degradation] = DEGRADATIONS,
    layers: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
    space: Space = FLATTENED,
    seed: int = 0,
    controls: bool = True,
    scatter: bool = True,
    resamples: int = 400,
    permutations: int = 199,
    memory: int = 1024**3,
    progress: Callable[[Progress], None] = lambda progress: None,
) -> Analysis:
    """How the features of every network separate by content and by degradation, layer by layer.

    `layers` are names for all networks, or by the network's name; None takes the stages of each one's trunk.
    `controls` adds each network before training (same layers) and the pixels themselves. `scatter` adds the t-SNE of
    every layer, the slowest part. `memory` bounds the features held at a time, in bytes. One seed gives one result.
    `progress` is called often, and an exception it raises ends the analysis. Raises `DesignError`,
    `ConstantFeaturesError`, `LayerError` or `TooManyPointsError`, each with a sentence that says what to give instead.
    """
    contents = [picture.content for picture in pictures]
    check_design(len(pictures), contents, len(degradations))
    names = [picture.name for picture in pictures]
    if len(set(map(str, degradations))) < len(degradations):
        raise DesignError(f"a degradation is named twice in {', '.join(map(str, degradations))}; name each once")
    points = len(pictures) * len(degradations)
    if 8 * points**2 > memory:
        raise TooManyPointsError(
            f"{points} points are too many to compare each with each in {memory // 1024**2} MiB; take fewer pictures"
        )
    images = cropped([picture.pixels for picture in pictures])
    subjects: list[tuple[Role, Network | None, Sequence[str]]] = []
    for model in models:
        named = layers.get(model.name) if isinstance(layers, Mapping) else layers
        wanted = trunk_stages(model) if named is None else tuple(named)
        if not wanted:
            raise DesignError(f"no layer of {model.name} was named; name one, or none for the trunk's stages")
        subjects.append(("model", model, wanted))
    if controls:
        trained = [(model, wanted) for _, model, wanted in subjects if model]
        subjects.extend(("untrained", untrained(model, seed), wanted) for model, wanted in trained)
    if controls or not models:
        subjects.append(("raw", None, (RAW,)))

    classes = classes_of(contents)
    results = []
    for position, (role, model, wanted) in enumerate(subjects):
        name = model.name if model else RAW

        def report(task: str, parts: float, name: str = name, position: int = position, wanted=wanted) -> None:
            # The features are one part, and so is each layer.
            progress(Progress(name, task, (position + parts / (1 + len(wanted))) / len(subjects)))

        features = collect(
            model,
            images,
            degradations,
            wanted,
            space=space,
            seed=seed,
            memory=memory,
            tick=lambda done, total, report=report: report("features", done / total),
        )
        found = []
        for i, layer in enumerate(features):

            def tick(part: float, name: str = layer.layer, i: int = i, report=report) -> None:
                report(name, 1 + i + part)

            found.append(
                _layer(
                    layer,
                    classes,
                    seed=seed,
                    scatter=scatter,
                    resamples=resamples,
                    permutations=permutations,
                    tick=tick,
                )
            )
        results.append(ModelResult(name, model.fingerprint if model else RAW, role, tuple(found)))
    return Analysis(tuple(results), tuple(names), tuple(contents), tuple(map(str, degradations)), seed)


def _layer(
    features: Features,
    classes: np.ndarray,
    *,
    seed: int,
    scatter: bool,
    resamples: int,
    permutations: int,
    tick: Callable[[float], None],
) -> LayerResult:
    """Every figure of one layer; `tick` hears the share done of it, in which a resample, a shuffle and a step of the
    t-SNE count the same: they take about as long."""
    steps = max(1, resamples + permutations + (STEPS if scatter else 0))
    done = 0

    def step() -> None:
        nonlocal done
        tick(done / steps)
        done += 1

    tick(0.0)
    projection = principal_components(features, seed=seed)
    points = projection.scores
    gram, projected = inner_products(features.values), inner_products(points)
    chi = chi_of(sums_of_squares(projected, classes))
    n, k, width = points.shape
    flat = points.reshape(-1, width)
    by_content, by_degradation = np.repeat(classes, k), np.tile(np.arange(k), n)
    tick(0.0)
    return LayerResult(
        layer=features.layer,
        n=n * k,
        k_content=int(classes.max()) + 1,
        k_degradation=k,
        space=f"{features.space}; CHI, silhouette, accuracy and points in its {projection.space}",
        seed=seed,
        share=shares_of(sums_of_squares(gram, classes)),
        chi=Contrast(*chi),
        silhouette=Contrast(silhouette(flat, by_content), silhouette(flat, by_degradation)),
        equal=at_equal_classes(points, classes, seed=seed),
        accuracy=accuracy(points, classes, seed=seed),
        intervals=bootstrap(gram, projected, classes, seed=seed, resamples=resamples, tick=step),
        null=permutation_null(gram, classes, seed=seed, permutations=permutations, tick=step),
        points=plane(projection, seed=seed, tick=step) if scatter else None,
        components=points[..., :3].astype(np.float32),
    )
