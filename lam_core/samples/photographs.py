"""Photographs that lie inside the scikit-image and scikit-learn packages, cropped to 256×256.

The files are read from the packages' folders: importing either package would take a hundred times longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

from lam_core.errors import LamError
from lam_core.images import Pixels
from lam_core.region import Region
from lam_core.samples.sample import SIDE, Kind, Sample

_CC0 = "CC0 1.0"
_CC_BY = "CC BY 2.0"
_PUBLIC = "public domain"
_FREE = "no known copyright restrictions"


class MissingPhotographError(LamError):
    """A sample whose package is not installed as this project pins it."""


@dataclass(frozen=True)
class _Source:
    """A photograph inside an installed package."""

    package: str
    file: str
    """Path inside the package's folder."""
    author: str
    licence: str

    def crop(self, left: int, top: int) -> Pixels:
        """The 256×256 part whose top-left corner is (left, top); grey becomes RGB."""
        spec = find_spec(self.package)
        path = Path(spec.origin).parent / self.file if spec and spec.origin else None
        if path is None or not path.is_file():
            raise MissingPhotographError(
                f"the photograph {self.file} is not in the installed {self.package}; "
                f"install the versions that requirements.txt names"
            )
        with Image.open(path) as image:
            return np.array(image.crop((left, top, left + SIDE, top + SIDE)).convert("RGB"))


_PALACE = _Source("sklearn", "datasets/images/china.jpg", "Daniel Büchele", _CC_BY)
_DAHLIA = _Source("sklearn", "datasets/images/flower.jpg", "vultilion on Flickr", _CC_BY)
_BRICK = _Source("skimage", "data/brick.png", "CC0Textures", _CC0)
_GRAVEL = _Source("skimage", "data/gravel.png", "CC0Textures", _CC0)
_GRASS = _Source("skimage", "data/grass.png", "linolafett on DeviantArt", _CC0)
_ASTRONAUT = _Source("skimage", "data/astronaut.png", "NASA", _PUBLIC)
_CAMERA = _Source("skimage", "data/camera.png", "Lav Varshney", _CC0)
_CAT = _Source("skimage", "data/chelsea.png", "Stéfan van der Walt", _CC0)
_COFFEE = _Source("skimage", "data/coffee.png", "Rachel Michetti", _CC0)
_MOTORCYCLE = _Source("skimage", "data/motorcycle_left.png", "Middlebury Stereo 2014", "for research, with citation")
_ROCKET = _Source("skimage", "data/rocket.jpg", "SpaceX", _PUBLIC)
_COINS = _Source("skimage", "data/coins.png", "Brooklyn Museum", _FREE)
_TISSUE = _Source("skimage", "data/ihc.png", "Center for Microscopy and Molecular Imaging", _FREE)


def photographs() -> tuple[Sample, ...]:
    """The photographs, regular structures first."""

    def taken(
        sample_id: str,
        title: str,
        kind: Kind,
        source: _Source,
        *,
        crop: tuple[int, int],
        window: tuple[int, int],
    ) -> Sample:
        credit = f"{source.author}, by way of {'scikit-learn' if source.package == 'sklearn' else 'scikit-image'}"
        render = partial(source.crop, *crop)
        return Sample(sample_id, title, kind, credit, source.licence, Region(*window), render)

    return (
        taken("palace-roof", "Palace roof", "roof", _PALACE, crop=(130, 20), window=(70, 70)),
        taken("palace-eaves", "Palace eaves", "roof", _PALACE, crop=(120, 140), window=(80, 170)),
        taken("brick", "Brick paving", "texture", _BRICK, crop=(120, 60), window=(96, 86)),
        taken("gravel", "Gravel", "texture", _GRAVEL, crop=(128, 128), window=(120, 120)),
        taken("grass", "Grass", "texture", _GRASS, crop=(140, 100), window=(120, 120)),
        taken("flag", "Flag and astronaut", "photograph", _ASTRONAUT, crop=(0, 0), window=(60, 150)),
        taken("spacesuit", "Spacesuit", "photograph", _ASTRONAUT, crop=(130, 150), window=(30, 215)),
        taken("cameraman", "Cameraman", "photograph", _CAMERA, crop=(180, 40), window=(96, 96)),
        taken("cat", "Chelsea the cat", "photograph", _CAT, crop=(120, 30), window=(60, 62)),
        taken("coffee", "Cup of coffee", "photograph", _COFFEE, crop=(250, 60), window=(96, 186)),
        taken("engine", "Motorcycle engine", "photograph", _MOTORCYCLE, crop=(260, 180), window=(146, 128)),
        taken("wheel", "Motorcycle wheel", "photograph", _MOTORCYCLE, crop=(440, 200), window=(104, 108)),
        taken("mast", "Lattice mast", "photograph", _ROCKET, crop=(0, 30), window=(48, 90)),
        taken("coins", "Coins from Pompeii", "photograph", _COINS, crop=(20, 20), window=(172, 96)),
        taken("tissue", "Tissue under a microscope", "photograph", _TISSUE, crop=(180, 180), window=(120, 150)),
        taken("dahlia", "Dahlia", "photograph", _DAHLIA, crop=(170, 80), window=(118, 116)),
    )
