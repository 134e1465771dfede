"""Why the weights in a file cannot be used."""

from zoo.errors import ZooError


class CheckpointError(ZooError):
    """A file whose weights cannot be used."""


class NotACheckpointError(CheckpointError):
    """A file that is neither safetensors nor a PyTorch checkpoint."""


class CodeInCheckpointError(CheckpointError):
    """A checkpoint that would run code while it is read."""


class DamagedCheckpointError(CheckpointError):
    """A checkpoint that ends early or contradicts itself."""


class OversizedCheckpointError(CheckpointError):
    """A file that claims to be, or unpacks to, far more than it is."""


class ParameterSetError(CheckpointError):
    """A parameter set that a checkpoint does not hold."""


class UnknownNetworkError(ZooError):
    """Weights of no architecture that is known here."""


class UnusableNetworkError(ZooError):
    """A known architecture that is no super-resolution or restoration network for RGB pictures."""


class MismatchError(ZooError):
    """Weights that are not what their entry says."""
