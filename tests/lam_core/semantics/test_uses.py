"""Detection, SRGA and strength: against closed forms, on held-out pictures, and through files."""

import pickle

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import gennorm

from lam_core.images import downscale
from lam_core.images.degradations import Degradation
from lam_core.samples import samples
from lam_core.semantics.detection import Probe, train_probe, try_probe
from lam_core.semantics.errors import ConstantFeaturesError, DesignError, ProbeFileError
from lam_core.semantics.srga import GeneralisedGaussian, srga
from lam_core.semantics.strength import strength_curve
from tests.lam_core.semantics.networks import pictures, seeing, small

KINDS = [Degradation.parse(text) for text in ("clean", "blur", "noise", "contrast:0.7")]
PHOTOGRAPHS = [downscale(s.pixels(), 4) for s in samples() if s.kind in ("photograph", "texture", "roof")][:14]


@pytest.fixture(scope="module")
def trained():
    model = seeing()
    return model, train_probe(model, PHOTOGRAPHS[:10], KINDS, "head")


def test_a_probe_names_degradations_of_pictures_and_strengths_it_has_not_seen(trained):
    model, probe = trained
    held_out = [Degradation.parse(text) for text in ("clean", "blur:1.7", "noise:13", "contrast:0.6")]
    found = try_probe(probe, model, PHOTOGRAPHS[10:], held_out)
    assert found.n == 4 * len(PHOTOGRAPHS[10:])
    assert found.chance == 0.25
    assert found.accuracy > 0.6
    assert np.sum(found.confusion) == found.n
    assert np.trace(found.confusion) / found.n == found.accuracy


def test_a_verdict_is_a_distribution_for_a_picture_of_any_size(trained):
    model, probe = trained
    picture = downscale(samples()[9].pixels(), 2)
    (verdict,) = probe.verdicts(model, [Degradation.parse("noise:25").apply(picture)])
    assert sum(verdict.probabilities.values()) == pytest.approx(1)
    assert verdict.likeliest == "noise"


def test_two_kinds_suffice():
    model = seeing()
    probe = train_probe(model, PHOTOGRAPHS[:6], KINDS[::2], "head")
    assert probe.coefficients.shape[0] == 2
    assert try_probe(probe, model, PHOTOGRAPHS[6:], KINDS[::2]).accuracy > 0.8


def test_a_probe_survives_its_file(trained, tmp_path):
    model, probe = trained
    probe.save(tmp_path / "probe.npz")
    loaded = Probe.load(tmp_path / "probe.npz")
    assert loaded.names == probe.names
    assert loaded.verdicts(model, PHOTOGRAPHS[:2]) == probe.verdicts(model, PHOTOGRAPHS[:2])


def test_a_probe_refuses_another_network(trained):
    _, probe = trained
    with pytest.raises(ProbeFileError, match="other than Small"):
        probe.verdicts(small(channels=4), PHOTOGRAPHS[:1])


class Payload:
    def __reduce__(self):
        return (print, ("code ran",))


def test_files_that_hold_no_probe_are_refused_and_nothing_in_them_runs(trained, tmp_path, capsys):
    _, probe = trained
    probe.save(tmp_path / "whole")
    whole = (tmp_path / "whole").read_bytes()
    np.savez(tmp_path / "code.npz", header=np.array([Payload()], dtype=object))
    np.savez(tmp_path / "other.npz", picture=np.zeros(3))
    files = {
        "empty": b"",
        "cut": whole[: len(whole) // 2],
        "pickle": pickle.dumps(Payload()),
        "code": (tmp_path / "code.npz").read_bytes(),
        "other": (tmp_path / "other.npz").read_bytes(),
    }
    for name, content in files.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(ProbeFileError, match="no degradation probe"):
            Probe.load(path)
    with pytest.raises(ProbeFileError, match="no degradation probe"):
        Probe.load(tmp_path / "absent")
    assert capsys.readouterr().out == ""


def test_a_bomb_is_not_unpacked(tmp_path):
    np.savez_compressed(tmp_path / "bomb.npz", header=np.zeros(4_000_000))
    with pytest.raises(ProbeFileError, match="at most 16777216"):
        Probe.load(tmp_path / "bomb.npz")


@pytest.mark.parametrize(
    ("kinds", "count", "words"),
    [(KINDS[:1], 3, "not two or more"), (KINDS[:2] * 2, 3, "name each kind once"), (KINDS, 1, "too few")],
)
def test_nothing_to_tell_apart_is_refused(kinds, count, words):
    with pytest.raises(DesignError, match=words):
        train_probe(small(), PHOTOGRAPHS[:count], kinds, "head")


def test_an_unknown_kind_cannot_be_tried(trained):
    model, probe = trained
    with pytest.raises(DesignError, match="does not know 'jpeg'"):
        try_probe(probe, model, PHOTOGRAPHS[:1], [Degradation.parse("jpeg")])


@pytest.mark.parametrize(("alpha", "beta"), [(1.0, 2.0), (3.0, 1.0), (0.5, 0.6), (2.0, 5.0)])
def test_a_generalised_gaussian_is_recovered(alpha, beta):
    values = gennorm.rvs(beta, scale=alpha, size=200_000, random_state=0)
    found = GeneralisedGaussian.fit(values)
    assert found.alpha == pytest.approx(alpha, rel=0.05)
    assert found.beta == pytest.approx(beta, rel=0.05)


@pytest.mark.parametrize(("p", "q"), [((1, 2), (2, 2)), ((1, 1), (1.5, 2)), ((0.7, 0.8), (1, 1.7))])
def test_divergence_agrees_with_the_integral(p, q):
    first, second = gennorm(p[1], scale=p[0]), gennorm(q[1], scale=q[0])
    integral = quad(lambda x: first.pdf(x) * (first.logpdf(x) - second.logpdf(x)), -60, 60, limit=400, points=[0])[0]
    assert GeneralisedGaussian(*p).divergence(GeneralisedGaussian(*q)) == pytest.approx(integral, rel=1e-5)


def test_divergence_from_itself_is_nothing():
    assert GeneralisedGaussian(1.3, 0.9).divergence(GeneralisedGaussian(1.3, 0.9)) == pytest.approx(0, abs=1e-12)


def test_srga_is_zero_for_what_does_not_move_and_grows_with_contrast_lost():
    weak, strong, none = (Degradation.parse(text) for text in ("contrast:0.2", "contrast:0.6", "noise:0"))
    scores = {s.degradation: s for s in srga(small(), pictures(20), [weak, strong, none], "body.0")}
    assert scores["noise:0"].score == pytest.approx(0, abs=1e-6)
    assert scores["contrast:0.2"].score < scores["contrast:0.6"].score
    assert (scores["noise:0"].n, scores["noise:0"].components) == (20, 19)


def test_srga_needs_pictures_that_differ():
    with pytest.raises(DesignError, match="at least 3"):
        srga(small(), pictures(2), KINDS[1:], "head")
    with pytest.raises(ConstantFeaturesError, match="same features"):
        srga(small(), [pictures(1)[0]] * 4, KINDS[1:2], "head")


def test_separability_grows_with_noise():
    curve = strength_curve(small(), PHOTOGRAPHS, Degradation.parse("blur:3"), "body.2", steps=4)
    assert curve.degradations == ("blur:0.75", "blur:1.5", "blur:2.25", "blur:3")
    assert curve.spearman == 1
    assert curve.path.shape == (len(PHOTOGRAPHS), 5, 2)
    assert curve.n == 2 * len(PHOTOGRAPHS)


def test_no_degradation_has_no_curve():
    with pytest.raises(DesignError, match="clean changes nothing"):
        strength_curve(small(), PHOTOGRAPHS, Degradation(), "head")
