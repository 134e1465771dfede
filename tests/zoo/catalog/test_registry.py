import subprocess
import sys

import pytest

import zoo
from zoo.catalog.entry import EntryError
from zoo.catalog.registry import ENTRIES, Registry, UnknownModelError, registry
from zoo.errors import ZooError


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


def test_models_are_listed_by_scale_and_family():
    everything = zoo.list_models()
    assert everything == [entry.id for entry in registry()] == sorted(everything)
    doubling = zoo.list_models(scale=2)
    assert doubling
    assert all(registry()[name].scale == 2 for name in doubling)
    gans = zoo.list_models(scale=4, family="gan")
    assert {"srgan-c", "rrdbgan-c"} <= {*gans}
    assert {registry()[name].family for name in gans} == {"gan"}
    assert not any(registry()[name].kind != "super-resolver" for name in zoo.list_models(scale=1))
    assert zoo.list_models(scale=16, family="gan") == []
    with pytest.raises(ZooError, match="no family 'gna'; give one of psnr, gan,"):
        zoo.list_models(family="gna")


def test_what_is_called_compact_has_an_id_that_ends_in_c():
    assert {e.id for e in registry() if e.tag == "compact"} == {e.id for e in registry() if e.id.endswith("-c")}
