"""A visitor in a real browser: sees, clicks, shares, returns."""

import io
import re

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

COMPACT = ("FSRCNN", "EDSR", "IMDN")


def open_first(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.get_by_text("shipped result")).to_have_count(3)


def place(page: Page, x: float, y: float) -> None:
    """Clicks the picture at shares of its width and height."""
    frame = page.get_by_role("application")
    box = frame.bounding_box()
    assert box is not None
    frame.click(position={"x": x * box["width"], "y": y * box["height"]})


def maps(page: Page):
    return page.get_by_role("img", name=re.compile("^Attribution map of"))


def figures(page: Page) -> list[str]:
    return page.get_by_test_id("stMetricValue").all_inner_texts()


def wait_for_compact(page: Page) -> None:
    for name in COMPACT:
        expect(page.get_by_role("img", name=f"Attribution map of {name} over")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    expect(page.get_by_text("All figures, JSON").last).to_be_visible()


def test_the_first_page_shows_the_shipped_maps(dashboard, page):
    open_first(page, dashboard)
    for name in ("FSRCNN", "CARN-M", "IMDN"):
        expect(page.get_by_role("img", name=f"Attribution map of {name} over")).to_be_visible()
    assert page.url.rstrip("/") == dashboard


def test_a_click_shows_three_maps_that_the_address_restores_and_the_store_keeps(dashboard, browser, page):
    open_first(page, dashboard)
    place(page, 0.5, 0.31)
    expect(page).to_have_url(re.compile("window="))
    wait_for_compact(page)
    assert maps(page).count() == 3
    assert page.get_by_text("computed now").count() == 3
    shown, address = figures(page), page.url

    page.reload()
    wait_for_compact(page)
    assert page.url == address
    assert figures(page) == shown

    visitor = browser.new_context(viewport={"width": 1280, "height": 1000}).new_page()
    visitor.set_default_timeout(90_000)
    visitor.goto(address)
    wait_for_compact(visitor)
    assert figures(visitor) == shown
    assert visitor.get_by_text("from the store").count() == 3
    visitor.context.close()


def test_keys_move_the_window_switch_networks_and_compute(dashboard, page):
    page.goto(f"{dashboard}/?image=cat&window=60,62,16&models=fsrcnn-c")
    expect(maps(page)).to_have_count(1)
    frame = page.get_by_role("application")
    frame.focus()
    frame.press("ArrowRight")
    frame.press("Shift+ArrowDown")
    expect(page).to_have_url(re.compile("window=61%2C78%2C16"))
    expect(page.get_by_text(re.compile("computed now"))).to_be_visible()
    expect(maps(page)).to_have_count(1)
    frame.press("2")
    expect(page).to_have_url(re.compile("models=fsrcnn-c%2Cedsr-c"))


def test_a_drag_places_the_window_where_it_ends(dashboard, page):
    page.goto(f"{dashboard}/?image=cat&window=0,0,16&models=fsrcnn-c")
    expect(maps(page)).to_have_count(1)
    box = page.get_by_role("application").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5, steps=5)
    page.mouse.up()
    expect(page).to_have_url(re.compile("window=120%2C120%2C16"))


def test_corners_can_be_clicked(dashboard, page):
    page.goto(f"{dashboard}/?image=cat&window=60,62,16&models=fsrcnn-c")
    expect(maps(page)).to_have_count(1)
    place(page, 0.999, 0.999)
    expect(page).to_have_url(re.compile("window=240%2C240%2C16"))
    place(page, 0.001, 0.001)
    expect(page).to_have_url(re.compile("window=0%2C0%2C16"))


def test_a_sample_of_the_strip_is_chosen_and_computed(dashboard, page):
    page.goto(f"{dashboard}/?image=cat&window=60,62,16&models=fsrcnn-c")
    expect(maps(page)).to_have_count(1)
    stop = page.locator(".strip button[tabindex='0']")
    expect(stop).to_have_count(1)
    stop.press("Home")
    expect(page.get_by_role("button", name="Brick terrace")).to_be_focused()
    page.get_by_role("button", name="Brick paving").click()
    expect(page).to_have_url(re.compile("image=brick.*window=96%2C86%2C16"))
    expect(maps(page)).to_have_count(1)


def test_an_upload_is_used_and_its_link_asks_for_the_file(dashboard, browser, page):
    pixels = np.random.default_rng(1).integers(0, 256, (64, 96, 4), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    page.goto(f"{dashboard}/?models=fsrcnn-c&image=cat")
    expect(maps(page)).to_have_count(1)
    page.get_by_role("button", name="Your image").click()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        {"name": "mine.png", "mimeType": "image/png", "buffer": buffer.getvalue()}
    )
    expect(page).to_have_url(re.compile("image=upload-[0-9a-f]{64}"))
    expect(page.get_by_text("Transparency is dropped")).to_be_visible()
    page.keyboard.press("Escape")
    stranger = browser.new_context().new_page()
    stranger.set_default_timeout(90_000)
    stranger.goto(page.url)
    expect(stranger.get_by_text("Choose the same file")).to_be_visible()
    stranger.context.close()


def test_a_phone_sees_one_column_and_nothing_runs_sideways(dashboard, browser):
    for scheme in ("light", "dark"):
        context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme, has_touch=True)
        phone = context.new_page()
        phone.set_default_timeout(90_000)
        open_first(phone, dashboard)
        main = phone.get_by_test_id("stMain")
        assert main.evaluate("e => e.scrollWidth") <= 390
        boxes = [maps(phone).nth(k).bounding_box() for k in range(3)]
        assert all(box and box["width"] > 250 and box["x"] + box["width"] <= 390 for box in boxes)
        context.close()


def test_the_zoo_leads_to_the_maps_of_a_network(dashboard, page):
    page.goto(f"{dashboard}/zoo")
    page.get_by_role("button", name="See its maps").click()
    expect(maps(page)).to_have_count(1)
    expect(page).to_have_url(re.compile("models=fsrcnn-c"))


def test_a_computation_lets_go_on_cancel(dashboard, page):
    """Nodes without end, so that only Cancel can end it."""
    page.goto(f"{dashboard}/?image=cat&window=100,100,16&models=fsrcnn-c&nodes=10000&tolerance=0")
    expect(page.get_by_text(re.compile("of at most 10000 nodes"))).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text(re.compile("Not computed for this window yet"))).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    page.get_by_role("application").press("Enter")
    expect(page.get_by_text(re.compile("of at most 10000 nodes"))).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text(re.compile("Not computed for this window yet"))).to_be_visible()
    place(page, 0.2, 0.2)
    expect(page.get_by_text(re.compile("of at most 10000 nodes"))).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text(re.compile("Not computed for this window yet"))).to_be_visible()


def test_nothing_is_asked_of_any_other_server(dashboard, page):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_first(page, dashboard)
    own = (dashboard, dashboard.replace("http", "ws", 1), "data:", "blob:")
    assert not [url for url in asked if not url.startswith(own)]
