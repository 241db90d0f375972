"""Stopping a script while its container runs."""

from __future__ import annotations

import signal
import time

import pytest
from programs import Program

from interfaces import ComponentJob, JobStatus
from interfaces.engine import get_engine
from interfaces.site import get_site

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]

PLAIN = """
from flows import run_component
run_component("puppet-report", {"script": "import time; time.sleep(100)"}, name=NAME)
"""
IN_A_LOOP = """
import asyncio
from flows import run_component
async def notebook():
    run_component("puppet-report", {"script": "import time; time.sleep(100)"}, name=NAME)
asyncio.run(notebook())
"""
IN_A_GRAPH = """
from flows import run_graph
script = "import time; time.sleep(100)"
run_graph("puppet-diamond", {"first": script, "others": script, "image": SCAN})
"""


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come to that")


def running_since(before: set) -> list:
    table = ComponentJob.objects.with_duration(status=JobStatus.EXECUTING)
    new = [job_id for job_id in table["id"] if job_id not in before]
    return [job for job in new if get_engine().leftovers({"component-flows.job": str(job)}).containers]


@pytest.mark.parametrize("script", [PLAIN, IN_A_LOOP, IN_A_GRAPH], ids=["script", "running loop", "graph"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_script_leaves_no_container_and_a_cancelled_job(script, number, scan):
    before = set(ComponentJob.objects.with_duration()["id"])
    code = script.replace("NAME", repr("stop me")).replace("SCAN", repr(str(scan)))
    process = Program("code", code)
    jobs = wait_for(lambda: running_since(before))
    time.sleep(0.5)
    process.send_signal(number)
    _, errors = process.communicate(timeout=40)
    assert process.returncode != 0, errors
    for job_id in jobs:
        assert not get_engine().leftovers({"component-flows.job": str(job_id)}), errors
        assert not (get_site().jobs_folder / str(job_id)).exists()
        job = ComponentJob.objects.get(str(job_id))
        assert (job.status, job.error_message) == (JobStatus.CANCELLED, "The job was cancelled"), errors
