"""What a visitor brings is theirs alone: no other session reaches it by address, digest or key, and it goes."""

from __future__ import annotations

import gc
import json
import logging
import time
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.runtime.json_logs import Lines
from dashboard.state import visitor
from lam_core.images import digest
from lam_core.service.store import request_of
from tests.dashboard.attribution.test_page import clicked, metrics, opened, png, text
from tests.dashboard.conftest import write_toy

PICTURE = np.random.default_rng(7).integers(0, 256, (96, 128, 3), dtype=np.uint8)
LINK = {"image": f"upload-{digest(PICTURE)}", "scale": "4", "window": "32,16,16"}


@pytest.fixture
def toy(environment, tmp_path) -> str:
    key = write_toy(tmp_path, "toy")
    environment(LAM_WITH=key)
    return key


def brought(toy: str) -> AppTest:
    """A session that uploaded the picture and had a map computed."""
    app = opened(models=toy)
    app.file_uploader[0].upload("holiday.png", png(PICTURE)).run()
    app = clicked(app, 32, 16)
    assert metrics(app)
    assert "computed now" in text(app)
    return app


def kept(folder: Path) -> list[Path]:
    """Results that are somebody's alone."""
    return sorted((folder / "store" / "private").rglob("*.npz"))


def shared(folder: Path) -> list[Path]:
    return [path for path in (folder / "store").rglob("*.npz") if path not in kept(folder)]


def test_results_of_an_upload_lie_in_the_private_part_alone(toy, tmp_path):
    opened(models=toy)
    before = shared(tmp_path)
    brought(toy)
    assert kept(tmp_path)
    assert shared(tmp_path) == before


def test_another_session_reaches_nothing_by_the_link(toy):
    brought(toy)
    stranger = opened(models=toy, **LINK)
    assert "Choose the same file" in text(stranger)
    assert not metrics(stranger)


def test_one_with_the_same_file_does_not_learn_that_somebody_has_it(toy):
    brought(toy)
    other = opened(models=toy, **LINK)
    other.file_uploader[0].upload("mine.png", png(PICTURE)).run()
    assert "computed now" in text(other)
    assert "from the store" not in text(other)


def test_the_owner_finds_the_result_again(toy):
    app = clicked(clicked(brought(toy), 64, 16, stamp="2"), 32, 16, stamp="3")
    assert "from the store" in text(app)


def test_pictures_of_an_upload_get_no_address_on_the_server(toy):
    app = brought(toy)
    urls = [image.url for group in app.get("image") for image in group.proto.imgs]
    assert len(urls) >= 4
    assert all(url.startswith("data:image/png;base64,") for url in urls)


def test_the_address_of_a_download_cannot_be_found_by_who_has_the_same_picture(toy):
    from dashboard.presentation import exports
    from dashboard.presentation.decoded_image import from_upload
    from lam_core.images.decode import Decoded
    from lam_core.service.owner import Owner

    decoded = Decoded(PICTURE, ())
    kinds = {
        exports.kind(from_upload(decoded, "a.png", low_resolution=False, scale=4, owner=owner), "image/png")
        for owner in (Owner(), Owner(), None)
    }
    assert len(kinds) == 3


def test_the_owner_deletes_all_of_it_at_once(toy, tmp_path):
    app = brought(toy)
    app.button(key="delete").click().run()
    assert not app.exception
    assert kept(tmp_path) == []
    assert "upload" not in app.session_state
    assert not any(key.startswith("map ") for key in drawn(app)), "its drawn pictures"
    assert "upload" not in app.query_params.get("image", "")
    app.query_params.update(LINK)
    assert "Choose the same file" in text(app.run())


def drawn(app) -> list[str]:
    """The keys of the pictures that are kept for this session."""
    latest = app.session_state["kept"].get("pictures") if "kept" in app.session_state else None
    return list(latest._values) if latest else []


def test_what_was_drawn_of_it_is_kept_for_its_owner(toy):
    assert any(key.startswith("map ") for key in drawn(brought(toy)))


def test_it_expires(toy, tmp_path, monkeypatch):
    app = brought(toy)
    later = time.monotonic() + 3 * 3600
    monkeypatch.setattr("dashboard.state.uploads.time.monotonic", lambda: later)
    app.run()
    assert not app.exception
    assert "Choose the same file" in text(app)
    assert kept(tmp_path) == []


def test_it_goes_with_the_session(toy, tmp_path):
    app = brought(toy)
    assert kept(tmp_path)
    del app
    # What a server does twice a minute, `dashboard.runtime.garbage` says why.
    gc.unfreeze()
    gc.collect()
    assert kept(tmp_path) == []


def test_a_visitor_clearing_the_caches_does_not_get_a_second_device(toy):
    import streamlit as st

    before = visitor.service().turnstile
    st.cache_resource.clear()
    st.cache_data.clear()
    assert visitor.service().turnstile is before


def test_the_log_knows_neither_names_nor_digests_of_pictures(toy, caplog):
    caplog.set_level("INFO", logger="lam")
    logging.getLogger("lam").propagate = True
    app = brought(toy)
    app.file_uploader[0].upload("secret-name.png", b"no picture").run()
    lines = [Lines().format(record) for record in caplog.records]
    assert any(json.loads(line)["event"] == "request" for line in lines)
    for line in lines:
        assert "holiday" not in line
        assert "secret-name" not in line
        assert digest(PICTURE) not in line


def test_what_is_stored_of_an_upload_names_no_file(toy, tmp_path):
    brought(toy)
    for path in kept(tmp_path):
        content = path.read_bytes()
        assert b"holiday" not in content
        assert request_of(content) is not None
