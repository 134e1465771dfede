"""What ships is made anew where it changed and nowhere else."""

from functools import partial

import pandas as pd

from dashboard.gallery.make_studies import Network, refreshed
from lam_core.service import Service
from lam_core.studies.pictures import Opened, Picture
from lam_core.studies.table import read_table
from tests.lam_core.studies.toys import Reference, picture


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
