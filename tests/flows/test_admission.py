"""Jobs of several processes share a machine with one core and little memory."""

from __future__ import annotations

import asyncio
import itertools
import signal

import pytest

from flows import arun_component, run_component
from interfaces import ComponentException, ComponentJob, JobStatus
from interfaces.database.admission_records import tickets
from interfaces.database.lease_records import request_cancellation
from interfaces.engine import get_engine
from interfaces.errors import DefinitionError
from interfaces.settings import get_settings
from interfaces.site import get_site
from tasks.admission import machine_capacity
from tasks.reap import reaped

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]

TIMED = """
import json, time
begin = time.time()
time.sleep({seconds})
json.dump({{'begin': begin, 'end': time.time()}}, open('/output/report.json', 'w'))
"""
ELSEWHERE = """
import sys
from flows import run_component
job = run_component("puppet-report", {"script": sys.argv[1]}, name=sys.argv[2])
print(job.id)
"""


@pytest.fixture
def one_core(monkeypatch):
    monkeypatch.setenv("COMPONENT_FLOWS_ADMISSION__CPUS", "1")
    get_settings.cache_clear()
    yield
    monkeypatch.undo()
    get_settings.cache_clear()
    assert queue() == []


def queue():
    with get_site().database.session() as session:
        return tickets(session, machine_capacity().machine)


def spans(jobs):
    return sorted((job.outputs["report"].value["begin"], job.outputs["report"].value["end"]) for job in jobs)


def test_jobs_of_two_processes_run_one_after_another_and_wait_before_they_use_the_machine(one_core, script):
    other = script(ELSEWHERE, TIMED.format(seconds=0.3), "elsewhere")

    async def many():
        inputs = {"script": TIMED.format(seconds=0.3)}
        return await asyncio.gather(*(arun_component("puppet-report", inputs) for _ in range(4)))

    jobs = asyncio.run(many())
    printed, errors = other.communicate(timeout=60)
    assert other.returncode == 0, errors
    jobs.append(ComponentJob.objects.get(printed.strip().splitlines()[-1]))
    for (_, end), (begin, _) in itertools.pairwise(spans(jobs)):
        assert end <= begin
    # The wait is no use of the machine: it lies before `started_at`.
    waits = sorted((job.started_at - job.created).total_seconds() for job in jobs)
    assert waits[-1] > 4 * 0.3
    assert max(job.duration.total_seconds() for job in jobs) < waits[-1]


def test_a_job_that_waits_can_be_cancelled_and_holds_up_nobody(one_core, until):
    def cancel_when_it_waits():
        (waiting,) = until(lambda: [one for one in queue() if not one.is_admitted])
        with get_site().database.session() as session:
            request_cancellation(session, waiting.job_id)
        return waiting.job_id

    async def both():
        holder = asyncio.ensure_future(arun_component("puppet-report", {"script": TIMED.format(seconds=3)}))
        await asyncio.to_thread(until, queue)
        inputs = {"script": TIMED.format(seconds=0)}
        waiting = asyncio.ensure_future(arun_component("puppet-report", inputs, return_state=True))
        job_id = await asyncio.to_thread(cancel_when_it_waits)
        state = await waiting
        assert [one.is_admitted for one in queue()] == [True]
        assert not holder.done()
        await holder
        return state, ComponentJob.objects.get(str(job_id))

    state, job = asyncio.run(both())
    assert state.is_cancelled()
    assert (job.status, job.started_at, job.exec_duration_s) == (JobStatus.CANCELLED, None, None)


def test_the_share_of_a_killed_process_is_free_once_its_container_is_gone(one_core, script, until):
    other = script(ELSEWHERE, TIMED.format(seconds=600), "killed")
    (held,) = until(lambda: [one for one in queue() if one.is_admitted])
    label = {"component-flows.job": str(held.job_id)}
    until(lambda: [one for one in get_engine().leftovers(label).containers if one.state == "running"])
    other.send_signal(signal.SIGKILL)
    other.wait()

    async def after_a_crash():
        running = asyncio.ensure_future(arun_component("puppet-report", {"script": TIMED.format(seconds=0)}))
        await asyncio.to_thread(until, lambda: len(queue()) == 2)
        await asyncio.sleep(1.5)
        # Its container still has the core.
        assert [one.is_admitted for one in queue()] == [True, False]
        await asyncio.to_thread(reaped)
        return await running

    assert asyncio.run(after_a_crash()).status is JobStatus.SUCCESS
    assert not get_engine().leftovers(label)


def test_a_job_that_could_never_fit_is_refused_at_once():
    before = len(ComponentJob.objects.with_duration())
    with pytest.raises(DefinitionError, match="99999 GB of memory can never be had on this machine"):
        run_component("puppet-report", {"script": "x"}, memory_gb=99999)
    assert len(ComponentJob.objects.with_duration()) == before


def test_a_failed_job_gives_its_share_back(one_core):
    with pytest.raises(ComponentException, match="too dark"):
        run_component("puppet-report", {"script": "import sys; sys.exit('too dark')"})
    assert queue() == []
