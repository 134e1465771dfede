"""From a file on a Hub to an entry that passes its check, without a hand in it."""

import io
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from lam_core.convention import Convention
from lam_core.model import SuperResolver
from lam_core.readings import bicubic_psnr, measure
from tests.zoo.mirror import COMMIT, Mirror
from zoo.architectures import architecture
from zoo.catalog.entry import parse_entry, read_entry
from zoo.catalog.listing import facts, rows
from zoo.catalog.registry import registry
from zoo.catalog.toml_writer import entry_text, is_written
from zoo.checkpoints.build_untrained import build_declared
from zoo.checkpoints.errors import CodeInCheckpointError, UnknownNetworkError, UnusableNetworkError
from zoo.inspection.check_entry import check
from zoo.inspection.inspection import inspect
from zoo.inspection.measure import receptive_field
from zoo.inspection.propose_entry import CannotPinError, add, pin
from zoo.models.load import super_resolver
from zoo.models.pool import Pool
from zoo.models.reference import reference
from zoo.settings import ZooSettings
from zoo.sources.hub import HubReferenceError
from zoo.sources.transfer import AbsentError, WrongDigestError
from zoo.sources.weights import supply


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    with Mirror(tmp_path / "root").running() as running:
        yield running


@pytest.fixture
def settings(mirror: Mirror, tmp_path: Path) -> ZooSettings:
    return ZooSettings(
        endpoint=mirror.address,
        hub_cache=tmp_path / "hub",
        weights=tmp_path / "weights",
        entries=(tmp_path / "entries",),
    )


def written(network: torch.nn.Module, **wrap: object) -> bytes:
    buffer = io.BytesIO()
    torch.save({"params": network.state_dict(), **wrap}, buffer)
    return buffer.getvalue()


def never_seen(scale: int) -> torch.nn.Module:
    """A network of sizes that no entry has."""
    torch.manual_seed(scale)
    return architecture("edsr").build(channels=12, blocks=3, scale=scale, input_range=1.0)


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_an_added_entry_passes_its_check(mirror, settings, scale: int):
    mirror.put("someone/nets", "out/Sharp_Net.pth", written(never_seen(scale), epoch=3))
    added = add("someone/nets:out/Sharp_Net.pth", settings.entries[0], settings)
    assert added.path.name == "sharp-net.toml"
    assert added.missing == ("licence", "family", "published")
    entry = read_entry(added.path)
    assert (entry.architecture, entry.scale, entry.pinned) == ("edsr", scale, True)
    assert entry.weights is not None
    assert entry.weights.revision == COMMIT  # type: ignore[union-attr]
    assert registry(*settings.entries)["sharp-net"] == entry
    report = check(entry, settings)
    assert report.passed, report
    assert {finding.fact: finding.verdict for finding in report.findings}["parameters"] == "ok"
    model = super_resolver("sharp-net", settings=settings)
    assert model.fingerprint == reference("sharp-net", settings=settings).fingerprint
    # The pinned file is recognised where a visitor pastes its address.
    pasted = super_resolver("someone/nets:out/Sharp_Net.pth", settings=settings)
    assert pasted.fingerprint == model.fingerprint


def test_a_check_tells_before_every_pass_and_can_be_stopped_there(mirror, settings):
    mirror.put("someone/nets", "net.pth", written(never_seen(2)))
    entry = read_entry(add("someone/nets:net.pth", settings.entries[0], settings).path)
    told: list[str] = []
    check(entry, settings, tell=told.append)
    assert told[0] == "Its output"
    assert told[-1] == "How it restores bundled photographs, read as -1 to 1, BGR"
    seen: list[str] = []

    def stop(words: str) -> None:
        seen.append(words)
        if len(seen) == 4:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        check(entry, settings, tell=stop)
    assert seen == told[:4]


ONLY_SPANDREL = {
    "SPAN": ({"num_in_ch": 3, "num_out_ch": 3, "feature_channels": 8, "upscale": 2}, 2),
    "Compact": ({"num_feat": 8, "num_conv": 2, "upscale": 3}, 3),
    "SAFMN": ({"dim": 8, "n_blocks": 1, "upscaling_factor": 1}, 1),
    # Its layers write over their input unless they are training, which no gradient survives.
    "RealPLKSR": ({"dim": 16, "n_blocks": 2, "upscaling_factor": 4}, 4),
}


@pytest.mark.parametrize("name", ONLY_SPANDREL)
def test_a_network_that_only_spandrel_knows_is_added(mirror, settings, name):
    sizes, scale = ONLY_SPANDREL[name]
    folder = {"RealPLKSR": "PLKSR"}.get(name, name)
    torch.manual_seed(0)
    network = getattr(import_module(f"spandrel.architectures.{folder}"), name)(**sizes)
    mirror.put(f"someone/{name}", "model.safetensors", save(network.state_dict()))
    added = add(f"someone/{name}:model.safetensors", settings.entries[0], settings)
    assert added.path.stem == f"{name.lower()}-model"
    assert (added.entry.architecture, added.entry.scale) == (folder, scale)
    entry = read_entry(added.path)
    assert check(entry, settings).passed
    assert build_declared(entry).state_dict().keys() == network.state_dict().keys()
    model = super_resolver(added.entry.id, settings=settings)
    x = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(model(x), network.eval()(x))


def test_a_list_of_unknowns_is_left_out_of_an_entry():
    assert [is_written(value) for value in (None, [1, None], [[None]], [1, [2]], "a")] == [False] * 3 + [True] * 2
    strange = registry()["edsr-c"].model_copy(update={"name": 'a "\x7f\t\\ é', "hyperparameters": {"x": 1e-7}})
    assert parse_entry(entry_text(strange), name="edsr-c.toml") == strange


def test_sizes_that_do_not_go_together_are_said(mirror, settings):
    from spandrel.architectures.DCTLSA import DCTLSA

    mirror.put("someone/odd", "x.safetensors", save(DCTLSA(num_modules=2, upscale=2).state_dict()))
    with pytest.raises(UnusableNetworkError, match="looks like DCTLSA, but does not run"):
        add("someone/odd:x.safetensors", settings.entries[0], settings)


def test_a_file_of_ones_own_gets_an_entry_that_takes_it(settings, tmp_path):
    file = tmp_path / "my net.pth"
    file.write_bytes(written(never_seen(2)))
    added = add(str(file), settings.entries[0], settings)
    assert added.path.name == "my-net.toml"
    supply(read_entry(added.path), file, settings)
    assert check(read_entry(added.path), settings).passed


def test_a_denoiser_of_scale_one_is_added(mirror, settings):
    from spandrel.architectures.DnCNN import DnCNN

    torch.manual_seed(0)
    network = DnCNN(in_nc=3, out_nc=3, nc=8, nb=17, act_mode="R")
    mirror.put("someone/clean", "dncnn.pth", written(network))
    entry = add("someone/clean:dncnn.pth", settings.entries[0], settings).entry
    assert (entry.architecture, entry.scale) == ("DnCNN", 1)
    assert check(entry, settings).passed


def test_two_files_of_one_name_get_two_entries(mirror, settings):
    for repo in ("a/nets", "b/nets"):
        mirror.put(repo, "edsr-c.pth", written(never_seen(2)))
    names = [add(f"{repo}:edsr-c.pth", settings.entries[0], settings).entry.id for repo in ("a/nets", "b/nets")]
    assert names == ["edsr-c-2", "edsr-c-3"]


def test_what_cannot_be_added_leaves_nothing_behind(mirror, settings, tmp_path):
    class Exploit:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "it-ran"),))

    buffer = io.BytesIO()
    torch.save(Exploit(), buffer)
    mirror.put("evil/nets", "bad.pth", buffer.getvalue())
    mirror.put("odd/nets", "odd.safetensors", save({"layer.weight": torch.zeros(3)}))
    for name, error in (
        ("evil/nets:bad.pth", CodeInCheckpointError),
        ("odd/nets:odd.safetensors", UnknownNetworkError),
        ("odd/nets:gone.pth", AbsentError),
        ("odd/nets:../../gone.pth", HubReferenceError),
    ):
        with pytest.raises(error):
            add(name, settings.entries[0], settings)
    assert not (tmp_path / "it-ran").exists()
    assert not settings.entries[0].exists()


def test_a_pin_fixes_commit_and_digest_and_notices_a_change(mirror, settings):
    digest = mirror.put("someone/nets", "x.pth", written(never_seen(2)))
    loose = parse_entry(
        'name = "X"\narchitecture = "edsr"\nscale = 2\nfamily = "psnr"\ntag = "published"\nlicence = "MIT"\n'
        '[weights]\nsource = "hub"\nrepo = "someone/nets"\nfile = "x.pth"\n',
        name="x.toml",
    )
    assert not loose.pinned
    pinned = pin(loose, settings)
    assert pinned.sha256 == digest
    assert pinned.weights.revision == COMMIT  # type: ignore[union-attr]
    assert parse_entry(entry_text(pinned), name="x.toml") == pinned
    assert pin(pinned, settings) == pinned
    mirror.put("someone/nets", "x.pth", written(never_seen(3)))
    with pytest.raises(WrongDigestError, match="remove the digest"):
        pin(pinned, replace(settings, hub_cache=settings.weights / "elsewhere"))
    with pytest.raises(CannotPinError, match="no file on the Hub"):
        pin(registry()["imdn"], settings)


def test_a_pooled_reference_tells_of_its_fetching(mirror, settings):
    mirror.put("someone/nets", "x.pth", written(never_seen(2)))
    add("someone/nets:x.pth", settings.entries[0], settings)
    elsewhere = replace(settings, hub_cache=settings.hub_cache.with_name("another"))
    heard: list[tuple[int, int | None]] = []
    Pool().pooled(reference("x", settings=elsewhere)).load(lambda here, total: heard.append((here, total)))
    assert heard
    assert heard[-1][0] == heard[-1][1] == len(written(never_seen(2)))


def test_a_wrong_claim_is_found(mirror, settings):
    mirror.put("someone/nets", "x.pth", written(never_seen(2)))
    entry = add("someone/nets:x.pth", settings.entries[0], settings).entry
    lying = entry.model_copy(update={"published": entry.published.model_copy(update={"parameters": 7})})
    report = check(lying, settings)
    assert not report.passed
    (found,) = [finding for finding in report.findings if finding.verdict == "differs"]
    assert (found.fact, found.declared) == ("parameters", "7")


class Bicubic(torch.nn.Module):
    """Interpolation with an offset: right on 0 to 255, wrong on 0 to 1."""

    def forward(self, x):
        return torch.nn.functional.interpolate(x, scale_factor=2, mode="bicubic") + 1


def test_a_better_reading_is_seen():
    tried = measure(SuperResolver(Bicubic(), 2))
    assert [(t.input_range, t.colour) for t in tried[:4]] == [(1, "rgb"), (1, "bgr"), (255, "rgb"), (255, "bgr")]
    assert tried[0].psnr < 10
    assert tried[2].psnr == pytest.approx(bicubic_psnr(2), abs=1.5)
    assert tried[2].psnr == pytest.approx(tried[3].psnr)


def test_colours_taken_for_one_another_are_seen():
    class DimsTheFirst(torch.nn.Module):
        def forward(self, x):
            dimmed = x * torch.tensor([0.5, 1.0, 1.0]).view(1, 3, 1, 1)
            return torch.nn.functional.interpolate(dimmed, scale_factor=2, mode="bicubic")

    tried = measure(SuperResolver(DimsTheFirst(), 2, convention=Convention(colour="bgr")))
    assert [t.reading for t in tried[:4]] == ["0 to 1, BGR", "0 to 1, RGB", "0 to 255, BGR", "0 to 255, RGB"]
    assert tried[0].psnr > tried[1].psnr + 3, "blue hardly counts in luma, red does"


def test_the_receptive_field_is_what_can_be_counted():
    convolutions = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3, padding=1), torch.nn.Conv2d(4, 3, 5, padding=2), torch.nn.Upsample(scale_factor=2)
    )
    found = receptive_field(SuperResolver(convolutions, 2))
    assert (found.size, found.complete, str(found)) == (7, True, "7")

    class Pooled(torch.nn.Module):
        def forward(self, x):
            return x + x.mean((2, 3), keepdim=True)

    found = receptive_field(SuperResolver(Pooled(), 1))
    assert (found.complete, str(found)) == (False, "at least 256")


def test_every_entry_is_written_as_it_was_read():
    for entry in registry():
        assert parse_entry(entry_text(entry), name=f"{entry.id}.toml") == entry


def test_lists_hold_plain_values_alone(settings):
    listed = rows(settings)
    assert {row["weights"] for row in listed} <= {"bundled", "cached", "remote", "local", "package"}
    assert json.loads(json.dumps(listed)) == listed
    shown = facts(registry()["rfdn"], settings)
    assert shown["convention"]["input_range"] == 255
    assert (shown["weights"], shown["pinned"], shown["available"]) == ("remote", True, False)
    assert json.loads(json.dumps(shown)) == shown


def test_inspection_of_ones_own_network_and_of_an_entry(tmp_path, settings):
    code = tmp_path / "net.py"
    code.write_text("import torch\ndef build():\n    return torch.nn.Upsample(scale_factor=2), 2\n")
    found = inspect(f"{code}:build", settings=settings)
    assert (found.scale, found.parameters, found.receptive_field.size) == (2, 0, 1)
