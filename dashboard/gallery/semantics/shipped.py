"""Shipped results on degradation semantics: what is asked of every network, and reading the answers that ship.

`lam_core.semantics.sample_designs` says what the networks are shown; `make.py` computes.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from lam_core.images import Pixels
from lam_core.reference import Fetching, NetworkReference
from lam_core.semantics import sample_designs as designs
from lam_core.semantics.design import Design, Picture
from lam_core.semantics.detection import Trained
from lam_core.semantics.requests import AnalysisRequest, ProbeRequest, ScoreRequest, StrengthRequest
from lam_core.semantics.result import Analysis
from lam_core.semantics.srga import SrgaScore
from lam_core.semantics.strength import StrengthCurve
from lam_core.semantics.turn_off import Response
from lam_core.service.request import Request
from lam_core.service.store import read

DEVICE = "cpu"
"""Where the answers were computed."""
FOLDER = Path(__file__).parent
INDEX = FOLDER / "index.json"
PICTURES = FOLDER / "pictures.png"
RESPONSES = FOLDER / "turn-off.json"
EXAMPLES = FOLDER / "turn-off.png"
SPECIFIC = "cincgan-c"
"""The network that was trained for one degradation."""
RESTORERS = (SPECIFIC, "non-local-means", "bm3d", "imdn-c")
"""Methods whose restoring is compared, besides doing nothing; those that are not here are left out."""
EXAMPLE_ROWS = ("noise:20", "blur:2", "jpeg:70")
PUBLISHED = ("srgan", "imdn", "pan", "carn-m")
"""Networks whose checkpoints are not part of the project; every bundled network is asked too."""

QUESTIONS: dict[str, Callable[[NetworkReference], Request[Any]]] = {
    "analysis": lambda model: AnalysisRequest(model, designs.sample_design()),
    "strength": lambda model: StrengthRequest(model, designs.sample_design(), designs.STRENGTHS),
    "srga": lambda model: ScoreRequest(model, designs.shift_pictures(), designs.SHIFTS),
    "probe": lambda model: ProbeRequest(
        model, designs.detection_pictures()[0], designs.KINDS, designs.detection_pictures()[1], designs.TRIED
    ),
}
"""What is asked, by the name of the file that keeps the answer."""


@dataclass(frozen=True)
class Source:
    """A network whose results ship."""

    id: str
    name: str
    source: str
    """Where its weights lie: repository, commit and file, or this project."""
    sha256: str
    """Of the weights."""
    fingerprint: str
    scale: int = 1

    def load(self, progress: Fetching | None = None) -> Any:
        """Nothing: only the answers are here."""
        raise NotImplementedError(f"the results of {self.name} ship, its weights do not")


@functools.cache
def sources() -> dict[str, Source]:
    """The networks whose results ship, by id."""
    return {row["id"]: Source(**row) for row in json.loads(INDEX.read_text(encoding="utf-8"))}


def answer_file(question: str, model_id: str) -> Path:
    """Where an answer lies."""
    return FOLDER / f"{question}-{model_id}.npz"


def is_answered(question: str, model_id: str) -> bool:
    """Whether the answer of a network ships."""
    return model_id in sources() and answer_file(question, model_id).is_file()


def analysis(model_id: str) -> Analysis:
    """How a network's features part on the sample design. Raises `KeyError` for a network whose results do not ship."""
    return _answer("analysis", model_id)


def strength(model_id: str) -> tuple[StrengthCurve, ...]:
    """How its separability grows. Raises `KeyError` likewise."""
    return _answer("strength", model_id)


def scores(model_id: str) -> tuple[SrgaScore, ...]:
    """Its SRGA. Raises `KeyError` likewise."""
    return _answer("srga", model_id)


def probe(model_id: str) -> Trained:
    """Its probe and how that does. Raises `KeyError` likewise."""
    return _answer("probe", model_id)


@functools.lru_cache(maxsize=128)
def _answer(question: str, model_id: str) -> Any:
    source = sources()[model_id]
    stored = read(answer_file(question, model_id).read_bytes())
    if stored is None:
        raise ValueError(f"{answer_file(question, model_id).name} is damaged; `make gallery` makes it again")
    return _RESTORERS[question](source).restore(stored)


@functools.cache
def shipped_design() -> Design:
    """`sample_design`, its pictures read instead of rendered."""
    with Image.open(PICTURES) as image:
        strip = np.asarray(image.convert("RGB"))
    return Design(
        tuple(
            Picture(name, content, tile)
            for (name, content), tile in zip(designs.sample_names(), _tiles(strip), strict=True)
        )
    )


@dataclass(frozen=True)
class Restoring:
    """What several methods do to several degradations, and one picture of it."""

    responses: tuple[Response, ...]
    methods: tuple[str, ...]
    """Names, in the order of the examples' columns."""
    specific: str
    """The name of the network trained for one degradation; empty if it is not among them."""


@functools.cache
def restoring() -> Restoring:
    """The shipped comparison of restoring methods."""
    content = json.loads(RESPONSES.read_text(encoding="utf-8"))
    responses = tuple(Response(**{**row, "change_interval": tuple(row["change_interval"])}) for row in content["rows"])
    return Restoring(responses, tuple(content["methods"]), content["specific"])


@functools.cache
def examples() -> dict[str, tuple[Pixels, ...]]:
    """By degradation: the clean picture, the degraded one, and what each method makes of it."""
    with Image.open(EXAMPLES) as image:
        sheet = np.asarray(image.convert("RGB"))
    side = sheet.shape[0] // len(EXAMPLE_ROWS)
    return {name: tuple(_tiles(sheet[i * side : (i + 1) * side])) for i, name in enumerate(EXAMPLE_ROWS)}


def _tiles(strip: Pixels) -> list[Pixels]:
    side = strip.shape[0]
    return [strip[:, x : x + side] for x in range(0, strip.shape[1], side)]


_EMPTY = Design(())
_RESTORERS: dict[str, Callable[[NetworkReference], Request[Any]]] = {
    "analysis": lambda model: AnalysisRequest(model, _EMPTY),
    "strength": lambda model: StrengthRequest(model, _EMPTY, ()),
    "srga": lambda model: ScoreRequest(model, (), ()),
    "probe": lambda model: ProbeRequest(model, (), (), (), ()),
}
