"""Which layers of a network are worth looking at: the stages of its trunk, found without knowing its architecture."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from lam_core.semantics.errors import LayerError
from lam_core.semantics.taps import Network, execution


def trunk_stages(network: Network, height: int = 32, width: int = 64, *, at_most: int = 6) -> tuple[str, ...]:
    """Up to `at_most` layers, spread evenly from the first to the last one before the upsampler.

    The upsampler begins where an output is first larger than the picture put in, which is best told from one that
    is not square; a layer whose output goes straight into a pixel shuffle that gives such a one is part of it. Stages
    are the parts of the network; where there are few, the largest (such as `body`) is opened. A network that enlarges
    its input first has no trunk in this sense, so all of it counts. Raises `LayerError` if there is no layer with
    weights.
    """
    padded, runs = execution(network, height, width)
    modules = dict(network.module.named_modules())
    weights = {name: sum(p.numel() for p in module.parameters()) for name, module in modules.items()}
    end = next((i for i, run in enumerate(runs) if _grown(run.shuffled or run.shape, padded)), len(runs))
    runs = runs[:end] or runs
    finished = {run.layer for run in runs}
    order = {run.layer: i for i, run in enumerate(runs)}

    def parts(name: str) -> list[str]:
        """The parts of a module that ran to their end before the upsampler, in order of execution."""
        found = []
        for child, module in modules[name].named_children():
            path = f"{name}.{child}" if name else child
            if path in finished:
                # Fixed mean shifts and layers without weights are no stages.
                if weights[path] and "_mean" not in path:
                    found.append(path)
            # A list never runs itself; a sequence that did not end in time is the upsampler, or holds nearly all.
            elif isinstance(module, (nn.ModuleList, nn.ModuleDict)) or 2 * weights[path] > weights[""]:
                found += parts(path)
        return sorted(found, key=order.__getitem__)

    stages = parts("")
    while stages and len(stages) < 4:
        largest = max(stages, key=weights.__getitem__)
        inner = parts(largest)
        if len(inner) < 2:
            break
        position = stages.index(largest)
        stages[position : position + 1] = inner
    if not stages:
        raise LayerError(f"{network.name} has no layer with weights before its output; name the layers to look at")
    return tuple(spread(stages, at_most))


def spread(items: Sequence[str], count: int) -> list[str]:
    """`count` of the items, evenly spaced, the first and the last among them.

    >>> spread("abcdefg", 3)
    ['a', 'd', 'g']
    """
    if len(items) <= count:
        return list(items)
    if count == 1:
        return [items[-1]]
    return [items[round(i * (len(items) - 1) / (count - 1))] for i in range(count)]


def _grown(shape: tuple[int, ...], size: tuple[int, int]) -> bool:
    """Whether a layer gave a picture larger than the one put in, of much the same proportions.

    Attention maps are square, and networks that pad by themselves distort the proportions a little.
    """
    if len(shape) != 4:
        return False
    down, across = shape[2] / size[0], shape[3] / size[1]
    return min(down, across) > 1.4 and max(down, across) < 1.5 * min(down, across)
