"""Every file that a figure can be had as: PDF, SVG, PNG, a LaTeX snippet, the arrays and numbers behind it, a ZIP."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from math import isfinite
from pathlib import PurePath
from typing import Any

import numpy as np

from lam_core.attribution.settings import METHOD_VERSION
from lam_core.attribution.wording import index_of
from lam_core.diffusion.area import area
from lam_core.images import Pixels, digest
from lam_core.render.figure.cells import Cell, network_cell, reference_cell
from lam_core.render.figure.draw import Format, draw
from lam_core.render.figure.layout import layout
from lam_core.render.figure.legend import note
from lam_core.render.figure.material import Material, Slot, slots, spots
from lam_core.render.figure.recipe import Kind, Recipe, Reference, names_of
from lam_core.render.figure.recipe_text import plain, to_json, to_toml
from lam_core.render.pictures import png

SUFFIXES = {
    ".pdf": "application/pdf",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".tex": "text/x-tex",
    ".npz": "application/octet-stream",
    ".json": "application/json",
    ".toml": "application/toml",
    ".zip": "application/zip",
}
"""Endings of the files that `file` makes, with their types."""
_LATEX = str.maketrans(
    {
        **{sign: f"\\{sign}" for sign in "#$%&_{}"},
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "×": r"$\times$",
        "±": r"$\pm$",
        "σ": r"$\sigma$",
        "·": r"$\cdot$",
        "≤": r"$\leq$",
        "−": r"$-$",
        "∞": r"$\infty$",
    }
)
_EPOCH = (1980, 1, 1, 0, 0, 0)


def file(material: Material, suffix: str, name: str = "figure") -> bytes:
    """The bytes of a figure's file; `suffix` one of `SUFFIXES`, `name` the file's without it.

    Equal material gives equal bytes. Raises what `layout` and `draw` raise.
    """
    match suffix:
        case ".pdf" | ".svg" | ".png":
            return drawn(material, suffix[1:])  # pyright: ignore[reportArgumentType]
        case ".tex":
            return latex(material, f"{name}.pdf").encode()
        case ".npz":
            return arrays(material)
        case ".json":
            return numbers(material).encode()
        case ".toml":
            return to_toml(portable(material)).encode()
        case _:
            return archive(material, name)


def drawn(material: Material, form: Format) -> bytes:
    """The figure itself, its recipe inside."""
    recipe = portable(material)
    return draw(layout(material), form, font=recipe.font, dpi=recipe.dpi, recipe=to_json(recipe), title=recipe.caption)


def portable(material: Material) -> Recipe:
    """The recipe as it leaves this computer: images by file name and digest, networks by name and fingerprint."""
    recipe = material.recipe
    images = tuple(
        replace(
            image,
            file=PurePath(image.file).name,
            sha256=source.sha256,
            hr=PurePath(image.hr).name,
            hr_sha256=digest(source.hr) if image.hr and source.hr is not None else "",
        )
        for image, source in zip(recipe.images, material.sources, strict=True)
    )
    fingerprints = {slot.network: result.fingerprint for slot, result in material.results.items()}
    networks = tuple(
        replace(network, name=material.names[n], fingerprint=fingerprints.get(n, network.fingerprint))
        for n, network in enumerate(recipe.networks)
    )
    return replace(recipe, images=images, networks=networks)


def latex(material: Material, file_name: str) -> str:
    """A `figure` environment that shows a file at its own width; the caption holds settings and DI."""
    recipe = material.recipe
    wide = recipe.width_mm > 100
    caption = " ".join(filter(None, (recipe.caption, f"{note(material)}." if note(material) else "")))
    star = "*" if wide else ""
    return (
        f"\\begin{{figure{star}}}[t]\n"
        "  \\centering\n"
        f"  \\includegraphics[width={recipe.width_mm:g}mm]{{{file_name}}}\n"
        f"  \\caption{{{caption.translate(_LATEX)}}}\n"
        "  \\label{fig:lam}\n"
        f"\\end{{figure{star}}}\n"
    )


def arrays(material: Material) -> bytes:
    """Everything drawn as .npz: `image1_lr`, `image1_window1_network1_signed`, …; numbered as in the recipe."""
    content: dict[str, np.ndarray] = {"networks": np.array(material.names)}
    for i, source in enumerate(material.sources, 1):
        content[f"image{i}_lr"] = source.lr
        if source.hr is not None:
            content[f"image{i}_hr"] = source.hr
    for slot, result in sorted(material.results.items()):
        name = _numbered(slot)
        content |= {f"{name}_signed": result.signed, f"{name}_map": result.map, f"{name}_sr": result.sr}
        for kind in ("density", "difference"):
            if kind in material.recipe.cells and (values := material.values(slot, kind)) is not None:
                content[f"{name}_{kind}"] = values
    if "informative" in material.recipe.references:
        for spot in spots(material.recipe):
            if areas := material.areas(spot):
                content[f"image{spot.image + 1}_window{spot.window + 1}_informative"] = areas.shown
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **content)
    return buffer.getvalue()


def _numbered(slot: Slot) -> str:
    return f"image{slot.image + 1}_window{slot.window + 1}_network{slot.network + 1}"


def numbers(material: Material) -> str:
    """Recipe, every number and all that it depends on, as JSON."""
    rows = []
    for slot in slots(material.recipe):
        row: dict[str, Any] = {"arrays": _numbered(slot), "shown_as": material.names[slot.network]}
        row |= {"image_name": material.sources[slot.image].name}
        if result := material.results.get(slot):
            quality = material.quality_of(slot)
            row |= result.summary()
            row |= {"di": index_of(result), "area_95_percent_pixels": area(result.map)}
            row |= {"psnr_on_field": quality and quality.psnr, "ssim_on_field": quality and quality.ssim}
        rows.append(row)
    bicubic = {
        f"image{spot.image + 1}_window{spot.window + 1}": vars(quality)
        for spot in spots(material.recipe)
        if (quality := material.quality(spot, material.bicubic(spot)))
    }
    content = {
        "recipe": plain(portable(material)),
        "note": note(material),
        "method_version": METHOD_VERSION,
        "results": rows,
        "bicubic_on_field": bicubic,
    }
    return json.dumps(_finite(content), indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def _finite(value: Any) -> Any:
    """The same with nothing for numbers that JSON lacks."""
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def archive(material: Material, name: str = "figure") -> bytes:
    """A ZIP of the figure in all its forms and every cell of N images × M networks as a PNG at its own pixels."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as folder:
        for suffix in SUFFIXES:
            if suffix != ".zip":
                _add(folder, f"{name}{suffix}", file(material, suffix, name))
        for path, pixels in _single(material):
            _add(folder, path, png(pixels))
    return buffer.getvalue()


def _add(folder: zipfile.ZipFile, path: str, content: bytes) -> None:
    # A date would make equal figures unequal files.
    entry = zipfile.ZipInfo(path, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    folder.writestr(entry, content)


def _single(material: Material) -> Iterator[tuple[str, Pixels]]:
    """Path and pixels of every cell that the results give, whether the figure shows it or not."""
    recipe = material.recipe
    for spot in spots(recipe):
        place = f"cells/{_safe(material.sources[spot.image].name, spot.image)}/window{spot.window + 1}"
        references: tuple[Reference, ...] = names_of(Reference)
        cells: list[tuple[str, Cell]] = [
            (kind, reference_cell(material, spot, kind))
            for kind in references
            if kind != "informative" or kind in recipe.references
        ]
        kinds: tuple[Kind, ...] = names_of(Kind)
        for n, shown in enumerate(material.names):
            for kind in kinds:
                cell = network_cell(material, Slot(*spot, n), kind, ())
                cells.append((f"{_safe(shown, n)}-{kind}", cell))
        for file_name, cell in cells:
            if cell.pixels is not None:
                yield f"{place}/{file_name}.png", cell.pixels


def _safe(name: str, number: int) -> str:
    """A name in letters that every system takes, unique by its number."""
    letters = "".join(c if c.isascii() and c.isalnum() else "-" for c in PurePath(name).stem.lower())
    return f"{number + 1}-{'-'.join(filter(None, letters.split('-')))[:60]}".rstrip("-")
