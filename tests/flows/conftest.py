"""Looking at Prefect from the outside, and scripts of one's own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from interfaces.site import Site
from programs import Program


@pytest.fixture
def ask(home: Path) -> Callable[[Callable[[Any], Awaitable[Any]]], Any]:
    """Ask the API of the tests' server: `ask(lambda client: client.read_flow_run(...))`."""
    from prefect.client.orchestration import get_client

    from flows.server import ensure_server
    from flows.server_settings import client_settings

    def ask(question: Callable[[Any], Awaitable[Any]]) -> Any:
        async def asking() -> Any:
            async with get_client() as client:
                return await question(client)

        with client_settings(ensure_server()):
            return asyncio.run(asking())

    return ask


@pytest.fixture
def site(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site of its own, without jobs, that shares the tests' server."""
    from flows.server import ensure_server
    from interfaces.settings import get_settings
    from interfaces.site import get_site

    monkeypatch.setenv("PREFECT_API_URL", ensure_server())
    monkeypatch.setenv("COMPONENT_FLOWS_HOME", str(tmp_path / "home"))
    get_settings.cache_clear()
    yield get_site()
    get_site().database.close()
    get_settings.cache_clear()


@pytest.fixture
def until() -> Callable[..., Any]:
    """Wait until something comes true, and give it."""

    def until(condition: Callable[[], Any], seconds: float = 60) -> Any:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := condition():
                return found
            time.sleep(0.1)
        raise AssertionError(f"it did not come true within {seconds} s")

    return until


@pytest.fixture
def script(home: Path, tmp_path: Path):
    """Start a script of somebody's own, as a program of its own; `whole`: with an interpreter of its own, too."""
    started: list[Program | subprocess.Popen[str]] = []

    def start(code: str, *arguments: object, whole: bool = False, **environment: str) -> Any:
        file = tmp_path / "script.py"
        file.write_text(code)
        process: Program | subprocess.Popen[str]
        if whole:
            command = [sys.executable, str(file), *map(str, arguments)]
            pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
            process = subprocess.Popen(
                command, cwd=tmp_path, env={**os.environ, **environment}, start_new_session=True, **pipes
            )
        else:
            process = Program("file", str(file), *arguments, cwd=tmp_path, **environment)
        started.append(process)
        return process

    yield start
    for process in started:
        # With what it has started, which would keep its output open.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Set limits of the site for one test: `limits(processes=16)`."""
    from interfaces.settings import get_settings

    def set_limits(**values: int) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"COMPONENT_FLOWS_LIMITS__{name.upper()}", str(value))
        get_settings.cache_clear()

    yield set_limits
    monkeypatch.undo()
    get_settings.cache_clear()


@pytest.fixture
def in_bounded_time(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that takes longer than anything hostile may hold it up."""
    start = time.monotonic()
    yield
    assert time.monotonic() - start < (900 if request.node.get_closest_marker("soak") else 120)
