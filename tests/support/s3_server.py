"""A server of the S3 API in a process of its own (moto): it keeps objects in memory, and can be told to refuse keys."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import fsspec
from registries import free_port

STARTS_WITHIN_S = 60

KEYS = {"AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": "tests-secret", "AWS_DEFAULT_REGION": "us-east-1"}
"""What clients need in their environment; any key will do until `check_keys`."""


class S3Server:
    """A running server."""

    def __init__(self, endpoint: str, process: subprocess.Popen[bytes]) -> None:
        self.endpoint = endpoint
        self.process = process

    def files(self) -> fsspec.AbstractFileSystem:
        """What is there, seen by somebody else."""
        return fsspec.filesystem("s3", endpoint_url=self.endpoint, skip_instance_cache=True, use_listings_cache=False)

    def check_keys(self, wanted: bool) -> None:
        """Whether requests are refused whose key is nobody's."""
        uncounted = b"0" if wanted else b"inf"
        headers = {"Content-Type": "text/plain"}
        request = urllib.request.Request(
            f"{self.endpoint}/moto-api/reset-auth", data=uncounted, headers=headers, method="POST"
        )
        urllib.request.urlopen(request, timeout=10).close()


@contextmanager
def running_s3(folder: Path, *, host: str = "127.0.0.1", inside: Sequence[str] = ()) -> Iterator[S3Server]:
    """A server without buckets.

    Args:
        folder: Where its log goes.
        host: The address that it listens on.
        inside: What its command starts with, such as ``ip netns exec``.
    """
    port = free_port()
    code = f"from moto.server import main; main(['-H', '{host}', '-p', '{port}'])"
    with (folder / "s3.log").open("ab") as log:
        process = subprocess.Popen(
            [*inside, sys.executable, "-c", code], stdout=log, stderr=log, env={**os.environ, **KEYS}
        )
    server = S3Server(f"http://{host}:{port}", process)
    try:
        _wait(server, folder / "s3.log", inside)
        yield server
    finally:
        process.kill()
        process.wait()


def _wait(server: S3Server, log: Path, inside: Sequence[str]) -> None:
    ask = f"import urllib.request; urllib.request.urlopen('{server.endpoint}/moto-api/', timeout=5)"
    end = time.monotonic() + STARTS_WITHIN_S
    while subprocess.run([*inside, sys.executable, "-c", ask], capture_output=True, check=False).returncode:
        assert server.process.poll() is None and time.monotonic() < end, log.read_text()[-2000:]
        time.sleep(0.2)
