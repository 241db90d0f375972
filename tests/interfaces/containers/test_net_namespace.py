"""A port in another network namespace."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from interfaces.containers.net_namespace import NetNamespace

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may enter a network namespace")

SERVER = """
import fcntl, socket, struct
SIOCSIFFLAGS, IFF_UP = 0x8914, 1  # netdevice(7)
fcntl.ioctl(socket.socket(), SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    connection, _ = server.accept()
    connection.sendall(b"from inside")
    connection.close()
"""


@pytest.fixture
def inside():
    """A server in a network namespace of its own: its process and its port."""
    # Docker is not needed for this; its containers are tested with it.
    command = ["unshare", "--net", "python3", "-c", SERVER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process.pid, int(process.stdout.readline())
        process.kill()


def test_a_port_is_reached_that_is_not_there_outside(inside):
    pid, port = inside
    before = Path("/proc/thread-self/ns/net").readlink()
    namespace = NetNamespace(pid)
    with namespace.connect(port, timeout_s=2) as connection:
        assert connection.recv(99) == b"from inside"
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), 1)
    assert Path("/proc/thread-self/ns/net").readlink() == before
    namespace.close()


def test_nobody_who_listens_is_an_error(inside):
    namespace = NetNamespace(inside[0])
    with pytest.raises(OSError):
        namespace.connect(1, timeout_s=1)
    namespace.close()


def test_a_process_that_is_not_there_is_an_error():
    with pytest.raises(OSError):
        NetNamespace(2**22 - 1)


def test_after_the_end_there_is_no_way_in(inside):
    namespace = NetNamespace(inside[0])
    namespace.close()
    namespace.close()
    with pytest.raises(OSError):
        namespace.connect(inside[1], timeout_s=1)


def test_the_namespace_outlives_the_number_of_its_process(inside):
    namespace = NetNamespace(inside[0])
    os.kill(inside[0], signal.SIGKILL)
    os.waitid(os.P_PID, inside[0], os.WEXITED | os.WNOWAIT)
    with pytest.raises(OSError):
        namespace.connect(inside[1], timeout_s=1)
    namespace.close()
