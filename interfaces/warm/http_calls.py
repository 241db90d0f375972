"""One HTTP request to a server that may be hostile: it may never answer, never end, or send anything at all.

The standard library parses the answer (lines of at most 64 KiB, at most 100 headers); how long it may take and how
much may come is bounded here. Redirects are not followed.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Callable
from typing import IO, cast

from interfaces.containers.container_access import Connection

HEAD_BYTES = 2**20
"""Most bytes before the end of an answer's headers."""

_BODY_S = 1.0
_BODY_BYTES = 2**20
"""How much of a body is read, and how long: only so that a server need not notice that nobody wants it."""

_CHECK_S = 0.05
_READ_BYTES = 2**16


class NoAnswer(Exception):
    """What came is no answer, or nothing came."""


class _BodyIsLong(Exception):
    """Enough of it was read."""


def call(connection: Connection, method: str, path: str, *, check: Callable[[], None]) -> int:
    """Send a request without a body, and wait for the answer's status.

    Args:
        connection: Is closed at the end.
        method: Such as ``GET``.
        path: Such as ``/health``.
        check: Called 20 times a second while nothing comes, and before each read; what it raises ends the call.

    Returns:
        The HTTP status.

    Raises:
        NoAnswer: The connection ended or broke, or what came is no HTTP.
    """
    request = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    stream = _Stream(connection, check)
    try:
        connection.send(request.encode())
        response = http.client.HTTPResponse(cast("socket.socket", _Socket(stream)), method=method)
        response.begin()
        if stream.broke_off:  # the library takes that for the end of the headers
            raise NoAnswer("the answer broke off")
        stream.end_soon()
        _pass_over_body(response)
        return response.status
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoAnswer(f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()


def _pass_over_body(response: http.client.HTTPResponse) -> None:
    try:
        while response.read1(_READ_BYTES):
            pass
    except (_BodyIsLong, OSError, http.client.HTTPException, ValueError):
        return


class _Stream(io.RawIOBase):
    """A connection as a file to read from, which ends a read that takes too long."""

    def __init__(self, connection: Connection, check: Callable[[], None]) -> None:
        self._connection, self._check = connection, check
        self.broke_off = False
        self._rest = b""
        self._left = HEAD_BYTES
        self._body_until: float | None = None

    def end_soon(self) -> None:
        """The headers are there: from now on little more is read."""
        self._body_until = time.monotonic() + _BODY_S
        self._left = _BODY_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        while not self._rest:
            self._check()
            if self._body_until is not None and time.monotonic() > self._body_until:
                raise _BodyIsLong
            data = self._connection.receive(_CHECK_S)
            if data == b"":
                self.broke_off = True
                return 0
            self._rest = data or b""
            self._left -= len(self._rest)
            if self._left < 0:
                raise _BodyIsLong if self._body_until is not None else http.client.HTTPException("endless headers")
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count


class _Socket:
    """As much of a socket as the standard library's parser asks for."""

    def __init__(self, stream: _Stream) -> None:
        self._stream = stream

    def makefile(self, mode: str) -> IO[bytes]:
        return io.BufferedReader(cast("io.RawIOBase", self._stream))
