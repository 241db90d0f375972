from __future__ import annotations

import pytest

from interfaces.errors import ValidationError
from interfaces.files import guarded
from interfaces.files.guarded import check_guarded


@pytest.fixture
def run(tmp_path):
    def check(code: str) -> None:
        script = tmp_path / "script.py"
        script.write_text(code)
        (tmp_path / "file").write_text("content")
        check_guarded(script, tmp_path / "file", what="thing")

    return check


def test_a_script_that_finds_nothing_wrong_lets_the_file_pass(run):
    run("import sys; assert open(sys.argv[-1]).read() == 'content'")


def test_the_sentence_of_a_script_is_the_reason(run):
    with pytest.raises(ValidationError, match=r"^It is odd$"):
        run(f"import sys; print('It is odd'); sys.exit({guarded.REFUSED})")


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("import os; os.abort()", "exit -6"),
        ("raise KeyError('x')", "KeyError: 'x'"),
        ("x = bytearray(1 << 40)", "MemoryError"),
        ("import os; os.kill(os.getpid(), 11)", "exit -11"),
    ],
)
def test_a_crash_is_a_refusal_with_its_cause(run, code, cause):
    with pytest.raises(ValidationError, match=r"^It is no thing that can be read$") as caught:
        run(code)
    assert cause in str(caught.value.__cause__)


def test_a_script_that_does_not_end_is_ended(run, monkeypatch):
    monkeypatch.setattr(guarded, "WALL_S", 1)
    with pytest.raises(ValidationError, match="It is no thing that can be read in 1 s"):
        run("while True: pass")
