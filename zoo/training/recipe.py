"""A recipe: everything that decides how a compact network is trained, from one TOML file."""

from __future__ import annotations

import json
import tomllib
from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, get_args

from lam_core.errors import LamError

RECIPES = Path(__file__).parent / "recipes"


Objective = Literal["fidelity", "adversarial", "classification"]
Optimiser = Literal["muon", "adam"]


class RecipeError(LamError):
    """A recipe that does not exist or does not say what a recipe must say."""


@dataclass(frozen=True)
class Recipe:
    """How one compact network is made: the loss, the optimiser, cosine decay, averaged weights."""

    id: str
    """The recipe's file name and the network's id in the zoo."""
    architecture: str
    """Id of the architecture in the registry."""
    hyperparameters: dict[str, Any]
    """Keyword arguments of the architecture."""
    weight: float
    """Share of `train --all`'s time, relative to the other recipes."""
    steps: int
    """Length of the schedule, unless a time is given in its place."""
    patch: int = 32
    """Side of a training patch in LR pixels."""
    batch: int = 16
    """Patches in a step."""
    learning_rate: float = 1e-3
    """Peak of the cosine schedule, for Adam; `zoo.training.optimisers` says what Muon's is."""
    optimiser: Optimiser = "muon"
    """Muon with Adam, or Adam alone."""
    seed: int = 0
    """Seeds initial weights and the order of patches."""
    interpolation: tuple[str, ...] = ()
    """First convolution, that at the end of the trunk, and last one, if the network is to begin as interpolation."""
    objective: Objective = "fidelity"
    """For PSNR, for looks, or a classifier."""
    degradation: str = "clean"
    """What is done to LR pictures before the network sees them, as `lam_core.images.degradations` writes it."""
    reduced: int = 1
    """By how much pictures are reduced at first: a network of scale 1 works on LR pictures."""
    drawn: tuple[str, ...] = ()
    """Degradations of which every training patch gets one at random, in place of `degradation`: a blind network."""
    start: str = ""
    """Id of the network whose weights the training begins with: adversarial and blind ones do."""
    features: str = ""
    """Id of the classifier whose features an adversarial training compares; none if empty."""
    pixels: float = 1.0
    """Weight of the absolute error on RGB in an adversarial training."""
    perceptual: float = 0.0
    """Weight of the absolute error on features."""
    adversarial: float = 0.0
    """Weight of the discriminator."""

    def __post_init__(self) -> None:
        if len(self.interpolation) not in (0, 3):
            raise RecipeError(f"{self.id}: interpolation names three layers, not {len(self.interpolation)}")
        if self.objective not in get_args(Objective):
            raise RecipeError(f"{self.id}: no objective {self.objective!r}; there are {', '.join(get_args(Objective))}")
        if self.optimiser not in get_args(Optimiser):
            raise RecipeError(f"{self.id}: no optimiser {self.optimiser!r}; there are {', '.join(get_args(Optimiser))}")
        if (self.objective == "adversarial" or bool(self.drawn)) != bool(self.start):
            raise RecipeError(
                f"{self.id}: an adversarial or blind training, and no other, names the network it starts from"
            )
        if self.drawn and self.degradation != "clean":
            raise RecipeError(f"{self.id}: degradation {self.degradation!r} beside drawn; a recipe has one of the two")
        if bool(self.features) != (self.perceptual > 0):
            raise RecipeError(f"{self.id}: features and their weight, perceptual, are given together or not at all")

    @property
    def digest(self) -> str:
        """sha256 over everything that the recipe says but its share of time: the name of a run."""
        said = {key: value for key, value in asdict(self).items() if key != "weight"}
        return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def load_recipe(recipe_id: str) -> Recipe:
    """The recipe of that id. Raises `RecipeError` with what is wrong and what exists."""
    path = RECIPES / f"{recipe_id}.toml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in RECIPES.glob("*.toml")))
        raise RecipeError(f"no recipe {recipe_id!r}; there are {known}")
    content = tomllib.loads(path.read_text())
    allowed = {field.name for field in fields(Recipe)} - {"id"}
    if unknown := set(content) - allowed:
        raise RecipeError(f"{path.name}: unknown {', '.join(sorted(unknown))}; known are {allowed}")
    try:
        return Recipe(id=recipe_id, **content)
    except TypeError as error:
        raise RecipeError(f"{path.name}: {error}") from None


def all_recipes() -> list[Recipe]:
    """Every recipe by file name; those that build on other networks come after all others."""
    recipes = [load_recipe(path.stem) for path in sorted(RECIPES.glob("*.toml"))]
    return sorted(recipes, key=lambda recipe: bool(recipe.start))
