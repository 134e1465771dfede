"""A visitor compares networks in a real browser."""

import re

from playwright.sync_api import expect


def zooms(page) -> set[str]:
    stages = page.locator(".stage:not([role=application])").all()
    return {stage.evaluate("e => e.style.getPropertyValue('--zoom')") for stage in stages}


def test_the_slider_goes_by_keys_and_every_picture_zooms_with_it(dashboard, page):
    page.goto(f"{dashboard}/compare")
    expect(page.get_by_role("img", name=re.compile("^Attribution map of"))).to_have_count(8)
    slider = page.get_by_role("slider", name=re.compile("to the left of the divider"))
    slider.focus()
    slider.press("ArrowRight")
    slider.press("Shift+ArrowRight")
    expect(slider).to_have_attribute("aria-valuenow", "62")
    slider.press("Space")
    expect(slider).to_have_attribute("aria-valuenow", "0")
    slider.press("Space")
    expect(slider).to_have_attribute("aria-valuenow", "100")
    assert zooms(page) == {"1"}
    slider.press("+")
    assert zooms(page) == {"1.5"}
    page.get_by_role("button", name="Window", exact=True).first.click()
    assert zooms(page) == {"4"}
    picture = page.get_by_role("img", name=re.compile("^Attribution map of IMDN"))
    picture.focus()
    picture.press("0")
    assert zooms(page) == {"1"}
    assert page.url == f"{dashboard}/compare"


def test_a_phone_compares_in_one_column_and_nothing_runs_sideways(dashboard, browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark", has_touch=True)
    phone = context.new_page()
    phone.set_default_timeout(90_000)
    phone.goto(f"{dashboard}/compare")
    maps = phone.get_by_role("img", name=re.compile("^Attribution map of"))
    expect(maps).to_have_count(8)
    assert phone.get_by_test_id("stMain").evaluate("e => e.scrollWidth") <= 390
    boxes = [maps.nth(k).bounding_box() for k in range(8)]
    assert all(box and box["width"] > 250 and box["x"] + box["width"] <= 390 for box in boxes)
    context.close()
