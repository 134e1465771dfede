"""What the pages that look at one window look at: picture, window and networks, and the request for a map there."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from dashboard.gallery.hot_spots import HotSpot
from dashboard.presentation.decoded_image import Picture
from dashboard.presentation.model_options import Offer
from dashboard.presentation.view import View
from dashboard.state import user_models
from lam_core.attribution.request import AttributionRequest
from lam_core.errors import LamError
from lam_core.region import Field, Region, RegionError, field_around


class OtherScaleError(LamError, ValueError):
    """A network whose scale is not that of the picture."""


@dataclass(frozen=True, eq=False)
class AttributionTarget:
    """A window of a picture, and the networks it is attributed for."""

    view: View
    picture: Picture
    window: Region
    here: tuple[Offer, ...] = ()
    """Networks on offer at this scale."""
    selected: tuple[Offer, ...] = ()
    hot_spots: Mapping[str, HotSpot] = dataclasses.field(default_factory=dict)
    """Maps that ship for this window, by network."""

    @cached_property
    def field(self) -> Field:
        """The field around the window. Raises `RegionError` if the window does not fit into it."""
        height, width = self.picture.lr.shape[:2]
        return field_around(self.window, height, width, self.picture.scale, self.view.settings.field)

    @property
    def fault(self) -> str:
        """Why nothing can be attributed here; empty where the window fits into its field."""
        try:
            _ = self.field
        except RegionError as error:
            return str(error)
        return ""

    @property
    def local(self) -> Region:
        """The window in the field's SR pixels."""
        return self.field.local(self.window, self.picture.scale)

    def request(self, key: str) -> AttributionRequest:
        """What is asked of the network of that key. Raises a `ZooError` or `OtherScaleError`."""
        network = user_models.network(key)
        if network.scale != self.picture.scale:
            raise OtherScaleError(f"{network.name} enlarges ×{network.scale}, not ×{self.picture.scale}")
        return AttributionRequest(network, self.picture.lr, self.window, self.view.settings, self.picture.degradation)
