"""What a worker ran whose machine died: run again by whoever takes it up, once, and by nobody twice."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import uuid
from importlib import import_module
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from programs import Program
from puppet_scripts import MASK
from sqlalchemy import select

from flows import reap
from flows.server import ensure_server
from flows.server_settings import client_settings
from interfaces.database.graph_run_records import find_graph_run
from interfaces.database.job_records import list_jobs, load_job
from interfaces.database.tables import JobRow
from interfaces.database.worker_run_records import WorkerRunStatus, find_worker_runs
from interfaces.deployments import site_tag
from interfaces.job_status import JobStatus
from interfaces.site import get_site
from tasks.naming import container_name

UNTIL_TOLD = """
import json, os, time
json.dump({}, open('/output/report.json', 'w'))
while not os.path.exists('/tmp/go'):
    time.sleep(0.05)
"""

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]


def ask(question):
    async def asking():
        async with get_client() as client:
            return await question(client)

    with client_settings(ensure_server()):
        return asyncio.run(asking())


def a_run(entrypoint: str, parameters: dict[str, Any]) -> uuid.UUID:
    """A scheduled run of a deployment of its own."""

    async def make(client):
        module, _, name = entrypoint.rpartition(".")
        flow = await client.create_flow(getattr(import_module(module), name))
        name, tags = f"test-{uuid.uuid4().hex[:8]}", [site_tag(get_site().id)]
        deployment = await client.create_deployment(flow, name, entrypoint=entrypoint, tags=tags)
        return (await client.create_flow_run_from_deployment(deployment, parameters=parameters)).id

    return ask(make)


def process_of(run: uuid.UUID) -> Program:
    """What a worker starts for a run that it has taken up."""

    async def take(client):
        from prefect.states import Pending

        await client.set_flow_run_state(run, Pending())

    ask(take)
    code = "import runpy, sys; sys.argv = ['engine']; runpy.run_module('prefect.engine', run_name='__main__')"
    return Program("code", code, PREFECT_API_URL=ensure_server(), PREFECT__FLOW_RUN_ID=str(run))


def state_of(run: uuid.UUID):
    async def look(client):
        return (await client.read_flow_run(run)).state

    return ask(look)


def jobs_of(run: uuid.UUID):
    with get_site().database.session() as session:
        ids = session.scalars(select(JobRow.id).where(JobRow.flow_run_id == run).order_by(JobRow.created)).all()
        return [load_job(session, one) for one in ids]


def record_of(run: uuid.UUID):
    with get_site().database.session() as session:
        return find_worker_runs(session, [run]).get(run)


def is_executing(run: uuid.UUID) -> bool:
    return any(job.status is JobStatus.EXECUTING for job in jobs_of(run))


def is_told(job) -> bool:
    """Whether the container of a job is there, and knows that it may end."""
    done = subprocess.run(["docker", "exec", container_name(job), "touch", "/tmp/go"], capture_output=True, check=False)
    return done.returncode == 0


def test_a_run_whose_process_is_killed_is_run_again_once(until):
    parameters = {"component": "puppet-report", "inputs": {"script": UNTIL_TOLD}}
    run = a_run("flows.component_job.run_component", parameters)
    first = process_of(run)
    until(lambda: is_executing(run))
    second = process_of(run)  # somebody is sent to do the same, say by a server that was set back
    said = "".join(second.communicate(timeout=60))
    assert "Another process runs this" in said and len(jobs_of(run)) == 1
    first.kill()
    first.communicate()
    reaped = reap()
    assert reaped.taken_up == (str(run),)
    assert state_of(run).is_scheduled()
    assert not reap().taken_up
    third = process_of(run)
    until(lambda: is_told(jobs_of(run)[-1]))
    said = "".join(third.communicate(timeout=120))
    assert state_of(run).is_completed(), said
    lost, again = jobs_of(run)
    assert (lost.status, (lost.verdict or {})["kind"]) == (JobStatus.FAILURE, "runner_lost")
    assert (again.status, again.retry_of) == (JobStatus.SUCCESS, lost.id)
    record = record_of(run)
    assert (record.status, record.attempt, record.job_id) == (WorkerRunStatus.ENDED, 2, again.id)
    assert not reap().taken_up and len(jobs_of(run)) == 2


@pytest.mark.soak
def test_a_graph_goes_on_where_it_was(until, scan):
    folder = get_site().home / "inputs"  # where runs of deployments may read
    folder.mkdir(exist_ok=True)
    image = shutil.copy(scan, folder / "scan.mha")
    unique = f"# {uuid.uuid4().hex}\n"
    scripts = {"first": unique + MASK.format(voxels=[1] * 8), "others": unique + UNTIL_TOLD}
    run = a_run("flows.graph.run_graph", {"graph": "puppet-diamond", "inputs": {**scripts, "image": str(image)}})

    def jobs(component: str, status: JobStatus):
        with get_site().database.session() as session:
            found = list_jobs(session, status=status)
        return [job for job in found if job.component == component and job.inputs["script"].value.startswith(unique)]

    first = process_of(run)
    until(lambda: jobs("puppet-mask", JobStatus.SUCCESS) and jobs("puppet-report", JobStatus.EXECUTING), 120)
    first.kill()
    first.communicate()
    assert reap().taken_up == (str(run),)
    lost = len(jobs("puppet-report", JobStatus.FAILURE))
    again = process_of(run)

    def has_ended() -> bool:
        for job in jobs("puppet-report", JobStatus.EXECUTING):
            is_told(job)
        return again.poll() is not None

    until(has_ended, 120)
    said = "".join(again.communicate(timeout=60))
    assert state_of(run).is_completed(), said
    # What was done is not done again; `left` and `right` are the same work, `apart` is another.
    assert len(jobs("puppet-mask", JobStatus.SUCCESS)) == 1
    assert (len(jobs("puppet-report", JobStatus.SUCCESS)), len(jobs("puppet-report", JobStatus.FAILURE))) == (2, lost)
    with get_site().database.session() as session:
        kept = find_graph_run(session, str(run))
    assert kept is not None and not kept.error_message
