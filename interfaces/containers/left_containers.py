"""Containers that nobody watches any more, since the process that ran them has died.

The SDK's client comes in as an argument.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import requests

from interfaces.containers.engine_errors import engine_errors, status_of
from interfaces.containers.engine_facts import engine_time
from interfaces.containers.records import ContainerResult, OnOutput, StreamName

_STREAMS: tuple[StreamName, ...] = ("stdout", "stderr")
_STOP_PATIENCE_S = 30.0


def settle(api: Any, container: str, *, grace_s: float, on_output: OnOutput) -> ContainerResult | None:
    """Bring a container to its end and say what became of it; it is not removed.

    Args:
        api: The SDK's client.
        container: Its id or name.
        grace_s: Between SIGTERM and SIGKILL, if it still runs.
        on_output: Called with what the engine kept of its output, stdout first.

    Returns:
        Its result, `stopped` where it had to be stopped; None where there is no such container, or it never started.
    """
    with engine_errors("look at a container that was left behind"):
        try:
            state = api.inspect_container(container)["State"]
        except requests.HTTPError as error:
            if status_of(error) == 404:
                return None
            raise
        stopped = bool(state["Running"])
        if stopped:
            api.stop(container, timeout=int(grace_s))
            api.wait(container, timeout=_STOP_PATIENCE_S)
            state = api.inspect_container(container)["State"]
        if engine_time(state["StartedAt"]).year <= 1:
            return None
        for stream, data in _kept_output(api, container):
            on_output(stream, data)
    oom_killed = bool(state.get("OOMKilled"))
    return ContainerResult(
        exit_code=state["ExitCode"],
        started_at=engine_time(state["StartedAt"]),
        finished_at=engine_time(state["FinishedAt"]),
        oom_killed=oom_killed,
        oom_events=int(oom_killed),
        stopped=stopped,
        interrupted=True,
        output_complete=False,
        error=state.get("Error") or "",
    )


def _kept_output(api: Any, container: str) -> Iterator[tuple[StreamName, bytes]]:
    for stream in _STREAMS:
        wanted = {one: one == stream for one in _STREAMS}
        for data in api.logs(container, stream=True, follow=False, **wanted):
            yield stream, data
