import subprocess
import sys

import pytest

from zoo.catalog.entry import EntryError
from zoo.catalog.registry import ENTRIES, Registry, UnknownModelError, registry


def test_the_bundled_entries_are_all_read():
    assert sorted(registry().entries) == sorted(p.stem for p in ENTRIES.glob("*.toml"))


@pytest.mark.parametrize(("typed", "meant"), [("edsr_c", "edsr-c"), ("IMDN-C", "imdn-c"), ("fsrcn-c", "fsrcnn-c")])
def test_a_misspelt_id_gets_the_nearest_suggested(typed: str, meant: str):
    with pytest.raises(UnknownModelError, match=f"{typed}.*did you mean .*{meant}"):
        registry()[typed]


def test_faults_of_all_files_are_reported_together(tmp_path):
    (tmp_path / "a.toml").write_text("name = 1")
    (tmp_path / "b.toml").write_text("= broken")
    with pytest.raises(EntryError) as caught:
        Registry.read(tmp_path)
    assert "a.toml: name:" in str(caught.value)
    assert "b.toml: not TOML" in str(caught.value)


def test_faults_of_further_folders_are_set_aside(tmp_path):
    text = (ENTRIES / "edsr-c.toml").read_text()
    (tmp_path / "broken.toml").write_text("= broken")
    (tmp_path / "twin.toml").write_text(text)
    (tmp_path / "mine.toml").write_text(text.replace("EDSR (compact)", "Mine"))
    found = Registry.read(ENTRIES, tmp_path)
    assert found["mine"].name == "Mine"
    assert len(found) == len(registry()) + 1
    broken, twin = found.faults
    assert broken.startswith("broken.toml: not TOML")
    assert twin.startswith("twin.toml: name: 'EDSR (compact)' is that of edsr-c")


def test_a_later_folder_replaces_an_entry(tmp_path):
    text = (ENTRIES / "edsr-c.toml").read_text()
    (tmp_path / "edsr-c.toml").write_text(text.replace("EDSR (compact)", "Mine"))
    assert Registry.read(ENTRIES, tmp_path)["edsr-c"].name == "Mine"


def test_looking_up_imports_no_torch():
    code = (
        "import sys, zoo, zoo.catalog.entry, zoo.catalog.registry; zoo.catalog.registry.registry()['edsr-c'];"
        "sys.exit(any(m in sys.modules for m in ('torch', 'spandrel', 'huggingface_hub')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
