"""What a container's run leaves in its job's record."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from puppet_scripts import REPORT
from records import a_component, a_job, a_stored_image

from flows import run_component
from interfaces.containers.protocol import ContainerResult, Sample
from interfaces.containers.runtime_metrics import Instance
from interfaces.engine import get_engine
from interfaces.errors import ComponentException
from interfaces.settings import get_settings
from interfaces.site import get_site
from tasks.job_logs import JobLogs
from tasks.record_result import this_instance, with_result

START = datetime(2025, 1, 1, tzinfo=UTC)
MB = 2**20
LABELS = ["CPUUtilization", "MemoryUtilization", "GPUUtilization", "GPUMemoryUtilization", "DiskUtilization"]
BUSY = """
import time
blob = bytearray(60 * 2**20)
open('/output/big', 'wb').write(bytes(64 * 2**20))
end = time.monotonic() + 2.4
while time.monotonic() < end or time.process_time() < 1: pass
"""
GOOD = REPORT.format(report="{'fine': True}")


def values(job, label):
    (metric,) = [metric for metric in job.runtime_metrics["metrics"] if metric["label"] == label]
    assert len(metric["values"]) == len(metric["timestamps"])
    return metric["values"]


def test_everything_that_was_measured_is_on_the_record(tmp_path, monkeypatch):
    monkeypatch.setenv("COMPONENT_FLOWS_HOME", str(tmp_path))
    monkeypatch.setenv("COMPONENT_FLOWS_LIMITS__DISK_BYTES", str(400 * MB))
    get_settings.cache_clear()
    job = a_job(a_stored_image(get_site(), a_component()))
    logs = JobLogs(get_site(), job.id, lambda _: None)
    logs.take("stdout", b"one\ntwo\n")
    logs.take("stderr", b"three")
    logs.close()
    sample = Sample(time=START, cpu_percent=150, memory_bytes=256 * MB, disk_bytes=100 * MB)
    result = ContainerResult(
        exit_code=0,
        started_at=START,
        finished_at=START + timedelta(seconds=4.5),
        peak_memory_bytes=300 * MB,
        peak_working_set_bytes=256 * MB,
        cpu_seconds=6.75,
        samples=(sample,),
    )
    job = with_result(job, result, logs, Instance(name="here", cpu=4, memory=8.0))
    get_settings.cache_clear()
    assert (job.stdout, job.stderr) == ("one\ntwo", "three")
    assert (job.exec_duration_s, job.cpu_seconds, job.peak_memory_bytes) == (4.5, 6.75, 300 * MB)
    assert [metric["label"] for metric in job.runtime_metrics["metrics"]] == LABELS
    assert [values(job, label) for label in LABELS] == [[150], [25], [], [], [25]]
    assert job.runtime_metrics["instance"]["name"] == "here"
    assert job.runtime_metrics["totals"]["peak_working_set_bytes"] == 256 * MB


@pytest.mark.engine
@pytest.mark.usefixtures("puppets")
class TestARealRun:
    @pytest.fixture(autouse=True)
    def priced(self, puppets, monkeypatch):
        table = '[{"name": "dear", "cpu": 2, "memory": 8, "us_cents_per_hour": 360}]'
        monkeypatch.setenv("COMPONENT_FLOWS_COSTS__INSTANCES", table)
        monkeypatch.setenv("COMPONENT_FLOWS_COSTS__INSTANCE", "dear")
        monkeypatch.setenv("COMPONENT_FLOWS_COSTS__EURO_PER_US_DOLLAR", "1")
        monkeypatch.setenv("COMPONENT_FLOWS_LIMITS__DISK_BYTES", str(256 * MB))
        get_settings.cache_clear()
        yield
        get_settings.cache_clear()

    def test_it_is_measured_and_priced(self):
        job = run_component("puppet-report", {"script": BUSY + GOOD})
        assert 0.9 < job.cpu_seconds < 30
        assert job.peak_memory_bytes > 60 * MB
        assert max(values(job, "CPUUtilization")) > 5  # also where others keep the machine busy
        assert max(values(job, "MemoryUtilization")) > 100 * 60 / 256
        assert 25 <= max(values(job, "DiskUtilization")) < 50  # a quarter of what it may, and the job's other files
        assert values(job, "GPUUtilization") == []
        assert job.runtime_metrics["instance"]["name"] == "dear"
        # 360 cents an hour are a tenth of a cent, or 100 thousandths of one, a second.
        assert job.compute_cost_euro_millicents == math.ceil(job.duration.total_seconds() * 100)

    def test_a_failed_one_has_its_figures_and_its_price_too(self):
        with pytest.raises(ComponentException) as caught:
            run_component("puppet-report", {"script": "import time; time.sleep(0.3); raise SystemExit('no')"})
        job = caught.value.job
        assert job.cpu_seconds > 0
        assert job.compute_cost_euro_millicents == math.ceil(job.duration.total_seconds() * 100)


@pytest.mark.engine
def test_a_machine_without_a_row_of_its_own_is_described_as_it_is():
    found = this_instance(get_engine())
    info = get_engine().info()
    assert (found.name, found.cpu) == (info.name, info.cpus)
