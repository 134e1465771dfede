"""RCAN: Zhang et al., "Image Super-Resolution Using Very Deep Residual Channel Attention Networks", ECCV 2018.

Key names of the authors' code, which follows EDSR-PyTorch: `sub_mean, head, body, tail, add_mean`; trainings without
a mean shift lack the first and the last. Balanced attention in place of channel attention is a variant.
"""

from __future__ import annotations

from torch import Tensor, nn

from zoo.architectures.architecture import (
    Architecture,
    Hyperparameters,
    Reading,
    StateDict,
    count,
    has_keys,
)
from zoo.architectures.layers import (
    BalancedAttention,
    ChannelAttention,
    MeanShift,
    conv3,
    infer_reconstruction,
    range_of_mean_shift,
    reconstruction,
)


class Skip(nn.Module):
    """Layers under the key name `body`, added to their input."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.body = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


def attention_block(channels: int, hidden: int, *, balanced: bool = False) -> Skip:
    """Two convolutions and an attention over channels (RCAB)."""
    attention = (BalancedAttention if balanced else ChannelAttention)(channels, hidden)
    return Skip(conv3(channels, channels), nn.ReLU(inplace=True), conv3(channels, channels), attention)


def residual_group(channels: int, hidden: int, blocks: int, *, balanced: bool = False) -> Skip:
    """`blocks` attention blocks and a convolution under a short skip connection."""
    inner = (attention_block(channels, hidden, balanced=balanced) for _ in range(blocks))
    return Skip(*inner, conv3(channels, channels))


class RCAN(nn.Module):
    """`groups` residual groups of `blocks` attention blocks, and a pixel-shuffle tail."""

    def __init__(
        self,
        *,
        channels: int,
        groups: int,
        blocks: int,
        scale: int,
        hidden: int,
        balanced: bool = False,
        mean_shift: bool = True,
        input_range: float = 255.0,
        direct: bool = False,
    ) -> None:
        super().__init__()
        if mean_shift:
            self.sub_mean = MeanShift(input_range, -1)
        self.head = nn.Sequential(conv3(3, channels))
        self.body = nn.Sequential(
            *(residual_group(channels, hidden, blocks, balanced=balanced) for _ in range(groups)),
            conv3(channels, channels),
        )
        self.tail = reconstruction(channels, scale, direct=direct)
        if mean_shift:
            self.add_mean = MeanShift(input_range, 1)
        self.mean_shift = mean_shift

    def forward(self, x: Tensor) -> Tensor:
        x = self.head(self.sub_mean(x) if self.mean_shift else x)
        x = self.tail(x + self.body(x))
        return self.add_mean(x) if self.mean_shift else x


def detect(state: StateDict) -> bool:
    keys = has_keys("head.0.weight", "body.0.body.0.body.2.weight")
    tail = "tail.0.weight" in state or "tail.1.weight" in state
    if not keys(state) or not tail or "csa.gamma" in state or "la.gamma" in state:
        return False
    return any(f"body.0.body.0.body.3.{key}.weight" in state for key in ("conv_du.0", "ca.fc1"))


def infer_attention(state: StateDict) -> Hyperparameters:
    """What networks of residual groups tell of their blocks."""
    balanced = "body.0.body.0.body.3.ca.fc1.weight" in state
    squeeze = state[f"body.0.body.0.body.3.{'ca.fc1' if balanced else 'conv_du.0'}.weight"]
    return {
        "channels": state["head.0.weight"].shape[0],
        "groups": count(state, r"body\.(\d+)\.body\.0\.body\.0\.weight"),
        "blocks": count(state, r"body\.0\.body\.(\d+)\.body\.0\.weight"),
        **infer_reconstruction(state),
        "hidden": squeeze.shape[0],
    }


def readings(state: StateDict) -> tuple[Reading, ...]:
    """In the range of the mean shift, or on 0 to 1 past a mean shift meant for 0 to 255."""
    if "sub_mean.bias" not in state:
        return Reading(1.0), Reading(255.0)
    published = range_of_mean_shift("sub_mean.bias")(state)
    return (Reading(published), Reading(1.0)) if published > 1 else ()


def infer(state: StateDict) -> Hyperparameters:
    return {
        **infer_attention(state),
        "balanced": "body.0.body.0.body.3.ca.fc1.weight" in state,
        "mean_shift": "sub_mean.bias" in state,
        "input_range": range_of_mean_shift("sub_mean.bias")(state),
    }


ARCHITECTURE = Architecture(
    id="rcan",
    name="RCAN",
    build=RCAN,
    detect=detect,
    infer=infer,
    input_range=range_of_mean_shift("sub_mean.bias"),
    readings=readings,
)
