"""Counters of GPUs. Where a name says so, a small stand-in has the library's place: a test machine has no GPU."""

from __future__ import annotations

from types import SimpleNamespace

import pynvml
import pytest

from interfaces.containers.gpus import local_gpus
from interfaces.containers.nvml import GpuCounters, GpuReading, open_gpus

GB = 2**30


class Library:
    """Two GPUs of 40 GB behind the functions of `pynvml` that are used, with its own errors."""

    NVMLError = pynvml.NVMLError

    def __init__(self) -> None:
        self.opened = 0
        self.state = {b"GPU-one": (90, 10 * GB), b"GPU-two": (30, 40 * GB)}

    def nvmlInit(self) -> None:
        self.opened += 1

    def nvmlShutdown(self) -> None:
        self.opened -= 1

    def nvmlDeviceGetHandleByUUID(self, uuid: bytes) -> bytes:
        self._look_up(uuid)
        return uuid

    def nvmlDeviceGetUtilizationRates(self, device: bytes) -> SimpleNamespace:
        return SimpleNamespace(gpu=self._look_up(device)[0], memory=99)

    def nvmlDeviceGetMemoryInfo(self, device: bytes) -> SimpleNamespace:
        return SimpleNamespace(used=self._look_up(device)[1], total=40 * GB)

    def _look_up(self, device: bytes) -> tuple[int, int]:
        if device not in self.state:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_FOUND)
        return self.state[device]


@pytest.mark.skipif(bool(local_gpus()), reason="this machine has a GPU")
def test_without_a_driver_there_is_nothing_to_read():
    assert open_gpus(["GPU-5c89852b-0000-0000-0000-000000000000"]) is None


def test_without_a_wanted_gpu_the_library_is_not_even_opened_with_a_stand_in():
    library = Library()
    assert open_gpus([], library=library) is None
    assert library.opened == 0


def test_one_gpu_is_read_in_percent_with_a_stand_in():
    library = Library()
    with open_gpus(["GPU-one"], library=library) as gpus:
        assert library.opened == 1
        assert gpus.read() == GpuReading(busy_percent=90, memory_percent=25)
    assert library.opened == 0


def test_several_gpus_are_100_each_with_a_stand_in():
    with open_gpus(["GPU-one", "GPU-two"], library=Library()) as gpus:
        assert gpus.read() == GpuReading(busy_percent=120, memory_percent=125)


def test_an_unknown_gpu_is_not_read_and_the_library_is_let_go_with_a_stand_in():
    library = Library()
    assert open_gpus(["GPU-one", "GPU-three"], library=library) is None
    assert library.opened == 0


def test_a_gpu_that_falls_off_the_bus_gives_no_reading_with_a_stand_in():
    library = Library()
    with open_gpus(["GPU-one"], library=library) as gpus:
        library.state.clear()
        assert gpus.read() is None


def test_letting_go_twice_is_harmless():
    counters = GpuCounters(())  # the real library, which was never opened
    counters.close()
    counters.close()
