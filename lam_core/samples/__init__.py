"""Images that need no download: photographs from installed packages, and scenes and patterns that this project drew."""

from lam_core.samples.catalogue import UnknownSampleError, sample, samples
from lam_core.samples.sample import SIDE, Kind, Sample

__all__ = ["SIDE", "Kind", "Sample", "UnknownSampleError", "sample", "samples"]
