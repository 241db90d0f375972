"""What ends a call from outside: Ctrl-C, SIGTERM, and a cancellation in the Prefect UI."""

from __future__ import annotations

import asyncio
import signal
import threading
import time

import anyio
import pytest
from prefect.client.schemas.filters import FlowFilter, FlowFilterName
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import CancelledRun
from prefect.states import Cancelling

from flows.calling import component_flow

pytestmark = pytest.mark.usefixtures("home")

SLEEPER = """
import asyncio, sys, threading
from pathlib import Path
import anyio
from prefect import flow
from flows.calling import component_flow

notes = Path(sys.argv[1])

@component_flow(name="sleeper")
async def sleeper():
    stop = threading.Event()
    try:
        (notes / "began").touch()
        await anyio.to_thread.run_sync(stop.wait, abandon_on_cancel=True)
    finally:
        await asyncio.sleep(0.3)
        stop.set()
        (notes / "ended").write_text("in its finally block")

"""
CALLS = {
    "plainly": "sleeper()",
    "in a running loop": "async def cell(): sleeper()\nasyncio.run(cell())",
    "awaited": "asyncio.run(sleeper.aio())",
    "in a sync flow": "@flow\ndef own(): sleeper()\nown()",
    "in an async flow": "@flow\nasync def own(): await sleeper.aio()\nasyncio.run(own())",
}


def runs_of(ask, name: str) -> list:
    return ask(
        lambda client: client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=[name])), sort=FlowRunSort.START_TIME_DESC
        )
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_an_interrupted_script_runs_its_finally_blocks_to_their_end(script, until, ask, tmp_path, call, number):
    from flows.server import ensure_server

    process = script(SLEEPER + call, tmp_path, PREFECT_API_URL=ensure_server())
    until((tmp_path / "began").exists)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert (tmp_path / "ended").read_text() == "in its finally block"
    assert process.returncode != 0
    if number == signal.SIGINT:
        assert errors.rstrip().endswith("KeyboardInterrupt")
    state = runs_of(ask, "sleeper")[0].state
    assert state.type == StateType.CRASHED, state


def test_a_second_ctrl_c_does_not_wait(script, until, tmp_path):
    patient = SLEEPER.replace("asyncio.sleep(0.3)", "asyncio.sleep(100)")
    process = script(patient + "sleeper()", tmp_path)
    until((tmp_path / "began").exists)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert not (tmp_path / "ended").exists()


def test_a_script_that_handles_sigterm_itself_is_left_to_it(script, until, tmp_path):
    own = "import signal\ndef own(*_): raise LookupError('my own way')\nsignal.signal(signal.SIGTERM, own)\n"
    process = script(SLEEPER + own + "sleeper()", tmp_path)
    until((tmp_path / "began").exists)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert (tmp_path / "ended").exists()
    assert errors.rstrip().endswith("LookupError: my own way")


class Stage:
    """Flows that wait until they are cancelled, and what became of them."""

    def __init__(self, name: str) -> None:
        self.name, self.ended, self.began = name, [], threading.Event()

        @component_flow(name=name)
        async def waiting(label: str = "alone") -> str:
            try:
                self.began.set()
                await anyio.to_thread.run_sync(threading.Event().wait, abandon_on_cancel=True)
            finally:
                await asyncio.sleep(0.2)
                self.ended.append(label)
            return label

        @component_flow(name=f"parent-of-{name}")
        async def parent() -> list:
            results = await asyncio.gather(waiting.aio("one"), waiting.aio("two"), return_exceptions=True)
            return [type(result).__name__ for result in results]

        self.waiting, self.parent = waiting, parent


def cancelled_meanwhile(ask, until, call, name: str):
    """Call it in a thread, cancel the newest run of that name through the API, and give what came of the call."""
    outcome = []

    def calling():
        try:
            outcome.append(call())
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=calling)
    thread.start()
    running = until(lambda: [run for run in runs_of(ask, name) if run.state.type == StateType.RUNNING])
    ask(lambda client: client.set_flow_run_state(running[0].id, Cancelling(), force=False))
    thread.join(60)
    assert not thread.is_alive()
    return outcome[0], ask(lambda client: client.read_flow_run(running[0].id)).state


def test_a_run_that_is_cancelled_in_the_ui_ends_as_cancelled(ask, until):
    stage = Stage("cancelled-alone")
    outcome, state = cancelled_meanwhile(ask, until, stage.waiting, "cancelled-alone")
    assert isinstance(outcome, CancelledRun)
    assert state.type == StateType.CANCELLED
    assert stage.ended == ["alone"]


def test_its_state_is_given_if_it_is_asked_for(ask, until):
    stage = Stage("cancelled-state")
    outcome, _ = cancelled_meanwhile(ask, until, lambda: stage.waiting(return_state=True), "cancelled-state")
    assert outcome.type == StateType.CANCELLED


def test_what_the_body_makes_of_it_does_not_change_how_it_ended(ask, until):
    @component_flow(name="cancelled-stubborn")
    async def stubborn():
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            raise ValueError("something else") from None

    outcome, state = cancelled_meanwhile(ask, until, stubborn, "cancelled-stubborn")
    assert isinstance(outcome, CancelledRun)
    assert state.type == StateType.CANCELLED


def test_the_parts_of_a_cancelled_run_end_with_it(ask, until):
    stage = Stage("cancelled-part")
    outcome, state = cancelled_meanwhile(ask, until, stage.parent, "parent-of-cancelled-part")
    assert isinstance(outcome, CancelledRun)
    assert state.type == StateType.CANCELLED
    assert sorted(stage.ended) == ["one", "two"]
    assert {run.state.type for run in runs_of(ask, "cancelled-part")} == {StateType.CANCELLED}


def test_a_cancelled_part_leaves_the_others_and_the_whole_alone(ask, until):
    stage = Stage("cancelled-one")

    @component_flow(name="cancelled-other")
    async def other() -> str:
        while not stage.ended:
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.5)
        return "done"

    @component_flow(name="whole")
    async def whole() -> list:
        results = await asyncio.gather(stage.waiting.aio(), other.aio(), return_exceptions=True)
        return [result if isinstance(result, str) else type(result).__name__ for result in results]

    outcome, state = cancelled_meanwhile(ask, until, whole, "cancelled-one")
    assert outcome == ["CancelledRun", "done"]
    assert state.type == StateType.CANCELLED
    assert runs_of(ask, "cancelled-other")[0].state.type == StateType.COMPLETED
    assert runs_of(ask, "whole")[0].state.type == StateType.COMPLETED


def test_the_callers_own_task_goes_on_after_a_cancelled_run(ask, until):
    stage = Stage("cancelled-awaited")

    async def cell():
        with pytest.raises(CancelledRun):
            await stage.waiting.aio()
        await asyncio.sleep(0)
        return asyncio.current_task().cancelling()

    outcome, _ = cancelled_meanwhile(ask, until, lambda: asyncio.run(cell()), "cancelled-awaited")
    assert outcome == 0


def test_nothing_of_a_run_is_lost_when_its_script_ends(script, ask):
    code = """
from prefect import task
from prefect.logging import get_run_logger
from flows.calling import component_flow

@task
def step(): get_run_logger().info("the last word")

@component_flow(name="brief")
async def brief(): step()

brief()
"""
    process = script(code, whole=True)  # the interpreter's own end is what this is about
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert "Error" not in errors
    run = runs_of(ask, "brief")[0]
    assert run.state.type == StateType.COMPLETED

    async def look(client):
        from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId, LogFilter, LogFilterFlowRunId
        from prefect.client.schemas.sorting import TaskRunSort

        steps = await client.read_task_runs(
            flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[run.id])), sort=TaskRunSort.ID_DESC, limit=10
        )
        logs = await client.read_logs(log_filter=LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run.id])))
        return [step.state.type for step in steps], [log.message for log in logs]

    deadline = time.monotonic() + 20  # the server stores them from the background
    while (found := ask(look))[0] != [StateType.COMPLETED] and time.monotonic() < deadline:
        time.sleep(0.3)
    assert found[0] == [StateType.COMPLETED]
    assert "the last word" in found[1]
