"""FSRCNN on RGB in the form whose key names are `feature_extract, shrink, map_1 …, expand, deconv`.

The mapping layers follow one another without activations between them; a single PReLU ends them. That training
clips its output to [0, 1]; here it is left as it is, for a clip passes no gradient.
"""

from __future__ import annotations

from torch import Tensor, nn

from zoo.architectures.architecture import Architecture, Hyperparameters, StateDict, count, has_keys
from zoo.architectures.fsrcnn import with_scale


class FSRCNNRGB(nn.Module):
    """FSRCNN(d, s, m) with linear mapping layers."""

    def __init__(self, *, d: int, s: int, m: int, channels: int, scale: int) -> None:
        super().__init__()
        self.feature_extract = nn.Conv2d(channels, d, 5, padding=2)
        self.activation_1 = nn.PReLU(d)
        self.shrink = nn.Conv2d(d, s, 1)
        self.activation_2 = nn.PReLU(s)
        self.maps = [f"map_{i + 1}" for i in range(m)]
        for name in self.maps:
            self.add_module(name, nn.Conv2d(s, s, 3, padding=1))
        self.activation_3 = nn.PReLU(s)
        self.expand = nn.Conv2d(s, d, 1)
        self.activation_4 = nn.PReLU(d)
        self.deconv = nn.ConvTranspose2d(d, channels, 9, stride=scale, padding=4, output_padding=scale - 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.activation_2(self.shrink(self.activation_1(self.feature_extract(x))))
        for name in self.maps:
            x = getattr(self, name)(x)
        x = self.activation_4(self.expand(self.activation_3(x)))
        return self.deconv(x)


def infer(state: StateDict) -> Hyperparameters:
    d, channels = state["feature_extract.weight"].shape[:2]
    sizes = {
        "d": d,
        "s": state["shrink.weight"].shape[0],
        "m": count(state, r"map_(\d+)\.weight"),
        "channels": channels,
    }
    return with_scale(FSRCNNRGB, sizes, state)


ARCHITECTURE = Architecture(
    id="fsrcnn-rgb",
    name="FSRCNN (RGB)",
    build=FSRCNNRGB,
    detect=has_keys("feature_extract.weight", "shrink.weight", "map_1.weight", "deconv.weight"),
    infer=infer,
    channels=lambda state: state["feature_extract.weight"].shape[1],
)
