"""Task runs that begin as they are made, with few events and without a look into what they are given."""

from __future__ import annotations

from typing import Any

from prefect import Task
from prefect.client.schemas.objects import State
from prefect.context import AsyncClientContext
from prefect.task_engine import run_task_async
from prefect.utilities.annotations import opaque
from prefect.utilities.callables import get_call_parameters


async def begun(step: Task[..., Any], *args: Any, return_state: bool = False) -> Any:
    """Run a task now, as a call of it does, but for two things.

    It makes no event for being pending, which a run that begins at once never is: each event is received, recorded and
    kept by the server, and costs it some milliseconds. And Prefect takes note of the arguments as they are: else it
    would visit every field of a job, its outputs' JSON and its metrics included, several times.

    Args:
        step: A task with an asynchronous body.
        *args: What it takes.
        return_state: Whether to give the final state in place of the result, and to raise nothing.
    """
    parameters = get_call_parameters(step.fn, tuple(map(opaque, args)), {})
    async with AsyncClientContext.get_or_create():
        run = await step.create_local_run(parameters=parameters)
        done: State[Any] | Any = await run_task_async(
            step, task_run=run, parameters=parameters, return_type="state" if return_state else "result"
        )
    return done
