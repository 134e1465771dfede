"""A network given as a list of operators, run in PyTorch: what ncnn's and ONNX's files describe."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor, nn


@dataclass(frozen=True)
class Step:
    """One operator of a graph: a function of its named inputs that gives its named outputs."""

    name: str
    operation: Callable[..., Any]
    """Takes one argument an input, `None` where the name is empty. A module is registered with the network."""
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    kind: str = ""
    """What the file calls the operator."""


class OperatorGraph(nn.Module):
    """A network of one input and one output that computes the steps in their order.

    Modules among the operations keep their names with `_` for what Python's attributes do not take, so that their
    weights are counted, moved between devices and looked into as in any network. `parameters` are named weights that
    are no module's, `constants` are floats that are no weights, `numbers` sizes and axes.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        *,
        source: str,
        result: str,
        parameters: Mapping[str, Tensor] | None = None,
        constants: Mapping[str, Tensor] | None = None,
        numbers: Mapping[str, np.ndarray[Any, Any]] | None = None,
    ) -> None:
        super().__init__()
        self.source = source
        self.result = result
        self.numbers = dict(numbers or {})
        self._attributes: dict[str, str] = {}
        taken: set[str] = set(dir(self))

        def attribute(name: str) -> str:
            plain = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "layer"
            plain = f"layer_{plain}" if plain[0].isdigit() else plain
            while plain in taken:
                plain += "_"
            taken.add(plain)
            return plain

        for name, tensor in (parameters or {}).items():
            self._attributes[name] = attribute(name)
            self.register_parameter(self._attributes[name], nn.Parameter(tensor, requires_grad=False))
        for name, tensor in (constants or {}).items():
            self._attributes[name] = attribute(name)
            self.register_buffer(self._attributes[name], tensor)
        self._plan: list[tuple[str | Callable[..., Any], tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = []
        last = {name: i for i, step in enumerate(steps) for name in (*step.inputs, *step.outputs)}
        for i, step in enumerate(steps):
            operation: str | Callable[..., Any] = step.operation
            if isinstance(operation, nn.Module):
                module, operation = operation, attribute(step.name)
                self.add_module(operation, module)
            spent = {name for name in (*step.inputs, *step.outputs) if last[name] == i and name not in ("", result)}
            self._plan.append((operation, step.inputs, step.outputs, tuple(spent)))

    def forward(self, x: Tensor) -> Tensor:
        values: dict[str, Any] = {"": None, **self.numbers}
        values |= {name: getattr(self, plain) for name, plain in self._attributes.items()}
        values[self.source] = x
        for operation, inputs, outputs, spent in self._plan:
            run = getattr(self, operation) if isinstance(operation, str) else operation
            found = run(*(values[name] for name in inputs))
            values.update(zip(outputs, found if isinstance(found, tuple) else (found,), strict=True))
            for name in spent:  # a graph of a thousand layers does not keep a thousand planes
                values.pop(name, None)
        return values[self.result]
