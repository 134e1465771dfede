"""The first page needs neither PyTorch nor spandrel: it is there before they could be imported."""

import subprocess
import sys

from tests.dashboard.conftest import APP

SCRIPT = f"""
import sys
from streamlit.testing.v1 import AppTest
from dashboard import engine
engine.warm_up = lambda: None
app = AppTest.from_file({str(APP)!r}, default_timeout=60).run()
assert not app.exception, app.exception
assert any("IMDN" in one.value for one in app.markdown), "the shipped results are not there"
heavy = [name for name in ("torch", "spandrel", "torchvision", "cv2", "sklearn", "scipy") if name in sys.modules]
assert not heavy, heavy
"""


def test_the_first_page_imports_nothing_heavy():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
