"""Work beside the page: it ends in an outcome or a sentence, and is given up at its next sign of life."""

import threading

from dashboard.app_pages.zoo.background_task import Task, fetching
from lam_core.service.progress import Step
from zoo.sources.transfer import AbsentError


def test_an_outcome_and_what_was_told_on_the_way():
    def work(tell):
        fetching(tell)(500_000, 2_000_000)
        return 7

    task = Task(work)
    assert task._ended.wait(5)
    assert (task.outcome, task.failure) == (7, "")
    assert task.progress == Step(0.25, "Fetching: 0.5 of 2.0 MB")


def test_a_failure_is_a_sentence():
    def work(tell):
        raise AbsentError("there is no file")

    task = Task(work)
    assert task._ended.wait(5)
    assert (task.outcome, task.failure) == (None, "there is no file")


def test_given_up_work_ends_at_its_next_sign_of_life():
    begun, go_on, after = threading.Event(), threading.Event(), []

    def work(tell):
        begun.set()
        go_on.wait(5)
        tell("still here", None)
        after.append("told")

    task = Task(work)
    assert begun.wait(5)
    task.give_up()
    go_on.set()
    assert task._ended.wait(5)
    assert after == []
    assert task.failure
