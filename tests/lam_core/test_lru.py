"""The one cache of what was used last: by number, by size, and the newest whatever its size."""

from lam_core.lru import Lru


def test_the_values_used_last_are_kept() -> None:
    kept, made = Lru[str](2), []

    def get(key: str) -> str:
        return kept.get_or_make(key, lambda: made.append(key) or key)

    assert [get(key) for key in "abacb"] == list("abacb")
    assert made == ["a", "b", "c", "b"], "b was used longest ago when c came"


def test_sizes_count_and_the_newest_stays_whatever_its_size() -> None:
    kept = Lru[int](10, size=lambda value: value)
    for key, value in enumerate((4, 4, 4)):
        kept.put(key, value)
    assert (kept.get(0), kept.get(1), kept.get(2), kept.used) == (None, 4, 4, 8)
    kept.put(3, 99)
    assert (len(kept), kept.get(3)) == (1, 99)


def test_a_value_put_again_counts_once() -> None:
    kept = Lru[int](10, size=lambda value: value)
    kept.put("a", 6)
    kept.put("a", 7)
    assert (len(kept), kept.used) == (1, 7)


def test_those_that_are_due_go() -> None:
    kept = Lru[int](10)
    for value in range(4):
        kept.put(value, value)
    kept.drop(lambda value: value % 2 == 0)
    assert [value in kept for value in range(4)] == [False, True, False, True]
