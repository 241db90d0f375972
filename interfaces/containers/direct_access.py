"""Into a container beside us: its network namespace, the engine's folders of its volumes, its control group."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from interfaces.containers.cgroup import ContainerCgroup, Reading, open_cgroup
from interfaces.containers.container_access import Connection
from interfaces.containers.emptying import empty
from interfaces.containers.engine_errors import engine_errors
from interfaces.containers.net_namespace import NetNamespace
from interfaces.containers.records import OUTPUT_TARGET, TMP_TARGET
from interfaces.errors import EngineError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_CHUNK_BYTES = 2**16


class SocketConnection:
    """A connection over a socket of ours."""

    def __init__(self, connection: socket.socket) -> None:
        """Take the socket over."""
        self._socket = connection

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self._socket.sendall(data)

    def receive(self, wait_s: float) -> bytes | None:
        """The next bytes; None if nothing came in time, empty at the end."""
        self._socket.settimeout(wait_s)
        try:
            return self._socket.recv(_CHUNK_BYTES)
        except TimeoutError:
            return None

    def close(self) -> None:
        """Cut it off."""
        self._socket.close()


class DirectAccess:
    """See ``ContainerAccess``. Costs a millisecond a call."""

    def __init__(self, api: Any, facts: Mapping[str, Any], cgroup: ContainerCgroup, network: NetNamespace) -> None:
        """Use `open_directly` instead."""
        self._api, self._cgroup, self._network = api, cgroup, network
        self._folders = _volume_folders(facts)

    def connect(self, port: int, *, timeout_s: float) -> Connection:
        """Connect in the container's network namespace."""
        return SocketConnection(self._network.connect(port, timeout_s=timeout_s))

    def empty_folders(self) -> bool:
        """Empty the engine's folders of the volumes."""
        return all(empty(str(folder)) for folder in self._folders.values())

    def take_output(self, paths: Sequence[str], *, volume: str, into: Path, max_bytes: int) -> None:
        """Move the first parts of the paths to the other volume, which costs nothing: it is on the same file system."""
        with engine_errors(f"look up the volume '{volume}'"):
            target = self._api.inspect_volume(volume)["Mountpoint"]
        with _opened(self._folders[OUTPUT_TARGET]) as source, _opened(Path(target)) as other:
            for name in sorted({PurePosixPath(path).parts[0] for path in paths}):
                try:
                    os.rename(name, name, src_dir_fd=source, dst_dir_fd=other)
                except FileNotFoundError:
                    continue
                except OSError as error:
                    raise EngineError(f"what a component wrote can't be moved to '{target}': {error}") from error

    def read(self) -> Reading | None:
        """The kernel's counters."""
        return self._cgroup.read()

    def restart_peak(self) -> bool:
        """Write to the kernel's high-water mark."""
        return self._cgroup.restart_peak()

    def close(self) -> None:
        """Close the namespace and the counters."""
        self._network.close()
        self._cgroup.close()


def open_directly(api: Any, facts: Mapping[str, Any]) -> DirectAccess | None:
    """Direct access to a running container, or None where this process has no such right or is on another machine.

    Args:
        api: The SDK's client.
        facts: What the engine says of the container.
    """
    folders = _volume_folders(facts)
    if os.geteuid() != 0 or not all(os.access(folder, os.R_OK | os.W_OK | os.X_OK) for folder in folders.values()):
        return None
    # The group's name shows that the number is of this machine and is the container's.
    cgroup = open_cgroup(facts["State"]["Pid"], facts["Id"])
    if cgroup is None:
        return None
    try:
        return DirectAccess(api, facts, cgroup, NetNamespace(facts["State"]["Pid"]))
    except OSError:
        cgroup.close()
        return None


def _volume_folders(facts: Mapping[str, Any]) -> dict[str, Path]:
    """Where the volumes for /output and /tmp lie on the engine's machine."""
    return {
        mount["Destination"]: Path(mount["Source"])
        for mount in facts["Mounts"]
        if mount.get("Type") == "volume" and mount["Destination"] in (OUTPUT_TARGET, TMP_TARGET)
    }


@contextlib.contextmanager
def _opened(folder: Path) -> Any:
    number = os.open(folder, _FOLDER)
    try:
        yield number
    finally:
        os.close(number)
