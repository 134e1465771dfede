"""From a network to its graph, without computing it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch._subclasses.fake_tensor import DataDependentOutputException, DynamicOutputShapeException

from lam_core.attribution.cone.graph import Graph, Node, Prepared, UntraceableError
from lam_core.attribution.cone.interception import steps_recorded
from lam_core.attribution.cone.opaque import Opaque
from lam_core.attribution.cone.recorder import Recorder
from lam_core.errors import sentence
from lam_core.module_state import undisturbed
from lam_core.randomness import seeded

if TYPE_CHECKING:
    from lam_core.model import SuperResolver

_TRACING = threading.Lock()


def trace(
    model: SuperResolver, shape: tuple[int, ...], dtype: torch.dtype, device: torch.device, prepared: Prepared
) -> Graph:
    """The graph of a network on an input of that shape, without computing it. The network stays as it was.

    Random numbers are those that every run draws, as constants. Raises `UntraceableError` if the network's path
    depends on pixel values or does anything else that tensors without values cannot go through.
    """
    recorder = Recorder()
    start = Node(None, (), {}, shape=tuple(shape), dtype=dtype, device=device)
    recorder.nodes.append(start)
    x = recorder.blank(start)
    if torch.nn.modules.module._global_backward_hooks or torch.nn.modules.module._global_backward_pre_hooks:
        raise UntraceableError("all modules have hooks on their gradients")
    try:
        with _TRACING, undisturbed(model.module), seeded(device) as drawn, _quiet(), torch.enable_grad():
            with steps_recorded(recorder, model.module), recorder:
                y = model(x)
            if not isinstance(y, torch.Tensor) or not recorder.depends(y):
                raise UntraceableError("its output does not depend on its input")
            output, draws = recorder.node(y), drawn()
        _hold_constants(recorder)
    except UntraceableError:
        raise
    except (DataDependentOutputException, DynamicOutputShapeException) as error:
        raise UntraceableError(f"its path depends on the pixels' values ({error.func})") from error
    # A network is foreign code: whatever stops it here is a reason to run it as it is, and that run tells its errors.
    except Exception as error:
        raise UntraceableError(sentence(error)) from error
    finally:
        recorder.forget()
    foreign = any(isinstance(node.target, Opaque) and node.target.foreign for node in recorder.nodes)
    return Graph(tuple(recorder.nodes), start, output, device, prepared, foreign, draws)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the traces that PyTorch logs of what tensors without values cannot go through."""
    log = logging.getLogger("torch._subclasses.fake_tensor")
    # Not by its level: whatever changes one empties what logging remembers of all loggers.
    log.addFilter(_nothing)
    try:
        yield
    finally:
        log.removeFilter(_nothing)


def _nothing(record: logging.LogRecord) -> bool:
    return False


def _hold_constants(recorder: Recorder) -> None:
    """Has nodes keep what they read where the network, put back as it was, no longer holds it."""
    moved = {
        key: alias
        for key, (held, alias) in recorder.constants.items()
        if held.layout == torch.strided and held.data_ptr() != alias.data_ptr()
    }
    if moved:
        recorder.replace_constants(moved)
