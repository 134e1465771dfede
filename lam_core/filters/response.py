"""The response of one filter on an image: its kernel on the one channel that it reads."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from lam_core.filters.pair import NetworkPair
from lam_core.images import Pixels


def response_of(pair: NetworkPair, number: int, low: Pixels) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A filter's kernels, [2, kernel height, kernel width], and responses, [2, h, w]: of the target, then with the
    baseline's kernel in its place.

    Both read the channel as the target computes it for an LR image, uint8 [h, w, 3]; biases are left out. Where a
    layer is used several times, its first use counts.
    """
    layer = next(one for one in reversed(pair.layout.layers) if one.first <= number)
    row, column = layer.place(number)
    seen: list[Tensor] = []

    def note(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        seen.append(inputs[0])

    with pair.returned(np.array([], np.int64)) as model:
        module = model.module.get_submodule(layer.name)
        hook = module.register_forward_pre_hook(note)
        like = next(model.module.parameters())
        x = torch.from_numpy(np.ascontiguousarray(low.transpose(2, 0, 1)))[None].to(like) / 255
        try:
            with torch.no_grad():
                model(x)
        finally:
            hook.remove()
        assert isinstance(module, (nn.Conv2d, nn.ConvTranspose2d))
        kernels = [pair.layout.weights(one.module)[pair.layout.layers.index(layer)][row, column].detach().clone()
                   for one in (pair.target, pair.baseline)]  # fmt: skip
        if isinstance(module, nn.Conv2d):
            first = row // (module.out_channels // module.groups) * (module.in_channels // module.groups)
            read = seen[0][:, first + column][:, None]
            responses = [_convolved(module, read, kernel) for kernel in kernels]
        else:
            read = seen[0][:, row][:, None]
            # A transposed convolution takes no padding in words, which the type of both allows.
            padding = tuple(int(side) for side in module.padding)
            responses = [
                F.conv_transpose2d(
                    read, kernel.to(read)[None, None], None, module.stride, padding, module.output_padding,
                    1, module.dilation,
                )
                for kernel in kernels
            ]  # fmt: skip
    arrays = [torch.stack([part.squeeze() for part in parts]).float().cpu().numpy() for parts in (kernels, responses)]
    return arrays[0].reshape(2, *layer.kernel), arrays[1].reshape(2, *responses[0].shape[-2:])


def _convolved(module: nn.Conv2d, read: Tensor, kernel: Tensor) -> Tensor:
    weight = kernel.to(read)[None, None]
    if module.padding_mode != "zeros":
        read = F.pad(read, module._reversed_padding_repeated_twice, mode=module.padding_mode)
        return F.conv2d(read, weight, None, module.stride, 0, module.dilation)
    return F.conv2d(read, weight, None, module.stride, module.padding, module.dilation)
