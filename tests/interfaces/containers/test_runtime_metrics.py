"""A result as metrics that viewers read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from interfaces.containers.protocol import ContainerResult, Sample
from interfaces.containers.runtime_metrics import Instance, runtime_metrics

GB = 2**30
START = datetime(2025, 1, 1, 12, tzinfo=UTC)
INSTANCE = Instance(name="workstation", cpu=8, memory=32, gpus=1, gpu_type="A10G")
LABELS = ["CPUUtilization", "MemoryUtilization", "GPUUtilization", "GPUMemoryUtilization", "DiskUtilization"]


def result(**fields):
    given = {"exit_code": 0, "started_at": START, "finished_at": START + timedelta(seconds=90), **fields}
    return ContainerResult(**given)


def at(second, **fields):
    return Sample(time=START + timedelta(seconds=second), **{"cpu_percent": 100, "memory_bytes": GB, **fields})


def metrics(*samples, **limits):
    found = runtime_metrics(result(samples=samples), INSTANCE, **{"memory_limit_bytes": 4 * GB, **limits})
    return {metric["label"]: metric for metric in found["metrics"]}


def test_metrics_are_in_percent_with_a_time_for_each():
    found = metrics(at(1, cpu_percent=99.12345), at(2, cpu_percent=250, memory_bytes=3 * GB))
    cpu, memory = found["CPUUtilization"], found["MemoryUtilization"]
    assert (cpu["label"], cpu["status"], cpu["values"]) == ("CPUUtilization", "Complete", [99.123, 250])
    assert (memory["label"], memory["values"]) == ("MemoryUtilization", [25, 75])
    assert cpu["timestamps"] == memory["timestamps"]
    assert cpu["timestamps"] == ["2025-01-01T12:00:01.000+00:00", "2025-01-01T12:00:02.000+00:00"]


def test_the_disk_is_in_percent_of_what_the_container_may_write():
    found = metrics(at(1), at(2, disk_bytes=GB), disk_limit_bytes=8 * GB)["DiskUtilization"]
    assert found["values"] == [12.5]  # the first look had not counted to its end
    assert found["timestamps"] == ["2025-01-01T12:00:02.000+00:00"]


def test_without_a_bound_there_is_no_percentage_of_the_disk():
    assert metrics(at(1, disk_bytes=GB))["DiskUtilization"]["values"] == []


def test_gpus_are_100_each():
    found = metrics(at(1, gpu_percent=120, gpu_memory_percent=33.3333))
    assert (found["GPUUtilization"]["values"], found["GPUMemoryUtilization"]["values"]) == ([120], [33.333])


def test_the_instance_is_described():
    found = runtime_metrics(result(), INSTANCE, memory_limit_bytes=GB)
    assert found["instance"] == {"name": "workstation", "cpu": 8, "memory": 32, "gpus": 1, "gpu_type": "A10G"}


def test_totals_are_exact_and_all_of_it_is_json():
    found = runtime_metrics(
        result(cpu_seconds=120.25, peak_memory_bytes=5, oom_events=1), INSTANCE, memory_limit_bytes=GB
    )
    assert found["totals"] == {
        "cpu_seconds": 120.25,
        "peak_memory_bytes": 5,
        "peak_working_set_bytes": None,
        "exec_duration_s": 90.0,
        "oom_events": 1,
    }
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize("label", LABELS)
def test_without_samples_a_metric_is_there_and_empty(label):
    assert metrics()[label]["timestamps"] == metrics()[label]["values"] == []


def test_a_start_that_the_engine_noted_after_the_end_makes_no_negative_duration():
    assert result(finished_at=START - timedelta(milliseconds=4)).exec_duration_s == 0
    assert result(finished_at=START + timedelta(milliseconds=4)).exec_duration_s == 0.004
