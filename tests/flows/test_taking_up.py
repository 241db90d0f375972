"""What a worker ran whose machine died: run again by whoever takes it up, once, and by nobody twice."""

from __future__ import annotations

import asyncio
import shutil
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Crashed
from programs import Program
from puppet_jobs import is_told
from puppet_scripts import MASK, UNTIL_TOLD
from sqlalchemy import select, update

from flows import lost_runs, reap
from flows.server import ensure_server
from flows.server_settings import client_settings
from interfaces.database.graph_run_records import find_graph_run
from interfaces.database.job_records import list_jobs, load_job
from interfaces.database.tables import JobRow
from interfaces.database.worker_run_records import WorkerRunStatus, find_worker_runs
from interfaces.database.worker_run_tables import WorkerRunRow
from interfaces.deployments import site_tag
from interfaces.job_status import JobStatus
from interfaces.owners import Owner
from interfaces.site import get_site

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


@pytest.fixture(autouse=True)
def without_a_worker(monkeypatch):
    """There is none that has to put a run away first."""
    monkeypatch.setattr(lost_runs, "AGAIN_AFTER_S", 0.0)


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


def a_lost_run() -> uuid.UUID:
    """One that was begun by a process that is gone, and whose worker goes on."""
    run = a_run("flows.component_job.run_component", {"component": "puppet-report", "inputs": {}})
    gone = replace(Owner.current(), pid=2**22 + 1, started="1")  # no process has such a number
    row = {"status": "running", "attempt": 1, "owner": str(gone), "lease_until": in_seconds(60), "error": []}
    with get_site().database.session() as session:
        session.add(WorkerRunRow(flow_run_id=run, modified=in_seconds(0), job_id=None, **row))
    worker_says(run, Crashed(message="Process exited with status code: -9"))
    return run


def in_seconds(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def wait(run: uuid.UUID, seconds: float) -> None:
    """Let time pass for the record of a run."""
    with get_site().database.session() as session:
        mine = WorkerRunRow.flow_run_id == run
        session.execute(update(WorkerRunRow).where(mine).values(modified=in_seconds(-seconds)))


def worker_says(run: uuid.UUID, state: State) -> None:
    ask(lambda client: client.set_flow_run_state(run, state, force=True))


def test_a_run_is_handed_out_again_when_its_worker_has_put_it_away_and_thrice_at_most(monkeypatch):
    monkeypatch.undo()
    run = a_lost_run()
    assert str(run) not in reap().taken_up and state_of(run).is_crashed()
    wait(run, 46)
    assert str(run) in reap().taken_up and state_of(run).is_scheduled()
    worker_says(run, Crashed(message="Flow run infrastructure exited"))  # as it does at last
    assert str(run) not in reap().taken_up  # it may be on its way
    wait(run, 61)
    assert str(run) in reap().taken_up and state_of(run).is_scheduled()
    wait(run, 3600)
    assert str(run) not in reap().taken_up  # it waits for a worker, however long
    worker_says(run, Crashed(message="its process could not be started"))
    assert str(run) not in reap().taken_up
    record = record_of(run)
    assert (record.status, record.error[0]) == (WorkerRunStatus.ENDED, "RunnerLost") and state_of(run).is_crashed()


def test_whoever_waits_for_a_lost_run_hears_that_it_was_cancelled_before_it_began_again():
    run = a_lost_run()
    assert str(run) in reap().taken_up
    worker_says(run, Cancelled())
    wait(run, 61)
    reap()
    assert (record_of(run).status, record_of(run).error[0]) == (WorkerRunStatus.ENDED, "Cancelled")


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
