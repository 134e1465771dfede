"""Every check by name, ready for `examine`: of a map, how far to trust it; of a model, what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from lam_core.attribution.checks.causal_effects import CausalEffects, CausalSettings, causal_effects
from lam_core.attribution.checks.check import Check
from lam_core.attribution.checks.insertion_deletion import Faithfulness, FaithfulnessSettings, faithfulness
from lam_core.attribution.checks.network_size import Build
from lam_core.attribution.checks.occlusion import OcclusionAgreement, occlusion_agreement
from lam_core.attribution.checks.randomisation import Randomisation, randomisation
from lam_core.attribution.checks.receptive_field import anatomy, receptive_field
from lam_core.attribution.methods import SATURATION_POINTS, GradientMap, Saturation, plain_gradient, saturation
from lam_core.attribution.request import AttributionRequest
from lam_core.attribution.result import Attribution
from lam_core.images import Pixels, digest
from lam_core.reference import ModelReference


def faithfulness_of(request: AttributionRequest, settings: FaithfulnessSettings | None = None) -> Check[Faithfulness]:
    """Insertion and deletion curves of a map."""
    chosen = settings or FaithfulnessSettings()
    return Check(
        "faithfulness",
        request.model,
        asdict(chosen),
        lambda model, found, report: faithfulness(model, request.image, _known(found), chosen, report=report),
        Faithfulness.from_dict,
        map_of=request,
    )


def occlusion_of(request: AttributionRequest, block: int = 4) -> Check[OcclusionAgreement]:
    """Agreement of a map with occlusion of blocks of that side in LR pixels."""
    return Check(
        "occlusion",
        request.model,
        {"block": block},
        lambda model, found, report: occlusion_agreement(
            model, request.image, _known(found), block=block, report=report
        ),
        OcclusionAgreement.from_dict,
        map_of=request,
    )


def randomisation_of(request: AttributionRequest, steps: int = 6, seed: int = 0) -> Check[Randomisation]:
    """How a map changes as the network forgets."""
    return Check(
        "randomisation",
        request.model,
        {"steps": steps, "seed": seed},
        lambda model, found, report: randomisation(
            model, request.image, _known(found), steps=steps, seed=seed, report=report
        ),
        Randomisation.from_dict,
        map_of=request,
    )


def causal_effects_of(
    request: AttributionRequest, truth: Pixels, donors: Sequence[Pixels], settings: CausalSettings | None = None
) -> Check[CausalEffects]:
    """The causal effect map of a window; `truth` is the HR picture, `donors` are LR pictures to take patches from."""
    chosen = settings or CausalSettings()
    return Check(
        "causal effects",
        request.model,
        {
            "image": digest(request.image),
            "truth": digest(truth),
            "window": [request.region.x, request.region.y, request.region.size],
            "field": request.settings.field,
            "dtype": request.settings.dtype,
            "donors": [digest(donor) for donor in donors],
            "settings": asdict(chosen),
        },
        lambda model, _, report: causal_effects(
            model, request.image, truth, request.region, donors, request.settings, chosen, report=report
        ),
        CausalEffects.from_dict,
    )


def gradient_of_window(request: AttributionRequest) -> Check[GradientMap]:
    """The plain gradient of a window."""
    return Check(
        "gradient",
        request.model,
        _window(request),
        lambda model, _, report: plain_gradient(model, request.image, request.region, request.settings),
        GradientMap.from_dict,
    )


def saturation_of(request: AttributionRequest, points: int = SATURATION_POINTS) -> Check[Saturation]:
    """D and its running integral along the path of the request's settings."""
    return Check(
        "saturation",
        request.model,
        {**_window(request), "points": points},
        lambda model, _, report: saturation(
            model, request.image, request.region, request.settings, points=points, report=report
        ),
        Saturation.from_dict,
    )


def build_of(model: ModelReference) -> Check[Build]:
    """Depth, width, parameters and the probed receptive field of a model."""
    return Check(
        "build", model, {}, lambda loaded, _, report: Build(anatomy(loaded), receptive_field(loaded)), Build.from_dict
    )


def _window(request: AttributionRequest) -> dict[str, Any]:
    return {
        "image": digest(request.image),
        "window": [request.region.x, request.region.y, request.region.size],
        "settings": request.settings.as_dict(),
    }


def _known(attribution: Attribution | None) -> Attribution:
    assert attribution is not None, "a check that names its map is run with it"
    return attribution
