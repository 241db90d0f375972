"""Dying at a chosen moment of a job's life.

Every write to the database, every request to the engine and every step on the disk is a crossing; a job has about
seventy. The program forks a child for each crossing that is asked for: the child runs a job and is killed right there.

Usage: crashing.py PART PARTS [engine|server]

It prints the names of all crossings, and then dies at every PARTS-th of them from PART on. The job that dies at the
n-th is called `crash n`, and n is printed with the crossings that it has passed. With `engine` or `server` it is that
which is killed there: the engine, whose folder CRASH_ENGINE names, comes back a second later; the local Prefect server
does not come back by itself.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
from own_engine import OwnEngine

import tasks.chain
import tasks.holding
import tasks.records
from flows.component_job import run_component
from interfaces.site import get_site
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
    component = os.environ.get("CRASH_COMPONENT", "puppet-report")
    run_component(component, {"script": SCRIPT}, name=name, task_on_success=follow, task_on_failure=follow)


def _die(report: Callable[[], None]) -> None:
    report()
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)  # the signal comes at once, but to the process, not to this thread


def _kill_engine(_: Callable[[], None]) -> None:
    engine = OwnEngine(Path(os.environ["CRASH_ENGINE"]))
    engine.kill()
    threading.Timer(1, engine.start).start()


def _kill_server(_: Callable[[], None]) -> None:
    state = get_site().home / "server" / "server.json"
    os.killpg(json.loads(state.read_text())["pid"], signal.SIGKILL)


ACTS: dict[str, Callable[[Callable[[], None]], None]] = {
    "process": _die,
    "engine": _kill_engine,
    "server": _kill_server,
}


def _in_child(at: int | None, act: str) -> list[str]:
    """Fork, run a job and act at that crossing (None: not at all); the names of the crossings."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)

        def report() -> None:
            os.write(write, json.dumps(crossings.names).encode())

        crossings = Crossings(at, lambda: ACTS[act](report))
        watch(crossings)
        try:
            run(f"crash {at}")
        except BaseException:
            traceback.print_exc()
        report()
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as lines:
        names = json.loads(lines.read() or "[]")
    os.waitpid(child, 0)
    return list(names)


def main(part: int, parts: int, act: str = "process") -> None:
    names = _in_child(None, act)
    print(json.dumps(names), flush=True)
    for at in range(part, len(names), parts):
        # Not quite the same as in the first run: what those who died before have left takes requests, too.
        print(json.dumps([at, _in_child(at, act)]), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
