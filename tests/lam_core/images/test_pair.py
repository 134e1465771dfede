"""An LR picture and its HR picture: told apart from what is no pair, and the kernel between them named."""

import cv2
import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from lam_core.images import downscale
from lam_core.images.pair import KERNELS, TURNS, USUAL, PairError, pair
from lam_core.samples import sample, samples

HR = next(s for s in samples() if s.kind == "photograph").pixels()[:128, :160]

BACK = {"turned by 90°": "turned by 270°", "turned by 270°": "turned by 90°"}
"""The turn that undoes another."""


def test_the_usual_kernel_needs_no_word():
    found = pair(downscale(HR, 4), HR, 4)
    assert found.kernel == USUAL
    assert found.notes == ()
    assert found.hr.shape == (128, 160, 3)


def test_rows_beyond_a_multiple_are_cropped():
    assert pair(downscale(HR[:127, :159], 4), HR[:127, :159], 4).hr.shape == (124, 156, 3)


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("kernel", [name for name in KERNELS if name != USUAL])
def test_another_kernel_is_named(kernel: str, scale: int):
    hr = HR[: 128 // scale * scale, : 160 // scale * scale]
    found = pair(np.ascontiguousarray(KERNELS[kernel](hr, scale)), hr, scale)
    assert found.psnr > 45
    assert found.kernel is not None
    # At odd scales the middle pixel is what OpenCV's kernels without antialiasing take.
    assert found.kernel == kernel or scale == 3 or "INTER_LINEAR" in kernel
    assert "most networks are trained" in found.notes[0]


def test_opencv_itself_is_recognised():
    lr = np.asarray(cv2.resize(HR, (40, 32), interpolation=cv2.INTER_CUBIC), np.uint8)
    assert "INTER_CUBIC" in str(pair(lr, HR, 4).kernel)


def test_noise_and_compression_are_no_kernel():
    lr = downscale(HR, 4)
    noisy = np.clip(lr + np.random.default_rng(0).normal(0, 10, lr.shape), 0, 255).astype(np.uint8)
    found = pair(noisy, HR, 4)
    assert found.kernel is None
    assert "no known kernel" in found.notes[0]


@pytest.mark.parametrize(
    ("lr", "hr", "says"),
    [
        ((32, 40), (64, 80), "40×32 and an HR picture of 80×64 are no pair at ×4, but at ×2; choose"),
        ((32, 40), (160, 128), "turned by 90°"),
        ((128, 160), (32, 40), "exchanged"),
        ((32, 40), (100, 90), "an HR picture of 160×128 would be"),
    ],
)
def test_sizes_that_do_not_go_together_are_told(lr: tuple[int, int], hr: tuple[int, int], says: str):
    pictures = [np.asarray(Image.fromarray(HR).resize((size[1], size[0]))) for size in (lr, hr)]
    with pytest.raises(PairError, match=says):
        pair(pictures[0], pictures[1], 4)


def test_two_scenes_are_no_pair():
    with pytest.raises(PairError, match="different scenes"):
        pair(downscale(sample("cat").pixels()[:128, :160], 4), HR, 4)


@pytest.mark.parametrize("how", TURNS)
def test_a_turned_picture_is_told_how(how: str):
    lr = np.ascontiguousarray(TURNS[how](downscale(HR[:, :128], 4)))
    with pytest.raises(PairError, match=f"fits the HR picture better {'|'.join({how, BACK.get(how, how)})} "):
        pair(lr, HR[:, :128], 4)


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("rich", ["page", "timetable", "glass-tower", "stripes-6", "plate-9", "grass"])
def test_a_scene_of_fine_detail_is_a_pair(rich: str, scale: int):
    """Enlarged, its LR picture is as far from the HR one as a flat picture is."""
    hr = sample(rich).pixels()[:128, :160]
    assert pair(downscale(hr, scale), hr, scale).kernel == USUAL
    blurred = np.stack(
        [gaussian_filter(hr[..., c], 2.4)[scale // 2 :: scale, scale // 2 :: scale] for c in range(3)], 2
    )
    assert pair(blurred, hr, scale).kernel is None
