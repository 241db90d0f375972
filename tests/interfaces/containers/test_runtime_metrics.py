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


def result(**fields):
    given = {"exit_code": 0, "started_at": START, "finished_at": START + timedelta(seconds=90), **fields}
    return ContainerResult(**given)


def test_metrics_are_in_percent_with_a_time_for_each():
    samples = tuple(
        Sample(time=START + timedelta(seconds=second), cpu_percent=cpu, memory_bytes=memory)
        for second, cpu, memory in ((1, 99.12345, GB), (2, 250, 3 * GB))
    )
    found = runtime_metrics(result(samples=samples), INSTANCE, 4 * GB)
    assert found["instance"] == {"name": "workstation", "cpu": 8, "memory": 32, "gpus": 1, "gpu_type": "A10G"}
    cpu, memory = found["metrics"]
    assert (cpu["label"], cpu["status"], cpu["values"]) == ("CPUUtilization", "Complete", [99.123, 250])
    assert (memory["label"], memory["values"]) == ("MemoryUtilization", [25, 75])
    assert cpu["timestamps"] == memory["timestamps"] == ["2025-01-01T12:00:01+00:00", "2025-01-01T12:00:02+00:00"]


def test_totals_are_exact_and_all_of_it_is_json():
    found = runtime_metrics(result(cpu_seconds=120.25, peak_memory_bytes=5, oom_events=1), INSTANCE, GB)
    assert found["totals"] == {
        "cpu_seconds": 120.25,
        "peak_memory_bytes": 5,
        "peak_working_set_bytes": None,
        "exec_duration_s": 90.0,
        "oom_events": 1,
    }
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize("label", ["CPUUtilization", "MemoryUtilization"])
def test_without_samples_a_metric_is_empty(label):
    found = runtime_metrics(result(), INSTANCE, GB)
    [metric] = [metric for metric in found["metrics"] if metric["label"] == label]
    assert metric["timestamps"] == metric["values"] == []
