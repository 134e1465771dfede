#!/bin/sh
# A 16-bit RGB TIFF whose channels lie in separate planes (PlanarConfiguration 2), as tifffile and libtiff write it.
#
# pillow 12.0.0: uncompressed, Image.open gives an image of the right size and mode RGB with other pixels, no error and
#   no warning; the same pixels compressed by deflate are read right (as their high bytes).
# opencv-python-headless 4.12.0.88: imdecode(IMREAD_UNCHANGED) gives uint16 of the right shape with other pixels, compressed
#   or not: the first plane is read as if its samples were interleaved, so three neighbours of the red plane become one
#   pixel. tifffile 2025.10.16 reads all of them right.
# Expected: the pixels that were written, or an error.
#
# Output seen:
#   planes, none      pillow wrong  opencv wrong  tifffile right
#   planes, deflate   pillow right  opencv wrong  tifffile right
#   interleaved       pillow right  opencv right  tifffile right
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  numpy==2.2.6 pillow==12.0.0 opencv-python-headless==4.12.0.88 tifffile==2025.10.16
"$folder/venv/bin/python" - <<'PYTHON'
import io

import cv2
import numpy as np
import tifffile
from PIL import Image

pixels = (np.arange(40 * 48 * 3, dtype=np.uint32).reshape(40, 48, 3) * 11 % 65536).astype(np.uint16)
planes = np.ascontiguousarray(pixels.transpose(2, 0, 1))


def tiff(array, **options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array, photometric="rgb", **options)
    return buffer.getvalue()


def right(found, expected):
    return found is not None and found.shape == expected.shape and bool((found == expected).all())


files = {
    "planes, none": tiff(planes, planarconfig="separate"),
    "planes, deflate": tiff(planes, planarconfig="separate", compression="zlib"),
    "interleaved": tiff(pixels),
}
seen = {}
for name, content in files.items():
    image = Image.open(io.BytesIO(content))
    assert (image.mode, image.size) == ("RGB", (48, 40)), (image.mode, image.size)
    read = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert (read.shape, read.dtype) == (pixels.shape, np.uint16), (read.shape, read.dtype)
    back = tifffile.imread(io.BytesIO(content))
    back = back.transpose(1, 2, 0) if back.shape[0] == 3 else back
    seen[name] = (
        right(np.asarray(image), (pixels >> 8).astype(np.uint8)),
        right(read[..., ::-1], pixels),
        right(back, pixels),
    )
    words = ["right" if one else "wrong" for one in seen[name]]
    print(f"{name:<17} pillow {words[0]}  opencv {words[1]}  tifffile {words[2]}")
assert seen == {
    "planes, none": (False, False, True),
    "planes, deflate": (True, False, True),
    "interleaved": (True, True, True),
}, "the behaviour has changed"
PYTHON
echo "as described"
