"""A way into a container that one thread may close while another one uses it, since the container has ended."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from interfaces.containers.cgroup import Reading
from interfaces.containers.container_access import Connection, ContainerAccess
from interfaces.errors import EngineError


class SharedAccess:
    """See ``ContainerAccess``. After `close`, there is nothing to connect to, to read or to take."""

    def __init__(self, access: ContainerAccess) -> None:
        """Take an access over."""
        self._access = access
        self._lock = threading.Lock()
        self._closed = False

    def connect(self, port: int, *, timeout_s: float) -> Connection:
        """Connect; refused after the end."""
        with self._lock:
            if self._closed:
                raise ConnectionRefusedError("the container has ended")
            return self._access.connect(port, timeout_s=timeout_s)

    def empty_folders(self) -> bool:
        """Empty the folders; False after the end."""
        with self._lock:
            return not self._closed and self._access.empty_folders()

    def take_output(self, paths: Sequence[str], *, volume: str, into: Path, max_bytes: int) -> None:
        """Take the output; an error after the end."""
        with self._lock:
            if self._closed:
                raise EngineError("a warm container ended before its output was taken")
            self._access.take_output(paths, volume=volume, into=into, max_bytes=max_bytes)

    def read(self) -> Reading | None:
        """The counters; None after the end."""
        with self._lock:
            return None if self._closed else self._access.read()

    def restart_peak(self) -> bool:
        """Restart the mark; False after the end."""
        with self._lock:
            return not self._closed and self._access.restart_peak()

    def close(self) -> None:
        """Wait for a call that is under way, then close; doing it again is fine."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._access.close()
