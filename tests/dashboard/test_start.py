"""The first pages need neither PyTorch nor spandrel: they are there before they could be imported."""

import subprocess
import sys

import pytest

from tests.dashboard.conftest import APP

SCRIPT = """
import sys
from streamlit.testing.v1 import AppTest
from dashboard.runtime import process
process.warm_up = lambda: None
from zoo.sources import package
package.installed = lambda source: None
app = AppTest.from_file(sys.argv[1], default_timeout=60)
from tests.dashboard.conftest import at_page
app = (at_page(app, sys.argv[2]) if sys.argv[2] != "attribution" else app).run()
assert not app.exception, app.exception
assert any(sys.argv[3] in one.value for one in app.markdown), "the shipped results are not there"
heavy = [name for name in ("torch", "spandrel", "torchvision", "cv2", "sklearn", "scipy") if name in sys.modules]
assert not heavy, heavy
"""


@pytest.mark.parametrize(
    ("page", "shown"), [("attribution", "IMDN"), ("compare", "IMDN"), ("filters", "dB of it are gone")]
)
def test_a_first_visit_imports_nothing_heavy(page, shown):
    command = [sys.executable, "-c", SCRIPT, str(APP), page, shown]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


READY = """
import os, sys
os.environ["LAM_HOSTED"] = sys.argv[1]
from dashboard.runtime import process
process.warm_up = lambda: print("warms up")
from dashboard.server import make_ready
make_ready()
assert "dashboard.app_pages.attribution.result_grid" in sys.modules
assert "torch" not in sys.modules
"""


@pytest.mark.parametrize(("hosted", "said"), [("0", ""), ("1", "warms up\n")])
def test_a_server_is_made_ready_and_imports_pytorch_for_strangers_alone(hosted, said):
    command = [sys.executable, "-c", READY, hosted]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, said), done.stderr
