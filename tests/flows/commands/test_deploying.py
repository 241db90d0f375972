"""Deployments of what is registered, as Prefect takes them, its API checks them and a worker runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from uuid import uuid4

import click
import pytest
from puppet_scripts import REPORT
from records import a_component
from sqlalchemy import delete

from flows import deploy
from flows.cli import commands
from flows.server import ensure_server
from interfaces.component import InterfaceSet
from interfaces.database.component_records import save_component
from interfaces.database.tables import ComponentRow
from interfaces.errors import DefinitionError, InvalidInputs, UnknownName
from interfaces.settings import get_settings
from interfaces.site import get_site

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]

GOOD = REPORT.format(report="{'by': 'a form'}")
PATIENCE_S = 120


@pytest.fixture
def a_registered_one():
    """A component of its own, without an image; gone at the end, with its deployment."""
    component = a_component(
        slug=f"deployed-{uuid4().hex[:8]}",
        title=uuid4().hex,
        interfaces=(InterfaceSet(inputs=("script", "second"), outputs=("report",)),),
    )
    with get_site().database.session() as session:
        save_component(session, component)
    yield component
    unregister(component.slug)
    deploy()


def unregister(slug: str) -> None:
    with get_site().database.session() as session:
        session.execute(delete(ComponentRow).where(ComponentRow.slug == slug))


def named(ask, name: str):
    return ask(lambda client: client.read_deployment_by_name(name))


def start(ask, deployment: str, **parameters):
    async def starting(client):
        found = await client.read_deployment_by_name(deployment)
        # The form has a name like this in it, which nobody has chosen.
        return await client.create_flow_run_from_deployment(found.id, parameters=parameters, name="Rustic-Duck")

    return ask(starting)


def prefect(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", *arguments],
        env={**os.environ, "PREFECT_API_URL": ensure_server(), "PREFECT_WORKER_QUERY_SECONDS": "1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def test_each_component_and_graph_has_a_deployment_with_a_form_and_stays_as_it_is(call, ask):
    made = {one["name"]: one for one in json.loads(call("deploy", "--json"))}
    assert {"run-component/puppet-report", "run-graph/puppet-diamond"} <= set(made)
    found = named(ask, "run-component/puppet-report")
    inputs = found.parameter_openapi_schema["properties"]["inputs"]
    assert {name: field["type"] for name, field in inputs["properties"].items()} == {
        "script": "string",
        "scan": "string",
        "second": "integer",
    }
    assert (inputs["required"], found.work_pool_name) == (["script"], "component-flows")
    assert {"component", "component-flows"} <= set(found.tags)
    assert "Puppet report" in found.description
    again = json.loads(call("deploy", "--json"))
    assert {one["change"] for one in again} == {"unchanged"}
    assert named(ask, "run-component/puppet-report").updated == found.updated
    table = call("deploy", "puppet-report")
    assert table.splitlines()[1].split() == [
        *("run-component/puppet-report", "unchanged", "component-flows", "default", found.version)
    ]


def test_deployments_are_kept_in_step_with_what_is_registered(ask, a_registered_one):
    name = f"run-component/{a_registered_one.slug}"
    assert [one.change for one in deploy() if one.name == name] == ["made"]
    with get_site().database.session() as session:
        save_component(session, a_component(**{**vars(a_registered_one), "memory_gb": 7}))
    assert [one.change for one in deploy() if one.name == name] == ["updated"]
    assert "7 GB" in named(ask, name).description
    unregister(a_registered_one.slug)
    # By name, none is removed.
    assert {one.name for one in deploy(["puppet-report"])} == {"run-component/puppet-report"}
    assert [one.change for one in deploy() if one.name == name] == ["removed"]
    assert name not in {one.name for one in deploy()}


def test_what_somebody_else_has_deployed_is_left_alone(ask, a_registered_one):
    async def by_hand(client):
        flow = await client.create_flow_from_name("run-component")
        taken = await client.create_deployment(flow, a_registered_one.slug, tags=["component-flows", "site:another"])
        other = await client.create_deployment(flow, f"other-{a_registered_one.slug}")
        return taken, other

    taken, other = ask(by_hand)
    with pytest.raises(DefinitionError, match="was not made by this site; remove it"):
        deploy()
    unregister(a_registered_one.slug)
    deploy()
    assert ask(lambda client: client.read_deployment(taken)).tags == ["component-flows", "site:another"]
    for one in (taken, other):
        ask(lambda client, one=one: client.delete_deployment(one))


def test_runs_go_to_the_pool_and_queue_that_the_settings_say(ask, monkeypatch, a_registered_one):
    pool = f"pool-{uuid4().hex[:8]}"
    rules = [{"min_memory_gb": a_registered_one.memory_gb, "pool": pool, "queue": "large"}]
    monkeypatch.setenv("COMPONENT_FLOWS_DEPLOY__POOLS", json.dumps(rules))
    get_settings.cache_clear()
    (done,) = deploy([a_registered_one.slug])
    monkeypatch.undo()
    get_settings.cache_clear()
    assert (done.pool, done.queue) == (pool, "large")
    assert ask(lambda client: client.read_work_pool(pool)).type == "process"
    found = named(ask, f"run-component/{a_registered_one.slug}")
    assert (found.work_pool_name, found.work_queue_name) == (pool, "large")


def test_the_api_refuses_parameters_that_do_not_fit(ask):
    deploy(["puppet-report"])
    for parameters, words in (
        ({}, "'inputs' is a required property"),
        ({"inputs": {}}, "'script' is a required property"),
        ({"inputs": {"script": 3}}, "3 is not of type 'string'"),
        ({"inputs": {"script": "pass", "scna": "a"}}, "'scna' was unexpected"),
        ({"inputs": {"script": "pass"}, "component": "puppet-mask"}, "'puppet-report' was expected"),
        ({"inputs": {"script": "pass"}, "time_limit": 0}, "0 is less than the minimum of 1"),
    ):
        with pytest.raises(Exception, match="409") as caught:
            start(ask, "run-component/puppet-report", **parameters)
        assert words in str(caught.value)


def run_by_a_worker(ask, *started: tuple[str, dict]):
    """The flow runs of deployments with such inputs, once a worker has run them."""
    pool = f"pool-{uuid4().hex[:8]}"
    deploy(["puppet-report", "puppet-maybe"], pool=pool)
    runs = [start(ask, name, **parameters) for name, parameters in started]
    worker = prefect("worker", "start", "--pool", pool, "--run-once", "--install-policy", "never")
    deploy(["puppet-report", "puppet-maybe"])
    assert worker.returncode == 0, worker.stdout + worker.stderr
    return [ask(lambda client, run=run: client.read_flow_run(run.id)) for run in runs]


@pytest.mark.soak
def test_a_worker_runs_what_a_form_started_without_what_was_left_empty(ask):
    component, graph = run_by_a_worker(
        ask,
        ("run-component/puppet-report", {"inputs": {"script": GOOD, "scan": "", "second": None}}),
        ("run-graph/puppet-maybe", {"inputs": {"always": GOOD, "then": GOOD, "prior": ""}}),
    )
    assert component.state.is_completed(), component.state.message
    assert graph.state.is_completed(), graph.state.message
    assert (component.name, graph.name) == ("puppet-report", "puppet-maybe")


@pytest.mark.soak
def test_inputs_that_are_no_set_are_refused_with_the_sets_that_there_are(ask):
    inputs = {"script": GOOD, "scan": None, "second": 3}
    (mixed,) = run_by_a_worker(ask, ("run-component/puppet-report", {"inputs": inputs, "name": "a bad mix"}))
    assert mixed.name == "a bad mix"
    assert mixed.state.is_failed() or mixed.state.is_cancelled()
    assert "takes (script) or (script, scan) or (script, scan, second), but got script, second" in mixed.state.message


def test_a_component_runs_by_a_schedule_with_its_inputs(call, ask):
    given = ("-i", "script=pass", "--timezone", "Europe/Amsterdam")
    (done,) = json.loads(call("deploy", "puppet-report", "--schedule", "0 6 * * *", *given, "--json"))
    assert done["schedules"] == ["0 6 * * * Europe/Amsterdam"]
    (schedule,) = named(ask, "run-component/puppet-report").schedules
    assert schedule.parameters == {"inputs": {"script": "pass"}}
    deploy()  # does not touch it
    assert len(named(ask, "run-component/puppet-report").schedules) == 1
    (done,) = json.loads(call("deploy", "puppet-report", "--schedule", "6h", *given, "--json"))
    assert done["schedules"] == ["every 21600 s Europe/Amsterdam"]
    (done,) = json.loads(call("deploy", "puppet-report", "--schedule", "off", "--json"))
    assert done["schedules"] == []


def test_what_cannot_be_scheduled_is_refused_in_one_sentence(ask):
    elsewhere = ("-i", "script=a", "-i", "study=/etc")
    for arguments, error, words in (
        (["puppet-reprot"], UnknownName, "did you mean 'puppet-report'"),
        (["puppet-report", "--schedule", "soon"], DefinitionError, "'soon' is no schedule; give five fields"),
        (["puppet-report", "--schedule", "6h", "--timezone", "Mars/North"], DefinitionError, "is no time zone"),
        (["puppet-report", "--schedule", "6h"], InvalidInputs, "script: is missing"),
        (["puppet-study", "--schedule", "6h", *elsewhere], InvalidInputs, "/etc is not in a folder"),
        (["--schedule", "6h"], click.UsageError, "--schedule is for one component or graph"),
        (["puppet-report", "-i", "script=a"], click.UsageError, "-i is for the runs of a --schedule"),
    ):
        with pytest.raises(error) as caught:
            commands(["deploy", *arguments], standalone_mode=False)
        assert words in str(caught.value)
    deploy(["puppet-report"])
    assert named(ask, "run-component/puppet-report").schedules == []


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_of_runs_that_were_missed_only_the_last_is_run(ask, until):
    deploy(["puppet-report"], schedule="90s", inputs={"script": GOOD})
    deployment = named(ask, "run-component/puppet-report")

    async def due(client):
        from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId, FlowRunFilterTags

        of = FlowRunFilter(
            deployment_id=FlowRunFilterDeploymentId(any_=[deployment.id]),
            tags=FlowRunFilterTags(all_=["auto-scheduled"]),
        )
        found = await client.read_flow_runs(flow_run_filter=of, limit=200)
        runs = [one for one in found if one.expected_start_time <= datetime.now(UTC)]
        return sorted(runs, key=lambda one: one.expected_start_time)

    first = until(lambda: (runs := ask(due)) and len(runs) >= 2 and runs, 3 * PATIENCE_S)[0]
    missed = prefect("flow-run", "execute", str(first.id))
    found = ask(lambda client: client.read_flow_run(first.id))
    assert (found.state.type.value, found.state.name) == ("CANCELLED", "Missed"), missed.stderr

    def has_just_been_due():
        newest = ask(due)[-1]
        return newest if (datetime.now(UTC) - newest.expected_start_time).total_seconds() < 10 else None

    last = until(has_just_been_due, PATIENCE_S)
    run = prefect("flow-run", "execute", str(last.id))
    assert ask(lambda client: client.read_flow_run(last.id)).state.is_completed(), run.stderr
    deploy(["puppet-report"], schedule="off")
