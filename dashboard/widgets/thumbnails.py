"""Pictures as the browser gets them: PNG, enlarged by whole pixels, made once for everybody who looks at them."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np
from PIL import Image

from dashboard.gallery.hot_spots import HotSpot
from dashboard.presentation.decoded_image import Picture
from dashboard.presentation.map_colours import MapColours
from dashboard.state import uploads
from dashboard.state.cache import Kept
from dashboard.state.uploads import Upload
from lam_core.attribution.result import Attribution
from lam_core.images import Pixels, bicubic
from lam_core.images.image_sets import Picture as Studied
from lam_core.region import Region
from lam_core.render import cut_around, enlarged, framed, map_over, png

MAP_WIDTH, CLOSE_WIDTH = 512, 384
LARGE, SHARPEST = 1400, 4096
"""Pixels a side from which the picker has a photograph as JPEG, and at most of it."""
THUMBNAIL = 84
CLOSE_SQUARE, CLOSE_STRIP = (64, 64), (48, 96)
"""Height and width in SR pixels of what is shown around a window."""

T = TypeVar("T")


def source(picture: Picture, content: bytes) -> bytes | str:
    """PNG as `st.image` takes it; what is one's own goes to its owner's browser alone, and gets no address."""
    return content if picture.owner is None else url(content)


def url(content: bytes) -> str:
    """PNG as an address that holds the picture itself."""
    return "data:image/png;base64," + base64.b64encode(content).decode()


_PICTURES = Kept("pictures", everybody=512, visitor=32)
_PICKERS = Kept("pickers", everybody=64, visitor=2)


def _kept(picture: Picture, key: str, make: Callable[[], T]) -> T:
    return _PICTURES.get(key, make, own=picture.owner is not None)


def _of_study(key: str, make: Callable[[], bytes], own: bool) -> bytes | str:
    content = _PICTURES.get(key, make, own=own)
    return url(content) if own else content


def map_pixels(picture: Picture, result: Attribution, colours: MapColours) -> Pixels:
    """A result's map over the LR field, [h, w, 3]."""
    lr, _ = picture.part(result.field)
    return _kept(picture, f"map {colours} {_named(result)}", partial(colours.over, lr, result))


def map_picture(picture: Picture, result: Attribution, colours: MapColours) -> bytes:
    """The same enlarged, with the window."""
    window = result.field.local(result.region, result.scale)
    return _with_frame(map_pixels(picture, result, colours), window, result.scale)


def hot_spot_pixels(picture: Picture, spot: HotSpot, colours: MapColours) -> Pixels:
    """The map that ships for a marked window over the LR picture, [h, w, 3]."""
    key = f"hot spot {colours} {spot.network.sha256} {spot.image} {spot.window}"
    return _kept(picture, key, partial(colours.over, picture.lr, spot))


def _named(result: Attribution) -> str:
    return f"{result.fingerprint} {result.image} {result.region} {result.settings}"


def sr_picture(picture: Picture, result: Attribution) -> bytes:
    """What lies around the window in the network's own picture."""
    local = result.field.local(result.region, result.scale)
    return _kept(picture, f"SR {_named(result)}", partial(close_up, result.sr, local, CLOSE_STRIP))


def preview(lr: Pixels, values: np.ndarray, window: Region, scale: int) -> bytes:
    """Values [h, w] in [0, 1] over an LR field; `window` in the field's SR pixels."""
    return _with_frame(map_over(lr, values), window, scale)


def _with_frame(pixels: Pixels, window: Region, scale: int) -> bytes:
    large = enlarged(pixels, MAP_WIDTH)
    return png(framed(large, window, large.shape[1] / pixels.shape[1] / scale))


def close_up(pixels: Pixels, window: Region, size: tuple[int, int]) -> bytes:
    """What lies around a window of a picture of the SR size, with the window."""
    part, local = cut_around(pixels, window, *size)
    large = enlarged(part, CLOSE_WIDTH)
    return png(framed(large, local, large.shape[1] / part.shape[1]))


def close_ups(picture: Picture, window: Region) -> tuple[tuple[str, bytes], ...]:
    """HR if there is one, LR and bicubic around a window, each with its name."""
    return _kept(picture, f"around {window} {_seen_as(picture)}", partial(_close_ups, picture, window))


def _close_ups(picture: Picture, window: Region) -> tuple[tuple[str, bytes], ...]:
    s = picture.scale
    # Enlarging the neighbourhood alone keeps this quick on large pictures.
    margin = 64
    top, left = (max(0, (start - margin) // s) for start in (window.y, window.x))
    bottom, right = ((start + window.size + margin) // s for start in (window.y, window.x))
    lr = picture.lr[top:bottom, left:right]
    local = window.moved(-left * s, -top * s)
    views = (
        ("LR", close_up(lr.repeat(s, 0).repeat(s, 1), local, CLOSE_SQUARE)),
        ("Bicubic", close_up(bicubic(lr, s), local, CLOSE_SQUARE)),
    )
    return views if picture.hr is None else (("HR", close_up(picture.hr, window, CLOSE_SQUARE)), *views)


def _seen_as(picture: Picture) -> str:
    return f"{picture.id} {picture.scale} {picture.hr is None} {picture.degradation}"


def picker_url(picture: Picture) -> str:
    """The picture for the region picker as a data URL."""
    return _PICKERS.get(_seen_as(picture), partial(_picked_from, picture), own=picture.owner is not None)


def _picked_from(picture: Picture) -> str:
    pixels = picture.shown() if picture.hr is not None else picture.lr
    if max(pixels.shape[:2]) < LARGE:
        return url(png(enlarged(pixels, 256)))
    # A photograph is looked at from close by, and as PNG it would be ten times as long.
    with uploads.one_at_a_time:
        image = Image.fromarray(pixels)
        image.thumbnail((SHARPEST, SHARPEST), Image.Resampling.BOX)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90, subsampling=0)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def thumbnail(pixels: Pixels) -> str:
    """A small square picture of a picture, as a data URL."""
    side = min(pixels.shape[:2])
    buffer = io.BytesIO()
    small = Image.fromarray(pixels[:side, :side]).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    small.save(buffer, "WEBP", quality=55, method=6)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()


def own_thumbnail(own: Upload) -> str:
    """The same of a visitor's own image."""
    return _PICTURES.get(f"small {own.id}", partial(thumbnail, own.decoded.pixels), own=True)


def with_window(key: str, picture: Studied, window: Region, *, own: bool = False) -> bytes | str:
    """A picture of a study with a window, as `st.image` takes it; `key` names the picture. Raises `PictureError`."""
    return _of_study(f"study {window} {key}", partial(_frame, picture, window), own)


def _frame(picture: Studied, window: Region) -> bytes:
    with uploads.one_at_a_time:
        pixels = picture.open().pixels
        large = enlarged(pixels, CLOSE_WIDTH)
        small = Image.fromarray(framed(large, window, large.shape[1] / pixels.shape[1]))
        small.thumbnail((2 * CLOSE_WIDTH, 2 * CLOSE_WIDTH), Image.Resampling.BOX)
        return png(np.asarray(small))


def study_map(
    key: str, lr: Pixels, values: np.ndarray, window: Region, scale: int, *, own: bool = False
) -> bytes | str:
    """A displayed map over its LR field, as `st.image` takes it; `key` names the map, `window` is the field's."""
    return _of_study(f"study map {key}", partial(preview, lr, values, window, scale), own)
