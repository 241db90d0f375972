"""Emptying folders that others wrote."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from interfaces.containers import emptying
from interfaces.containers.emptying import empty


@pytest.fixture
def messy(tmp_path):
    place, outside = tmp_path / "place", tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("ours")
    (place / "a/b/c").mkdir(parents=True)
    (place / "a/b/file").write_text("x")
    (place / "link").symlink_to(outside)
    (place / "a/dangling").symlink_to("/no/such")
    os.mkfifo(place / "a/pipe")
    os.link(outside / "kept", place / "hard")
    os.open(place / b"\xff\n\x1b[0m".decode(errors="surrogateescape"), os.O_CREAT)
    return place, outside


def test_everything_goes_and_nothing_outside_is_touched(messy):
    place, outside = messy
    assert empty(str(place))
    assert list(place.iterdir()) == []
    assert (outside / "kept").read_text() == "ours"


def test_an_empty_folder_is_empty(tmp_path):
    assert empty(str(tmp_path))


def test_a_folder_that_is_not_there_or_is_a_link_is_not_empty(messy):
    place, _ = messy
    assert not empty(str(place / "missing"))
    assert not empty(str(place / "link"))


def test_folders_in_folders_have_an_end(tmp_path):
    (tmp_path / "/".join("d" * (emptying.MOST_DEPTH + 5))).mkdir(parents=True)
    assert not empty(str(tmp_path))


def test_the_number_of_files_has_an_end(tmp_path, monkeypatch):
    monkeypatch.setattr(emptying, "MOST_ENTRIES", 10)
    for number in range(11):
        (tmp_path / str(number)).touch()
    assert not empty(str(tmp_path))


def test_as_a_program_it_empties_at_each_line(messy):
    place, outside = messy
    text = open(emptying.__file__).read()  # noqa: PTH123, SIM115
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", text, str(place)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as program:
        assert program.stdout.readline() == emptying.READY
        for _ in range(2):
            program.stdin.write("\n")
            program.stdin.flush()
            assert program.stdout.readline() == emptying.EMPTY
            (place / "more").mkdir()
        program.stdin.close()
        assert program.wait(10) == 0
    assert (outside / "kept").exists()
