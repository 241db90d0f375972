"""Hand bytes on between standard input and output and a port of the same network namespace.

Self-contained, for any Python from 3.8 on: the text of this file is run in a container that shares the component's
network namespace. Argument: the port. It ends with either side, and at once if nobody listens.
"""

from __future__ import annotations

import os
import socket
import sys
import threading

_CHUNK_BYTES = 2**16
_CONNECT_S = 5.0


def connect(port: int, timeout_s: float) -> socket.socket:
    """Connect to a port of this network namespace, whichever loopback address its server listens on.

    Raises:
        OSError: Nobody does.
    """
    try:
        return socket.create_connection(("127.0.0.1", port), timeout_s)
    except ConnectionRefusedError:
        return socket.create_connection(("::1", port), timeout_s)


def _send(server: socket.socket) -> None:
    while data := os.read(0, _CHUNK_BYTES):
        server.sendall(data)
    os._exit(0)


def _relay() -> None:
    try:
        server = connect(int(sys.argv[1]), _CONNECT_S)
    except OSError:
        os._exit(1)
    server.settimeout(None)
    threading.Thread(target=_send, args=(server,), daemon=True).start()
    try:
        while data := server.recv(_CHUNK_BYTES):
            while data:
                data = data[os.write(1, data) :]
    except OSError:
        pass
    os._exit(0)


if __name__ == "__main__":
    _relay()
