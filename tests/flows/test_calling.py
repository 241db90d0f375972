"""Calling the public flows from wherever a person is."""

from __future__ import annotations

import asyncio
import gc
import signal
from contextvars import ContextVar

import cloudpickle
import pytest
from prefect import flow, task
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.exceptions import ObjectNotFound, ParameterTypeError

import flows as public
from flows.calling import CallableFlow, component_flow
from flows.server import ensure_server
from flows.server_settings import client_settings
from interfaces.job_status import JobStatus

pytestmark = pytest.mark.usefixtures("home")


class Record:
    """Something that is handed on; its fields are shared by all, as a status is."""

    def __init__(self, number: int) -> None:
        self.number, self.status, self.text = number, JobStatus.SUCCESS, ""
        self.parts = {"part": Part()}


class Part:
    """Something deeper in it."""


@component_flow(name="make", hands_on=lambda record: record.parts.values())
async def make(number: int, given: object = None) -> Record:
    """Make a record."""
    await asyncio.sleep(0)
    return Record(number)


@component_flow(name="fail")
async def fail() -> None:
    """Fail."""
    raise ValueError("too dark")


def call_api(read):
    async def run():
        async with get_client() as client:
            return await read(client)

    with client_settings(ensure_server()):
        return asyncio.run(run())


def sources_of(run_id) -> set:
    async def read(client):
        child = await client.read_flow_run(run_id)
        tracking = await client.read_task_run(child.parent_task_run_id)
        return {entry.id for entries in tracking.task_inputs.values() for entry in entries if hasattr(entry, "id")}

    return call_api(read)


def tracking_task_of(run_id):
    async def read(client):
        return (await client.read_flow_run(run_id)).parent_task_run_id

    return call_api(read)


def test_a_plain_call_gives_the_result():
    assert make(3).number == 3


def test_a_call_in_a_running_loop_gives_the_result():
    async def notebook():
        return make(3)

    assert asyncio.run(notebook()).number == 3


def test_the_async_twin_gives_the_result():
    assert asyncio.run(make.aio(3)).number == 3


def test_a_failure_is_raised_as_it_is():
    with pytest.raises(ValueError, match="too dark"):
        fail()


def test_a_state_is_given_if_it_is_asked_for():
    assert make(3, return_state=True).type == StateType.COMPLETED
    assert fail(return_state=True).type == StateType.FAILED


def test_wrong_arguments_are_refused():
    with pytest.raises(TypeError):
        make(3, unknown=1)


def test_it_is_a_sub_flow_in_a_sync_flow_an_async_flow_and_a_task():
    @task
    def in_a_task():
        return make(1, return_state=True)

    @flow
    def sync_flow():
        return [make(1, return_state=True), in_a_task()]

    @flow
    async def async_flow():
        return [make(1, return_state=True), await make.aio(1, return_state=True)]

    with client_settings(ensure_server()):
        states = [*sync_flow(), *asyncio.run(async_flow())]
    for state in states:
        assert tracking_task_of(state.state_details.flow_run_id) is not None


def test_edges_come_from_what_is_handed_on_and_from_nothing_else():
    @component_flow(name="diamond")
    async def diamond():
        states = {}

        async def node(name, number, given=None):
            states[name] = await make.aio(number, given, return_state=True)
            return await states[name].aresult()

        top = await node("top", 1)
        left, right = await asyncio.gather(node("left", 2, {"in": top.parts["part"]}), node("right", 3, [top]))
        await node("bottom", 4, (left.parts["part"], right))
        await node("apart", 5, {"status": JobStatus.SUCCESS, "text": "", "number": 2})
        gc.collect()
        return {name: state.state_details.flow_run_id for name, state in states.items()}

    runs = diamond()
    tracking = {name: tracking_task_of(run) for name, run in runs.items()}
    assert sources_of(runs["left"]) == sources_of(runs["right"]) == {tracking["top"]}
    assert sources_of(runs["bottom"]) == {tracking["left"], tracking["right"]}
    assert sources_of(runs["apart"]) == set()


def test_a_reference_in_a_value_is_no_block_of_prefect():
    @component_flow(name="echo")
    async def echo(value: dict) -> dict:
        return value

    assert echo({"$ref": "#/definitions/point"}) == {"$ref": "#/definitions/point"}


def test_a_long_parameter_is_handed_over_whole_and_only_named_in_the_ui():
    @component_flow(name="measure")
    async def measure(values: list) -> int:
        return len(values)

    state = measure(list(range(200_000)), return_state=True)
    assert state.result() == 200_000

    async def read(client):
        return (await client.read_flow_run(state.state_details.flow_run_id)).parameters

    assert call_api(read)["values"].startswith("<list of ")


def test_it_stays_what_it_is_with_other_options():
    other = make.with_options(name="other")
    assert isinstance(other, CallableFlow)
    assert other.name == "other"
    assert other(7).number == 7


def test_a_function_that_is_not_asynchronous_is_refused():
    with pytest.raises(TypeError, match="plain must be an 'async def' function"):

        @component_flow()
        def plain():
            pass


def test_context_variables_of_the_caller_reach_the_body():
    word = ContextVar("word", default="nobody's")

    @component_flow(name="look")
    async def look() -> str:
        return word.get()

    async def cell():
        word.set("the cell's")
        return look(), await look.aio()

    word.set("the script's")
    assert look() == "the script's"
    assert asyncio.run(cell()) == ("the cell's", "the cell's")
    assert word.get() == "the script's"


def test_an_edge_can_be_named_where_identity_is_lost():
    @component_flow(name="reread")
    async def reread():
        first = await make.aio(1)
        state = await make.after(first).aio(2, "read anew", return_state=True)
        return state.state_details.flow_run_id

    assert len(sources_of(reread())) == 1


def test_the_result_of_a_submitted_task_is_resolved():
    @task
    def answer():
        return 42

    @flow
    def someones_own():
        return make(answer.submit()).number

    with client_settings(ensure_server()):
        assert someones_own() == 42


def test_parameters_are_converted_and_wrong_ones_refused():
    assert make("3").number == 3
    with pytest.raises(ParameterTypeError, match="number"):
        make("three")


def test_a_time_limit_of_a_surrounding_flow_ends_the_call():
    ended = []

    @component_flow(name="endless")
    async def endless() -> None:
        try:
            await asyncio.sleep(100)
        finally:
            await asyncio.sleep(0.1)
            ended.append(True)

    @flow(timeout_seconds=1)
    def hurried():
        endless()

    with client_settings(ensure_server()), pytest.raises(TimeoutError):
        hurried()
    assert ended == [True]


def test_a_task_that_is_being_cancelled_can_still_call_it():
    async def cell():
        try:
            await asyncio.sleep(100)
        finally:
            found.append(make(3).number)

    async def notebook():
        running = asyncio.create_task(cell())
        await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    found = []
    asyncio.run(notebook())
    assert found == [3]


SERVED = """
from flows.calling import component_flow

@component_flow(name="served")
async def served(number: int) -> int:
    return await twice.aio(number) + 1

@component_flow(name="twice")
async def twice(number: int) -> int:
    return 2 * number

if __name__ == "__main__":
    served.serve(name="here")
"""


def test_a_served_deployment_runs_it(script, until, ask):
    process = script(SERVED, whole=True, PREFECT_RUNNER_POLL_FREQUENCY="1")

    def deployment():
        try:
            return ask(lambda client: client.read_deployment_by_name("served/here"))
        except ObjectNotFound:
            assert process.poll() is None, process.communicate()
            return None

    found = until(deployment)
    assert set(found.parameter_openapi_schema["properties"]) == {"number"}
    run = ask(lambda client: client.create_flow_run_from_deployment(found.id, parameters={"number": 20}))
    done = until(lambda: (now := ask(lambda client: client.read_flow_run(run.id))).state.is_final() and now)
    assert done.state.type == StateType.COMPLETED, done.state
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)


def test_every_flow_can_be_pickled_as_serving_one_does():
    flows = [getattr(public, name) for name in public.__all__ if isinstance(getattr(public, name), CallableFlow)]
    assert len(flows) >= 5
    for one in flows:
        assert cloudpickle.dumps(one)
