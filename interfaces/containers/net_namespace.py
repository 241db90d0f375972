"""Connecting to a port inside a container's network namespace, for a process that may enter it (CAP_SYS_ADMIN).

A namespace is a thread's own, and a socket stays in the one that it was made in: so a thread of its own enters,
connects and ends, and the rest of the process never leaves its namespace. setns(2), network_namespaces(7).
"""

from __future__ import annotations

import ctypes
import os
import socket
import threading
from collections.abc import Callable
from typing import TypeVar

from interfaces.containers.relay import connect

T = TypeVar("T")

_CLONE_NEWNET = 0x40000000
"""linux/sched.h; os.setns exists from Python 3.12 on only."""


class NetNamespace:
    """The network namespace of a running process, kept open: a process number that is used again can't fool us."""

    def __init__(self, pid: int) -> None:
        """Open it.

        Args:
            pid: A process of this machine.

        Raises:
            OSError: There is no such process, or we may not enter its namespace.
        """
        self._number = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._inside(lambda: None)
        except OSError:
            self.close()
            raise

    def connect(self, port: int, *, timeout_s: float) -> socket.socket:
        """A connection to 127.0.0.1 or ::1 in there.

        Raises:
            OSError: Nobody listens, or nobody answers in time.
        """
        return self._inside(lambda: connect(port, timeout_s))

    def close(self) -> None:
        """Give it back; doing it again is fine."""
        if self._number >= 0:
            os.close(self._number)
            self._number = -1

    def _inside(self, function: Callable[[], T]) -> T:
        results: list[T] = []
        errors: list[BaseException] = []

        def work() -> None:
            try:
                _enter(self._number)
                results.append(function())
            except BaseException as error:  # re-raised by the waiting thread
                errors.append(error)

        thread = threading.Thread(target=work, name="container-network", daemon=True)
        thread.start()
        thread.join()
        if errors:
            raise errors[0]
        return results[0]


def _enter(number: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(number, _CLONE_NEWNET) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"the network namespace can't be entered: {os.strerror(code)}")
