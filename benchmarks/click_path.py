"""Which files a click passes: `python benchmarks/click_path.py [ROOT]`.

Counts the project's files of which a function is entered between a pick in the picture and the drawn
card: another session has computed the map before, so that the store answers. `ROOT` is the tree to look at, this one if
none is given; nothing but its pages is imported, so that older trees can be measured as well.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from pathlib import Path
from types import FrameType

PICK = {"pick": {"x": 64, "y": 32, "compute": True, "stamp": "1"}}
QUERY = {"models": "fsrcnn-c", "image": "cat"}
PACKAGES = ("dashboard", "lam_core", "zoo")


def files_entered(root: Path) -> dict[str, set[str]]:
    """The files of the project that a click passes, each with the functions entered."""
    from streamlit.testing.v1 import AppTest

    def opened() -> AppTest:
        app = AppTest.from_file(str(root / "dashboard" / "streamlit_app.py"), default_timeout=300)
        for name, value in QUERY.items():
            app.query_params[name] = value
        return app.run()

    def click(app: AppTest) -> None:
        app.session_state["picker"] = PICK
        app.run()
        assert not app.exception, app.exception
        assert [one.value for one in app.metric if one.label == "DI"], "no card was drawn"

    entered: dict[str, set[str]] = {}

    def enter(frame: FrameType, event: str, _given: object) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and root in path.parents and path.relative_to(root).parts[0] in PACKAGES:
            entered.setdefault(str(path.relative_to(root)), set()).add(frame.f_code.co_qualname)

    click(opened())
    app = opened()
    # Every run of a page has a thread of its own.
    threading.setprofile(enter)
    click(app)
    threading.setprofile(None)
    return entered


def main() -> None:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1]).resolve()
    sys.path.insert(0, str(root))
    with tempfile.TemporaryDirectory() as store:
        os.environ.update(LAM_STORE=store, LAM_OFFLINE="1")
        entered = files_entered(root)
    for file, functions in sorted(entered.items()):
        print(f"{file}: {', '.join(sorted(functions))}")
    print(f"{len(entered)} files, {sum(map(len, entered.values()))} functions")


if __name__ == "__main__":
    main()
