"""What is kept: the latest values, a visitor's own apart from everybody's, and gone when they delete them."""

from streamlit.testing.v1 import AppTest

from dashboard.state.cache import Kept


def test_outside_of_a_session_nothing_of_a_visitors_own_is_kept():
    kept, made = Kept("numbers", everybody=4, visitor=4), []
    for own in (True, True, False, False):
        kept.get("one", lambda: made.append(1), own=own)
    assert len(made) == 3


def test_a_visitors_own_is_theirs_alone_until_they_delete_it():
    def script():
        import streamlit as st

        from dashboard.state.cache import Kept, forget_own

        kept = Kept("numbers", everybody=4, visitor=4)
        made = st.session_state.setdefault("made", [])
        if st.session_state.get("deletes"):
            forget_own()
        kept.get("one", lambda: made.append(1), own=True)

    first, second = (AppTest.from_function(script).run() for _ in range(2))
    first.run()
    assert (len(first.session_state.made), len(second.session_state.made)) == (1, 1)
    first.session_state.deletes = True
    first.run()
    assert len(first.session_state.made) == 2
