"""What a container writes to stdout and stderr, handed on as it comes.

The engine sends both over one connection, in frames of 8 bytes header (stream number, three zero bytes, length as a
big-endian 32-bit number) and payload: Docker Engine API, "Attach to a container", "Stream format".
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

from interfaces.containers.records import OnOutput, StreamName

_HEADER = struct.Struct(">BxxxL")
_STDOUT = 1
_CHUNK_BYTES = 2**17
_START_BYTES = 1024


class FrameReader:
    """Takes the connection's bytes apart, in whatever pieces they come."""

    def __init__(self) -> None:
        self._stream: StreamName = "stdout"
        self._left = 0
        self._header = b""

    def feed(self, data: bytes) -> Iterator[tuple[StreamName, bytes]]:
        """Payloads in order; those of one stream that follow each other are joined.

        Args:
            data: The next bytes of the connection.
        """
        joined: list[bytes] = []
        joined_stream: StreamName = self._stream
        for stream, payload in self._payloads(memoryview(data)):
            if joined and stream != joined_stream:
                yield joined_stream, b"".join(joined)
                joined = []
            joined_stream = stream
            joined.append(bytes(payload))
        if joined:
            yield joined_stream, b"".join(joined)

    def _payloads(self, data: memoryview) -> Iterator[tuple[StreamName, memoryview]]:
        at = 0
        while at < len(data):
            if self._left == 0:
                wanted = _HEADER.size - len(self._header)
                self._header += bytes(data[at : at + wanted])
                at += wanted
                if len(self._header) == _HEADER.size:
                    number, self._left = _HEADER.unpack(self._header)
                    self._stream = "stdout" if number == _STDOUT else "stderr"
                    self._header = b""
            else:
                piece = data[at : at + self._left]
                self._left -= len(piece)
                at += len(piece)
                yield self._stream, piece


class OutputStream:
    """Reads an attached connection in a thread until its end.

    A slow `on_output` slows the container down (the engine holds back its pipe), and loses nothing.

    Attributes:
        stderr_start: The first bytes of stderr.
        failure: What `on_output` raised, if it did; the rest is then read and dropped.
    """

    def __init__(self, connection: Any, *, on_output: OnOutput, on_failure: Callable[[], None]) -> None:
        """Start reading.

        Args:
            connection: The socket-like object that the attach request gave.
            on_output: Called from the reading thread.
            on_failure: Called once `failure` is set.
        """
        self.stderr_start = b""
        self.failure: BaseException | None = None
        self._closed = False
        self._pieces = 0
        self._connection = connection
        self._on_output = on_output
        self._on_failure = on_failure
        self._thread = threading.Thread(target=self._read, name="container-output", daemon=True)
        self._thread.start()

    def finish(self, *, within_s: float) -> bool:
        """Wait for the stream's end, then close.

        Args:
            within_s: A connection over which nothing came for so long is cut off.

        Returns:
            Whether the stream came to its end by itself.
        """
        before = -1
        while self._thread.is_alive() and self._pieces != before:
            before = self._pieces
            self._thread.join(within_s)
        complete = not self._thread.is_alive()
        self.close()
        return complete

    def close(self) -> None:
        """Cut the connection off; the thread ends with it. Doing it again is fine."""
        if self._closed:
            return
        plain = getattr(self._connection, "_sock", self._connection)
        with contextlib.suppress(OSError):
            plain.shutdown(socket.SHUT_RDWR)
        # Closing beneath a thread that still reads would give its file number to somebody else.
        self._thread.join(5)
        if not self._thread.is_alive():
            self._closed = True
            response = getattr(self._connection, "_response", None)
            # The response first: its buffer can't be closed over a closed connection.
            if response is not None:
                # http.client flushes the file of the socket that was just closed.
                with contextlib.suppress(ValueError):
                    response.close()
            self._connection.close()

    def _read(self) -> None:
        receive = getattr(self._connection, "recv", None) or self._connection.read
        frames = FrameReader()
        while True:
            try:
                data = receive(_CHUNK_BYTES)
            except (OSError, ValueError):
                return
            if not data:
                return
            for stream, payload in frames.feed(data):
                self._hand_on(stream, payload)
                self._pieces += 1

    def _hand_on(self, stream: StreamName, payload: bytes) -> None:
        if stream == "stderr" and len(self.stderr_start) < _START_BYTES:
            self.stderr_start += payload[: _START_BYTES - len(self.stderr_start)]
        if self.failure is not None:
            return
        try:
            self._on_output(stream, payload)
        except BaseException as error:  # re-raised by the thread that runs the container
            self.failure = error
            self._on_failure()
