from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

from interfaces.owners import Owner, is_orphan, owned_name

SAY_WHO = "from interfaces.owners import Owner, owned_name; print(Owner.current()); print(owned_name()); input()"


def another_process() -> tuple[subprocess.Popen[str], Owner, str]:
    program = subprocess.Popen(
        [sys.executable, "-c", SAY_WHO], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    owner = Owner.from_text(program.stdout.readline().strip())
    return program, owner, program.stdout.readline().strip()


def test_this_process_lives():
    assert Owner.current().is_alive() is True
    assert not is_orphan(owned_name() + "abc")


def test_an_owner_is_read_as_it_was_written():
    assert Owner.from_text(str(Owner.current())) == Owner.current()


def test_another_process_lives_until_it_is_killed():
    program, owner, name = another_process()
    assert owner.is_alive() is True
    assert not is_orphan(name)
    program.kill()
    program.wait()
    assert owner.is_alive() is False
    assert is_orphan(name)


def test_a_process_that_nobody_has_waited_for_is_dead():
    program, owner, _ = another_process()
    program.kill()
    os.waitid(os.P_PID, program.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and can still be waited for
    assert owner.is_alive() is False
    program.wait()


def test_a_later_process_with_the_same_number_is_another_one():
    assert replace(Owner.current(), started="1").is_alive() is False


def test_what_ran_before_a_reboot_is_dead():
    kernel, _, namespace = Owner.current().boot.partition("/")
    assert replace(Owner.current(), boot=f"{kernel[::-1]}/{namespace}").is_alive() is False


def test_nothing_is_known_of_other_machines_and_sandboxes():
    here = Owner.current()
    assert replace(here, host="elsewhere").is_alive() is None
    assert replace(here, boot=here.boot.partition("/")[0] + "/pid:[1]").is_alive() is None


def test_other_text_names_no_owner():
    for text in ("", "a|b|c|d", "just words", "a|b|1|2|3"):
        assert Owner.from_text(text) is None


def test_other_names_are_no_orphans():
    for name in ("", "a", "1", "tmp-1-2", "12-x-abc", "incoming"):
        assert not is_orphan(name)
