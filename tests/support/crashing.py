"""Dying at a chosen moment of a job's life.

Every write to the database, every request to the engine and every step on the disk is a crossing; a job has about
seventy. The program forks a child for each crossing that is asked for: the child runs a job and is killed right there.

Usage: crashing.py PART PARTS

It lists the names of all crossings, and then dies at every PARTS-th of them from PART on. The job that dies at the n-th
is called `crash n`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

import requests

import tasks.chain
import tasks.holding
import tasks.records
from flows.component_job import run_component
from interfaces.storage.file_store import FileStore
from interfaces.storage.job_folder import JobFolder

SCRIPT = "import json; json.dump({'fine': True}, open('/output/report.json', 'w'))"


class Crossings:
    """Counts what is passed, and does something at one of them."""

    def __init__(self, at: int | None, act: Callable[[], None]) -> None:
        self.names: list[str] = []
        self._at, self._act = at, act

    def passes(self, name: str) -> None:
        self.names.append(name)
        if self._at == len(self.names) - 1:
            self._act()

    def around(self, owner: Any, method: str, name_of: Callable[..., str | None]) -> None:
        """Pass before and after each call of a method."""
        real = getattr(owner, method)

        def watched(*args: Any, **kwargs: Any) -> Any:
            name = name_of(*args, **kwargs)
            if name is None:
                return real(*args, **kwargs)
            self.passes(f"before {name}")
            result = real(*args, **kwargs)
            self.passes(f"after {name}")
            return result

        setattr(owner, method, watched)


def _request(_session: Any, request: Any, **_: Any) -> str | None:
    if not request.url.startswith("http+docker"):
        return None
    path = request.url.partition("/v1.")[2].partition("/")[2].partition("?")[0]
    parts = [part for part in path.split("/") if len(part) < 20 and not part.startswith("component-flows-")]
    return f"{request.method} {'/'.join(parts)}"


def watch(crossings: Crossings) -> None:
    """Count what a job passes."""
    crossings.around(requests.Session, "send", _request)
    crossings.around(tasks.records, "save_job", lambda _, job: f"save {job.status.name}")
    crossings.around(FileStore, "put", lambda *_, **__: "store")
    crossings.around(JobFolder, "create", lambda *_: "folder")
    crossings.around(JobFolder, "remove", lambda *_: "folder removed")
    crossings.around(tasks.chain, "claim", lambda *_: "claim")
    crossings.around(tasks.chain, "complete", lambda *_: "complete")
    crossings.around(tasks.holding, "release", lambda *_: "release")


def run(name: str) -> None:
    """One job, with what follows it in either case."""
    follow = {"task": "followers:note_the_job_in_a_task"}
    run_component("puppet-report", {"script": SCRIPT}, name=name, task_on_success=follow, task_on_failure=follow)


def _report_and_die(write: int, crossings: Crossings) -> None:
    os.write(write, json.dumps(crossings.names).encode())
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)  # the signal comes at once, but to the process, not to this thread


def _in_child(at: int | None) -> list[str]:
    """Fork, run a job and die at that crossing (None: not at all); the names of the crossings up to there."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        crossings = Crossings(at, lambda: _report_and_die(write, crossings))
        watch(crossings)
        try:
            run(f"crash {at}")
        except BaseException:
            traceback.print_exc()
        os.write(write, json.dumps(crossings.names).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as lines:
        names = json.loads(lines.read() or "[]")
    os.waitpid(child, 0)
    return list(names)


def main(part: int, parts: int) -> None:
    names = _in_child(None)
    print(json.dumps(names), flush=True)
    for at in range(part, len(names), parts):
        _in_child(at)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
