"""Where on which picture: what is asked of a network there."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.presentation.decoded_image import Picture
from dashboard.presentation.view import View
from dashboard.state import user_models
from lam_core.attribution.request import AttributionRequest
from lam_core.errors import LamError
from lam_core.region import Field, Region


class OtherScaleError(LamError, ValueError):
    """A network whose scale is not that of the picture."""


@dataclass(frozen=True, eq=False)
class Place:
    """Where on which picture."""

    view: View
    picture: Picture
    window: Region
    field: Field

    @property
    def local(self) -> Region:
        """The window in the field's SR pixels."""
        return self.field.local(self.window, self.picture.scale)

    def request(self, key: str) -> AttributionRequest:
        """What is asked of the network of that key. Raises a `ZooError` or `OtherScaleError`."""
        network = user_models.network(key)
        if network.scale != self.picture.scale:
            raise OtherScaleError(f"{network.name} enlarges ×{network.scale}, not ×{self.picture.scale}")
        return AttributionRequest(network, self.picture.lr, self.window, self.view.settings)
