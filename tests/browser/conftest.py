"""A browser at the tests' Prefect server, a worker that takes runs, and pictures for the documentation."""

from __future__ import annotations

import os
import runpy
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from browser import EXAMPLE, ROOT, Visit, need_browser, visiting
from playwright.sync_api import Page

POOL = "browser"
"""A pool of these tests alone, so that their worker takes no run of others."""


@pytest.fixture
def browser_program() -> str:
    """The browser; the test is skipped at once where there is none."""
    return need_browser()


@pytest.fixture
def inputs(home: Path) -> Path:
    """The folder that runs from the UI may read."""
    folder = home / "inputs"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def brain(inputs: Path) -> tuple[Path, Path]:
    """The example's MR image and its reference, where runs from the UI may read."""
    data = runpy.run_path(str(EXAMPLE / "data.py"))
    return Path(shutil.copy(data["t1_image"](), inputs / "t1-brain.nii.gz")), data["reference_segmentation"](inputs)


@pytest.fixture
def deployed(browser_program: str, home: Path) -> Callable[..., None]:
    """Register definitions and deploy one: `deployed(FOLDER, "name")`, with what `deploy` takes besides."""

    def deployed(folder: Path, name: str, **options: Any) -> None:
        from flows import register
        from flows.deployments import deploy

        register(folder)
        deploy([name], pool=POOL, **options)

    return deployed


@pytest.fixture
def worker(browser_program: str, home: Path) -> Iterator[Callable[[], None]]:
    """Start a worker, a program of its own, that takes the runs of these tests: `worker()`."""
    from flows.server import start

    started: list[subprocess.Popen[bytes]] = []

    def begin() -> None:
        command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--install-policy", "never"]
        environment = os.environ | {
            "PREFECT_API_URL": start(),
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            # A log line may wait so long, in seconds, before it is sent: it has to be seen while the run goes on.
            "PREFECT_LOGGING_TO_API_BATCH_INTERVAL": "0.5",
        }
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
    """Open a page of the UI: `visit("/deployments")`; the test fails if a page asks another machine.

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
    assert [url for each in visits for url in each.elsewhere] == []
