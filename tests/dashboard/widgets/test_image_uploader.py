"""The field that takes image files says why one was not taken; what is in it counts as memory of its visitor's."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image
from streamlit.testing.v1 import AppTest

from dashboard.runtime.upload_memory import upload_memory

SESSION = "test session id"


def page() -> None:
    import streamlit as st

    from dashboard.state import uploads
    from dashboard.widgets.image_uploader import image_uploader
    from lam_core.errors import LamError

    for file in image_uploader("Image", key=uploads.widget_key()):
        try:
            st.session_state.found = uploads.decoded(file)
            uploads.let_go(file)
        except LamError as error:
            st.warning(str(error))
    st.button("Delete", on_click=uploads.discard)


def picture(side: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((side, side, 3), np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def test_an_image_counts_until_it_is_let_go(environment):
    environment(LAM_HOSTED="1")
    app = AppTest.from_function(page).run()
    app.file_uploader[0].upload("mine.png", picture(20)).run()
    assert not app.exception
    assert app.session_state["found"].pixels.shape == (20, 20, 3)
    assert upload_memory().used == 20 * 20 * 3
    del app.session_state["found"]
    assert upload_memory().used == 0


def test_an_image_beyond_the_bound_is_refused_in_a_sentence(environment):
    environment(LAM_HOSTED="1", LAM_VISITOR_MEMORY_MIB="1")
    app = AppTest.from_function(page).run()
    app.file_uploader[0].upload("mine.png", picture(700)).run()
    assert "found" not in app.session_state
    assert "one visitor has here" in app.warning[0].value
    assert upload_memory().used == 0


def test_why_the_server_did_not_take_a_file_is_said_once(environment):
    environment()
    app = AppTest.from_function(page).run()
    upload_memory().refuse(SESSION, "there is no memory")
    assert "no memory" in app.run().error[0].value
    assert not app.run().error


def test_delete_empties_the_field(environment):
    environment()
    app = AppTest.from_function(page).run()
    app.file_uploader[0].upload("mine.png", picture(20)).run()
    app.button[0].click().run()
    assert not app.exception
    assert not app.file_uploader[0].value
