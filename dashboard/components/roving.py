"""JavaScript by which a row of buttons is one stop of the Tab key, with arrow keys inside."""

from pathlib import Path

ROVING_JS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
