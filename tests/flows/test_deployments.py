"""`prefect.yaml`, as `prefect deploy --all` takes it, and a deployed run through a worker's process."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from puppet_scripts import REPORT

from flows.server import ensure_server
from flows.server_settings import client_settings

ROOT = Path(__file__).parents[2]
NAMES = {
    *("run-component/component", "run-graph/graph", "run-batch/batch", "evaluate/evaluation"),
    *("job-statistics/statistics", "clean/clean"),
}

# One worker has both tests, and deploys once.
pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets"), pytest.mark.xdist_group("deployments")]


def prefect(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", *arguments],
        cwd=ROOT,
        env={**os.environ, "PREFECT_API_URL": ensure_server(), **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def deployed(home):
    async def make_pool(client):
        await client.create_work_pool(WorkPoolCreate(name="component-flows", type="process"), overwrite=True)

    read(make_pool)
    done = prefect("deploy", "--all", COMPONENT_FLOWS_PROJECT=str(ROOT))
    assert done.returncode == 0, done.stdout + done.stderr


def read(question):
    async def ask():
        async with get_client() as client:
            return await question(client)

    with client_settings(ensure_server()):
        return asyncio.run(ask())


def test_every_deployment_is_there_and_the_schedule_is_paused(deployed):
    async def question(client):
        return {name: await client.read_deployment_by_name(name) for name in NAMES}

    found = read(question)
    assert set(found) == NAMES
    for name in ("job-statistics/statistics", "clean/clean"):
        (schedule,) = found[name].schedules
        assert (schedule.active, schedule.max_scheduled_runs) == (False, 1)
        assert found[name].concurrency_options.collision_strategy == "CANCEL_NEW"  # none is made up for
    assert {"component", "inputs"} <= set(found["run-component/component"].parameter_openapi_schema["properties"])


def test_a_worker_runs_deployed_components_and_tells_how_they_end(deployed):
    from prefect.client.schemas.objects import StateType

    async def start(client):
        deployment = await client.read_deployment_by_name("run-component/component")
        scripts = (REPORT.format(report="{}"), "raise SystemExit('too dark')")
        parameters = [{"component": "puppet-report", "inputs": {"script": script}} for script in scripts]
        runs = [await client.create_flow_run_from_deployment(deployment.id, parameters=each) for each in parameters]
        return [run.id for run in runs]

    good, bad = read(start)
    worker = prefect(
        "worker", "start", "--pool", "component-flows", "--run-once", "--install-policy", "never",
        PREFECT_WORKER_QUERY_SECONDS="1", COMPONENT_FLOWS_PROJECT=str(ROOT),
    )  # fmt: skip

    async def states(client):
        return [(await client.read_flow_run(run)).state for run in (good, bad)]

    succeeded, failed = read(states)
    assert succeeded.type == StateType.COMPLETED, worker.stdout + worker.stderr
    assert (failed.type, failed.name, failed.message) == (StateType.FAILED, "ExitCode", "too dark")
