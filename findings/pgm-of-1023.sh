#!/bin/sh
# A binary PGM whose white is 1023 (10 bits), as raw converters and measuring cameras write it.
#
# pillow 12.0.0: Image.open gives mode I in which values are multiplied so that 1023 becomes 65535; the 1023 of the header is
#   not kept anywhere in the image.
# opencv-python-headless 4.12.0.88: imdecode(IMREAD_UNCHANGED) gives uint16 with the values as stored, up to 1023.
# So the same file differs by the factor 64.06 between the two, and dividing both by 65535 gives pictures of which one is
# nearly black. Of 8 bits (white 127) the two part as well: Pillow multiplies to 255, OpenCV leaves 127.
#
# Output seen:
#   white 1023: pillow I 65535, opencv uint16 1023
#   white 127: pillow L 255, opencv uint8 127
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  numpy==2.2.6 pillow==12.0.0 opencv-python-headless==4.12.0.88
"$folder/venv/bin/python" - <<'PYTHON'
import io

import cv2
import numpy as np
from PIL import Image

seen = []
for white, kind in ((1023, ">u2"), (127, "u1")):
    ramp = np.linspace(0, white, 48 * 40).round().astype(kind).reshape(40, 48)
    content = f"P5\n48 40\n{white}\n".encode() + ramp.tobytes()
    image = Image.open(io.BytesIO(content))
    read = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    seen.append((image.mode, int(np.asarray(image).max()), str(read.dtype), int(read.max())))
    print(f"white {white}: pillow {image.mode} {seen[-1][1]}, opencv {seen[-1][2]} {seen[-1][3]}")
assert seen == [("I", 65535, "uint16", 1023), ("L", 255, "uint8", 127)], "the behaviour has changed"
PYTHON
echo "as described"
