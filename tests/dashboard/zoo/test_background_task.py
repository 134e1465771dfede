"""Work beside the page: it ends in an outcome or a sentence, and is given up at its next sign of life."""

import threading

from streamlit.testing.v1 import AppTest

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


def test_a_page_that_took_a_task_for_running_is_drawn_again_though_it_has_ended():
    def page():
        import streamlit as st

        from dashboard.app_pages.zoo import background_task

        if background_task.started("it") is None:
            background_task.start("it", lambda tell: 7)
        task = background_task.started("it")
        taken_for_running = st.session_state.setdefault("runs", 0) == 0
        st.session_state.runs += 1
        assert task._ended.wait(5)
        st.text("running" if taken_for_running else f"outcome {task.outcome}")
        background_task.watch("it", st.empty())

    app = AppTest.from_function(page).run()
    assert not app.exception
    assert app.text[0].value == "outcome 7"
    assert app.session_state["runs"] == 2
    assert app.run().session_state["runs"] == 3, "once"
