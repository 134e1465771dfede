"""The order in which workers take jobs: model by model, plan by plan, each worker its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields

from lam_core.images.degradations import Degradation
from lam_core.region import Region
from lam_core.studies.sweeps.cluster import Waiting
from lam_core.studies.sweeps.jobs import Job, MapJob, QualityJob
from tests.lam_core.studies.sweeps.test_sweep import SETTINGS
from tests.lam_core.studies.toys import Reference, picture

A, B, C = Reference("a"), Reference("b"), Reference("c")


def waiting(*jobs: tuple[Reference, int, int]) -> Waiting:
    """Jobs of models on central windows of images of some side: model, side, number of the image."""
    found = Waiting()
    for model, side, number in jobs:
        found.add(MapJob(model, picture(side, side, number), f"p{number}", Region(side - 8, side - 8, 16), SETTINGS))
    return found


def names(jobs: list[Job | None]) -> list[str]:
    return [job.model.name for job in jobs if job is not None]


def test_two_workers_take_turns_and_never_share_a_model_while_others_wait() -> None:
    jobs = waiting(*((model, 32, k) for k in range(4) for model in (A, B)))
    taken = [jobs.take(worker) for _ in range(4) for worker in ("one", "two")]
    assert len(set(names(taken[0::2]))) == len(set(names(taken[1::2]))) == 1
    assert Counter(names(taken)) == {"a": 4, "b": 4}
    assert jobs.take("one") is None
    assert not jobs


def test_the_last_model_is_shared() -> None:
    jobs = waiting(*((A, 32, k) for k in range(4)))
    assert names([jobs.take("one"), jobs.take("two"), jobs.take("one"), jobs.take("two")]) == ["a"] * 4


def test_a_worker_stays_with_what_is_planned() -> None:
    jobs = waiting(*((A, side, k) for k in range(3) for side in (32, 48)))
    sides = [job.image.shape[0] for _ in range(6) if (job := jobs.take("one"))]
    assert sides in ([32] * 3 + [48] * 3, [48] * 3 + [32] * 3)


def test_a_worker_goes_back_to_the_model_that_it_has() -> None:
    jobs = waiting((A, 32, 0), (B, 32, 0))
    first, second = jobs.take("one"), jobs.take("two")
    for k in (1, 2):
        for model in (A, B):
            jobs.add(MapJob(model, picture(32, 32, k), f"p{k}", Region(24, 24, 16), SETTINGS))
    assert names([jobs.take("two"), jobs.take("one")]) == names([second, first])


def test_a_free_worker_takes_a_model_of_nobody_before_one_with_more_jobs() -> None:
    jobs = waiting(*((A, 32, k) for k in range(9)), *((B, 32, k) for k in range(3)), (C, 32, 0))
    assert names([jobs.take("one"), jobs.take("two"), jobs.take("three"), jobs.take("three")]) == ["a", "b", "c", "a"]


def test_an_order_is_all_of_a_job_but_its_model_and_image() -> None:
    hr, noise = picture(32, 32), Degradation.parse("noise:20")
    for job in (
        QualityJob(A, hr, "p", 8, needs_grid=True, degradation=noise),
        MapJob(A, hr, "p", Region(1, 2, 8), SETTINGS, keeps_map=False, degradation=noise),
    ):
        again = job.order(B, hr)
        same = {one.name for one in fields(job) if getattr(again, one.name) is getattr(job, one.name)}
        assert same == {one.name for one in fields(job)} - {"model"}
        assert again.model is B
