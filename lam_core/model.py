"""What a model must be: one contract for every super-resolution network, whatever its own conventions."""

from __future__ import annotations

import copy
import hashlib
import inspect
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from numbers import Integral
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from lam_core import condition as conditions
from lam_core.condition import Condition, Value
from lam_core.convention import Convention, fingerprint_of
from lam_core.diagnosis import NetworkFailedError, NonFiniteMapError, explain, not_finite
from lam_core.errors import LamError
from lam_core.module_state import moved, undisturbed
from lam_core.output import ModelOutputError, sr_picture
from lam_core.randomness import seeded
from lam_core.region import Field

__all__ = [
    "FeatureModel",
    "ModelError",
    "ModelOutputError",
    "NetworkFailedError",
    "NonFiniteMapError",
    "Restorer",
    "SuperResolver",
]

_TO_YCBCR = torch.tensor(
    [[65.481, 128.553, 24.966], [-37.797, -74.203, 112.0], [112.0, -93.786, -18.214]], dtype=torch.float64
)
_OFFSET = torch.tensor([16.0, 128.0, 128.0], dtype=torch.float64)


class ModelError(LamError, TypeError):
    """What is no super-resolution network, or a scale that none has."""


class SuperResolver:
    """A super-resolution network behind one contract: float RGB [B, 3, h, w] in [0, 1] to [B, 3, s·h, s·w].

    Callable and differentiable in its input. The network is put into evaluation mode and its parameters are frozen,
    so calls from several threads do not disturb each other. Outputs are not clamped.

    `SuperResolver(my_network, scale=4)` is all that a network of one's own needs, if it maps RGB in [0, 1] to RGB in
    [0, 1]. Where it returns several tensors, the one of the right shape is taken, and `output_note` says which.

    Args:
        module: the network.
        scale: enlargement along each side, a whole number from 1 on.
        convention: range, colour order, mean and sizes that the network wants.
        name: for figures and messages; the class's name if empty.
        fingerprint: identity for caches; made of weights and code if empty.
        condition: values of parameters of its `forward` after the image, such as `{"sigma": 25}`; a number without a
            default is passed as a tensor [B, 1, 1, 1].
        plain: names of conditions whose numbers are passed as they are.
        notes: sentences on how it was found to be used.
        reading_is_known: whether somebody checked the convention, so that no other is tried.

    Raises:
        ModelError: what is no network, or a scale that is no whole number.
        ConventionError: a convention that the network cannot have.
        ConditionError: a condition that the network cannot have.
    """

    def __init__(
        self,
        module: nn.Module,
        scale: int,
        *,
        convention: Convention = Convention(),
        name: str = "",
        fingerprint: str = "",
        condition: Mapping[str, Value] | None = None,
        plain: Collection[str] = (),
        notes: tuple[str, ...] = (),
        reading_is_known: bool = False,
    ) -> None:
        self.module = _frozen(module)
        self.scale = _whole(scale)
        self.convention = _checked(convention)
        self.plain_name = name or type(module).__name__
        """The name without conditions."""
        self.plain = frozenset(plain)
        self.conditions: tuple[Condition, ...] = tuple(
            replace(one, is_plain=True) if one.name in self.plain else one for one in conditions.conditions_of(module)
        )
        """What the network takes beside the image."""
        self.condition = conditions.checked(condition or {}, self.conditions, self.plain_name)
        """The values that were given; `values` holds the defaults too."""
        self.notes = notes
        """What was decided or guessed of the network where its file leaves it open, a sentence each."""
        self.reading_is_known = reading_is_known
        self.output_note = ""
        """Which of several tensors is taken for the SR picture; known once the network has run."""
        self._unconditioned = fingerprint or _fingerprint(module, self.scale, convention)

    def __call__(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        padded = _pad(x, self.convention)
        conditions.require(self.condition, self.conditions, self.plain_name)
        extra = {name: self.argument(name, value, x) for name, value in self.condition.items()}
        y = self._luma(padded, extra) if self.convention.colour == "luma" else self._rgb(padded, extra)
        return y[..., : height * self.scale, : width * self.scale]

    def _rgb(self, x: Tensor, extra: Mapping[str, Any]) -> Tensor:
        return read(self._picture(fed(x, self.convention), extra), self.convention)

    def _luma(self, x: Tensor, extra: Mapping[str, Any]) -> Tensor:
        matrix, offset = _TO_YCBCR.to(x) / 255, _OFFSET.to(x).view(1, 3, 1, 1) / 255
        ycbcr = torch.einsum("ij,bjhw->bihw", matrix, x) + offset
        white = self.convention.input_range
        y = self._picture(ycbcr[:, :1] * white, extra) / white
        chroma = F.interpolate(ycbcr[:, 1:], scale_factor=self.scale, mode="bicubic", antialias=True)
        return torch.einsum("ij,bjhw->bihw", torch.linalg.inv(matrix), torch.cat([y, chroma], 1) - offset)

    def _picture(self, x: Tensor, extra: Mapping[str, Any]) -> Tensor:
        """The network's own SR picture [B, C, s·h, s·w] of what it takes, [B, C, h, w]."""
        shape = tuple(x.shape)
        expected = (*shape[:2], shape[-2] * self.scale, shape[-1] * self.scale)
        picture, self.output_note = sr_picture(self.module(x, **extra), expected, given=shape, network=self.plain_name)
        return picture

    def argument(self, name: str, value: Value, x: Tensor) -> Any:
        """A condition as the network takes it: a number where it is plain or its default is one, else a tensor."""
        if not isinstance(value, np.ndarray):
            kind = next(one for one in self.conditions if one.name == name)
            if kind.default is None and not kind.is_plain:
                return x.new_full((len(x), 1, 1, 1), value)
            is_whole = value == int(value) and not isinstance(kind.default, float)
            return int(value) if is_whole else value
        tensor = torch.from_numpy(value).to(x)
        if tensor.dim() > 2 and tensor.shape[-2:] == x.shape[-2:]:
            padded = _pad(tensor.reshape(-1, 1, *x.shape[-2:]), self.convention)
            tensor = padded.view(*tensor.shape[:-2], *padded.shape[-2:])
        return tensor.expand(len(x), *tensor.shape)

    @property
    def name(self) -> str:
        """Shown to people; with the conditions that were given."""
        return f"{self.plain_name}, {conditions.in_words(self.condition)}" if self.condition else self.plain_name

    @property
    def fingerprint(self) -> str:
        """sha256 over weights, code, scale, convention and the conditions that were given."""
        return conditions.fingerprint_with(self._unconditioned, self.condition)

    @property
    def values(self) -> dict[str, Value]:
        """The values of all conditions that have one, defaults among them."""
        return conditions.complete(self.condition, self.conditions)

    def conditioned(self, **values: Value) -> SuperResolver:
        """This network under conditions: `model.conditioned(sigma=25)`. Raises `ConditionError`."""
        return self.replaced(condition={**self.condition, **values})

    def on_field(self, field: Field, height: int, width: int) -> SuperResolver:
        """This network for a field of an LR image [height, width]: conditions of the image's size are cut alike."""
        cut = {
            name: value[(..., *field.slices)]
            for name, value in self.condition.items()
            if isinstance(value, np.ndarray) and value.ndim > 2 and value.shape[-2:] == (height, width)
        }
        is_whole = (field.height, field.width) == (height, width)
        return self if is_whole or not cut else self.replaced(condition={**self.condition, **cut})

    def to(self, *, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> SuperResolver:
        """This model on another device or in another precision; a copy, so that nobody's model changes under them."""
        return self.replaced(module=moved(self.module, device, dtype))

    def read_as(self, convention: Convention) -> SuperResolver:
        """The same network under another convention, and so another model."""
        fingerprint = fingerprint_of(self._unconditioned, "read otherwise", self.scale, convention)
        return self.replaced(convention=convention, fingerprint=fingerprint, reading_is_known=False)

    def replaced(self, **changed: Any) -> SuperResolver:
        """A copy with other arguments of the constructor."""
        same = {
            "module": self.module,
            "scale": self.scale,
            "convention": self.convention,
            "name": self.plain_name,
            "fingerprint": self._unconditioned,
            "condition": self.condition,
            "plain": self.plain,
            "notes": self.notes,
            "reading_is_known": self.reading_is_known,
        }
        return SuperResolver(**{**same, **changed})

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
    def restored(self, x: Tensor) -> Tensor:
        """`self(x)` without gradient, always with the same random numbers; the network stays as it was.

        Raises `NetworkFailedError` with the remedy where the network's own code raises, and `NonFiniteMapError` where
        it returns NaN or infinity.
        """
        try:
            with undisturbed(self.module), seeded(self.device):
                y = self(x)
        except Exception as error:  # it may be anybody's network
            explain(self, x, error)
        if not bool(y.sum().isfinite()) and not bool(y.isfinite().all()):
            raise not_finite(self, "an output")
        return y

    def upscale(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The SR picture [s·h, s·w, 3] of an LR picture [h, w, 3], rounded and clamped to 8 bits.

        Raises what `restored` raises.
        """
        x = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))[None]
        return in_eight_bits(self.restored(x.to(self.device, self.dtype) / 255))


def in_eight_bits(picture: Tensor) -> NDArray[np.uint8]:
    """A picture [1, 3, h, w] in [0, 1] as [h, w, 3], rounded and clamped to 8 bits."""
    return (picture[0].clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()


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


def fed(x: Tensor, convention: Convention) -> Tensor:
    """RGB [B, 3, h, w] in [0, 1] as a network of three channels takes it."""
    x = (x - x.new_tensor(convention.mean).view(1, 3, 1, 1)) * convention.input_range
    return x.flip(1) if convention.colour == "bgr" else x


def read(y: Tensor, convention: Convention) -> Tensor:
    """What a network of three channels gives as RGB [B, 3, h, w] in [0, 1], the inverse of `fed`."""
    y = y.flip(1) if convention.colour == "bgr" else y
    return y / convention.input_range + y.new_tensor(convention.mean).view(1, 3, 1, 1)


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
    derived = tuple(f"{path}.eval_conv." for path, part in module.named_modules() if hasattr(part, "update_params"))
    for key, tensor in module.state_dict().items():
        # SPAN's blocks write the sum of their kernels there at each call: before the first, it is anything.
        if not f".{key}".startswith(tuple(f".{start}" for start in derived)):
            weights.update(_described(key, tensor))
    for key, value in _attributes(module):
        weights.update(_described(key, value))
    return fingerprint_of(weights.hexdigest(), _source(module), scale, convention)


def _attributes(module: nn.Module) -> Iterator[tuple[str, Any]]:
    """Numbers, words and tensors that modules keep beside their weights, such as a residual's factor or a mean."""
    for path, part in module.named_modules():
        derives = hasattr(part, "update_params")
        for name, value in sorted(vars(part).items()):
            if derives and (value is None or isinstance(value, Tensor)):
                continue
            if not name.startswith("_") and name != "training" and _is_plain(value):
                yield f"{path}.{name}", value


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_plain(item) for item in value)
    return value is None or isinstance(value, bool | int | float | str | Tensor | np.ndarray | np.generic)


def _described(key: str, value: Any) -> bytes:
    if isinstance(value, list | tuple):
        return b"\n".join([key.encode(), *(_described(f"{key}[{i}]", item) for i, item in enumerate(value))])
    if not isinstance(value, Tensor):
        return f"{key} {np.asarray(value).tolist() if isinstance(value, np.ndarray) else value!r}".encode()
    array = value.detach().cpu().contiguous()
    return f"{key} {tuple(array.shape)} {array.dtype}".encode() + array.reshape(-1).view(torch.uint8).numpy().tobytes()


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
    scripts = [
        part.code
        for part in module.modules()
        if isinstance(part, torch.jit.ScriptModule) and part._c._has_method("forward")
    ]
    return "\n".join([repr(module), *sources, *scripts])


def _frozen(module: nn.Module) -> nn.Module:
    """The network in evaluation mode, without gradients of its parameters (scripted ones are frozen one by one)."""
    if isinstance(module, SuperResolver):
        raise ModelError(f"{module.name} is a SuperResolver already; use it as it is")
    if not isinstance(module, nn.Module):
        what = f"the class {module.__name__}" if isinstance(module, type) else f"{module!r:.60}"
        raise ModelError(f"a network must be a torch.nn.Module, and this is {what}; give the module itself")
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    return module.eval()


def _whole(scale: Any) -> int:
    if isinstance(scale, bool) or not isinstance(scale, Integral) or scale < 1:
        is_fraction = isinstance(scale, float | Fraction) and scale > 1
        other = "; lam_core.attribute_tensor takes networks of any scale" if is_fraction else ""
        raise ModelError(f"scale is {scale!r}; give the network's enlargement as a whole number, such as 4{other}")
    return int(scale)


def _checked(convention: Any) -> Convention:
    if not isinstance(convention, Convention):
        raise ModelError(f"convention is {convention!r:.60}; give a lam_core.Convention")
    return convention
