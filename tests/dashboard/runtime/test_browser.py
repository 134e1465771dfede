"""All tabs of a browser have one name."""

from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

from dashboard.runtime.browser import browser_of


def test_the_same_token_is_the_same_browser_however_it_is_written():
    mine = [generate_xsrf_token_string(b"0123456789abcdef", 1) for _ in range(2)]
    theirs = generate_xsrf_token_string(b"fedcba9876543210", 1)
    assert mine[0] != mine[1], "the server writes a cookie anew in every answer"
    assert browser_of(mine[0], "") == browser_of(mine[1], "") != browser_of(theirs, "")


def test_nothing_tells_browsers_without_a_cookie_apart():
    assert browser_of("", "10.0.0.1") == browser_of("nonsense", "") == ""


def test_a_proxy_of_ones_own_is_believed_and_its_last_address_alone(environment):
    environment(LAM_PROXIED="1")
    assert browser_of("", "6.6.6.6, 10.0.0.1") == browser_of("", "10.0.0.1") != browser_of("", "10.0.0.2")
