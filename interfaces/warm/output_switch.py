"""A warm container's output, handed to the job that it works for."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from interfaces.containers.records import OnOutput, StreamName

_QUIET_S = 0.05
_SETTLE_S = 1.0
"""The engine hands output on some milliseconds after it was written, and not in step with the answer over HTTP."""


class OutputSwitch:
    """Takes stdout and stderr from the engine's thread. What comes while there is no job is dropped.

    Attributes:
        failure: What the job's own `on_output` raised, if it did; the rest of the job's output is then dropped.
    """

    def __init__(self) -> None:
        self.failure: BaseException | None = None
        self._to: OnOutput | None = None
        self._lock = threading.Lock()
        self._last = 0.0

    def take(self, stream: StreamName, data: bytes) -> None:
        """Hand on."""
        with self._lock:
            self._last = time.monotonic()
            if self._to is None:
                return
            try:
                self._to(stream, data)
            except BaseException as error:  # the job's problem and not the container's: raised by the job's thread
                self.failure, self._to = error, None

    @contextmanager
    def handing_to(self, on_output: OnOutput) -> Iterator[None]:
        """Within it, output goes to a job; at its end no call is under way any more."""
        with self._lock:
            self.failure, self._to = None, on_output
        try:
            yield
        finally:
            with self._lock:
                self._to = None

    def settle(self) -> None:
        """Wait until the output that was written so far has come: until nothing comes for 50 ms, a second at most."""
        start = time.monotonic()
        while (now := time.monotonic()) < start + _SETTLE_S:
            quiet_since = max(start, self._last)
            if now - quiet_since >= _QUIET_S:
                return
            time.sleep(_QUIET_S - (now - quiet_since))
