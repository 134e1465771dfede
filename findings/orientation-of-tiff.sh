#!/bin/sh
# Pillow 13.0.0, opencv-python-headless 5.0.0.93, numpy 2.4.6, CPython 3.11.
#
# Pillow leaves the orientation of an image's metadata to ImageOps.exif_transpose, and OpenCV leaves it alone under
# IMREAD_UNCHANGED: so for JPEG, PNG and WebP. A TIFF both of them turn by themselves while they read it. An LR in PNG and
# an HR in TIFF with the same tag therefore come with their sides exchanged, in either library.
#
# Output seen (height, width of an image stored as 3 by 4 with orientation 6):
#   JPEG: Pillow (3, 4), OpenCV unchanged (3, 4), OpenCV colour (4, 3)
#   PNG: Pillow (3, 4), OpenCV unchanged (3, 4), OpenCV colour (4, 3)
#   WEBP: Pillow (3, 4), OpenCV unchanged (3, 4), OpenCV colour (4, 3)
#   TIFF: Pillow (4, 3), OpenCV unchanged (4, 3), OpenCV colour (4, 3)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    pillow==13.0.0 opencv-python-headless==5.0.0.93 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import io

import cv2
import numpy as np
from PIL import Image

exif = Image.Exif()
exif[0x0112] = 6
image = Image.fromarray(np.arange(36, dtype=np.uint8).reshape(3, 4, 3))
seen = {}
for kind in ("JPEG", "PNG", "WEBP", "TIFF"):
    file = io.BytesIO()
    image.save(file, kind, exif=exif)
    data = np.frombuffer(file.getvalue(), np.uint8)
    pillow = np.asarray(Image.open(file)).shape[:2]
    unchanged, colour = (cv2.imdecode(data, flag).shape[:2] for flag in (cv2.IMREAD_UNCHANGED, cv2.IMREAD_COLOR))
    print(f"{kind}: Pillow {pillow}, OpenCV unchanged {unchanged}, OpenCV colour {colour}")
    seen[kind] = (pillow, unchanged, colour)
for kind in ("JPEG", "PNG", "WEBP"):
    assert seen[kind] == ((3, 4), (3, 4), (4, 3)), kind
assert seen["TIFF"] == ((4, 3), (4, 3), (4, 3))
PYTHON
