"""The engine's events while it builds or loads an image."""

from __future__ import annotations

import pytest

from interfaces.containers.image_build import BuildFailed, follow_build, follow_load, once_more_if_a_step_was_lost


def test_lines_come_whole_however_the_events_cut_them():
    lines = []
    events = [{"stream": "Step 1/2 : FR"}, {"aux": {}}, {"stream": "OM x\n\n ---> 1\nhal"}, {"stream": "f"}]
    follow_build(events, lines.append)
    assert lines == ["Step 1/2 : FROM x", " ---> 1", "half"]


def test_a_failure_shows_the_reason_first_and_then_the_last_lines():
    events = [*({"stream": f"line {n}\n"} for n in range(100)), {"stream": "cut"}, {"error": "exit code 3\n"}]
    with pytest.raises(BuildFailed) as caught:
        follow_build(events, None)
    first, *rest = str(caught.value).splitlines()
    assert first == "exit code 3"
    assert rest[-2:] == ["line 99", "cut"]
    assert len(rest) == 20


@pytest.mark.parametrize(
    ("text", "references"),
    [
        ("Loaded image: a:1\nLoaded image: host:5000/b:2\n", ["a:1", "host:5000/b:2"]),
        ("Loaded image ID: sha256:12\n", ["sha256:12"]),
        ("", []),
    ],
)
def test_a_load_names_what_it_brought(text, references):
    assert follow_load([{"status": "Loading layer"}, {"stream": text}]) == references


def test_a_build_that_lost_a_step_to_another_one_is_made_once_more():
    tries = []

    def build() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise BuildFailed('unable to find image "sha256:03d0"\nStep 1/4 : FROM scratch')

    once_more_if_a_step_was_lost(build)
    assert len(tries) == 2


def test_any_other_failure_of_a_build_stands():
    tries = []

    def build() -> None:
        tries.append(1)
        raise BuildFailed("The command '/bin/sh -c false' returned a non-zero code: 1")

    with pytest.raises(BuildFailed, match="non-zero"):
        once_more_if_a_step_was_lost(build)
    assert len(tries) == 1
