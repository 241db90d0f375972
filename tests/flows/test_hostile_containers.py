"""Containers that misbehave in every way that was thought of: each is told by its own verdict, and leaves nothing."""

from __future__ import annotations

import shutil

import pytest
from click.testing import CliRunner
from puppet_jobs import failure, kind_and_text, report, verdict_of

from flows.cli import commands
from interfaces import JobStatus, messages
from interfaces.site import get_site
from interfaces.verdicts import VerdictKind

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets", "in_bounded_time")]

MB = 2**20
DEAF = (
    "import signal, time\nfor n in range(1, 32):\n    try: signal.signal(n, signal.SIG_IGN)\n    except OSError: pass\n"
)


# Memory


def test_a_memory_bomb_is_told_with_a_limit_to_try():
    error = failure("blob = []\nwhile True: blob.append(bytearray(10**6))")
    assert kind_and_text(error) == (VerdictKind.MEMORY_LIMIT, messages.MEMORY_LIMIT)
    verdict = verdict_of(error.job)
    assert verdict.advice.endswith("try memory_gb: 0.375")
    assert verdict.figures["oom_events"] >= 1
    assert verdict.figures["memory_limit_bytes"] == 256 * MB
    if "peak_memory_bytes" in verdict.figures:  # an overloaded machine may miss the last reading
        assert verdict.figures["peak_memory_bytes"] <= 256 * MB
        assert "of 256 MB" in verdict.advice
    shown = CliRunner().invoke(commands, ["show", str(error.job.id)]).stdout
    assert "memory limit" in shown
    assert verdict.advice in shown


def test_a_component_whose_child_is_killed_and_that_then_fails_ran_out_of_memory():
    error = failure(
        "import subprocess, sys\n"
        "code = subprocess.run([sys.executable, '-c', 'x = b\"x\" * 2**30']).returncode\n"
        "sys.exit(f'the child ended with {code}')"
    )
    assert kind_and_text(error) == (VerdictKind.MEMORY_LIMIT, messages.MEMORY_LIMIT)
    assert error.job.stderr == "the child ended with -9"


def test_a_component_whose_child_is_killed_and_that_goes_on_succeeds_with_a_warning():
    job = report("import subprocess, sys; subprocess.run([sys.executable, '-c', 'x = b\"x\" * 2**30'])")
    assert job.status is JobStatus.SUCCESS
    assert job.error_message == ""
    assert verdict_of(job).kind is VerdictKind.MEMORY_WARNING


def test_a_refused_allocation_is_told_as_pythons_own_error():
    error = failure("x = bytearray(2**47)")
    assert kind_and_text(error) == (VerdictKind.PYTHON_MEMORY_ERROR, "MemoryError")


@pytest.mark.soak
def test_shared_memory_is_memory():
    error = failure("f = open('/dev/shm/x', 'wb')\nwhile True: f.write(bytes(10**6))")
    assert verdict_of(error.job).kind is VerdictKind.MEMORY_LIMIT


# Processes and signals


FORK_BOMB = """
import os, time
while True:
    try:
        os.fork()
    except OSError:
        time.sleep(0.1)
"""


def test_a_fork_bomb_goes_no_further_than_its_limit(limits):
    limits(processes=64)
    error = failure(FORK_BOMB, time_limit=3, memory_gb=1)
    assert kind_and_text(error) == (VerdictKind.TIME_LIMIT, messages.TIME_LIMIT)
    assert verdict_of(error.job).figures["refused_forks"] > 0
    assert "(at most 64)" in verdict_of(error.job).advice


@pytest.mark.soak
def test_a_fork_bomb_without_a_bound_on_processes_of_its_own_meets_its_memory_or_its_time():
    error = failure(FORK_BOMB, time_limit=4)
    assert verdict_of(error.job).kind in (VerdictKind.MEMORY_LIMIT, VerdictKind.TIME_LIMIT, VerdictKind.PROCESS_LIMIT)


def test_a_component_that_fails_for_want_of_processes_is_told_so(limits):
    limits(processes=16)
    error = failure(
        "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(9,), daemon=True).start()"
    )
    assert kind_and_text(error) == (VerdictKind.PROCESS_LIMIT, "RuntimeError: can't start new thread")
    assert "(at most 16)" in verdict_of(error.job).advice


@pytest.mark.parametrize("signal", ["SIGSEGV", "SIGKILL"])
def test_a_crash_is_told_by_its_signal(signal):
    error = failure(f"import os, signal; os.kill(os.getpid(), signal.{signal})")
    assert kind_and_text(error) == (VerdictKind.SIGNAL, messages.NO_ERRORS_REPORTED)
    assert verdict_of(error.job).figures["signal"] == signal


def test_what_ignores_every_signal_is_killed_after_its_grace(limits):
    limits(stop_grace_s=1)
    error = failure(DEAF + "time.sleep(100)", time_limit=1)
    assert kind_and_text(error) == (VerdictKind.TIME_LIMIT, messages.TIME_LIMIT)
    assert "it waited" in verdict_of(error.job).advice
    assert error.job.exec_duration_s < 15


def test_a_component_that_ends_its_own_init_is_told_by_the_signal():
    error = failure("import os, signal, time\nos.kill(1, signal.SIGKILL)\nos.kill(1, signal.SIGTERM)\ntime.sleep(60)")
    assert verdict_of(error.job).figures["signal"] == "SIGTERM"


def test_a_component_that_stops_itself_meets_its_time_limit(limits):
    limits(stop_grace_s=1)
    error = failure("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", time_limit=1)
    assert verdict_of(error.job).kind is VerdictKind.TIME_LIMIT


def test_a_daemon_that_holds_the_output_open_holds_up_nothing():
    job = report(
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(100)\n"
        "    os._exit(0)\nprint('done')"
    )
    assert job.stdout == "done"
    assert job.exec_duration_s < 30


def test_a_component_can_not_change_the_clock_and_its_own_idea_of_time_changes_nothing():
    job = report(
        "import os, time\n"
        "try: time.clock_settime(time.CLOCK_REALTIME, 0)\n"
        "except PermissionError: print('refused')\n"
        "os.environ['TZ'] = 'Pacific/Kiritimati'; time.tzset()\n"
        "open('/output/old', 'w').close(); os.utime('/output/old', (0, 0))"
    )
    assert job.stdout == "refused"
    assert 0 < job.exec_duration_s < 30


ARM_PROGRAM = """
import os, struct
sizes = (2, 183, 1, 4194424, 64, 0, 0, 64, 56, 1, 64, 0, 0)
head = bytes.fromhex("7f454c46020101") + bytes(9) + struct.pack("<HHIQQQIHHHHHH", *sizes)
open('/tmp/program', 'wb').write(head + struct.pack('<IIQQQQQQ', 1, 5, 0, 4194304, 4194304, 200, 200, 4096) + bytes(80))
os.chmod('/tmp/program', 0o755)
"""


@pytest.mark.parametrize(
    "start", ["os.execv('/tmp/program', ['x'])", "os.execlp('sh', 'sh', '-c', '/tmp/program; exit')"]
)
def test_a_program_for_another_machine_is_told_as_such(start):
    error = failure(ARM_PROGRAM + start)
    assert verdict_of(error.job).kind is VerdictKind.WRONG_ARCHITECTURE


# Disk


def test_a_component_that_fills_the_disk_is_stopped_at_its_limit(limits):
    limits(disk_bytes=64 * MB)
    error = failure(
        "import os, time\n"
        "for n, folder in enumerate(['/output', '/tmp', '/home/puppet'] * 100):\n"
        "    with open(f'{folder}/{n}', 'wb') as f: os.posix_fallocate(f.fileno(), 0, 8 * 2**20)\n"
        "    time.sleep(0.1)"
    )
    assert kind_and_text(error) == (VerdictKind.DISK_FULL, messages.DISK_LIMIT)
    figures = verdict_of(error.job).figures
    assert 64 * MB < figures["written_bytes"] < 512 * MB
    assert figures["disk_limit_bytes"] == 64 * MB


def test_a_component_that_would_fill_the_machine_is_stopped_before_it_has(limits):
    free = shutil.disk_usage(get_site().home).free
    limits(min_free_disk_bytes=free - 4 * 2**30)
    error = failure(
        "import os, time\nwith open('/tmp/x', 'wb') as f: os.posix_fallocate(f.fileno(), 0, 12 * 2**30)\ntime.sleep(50)"
    )
    assert kind_and_text(error) == (VerdictKind.DISK_FULL, messages.DISK_FULL)
    assert verdict_of(error.job).figures["free_bytes"] < free - 4 * 2**30
    assert error.job.exec_duration_s < 20


def test_a_sparse_file_of_a_terabyte_is_too_large_and_takes_no_disk():
    error = failure("with open('/output/report.json', 'wb') as f: f.truncate(2**40)")
    assert kind_and_text(error) == (
        VerdictKind.OUTPUT_TOO_LARGE,
        messages.too_large("report.json"),
    )


@pytest.mark.soak
def test_a_sparse_image_of_a_terabyte_is_too_large():
    script = "import os; os.makedirs('/output/images/mask')\nopen('/output/images/mask/x.mha', 'wb').truncate(2**40)"
    error = failure(script, "puppet-mask")
    assert kind_and_text(error) == (VerdictKind.OUTPUT_TOO_LARGE, messages.too_large("images/mask"))
