"""Waiting for an end and bringing it about, with processes of this machine in place of containers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from interfaces.containers import supervision
from interfaces.containers.records import DiskExcess
from interfaces.containers.supervision import Ending, WakeUp, wait_for_end
from interfaces.errors import EngineError

SLEEP = "import time; time.sleep(60)"
DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"


class Process:
    """A process as something watched; its end is reported by a thread of its own, as an engine's is."""

    def __init__(self, program: str, wake_up: WakeUp, *, obeys: bool = True) -> None:
        self._process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
        self._obeys, self._wake_up, self._failed = obeys, wake_up, False
        self._end = threading.Event()
        self.signals: list[str] = []
        self.looks: list[bool] = []
        self.excess: DiskExcess | None = None
        self.pid = self._process.pid
        if "print" in program:
            self._process.stdout.readline()
        self._reporter = threading.Thread(target=self._report)
        self._reporter.start()

    def _report(self) -> None:
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        self._end.set()
        self._wake_up.set()

    def fail(self) -> None:
        self._failed = True
        self._wake_up.set()

    def close(self) -> int:
        self._process.kill()
        self._reporter.join()
        self._process.stdout.close()
        return self._process.wait()

    def ended(self) -> bool:
        return self._end.is_set()

    def failed(self) -> bool:
        return self._failed

    def look(self, *, final: bool) -> None:
        self.looks.append(final)

    def disk_excess(self) -> DiskExcess | None:
        return self.excess

    def kill(self, name: str) -> bool:
        self.signals.append(name)
        if self.ended():
            return False
        if self._obeys:
            self._process.send_signal(signal.Signals[name])
        return True


@pytest.fixture
def wake_up():
    with WakeUp() as wake_up:
        yield wake_up


@pytest.fixture
def start(wake_up):
    started = []

    def start(program, **options):
        started.append(Process(program, wake_up, **options))
        return started[-1]

    yield start
    for process in started:
        process.close()


def wait(process, wake_up, *, stop=None, time_limit_s=50.0, grace_s=0.3, pid=True):
    return wait_for_end(
        process,
        wake_up,
        pid=process.pid if pid else None,
        time_limit_s=time_limit_s,
        grace_s=grace_s,
        stop=stop or threading.Event(),
    )


@pytest.mark.parametrize("pid", [True, False])
def test_an_end_of_its_own_needs_no_signal(start, wake_up, pid):
    process = start("import time; time.sleep(0.3)")
    assert wait(process, wake_up, pid=pid) == Ending()
    assert process.signals == []


def test_the_counters_are_read_once_in_the_moment_of_the_end(start, wake_up):
    process = start("import time; time.sleep(0.3)")
    wait(process, wake_up)
    assert process.looks.count(True) == 1
    assert process.looks[-1]
    assert process.looks.count(False) >= 2


def test_the_time_limit_asks_first(start, wake_up):
    process = start(SLEEP)
    assert wait(process, wake_up, time_limit_s=0.1) == Ending(timed_out=True)
    assert process.signals == ["SIGTERM"]
    assert process.close() == -signal.SIGTERM


def test_what_does_not_listen_is_killed_after_its_grace(start, wake_up):
    process = start(DEAF)
    assert wait(process, wake_up, time_limit_s=0.1, grace_s=0.2) == Ending(timed_out=True)
    assert process.signals == ["SIGTERM", "SIGKILL"]


def test_a_stop_during_the_grace_changes_nothing(start, wake_up):
    process, stop = start(DEAF), threading.Event()
    threading.Timer(0.2, stop.set).start()
    assert wait(process, wake_up, stop=stop, time_limit_s=0.1, grace_s=0.5) == Ending(timed_out=True)


def test_a_stop_is_told_from_a_time_limit(start, wake_up):
    stop = threading.Event()
    threading.Timer(0.1, stop.set).start()
    assert wait(start(SLEEP), wake_up, stop=stop) == Ending(stopped=True)


def test_a_failure_of_ours_stops_without_blaming_anybody(start, wake_up):
    process = start(SLEEP)
    threading.Timer(0.1, process.fail).start()
    assert wait(process, wake_up) == Ending()
    assert process.signals == ["SIGTERM"]


def test_what_survives_repeated_kills_is_an_error_of_the_engine(start, wake_up, monkeypatch):
    monkeypatch.setattr(supervision, "_KILL_PATIENCE_S", 0.05)
    process = start(SLEEP, obeys=False)
    with pytest.raises(EngineError, match="did not end a container"):
        wait(process, wake_up, time_limit_s=0.05, grace_s=0.05)
    assert process.signals == ["SIGTERM", "SIGKILL", "SIGKILL", "SIGKILL"]


def test_waking_somebody_who_is_gone_is_harmless():
    with WakeUp() as wake_up:
        for _ in range(100_000):  # more than a pipe holds
            wake_up.set()
    wake_up.set()
