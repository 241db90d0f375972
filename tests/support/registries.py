"""Registries of the tests' own: Debian's docker-registry on loopback, which the engine speaks to without TLS."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "registry.sh"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_registry(folder: Path, *, port: int | None = None, users: Path | None = None) -> Iterator[str]:
    """A registry that keeps its images in the folder; gives its host and port."""
    fetched = subprocess.run([SCRIPT, "--fetch"], capture_output=True, text=True, check=False)
    if fetched.returncode:
        pytest.skip(f"these tests need docker-registry: {fetched.stderr.strip()}")
    port = port or free_port()
    command = [str(SCRIPT), str(folder), str(port), *([str(users)] if users else [])]
    with (folder.parent / f"{folder.name}.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_until_it_answers(process, port)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def wait_until_it_answers(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(300):
        assert process.poll() is None, "the registry ended"
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/", timeout=5).close()
        except urllib.error.HTTPError:
            return  # it wants a login
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the registry does not answer")
