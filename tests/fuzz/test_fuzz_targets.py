"""Sound inputs, changed at random: whatever is wrong with them is said in the project's own words, and in time.

``make fuzz`` does the same led by the coverage of the code, and for longer.
"""

from __future__ import annotations

from functools import cache

import pytest
from fuzz_targets import TARGETS, check
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FEW, MANY = 100, 20_000


@cache
def seeds(name: str) -> list[bytes]:
    return TARGETS[name].seeds()


@st.composite
def changed(draw: st.DrawFn, name: str) -> bytes:
    """A seed after one to four changes: bytes are replaced, removed, repeated, or a word is put in; or bytes alone."""
    data = bytearray(draw(st.sampled_from(seeds(name))))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from([0, 1, 2, 4, 8, 40, 10_000])))
        match draw(st.sampled_from(["replace", "remove", "repeat", "word"])):
            case "replace":
                data[start:end] = draw(st.binary(min_size=end - start, max_size=end - start))
            case "remove":
                del data[start:end]
            case "repeat":
                data[end:end] = data[start:end] * draw(st.sampled_from([1, 2, 50]))
            case "word":
                data[start:end] = draw(st.sampled_from(TARGETS[name].words))
    return bytes(data)


def anything(name: str) -> st.SearchStrategy[bytes]:
    return changed(name) | st.binary(max_size=200)


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_are_sound(name: str, tmp_path) -> None:
    for number, seed in enumerate(seeds(name)):
        folder = tmp_path / str(number)
        folder.mkdir()
        if name == "json" and b'"schema"' in seed[:12]:
            check(TARGETS[name], seed)  # its value need not fit its schema
        elif not (name == "yaml" and seed[0]):
            TARGETS[name].run(seed, folder)


@pytest.mark.parametrize("name", TARGETS)
def test_spoilt_inputs_are_refused_in_our_own_words(name: str) -> None:
    @settings(max_examples=FEW, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=anything(name))
    def run(data: bytes) -> None:
        check(TARGETS[name], data)

    run()


@pytest.mark.soak
@pytest.mark.parametrize("name", TARGETS)
def test_spoilt_inputs_are_refused_in_our_own_words_at_length(name: str) -> None:
    @settings(max_examples=MANY, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=anything(name))
    def run(data: bytes) -> None:
        check(TARGETS[name], data)

    run()
