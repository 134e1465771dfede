import pytest

from zoo.catalog.entry import EntryError, parse_entry, read_entry
from zoo.overrides import overridden

GOOD = """
name = "EDSR-baseline"
architecture = "edsr"
scale = 4
family = "psnr"
tag = "published"
licence = "Apache-2.0"
[convention]
input_range = 255
[weights]
source = "hub"
repo = "owner/model"
file = "folder/x4.pt"
"""


def test_a_good_file_becomes_an_entry_with_its_defaults():
    entry = parse_entry(GOOD, name="edsr-baseline.toml")
    assert entry.id == "edsr-baseline"
    assert entry.kind == "super-resolver"
    assert entry.sha256 is None
    assert entry.declared_convention().input_range == 255
    assert overridden(entry.declared_convention(), {"input_range": 1.0}).input_range == 1


def test_every_fault_is_reported_at_once_with_file_and_field():
    faulty = GOOD.replace("scale = 4", 'scale = "four"\ncolour = "red"').replace("owner/model", "../model")
    with pytest.raises(EntryError) as caught:
        parse_entry(faulty, name="Edsr.toml")
    lines = str(caught.value).splitlines()
    assert [line.split(": ")[:2] for line in lines] == [
        ["Edsr.toml", "file name"],
        ["Edsr.toml", "scale"],
        ["Edsr.toml", "weights.repo"],
        ["Edsr.toml", "colour"],
    ]
    assert "'four'" in lines[1]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('licence = "Apache-2.0"', "", "licence"),
        ("folder/x4.pt", "../../x4.pt", "weights.file"),
        ("folder/x4.pt", "/etc/x4.pt", "weights.file"),
        ("folder/x4.pt", "folder\\\\x4.pt", "weights.file"),
        ('source = "hub"', 'source = "github"', "weights.revision"),
        ('source = "hub"', 'source = "ftp"', "weights"),
        ('file = "folder/x4.pt"', 'file = "folder/x4.pt"\nsha256 = "abc"', "weights.sha256"),
        ('tag = "published"', 'tag = "compact"', "entry"),
        ('name = "EDSR-baseline"', 'name = "x"\nid = "y"', "id"),
        ("input_range = 255", "input_range = nan", "convention.input_range"),
    ],
)
def test_each_fault_names_its_field(old: str, new: str, field: str):
    assert old in GOOD
    with pytest.raises(EntryError, match=rf"bad\.toml: {field}: "):
        parse_entry(GOOD.replace(old, new), name="bad.toml")


def test_a_file_that_is_no_toml_is_named(tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text("name = ")
    with pytest.raises(EntryError, match=r"broken\.toml: not TOML"):
        read_entry(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(EntryError, match=r"broken\.toml: cannot be read"):
        read_entry(path)


def test_an_entry_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        parse_entry(GOOD, name="a.toml").scale = 2  # type: ignore[misc]
