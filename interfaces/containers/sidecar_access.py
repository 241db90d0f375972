"""Into a container through the engine alone, for a runner that is not root or not on the engine's machine.

A second container shares the component's network namespace and its two volumes. It runs an image of ours, and in it the
programs of ``relay`` (as nobody) and ``emptying`` (as root, with no other right than to remove anybody's files). A
connection costs about 80 ms.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import requests

from interfaces.containers import emptying, relay
from interfaces.containers.cgroup import ContainerCgroup, Reading
from interfaces.containers.container_access import CannotReach, Connection
from interfaces.containers.create_request import PLATFORM
from interfaces.containers.engine_errors import BROKEN, engine_errors, status_of, words_of
from interfaces.containers.output_stream import FrameReader
from interfaces.containers.records import OUTPUT_TARGET, TMP_TARGET
from interfaces.containers.volume_reading import copy_out
from interfaces.errors import EngineError

NOBODY = "65534:65534"
"""The user and group that have no rights on Debian, Alpine and Red Hat alike."""

_CHUNK_BYTES = 2**16
_EMPTY_PATIENCE_S = 60.0
_WAITING = "import signal; signal.sigwait([signal.SIGTERM])"


class ExecConnection:
    """Standard input and output of a program that the engine started in a container."""

    def __init__(self, connection: Any) -> None:
        """Take over what the SDK calls a socket."""
        self._whole = connection
        self._socket = getattr(connection, "_sock", connection)
        self._frames = FrameReader()

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self._socket.sendall(data)

    def receive(self, wait_s: float) -> bytes | None:
        """The next bytes of its standard output; None if nothing came in time, empty at the end."""
        self._socket.settimeout(wait_s)
        try:
            data = self._socket.recv(_CHUNK_BYTES)
        except TimeoutError:
            return None
        if not data:
            return b""
        return b"".join(payload for stream, payload in self._frames.feed(data) if stream == "stdout") or None

    def close(self) -> None:
        """Cut it off; the program sees the end of its input."""
        response = getattr(self._whole, "_response", None)
        if response is not None:
            with contextlib.suppress(ValueError):  # http.client flushes the file of a socket that is closed
                response.close()
        self._whole.close()


class SidecarAccess:
    """See ``ContainerAccess``."""

    def __init__(self, api: Any, facts: Mapping[str, Any], *, image: str, cgroup: ContainerCgroup | None) -> None:
        """Start the second container.

        Args:
            api: The SDK's client.
            facts: What the engine says of the component's container.
            image: Reference of an image with python3.
            cgroup: The component's counters, where they can be read.

        Raises:
            CannotReach: There is no such image, or it can't run.
            EngineError: The engine broke off.
        """
        self._api, self._cgroup = api, cgroup
        self._tmp = next(mount["Name"] for mount in facts["Mounts"] if mount["Destination"] == TMP_TARGET)
        self._emptier: ExecConnection | None = None
        request = sidecar_request(facts, image=image)
        try:
            self._container: str = api.create_container_from_config(request, f"{facts['Name'][1:]}-side", PLATFORM)[
                "Id"
            ]
        except requests.HTTPError as error:
            raise CannotReach(_advice(image, words_of(error))) from error
        except BROKEN as error:
            raise EngineError(
                f"the connection to the engine broke when it was to create a container ({error})"
            ) from error
        try:
            with engine_errors("start a container"):
                api.start(self._container)
            self._emptier = self._exec([_text(emptying), OUTPUT_TARGET, TMP_TARGET], user="0:0")
            if self._answer() != emptying.READY:
                raise EngineError("its python3 can't be run")
        except BaseException as error:
            self.close()
            if isinstance(error, EngineError):
                raise CannotReach(_advice(image, str(error))) from error
            raise

    def connect(self, port: int, *, timeout_s: float) -> Connection:
        """Start a relay; whether somebody listens shows at the first `receive`."""
        return self._exec([_text(relay), str(port)], user=NOBODY)

    def empty_folders(self) -> bool:
        """Ask the program that waits in the second container."""
        assert self._emptier is not None  # made with the container
        try:
            self._emptier.send(b"\n")
        except OSError:
            return False
        return self._answer() == emptying.EMPTY

    def _answer(self) -> str:
        """The next line of the program that empties; "" if there is none."""
        assert self._emptier is not None  # made with the container
        answer, until = b"", time.monotonic() + _EMPTY_PATIENCE_S
        while not answer.endswith(b"\n") and time.monotonic() < until:
            try:
                data = self._emptier.receive(1.0)
            except OSError:
                return ""
            if data == b"":
                return ""
            answer += data or b""  # nothing came, or only the head of a frame
        return answer.decode()

    def take_output(self, paths: Sequence[str], *, volume: str, into: Path, max_bytes: int) -> None:
        """Have the engine send the files."""
        into.mkdir()
        copy_out(self._api, self._container, into=into, paths=paths, max_bytes=max_bytes)

    def read(self) -> Reading | None:
        """The kernel's counters, which need no rights; None for an engine elsewhere."""
        return self._cgroup.read() if self._cgroup else None

    def restart_peak(self) -> bool:
        """Needs root."""
        return False

    def close(self) -> None:
        """Remove the second container, and the volume for /tmp if it was the last to hold it."""
        if self._emptier is not None:
            self._emptier.close()
        if self._cgroup is not None:
            self._cgroup.close()
        with engine_errors("remove a container"), _fine(404, 409):
            self._api.remove_container(self._container, force=True)
        # The engine does not remove an anonymous volume with its container while another one shows it. 409: the
        # component's container still exists, and takes it along.
        with engine_errors("remove a volume"), _fine(404, 409):
            self._api.remove_volume(self._tmp)

    def _exec(self, program: list[str], *, user: str) -> ExecConnection:
        with engine_errors("run a program in a container"):
            made = self._api.exec_create(
                self._container, ["python3", "-I", "-S", "-c", *program], stdin=True, user=user
            )
            return ExecConnection(self._api.exec_start(made["Id"], socket=True))


def sidecar_request(facts: Mapping[str, Any], *, image: str) -> dict[str, Any]:
    """The body of the request that creates the second container.

    Args:
        facts: What the engine says of the component's container.
        image: With python3 in it.
    """
    volumes = {mount["Destination"]: mount["Name"] for mount in facts["Mounts"] if mount.get("Type") == "volume"}
    return {
        "Image": image,
        "Labels": dict(facts["Config"]["Labels"]),
        # It only waits. A program that is run in it later as root can have no capability that it lacks.
        "User": "0:0",
        "Entrypoint": ["python3", "-I", "-S", "-c", _WAITING],
        "Cmd": [],
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": {
            "NetworkMode": f"container:{facts['Id']}",
            "IpcMode": "private",
            "CapDrop": ["ALL"],
            # To remove files of any owner from folders of any mode; only a program that runs as root gets them.
            "CapAdd": ["DAC_OVERRIDE", "FOWNER"],
            "SecurityOpt": ["no-new-privileges"],
            "ReadonlyRootfs": True,
            "PidsLimit": 64,
            "Memory": 128 * 2**20,
            "MemorySwap": 128 * 2**20,
            "Init": True,
            "LogConfig": {"Type": "none"},
            "Mounts": [
                {"Type": "volume", "Source": volumes[target], "Target": target, "VolumeOptions": {"NoCopy": True}}
                for target in (OUTPUT_TARGET, TMP_TARGET)
            ],
        },
    }


def _text(program: Any) -> str:
    return Path(program.__file__).read_text()


def _advice(image: str, words: str) -> str:
    return (
        "a component with 'method: invoke' has no network, and this process may not enter its network namespace. As "
        f"root beside the engine it may; elsewhere the image '{image}' must be in the engine and have python3 in it: "
        f"build it with 'make', or set COMPONENT_FLOWS_WARM__HELPER_IMAGE to another one ({words.strip()})"
    )


@contextlib.contextmanager
def _fine(*statuses: int) -> Iterator[None]:
    try:
        yield
    except requests.HTTPError as error:
        if status_of(error) not in statuses:
            raise
