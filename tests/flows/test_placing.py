"""Jobs of graphs, batches and evaluations as runs of their own in a work pool."""

from __future__ import annotations

import asyncio
import threading
import uuid
from typing import Any

import pytest
from phases import TRUTH, write_phase
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName
from prefect.exceptions import CancelledRun
from prefect.states import Cancelling
from programs import Program
from puppet_scripts import MASK, REPORT
from workers import a_worker

from flows import evaluate, run_batch, run_graph
from flows.placing import place_component
from flows.server import ensure_server
from flows.server_settings import client_settings
from interfaces.errors import ComponentException, GraphFailed
from interfaces.job_status import JobStatus
from interfaces.settings import get_settings
from tasks.apply_deployments import ensure_pool

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]


@pytest.fixture
def pool(puppets: None, monkeypatch: pytest.MonkeyPatch):
    """A work pool of the test's own, into which jobs are placed."""
    name = f"pool-{uuid.uuid4().hex[:8]}"
    monkeypatch.setenv("COMPONENT_FLOWS_PLACE_JOBS", "pool")
    monkeypatch.setenv("COMPONENT_FLOWS_DEPLOY__POOL", name)
    get_settings.cache_clear()
    yield name
    monkeypatch.undo()
    get_settings.cache_clear()


class Later(threading.Thread):
    """A call that goes on while the test acts as a worker."""

    def __init__(self, call) -> None:
        super().__init__(daemon=True)
        self._call = call
        self.result: Any = None
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self.result = self._call()
        except BaseException as error:
            self.error = error


def scheduled(ask, pool: str) -> list[Any]:
    """What Prefect would hand to a worker of the pool."""

    async def look(client):
        from prefect.exceptions import ObjectNotFound

        try:
            return [one.flow_run for one in await client.get_scheduled_flow_runs_for_work_pool(pool)]
        except ObjectNotFound:  # nobody has placed anything yet
            return []

    return ask(look)


def taken_up(ask, run) -> Program:
    """Do with a run what a worker does."""

    async def take(client):
        from prefect.states import Pending

        await client.set_flow_run_state(run.id, Pending())

    ask(take)
    code = "import runpy, sys; sys.argv = ['engine']; runpy.run_module('prefect.engine', run_name='__main__')"
    return Program("code", code, PREFECT_API_URL=ensure_server(), PREFECT__FLOW_RUN_ID=str(run.id))


def test_cases_of_a_batch_are_runs_in_the_pool_and_come_back_as_values(pool, ask, until):
    unique = uuid.uuid4().hex
    cases = [
        {"case": "good", "script": f"# {unique}\n" + REPORT.format(report="{'number': 1}")},
        {"case": "bad", "script": f"# {unique}\nraise SystemExit('too dark')"},
    ]
    batch = Later(lambda: run_batch("puppet-report", cases))
    until(lambda: len(scheduled(ask, pool)) == 2)
    runs = scheduled(ask, pool)
    assert {run.name for run in runs} == {"good", "bad"}
    # What is in a run's parameters is where values are, not what they are.
    assert unique not in str([run.parameters for run in runs])
    said = ["".join(one.communicate(timeout=120)) for one in [taken_up(ask, run) for run in runs]]
    batch.join(60)
    assert batch.error is None, (batch.error, said)
    rows = batch.result.set_index("case")
    assert rows.loc["good", "status"] == "SUCCESS" and rows.loc["good", "report"] == {"number": 1}
    assert (rows.loc["bad", "status"], rows.loc["bad", "message"]) == ("FAILURE", "too dark")
    # The same again is found, and no worker is needed.
    again = run_batch("puppet-report", cases[:1]).set_index("case")
    assert again.loc["good", "job"] == rows.loc["good", "job"]


def test_who_waits_hears_that_a_run_was_cancelled_before_it_began(pool, ask, until):
    script = f"# {uuid.uuid4().hex}\n" + REPORT.format(report="{}")

    def call():
        with client_settings(ensure_server()):
            return asyncio.run(place_component("puppet-report", {"script": script}, name="unwanted"))

    waiting = Later(call)
    (run,) = until(lambda: scheduled(ask, pool))

    async def cancel(client):
        from prefect.states import Cancelled

        await client.set_flow_run_state(run.id, Cancelled(), force=True)

    ask(cancel)
    waiting.join(30)
    assert isinstance(waiting.error, CancelledRun), waiting.error


def test_a_run_that_never_came_to_its_first_line_is_told(pool, ask, until):
    script = f"# {uuid.uuid4().hex}\n" + REPORT.format(report="{}")

    def call():
        with client_settings(ensure_server()):
            return asyncio.run(place_component("puppet-report", {"script": script}, name="unlucky"))

    waiting = Later(call)
    (run,) = until(lambda: scheduled(ask, pool))

    async def crash(client):
        from prefect.states import Crashed

        await client.set_flow_run_state(run.id, Crashed(message="its process could not be started"), force=True)

    ask(crash)
    waiting.join(30)
    assert isinstance(waiting.error, ComponentException)
    assert "ended before its first line on a worker (Crashed: its process could not be" in str(waiting.error)


def graph_inputs(scan, first: str) -> dict[str, Any]:
    """Of the diamond, whose jobs nobody has done before."""
    unique = f"# {uuid.uuid4().hex}\n"
    return {"first": unique + first, "others": unique + REPORT.format(report="{'seen': 1}"), "image": scan}


def test_who_cancels_a_graph_cancels_its_nodes_in_the_pool(pool, ask, until, scan):
    name = f"unwanted-{uuid.uuid4().hex[:8]}"
    graph = Later(lambda: run_graph("puppet-diamond", graph_inputs(scan, MASK.format(voxels=[1] * 8)), name=name))
    runs = until(lambda: len(found := scheduled(ask, pool)) == 2 and found)
    assert {run.name for run in runs} == {"top", "apart"}  # the others need what is not there yet
    called = FlowRunFilter(name=FlowRunFilterName(any_=[name]))
    (own,) = ask(lambda client: client.read_flow_runs(flow_run_filter=called))
    ask(lambda client: client.set_flow_run_state(own.id, Cancelling()))
    graph.join(30)
    assert isinstance(graph.error, CancelledRun), graph.error
    for run in runs:
        assert ask(lambda client, run=run: client.read_flow_run(run.id)).state.is_cancelled()


@pytest.fixture
def placed_by(ask, pool):
    """Where the run of a job was placed, and what it is called."""

    def placed_by(job) -> tuple[str, str]:
        run = ask(lambda client: client.read_flow_run(job.flow_run_id))
        return run.work_pool_name, run.name

    return placed_by


@pytest.mark.soak
def test_a_worker_runs_the_nodes_of_graphs_and_all_of_an_evaluation(pool, ask, scan, tmp_path, placed_by):
    ask(lambda client: ensure_pool(client, pool))
    with a_worker(pool, tmp_path / "log", PREFECT_API_URL=ensure_server(), COMPONENT_FLOWS_PLACE_JOBS=None):
        graph = run_graph("puppet-diamond", graph_inputs(scan, MASK.format(voxels=[1] * 8)))
        assert {node: placed_by(job) for node, job in graph.jobs.items()} == {
            "top": (pool, "top"),
            "apart": (pool, "apart"),
            # They are the same work, which the one does that came first.
            **dict.fromkeys(["left", "right"], placed_by(graph.jobs["left"])),
        }
        assert placed_by(graph.jobs["left"]) in {(pool, "left"), (pool, "right")}
        assert graph.outputs["left"].value == {"seen": 1}
        # What one node gave, wherever that was, is what the next one was given.
        assert graph.jobs["left"].inputs["scan"].sha256 == graph.outputs["mask"].sha256

        with pytest.raises(GraphFailed, match="the node 'top' failed: too dark") as caught:
            run_graph("puppet-diamond", graph_inputs(scan, "raise SystemExit('too dark')"))
        failed = caught.value.run
        assert (placed_by(failed.jobs["top"]), set(failed.left_out)) == ((pool, "top"), {"left", "right"})
        assert failed.jobs["apart"].status is JobStatus.SUCCESS  # it needs nothing of what failed

        phase = write_phase(tmp_path / "phase", f"Placed {pool}")
        answers = {name: REPORT.format(report=f"{{'answer': {TRUTH[name]}}}") for name in "ac"}
        scripts = {**answers, "b": "raise SystemExit('no lesion found')"}
        cases = [{"case": name, "script": f"# {name}\n{script}\n# {pool}"} for name, script in scripts.items()]
        done = evaluate(phase, "puppet-report", cases, {"tolerance": 1}, failed_cases="score")
        assert done.failed == {"b": "no lesion found"}
        assert set(done.metrics["missing"]) == set("bdef")
        assert {name: placed_by(job) for name, job in done.jobs.items()} == {name: (pool, name) for name in "abc"}
        assert placed_by(done.job) == (pool, "evaluation")
        assert done.rank == 1
