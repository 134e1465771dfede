"""What a command says while it computes."""

import numpy as np
import pytest

from lam_cli.progress import ProgressLine
from lam_core.attribution.attribute import Progress
from lam_core.attribution.estimate import Estimate
from lam_core.service.service import Status


def test_a_large_run_is_announced_in_a_log_at_once_and_others_are_not(capsys: pytest.CaptureFixture[str]) -> None:
    signed = np.zeros((3, 8, 8))
    with ProgressLine() as line:
        told = line.follow("IMDN: ")
        told(Status("work", progress=Progress(5, 50, 0.1, signed)))
        assert capsys.readouterr().err == ""
        told(Status("work", progress=Progress(0, 50, float("inf"), signed, Estimate(250.0, 3_400_000_000))))
    assert capsys.readouterr().err == "IMDN: This takes up to about 4 minutes and 3.4 GB of memory\n"
