"""What a network's deep features have learned to tell apart: content, or degradation."""

from lam_core.semantics.analyse import DEGRADATIONS, Picture, Progress, analyse
from lam_core.semantics.detection import Detection, Probe, Verdict, train_probe, try_probe
from lam_core.semantics.errors import (
    ConstantFeaturesError,
    DesignError,
    LayerError,
    ProbeFileError,
    TooManyPointsError,
)
from lam_core.semantics.features import FLATTENED, RAW, Features, Space, collect
from lam_core.semantics.result import METHOD_VERSION, Analysis, LayerResult, ModelResult
from lam_core.semantics.separability import Shares
from lam_core.semantics.srga import SrgaScore, srga
from lam_core.semantics.strength import StrengthCurve, strength_curve
from lam_core.semantics.trunk import trunk_stages
from lam_core.semantics.turn_off import Response, turn_off
from lam_core.semantics.untrained import untrained

__all__ = [
    "DEGRADATIONS",
    "FLATTENED",
    "METHOD_VERSION",
    "RAW",
    "Analysis",
    "ConstantFeaturesError",
    "DesignError",
    "Detection",
    "Features",
    "LayerError",
    "LayerResult",
    "ModelResult",
    "Picture",
    "Probe",
    "ProbeFileError",
    "Progress",
    "Response",
    "Shares",
    "Space",
    "SrgaScore",
    "StrengthCurve",
    "TooManyPointsError",
    "Verdict",
    "analyse",
    "collect",
    "srga",
    "strength_curve",
    "train_probe",
    "trunk_stages",
    "try_probe",
    "turn_off",
    "untrained",
]
