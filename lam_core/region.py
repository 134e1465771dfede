"""Where one looks: the window in SR pixels, and the LR field around it that is attributed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lam_core.errors import LamError

FieldSize = int | Literal["full"]
"""Side of the square LR field in LR pixels, or the whole image."""


class RegionError(LamError, ValueError):
    """A window that does not lie inside the picture it is meant for."""


@dataclass(frozen=True)
class Region:
    """A square window of the SR output.

    Raises `RegionError` for values that are no whole numbers and for a negative corner.
    """

    x: int
    """Column of its top-left corner in SR pixels."""
    y: int
    """Row of its top-left corner in SR pixels."""
    size: int = 16
    """Its side in SR pixels."""

    def __post_init__(self) -> None:
        for name in ("x", "y", "size"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int):
                raise RegionError(f"window {name} is {value!r}; give a whole number of SR pixels")
        if self.size < 1:
            raise RegionError(f"window size is {self.size}; give at least 1 SR pixel")
        if self.x < 0 or self.y < 0:
            raise RegionError(f"window starts at ({self.x}, {self.y}); both must be 0 or more")

    def check_inside(self, height: int, width: int) -> None:
        """Raises `RegionError` unless the window lies inside an SR picture of that size."""
        if self.size > min(height, width):
            raise RegionError(
                f"window of {self.size} SR pixels is larger than the {width}×{height} picture; "
                f"choose at most {min(height, width)}"
            )
        if self.x + self.size > width or self.y + self.size > height:
            raise RegionError(
                f"window at ({self.x}, {self.y}) of {self.size} pixels leaves the {width}×{height} picture; "
                f"x may be at most {width - self.size}, y at most {height - self.size}"
            )

    def moved(self, dx: int, dy: int) -> Region:
        """The window shifted by that many SR pixels."""
        return Region(self.x + dx, self.y + dy, self.size)

    def footprint(self, scale: int) -> tuple[slice, slice]:
        """Rows and columns of the LR pixels that lie under the window.

        >>> Region(6, 8, 4).footprint(4)
        (slice(2, 3, None), slice(1, 3, None))
        """
        rows, columns = (slice(start // scale, -(-(start + self.size) // scale)) for start in (self.y, self.x))
        return rows, columns

    @classmethod
    def centred(cls, height: int, width: int, size: int = 16) -> Region:
        """The window in the middle of an SR picture of that size."""
        return cls((width - size) // 2, (height - size) // 2, size)


@dataclass(frozen=True)
class Field:
    """A rectangle of the LR image, in LR pixels: what the network is given when a window is attributed."""

    x: int
    y: int
    width: int
    height: int

    def local(self, region: Region, scale: int) -> Region:
        """`region`, given in the SR pixels of the whole picture, in the SR pixels of this field."""
        return region.moved(-self.x * scale, -self.y * scale)

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns that cut this field out of an LR image [height, width, ...]."""
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)


def field_around(region: Region, lr_height: int, lr_width: int, scale: int, size: FieldSize = 64) -> Field:
    """The LR field of `size` centred on a window, pushed inside the image; the whole image where that is smaller.

    Raises `RegionError` if the window is not inside the picture or does not fit into the field.

    >>> field_around(Region(0, 0, 16), 100, 200, 4, 64)
    Field(x=0, y=0, width=64, height=64)
    """
    region.check_inside(lr_height * scale, lr_width * scale)
    if size == "full":
        return Field(0, 0, lr_width, lr_height)
    if region.size + 1 > size * scale and region.size < min(lr_height, lr_width) * scale:
        raise RegionError(
            f"window of {region.size} SR pixels does not fit into a field of {size} LR pixels at scale {scale}; "
            f"choose a smaller window or a larger field"
        )

    def start(position: int, available: int) -> int:
        centre = (position + region.size / 2) / scale
        return min(max(round(centre - size / 2), 0), max(available - size, 0))

    return Field(start(region.x, lr_width), start(region.y, lr_height), min(size, lr_width), min(size, lr_height))
