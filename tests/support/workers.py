"""Prefect's own worker as a program beside the test, and what it and others have started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextmanager
def a_worker(pool: str, log: Path, *, limit: int = 4, **environment: str | None) -> Iterator[subprocess.Popen[bytes]]:
    """A worker that takes the runs of a work pool until the end; its runs end with it.

    Args:
        pool: The pool.
        log: The file that it writes to.
        limit: Most runs at a time.
        **environment: Variables beside those of the tests; None: it has none of that name.
    """
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", pool, "--limit", str(limit)]
    known = {**os.environ, "PREFECT_WORKER_QUERY_SECONDS": "1", "PYTHONPATH": str(ROOT), **environment}
    with log.open("ab") as output:
        worker = subprocess.Popen(
            [*command, "--install-policy", "never"],
            env={name: value for name, value in known.items() if value is not None},
            stdout=output,
            stderr=output,
            cwd=ROOT,
            start_new_session=True,
        )
    try:
        yield worker
    finally:
        with suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


def kill(pids: list[int]) -> None:
    """End processes at once, as the kernel does where memory is short."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def guardians(home: Path) -> list[int]:
    """The processes that guard the jobs of a site."""
    return _processes(f"COMPONENT_FLOWS_HOME={home}", command="flows.guardian")


def processes_of(flow_run_id: object) -> list[int]:
    """The processes that a worker has started for a run."""
    return _processes(f"PREFECT__FLOW_RUN_ID={flow_run_id}")


def _processes(variable: str, *, command: str = "") -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            has_variable = variable.encode() in (folder / "environ").read_bytes().split(b"\0")
            if has_variable and command.encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found
