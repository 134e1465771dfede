"""What a visitor looks at, as one value, and the address that says all of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from lam_core.attribution.settings import AttributionSettings, SettingsError
from lam_core.attribution.settings_table import SETTINGS
from lam_core.images.degradations import Degradation, StrengthError, UnknownDegradationError
from lam_core.region import Region, RegionError

FIRST_SAMPLE = "glass-tower"
MOST_MODELS = 8
_UPLOAD = re.compile(r"upload-[0-9a-f]{64}")
_NAME = re.compile(r"[^\s,]{1,300}")
MapScale = Literal["own", "shared", "log"]
"""Every map by its own maximum, as published; all by the largest share of attribution on one pixel; its logarithm."""


@dataclass(frozen=True)
class Comparison:
    """What the compare page sets against what; nothing of it changes what is computed."""

    left: str = ""
    """Under the slider: a network of the view's, `hr` or `bicubic`; empty for what the page suggests."""
    right: str = ""
    """The same."""
    wide: tuple[str, ...] = ()
    """The networks whose common view is set against the others'; none for those that DI parts off."""
    baseline: str = ""
    """The network that figures and maps are compared with; empty for the one of the least DI."""
    subject: str = ""
    """The network that methods and checks are about; empty for the one of the largest DI."""


@dataclass(frozen=True)
class View:
    """One state of the attribution and the compare page. The default is the first visit: the shipped results."""

    image: str = FIRST_SAMPLE
    """A sample's id, or `upload-` and the digest of the uploaded picture."""
    low_resolution: bool = False
    """The upload is the LR picture itself; there is no HR."""
    scale: int = 4
    window: Region | None = None
    """In SR pixels; none for the place that the picture suggests."""
    models: tuple[str, ...] = ()
    """Names as `zoo.reference` takes them; none for the compact networks."""
    settings: AttributionSettings = field(default_factory=AttributionSettings)
    density: bool = False
    """Show maps as kernel densities."""
    map_scale: MapScale = "own"
    """What the colours of maps stand for."""
    comparison: Comparison = Comparison()
    degradation: str = "clean"
    """What is done to the LR picture before it is attributed, as `blur:2`."""
    tiles: str = ""
    """The network whose DI over the whole picture is shown; empty where the maps of the window are."""

    @property
    def question(self) -> View:
        """What the view asks of its networks: how the answers are shown left out."""
        return replace(self, density=False, map_scale="own", comparison=Comparison(), tiles="")

    @property
    def is_first_visit(self) -> bool:
        """Whether nothing has been chosen yet, how maps are shown aside."""
        return replace(self, density=False, map_scale="own", tiles="") == View()

    @property
    def upload(self) -> str | None:
        """The digest of the uploaded picture that is meant, if one is."""
        return self.image.removeprefix("upload-") if _UPLOAD.fullmatch(self.image) else None

    def to_query(self) -> dict[str, str]:
        """The query of an address that restores this view; defaults are left out."""
        query = {"image": self.image}
        if self.low_resolution:
            query["lr"] = "1"
        query["scale"] = str(self.scale)
        if self.window:
            query["window"] = f"{self.window.x},{self.window.y},{self.window.size}"
        if self.models:
            query["models"] = ",".join(self.models)
        standard = AttributionSettings().as_dict()
        for name, value in self.settings.as_dict().items():
            if value != standard.get(name):
                query[name] = f"{value:g}" if isinstance(value, float) else str(value)
        if self.degradation != "clean":
            query["degrade"] = self.degradation
        if self.density:
            query["map"] = "kde"
        if self.map_scale != "own":
            query["colours"] = self.map_scale
        for name in ("left", "right", "baseline", "subject"):
            if value := getattr(self.comparison, name):
                query[name] = value
        if self.comparison.wide:
            query["wide"] = ",".join(self.comparison.wide)
        if self.tiles:
            query["tiles"] = self.tiles
        if self.is_first_visit:
            return {name: query[name] for name in ("map", "colours", "tiles") if name in query}
        return query


def from_query(query: Mapping[str, str]) -> tuple[View, tuple[str, ...]]:
    """The view that an address asks for, and one sentence for every part of it that could not be used.

    >>> from_query({"image": "cat", "window": "8,0,16"})[0].window
    Region(x=8, y=0, size=16)
    >>> from_query({"scale": "many"})[1]
    ('The address says scale=many, which is no usable value; the standard one is used.',)
    """
    faults: list[str] = []

    def read(name: str, parse: Callable[[str], Any], fallback: Any) -> Any:
        if name not in query:
            return fallback
        try:
            return parse(query[name])
        except (RegionError, SettingsError, UnknownDegradationError, StrengthError) as error:
            faults.append(f"The address was not used as it stands: {error}.")
        except (KeyError, ValueError, TypeError):
            shown = query[name] if len(query[name]) <= 40 else query[name][:39] + "…"
            faults.append(f"The address says {name}={shown}, which is no usable value; the standard one is used.")
        return fallback

    standard = View()
    settings = standard.settings
    for part in SETTINGS.values():
        settings = read(part.name, lambda text, p=part, s=settings: replace(s, **{p.name: p.parse(text)}), settings)
    view = View(
        image=read("image", _matching(re.compile(r"upload-[0-9a-f]{64}|[a-z0-9][a-z0-9-]{0,60}")), standard.image),
        low_resolution=read("lr", lambda text: {"0": False, "1": True}[text], False),
        scale=read("scale", _scale, standard.scale),
        window=read("window", _window, None),
        models=read("models", _models, ()),
        settings=settings,
        degradation=read("degrade", lambda text: str(Degradation.parse(text)), "clean"),
        density=read("map", lambda text: {"kde": True, "lam": False}[text], False),
        map_scale=read("colours", lambda text: {name: name for name in get_args(MapScale)}[text], "own"),
        comparison=Comparison(
            left=read("left", _matching(_NAME), ""),
            right=read("right", _matching(_NAME), ""),
            wide=read("wide", _models, ()),
            baseline=read("baseline", _matching(_NAME), ""),
            subject=read("subject", _matching(_NAME), ""),
        ),
        tiles=read("tiles", _matching(_NAME), ""),
    )
    return view, tuple(faults)


def _matching(pattern: re.Pattern[str]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(text)
        return text

    return parse


def _scale(text: str) -> int:
    if not 1 <= int(text) <= 16:
        raise ValueError(text)
    return int(text)


def _window(text: str) -> Region:
    x, y, size = (int(part) for part in text.split(","))
    return Region(x, y, size)


def _models(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(part for part in text.split(",") if part))
    if not all(_NAME.fullmatch(name) for name in names):
        raise ValueError(text)
    return names[:MOST_MODELS]
