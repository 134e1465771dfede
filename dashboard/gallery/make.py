"""Makes what ships: `python -m dashboard.gallery.make [folder of published checkpoints]`.

The checkpoints are recognised by the digests that the zoo's entries pin, whatever the files are called. Results and
thumbnails are written beside this file; the checkpoints are read and nothing of them is kept.
"""

from __future__ import annotations

import base64
import io
import json
import sys
from pathlib import Path

from PIL import Image

import zoo
from dashboard.gallery.shipped import FIRST, FOLDER, THUMBNAILS
from dashboard.pictures import from_sample
from dashboard.view import FIRST_SAMPLE
from lam_core.attribution.attribute import attribute
from lam_core.attribution.request import AttributionRequest
from lam_core.attribution.settings import AttributionSettings
from lam_core.samples import sample, samples
from lam_core.store import write
from zoo.entry import GitHub
from zoo.registry import registry
from zoo.weights import digest

MODELS = ("fsrcnn", "carn-m", "imdn")
"""Published networks of growing receptive field: 17 LR pixels, some forty, all of the input."""
SETTINGS = AttributionSettings()
"""The same as for visitors' own maps: only so may their DI be compared."""
THUMBNAIL = 84


def results(checkpoints: Path) -> None:
    """Writes the first visit's results. Raises `FileNotFoundError` for a checkpoint that is not in the folder."""
    picture = from_sample(sample(FIRST_SAMPLE), 4)
    files = {digest(path): path for path in checkpoints.iterdir() if path.is_file()}
    rows = []
    for name in MODELS:
        weights = registry()[name].weights
        assert isinstance(weights, GitHub)
        if weights.sha256 not in files:
            raise FileNotFoundError(f"no file in {checkpoints} has the sha256 {weights.sha256} of {name}")
        reference = zoo.reference(files[weights.sha256])
        result = attribute(reference.load(), picture.lr, picture.suggested, SETTINGS)
        request = AttributionRequest(reference, picture.lr, picture.suggested, SETTINGS)
        content = write(request.identity("cpu"), result.summary(), result.arrays())
        (FOLDER / f"first-{name}.npz").write_bytes(content)
        source = f"{weights.repo}@{weights.revision[:7]} {weights.file}"
        rows.append({"id": name, "source": source, "sha256": weights.sha256})
        print(f"{name}: DI {result.diffusion_index:.2f}, map error {result.map_error:.3f}, {result.nodes} nodes")
    window = picture.suggested
    content = {"sample": FIRST_SAMPLE, "window": [window.x, window.y, window.size], "results": rows}
    FIRST.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def thumbnails() -> None:
    """Writes the small pictures of all samples."""
    urls = {}
    for one in samples():
        buffer = io.BytesIO()
        small = Image.fromarray(one.pixels()).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
        small.save(buffer, "WEBP", quality=55, method=6)
        urls[one.id] = "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
    THUMBNAILS.write_text(json.dumps(urls, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2].parent / "shared" / "weights"
    thumbnails()
    results(folder)
