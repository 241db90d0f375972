"""Requests over a plain pair of sockets, with the other side in this process."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from interfaces.containers.direct_access import SocketConnection
from interfaces.warm import http_calls
from interfaces.warm.http_calls import NoAnswer, call


def asked(answer: bytes, *, close: bool = True, check=lambda: None) -> tuple[int, bytes]:
    """The status that a call gives, and what the other side received."""
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(answer)
        if close:
            theirs.shutdown(socket.SHUT_WR)
        status = call(SocketConnection(ours), "POST", "/invoke", check=check)
        return status, theirs.recv(9999)


def test_the_request_is_plain_and_asks_for_an_end():
    status, request = asked(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok")
    assert status == 201
    head, _, body = request.decode().partition("\r\n\r\n")
    assert head.splitlines()[0] == "POST /invoke HTTP/1.1"
    assert {"Host: localhost", "Connection: close", "Content-Length: 0"} == set(head.splitlines()[1:])
    assert body == ""


def test_a_server_that_keeps_the_connection_open_is_not_waited_for():
    start = time.monotonic()
    assert asked(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", close=False)[0] == 201
    assert time.monotonic() - start < 0.5


def test_a_body_that_never_ends_is_left_after_a_second():
    start = time.monotonic()
    assert asked(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", close=False)[0] == 200
    assert 0.9 < time.monotonic() - start < 2


def test_a_large_body_is_not_read_to_its_end(monkeypatch):
    monkeypatch.setattr(http_calls, "_BODY_BYTES", 2**16)
    ours, theirs = socket.socketpair()
    sent = []

    def flood() -> None:
        try:
            theirs.sendall(b"HTTP/1.1 201 Created\r\n\r\n")
            while True:
                sent.append(theirs.send(b"x" * 2**16))
        except OSError:
            return

    thread = threading.Thread(target=flood)
    thread.start()
    assert call(SocketConnection(ours), "POST", "/invoke", check=lambda: None) == 201
    thread.join(10)
    theirs.close()
    assert not thread.is_alive()
    assert sum(sent) < 2**22


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1",
        b"HTTP/1.1 201",
        b"HTTP/1.1 201 Created\r\nContent-",
        b"HTTP/1.1 9999 Many\r\n\r\n",
        b"HTTP/1.1 -1 Less\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"\x00" * 100,
        b"HTTP/1.1 201 Created\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 201 Created\r\nA: " + b"b" * 70_000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_answer_is_said_to_be_none(answer):
    with pytest.raises(NoAnswer):
        asked(answer)


def test_what_the_check_raises_ends_the_call():
    class Enough(Exception):
        pass

    def check() -> None:
        raise Enough

    with pytest.raises(Enough):
        asked(b"", close=False, check=check)
