"""A container's life on the real engine."""

from __future__ import annotations

import hashlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from interfaces.containers import docker_run
from interfaces.containers.docker_engine import DockerEngine
from interfaces.containers.protocol import DEADLINE_LABEL, ContainerSpec
from interfaces.errors import EngineError

pytestmark = pytest.mark.engine

MB = 2**20
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready'); time.sleep(60)"
PATIENT = "import time; print('ready'); time.sleep(60)"


def test_stdout_and_stderr_come_apart_and_in_order(run):
    outcome = run("import sys\nfor n in range(50): print('out', n); print('err', n, file=sys.stderr)")
    assert outcome.result.exit_code == 0
    assert outcome.stdout.decode() == "".join(f"out {n}\n" for n in range(50))
    assert outcome.stderr.decode() == "".join(f"err {n}\n" for n in range(50))
    assert outcome.result.output_complete


def test_output_is_handed_on_while_the_container_runs(run):
    seen = threading.Event()
    outcome = run(PATIENT, stop=seen, on_output=lambda *_: seen.set())
    assert outcome.result.stopped
    assert outcome.stdout == b"ready\n"


def test_a_last_line_without_an_end_is_not_lost(run):
    assert run("import sys; sys.stderr.write('no space left'); sys.exit(1)").stderr == b"no space left"


def test_binary_output_arrives_byte_by_byte_as_it_was_written(run):
    data = bytes(range(256)) * 20_000
    outcome = run("import sys; [s.buffer.write(bytes(range(256)) * 20000) for s in (sys.stdout, sys.stderr)]")
    assert [hashlib.sha256(part).digest() for part in (outcome.stdout, outcome.stderr)] == [
        hashlib.sha256(data).digest()
    ] * 2


def test_a_slow_reader_loses_nothing(run):
    pause = threading.Event()
    outcome = run(
        "for n in range(40_000): print('x' * 99)",
        on_output=lambda *_: pause.wait(0.002),
    )
    assert len(outcome.stdout) == 4_000_000


@pytest.mark.parametrize("code", [1, 3, 125, 126, 127, 255])
def test_a_components_own_exit_code_is_its_result(run, code):
    result = run(f"import sys; sys.exit({code})").result
    assert (result.exit_code, result.oom_killed, result.timed_out, result.stopped) == (code, False, False, False)
    assert result.error == ""


def test_a_crash_is_128_and_the_signal(run):
    assert run("import os; os.kill(os.getpid(), 11)").result.exit_code == 128 + 11


def test_a_component_may_close_its_output_and_go_on(run):
    outcome = run("import os, sys, time; os.close(1); os.close(2); time.sleep(0.3); sys.exit(4)")
    assert outcome.result.exit_code == 4
    assert outcome.result.exec_duration_s > 0.3


def test_a_grandchild_that_holds_the_output_open_holds_up_nothing(run):
    outcome = run("import subprocess; subprocess.Popen(['sleep', '100']); print('done')", time_limit_s=50)
    assert outcome.stdout == b"done\n"
    assert outcome.result.output_complete
    assert not outcome.result.timed_out


def test_the_engines_times_are_utc_and_in_order(run):
    result = run("import time; time.sleep(0.2)").result
    assert result.started_at.utcoffset().total_seconds() == 0
    assert result.finished_at > result.started_at
    assert result.exec_duration_s > 0.1  # the engine notes the start a little late


def test_what_on_output_raises_stops_the_container_and_is_raised(run):
    def full(stream: str, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        run(PATIENT, on_output=full)


def test_what_on_sample_raises_stops_the_container_and_is_raised(run):
    def broken(sample: object) -> None:
        raise LookupError("no such record")

    with pytest.raises(LookupError):
        run(PATIENT, on_sample=broken)


def test_the_time_limit_ends_a_component_that_ignores_sigterm(run):
    result = run(DEAF, time_limit_s=1, stop_grace_s=0.3).result
    assert result.timed_out
    assert not result.stopped
    assert result.exit_code == 128 + 9
    assert not result.oom_killed


def test_the_time_limit_leaves_the_grace_for_last_words(run):
    outcome = run(
        "import signal, sys, time\n"
        "def end(*_): print('saved'); sys.exit(7)\n"
        "signal.signal(signal.SIGTERM, end); time.sleep(60)",
        time_limit_s=1,
        stop_grace_s=20,
    )
    assert outcome.result.timed_out
    assert outcome.result.exit_code == 7
    assert outcome.stdout == b"saved\n"


def test_a_stop_ends_a_component_that_ignores_sigterm(run):
    stop = threading.Event()
    result = run(DEAF, stop=stop, on_output=lambda *_: stop.set(), stop_grace_s=0.3).result
    assert result.stopped
    assert not result.timed_out
    assert result.exit_code == 128 + 9


def test_a_stop_that_is_set_before_the_start_holds(run):
    stop = threading.Event()
    stop.set()
    assert run(PATIENT, stop=stop).result.stopped


def test_more_memory_than_the_limit_is_told_as_such(run):
    result = run("x = bytearray(400 * 2**20)", memory_bytes=64 * MB).result
    assert result.oom_killed
    assert result.oom_events >= 1
    assert result.exit_code == 128 + 9
    assert result.peak_memory_bytes <= 64 * MB


def test_a_child_that_ran_out_of_memory_is_told_though_the_component_succeeds(run):
    outcome = run(
        "import subprocess; print(subprocess.run(['python3', '-c', 'x = bytearray(400 * 2**20)']).returncode)",
        memory_bytes=64 * MB,
    )
    assert outcome.stdout == b"-9\n"
    assert outcome.result.exit_code == 0
    assert outcome.result.oom_killed
    assert outcome.result.oom_events >= 1


def test_shared_memory_counts_towards_the_limit(run):
    result = run("open('/dev/shm/x', 'wb').write(bytes(150 * 2**20))", memory_bytes=128 * MB).result
    assert result.oom_killed


def test_a_plain_kill_is_not_taken_for_want_of_memory(run):
    result = run("import os; os.kill(os.getpid(), 9)").result
    assert result.exit_code == 128 + 9
    assert not result.oom_killed


def test_processor_time_and_memory_are_measured(run):
    seen = []
    result = run(
        "import time; x = bytearray(100 * 2**20); end = time.process_time() + 0.5\n"
        "while time.process_time() < end: pass",
        on_sample=seen.append,
    ).result
    assert 0.3 < result.cpu_seconds < 5
    assert 100 * MB < result.peak_memory_bytes < 256 * MB
    assert 100 * MB < result.peak_working_set_bytes <= result.peak_memory_bytes
    assert tuple(seen) == result.samples
    assert max(sample.cpu_percent for sample in result.samples) > 30
    assert max(sample.memory_bytes for sample in result.samples) > 100 * MB
    assert [sample.time for sample in seen] == sorted(sample.time for sample in seen)


def test_a_component_of_a_few_milliseconds_is_measured_too(run):
    # On an overloaded machine the engine may be quicker than the reader, so one of a few must do.
    results = (run("import time; x = b'x' * (30 * 2**20); time.sleep(0.03)").result for _ in range(8))
    assert any((result.peak_memory_bytes or 0) > 30 * MB and result.cpu_seconds > 0 for result in results)


def test_without_control_groups_the_engines_statistics_serve(run):
    with DockerEngine.connect(read_cgroups=False) as run.engine:
        result = run("import time; x = b'x' * (50 * 2**20); time.sleep(3.2)").result
    assert result.exit_code == 0
    assert result.peak_memory_bytes > 50 * MB
    assert result.cpu_seconds > 0
    assert result.samples


def test_without_control_groups_memory_limit_and_time_limit_hold(run):
    with DockerEngine.connect(read_cgroups=False) as run.engine:
        assert run("x = bytearray(400 * 2**20)", memory_bytes=64 * MB).result.oom_killed
        assert run(DEAF, time_limit_s=1, stop_grace_s=0.1).result.timed_out


def test_the_wait_for_the_end_is_renewed(run, monkeypatch):
    monkeypatch.setattr(docker_run, "_WAIT_SLICE_S", 0.2)
    result = run("import time; time.sleep(1); raise SystemExit(5)").result
    assert result.exit_code == 5
    assert not result.interrupted


def test_many_run_side_by_side(run):
    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(lambda n: run(f"print({n} ** 2)"), range(6)))
    assert [outcome.stdout.decode().strip() for outcome in outcomes] == ["0", "1", "4", "9", "16", "25"]


def test_a_container_that_somebody_else_removes_never_looks_like_a_success(run, engine, labels):
    removed = threading.Event()

    def remove(*_: object) -> None:
        if not removed.is_set():
            engine.remove_container(engine.leftovers(labels).containers[0].id)
            removed.set()

    try:
        outcome = run(PATIENT, on_output=remove)
    except EngineError:
        return
    assert outcome.result.exit_code == 128 + 9
    assert not outcome.result.oom_killed


def test_a_running_container_says_until_when_it_may_live(run, engine, labels):
    found = []
    stop = threading.Event()

    def look(*_: object) -> None:
        found.append(engine.leftovers(labels).containers)
        stop.set()

    run(PATIENT, stop=stop, on_output=look, time_limit_s=100)
    [container] = found[0]
    assert container.state == "running"
    assert container.labels[DEADLINE_LABEL] > container.created_at.isoformat()


def test_json_in_the_output_volume_is_there_afterwards(run):
    outcome = run("import json; json.dump({'volume_ml': 12.5}, open('/output/result.json', 'w'))")
    assert json.loads((outcome.output / "result.json").read_text()) == {"volume_ml": 12.5}


def test_a_container_can_be_kept_for_its_output_and_brings_a_labelled_volume_into_being(engine, probe, labels):
    name = f"component-flows-test-{uuid4().hex}"
    spec = ContainerSpec(
        image=probe.id,
        name=name,
        output_volume=name,
        labels=labels,
        memory_bytes=256 * MB,
        command=("open('/output/kept', 'w').write('here')",),
    )
    options = {"time_limit_s": 60, "on_output": lambda *_: None, "stop": threading.Event()}
    assert engine.run(spec, keep=True, **options).exit_code == 0
    left = engine.leftovers(labels)
    assert [(one.name, one.state) for one in left.containers] == [(name, "exited")]
    assert labels.items() <= left.volumes[name].items()
    engine.remove_container(name)

    def fail(_):
        raise EngineError("the disk is full")

    with pytest.raises(EngineError, match="the disk is full"):
        engine.run(spec, keep=True, on_end=fail, **options)
    assert not engine.leftovers(labels).containers
    engine.remove_volume(name)
