"""Servers in real containers, whose program is given by each test, and a pool to run jobs on."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from interfaces.containers.docker_engine import DockerEngine
from interfaces.containers.protocol import ContainerResult, ContainerSpec, ImageInfo
from interfaces.settings import WarmSettings
from interfaces.storage.hostile_tree import HostileTree
from interfaces.warm.job_watch import WarmJob
from interfaces.warm.pool import WarmPool

BASE = "component-flows-base:latest"
LABEL = "component-flows.warm-tests"
MB = 2**20

SERVER = """
import http.server, os, sys, time, traceback
kept = {}
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.answer(HEALTH)
    def do_POST(self):
        names = {**globals(), 'status': 201, 'handler': self}
        try:
            exec(open('/input/script').read(), names)
        except Exception:
            traceback.print_exc()
            names['status'] = 500
        if names['status']: self.answer(names['status'])
    def answer(self, status):
        self.send_response(status)
        self.send_header('Content-Length', '0')
        self.end_headers()
    def log_message(self, *_): pass
"""
SERVE = "http.server.HTTPServer(('0.0.0.0', 4743), Handler).serve_forever()"
PLAIN = SERVER.replace("HEALTH", "200") + SERVE

RAW = """
import socket, time
server = socket.create_server(('127.0.0.1', 4743))
while True:
    connection, _ = server.accept()
    try:
        if connection.recv(9999).startswith(b'GET'):
            connection.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n')
        else:
            exec(ANSWER)
    except OSError as error:
        print('gone', error)
    connection.close()
"""
"""A healthy server whose answer to a job is a given program."""


@dataclass
class Outcome:
    result: ContainerResult
    stdout: str
    stderr: str
    output: Path

    def text(self, name: str = "out") -> str:
        return (self.output / name).read_text()


@dataclass
class Bench:
    """Runs jobs on warm containers; everything that it makes carries labels of its own."""

    engine: DockerEngine
    image: ImageInfo
    folder: Path
    settings: WarmSettings = field(default_factory=WarmSettings)
    helper: str = BASE
    labels: dict[str, str] = field(default_factory=lambda: {LABEL: uuid4().hex})

    def __post_init__(self) -> None:
        self.volumes: list[str] = []
        self.pools: list[WarmPool] = []
        self.numbers = itertools.count()
        self.pool = self.new_pool()

    def new_pool(self, engine: DockerEngine | None = None, **settings: object) -> WarmPool:
        self.pool = WarmPool(
            engine or self.engine,
            self.folder / "warm",
            settings=self.settings.model_copy(update=settings),
            helper=self.helper,
        )
        self.pools.append(self.pool)
        return self.pool

    def __call__(
        self,
        script: str = "",
        *,
        program: str = PLAIN,
        time_limit_s: float = 30,
        stop: threading.Event | None = None,
        on_output: Callable[[str, bytes], None] | None = None,
        on_sample: Callable[..., None] = lambda sample: None,
        more_inputs: dict[str, str] | None = None,
        **fields: object,
    ) -> Outcome:
        place = self.folder / f"job-{next(self.numbers)}"
        for name, text in {"script": script, **(more_inputs or {})}.items():
            path = place / "input" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        volume = f"component-flows-test-{uuid4().hex}"
        self.engine.create_output_volume(volume, self.labels)
        self.volumes.append(volume)
        kept = {"stdout": bytearray(), "stderr": bytearray()}

        def keep(stream: str, data: bytes) -> None:
            kept[stream] += data
            if on_output is not None:
                on_output(stream, data)

        job = WarmJob(
            inputs=place / "input",
            outputs=("out", "deep/er/out"),
            volume=volume,
            written=place / "written",
            output_bytes=10 * MB,
            time_limit_s=time_limit_s,
            on_output=keep,
            on_sample=on_sample,
            stop=stop or threading.Event(),
        )
        given = {"image": self.image.id, "memory_bytes": 128 * MB, "command": (program,), "stop_grace_s": 1, **fields}
        spec = ContainerSpec(name="", output_volume="", labels=self.labels, **given)  # type: ignore[arg-type]
        result = self.pool.run(spec, job)
        written = place / "written"
        if not written.exists():
            (place / "read").mkdir()
            written = self.engine.read_volume(volume, image=self.image.id, into=place / "read")
        return Outcome(result, kept["stdout"].decode(), kept["stderr"].decode(), written)

    def take(self, outcome: Outcome, name: str, into: Path) -> Path:
        return HostileTree(outcome.output).take_file(name, into, max_bytes=MB)

    def containers(self) -> list[str]:
        """The ids of the warm containers, without helpers."""
        left = self.engine.leftovers(self.labels).containers
        return [one.id for one in left if not one.name.endswith("-side")]

    def close(self) -> None:
        for pool in self.pools:
            pool.close()
        for volume in self.volumes:
            self.engine.remove_volume(volume)
        left = self.engine.leftovers(self.labels)
        for container in left.containers:
            self.engine.remove_container(container.id)
        for volume in left.volumes:
            self.engine.remove_volume(volume)
        assert not left, f"left behind: {left}"
        assert not list((self.folder / "warm").glob("*")), "folders are left behind"


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)
