"""A Docker engine of a test's own, which may be killed: in a network namespace, with its own data and socket.

Needs root. The engine's command and process id are in a file, so that a child process can kill it and start it again.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import docker

PROGRAMS = ("/bin/dash", "/bin/sleep", "/bin/cat")
STARTS_WITHIN_S = 60


class OwnEngine:
    """An engine below one folder; any process that knows the folder can use it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "docker.sock"
        self.host = f"unix://{self.socket}"
        self._pid_file = folder / "engine.pid"

    def start(self) -> None:
        """Start it and wait until it answers."""
        for stale in (self._pid_file, self.folder / "exec/containerd/containerd.pid"):
            stale.unlink(missing_ok=True)
        with (self.folder / "engine.log").open("ab") as log:
            subprocess.Popen(
                [
                    *("unshare", "--net", "dockerd", "--host", self.host, "--iptables=false"),
                    *("--data-root", f"{self.folder}/data", "--exec-root", f"{self.folder}/exec"),
                    *("--pidfile", str(self._pid_file)),
                ],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + STARTS_WITHIN_S
        while not self.answers():
            if time.monotonic() > end:
                raise TimeoutError((self.folder / "engine.log").read_text()[-2000:])
            time.sleep(0.1)

    def answers(self) -> bool:
        try:
            with closing(docker.DockerClient(self.host, timeout=5)) as client:
                return bool(client.ping())
        except docker.errors.DockerException:
            return False

    def kill(self) -> None:
        """End it and what manages its containers, as the kernel would for want of memory."""
        for file in (self._pid_file, self.folder / "exec/containerd/containerd.pid"):
            if file.exists():
                with suppress(ProcessLookupError):
                    os.kill(int(file.read_text()), signal.SIGKILL)

    def import_image(self, name: str, entrypoint: list[str]) -> str:
        """An image of a shell and little else; gives its id."""
        return import_shell_image(self.host, name, entrypoint)


def import_shell_image(host: str, name: str, entrypoint: list[str]) -> str:
    """Give an engine an image of a shell and little else; gives its id."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as archive:
        for file in sorted({*PROGRAMS, *(library for program in PROGRAMS for library in _libraries(program))}):
            archive.add(Path(file).resolve(), file)
    changes = [f"ENTRYPOINT {json.dumps(entrypoint)}", "USER 1234:1234"]
    with closing(docker.DockerClient(host)) as client:
        client.api.import_image_from_data(layer.getvalue(), repository=name, tag="1", changes=changes)
        return client.images.get(f"{name}:1").id


def _libraries(program: str) -> list[str]:
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return [word for word in listed.split() if word.startswith("/")]


@contextmanager
def own_engine() -> Iterator[OwnEngine]:
    """A running engine that is gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="cf-engine-", dir="/tmp"))  # a socket's path may not be long
    engine = OwnEngine(folder)
    try:
        engine.start()
        yield engine
    finally:
        engine.kill()
        time.sleep(0.5)
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if str(folder).encode() in (process / "cmdline").read_bytes():
                    os.kill(int(process.name), signal.SIGKILL)
            except OSError:
                pass
        mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines() if str(folder) in line]
        for mount in sorted(mounts, reverse=True):
            subprocess.run(["umount", "--lazy", mount], check=False, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)
