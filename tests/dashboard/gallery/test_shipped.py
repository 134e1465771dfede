"""What ships is what the project would compute."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import zoo
from dashboard.gallery import shipped
from dashboard.gallery.shipped import FIRST, FOLDER, find, first_visit, thumbnails
from dashboard.presentation.decoded_image import from_sample
from dashboard.presentation.questions import METHODS, method, saturation
from dashboard.presentation.view import FIRST_SAMPLE
from lam_core.attribution.attribute import attribute
from lam_core.attribution.checks.map_checks import CHECKS, CheckName, Subject
from lam_core.attribution.request import AttributionRequest
from lam_core.attribution.settings import METHOD_VERSION, AttributionSettings
from lam_core.images import digest
from lam_core.samples import sample, samples
from lam_core.service.store import read
from tests.unshipped import WEIGHTS, needs_shared
from zoo.catalog.registry import registry

SHIPPED_CHECKS: tuple[CheckName, ...] = ("faithfulness", "occlusion", "randomisation")


def test_the_first_visit_shows_three_published_networks_on_a_sample():
    first = first_visit()
    assert first.sample == FIRST_SAMPLE
    picture = from_sample(sample(first.sample), 4)
    assert first.window == picture.suggested
    assert [one.id for one in first.results] == ["fsrcnn", "carn-m", "imdn"]
    for one in first.results:
        assert one.result.image == digest(picture.lr), "`make gallery` again: the sample has changed"
        assert one.result.region == first.window
        assert one.result.settings == AttributionSettings(), "only equal settings may be compared"
        assert np.isfinite(one.result.map).all()


def test_every_result_names_the_checkpoint_that_its_entry_pins():
    for one in first_visit().results:
        assert registry()[one.id].sha256 == one.checkpoint.sha256
        assert zoo.reference(one.id).fingerprint == one.result.fingerprint
        assert "@" in one.checkpoint.source


def test_results_are_of_this_version_of_the_method():
    first, picture = first_visit(), from_sample(sample(FIRST_SAMPLE), 4)
    for one in first.checkpoints:
        request = AttributionRequest(zoo.reference(one.id), picture.lr, first.window)
        identity = request.identity("cpu")
        assert identity["version"] == METHOD_VERSION
        content = (FOLDER / f"first-{one.id}.npz").read_bytes()
        assert read(content, identity) is not None, "`make gallery` again: the method has changed"
        found = find(request)
        assert found is not None
        assert found.fingerprint == request.model.fingerprint


@pytest.fixture
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The gallery as a copy that may be changed."""
    folder = Path(shutil.copytree(FOLDER, tmp_path / "gallery", ignore=shutil.ignore_patterns("semantics")))
    monkeypatch.setattr(shipped, "FOLDER", folder)
    first_visit.cache_clear()
    yield folder
    first_visit.cache_clear()


def test_no_result_of_an_older_method_is_served(monkeypatch: pytest.MonkeyPatch, apart: Path):
    monkeypatch.setattr(shipped, "METHOD_VERSION", METHOD_VERSION + 1)
    assert first_visit().results == first_visit().checkpoints == first_visit().packaged == ()


def test_no_result_of_another_network_or_of_a_damaged_file_is_served(apart: Path):
    (apart / "first-imdn.npz").write_bytes((apart / "first-pan.npz").read_bytes())
    (apart / "first-carn-m.npz").write_bytes(b"damaged")
    (apart / "first-rfdn.npz").unlink()
    assert [one.id for one in first_visit().results] == ["fsrcnn"]
    assert not {"imdn", "carn-m", "rfdn"} & {one.id for one in first_visit().checkpoints}


def test_every_map_that_ships_is_served():
    content = json.loads(FIRST.read_text())
    first = first_visit()
    assert [one.id for one in first.checkpoints] == [row["id"] for row in content["checkpoints"]]
    assert [one.id for one in first.packaged] == [row["id"] for row in content["packaged"]]


def test_another_question_finds_nothing_that_ships():
    first, picture = first_visit(), from_sample(sample(FIRST_SAMPLE), 4)
    elsewhere = AttributionRequest(zoo.reference("imdn"), picture.lr, first.window.moved(1, 0))
    assert find(elsewhere) is None


def test_methods_and_checks_of_one_network_ship():
    first, picture = first_visit(), from_sample(sample(FIRST_SAMPLE), 4)
    request = AttributionRequest(zoo.reference(first.examined), picture.lr, first.window)
    questions = [*(method(request, name) for name in METHODS), method(request, "lam", "gabor"), saturation(request)]
    subject = Subject(request, find(request), picture.hr, picture.id)
    questions += [CHECKS[name].request(subject) for name in SHIPPED_CHECKS]
    missing = [question for question in questions if find(question) is None]
    assert not missing, "`make gallery` again"


def test_no_checkpoint_ships():
    shipped = {hashlib.sha256(path.read_bytes()).hexdigest() for path in FOLDER.rglob("*") if path.is_file()}
    assert not shipped & {entry.sha256 for entry in registry() if entry.sha256}
    assert not [path for path in FOLDER.rglob("*") if path.suffix in (".pth", ".pt", ".safetensors", ".ckpt")]


def test_every_sample_has_its_thumbnail():
    assert set(thumbnails()) == {one.id for one in samples()}, "`make gallery` again: there are other samples"
    assert all(url.startswith("data:image/webp;base64,") for url in thumbnails().values())


@needs_shared
def test_a_shipped_result_is_computed_again():
    one = first_visit().results[0]
    picture = from_sample(sample(FIRST_SAMPLE), 4)
    model = zoo.reference(WEIGHTS / "fsrcnn_x4_luma.pth").load()
    again = attribute(model, picture.lr, one.result.region, one.result.settings)
    np.testing.assert_allclose(again.map, one.result.map, atol=2e-3)
    assert again.diffusion_index == pytest.approx(one.result.diffusion_index, abs=0.01)
