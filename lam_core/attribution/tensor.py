"""Attribution of tensors: any differentiable target of any network's output, for notebooks and training loops."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lam_core.attribution.attribute import NOTHING, ZeroMapError, index_of
from lam_core.attribution.detectors import gradient
from lam_core.attribution.gradients import NotDifferentiableError
from lam_core.attribution.path import Image, path_of, reference_path
from lam_core.attribution.quadrature import Integral, equal_lengths, nested_trapezoids, reference_sum
from lam_core.attribution.settings import AttributionSettings
from lam_core.diagnosis import NonFiniteMapError
from lam_core.errors import LamError

Network = Callable[..., Tensor]
"""[B, C, h, w] to [B, C', H, W]: a module, a function or a `SuperResolver`; conditions come as keywords."""
Target = Callable[[Tensor], Tensor]
"""A number of each output: [B, C', H, W], or the window of it, to [B]; differentiable."""


class TensorError(LamError, ValueError):
    """Tensors, a window or a target that nothing can be attributed with."""


@dataclass(frozen=True)
class Window:
    """A rectangle of the output.

    Raises `TensorError` for values that are no whole numbers, a negative corner and an empty rectangle.
    """

    x: int
    """Column of its top-left corner in output pixels."""
    y: int
    """Row of its top-left corner in output pixels."""
    width: int
    height: int

    def __post_init__(self) -> None:
        values = (self.x, self.y, self.width, self.height)
        if any(isinstance(v, bool) or not isinstance(v, int) for v in values) or min(values) < 0 or not min(values[2:]):
            raise TensorError(f"window is {values}; give x, y, width, height in whole output pixels, sides 1 or more")

    def cut(self, output: Tensor) -> Tensor:
        """The rectangle of [..., H, W]. Raises `TensorError` if it leaves the output."""
        height, width = output.shape[-2:]
        if self.x + self.width > width or self.y + self.height > height:
            raise TensorError(
                f"window at ({self.x}, {self.y}) of {self.width}×{self.height} pixels leaves the output of "
                f"{width}×{height}; choose one inside"
            )
        return output[..., self.y : self.y + self.height, self.x : self.x + self.width]


@dataclass(frozen=True, eq=False)
class TensorAttribution:
    """Attributions of a batch."""

    signed: Tensor
    """[B, C, h, w] in float64 on the CPU; each sums to its target's change from baseline to image, but for error."""
    target: Tensor
    """The target at the images, [B]."""
    baseline: Tensor
    """The target at the baselines, [B]."""
    map_error: Tensor
    """Estimated relative L2 error of each displayed map, [B]."""
    diffusion_index: Tensor
    """DI of each displayed map, [B]."""
    nodes: Tensor
    """Gradients computed for each, [B]."""
    settings: AttributionSettings
    """How they were computed."""

    @property
    def maps(self) -> Tensor:
        """The displayed maps |Σ_channels| / max, [B, h, w] in [0, 1]."""
        magnitude = self.signed.sum(1).abs()
        return magnitude / magnitude.amax((-2, -1), keepdim=True)

    @property
    def completeness_error(self) -> Tensor:
        """|Σ signed − change of the target| / |change of the target|, [B]."""
        change = self.target - self.baseline
        return (self.signed.sum((1, 2, 3)) - change).abs() / change.abs()


def attribute_tensor(
    network: Network,
    x: Tensor,
    target: Target = gradient,
    *,
    window: Window | None = None,
    settings: AttributionSettings | None = None,
    condition: Mapping[str, Any] | None = None,
) -> TensorAttribution:
    """Attribution maps of a batch of float tensors [B, C, h, w], along the paths of `settings`.

    Each image has a path of its own and is given to the network alone. The network runs on x's device and in x's
    precision, in evaluation mode; modes, weights and gradients of it are left as they were.

    Args:
        network: any differentiable function of x.
        x: the images, float [B, C, h, w]; they are the field.
        target: makes one number of each output; by default the sum of gradient magnitudes, as LAM's.
        window: the rectangle of the output that `target` sees; the whole output if None.
        settings: how the maps are computed; `field`, `detector` and `dtype` do not apply.
        condition: keywords of every call of the network.

    Returns:
        Signed maps [B, C, h, w] with DI, estimated errors and the target's values at both ends of the path.

    Raises:
        TensorError: x, window or the target's value has a wrong shape or type.
        ZeroMapError: nothing to attribute.
        NonFiniteMapError: the network returns NaN or infinity.
        NotDifferentiableError: the target does not depend on x as far as PyTorch can tell.
        Exception: whatever the network and the target raise.
    """
    settings = settings or AttributionSettings()
    if not isinstance(x, Tensor) or x.dim() != 4 or x.dtype not in (torch.float32, torch.float64):
        what = f"{tuple(x.shape)} in {x.dtype}" if isinstance(x, Tensor) else type(x).__name__
        raise TensorError(f"x is {what}; give a batch [B, C, h, w] in float32 or float64")
    extra = dict(condition or {})
    with _evaluating(network):
        integrals = [
            _integral(_Gradients(network, target, window, extra, x.dtype, x.device), image, settings)
            for image in x.detach().double().cpu().numpy().transpose(0, 2, 3, 1)
        ]
    return TensorAttribution(
        signed=torch.from_numpy(np.stack([one.signed.transpose(2, 0, 1) for one in integrals])),
        target=torch.tensor([one.end for one in integrals], dtype=torch.float64),
        baseline=torch.tensor([one.start for one in integrals], dtype=torch.float64),
        map_error=torch.tensor([one.error for one in integrals], dtype=torch.float64),
        diffusion_index=torch.tensor([index_of(one)[0] for one in integrals], dtype=torch.float64),
        nodes=torch.tensor([one.nodes for one in integrals]),
        settings=settings,
    )


def _integral(gradients: _Gradients, image: Image, settings: AttributionSettings) -> Integral:
    image = np.ascontiguousarray(image)
    if settings.rule == "reference":
        integral = reference_sum(reference_path(image, settings), gradients, report=_unheard)
    else:
        path = path_of(image, settings)
        integral = nested_trapezoids(
            path,
            equal_lengths(path),
            gradients,
            nodes=settings.nodes,
            tolerance=settings.tolerance,
            report=_unheard,
        )
    if np.abs(integral.signed.sum(2)).max() < NOTHING * max(1.0, float(np.abs(image).max())):
        raise ZeroMapError(
            "the map is zero: the target does not change along the path; choose another window or target, and check "
            "that the image is not flat and the network depends on it"
        )
    return integral


def _unheard(integral: Integral) -> None:
    """A listener to nothing."""


@dataclass(frozen=True)
class _Gradients:
    """The target and its gradient [h, w, C] at each of several images, one pass each."""

    network: Network
    target: Target
    window: Window | None
    condition: Mapping[str, Any]
    dtype: torch.dtype
    device: torch.device

    def __call__(self, points: Sequence[Image]) -> list[tuple[float, NDArray]]:
        return [self._at(point) for point in points]

    def _at(self, point: Image) -> tuple[float, NDArray]:
        x = torch.from_numpy(point.transpose(2, 0, 1)[None].copy()).to(self.device, self.dtype).requires_grad_(True)
        with torch.enable_grad():
            output = self.network(x, **self.condition)
            if not isinstance(output, Tensor) or output.dim() != 4 or len(output) != 1:
                what = tuple(output.shape) if isinstance(output, Tensor) else f"a {type(output).__name__}"
                raise TensorError(f"the network gave {what} for {tuple(x.shape)}; give one that returns [B, C, H, W]")
            value = self.target(self.window.cut(output) if self.window else output)
            if not isinstance(value, Tensor) or value.numel() != 1:
                what = tuple(value.shape) if isinstance(value, Tensor) else f"a {type(value).__name__}"
                raise TensorError(f"the target gave {what} for one output; give one number of each: [B]")
            if not value.requires_grad:
                raise NotDifferentiableError(
                    "the target has no gradient by the image; compute network and target with PyTorch alone, without "
                    "detach(), no_grad() or NumPy"
                )
            (slope,) = torch.autograd.grad(value.sum(), x)
        if not bool(value.isfinite().all()) or not bool(slope.isfinite().all()):
            raise NonFiniteMapError(
                "the target or its gradient is not finite; check the network's input range and weights, and roots of "
                "zero in the target"
            )
        return float(value.detach()), slope[0].permute(1, 2, 0).cpu().numpy()


@contextmanager
def _evaluating(network: Network) -> Iterator[None]:
    """Evaluation mode for a while; every part then has its own mode again."""
    modes = {part: part.training for part in network.modules()} if isinstance(network, nn.Module) else {}
    if isinstance(network, nn.Module):
        network.eval()
    try:
        yield
    finally:
        for part, training in modes.items():
            part.training = training
