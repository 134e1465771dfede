#!/bin/sh
# scikit-image 0.26.0, numpy 2.4.6, CPython 3.11.
#
# peak_signal_noise_ratio of float images without data_range takes the range 1 if the first image has no negative value,
# and 2 otherwise. One value of -1e-9 in it, such as rounding in a colour conversion leaves, raises the PSNR by 6.02 dB.
# Negative values of the second image change nothing, so the order of the two arguments matters as well.
#
# Output seen:
#   first image in [0, 1]: 26.20 dB
#   one value of it -1e-9: 32.22 dB
#   one value of the second image -1e-9: 26.20 dB
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check scikit-image==0.26.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
from skimage.metrics import peak_signal_noise_ratio

rng = np.random.default_rng(0)
true = rng.random((64, 64))
true[0, 0] = 0
test = np.clip(true + rng.normal(0, 0.05, true.shape), 0, 1)
test[0, 0] = 0


def with_negative(image):
    changed = image.copy()
    changed[0, 0] = -1e-9
    return changed


plain = peak_signal_noise_ratio(true, test)
first = peak_signal_noise_ratio(with_negative(true), test)
second = peak_signal_noise_ratio(true, with_negative(test))
print(f"first image in [0, 1]: {plain:.2f} dB")
print(f"one value of it -1e-9: {first:.2f} dB")
print(f"one value of the second image -1e-9: {second:.2f} dB")
assert abs(first - plain - 20 * np.log10(2)) < 1e-3
assert abs(second - plain) < 1e-3
PYTHON
