"""What is this picture's degradation? A probe's verdict on an upload, and how far probes can be trusted."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboard.app_pages.semantics.networks import full_name
from dashboard.gallery.semantics import shipped
from dashboard.presentation.detection_charts import confusion_chart, probability_bars
from dashboard.presentation.formatting import sentence
from dashboard.presentation.model_options import Offer
from dashboard.runtime.compute import reason
from dashboard.state import session, uploads, user_models, visitor
from dashboard.widgets import run_panel, thumbnails
from dashboard.widgets.image_uploader import image_uploader
from lam_core.errors import LamError
from lam_core.images import Pixels, downscale, middle
from lam_core.images.degradations import Degradation
from lam_core.render import enlarged, png
from lam_core.samples import sample, samples
from lam_core.semantics.detection import Trained, Verdict
from lam_core.semantics.requests import VerdictRequest

SIDE = 256
"""The middle of a larger picture is looked at."""
SHOWN = 260
STRENGTHS = ("clean", "blur:1", "blur:2", "blur:3", "noise:10", "noise:20", "noise:30", "jpeg:50", "jpeg:70", "jpeg:85")


def section(offers: dict[str, Offer]) -> None:
    """The section."""
    st.header("What is this image's degradation?", anchor="detection")
    here = [key for key, offer in offers.items() if shipped.is_answered("probe", key) and not offer.only_shipped]
    # One that computes at once comes first; the others' weights are to be fetched.
    here.sort(key=lambda key: offers[key].remote)
    if not here:
        st.info(
            "Probes ship with the project, but no network that one belongs to is on this computer. Fetch SRGAN on the "
            "Zoo page to ask its features.",
            icon=":material/dataset:",
        )
        return
    left, middle, right = st.columns([1, 1, 1], gap="medium")
    with left:
        key = st.selectbox(
            "Network whose features are probed", here, format_func=lambda k: full_name(offers[k]), key="probed"
        )
        trained = shipped.probe(key)
        picture, title, own = _picture()
    with middle:
        if picture is not None:
            # A picture of one's own gets no address.
            content = png(enlarged(picture, SHOWN))
            shown = thumbnails.url(content) if own else content
            st.image(shown, caption=title, width=SHOWN, output_format="PNG", alt=title)
    with right:
        if picture is not None:
            _verdict(offers[key], trained, picture, own=own)
        else:
            st.info("Upload an image, or try one of the samples.", icon=":material/upload:")
    _trust(offers)
    st.download_button(
        f"The probe of {full_name(offers[key])}, .npz",
        trained.probe.to_bytes,
        f"probe-{key}.npz",
        "application/octet-stream",
        icon=":material/download:",
        on_click="ignore",
    )


def _picture() -> tuple[Pixels | None, str, bool]:
    """The picture that is asked about, its title, and whether it is the visitor's own."""
    files = image_uploader("Your image", key="suspect")
    reduce = st.toggle(
        "Reduce it ×4 first", value=False, key="suspect_reduce",
        help="The probe was trained on images that were reduced ×4. A large photograph that was never reduced is "
        "softer than those, which looks like blur.",
    )  # fmt: skip
    for file in files:
        try:
            with uploads.one_at_a_time:
                found = uploads.decoded(file).pixels
                return middle(downscale(found, 4) if reduce else found, SIDE, SIDE), file.name, True
        except LamError as error:
            st.error(f"{file.name}: {sentence(str(error))}", icon=":material/error:")
            return None, "", True
    titles = {one.id: one.title for one in samples()[2::3]}
    with st.container(horizontal=True):
        name = st.selectbox("or a sample", list(titles), format_func=titles.__getitem__, key="suspect_sample")
        text = st.selectbox("degraded by", STRENGTHS, index=5, key="suspect_by")
    chosen = Degradation.parse(text)
    return chosen.apply(downscale(sample(name).pixels(), 4), 7), f"{titles[name]}, {chosen.title}", False


def _verdict(offer: Offer, trained: Trained, picture: Pixels, *, own: bool) -> None:
    try:
        request = VerdictRequest(user_models.looked_into(offer.key), trained.probe, picture)
        verdict = visitor.service(private=own).find(request)
    except Exception as error:
        st.warning(sentence(reason(error, "VerdictRequest")), icon=":material/error:")
        return
    key = ("verdict", offer.key)
    if verdict is None and not (own or session.wanted(key)):
        st.button("Name its degradation", type="primary", key="name_it", on_click=session.want, args=(key,))
        st.caption("Takes a few seconds the first time, while PyTorch is loaded.")
        return
    found: Verdict | None = verdict
    if found is None:
        work = run_panel.request_work(full_name(offer), visitor.service(private=own), request)
        (outcome,) = run_panel.run([work], key="verdict", give_up=partial(session.give_up, key))
        found = outcome.result
        if found is None:
            st.warning(sentence(outcome.failure), icon=":material/error:")
            return
    best = found.likeliest
    st.markdown(f"Likeliest: **{best}**, {found.probabilities[best]:.0%}.")
    st.plotly_chart(
        probability_bars(found.probabilities),
        config={"displayModeBar": False},
        key="verdict",
        alt=", ".join(f"{name} {value:.0%}" for name, value in found.probabilities.items()),
    )
    st.caption(
        f"The probe knows these {len(found.probabilities)} alone: a mixture, or another degradation, gets one of their "
        "names."
    )


def _trust(offers: dict[str, Offer]) -> None:
    with st.expander("How far to trust it, on held-out images and strengths", icon=":material/rule:"):
        grid = st.grid(4, min_column_width=220)
        tried = {key: shipped.probe(key) for key in offers if shipped.is_answered("probe", key)}
        for key, trained in tried.items():
            found = trained.detection
            with grid.container():
                st.markdown(f"**{full_name(offers[key])}**")
                st.plotly_chart(
                    confusion_chart(found), config={"displayModeBar": False}, key=f"confusion-{key}",
                    alt=f"Confusion matrix of {full_name(offers[key])}, accuracy {found.accuracy:.0%}",
                )  # fmt: skip
                st.caption(
                    f"{found.accuracy:.0%} right of {found.n}, chance {found.chance:.0%}; the same network untrained "
                    f"{trained.untrained.accuracy:.0%}. Layer {trained.probe.layer}."
                )
        pairs = [(trained.detection.accuracy, trained.untrained.accuracy) for trained in tried.values()]
        better = sum(after > before for after, before in pairs)
        st.caption(
            "A linear probe on the mean and deviation of every channel of the last stage, trained on 30 reduced "
            f"samples and tried on 14 others. Of {len(pairs)} networks {better} do better than the same network "
            "untrained: such features carry a degradation whether a network has learned of it or not, so the probe is "
            "a use, and no evidence of semantics."
        )
