"""A window is placed on a detail of a photograph of twelve megapixels: by mouse, by keys, by fingers."""

import io
import re
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

WIDTH, HEIGHT, SIZE = 4000, 3000, 16
DETAIL = (2817, 1733)
"""The left upper corner of what the window is to be placed on."""
CENTRE = ((DETAIL[0] + SIZE / 2) / WIDTH, (DETAIL[1] + SIZE / 2) / HEIGHT)


def photograph() -> bytes:
    """A smooth image with one small bright square."""
    ramp = np.linspace(40, 200, WIDTH, dtype=np.uint8)
    pixels = np.repeat(np.tile(ramp, (HEIGHT, 1))[..., None], 3, 2)
    pixels[DETAIL[1] : DETAIL[1] + SIZE, DETAIL[0] : DETAIL[0] + SIZE] = 255
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def uploaded(page: Page, address: str) -> Locator:
    """The picker of the photograph, all of which is seen."""
    page.goto(f"{address}/?models=fsrcnn-c&image=cat&window=60,62,16")
    expect(page.get_by_role("img", name=re.compile("^Attribution map of"))).to_have_count(1)
    page.get_by_role("button", name="Your image").click()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": photograph()}
    )
    expect(page).to_have_url(re.compile("image=upload-[0-9a-f]{64}"))
    page.keyboard.press("Escape")
    stage = page.get_by_role("application")
    expect(stage).to_have_attribute("aria-label", re.compile(f"{WIDTH}×{HEIGHT} pixels"))
    stage.scroll_into_view_if_needed()
    return stage


def on_screen(stage: Locator) -> tuple[float, float]:
    """Where the middle of the detail is seen."""
    box = stage.bounding_box()
    assert box is not None
    zoom, *edges = (
        float(stage.evaluate("(e, name) => e.style.getPropertyValue(name)", name).rstrip("%"))
        for name in ("--zoom", "--from-x", "--from-y")
    )
    x, y = ((share - edge / 100) * zoom for share, edge in zip(CENTRE, edges, strict=True))
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def placed(x: int = DETAIL[0], y: int = DETAIL[1]) -> re.Pattern[str]:
    return re.compile(f"window={x}%2C{y}%2C{SIZE}")


def test_by_mouse_it_takes_the_wheel_and_a_click_and_by_keys_large_steps_a_closer_look_and_small_ones(dashboard, page):
    stage = uploaded(page, dashboard)
    page.mouse.move(*on_screen(stage))
    expect(page.locator("canvas.lens")).to_be_visible()
    page.keyboard.down("Control")
    page.mouse.wheel(0, -900)
    page.keyboard.up("Control")
    expect(page.locator("canvas.lens")).to_be_hidden()
    page.mouse.click(*on_screen(stage))
    expect(page).to_have_url(placed())

    stage.focus()
    stage.press("0")
    at, goal, pressed = list(DETAIL), (1201, 977), 0

    def go(step: int, prefix: str) -> None:
        nonlocal pressed
        for axis, keys in enumerate((("ArrowLeft", "ArrowRight"), ("ArrowUp", "ArrowDown"))):
            count = round((goal[axis] - at[axis]) / step)
            for _ in range(abs(count)):
                stage.press(prefix + keys[count > 0])
            at[axis] += step * count
            pressed += abs(count)

    go(round(HEIGHT / 16), "Shift+")
    for _ in range(8):
        stage.press("+")
    go(SIZE, "Shift+")
    go(1, "")
    expect(page).to_have_url(placed(*goal))
    assert pressed + 8 < 50


@pytest.fixture
def phone(browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.set_default_timeout(90_000)
    yield page
    context.close()


def test_by_fingers_it_takes_a_pinch_and_a_tap(dashboard, phone):
    stage = uploaded(phone, dashboard)
    fingers = phone.context.new_cdp_session(phone)
    x, y = on_screen(stage)

    def touch(kind: str, *apart: float) -> None:
        points = [{"x": x + one, "y": y, "id": number} for number, one in enumerate(apart)]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    for _ in range(2):
        touch("touchStart", -8, 8)
        for apart in range(10, 90, 10):
            touch("touchMove", -apart, apart)
        touch("touchEnd")
    assert float(stage.evaluate("e => e.style.getPropertyValue('--zoom')")) > 20
    assert "window=" not in phone.url, "two fingers choose nothing"
    phone.touchscreen.tap(*on_screen(stage))
    expect(phone).to_have_url(placed())
    expect(phone.get_by_role("tab", name="This window")).to_be_in_viewport()
