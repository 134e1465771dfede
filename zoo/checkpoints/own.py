"""From a state dict to a network of an architecture that this project knows by itself; spandrel is not loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from lam_core.convention import Convention
from lam_core.errors import sentence
from zoo.architectures.architecture import Architecture
from zoo.checkpoints import untold
from zoo.checkpoints.errors import MismatchError, UnusableNetworkError
from zoo.checkpoints.merged_branches import merge_branches
from zoo.checkpoints.network import Network, plain_values
from zoo.checkpoints.out_of_place import out_of_place
from zoo.checkpoints.size_limits import most_weights, parameter_budget
from zoo.errors import ZooError


def build_own(
    state: Mapping[str, Tensor],
    architecture: Architecture,
    declared: Mapping[str, Any],
    *,
    name: str,
    told: Mapping[str, Any] | None = None,
) -> Network:
    """The network with its weights; hyperparameters that are neither `declared` nor `told` are read from them.

    Raises `MismatchError` if the weights are not of that architecture, and `UnusableNetworkError` if they do not fit.
    """
    if not architecture.detect(dict(state)):
        raise MismatchError(f"the weights of {name} are not those of {architecture.id}, as its entry says")
    try:
        with parameter_budget(most_weights(state), name):
            guessed = architecture.infer(state)
            settled = untold.believed(architecture.id, guessed, told) if told else {}
            hyperparameters = {**guessed, **settled, **declared}
            model = architecture.build(**hyperparameters)
            model.load_state_dict(dict(state))
            channels = architecture.channels(state)
    except ZooError:
        raise
    except Exception as error:  # whatever an architecture raises on weights that it took for its own
        raise UnusableNetworkError(
            f"{name} looks like {architecture.name}, but its weights do not fit: {sentence(error)}"
        ) from error
    if channels not in (1, 3):
        raise UnusableNetworkError(f"{name} takes {channels} channels; only RGB and luma networks are attributed")
    convention = Convention(
        input_range=architecture.input_range(state),
        colour="luma" if channels == 1 else "rgb",
        pad_multiple=architecture.pad_multiple,
        minimum_size=max(architecture.minimum_size, 1),
    )
    module = merge_branches(out_of_place(model)).eval()
    scale = int(hyperparameters.get("scale", 1))
    return Network(module, architecture.id, scale, convention, plain_values(hyperparameters))
