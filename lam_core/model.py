"""What a model must be: one contract for every super-resolution network, whatever its own conventions."""

from __future__ import annotations

import copy
import hashlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from lam_core.convention import Convention, fingerprint_of
from lam_core.errors import LamError

_TO_YCBCR = torch.tensor(
    [[65.481, 128.553, 24.966], [-37.797, -74.203, 112.0], [112.0, -93.786, -18.214]], dtype=torch.float64
)
_OFFSET = torch.tensor([16.0, 128.0, 128.0], dtype=torch.float64)


class ModelOutputError(LamError, RuntimeError):
    """A network whose output is not an enlarged RGB picture."""


class SuperResolver:
    """A super-resolution network behind one contract: float RGB [B, 3, h, w] in [0, 1] to [B, 3, s·h, s·w].

    Callable and differentiable in its input. The network is put into evaluation mode and its parameters are frozen,
    so calls from several threads do not disturb each other. Outputs are not clamped.

    `SuperResolver(my_network, scale=4)` is all that a network of one's own needs, if it maps RGB in [0, 1] to RGB in
    [0, 1]; other conventions are told by `Convention`.
    """

    def __init__(
        self,
        module: nn.Module,
        scale: int,
        *,
        convention: Convention = Convention(),
        name: str = "",
        fingerprint: str = "",
        notes: tuple[str, ...] = (),
    ) -> None:
        self.module = module.eval().requires_grad_(False)
        self.scale = scale
        self.convention = convention
        self.name = name or type(module).__name__
        self.fingerprint = fingerprint or _fingerprint(module, scale, convention)
        self.notes = notes
        """What was decided or guessed of the network where its file leaves it open, a sentence each."""

    def __call__(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        padded = _pad(x, self.convention)
        y = self._luma(padded) if self.convention.colour == "luma" else self._rgb(padded)
        expected = (x.shape[0], 3, padded.shape[-2] * self.scale, padded.shape[-1] * self.scale)
        if tuple(y.shape) != expected:
            raise ModelOutputError(
                f"{self.name} turned {tuple(padded.shape)} into {tuple(y.shape)}; at scale {self.scale} it should "
                f"give {expected}: check the scale and that the network maps RGB to RGB"
            )
        return y[..., : height * self.scale, : width * self.scale]

    def _rgb(self, x: Tensor) -> Tensor:
        white = self.convention.input_range
        mean = x.new_tensor(self.convention.mean).view(1, 3, 1, 1)
        if self.convention.colour == "bgr":
            return self.module(((x - mean) * white).flip(1)).flip(1) / white + mean
        return self.module((x - mean) * white) / white + mean

    def _luma(self, x: Tensor) -> Tensor:
        matrix, offset = _TO_YCBCR.to(x) / 255, _OFFSET.to(x).view(1, 3, 1, 1) / 255
        ycbcr = torch.einsum("ij,bjhw->bihw", matrix, x) + offset
        white = self.convention.input_range
        y = self.module(ycbcr[:, :1] * white) / white
        chroma = F.interpolate(ycbcr[:, 1:], scale_factor=self.scale, mode="bicubic", antialias=True)
        if y.shape[-2:] != chroma.shape[-2:]:
            return y
        return torch.einsum("ij,bjhw->bihw", torch.linalg.inv(matrix), torch.cat([y, chroma], 1) - offset)

    def to(self, *, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> SuperResolver:
        """This model on another device or in another precision; a copy, so that nobody's model changes under them."""
        return SuperResolver(
            copy.deepcopy(self.module).to(device=device, dtype=dtype),
            self.scale,
            convention=self.convention,
            name=self.name,
            fingerprint=self.fingerprint,
            notes=self.notes,
        )

    def on(self, device: str) -> SuperResolver:
        """This model if it is on `device` already, else a copy that is."""
        wanted, here = torch.device(device), self.device
        is_there = here.type == wanted.type and wanted.index in (None, here.index)
        return self if is_there else self.to(device=wanted)

    @property
    def device(self) -> torch.device:
        """Where the weights are; the CPU for a network without any."""
        return next((p.device for p in self.module.parameters()), torch.device("cpu"))

    @property
    def dtype(self) -> torch.dtype:
        """Precision of the weights; float32 for a network without any."""
        return next((p.dtype for p in self.module.parameters() if p.is_floating_point()), torch.float32)

    def in_precision(self, dtype: torch.dtype) -> SuperResolver:
        """This model if it already computes in `dtype`, else a copy that does."""
        return self if self.dtype == dtype else self.to(dtype=dtype)

    @property
    def parameters(self) -> int:
        """Number of weights, those of frozen mean shifts not counted."""
        return sum(p.numel() for name, p in self.module.named_parameters() if "_mean." not in name)

    @torch.no_grad()
    def upscale(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The SR picture [s·h, s·w, 3] of an LR picture [h, w, 3], rounded and clamped to 8 bits."""
        parameter = next(self.module.parameters(), torch.zeros(()))
        x = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))[None].to(parameter) / 255
        y = (self(x)[0].clamp(0, 1) * 255).round().to(torch.uint8)
        return y.permute(1, 2, 0).cpu().numpy()


@dataclass(frozen=True)
class FeatureModel:
    """A network that is looked at by its features alone, such as a classifier: RGB [B, 3, h, w] in [0, 1] in."""

    module: nn.Module
    name: str
    fingerprint: str
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)

    def __call__(self, x: Tensor) -> Tensor:
        mean, std = (x.new_tensor(v).view(1, 3, 1, 1) for v in (self.mean, self.std))
        return self.module((x - mean) / std)

    @property
    def device(self) -> torch.device:
        """Where the weights are; the CPU for a network without any."""
        return next((p.device for p in self.module.parameters()), torch.device("cpu"))

    def on(self, device: str) -> FeatureModel:
        """This network if it is on `device` already, else a copy that is."""
        if self.device == torch.device(device):
            return self
        return replace(self, module=copy.deepcopy(self.module).to(device=device))


@dataclass(frozen=True)
class Restorer:
    """A classical method without gradient (interpolation, non-local means, BM3D): 8-bit RGB in and out."""

    name: str
    scale: int
    restore: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


def _pad(x: Tensor, convention: Convention) -> Tensor:
    """Pads bottom and right by reflection, repeatedly where a side is too short to reflect once."""
    multiple, minimum = convention.pad_multiple, convention.minimum_size
    height, width = (-(-max(side, minimum) // multiple) * multiple for side in x.shape[-2:])
    if convention.square:
        height = width = max(height, width)
    while x.shape[-2:] != (height, width):
        down = min(height - x.shape[-2], x.shape[-2] - 1)
        right = min(width - x.shape[-1], x.shape[-1] - 1)
        mode = "reflect" if down >= 0 and right >= 0 and (down or right) else "replicate"
        if mode == "replicate":
            down, right = height - x.shape[-2], width - x.shape[-1]
        x = F.pad(x, (0, right, 0, down), mode=mode)
    return x


def _fingerprint(module: nn.Module, scale: int, convention: Convention) -> str:
    weights = hashlib.sha256()
    for key, tensor in module.state_dict().items():
        array = tensor.detach().cpu().contiguous()
        weights.update(f"{key} {tuple(array.shape)} {array.dtype}".encode())
        weights.update(array.reshape(-1).view(torch.uint8).numpy().tobytes())
    return fingerprint_of(weights.hexdigest(), _source(module), scale, convention)


def _source(module: nn.Module) -> str:
    """A network's structure and the code of its own classes: equal weights under other code are another network."""
    sources = []
    for kind in sorted({type(m) for m in module.modules()}, key=lambda t: f"{t.__module__}.{t.__qualname__}"):
        if kind.__module__.startswith("torch."):
            continue
        try:
            sources.append(inspect.getsource(kind))
        except (OSError, TypeError):
            sources.append(f"{kind.__module__}.{kind.__qualname__}")
    return "\n".join([repr(module), *sources])
