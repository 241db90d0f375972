"""Frames of the attached connection, in whatever pieces they come."""

from __future__ import annotations

import socket
import struct
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interfaces.containers.output_stream import FrameReader, OutputStream

NUMBERS = {"stdout": 1, "stderr": 2}


def frame(stream: str, payload: bytes) -> bytes:
    return struct.pack(">BxxxL", NUMBERS[stream], len(payload)) + payload


@given(
    frames=st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), st.binary(max_size=300)), max_size=20),
    cuts=st.lists(st.integers(1, 400), max_size=40),
)
def test_frames_come_whole_however_the_connection_is_cut(frames, cuts):
    data = b"".join(frame(*one) for one in frames)
    reader, seen, at = FrameReader(), {"stdout": b"", "stderr": b""}, 0
    order = []
    for cut in [*cuts, len(data) + 1]:
        for stream, payload in reader.feed(data[at : at + cut]):
            assert payload
            seen[stream] += payload
            order.append(stream)
        at += cut
    for stream in seen:
        assert seen[stream] == b"".join(payload for name, payload in frames if name == stream)
    changes = [name for name, payload in frames if payload]
    assert _without_repeats(order) == _without_repeats(changes)


def _without_repeats(names):
    return [name for name, before in zip(names, [None, *names], strict=False) if name != before]


def test_small_frames_of_one_stream_are_joined():
    data = b"".join([frame("stdout", b"a"), frame("stdout", b"b"), frame("stderr", b"c"), frame("stdout", b"d")])
    assert list(FrameReader().feed(data)) == [("stdout", b"ab"), ("stderr", b"c"), ("stdout", b"d")]


@pytest.fixture
def connection():
    ours, theirs = socket.socketpair()
    yield ours, theirs
    theirs.close()


def test_a_stream_ends_with_its_connection(connection):
    ours, theirs = connection
    seen = []
    stream = OutputStream(ours, on_output=lambda *one: seen.append(one), on_failure=lambda: None)
    theirs.sendall(frame("stderr", b"why\n") + frame("stdout", b"cut of")[:9])
    theirs.close()
    assert stream.finish(within_s=20)
    assert seen == [("stderr", b"why\n"), ("stdout", b"c")]
    assert stream.stderr_start == b"why\n"


def test_a_stream_that_does_not_end_is_cut_off(connection):
    ours, _ = connection
    stream = OutputStream(ours, on_output=lambda *_: None, on_failure=lambda: None)
    assert not stream.finish(within_s=0.05)
    stream.close()
    assert ours.fileno() == -1


def test_a_slow_receiver_is_waited_for_as_long_as_anything_comes(connection):
    ours, theirs = connection
    seen = []
    pause = threading.Event()
    stream = OutputStream(ours, on_output=lambda *one: (pause.wait(0.05), seen.append(one)), on_failure=lambda: None)
    theirs.sendall(b"".join(frame(name, b"x") for name in ("stdout", "stderr") * 10))
    theirs.close()
    assert stream.finish(within_s=0.2)
    assert len(seen) == 20


def test_what_the_receiver_raises_is_kept_and_the_rest_is_read_on(connection):
    ours, theirs = connection
    failed = threading.Event()

    def full(*_):
        raise OSError("disk full")

    stream = OutputStream(ours, on_output=full, on_failure=failed.set)
    theirs.sendall(frame("stdout", b"one"))
    assert failed.wait(20)
    theirs.sendall(frame("stdout", b"x" * 2_000_000))
    theirs.close()
    assert stream.finish(within_s=20)
    assert str(stream.failure) == "disk full"
