"""A result that is known before its run has ended."""

from __future__ import annotations

import asyncio
import logging

import pytest
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext

from flows import early
from flows.calling import component_flow, give_early
from flows.early import end_soon, first_known, log_failure

pytestmark = pytest.mark.usefixtures("home")


class Record:
    """Something that is handed on."""


@component_flow(name="slow-to-end")
async def slow_to_end(may_end: asyncio.Event) -> Record:
    """Give a record, and end later."""
    record = Record()
    give_early(record)
    await may_end.wait()
    return record


@component_flow(name="takes")
async def takes(record: Record) -> str:
    """Take a record; gives its run."""
    give_early("nobody asked for it")
    return str(FlowRunContext.get().flow_run.id)


def test_a_result_is_handed_on_while_its_run_goes_on_and_the_edge_is_drawn():
    @component_flow(name="early")
    async def around():
        may_end = asyncio.Event()
        record, run = await first_known(lambda tell: slow_to_end.telling(tell).aio(may_end))
        assert not run.done()
        taker = await takes.aio(record)
        async with get_client() as client:
            took = await client.read_flow_run(taker)
            inputs = (await client.read_task_run(took.parent_task_run_id)).task_inputs
            giver = next(entry.id for entry in inputs["wait_for"] if hasattr(entry, "id"))
            [making] = [one for one in await client.read_flow_runs() if one.parent_task_run_id == giver]
            assert making.state.is_running()
            may_end.set()
            assert await run is record
            assert (await client.read_flow_run(making.id)).state.is_completed()

    around()


def test_a_run_that_says_nothing_early_is_waited_for():
    async def run(tell):
        await asyncio.sleep(0)
        return 3

    assert asyncio.run(first_known(run)) == (3, None)


def test_what_fails_before_its_result_is_known_raises():
    async def run(tell):
        raise ValueError("too dark")

    with pytest.raises(ValueError, match="too dark"):
        asyncio.run(first_known(run))


def test_a_cancellation_waits_until_the_run_has_tidied_up():
    tidied = []

    async def run(tell):
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.05)
            tidied.append(True)

    async def cancelled():
        asked = asyncio.ensure_future(first_known(run))
        await asyncio.sleep(0.01)
        asked.cancel()
        await asyncio.sleep(0.01)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked

    asyncio.run(cancelled())
    assert tidied == [True]


def test_runs_that_do_not_end_are_given_some_time_and_no_more(monkeypatch):
    monkeypatch.setattr(early, "ENDING_PATIENCE_S", 0.2)
    ended = []

    async def run(seconds):
        await asyncio.sleep(seconds)
        ended.append(seconds)

    async def together():
        runs = {asyncio.ensure_future(run(seconds)) for seconds in (0.05, 60)}
        await end_soon(runs)
        return sorted(one.cancelled() for one in runs)

    assert asyncio.run(together()) == [False, True]
    assert ended == [0.05]


def test_what_a_run_meets_after_its_result_is_logged_and_changes_nothing(caplog):
    async def run(tell):
        tell(3)
        await asyncio.sleep(0.01)
        raise ValueError("the server went away")

    async def known():
        result, ending = await first_known(run)
        await asyncio.wait([ending])
        log_failure(ending)
        return result

    with caplog.at_level(logging.ERROR):
        assert asyncio.run(known()) == 3
    assert "did not come to its end: the server went away" in caplog.text
