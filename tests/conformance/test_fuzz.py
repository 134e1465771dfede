"""Random networks beside plain autograd: none is attributed wrongly, breaks attribution or is spoilt."""

from __future__ import annotations

import pytest

from tests.conformance.fuzz.maps import map_errors
from tests.conformance.fuzz.network import case
from tests.conformance.fuzz.oracle import SHARE_CROPPED, SHARE_REFUSED, SINGLE, Verdict, counts, examine

SEEDS, FEW = 500, 40
MAPS, FEW_MAPS = 100, 8


@pytest.mark.parametrize("seed", range(FEW))
def test_a_network_is_attributed_truly(seed: int) -> None:
    assert not _failed([examine(case(seed))])


@pytest.mark.parametrize("seed", range(FEW_MAPS))
def test_a_whole_map_is_true(seed: int) -> None:
    assert max(map_errors(seed)) <= SINGLE


@pytest.mark.conformance
def test_no_network_is_attributed_wrongly() -> None:
    verdicts = [examine(case(seed)) for seed in range(SEEDS)]
    print("\n", counts(verdicts))
    failed = _failed(verdicts)
    assert not failed, "\n".join(failed)
    assert sum(verdict.kind == "refused" for verdict in verdicts) <= SHARE_REFUSED * SEEDS
    local = [verdict for verdict in verdicts if verdict.local]
    assert len(local) > SEEDS / 3
    assert sum(verdict.cropped for verdict in local) >= SHARE_CROPPED * len(local)


@pytest.mark.conformance
def test_no_whole_map_is_wrong() -> None:
    wrong = {seed: errors for seed in range(MAPS) if max(errors := map_errors(seed)) > SINGLE}
    assert not wrong


def _failed(verdicts: list[Verdict]) -> list[str]:
    return [str(verdict) for verdict in verdicts if verdict.kind in ("wrong", "traceback", "spoilt")]
