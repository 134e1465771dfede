"""`lam figure`: networks and windows in one figure for a paper, or a finished figure made again from its own file."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from lam_cli.arguments import (
    InputError,
    check_outs,
    overrides,
    read_picture,
    without_folder,
    write_file,
)
from lam_cli.figure_options import add_options, recipe_of
from lam_cli.progress import ProgressLine
from lam_cli.serving import add_store, service
from lam_core.attribution.result import Attribution
from lam_core.errors import LamError
from lam_core.images import Pixels, digest
from lam_core.images.pair import pair
from lam_core.reference import ModelReference
from lam_core.render.figure import (
    SUFFIXES,
    FigureError,
    ImageSource,
    Material,
    Recipe,
    Slot,
    Source,
    file,
    one_scale,
    requests_of,
)
from lam_core.samples import sample


def add(commands: Any) -> None:
    """Adds the command to a command line."""
    command = commands.add_parser("figure", help="a figure for a paper: windows, networks, maps, zoom insets")
    add_options(command)
    add_store(command)
    command.add_argument(
        "--out",
        type=Path,
        action="append",
        required=True,
        metavar="FILE",
        help=f"repeatable; by its ending: {' '.join(SUFFIXES)}",
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Writes every file asked for and prints a summary as JSON."""
    check_outs(options.out, SUFFIXES)
    recipe = recipe_of(options)
    beside = (options.again or options.recipe or Path()).parent
    pixels = [_pixels(image, beside) for image in recipe.images]
    own_hr = [read_picture(Path(_found(image.hr, beside))) if image.hr else None for image in recipe.images]

    import zoo

    said = overrides(options)
    networks = [
        zoo.reference(_found(network.model, beside), weights=options.weights, **said) for network in recipe.networks
    ]
    for sentence in dict.fromkeys(note for network in networks for note in network.notes):
        print(sentence, file=sys.stderr)
    scale = one_scale(networks)
    sources = tuple(
        _source(image, one, hr, scale) for image, one, hr in zip(recipe.images, pixels, own_hr, strict=True)
    )
    _check_same(recipe, sources, networks)
    names = tuple(network.name or reference.name for network, reference in zip(recipe.networks, networks, strict=True))
    requests = requests_of(recipe, sources, networks)
    # A font that is not there, or cells too small, is said before minutes are spent on maps.
    material = Material(_without_folders(recipe), sources, {}, names)
    if any(out.suffix in (".pdf", ".svg", ".png", ".zip") for out in options.out):
        file(material, ".svg")
    results: dict[Slot, Attribution] = {}
    computed, notes = 0, set()
    with ProgressLine() as line:
        own = service(keeps=not options.no_store)
        for number, (slot, request) in enumerate(requests.items(), 1):
            region = request.region
            place = f"{names[slot.network]} at {region.x},{region.y} of {sources[slot.image].name}"
            before = f"{place}, {number} of {len(requests)}: "
            try:
                answer = own.answer(request, line.follow(before))
            except LamError as error:
                raise FigureError(f"{place}: {error}") from None
            results[slot] = answer.result
            computed += not answer.from_store
            notes |= {answer.note} - {""}
    for note in notes:
        print(note, file=sys.stderr)
    material = replace(material, results=results)
    for out in options.out:
        write_file(out, file(material, out.suffix, out.stem))
    print(json.dumps(_summary(material, options.out, computed)))


def _pixels(image: ImageSource, beside: Path) -> Pixels:
    return sample(image.sample).pixels() if image.sample else read_picture(Path(_found(image.file, beside)))


def _source(image: ImageSource, pixels: Pixels, own_hr: Pixels | None, scale: int) -> Source:
    """An image at a scale; of a pair of two files, what is to be said of it goes to standard error."""
    if own_hr is None:
        return Source.of(pixels, _title(image), scale, low_resolution=image.low_resolution)
    both = pair(pixels, own_hr, scale)
    for note in both.notes:
        print(f"{PurePath(image.file).name}: {note}", file=sys.stderr)
    return Source(_title(image), both.lr, both.hr, scale, digest(pixels))


def _title(image: ImageSource) -> str:
    return image.name or (sample(image.sample).title if image.sample else Path(image.file).stem)


def _found(named: str, beside: Path) -> str:
    """A file of this name here, else beside the figure; what is neither stays as it is."""
    path, colon, build = named.rpartition(":")
    for file_name, rest in ((named, ""), (path, f":{build}")):
        if file_name and not Path(file_name).exists() and (beside / PurePath(file_name).name).is_file():
            return f"{beside / PurePath(file_name).name}{rest if colon else ''}"
    return named


def _check_same(recipe: Recipe, sources: Sequence[Source], networks: Sequence[ModelReference]) -> None:
    """Raises `InputError` for another image, or other weights, than a finished figure was made of."""
    for image, source in zip(recipe.images, sources, strict=True):
        own_hr = digest(source.hr) if image.hr and source.hr is not None else ""
        for name, found, made_of in (
            (image.file or image.sample, source.sha256, image.sha256),
            (image.hr, own_hr, image.hr_sha256),
        ):
            if made_of and found != made_of:
                raise InputError(
                    f"{name} is not the image of this figure (sha256 {found[:12]}…, not {made_of[:12]}…); name the "
                    "right one, or this one to take it all the same"
                )
    for network, reference in zip(recipe.networks, networks, strict=True):
        if network.fingerprint and network.fingerprint != reference.fingerprint:
            raise InputError(
                f"{network.model} is not the network of this figure (fingerprint {reference.fingerprint[:12]}…, not "
                f"{network.fingerprint[:12]}…): its weights differ, or options such as --condition; name the networks "
                "with --models to take these all the same"
            )


def _without_folders(recipe: Recipe) -> Recipe:
    """The recipe as a file may show it: nothing in it says where on this computer things lie."""
    return replace(
        recipe,
        networks=tuple(replace(network, model=without_folder(network.model)) for network in recipe.networks),
        baseline=without_folder(recipe.baseline) if recipe.baseline else "",
        wide=tuple(without_folder(model) for model in recipe.wide),
    )


def _summary(material: Material, outs: Sequence[Path], computed: int) -> dict[str, Any]:
    rows = []
    for slot, result in material.results.items():
        quality = material.quality_of(slot)
        rows.append(
            {
                "image": material.sources[slot.image].name,
                "window": [result.region.x, result.region.y, result.region.size],
                "network": material.names[slot.network],
                "diffusion_index": result.diffusion_index,
                "diffusion_index_error": result.diffusion_index_error,
                "psnr": quality and quality.psnr,
                "ssim": quality and quality.ssim,
            }
        )
    return {"out": [str(out) for out in outs], "maps": len(rows), "computed": computed, "results": rows}
