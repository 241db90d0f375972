"""An engine that is out of reach for a while during a run."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from pathlib import Path

import pytest

from interfaces.containers import docker_run
from interfaces.containers.docker_engine import DockerEngine
from interfaces.errors import EngineError

pytestmark = pytest.mark.engine

REAL = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")


class Relay:
    """Passes everything on between a socket of its own and the engine's, until it is told to cut."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._pairs: list[socket.socket] = []
        self._lock = threading.Lock()
        self.open()

    def open(self) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen()
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        self.path.unlink()
        with self._lock:
            for one in (self._listener, *self._pairs):
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            self._pairs.clear()
            self._listener.close()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                ours, _ = listener.accept()
                theirs = socket.socket(socket.AF_UNIX)
                theirs.connect(REAL.removeprefix("unix://"))
                with self._lock:
                    if listener.fileno() < 0:  # cut in between
                        ours.close()
                        theirs.close()
                        return
                    self._pairs += [ours, theirs]
                for source, target in ((ours, theirs), (theirs, ours)):
                    threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


@pytest.fixture
def relay(engine, tmp_path, monkeypatch):
    if not REAL.startswith("unix://"):
        pytest.skip("the engine is reached over a network; this test relays a socket")
    relay = Relay(tmp_path / "engine.sock")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{relay.path}")
    yield relay
    with contextlib.suppress(FileNotFoundError):
        relay.cut()


def test_a_run_outlives_a_lost_connection(run, relay):
    with DockerEngine.connect() as run.engine:
        cut = threading.Event()

        def lose(*_: object) -> None:
            if not cut.is_set():
                cut.set()
                relay.cut()
                threading.Timer(1.2, relay.open).start()

        result = run("import time; print('ready'); time.sleep(2.5); raise SystemExit(6)", on_output=lose).result
    assert result.exit_code == 6
    assert result.interrupted
    assert not result.output_complete


def test_an_engine_that_stays_away_is_an_error(run, relay, engine, labels, monkeypatch):
    monkeypatch.setattr(docker_run, "_ENGINE_PATIENCE_S", 1.0)
    cut = threading.Event()

    def lose(*_: object) -> None:
        if not cut.is_set():
            cut.set()
            relay.cut()

    with DockerEngine.connect() as run.engine, pytest.raises(EngineError, match="stopped answering"):
        run("import time; print('ready'); time.sleep(60)", on_output=lose)
    # Nobody could remove it meanwhile; its label is how the next one finds it.
    [container] = engine.leftovers(labels).containers
    engine.remove_container(container.id)
    assert not engine.leftovers({**labels, "component-flows.deadline": None}).containers
