#!/bin/sh
# safetensors 0.8.0 with numpy 2.4.6, CPython 3.11.
#
# safetensors.numpy.save writes the memory of an array that is not C-contiguous in memory's order, beside the shape of the
# view, and raises nothing. An image turned from height, width, channels to channels, height, width by `transpose`, which is
# such a view, reads back with its values in other places. (safetensors.torch refuses such tensors.) A copy made by
# numpy.ascontiguousarray is written rightly.
#
# Output seen:
#   transposed view: shape (3, 2, 4), equal to what was saved: False
#   its values are those of the untransposed memory: True
#   contiguous copy: equal to what was saved: True
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check safetensors==0.8.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
from safetensors.numpy import load, save

image = np.arange(24, dtype=np.float32).reshape(2, 4, 3)
view = image.transpose(2, 0, 1)
back = load(save({"image": view}))["image"]
copied = load(save({"image": np.ascontiguousarray(view)}))["image"]

print(f"transposed view: shape {back.shape}, equal to what was saved: {np.array_equal(back, view)}")
print(f"its values are those of the untransposed memory: {np.array_equal(back.ravel(), image.ravel())}")
print(f"contiguous copy: equal to what was saved: {np.array_equal(copied, view)}")

assert back.shape == view.shape
assert not np.array_equal(back, view)
assert np.array_equal(back.ravel(), image.ravel())
assert np.array_equal(copied, view)
PYTHON
