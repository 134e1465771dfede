"""Looking into a network: the outputs of named layers, the network left exactly as it is.

Hooks are set on a private twin of the network: new module objects around the very same weight tensors. It costs no
memory to speak of, several threads may look into one network at once, and whatever happens nothing stays behind.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from lam_core.model import FeatureModel, SuperResolver
from lam_core.semantics.errors import LayerError

Network = SuperResolver | FeatureModel


@dataclass(frozen=True)
class Run:
    """One completed call of a layer."""

    layer: str
    shape: tuple[int, ...]
    """Of the layer's output, batch first."""
    shuffled: tuple[int, ...] | None = None
    """Of that output behind a pixel shuffle, if it goes straight into one: the layer is half an upsampler."""


class _AllSeen(Exception):
    """Ends a forward pass when its last wanted layer has run."""


def twin(network: Network) -> Network:
    """A network of one's own to set hooks on, in evaluation mode, sharing every weight with the original."""
    module = network.module
    tensors = [*module.parameters(), *module.buffers()]
    private = copy.deepcopy(module, {id(tensor): tensor for tensor in tensors}).eval()
    if isinstance(network, FeatureModel):
        return replace(network, module=private)
    other = copy.copy(network)
    other.module = private
    return other


def execution(network: Network, height: int, width: int) -> tuple[tuple[int, int], list[Run]]:
    """For a picture of that size: height and width that reach the module (padded), and every layer's calls in the
    order in which they end.

    Layers that return no tensor are left out; of several tensors the first counts.
    """
    private = twin(network)
    runs: list[Run] = []
    reached = [(height, width)]
    # The latest output, and the first of the layers that returned it: a sequence returns what its last layer does.
    latest: tuple[Tensor | None, int] = None, 0

    def enter(module: nn.Module, arguments: tuple[object, ...]) -> None:
        tensor = _tensor(arguments)
        if tensor is not None:
            reached.append((tensor.shape[-2], tensor.shape[-1]))

    def record(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, arguments: object, output: object) -> None:
            nonlocal latest
            tensor = _tensor(output)
            if tensor is not None:
                if tensor is not latest[0]:
                    latest = tensor, len(runs)
                runs.append(Run(name, tuple(tensor.shape)))

        return hook

    class Shuffles(TorchFunctionMode):
        """Notes pixel shuffles, which need no layer of their own."""

        def __torch_function__(
            self, function: Any, types: Any, arguments: Sequence[Any] = (), named: dict[str, Any] | None = None
        ) -> Any:
            output = function(*arguments, **(named or {}))
            if function is torch.pixel_shuffle and latest[0] is not None and arguments[0] is latest[0]:
                runs[latest[1] :] = [replace(run, shuffled=tuple(output.shape)) for run in runs[latest[1] :]]
            return output

    private.module.register_forward_pre_hook(enter)
    for name, module in private.module.named_modules():
        if name:
            module.register_forward_hook(record(name))
    parameter = next(private.module.parameters(), torch.zeros(()))
    with torch.no_grad(), Shuffles():
        private(torch.full((1, 3, height, width), 0.5, dtype=parameter.dtype, device=parameter.device))
    return reached[-1], runs


class Tap:
    """Reads the outputs of some layers of a network; batches of RGB pictures in, one tensor a layer out.

    A layer that runs several times is read at its last run. The pass ends after the last wanted layer, so that an
    upsampler behind it costs nothing. Raises `LayerError`, which names the nearest layer, for one that does not
    exist, and for one that does not run on pictures of this size or returns no tensor.
    """

    def __init__(self, network: Network, layers: Sequence[str], height: int, width: int) -> None:
        self.layers = tuple(layers)
        _, runs = execution(network, height, width)
        ran = [run.layer for run in runs]
        known = [name for name, _ in network.module.named_modules() if name]
        for layer in layers:
            if layer not in known:
                nearest = get_close_matches(layer, known, n=1, cutoff=0)
                raise LayerError(
                    f"{network.name} has no layer {layer!r}"
                    + (f"; the nearest is {nearest[0]!r}" if nearest else " and none with a name")
                )
            if layer not in ran:
                raise LayerError(
                    f"layer {layer!r} of {network.name} does not run by itself or returns no tensor; "
                    f"choose one of its parts, or the layer that holds it"
                )
        self.shapes = {run.layer: run.shape[1:] for run in runs if run.layer in self.layers}
        """Shape of each layer's output for one picture."""
        self._network = twin(network)
        self._modules = dict(self._network.module.named_modules())
        self._expected = {layer: ran.count(layer) for layer in self.layers}

    @torch.no_grad()
    def __call__(self, batch: Tensor, reduce: Callable[[str, Tensor], Tensor]) -> Mapping[str, Tensor]:
        """Outputs of every layer for RGB [B, 3, h, w] in [0, 1], each handed to `reduce(layer, output)` at once.

        `reduce` must return a tensor of its own: the network may go on to overwrite the one it is given.
        """
        seen: dict[str, Tensor] = {}
        left = dict(self._expected)
        # Hooks live for one pass, in this call's own dictionary: one tap must not be called by two threads at once.
        handles = []

        def record(layer: str) -> Callable[..., None]:
            def hook(module: nn.Module, arguments: object, output: object) -> None:
                tensor = _tensor(output)
                if tensor is None:
                    return
                left[layer] -= 1
                if left[layer] == 0:
                    seen[layer] = reduce(layer, tensor)
                if not any(left.values()):
                    raise _AllSeen

            return hook

        try:
            handles += [self._modules[layer].register_forward_hook(record(layer)) for layer in self.layers]
            self._network(batch)
        except _AllSeen:
            pass
        finally:
            for handle in handles:
                handle.remove()
        return {layer: seen[layer] for layer in self.layers}


def _tensor(output: object) -> Tensor | None:
    if isinstance(output, Tensor):
        return output
    if isinstance(output, (tuple, list)):
        return next((item for item in output if isinstance(item, Tensor)), None)
    return None
