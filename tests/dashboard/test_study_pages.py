"""The shipped studies are of what the project holds, and the two pages show them without PyTorch."""

import io
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

import zoo
from dashboard.app_pages.content import examples
from dashboard.gallery import study_maps
from dashboard.gallery.studies import PATTERNS, shipped_features, shipped_laboratory, shipped_sweep, studied_networks
from dashboard.presentation import study as studies
from dashboard.presentation import study_text
from dashboard.widgets import image_set_form
from lam_core.attribution.request import AttributionRequest
from lam_core.attribution.settings import METHOD_VERSION, AttributionSettings
from lam_core.images import digest, downscale
from lam_core.images.image_sets import PictureError
from lam_core.region import Region
from lam_core.samples import sample, samples
from lam_core.samples.catalogue import PATTERNS as PATTERN_KINDS
from lam_core.service.service import Service
from lam_core.studies.published import agreement
from lam_core.studies.statistics import Correlation
from lam_core.studies.sweeps.table import TableError, check_comparable
from tests.dashboard.conftest import APP
from zoo.catalog.registry import pinned_digest, registry

ABOUT = shipped_sweep().attrs["about"]


def test_the_shipped_sweep_is_of_the_samples_as_they_are():
    drawn = set(PATTERN_KINDS)
    expected = {one.id: digest(one.pixels()) for one in samples() if one.kind not in drawn}
    assert ABOUT["images"] == expected, "`make gallery` again: the samples have changed"
    assert ABOUT["settings"] == AttributionSettings().as_dict(), "only equal settings may be compared"
    assert ABOUT["method_version"] == METHOD_VERSION
    check_comparable(shipped_sweep())
    assert set(shipped_features()["image"]) == set(expected)


def test_every_network_of_the_tables_is_named_with_source_and_digest():
    known = {network.name: network for network in studied_networks()}
    assert set(shipped_sweep()["model"]) == set(known)
    assert set(shipped_laboratory()["model"]) <= set(known)
    for network in known.values():
        assert ABOUT["models"][network.name] == network.fingerprint
        entry = registry()[network.id]
        assert pinned_digest(entry) == network.sha256
        own = network.source == "trained by this project"
        assert own == (entry.tag == "compact")
        assert own or re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{7,40} \S+", network.source), network.source


def test_every_network_has_every_image():
    counts = shipped_sweep().groupby("model")["image"].nunique()
    assert set(counts) == {len(ABOUT["images"])}
    assert set(shipped_laboratory()["image"]) <= {pattern.name for pattern in PATTERNS}


def test_the_maps_of_the_published_networks_ship_and_are_of_the_sweep():
    about, maps = study_maps.read()
    assert about == {name: ABOUT[name] for name in about}, "`make gallery` again: the maps are of another sweep"
    published = [network for network in studied_networks() if registry()[network.id].tag == "published"]
    assert {network.fingerprint for network in published} <= set(maps)
    assert {stack.shape for stack in maps.values()} == {(len(ABOUT["images"]), 64, 64)}
    assert all((stack.max(axis=(1, 2)) == 255).all() for stack in maps.values())
    assert study_maps.shipped_map("0" * 64, "cat") is None


def test_a_shipped_map_is_the_one_that_is_computed():
    reference = zoo.reference("srresnet-c")
    shown = study_maps.shipped_map(reference.fingerprint, "cat")
    assert shown is not None, "the network was trained again: `make gallery` makes its maps"
    row = next(row for row in shipped_sweep().to_dict("records") if row["image"] == "cat")
    request = AttributionRequest(reference, downscale(sample("cat").pixels(), 4), Region(row["x"], row["y"], 16))
    assert np.abs(Service(None).answer(request).result.map - shown).max() <= 0.51 / 255


def test_strips_show_a_map_where_one_is_at_hand(environment):
    environment()
    study = studies.shipped()
    row = next(r for r in study.table.to_dict("records") if r["model"] == "IMDN")
    window = Region(row["x"], row["y"], row["size"])
    assert examples._map(study, row["image"], "IMDN", window).startswith(b"\x89PNG")
    unknown = replace(study, key="another", table=study.table.copy())
    unknown.table.attrs["about"] = {"models": {}}
    assert examples._map(unknown, row["image"], "FSRCNN (compact)", window) is None
    assert examples._map(unknown, row["image"], "nobody's", window) is None


PAGES = {"landscape": "DI against PSNR", "content": "give a large DI"}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_full_at_first_paint_without_pytorch(page):
    script = f"""
import sys
from streamlit.testing.v1 import AppTest
from dashboard.runtime import process
process.warm_up = lambda: None
app = AppTest.from_file({str(APP)!r}, default_timeout=120).run()
from tests.dashboard.conftest import at_page
at_page(app, "{page}").run()
assert not app.exception, app.exception
assert {PAGES[page]!r} in app.title[0].value
assert any("33 images" in one.value for one in app.caption)
heavy = [name for name in ("torch", "spandrel", "torchvision", "cv2", "sklearn", "distributed") if name in sys.modules]
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


def test_an_address_restores_the_axis(environment):
    environment()
    app = AppTest.from_file(str(APP.parent / "app_pages" / "landscape" / "page.py"), default_timeout=120)
    app.query_params["along"] = "Depth"
    app.run()
    assert not app.exception
    assert any("no marks on this axis" in one.value for one in app.caption)


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


class File:
    """An uploaded file."""

    def __init__(self, name: str, content: bytes) -> None:
        self.name, self.content, self.size = name, content, len(content)

    def getvalue(self) -> bytes:
        return self.content


def test_uploaded_files_have_names_of_their_own_and_a_broken_one_says_so():
    grey = png(np.tile(np.arange(64, dtype=np.uint8), (64, 1)))
    first, second, broken = image_set_form.uploaded([File("a.png", grey), File("a.png", grey), File("b.png", b"no")])
    assert (first.name, second.name) == ("a.png", "a.png (2)")
    assert "grey" in second.open().note
    with pytest.raises(PictureError, match=r"b\.png"):
        broken.open()


def test_a_visit_holds_so_many_files_and_no_more():
    assert len(image_set_form.uploaded([File(f"{k}.png", b"") for k in range(5000)])) == image_set_form.MOST_UPLOADED


def test_a_file_beyond_the_limit_is_refused_before_it_is_decoded(environment):
    environment(LAM_UPLOAD_MIB="1")
    (large,) = image_set_form.uploaded([File("large.png", bytes(2 * 1024**2))])
    with pytest.raises(PictureError, match=r"has 2\.0 MiB; choose one of at most 1 MiB"):
        large.open()


def test_a_table_of_lam_sweep_becomes_a_study(tmp_path):
    path = tmp_path / "t.parquet"
    shipped_sweep().to_parquet(path)
    study = studies.of_file("t.parquet", path.read_bytes())
    assert (study.own, study.networks) == (True, studies.shipped().networks)
    assert studies.builds(study) == studies.builds(studies.shipped())
    with pytest.raises(TableError, match="cannot be read"):
        studies.of_file("x.parquet", b"nothing of the kind")


def test_sentences_follow_the_figures():
    assert "rises" in study_text.association("PSNR", Correlation(0.8, 0.01, 10))
    assert "falls" in study_text.association("PSNR", Correlation(-0.8, 0.01, 10))
    assert "chance" in study_text.association("PSNR", Correlation(0.8, 0.06, 10))
    for few in (
        study_text.association("PSNR", Correlation(0.8, 0.01, 9)),
        study_text.association("PSNR", Correlation(0.8, 0.01, 30), images=9),
    ):
        assert few == "9 images are too few for a correlation; it takes 10."
    assert "does not appear" in study_text.order_beside_published(agreement({"FSRCNN": 3, "IMDN": 2}), "checkpoints")
    assert "all 1 pair of" in study_text.order_beside_published(agreement({"FSRCNN": 1, "IMDN": 2}), "checkpoints")
