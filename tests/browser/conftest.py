"""A browser at the tests' Prefect server, a worker that takes runs, and pictures for the documentation."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from browser import Visit, need_browser, visiting
from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]
POOL = "browser"
"""A pool of these tests alone, so that their worker takes no run of others."""


@pytest.fixture
def browser_program() -> str:
    """The browser; the test is skipped at once where there is none."""
    return need_browser()


@pytest.fixture
def deployed(browser_program: str, home: Path) -> Callable[..., None]:
    """Register definitions and deploy them: `deployed(FOLDER, "name", ...)`."""

    def deployed(folder: Path, *names: str) -> None:
        from flows import register
        from flows.deployments import deploy

        register(folder)
        deploy(list(names), pool=POOL)

    return deployed


@pytest.fixture
def worker(browser_program: str, home: Path) -> Iterator[Callable[[], None]]:
    """Start a worker, a program of its own, that takes the runs of these tests: `worker()`."""
    from flows.server import start

    started: list[subprocess.Popen[bytes]] = []

    def begin() -> None:
        command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--install-policy", "never"]
        environment = os.environ | {"PREFECT_API_URL": start(), "PREFECT_WORKER_QUERY_SECONDS": "1"}
        with (home / "worker.log").open("ab") as log:
            started.append(
                subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=ROOT, start_new_session=True)
            )

    yield begin
    for process in started:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def visit(browser_program: str, home: Path, tmp_path: Path) -> Iterator[Callable[[str], Page]]:
    """Open a page of the UI: `visit("/deployments")`; the test fails if a page fails, or asks another machine.

    From then on nothing of the test's own may run an event loop: Playwright has one in this thread.
    """
    from flows.server import ui_url

    visits: list[Visit] = []
    with ExitStack() as opened:

        def visit(path: str) -> Page:
            visits.append(opened.enter_context(visiting(tmp_path / "last.png")))
            visits[-1].page.goto(f"{ui_url()}{path}")
            return visits[-1].page

        yield visit
    assert [(each.errors, each.elsewhere) for each in visits if each.errors or each.elsewhere] == []
