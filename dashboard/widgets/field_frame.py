"""The field and the window on it, as linked pictures show them: at first where the attribution is."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.components.linked_picture import Frame, Opening
from dashboard.presentation.decoded_image import Picture
from dashboard.presentation.map_colours import Mapped
from lam_core.diffusion.square import square_holding
from lam_core.region import Field, Region


def field_frame(picture: Picture, field: Field, window: Region, maps: Sequence[Mapped] = ()) -> Frame:
    """The frame of a window, in the SR pixels of the picture; pictures open where 99 % of each of these maps is."""
    scale, local = picture.scale, field.local(window, picture.scale)
    opening = None
    if maps:
        shape = (field.height, field.width)
        rows, columns = square_holding((one.map for one in maps), shape, local.footprint(scale))
        spans = ((columns, field.width), (rows, field.height))
        x, y = ((part.start + part.stop) / 2 / whole for part, whole in spans)
        share = max((part.stop - part.start) / whole for part, whole in spans)
        opening = Opening(f"{picture.id} {scale} {window}", x, y, share)
    return Frame(local, field.width * scale, field.height * scale, opening)
