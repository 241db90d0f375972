"""Leases between real processes, on made-up GPUs; containers that name one are real."""

from __future__ import annotations

import dataclasses
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from programs import Program

from interfaces.containers.gpus import Gpu
from interfaces.containers.protocol import ContainerSpec
from interfaces.engine import get_engine
from interfaces.gpu_leases import GPUS_LABEL, GpuMissing, check_gpu, leased_gpus, take_free

pytestmark = pytest.mark.engine

BASE = "component-flows-base:latest"
HOLD = """
import sys, time
from pathlib import Path
from interfaces.containers.gpus import Gpu
from interfaces.engine import get_engine
from interfaces.gpu_leases import take_free
gpu, lock = take_free(Path(sys.argv[1]), [Gpu(uuid=uuid, model="") for uuid in sys.argv[2:]], get_engine())
print(gpu.uuid, flush=True)
time.sleep(100)
"""


@pytest.fixture
def pair():
    """Two GPUs that nobody else on this engine has heard of."""
    return [Gpu(uuid=f"GPU-{uuid4()}", model="NVIDIA A100-SXM4-40GB") for _ in range(2)]


@pytest.fixture
def hold(tmp_path):
    """Another process that holds a lease until it is killed; gives the process and the GPU that it got."""
    started = []

    def start(gpus):
        process = Program("code", HOLD, tmp_path, *(gpu.uuid for gpu in gpus))
        started.append(process)
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_two_processes_never_hold_the_same_gpu(tmp_path, pair, hold):
    first, second = hold(pair), hold(pair)
    assert {first[1], second[1]} == {gpu.uuid for gpu in pair}
    assert take_free(tmp_path, pair, get_engine()) is None


def test_a_killed_process_holds_nothing(tmp_path, pair, hold):
    process, taken = hold(pair[:1])
    assert take_free(tmp_path, pair[:1], get_engine()) is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    gpu, lock = take_free(tmp_path, pair[:1], get_engine())
    os.close(lock)
    assert gpu.uuid == taken


def test_threads_of_one_process_never_hold_the_same_gpu(tmp_path, pair):
    engine = get_engine()
    with ThreadPoolExecutor(8) as pool:
        found = [one for one in pool.map(lambda _: take_free(tmp_path, pair, engine), range(16)) if one]
    assert sorted(gpu.uuid for gpu, _ in found) == sorted(gpu.uuid for gpu in pair)
    for _, lock in found:
        os.close(lock)


def test_a_container_that_outlived_its_runner_keeps_its_gpu(tmp_path, pair):
    engine, name = get_engine(), f"component-flows-test-{uuid4().hex}"
    engine.create_output_volume(name, {})
    spec = ContainerSpec(
        image=BASE,
        name=name,
        output_volume=name,
        memory_bytes=64 * 2**20,
        command=("sleep", "60"),
        labels={GPUS_LABEL: pair[0].uuid},
    )
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(engine.run, spec, time_limit_s=60, on_output=lambda *_: None, stop=stop)
        try:
            end = time.monotonic() + 30
            # Its volume for /tmp has the label, too, and is there before it.
            while not engine.leftovers({GPUS_LABEL: pair[0].uuid}).containers and time.monotonic() < end:
                time.sleep(0.05)
            gpu, lock = take_free(tmp_path, pair, engine)
            os.close(lock)
            assert gpu == pair[1]
        finally:
            stop.set()
            running.result()
            engine.remove_volume(name)
    gpu, lock = take_free(tmp_path, pair, engine)
    os.close(lock)
    assert gpu == pair[0]


class EngineWithGpus:
    """The real engine, with GPUs that this machine does not have."""

    def __init__(self, gpus):
        self._gpus = tuple(gpus)

    def __getattr__(self, name):
        return getattr(get_engine(), name)

    def info(self):
        return dataclasses.replace(get_engine().info(), gpus=self._gpus)


def lease(folder, pair, *, stop=None, wait_s=30.0, wanted="A100", on_wait=lambda text: None):
    engine = EngineWithGpus(pair)
    return leased_gpus(folder, wanted, engine=engine, stop=stop or threading.Event(), wait_s=wait_s, on_wait=on_wait)


def test_a_lease_is_given_back_at_its_end(tmp_path, pair):
    for _ in range(3):
        with lease(tmp_path, pair[:1]) as gpus:
            assert gpus == (pair[0].uuid,)


def test_a_lease_is_given_back_after_an_error(tmp_path, pair):
    with pytest.raises(RuntimeError), lease(tmp_path, pair[:1]):
        raise RuntimeError("the job broke off")
    with lease(tmp_path, pair[:1], wait_s=0) as gpus:
        assert gpus


def test_a_job_waits_until_a_gpu_is_free(tmp_path, pair, hold):
    process, _ = hold(pair[:1])
    told = []
    threading.Timer(1, process.kill).start()
    start = time.monotonic()
    with lease(tmp_path, pair[:1], on_wait=told.append) as gpus:
        assert gpus == (pair[0].uuid,)
    assert 0.9 < time.monotonic() - start < 20
    assert told == ["waiting for a GPU of type A100: all 1 are in use"]


def test_a_wait_has_an_end(tmp_path, pair, hold):
    hold(pair[:1])
    with (
        pytest.raises(GpuMissing, match=r"no GPU of type A100 became free within 0\.2 s"),
        lease(tmp_path, pair[:1], wait_s=0.2),
    ):
        pass


def test_a_wait_can_be_given_up(tmp_path, pair, hold):
    hold(pair[:1])
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    with lease(tmp_path, pair[:1], stop=stop) as gpus:
        assert gpus == ()


def test_who_wants_none_gets_none(tmp_path):
    with leased_gpus(tmp_path, "", engine=get_engine(), stop=threading.Event(), wait_s=0) as gpus:
        assert gpus == ()


def test_what_is_not_here_is_refused_with_what_is(pair):
    check_gpu("A100", pair)
    check_gpu("", ())
    with pytest.raises(GpuMissing, match="type T4 is needed, but there is only: NVIDIA A100-SXM4-40GB"):
        check_gpu("T4", pair)
    with pytest.raises(GpuMissing, match="type T4 is needed, but this engine has none to give"):
        check_gpu("T4", ())
