"""Whose browser a request comes from: one name for all its tabs."""

from __future__ import annotations

from hashlib import sha256

from streamlit.web.server.starlette.starlette_app_utils import decode_xsrf_token_string

from lam_core.settings import settings

COOKIE = "_streamlit_xsrf"
"""Streamlit's own cookie, which every tab of a browser sends."""


def browser_of(cookie: str, forwarded: str) -> str:
    """A name for all tabs of a browser; empty where nothing tells one browser from another.

    `cookie`: the value of `COOKIE`; `forwarded`: of the header `X-Forwarded-For`, whose last address is believed
    where a proxy of one's own stands in front (`LAM_PROXIED`).
    """
    told = forwarded.rsplit(",", 1)[-1].strip() if settings().proxied else ""
    if not told and cookie:
        # The server writes the same token differently in every answer.
        token, _ = decode_xsrf_token_string(cookie)
        told = (token or b"").hex()
    return sha256(told.encode()).hexdigest() if told else ""
