"""A version becomes the desired one, and an automation on Prefect's own server starts an evaluation."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flows import register
from flows.announcing import announce_choice
from flows.cli import commands
from flows.server import ensure_server
from interfaces.database.image_records import list_images
from interfaces.site import get_site
from tasks.announcing import DESIRED_VERSION_EVENT, component_resource

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]

EXAMPLE = Path(__file__).parents[2] / "examples" / "automations" / "evaluate_new_versions.py"
PATIENCE_S = 60


def automate(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE), *arguments],
        env={**os.environ, "PREFECT_API_URL": ensure_server()},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def component(tmp_path):
    """Slug of a component of its own, whose image is the puppets'; two versions of it differ in a label."""
    slug = f"announced-{tmp_path.name.lower().replace('_', '-')}"

    def write(label: str) -> None:
        (tmp_path / "Dockerfile").write_text(f"ARG BASE\nFROM ${{BASE}}\nLABEL version={label}\nUSER 1000:1000\n")
        (tmp_path / "component.yaml").write_text(
            f"component:\n  title: {slug}\n  image: {{build: .}}\n"
            "  interfaces:\n    - {inputs: [script], outputs: [report]}\n"
        )
        register(tmp_path)

    write("one")
    write("two")
    return slug


@pytest.fixture
def evaluations(ask):
    """The deployment that evaluates, as `prefect.yaml` has it, and the parameters of its runs."""

    async def deploying(client):
        flow = await client.create_flow_from_name("evaluate")
        return await client.create_deployment(flow, "evaluation", entrypoint="flows/evaluation.py:evaluate")

    made = ask(deploying)

    def parameters() -> list[dict]:
        from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId

        of = FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[made]))
        return [run.parameters for run in ask(lambda client: client.read_flow_runs(flow_run_filter=of))]

    yield parameters
    ask(lambda client: client.delete_deployment(made))


@pytest.mark.soak
def test_choosing_a_version_starts_the_evaluation_of_that_component_and_of_no_other(
    ask, until, component, evaluations, capsys
):
    name = automate("puppet-phase", component, "cases.csv")
    assert automate("puppet-phase", component, "cases.csv") == name
    assert len(ask(lambda client: client.read_automations_by_name(name))) == 1
    with get_site().database.session() as session:
        versions = list_images(session, component)
    other = next(one for one in versions if not one.is_desired_version)
    with get_site().database.session() as session:
        (puppet,) = [one for one in list_images(session, "puppet-mask") if one.is_desired_version]
    assert announce_choice(puppet)  # of another component
    commands(["images", component, "--use", other.sha256.removeprefix("sha256:")[:12]], standalone_mode=False)
    found = until(evaluations, PATIENCE_S)
    assert found == [{"phase": "puppet-phase", "algorithm": component, "cases": "cases.csv"}]
    automation = ask(lambda client: client.read_automations_by_name(name))[0]
    ask(lambda client: client.delete_automation(automation.id))


def test_registering_a_new_version_announces_it(ask, until, component):
    async def events(client):
        wanted = {"event": {"name": [DESIRED_VERSION_EVENT]}, "resource": {"id": [component_resource(component)]}}
        answer = await client._client.post("/events/filter", json={"filter": wanted, "limit": 10})
        return answer.json()["events"]

    found = until(lambda: (some := ask(events)) and len(some) == 2 and some, PATIENCE_S)
    with get_site().database.session() as session:
        versions = {one.sha256 for one in list_images(session, component)}
    assert {one["payload"]["sha256"] for one in found} == versions
    assert {one["payload"]["component"] for one in found} == {component}
