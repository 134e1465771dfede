"""What several commands read from the command line: a picture, a window, a model."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from lam_core.attribution.settings import AttributionSettings
from lam_core.attribution.settings_table import SETTINGS, Setting
from lam_core.convention import Colour
from lam_core.errors import LamError
from lam_core.images import Pixels
from lam_core.images.decode import decode
from lam_core.images.degradations import CLEAN, Degradation
from lam_core.images.image_sets import Picture, of_sample, pictures_in
from lam_core.region import Region
from lam_core.samples import samples

if TYPE_CHECKING:
    from zoo.overrides import Overrides


MODEL = (
    "an id of `lam zoo list`, an entry's TOML, a checkpoint, owner/repo:file on the Hub, path.py:build or "
    "package.module:Class"
)
"""What names a model, for help."""


class InputError(LamError):
    """A command line that cannot be carried out."""


def add_benchmarks(command: argparse.ArgumentParser) -> None:
    """Adds `--test`."""
    command.add_argument(
        "--test", action="append", default=[], metavar="NAME=DIR", help="folder of HR pictures to test on; repeatable"
    )


def benchmarks(options: argparse.Namespace) -> dict[str, Path]:
    """Name to folder, in the order given. Raises `InputError` for what is no folder."""
    sets = {name: Path(folder) for name, _, folder in (test.partition("=") for test in options.test)}
    if missing := [name for name, folder in sets.items() if not folder.is_dir()]:
        raise InputError(f"no folder for test set {missing[0]!r}; give --test NAME=DIR")
    return sets


def add_model(command: argparse.ArgumentParser) -> None:
    """Adds the options that name a model."""
    command.add_argument(
        "--model",
        required=True,
        metavar="M",
        help=MODEL,
    )
    add_overrides(command)


def add_overrides(command: argparse.ArgumentParser, *, weights: bool = True) -> None:
    """Adds the options that say of a network what its entry or file does not, or says wrongly."""
    said = command.add_argument_group("what goes before what the entry, the file or measuring says of the network")
    said.add_argument("--scale", type=int, metavar="S", help="its enlargement")
    said.add_argument("--input-range", type=float, metavar="WHITE", help="white at its input: 1 or 255")
    said.add_argument("--colour", choices=get_args(Colour), help="order of its channels, or luma alone")
    said.add_argument("--pad-multiple", type=int, metavar="N", help="images are padded to multiples of N pixels")
    said.add_argument("--params", metavar="NAME", help="one of several parameter sets in its file, such as ema")
    said.add_argument(
        "--condition",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="what it takes beside the image: a number, a fraction such as 15/255, or a .npy file; repeatable",
    )
    if weights:
        said.add_argument("--weights", type=Path, metavar="FILE", help="state dict for path.py:build")


def overrides(options: argparse.Namespace) -> Overrides:
    """What those options say, as `zoo.load` takes it. Raises `InputError`."""
    from zoo.overrides import Overrides
    from zoo.spec import parse_condition

    return Overrides(
        scale=options.scale,
        input_range=options.input_range,
        colour=options.colour,
        pad_multiple=options.pad_multiple,
        params=options.params,
        condition=dict(map(parse_condition, options.condition)) or None,
    )


def say(notes: Iterable[str]) -> None:
    """Tells sentences about a network on standard error, each once."""
    for note in dict.fromkeys(filter(None, notes)):
        print(note, file=sys.stderr)


def without_folder(model: str) -> str:
    """A network's reference without the folders of a local file, which are nobody else's concern.

    >>> without_folder("imdn-c"), without_folder("owner/repo:file.pth")
    ('imdn-c', 'owner/repo:file.pth')
    """
    path, colon, build = model.rpartition(":")
    if Path(model).is_file():
        return Path(model).name
    return f"{Path(path).name}:{build}" if colon and Path(path).is_file() else model


def add_settings(command: argparse.ArgumentParser, *, standard: AttributionSettings | None = None) -> None:
    """Adds an option for each setting of an attribution; `standard`: what counts where none is given."""
    group = command.add_argument_group("settings of the attribution")
    for one in SETTINGS.values():
        group.add_argument(
            f"--{one.name}",
            type=_parser(one),
            metavar=one.takes,
            help=f"{one.words.help} Default: {getattr(standard or AttributionSettings(), one.name)}.",
        )


def _parser(setting: Setting) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        try:
            return setting.parse(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is none of its values; give {setting.takes}") from None

    return parse


def attribution_settings(options: argparse.Namespace, standard: AttributionSettings) -> AttributionSettings:
    """`standard` with what the options change. Raises `SettingsError`."""
    return replace(standard, **{name: value for name in SETTINGS if (value := getattr(options, name)) is not None})


def add_degradation(command: argparse.ArgumentParser) -> None:
    """Adds `--degrade`."""
    command.add_argument(
        "--degrade",
        default="",
        metavar="KIND=STRENGTH",
        help="what is done to the LR picture first: blur=2 (σ, LR pixels), noise=10 (σ, of 255), jpeg=50 "
        "(100 − quality); joined by +, from left to right",
    )


def degradation(text: str) -> Degradation:
    """What `--degrade` says; clean where nothing is. Raises `UnknownDegradationError` or `StrengthError`.

    >>> str(degradation("blur=2+noise=5")), str(degradation(""))
    ('blur:2+noise:5', 'clean')
    """
    return Degradation.parse(text.replace("=", ":")) if text else CLEAN


def read_picture(path: Path) -> Pixels:
    """The picture in a file; what was changed to make it plain RGB is told on standard error.

    Raises `InputError` if there is no such file and `UnreadableImageError` if it is no picture.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {str(path)!r}: {error.strerror or error}") from None
    decoded = decode(content)
    for note in decoded.notes:
        print(f"{path.name}: {note}", file=sys.stderr)
    return decoded.pixels


def add_pictures(command: argparse.ArgumentParser, also: str = "", *, required: bool = True) -> None:
    """Adds the options that name pictures; `also` says what a folder means here."""
    command.add_argument(
        "--images",
        required=required,
        metavar="DIR",
        help=f"folder{also}, `samples`, or owner/name of a data set on the Hub: its PNG, JPEG and WebP files",
    )
    command.add_argument("--most", type=int, metavar="N", help="pictures of a data set, the first by name")


def pictures(options: argparse.Namespace) -> tuple[tuple[Picture, ...], dict[str, str]]:
    """The pictures that `--images` names, and commit and digest of a data set.

    A folder goes before a data set of the same name. Raises `InputError`, `NoPicturesError` or a `ZooError`.
    """
    from zoo.settings import settings
    from zoo.sources.image_sets import MOST, image_set, is_reference, pictures_of
    from zoo.sources.transfer import AbsentError

    named = options.images
    if named == "samples":
        return tuple(of_sample(sample) for sample in samples()), {}
    if Path(named).is_dir() or not is_reference(named):
        return pictures_in(Path(named)), {}
    most = MOST if options.most is None else options.most
    if most < 1:
        raise InputError(f"--most is {most}; give at least 1")
    try:
        found = image_set(named, settings(), most=most)
    except AbsentError as error:
        raise InputError(f"there is no folder {named!r} here, and {error}") from None
    if found.note:
        print(found.note, file=sys.stderr)
    return pictures_of(found, settings()), {"data_set": found.reference, "digest": found.digest}


def window(text: str) -> Region:
    """The window that `X,Y,SIZE` names. Raises `InputError` or `RegionError`."""
    try:
        x, y, size = (int(part) for part in text.split(","))
    except ValueError:
        raise InputError(
            f"window is {text!r}; give X,Y,SIZE in SR pixels, three whole numbers, such as 120,120,16"
        ) from None
    return Region(x, y, size)


def check_outs(outs: Sequence[Path], endings: Collection[str]) -> None:
    """Raises `InputError` for a file of another ending or in no folder, before anything is computed for it."""
    for out in outs:
        if out.suffix not in endings:
            raise InputError(f"--out is {str(out)!r}; give a file that ends in {', '.join(endings)}")
        if not out.resolve().parent.is_dir():
            raise InputError(f"cannot write {str(out)!r}: there is no such folder")


def write_file(path: Path, content: bytes) -> None:
    """Writes a file the user asked for. Raises `InputError` if it cannot be written."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise InputError(f"cannot write {str(path)!r}: {error.strerror or error}") from None
