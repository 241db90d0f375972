from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interfaces.graph_schedule import Unit, finish_s, longest_paths


def units(*parts: tuple[float | None, set[int]]) -> list[Unit]:
    return [Unit(seconds=seconds, needs=frozenset(needs)) for seconds, needs in parts]


@pytest.mark.parametrize(
    ("work", "parallel", "seconds"),
    [
        ([], 1, 0),
        ([(3, set())], 4, 3),
        ([(3, set()), (4, {0}), (5, {1})], 4, 12),
        ([(3, set()), (4, set()), (5, set())], 1, 12),
        ([(3, set()), (4, set()), (5, set())], 3, 5),
        ([(1, set()), (2, {0}), (5, {0}), (1, {1, 2})], 2, 7),
        # The one with the longest way to go is started first: 6 beside 2 + 2 + 2, and not after them.
        ([(2, set()), (2, set()), (2, set()), (6, set())], 2, 6),
        # What takes no time takes no place either, and hands on at once.
        ([(4, set()), (4, set()), (0, set()), (1, {2})], 2, 5),
        ([(None, set()), (2, {0})], 1, 2),
    ],
)
def test_it_ends_when_the_last_piece_of_work_does(work, parallel, seconds):
    assert finish_s(units(*work), parallel=parallel) == seconds


@given(st.lists(st.tuples(st.integers(0, 9), st.sets(st.integers(0, 11), max_size=3)), max_size=12), st.integers(1, 4))
def test_no_schedule_is_quicker_than_its_longest_chain_or_slower_than_one_after_another(drawn, parallel):
    work = [(float(seconds), {one for one in needs if one < place}) for place, (seconds, needs) in enumerate(drawn)]
    ends: list[float] = []
    for seconds, needs in work:
        ends.append(seconds + max((ends[one] for one in needs), default=0.0))
    total = sum(seconds for seconds, _ in work)
    found = finish_s(units(*work), parallel=parallel)
    assert max(*ends, total / parallel, 0.0, 0.0) <= found + 1e-9
    assert found <= total


def test_the_longest_path_counts_all_that_waits():
    seconds = {"a": 1.0, "b": 2.0, "c": 5.0, "d": 1.0}
    followers = {"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": set()}
    assert longest_paths(seconds, followers, ["a", "b", "c", "d"]) == {"a": 7, "b": 3, "c": 6, "d": 1}
