"""The pages by keyboard alone: few presses to a map, one stop of Tab for a row of pictures, the focus never lost."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.test_attribution import open_first

FOCUS = """() => {
  let found = document.activeElement
  while (found?.shadowRoot?.activeElement) found = found.shadowRoot.activeElement
  return [found.tagName, found.className, found.getAttribute("aria-label") ?? found.textContent]
}"""
MOST = 15


def tab_to(page: Page, kind: str, most: int = 60) -> int:
    """Presses Tab until what has the focus is of a class; how often that was."""
    for presses in range(1, most + 1):
        page.keyboard.press("Tab")
        if kind in page.evaluate(FOCUS)[1].split():
            return presses
    raise AssertionError(f"{most} times Tab, and nothing of {kind!r}")


def test_a_map_takes_few_presses_and_the_place_is_spoken(dashboard, page):
    open_first(page, dashboard)
    expect(page.get_by_role("application")).to_be_visible()
    for key in ("Tab", "Enter"):
        page.keyboard.press(key)
    presses = 2 + tab_to(page, "stage")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".spoken")).to_have_text(re.compile(r"Window at 12[1-9], 120 of 256 by 256"))
    page.keyboard.press("Enter")
    # Another test may have asked for the same window.
    expect(page.get_by_text(re.compile("computed now|from the store")).first).to_be_visible()
    assert presses + 2 <= MOST


def test_a_strip_is_one_stop_and_its_turn_hands_the_focus_on(dashboard, page):
    page.emulate_media(reduced_motion="reduce")
    open_first(page, dashboard)
    expect(page.get_by_role("button", name="Further images")).to_be_visible()
    tab_to(page, "turn")
    page.keyboard.press("Shift+Tab")
    chosen = page.evaluate(FOCUS)[2]
    page.keyboard.press("ArrowRight")
    assert page.evaluate(FOCUS)[2] != chosen
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS)[2] == "Further images"
    for _ in range(12):
        page.keyboard.press("Enter")
        page.wait_for_timeout(100)
        if page.evaluate(FOCUS)[2] != "Further images":
            break
    expect(page.get_by_role("button", name="Further images")).to_be_hidden()
    assert page.evaluate(FOCUS)[2] == "Earlier images"


def test_tiles_of_linked_scatters_are_one_stop_and_keep_the_focus(dashboard, page):
    page.goto(f"{dashboard}/semantics")
    tiles = page.locator(".tiles button")
    expect(tiles.first).to_be_visible()
    assert page.locator('.tiles button[tabindex="0"]').count() == 1
    assert page.locator('.legend button[tabindex="0"]').count() == 1
    tiles.first.focus()
    page.keyboard.press("ArrowRight")
    name = page.evaluate(FOCUS)[2]
    page.keyboard.press("Enter")
    expect(page.locator(".count")).to_contain_text("selected")
    assert page.evaluate(FOCUS)[2] == name
