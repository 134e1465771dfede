"""SPAN's convolutions as they compute when not training: one 3×3 convolution in place of the four of training."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

SLOPE = 0.05
"""Of the leaky ReLU behind those convolutions that have one."""


class MergedConvolution(nn.Module):
    """A 3×3 convolution and the leaky ReLU that may follow it."""

    def __init__(self, convolution: nn.Conv2d, *, activated: bool) -> None:
        super().__init__()
        self.eval_conv = convolution
        self.activated = activated

    def forward(self, x: Tensor) -> Tensor:
        y = self.eval_conv(x)
        return F.leaky_relu(y, SLOPE) if self.activated else y


def merge_branches(network: nn.Module) -> nn.Module:
    """The network itself, whose `Conv3XC` layers of spandrel's SPAN keep their merged convolution alone.

    Theirs merge their branches at every call and write the result into themselves, which costs time and is no
    reading of one network by several threads.
    """
    for parent in list(network.modules()):
        for name, layer in list(parent.named_children()):
            if type(layer).__name__ == "Conv3XC" and type(layer).__module__.startswith("spandrel."):
                layer.update_params()  # type: ignore[operator]
                setattr(parent, name, MergedConvolution(layer.eval_conv, activated=bool(layer.has_relu)))  # type: ignore[arg-type]
    return network
