"""`prefect.yaml`, as `prefect deploy --all` takes it, and a deployed run through a worker's process."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import SimpleITK as sitk
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import StateType
from puppet_scripts import REPORT

from flows.server import ensure_server
from flows.server_settings import client_settings

ROOT = Path(__file__).parents[2]
NAMES = {
    *("run-component/component", "run-graph/graph", "run-batch/batch", "evaluate/evaluation"),
    *("job-statistics/statistics", "report/report", "clean/clean"),
    # What is registered comes with them.
    *("deploy/deploy", "run-component/puppet-report", "run-graph/puppet-diamond"),
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
        assert not schedule.active
        assert found[name].concurrency_options.collision_strategy == "CANCEL_NEW"  # none is made up for
    assert {"component", "inputs"} <= set(found["run-component/component"].parameter_openapi_schema["properties"])


@pytest.fixture(scope="module")
def ended(home, deployed, _registered_puppets):
    """Runs of the deployed component that a worker took, by what they are about."""
    report = REPORT.format(report="{}")
    (home / "inputs").mkdir(exist_ok=True)
    sitk.WriteImage(sitk.Image([4, 3, 2], sitk.sitkInt16), home / "inputs" / "scan.mha")
    (home / "inputs" / "link.mha").symlink_to("/etc/passwd")
    scans = {
        "good": "scan.mha",
        "elsewhere": "/etc/passwd",
        "link": str(home / "inputs" / "link.mha"),
        "metadata": "http://169.254.169.254/latest/meta-data",
        "signed": "https://me:hunter-2@files.example/x.mha?sig=hunter-3",
    }
    cases = [{"case": about, "script": report, "scan": scan} for about, scan in scans.items()]
    given = {
        "good": ("run-component/component", {"component": "puppet-report", "inputs": {"script": report}}),
        "bad": (
            "run-component/component",
            {"component": "puppet-report", "inputs": {"script": "raise SystemExit('too dark')"}},
        ),
        "batch": ("run-batch/batch", {"name": "puppet-report", "cases": cases, "results": "today/results.csv"}),
    }

    async def start(client):
        made = {}
        for about, (name, parameters) in given.items():
            deployment = await client.read_deployment_by_name(name)
            name = "Patient 7, follow-up" if about == "bad" else None  # as somebody types it into the form
            made[about] = (
                await client.create_flow_run_from_deployment(deployment.id, parameters=parameters, name=name)
            ).id
        return made

    made = read(start)
    worker = prefect(
        "worker", "start", "--pool", "component-flows", "--run-once", "--install-policy", "never",
        PREFECT_WORKER_QUERY_SECONDS="1", COMPONENT_FLOWS_PROJECT=str(ROOT),
    )  # fmt: skip

    async def runs(client):
        return {about: await client.read_flow_run(run) for about, run in made.items()}

    found = read(runs)
    assert found["batch"].state.type == StateType.COMPLETED, worker.stdout + worker.stderr
    return found


def test_a_worker_runs_deployed_components_and_tells_how_they_end(ended):
    succeeded, failed = ended["good"].state, ended["bad"].state
    assert succeeded.type == StateType.COMPLETED
    assert (failed.type, failed.name, failed.message) == (StateType.FAILED, "ExitCode", "too dark")


def test_a_run_is_called_what_somebody_typed_or_else_after_what_it_runs(ended):
    assert {about: run.name for about, run in ended.items()} == {
        "good": "puppet-report",
        "bad": "Patient 7, follow-up",
        "batch": "puppet-report over cases",
    }


def test_a_deployed_run_reads_and_writes_only_where_the_site_allows(ended, home):
    table = pd.read_csv(home / "outputs" / "today" / "results.csv", index_col="case")
    assert table.status["good"] == "SUCCESS"
    for about in ("elsewhere", "link"):
        assert "is not in a folder that runs from the Prefect UI may read" in table.message[about]
        assert str(home / "inputs") in table.message[about]
    assert "not among those that runs from the Prefect UI may read (none)" in table.message["metadata"]


@pytest.mark.soak
def test_secrets_that_were_given_to_a_deployed_run_are_refused_and_taken_out_of_its_record(ended, home):
    assert "has credentials in it" in (home / "outputs" / "today" / "results.csv").read_text()
    run = ended["batch"]
    assert run.parameters["cases"][-1]["scan"] == "https://***@files.example/x.mha?***"
    assert run.parameters["name"] == "puppet-report"
    assert "hunter" not in run.model_dump_json()
    assert "hunter" not in (home / "outputs" / "today" / "results.csv").read_text()
