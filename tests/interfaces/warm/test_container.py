"""One job on a warm container: every way in which it can fail, and what is told of it."""

from __future__ import annotations

import threading
import time

import pytest
from warm_bench import MB, PLAIN, RAW, SERVE, SERVER, until

from interfaces.containers.cannot_start import ContainerCannotStart, StartProblem
from interfaces.warm import container as warm_container

pytestmark = pytest.mark.engine

WRITE = "open('/output/out', 'w').write('fine')\n"


def fails(outcome):
    result = outcome.result
    assert result.exit_code != 0
    return result


def test_another_status_than_201_is_a_failure_and_the_container_goes_on(bench):
    seen = set()
    for status in (200, 202, 204, 302, 400, 404, 422):
        outcome = bench(WRITE + f"print('because', file=sys.stderr); status = {status}")
        assert fails(outcome).exit_code == 1
        assert outcome.stderr == "because\n"
        assert list(outcome.output.iterdir()) == []
        seen.update(bench.containers())
    assert bench(WRITE).text() == "fine"
    assert len(seen) == 1


def test_a_fault_of_the_server_ends_the_container(bench):
    outcome = bench("raise LookupError('no such organ')")
    fails(outcome)
    assert outcome.stderr.splitlines()[-1] == "LookupError: no such organ"
    assert not bench.containers()
    assert bench(WRITE).text() == "fine"


@pytest.mark.parametrize(("how", "code"), [("os._exit(3)", 3), ("os._exit(0)", 1), ("os.kill(os.getpid(), 11)", 139)])
def test_a_crash_in_the_middle_is_a_failure_with_its_exit_code(either, how, code):
    outcome = either(f"print('last words', file=sys.stderr); {how}")
    assert fails(outcome).exit_code == code
    assert outcome.stderr == "last words\n"
    assert not either.engine.leftovers(either.labels).containers


def test_the_time_limit_ends_a_server_that_ignores_sigterm(either):

    program = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + PLAIN
    start = time.monotonic()
    result = fails(either("time.sleep(60)", program=program, time_limit_s=1))
    assert result.timed_out
    assert not result.stopped
    assert 1 <= result.invoke_duration_s < 2
    assert time.monotonic() - start < 15
    assert not either.containers()


def test_the_time_limit_is_for_each_job_and_not_for_the_start(bench):
    program = "import time; time.sleep(1.5)\n" + PLAIN
    outcome = bench("time.sleep(0.2)\n" + WRITE, program=program, time_limit_s=1)
    assert outcome.text() == "fine"
    assert 0.2 <= outcome.result.invoke_duration_s < 1
    assert outcome.result.exec_duration_s > 1.5
    assert bench("time.sleep(0.7)\n" + WRITE, program=program, time_limit_s=1).result.exec_duration_s < 1.2


def test_a_stop_ends_the_job_and_the_container(either):
    stop = threading.Event()
    start = time.monotonic()
    result = fails(either("print(1); time.sleep(60)", stop=stop, on_output=lambda *_: stop.set()))
    assert result.stopped
    assert not result.timed_out
    assert time.monotonic() - start < 15
    assert not either.engine.leftovers(either.labels).containers


def test_a_stop_during_the_start_holds(bench):
    stop = threading.Event()
    program = "import time; print('slow'); time.sleep(60)"
    assert bench(program=program, stop=stop, on_output=lambda *_: stop.set()).result.stopped
    assert not bench.containers()


def test_more_memory_than_the_limit_is_told_as_such(either):
    result = fails(either("blob = b'x' * (400 * 2**20)", memory_bytes=64 * MB))
    assert result.oom_killed
    assert result.oom_events >= 1
    assert not either.containers()


def test_a_child_that_ran_out_of_memory_is_told_and_ends_the_container(bench):
    child = "import subprocess; subprocess.run(['python3', '-c', 'x = bytearray(400 * 2**20)'])\n"
    outcome = bench(child + WRITE, memory_bytes=96 * MB)
    assert outcome.text() == "fine"
    assert outcome.result.exit_code == 0
    assert outcome.result.oom_killed
    until(lambda: not bench.containers())


def test_a_slow_start_is_waited_for(bench):
    program = "import time; time.sleep(1)\n" + SERVER.replace("HEALTH", "200 if time.time() > START + 1 else 503")
    program += f"START = time.time()\n{SERVE}"
    outcome = bench(WRITE, program=program)
    assert outcome.text() == "fine"
    assert outcome.result.exec_duration_s > 2


def test_a_server_that_is_never_healthy_is_refused_with_a_sentence(bench, monkeypatch):
    monkeypatch.setattr(warm_container, "READY_S", 1.0)
    with pytest.raises(ContainerCannotStart, match=r"did not answer GET /health on port 4743 with 200") as caught:
        bench(program=SERVER.replace("HEALTH", "503") + SERVE)
    assert caught.value.problem is StartProblem.SERVER
    assert not bench.containers()


def test_a_health_check_that_hangs_is_asked_again(bench, monkeypatch):
    monkeypatch.setattr(warm_container, "HEALTH_S", 0.3)
    program = SERVER.replace(
        "self.answer(HEALTH)", "kept['n'] = kept.get('n', 0) + 1; time.sleep(kept['n'] < 3); self.answer(200)"
    )
    program += "http.server.ThreadingHTTPServer(('0.0.0.0', 4743), Handler).serve_forever()"
    assert bench(WRITE, program=program).text() == "fine"


def test_a_program_that_ends_before_it_serves_is_a_failure_with_its_last_words(bench):
    outcome = bench(program="import sys; print('no model', file=sys.stderr); sys.exit(4)")
    assert fails(outcome).exit_code == 4
    assert outcome.stderr == "no model\n"


def test_a_program_that_ends_in_peace_before_it_serves_is_a_failure(bench):
    assert fails(bench(program="pass")).exit_code == 1


def test_an_entry_point_that_is_not_there_is_told_as_such(bench, tmp_path):
    (tmp_path / "Dockerfile").write_text('ARG BASE\nFROM ${BASE}\nUSER 1\nENTRYPOINT ["/no/such"]\n')
    image = bench.engine.build(
        tmp_path, tag="component-flows-test-pointless:latest", build_arguments={"BASE": bench.helper}
    )
    try:
        with pytest.raises(ContainerCannotStart) as caught:
            bench(image=image.id)
        assert caught.value.problem is StartProblem.ENTRY_POINT
    finally:
        bench.engine.remove_image("component-flows-test-pointless:latest")


@pytest.mark.parametrize("address", ["127.0.0.1", "::"])
def test_a_server_may_listen_on_any_address(bench, address):
    program = "import socket\n" + SERVER.replace("HEALTH", "200")
    program += f"http.server.HTTPServer.address_family = socket.{'AF_INET6' if ':' in address else 'AF_INET'}\n"
    assert bench(WRITE, program=program + SERVE.replace("0.0.0.0", address)).text() == "fine"


ONCE = "connection.sendall({!r})"
AGAIN = "while True: connection.sendall({!r})"
CREATED = b"HTTP/1.1 201 Created\r\n"
STRANGE = {
    "body too short": ONCE.format(CREATED + b"Content-Length: 99999999999\r\n\r\n") + "; time.sleep(30)",
    "broken chunks": ONCE.format(CREATED + b"Transfer-Encoding: chunked\r\n\r\nzz") + "; time.sleep(30)",
    "endless body": ONCE.format(CREATED + b"\r\n") + "\n" + AGAIN.format(b"x" * 999),
    "no reason": ONCE.format(b"HTTP/1.0 201\r\n\r\n"),
    "continued": ONCE.format(b"HTTP/1.1 100 Continue\r\n\r\n" + CREATED + b"Content-Length: 0\r\n\r\n"),
}
NO_ANSWER = {
    "endless headers": ONCE.format(CREATED) + "\n" + AGAIN.format(b"X-A: b\r\n"),
    "huge header": ONCE.format(CREATED + b"X: ") + "\n" + AGAIN.format(b"x" * 999),
    "endless continues": AGAIN.format(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "noise": ONCE.format(bytes(range(256)) * 2),
    "no number": ONCE.format(b"HTTP/1.1 two hundred\r\n\r\n"),
    "nothing": "pass",
}


def test_a_strange_body_does_not_matter(bench, monkeypatch):
    monkeypatch.setattr("interfaces.warm.http_calls._BODY_S", 0.2)
    for name, answer in STRANGE.items():
        start = time.monotonic()
        # The server stays with the connection until it notices; a container serves the next job in any case.
        assert bench(program=RAW.replace("ANSWER", repr(answer))).result.exit_code == 0, name
        assert time.monotonic() - start < 10, name


@pytest.mark.parametrize(
    "name", ["endless headers", "nothing", *(pytest.param(name, marks=pytest.mark.soak) for name in NO_ANSWER)]
)
def test_what_is_no_answer_is_a_failure_and_ends_the_container(bench, name):
    answer = NO_ANSWER[name]
    outcome = bench(program=RAW.replace("ANSWER", repr(answer)), time_limit_s=20)
    assert fails(outcome).exit_code != 0
    assert not outcome.result.timed_out
    assert not bench.containers()


def test_an_answer_byte_by_byte_has_the_time_limit_and_no_more(bench):
    slow = "for byte in b'HTTP/1.1 201 Created' + b'x' * 999: connection.sendall(bytes([byte])); time.sleep(0.1)"
    result = fails(bench(program=RAW.replace("ANSWER", repr(slow)), time_limit_s=1))
    assert result.timed_out
    assert result.invoke_duration_s < 3


def test_a_redirect_is_not_followed(bench):
    there = ONCE.format(b"HTTP/1.1 307 There\r\nLocation: http://127.0.0.1:4743/health\r\nContent-Length: 0\r\n\r\n")
    assert fails(bench(program=RAW.replace("ANSWER", repr(there)))).exit_code == 1


def test_the_output_of_the_start_is_the_first_jobs(bench):
    program = "print('loading the model')\n" + PLAIN
    assert bench("print('one')\n" + WRITE, program=program).stdout == "loading the model\none\n"
    assert bench("print('two')\n" + WRITE, program=program).stdout == "two\n"


def test_much_output_is_handed_on_to_the_job_that_wrote_it(bench):
    outcome = bench("sys.stdout.write('x' * 3_000_000)\n" + WRITE)
    assert outcome.stdout.count("x") == 3_000_000
    assert bench("print('y')\n" + WRITE).stdout == "y\n"


def test_what_on_output_raises_is_raised_and_ends_the_container(bench):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        bench("print(1); time.sleep(20)", on_output=full)
    assert not bench.containers()


def test_what_on_sample_raises_is_raised_and_ends_the_container(bench):
    def broken(sample: object) -> None:
        raise OSError("no such record")

    with pytest.raises(OSError, match="no such record"):
        bench("time.sleep(20)", on_sample=broken)
    assert not bench.containers()


def test_processor_time_and_memory_are_those_of_the_job(bench):
    burn = "end = time.process_time() + 0.4\nwhile time.process_time() < end: pass\n"
    first = bench("blob = bytearray(60 * 2**20)\n" + burn + "del blob\n" + WRITE).result
    second = bench("time.sleep(0.3)\n" + WRITE).result
    assert first.peak_memory_bytes > 60 * MB > second.peak_memory_bytes
    assert first.cpu_seconds > 0.35
    assert second.cpu_seconds < 0.3
    assert max(sample.cpu_percent for sample in first.samples) > 5
    assert all(sample.memory_bytes < 60 * MB for sample in second.samples)


def test_without_root_a_peak_that_an_earlier_job_reached_is_not_taken_for_this_ones(beside):
    beside("blob = bytearray(60 * 2**20); del blob\n" + WRITE)
    second = beside("time.sleep(0.3)\n" + WRITE).result
    assert second.peak_memory_bytes < 60 * MB
    third = beside("blob = bytearray(80 * 2**20); del blob\n" + WRITE).result
    assert third.peak_memory_bytes > 80 * MB
