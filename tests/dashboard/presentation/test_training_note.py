import pytest

from dashboard.presentation.training_note import training_note
from zoo.catalog.registry import registry

BELOW = "GAN for real degradations: below bicubic's PSNR on this LR (24.0 against 25.3 dB)."


@pytest.mark.parametrize(
    ("entry_id", "psnr", "said"),
    [
        (
            "realesrgan-x4plus-anime",
            24.04,
            "GAN for real degradations: below bicubic's PSNR on this LR (24.0 against 25.3 dB).",
        ),
        ("realesr-animevideov3", 25.31, ""),
        ("srgan", 24.0, ""),
        ("fsrcnn", 20.0, ""),
    ],
)
def test_a_gan_for_real_degradations_is_excused_where_bicubic_is_better(entry_id: str, psnr: float, said: str):
    assert training_note(registry()[entry_id], psnr, 25.31) == said


def test_nothing_is_known_of_ones_own_network():
    assert training_note(None, 20.0, 25.0) == ""
