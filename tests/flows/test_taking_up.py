"""What a worker ran whose machine died: run again by whoever takes it up, once, and by nobody twice."""

from __future__ import annotations

import asyncio
import subprocess
import uuid

import pytest
from prefect.client.orchestration import get_client
from programs import Program
from sqlalchemy import select

from flows import reap
from flows.server import ensure_server
from flows.server_settings import client_settings
from interfaces.database.job_records import load_job
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


def a_run(script: str) -> uuid.UUID:
    """A scheduled run of a deployment of its own."""

    async def make(client):
        from flows.component_job import run_component

        flow = await client.create_flow(run_component)
        deployment = await client.create_deployment(
            flow, f"test-{uuid.uuid4().hex[:8]}", entrypoint="flows.component_job.run_component",
            tags=[site_tag(get_site().id)],
        )  # fmt: skip
        parameters = {"component": "puppet-report", "inputs": {"script": script}}
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
    run = a_run(UNTIL_TOLD)
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
