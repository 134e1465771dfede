"""The zoo as a table, and what is known of one model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from zoo.catalog.entry import Bundled, Entry, GitHub, Hub, Lfs, Local, Package, Release
from zoo.catalog.registry import card, pinned_digest
from zoo.settings import ZooSettings
from zoo.sources.weights import State, reach, state

STATES: dict[State, str] = {
    "bundled": "comes with the project",
    "cached": "on this computer",
    "remote": "fetched on first use",
    "package": "in a Python package that you install",
    "local": "supplied by you",
}


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    id: str
    name: str
    kind: str
    scale: int
    tag: str
    family: str
    architecture: str
    parameters: int | None
    receptive_field: str
    """Side in LR pixels, aligned to the right so that it sorts by size; or `global`."""
    set5: float | None
    """PSNR in dB on Set5, as published; for a compact network, as measured by its training run."""
    year: int | None
    weights: str
    pinned: bool
    """Whether the bytes of the weights are fixed by a digest."""
    licence: str
    words: str
    """All that a search looks through, in lower case."""


@dataclass(frozen=True)
class Wanted:
    """Which models are listed; what is empty leaves nothing out."""

    search: str = ""
    """Words that must all occur."""
    family: tuple[str, ...] = ()
    architecture: tuple[str, ...] = ()
    scale: tuple[int, ...] = ()
    weights: tuple[str, ...] = ()
    licence: tuple[str, ...] = ()

    def among(self, listed: Iterable[Row]) -> list[Row]:
        """The rows that are wanted, in their order."""
        words = self.search.lower().split()
        names = ("family", "architecture", "scale", "weights", "licence")
        return [
            row
            for row in listed
            if all(word in row.words for word in words)
            and all(not getattr(self, name) or getattr(row, name) in getattr(self, name) for name in names)
        ]


def choices(listed: Sequence[Row], name: str) -> list:
    """The values of a column, ascending."""
    return sorted({getattr(row, name) for row in listed}, key=lambda value: (str(value).lower(), value))


def rows(entries: Iterable[Entry], settings: ZooSettings) -> list[Row]:
    """A line for every entry, super-resolvers first, by scale and year."""
    order = {"super-resolver": 0, "classifier": 1, "classical": 2}
    listed = sorted(entries, key=lambda e: (order[e.kind], -e.scale, e.tag, e.published.year or 0, e.name))
    return [row(entry, settings) for entry in listed]


def row(entry: Entry, settings: ZooSettings, tag: str = "") -> Row:
    """An entry as a line; `tag` replaces its own."""
    said, measured = entry.published, card(entry)
    field = said.receptive_field
    words = (entry.id, entry.name, entry.architecture, entry.family, tag or entry.tag, entry.licence, entry.note)
    words += (said.title, said.venue, said.year, said.training, said.degradation, source(entry))
    return Row(
        id=entry.id,
        name=entry.name,
        kind=entry.kind,
        scale=entry.scale,
        tag=tag or entry.tag,
        family=entry.family,
        architecture=entry.architecture,
        parameters=measured.get("parameters") or said.parameters,
        receptive_field="" if field is None else f"{field:>4}" if isinstance(field, int) else field,
        set5=said.psnr.get("Set5") or measured.get("quality", {}).get("Set5", {}).get("psnr"),
        year=said.year,
        weights=STATES[state(entry, settings)],
        pinned=entry.pinned,
        licence=entry.licence,
        words=" ".join(str(word) for word in words if word is not None).lower(),
    )


def can_be_tried(entry: Entry, settings: ZooSettings) -> bool:
    """Whether maps of the model can be computed here: a network whose weights are here or can be fetched."""
    return entry.kind == "super-resolver" and reach(entry, settings) != "absent"


def source(entry: Entry) -> str:
    """Where the weights come from, in one line of Markdown."""
    weights = entry.weights
    match weights:
        case GitHub():
            address = f"https://github.com/{weights.repo}/blob/{weights.revision}/{weights.file}"
            return f"[{weights.repo}]({address}), commit {weights.revision[:7]}"
        case Hub():
            return f"[{weights.repo}](https://huggingface.co/{weights.repo}) on the Hub, file `{weights.file}`"
        case Package():
            return f"`{weights.file}` of the Python package {weights.distribution} {weights.version}"
        case Lfs():
            return f"{weights.repo}, commit {weights.revision[:7]}, file `{weights.file}` in its LFS store"
        case Release():
            return f"{weights.repo}, file `{weights.file}` of its release {weights.tag}"
        case Local():
            return f"`{weights.file}`, which you supply: {weights.note}"
        case Bundled():
            return f"`zoo/compact/{weights.file}`, trained by this project"
    return "none: a classical method"


def facts(entry: Entry) -> list[tuple[str, str]]:
    """What is known of a model, as names and Markdown."""
    said = entry.published
    paper = said.title or ""
    if said.paper:
        paper = f"[{said.title or 'paper'}]({said.paper})"
    if said.venue or said.year:
        paper = f"{paper}, {' '.join(str(part) for part in (said.venue, said.year) if part)}".lstrip(", ")
    digest = pinned_digest(entry)
    psnr = " · ".join(f"{name} {value:.2f} dB" for name, value in said.psnr.items())
    made = card(entry)
    quality = dict(made.get("quality", {}))
    accuracy = f"{quality.pop('accuracy')} % of held-out crops" if "accuracy" in quality else ""
    measured = " · ".join(f"{name} {value['psnr']:.2f} dB" for name, value in quality.items())
    data = made.get("training", {}).get("data") or ", ".join(part for part in (said.training, said.degradation) if part)
    published_di = "" if said.diffusion_index is None else f"{said.diffusion_index:.2f} (×4, 150 hard images)"
    listed = [
        ("Paper", paper),
        ("Architecture", f"{entry.architecture}, ×{entry.scale}"),
        ("Input", _input(entry)),
        ("Trained on", data),
        ("Published PSNR", psnr),
        ("Measured PSNR", measured),
        ("Accuracy", accuracy),
        ("Published DI", published_di),
        ("Weights", source(entry)),
        ("sha256", f"{digest[:24]}…" if digest else "not pinned yet"),
        ("Licence", entry.licence),
    ]
    if entry.kind == "classical":
        listed = [fact for fact in listed if fact[0] not in ("Input", "Weights", "sha256")]
    return [(name, text) for name, text in listed if text]


def _input(entry: Entry) -> str:
    convention = entry.declared_convention()
    colour = "luma alone" if convention.colour == "luma" else convention.colour.upper()
    padding = f", padded to multiples of {convention.pad_multiple}" if convention.pad_multiple > 1 else ""
    return f"{colour}, 0 to {convention.input_range:g}{padding}"
