"""The study pages in a real browser: a chart saved as vectors, and a mark that opens its place."""

import re

from playwright.sync_api import Page, expect


def wait_for_chart(page: Page, name: str) -> None:
    expect(page.locator(f".st-key-chart-{name} .scatterlayer .point").first).to_be_visible()


def test_the_axis_stands_in_the_address_and_the_chart_is_saved_as_vectors(dashboard, page):
    page.goto(f"{dashboard}/landscape?along=SSIM")
    wait_for_chart(page, "landscape")
    expect(page.locator(".st-key-chart-landscape")).to_contain_text("SSIM")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Chart, SVG").click()
    assert saved.value.suggested_filename == "landscape.svg"
    assert saved.value.path().read_bytes().startswith(b"<svg")


def test_a_mark_shows_its_picture_and_a_click_opens_its_window(dashboard, page):
    page.goto(f"{dashboard}/content")
    wait_for_chart(page, "content")
    mark = page.locator(".st-key-chart-content .scatterlayer .trace:last-child .point").last
    picture = page.locator(".st-key-chart-pictures img")
    expect(picture).to_be_hidden()
    place = mark.bounding_box()
    # The first movement finds the chart, the next is heard by it.
    for step in (4, 2, 0):
        page.mouse.move(place["x"] + place["width"] / 2 + step, place["y"] + place["height"] / 2)
    expect(picture).to_be_visible()
    mark.click(force=True)
    expect(page).to_have_url(re.compile(r"\?image=[a-z-]+&scale=4&window=120%2C120%2C16"))
    page.go_back()
    expect(page).to_have_url(re.compile("/content"))
    wait_for_chart(page, "content")


def test_cancel_ends_an_analysis_where_it_is(dashboard, page):
    page.goto(f"{dashboard}/semantics?nets=FSRCNN%20(compact)&seed=1")
    compute = page.get_by_role("button", name="Compute", exact=True)
    compute.click()
    expect(page.get_by_role("progressbar")).to_have_count(1)
    # Beside Cancel it would go just when that is pressed, and move it from under the pointer.
    expect(compute).to_have_count(0)
    page.get_by_role("button", name="Cancel").click()
    expect(compute).to_be_visible()
    expect(page.get_by_text("Not computed for these images yet")).to_be_visible()
