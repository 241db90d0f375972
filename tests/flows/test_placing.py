"""Jobs of graphs and batches as runs of their own in a work pool."""

from __future__ import annotations

import asyncio
import threading
import uuid
from typing import Any

import pytest
from prefect.exceptions import CancelledRun
from programs import Program
from puppet_scripts import REPORT

from flows import run_batch
from flows.placing import place_component
from flows.server import ensure_server
from flows.server_settings import client_settings
from interfaces.errors import ComponentException
from interfaces.settings import get_settings

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
