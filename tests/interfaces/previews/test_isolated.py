from __future__ import annotations

import os
import time

import pytest

from interfaces.errors import ValidationError
from interfaces.previews import isolated
from interfaces.previews.isolated import render


@pytest.fixture
def script(tmp_path):
    def write(code: str):
        path = tmp_path / "script.py"
        path.write_text(code)
        return path

    return write


def test_what_a_renderer_writes_is_what_it_makes(script):
    path = script("import sys; sys.stdout.write(sys.stdin.read() + sys.argv[-1])")
    assert render(path, "b", given=b"a") == b"ab"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import sys; print('it is odd'); sys.exit(3)", "it is odd"),
        ("import os; os.abort()", "the program that draws it failed"),
        ("1 / 0", "the program that draws it failed"),
        ("x = bytearray(8 * 2**30)", "the program that draws it failed"),
        ("import sys\nwhile True: sys.stdout.write('x' * 2**20)", "the program that draws it failed"),
    ],
    ids=["refused", "aborted", "raised", "memory", "output"],
)
def test_a_renderer_that_fails_has_a_reason(script, code, why):
    with pytest.raises(ValidationError, match=f"^{why}$"):
        render(script(code))


def test_a_renderer_that_does_not_end_is_ended_with_its_children(script, monkeypatch, tmp_path):
    monkeypatch.setattr(isolated, "WALL_S", 1)
    note = tmp_path / "pid"
    code = f"""
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open({str(note)!r}, "w").write(str(child.pid))
time.sleep(60)
"""
    with pytest.raises(ValidationError, match="more than 1 s to draw"):
        render(script(code))
    pid = int(note.read_text())
    for _ in range(100):
        try:
            state = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0]  # noqa: PTH123, SIM115
        except OSError:
            return
        if state in "ZX":
            return
        time.sleep(0.05)
    raise AssertionError(f"the child {pid} of {os.getpid()} still runs")


def test_a_renderer_sees_nothing_of_the_environment(script, monkeypatch):
    monkeypatch.setenv("SOME_SECRET", "hidden")
    assert b"hidden" not in render(script("import os; print(dict(os.environ))"))
