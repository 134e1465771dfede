"""The pages' main jobs in Firefox and in WebKitGTK, wide and narrow, light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.e2e.engines import DEEP, Engine, engine, missing

# MiniBrowser is never narrower than 447 pixels.
LOOKS = [("firefox", 1440, False), ("firefox", 390, True), ("webkit", 1440, False), ("webkit", 447, True)]


@pytest.fixture(scope="module", params=LOOKS, ids=lambda look: f"{look[0]}-{look[1]}-{'dark' if look[2] else 'light'}")
def browser_page(request: pytest.FixtureRequest) -> Iterator[Engine]:
    name, width, dark = request.param
    if reason := missing(name):
        pytest.skip(reason)
    with engine(name, width, dark=dark) as found:
        yield found


def text(selector: str) -> str:
    """JavaScript that gives the text of all elements of a selector."""
    return f"{DEEP} return all(document, {selector!r}).map((one) => one.textContent).join(' ')"


def test_keys_and_a_click_move_the_window_and_the_map_comes(browser_page: Engine, dashboard: str) -> None:
    page = browser_page
    page.open(dashboard)
    page.wait(lambda: page.count('[role="img"][aria-label^="Attribution map of"], img[alt^="Attribution map of"]') >= 3)
    page.value(f"{DEEP} all(document, '[role=application]')[0].focus()")
    page.press("ArrowRight")
    page.wait(lambda: "Window at 12" in page.value(text(".spoken")))
    page.press("Enter")
    page.wait(lambda: "window=12" in page.value("return location.search"))
    before = page.value("return location.search")
    page.click('[role="application"]', right=40)
    page.wait(lambda: page.value("return location.search") != before)
    page.wait(lambda: re.search("computed now|from the store", page.value(text('[data-testid="stMain"]'))))


def test_charts_further_down_come_when_they_are_near(browser_page: Engine, dashboard: str) -> None:
    page = browser_page
    page.open(f"{dashboard}/semantics")
    page.wait(lambda: page.count(".point") > 100)
    assert page.count('.tiles button[tabindex="0"]') == 1
    page.value("document.getElementById('measures').scrollIntoView()")
    page.wait(lambda: page.count(".js-plotly-plot") >= 3)


def test_one_back_leads_from_maps_to_the_zoo(browser_page: Engine, dashboard: str) -> None:
    page = browser_page
    page.open(f"{dashboard}/zoo")
    page.wait(lambda: page.count('[data-testid="stBaseButton-primary"]'))
    page.click('[data-testid="stBaseButton-primary"]')
    page.wait(lambda: "models=" in page.value("return location.search") and page.count('[role="application"]'))
    page.back()
    page.wait(lambda: page.value("return location.pathname") == "/zoo" and page.count('[data-testid="stDataFrame"]'))
