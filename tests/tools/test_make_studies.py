"""What ships is made again where it changed and nowhere else."""

from functools import partial

import numpy as np
import pandas as pd

from dashboard.gallery import study_maps
from lam_core.images.image_sets import Opened, Picture
from lam_core.service.service import Service
from lam_core.studies.sweeps.table import read_table
from tests.lam_core.studies.toys import Reference, picture
from tools.gallery.make_studies import Network, maps, refreshed


def test_only_networks_that_changed_are_swept_again(tmp_path):
    pictures = [Picture(f"p{k}", partial(Opened, picture(64, 64, k))) for k in range(2)]
    log, path = tmp_path / "log", tmp_path / "t.parquet"

    def networks(far: float) -> list[Network]:
        references = Reference("near", log=log), Reference("far", (far, 0, -9), log=log)
        return [Network(r.name, r, "here", "0" * 64) for r in references]

    first = refreshed(path, networks(0.5), pictures, Service(None))
    log.write_text("")
    again = refreshed(path, networks(0.4), pictures, Service(None))
    assert {line.split()[0] for line in log.read_text().splitlines()} == {"far"}
    near = [table[table["model"] == "near"].reset_index(drop=True) for table in (first, again)]
    pd.testing.assert_frame_equal(*near)
    assert len(read_table(path)) == 4
    log.write_text("")
    refreshed(path, networks(0.4)[1:], pictures, Service(None))
    assert log.read_text() == ""
    assert set(read_table(path)["model"]) == {"far"}


def test_only_maps_of_networks_that_changed_are_computed_again(tmp_path, monkeypatch):
    monkeypatch.setattr(study_maps, "MAPS", tmp_path / "maps.npz")
    pictures = [Picture(f"p{k}", partial(Opened, picture(64, 64, k))) for k in range(2)]
    service = Service(None)

    def networks(far: float) -> list[Network]:
        references = Reference("near"), Reference("far", (far, 0, -9))
        return [Network(r.name, r, "here", "0" * 64) for r in references]

    table = refreshed(tmp_path / "t.parquet", networks(0.5), pictures, service)
    maps(table, networks(0.5), pictures, service)
    about, first = study_maps.read()
    near, far = (network.reference.fingerprint for network in networks(0.5))
    assert list(about["images"]) == ["p0", "p1"]
    assert first[near].shape == (2, 32, 32)
    assert first[near].max(axis=(1, 2)).tolist() == [255, 255]
    assert (first[near] != first[far]).any()
    first[near][:] = 7
    study_maps.write(about, first)
    maps(table, networks(0.4), pictures, service)
    _, again = study_maps.read()
    assert far not in again
    assert np.unique(again[near]).tolist() == [7], "it stayed as it was"
    maps(table, networks(0.4)[:1], pictures[:1], service)
    assert study_maps.read()[1][near].max() == 255, "of other pictures nothing is kept"
