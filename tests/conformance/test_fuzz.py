"""Five hundred random networks beside plain autograd: none is attributed wrongly, breaks attribution or is spoilt."""

from __future__ import annotations

import pytest

from tests.conformance.fuzz.oracle import SHARE_CROPPED, SHARE_REFUSED, counts, examine

SEEDS = 500


@pytest.mark.conformance
def test_no_network_is_attributed_wrongly() -> None:
    verdicts = [examine(seed) for seed in range(SEEDS)]
    print("\n", counts(verdicts))
    failed = [str(verdict) for verdict in verdicts if verdict.kind in ("wrong", "traceback", "spoilt")]
    assert not failed, "\n".join(failed)
    assert sum(verdict.kind == "refused" for verdict in verdicts) <= SHARE_REFUSED * SEEDS
    local = [verdict for verdict in verdicts if verdict.local]
    assert len(local) > SEEDS / 3
    assert sum(verdict.cropped for verdict in local) >= SHARE_CROPPED * len(local)
