"""The process behind the local Prefect server: how it is launched, known again, asked and ended."""

from __future__ import annotations

import errno
import http.client
import json
import os
import signal
import socket
import subprocess
import time
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from flows.server_settings import (
    DATABASE_FILE,
    LOOPBACK,
    STATE_FILE,
    reachable,
    server_command,
    server_environment,
    url_of,
)
from flows.server_template import keep_template, use_template
from interfaces.errors import ServiceUnavailable

FIRST_PORT, LAST_PORT = 4300, 4999
LOG_FILE = "server.log"

STOP_GRACE_S = 15.0
"""Seconds between SIGTERM and SIGKILL when the server is stopped; it needs one or two."""

_children: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True, kw_only=True)
class ServerProcess:
    """A server that was launched; the content of its state file.

    Attributes:
        pid: Process id, also of its process group.
        process_start: When the process started, as the system words it: tells it from a later one with the same id.
        port: Its port.
        version: Version of Prefect that it runs.
        started: When it was launched (ISO 8601, UTC).
        host: The address that it listens on.
        has_auth: Whether it asks for name and password.
    """

    pid: int
    process_start: str
    port: int
    version: str
    started: str
    host: str = LOOPBACK
    has_auth: bool = False

    @property
    def url(self) -> str:
        """URL of its API."""
        return url_of(self.host, self.port)

    def runs(self) -> bool:
        """Whether that process is still there."""
        return self.process_start != "" and process_start(self.pid) == self.process_start

    def answers(self, patience_s: float) -> bool:
        """Whether it answers within so many seconds. One request waits in the socket's queue while the server loads."""
        deadline = time.monotonic() + patience_s
        while (left_s := deadline - time.monotonic()) > 0 and self.runs():
            connection = http.client.HTTPConnection(reachable(self.host), self.port, timeout=left_s)
            try:
                connection.request("GET", "/api/health")
                return connection.getresponse().status == http.HTTPStatus.OK
            except TimeoutError:
                return False
            except (OSError, http.client.HTTPException):
                time.sleep(0.1)  # it is just ending, or has just ended
            finally:
                connection.close()
        return False

    def end(self) -> None:
        """Ask it to end, and kill it where it has not ended within `STOP_GRACE_S`."""
        if not self.runs():
            return
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_GRACE_S
        while self.runs() and time.monotonic() < deadline:
            time.sleep(0.05)
        if self.runs():
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)


def process_start(pid: int) -> str | None:
    """When that process started, as the system words it; None where there is none, or it has ended."""
    for child in _children:
        child.poll()  # a child that has ended must not stay behind as a zombie
    if Path("/proc/self/stat").exists():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] in "ZX" else fields[19]  # proc(5): state, start time in ticks since boot
    shown = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True).stdout
    state, _, started = shown.strip().partition(" ")
    return started.strip() if started and not state.startswith("Z") else None


def find(folder: Path) -> ServerProcess | None:
    """The server that runs in that folder, or None: also where its process has ended, or its id was given anew."""
    try:
        found = ServerProcess(**json.loads((folder / STATE_FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return found if found.runs() else None


def remember(folder: Path, server: ServerProcess) -> None:
    """Write the state file, whole or not at all."""
    draft = folder / f"{STATE_FILE}.new"
    draft.write_text(json.dumps(asdict(server), indent=2))
    draft.replace(folder / STATE_FILE)


def forget(folder: Path) -> None:
    """Remove the state file."""
    (folder / STATE_FILE).unlink(missing_ok=True)


def launch(
    folder: Path, *, port: int, patience_s: float, host: str = LOOPBACK, auth: str | None = None
) -> ServerProcess:
    """Start a server and wait until it answers.

    The state file is written before the wait: a caller who is interrupted leaves a server that the next one finds.

    Args:
        folder: Absolute path of the server's folder.
        port: Its port; 0: the first free one from `FIRST_PORT`.
        patience_s: Seconds that it may take to answer.
        host: The address that it listens on.
        auth: ``name:password`` that it asks for, or None.

    Raises:
        ServiceUnavailable: The port is taken, or the server does not answer in time.
        OSError: The folder can't be written.
    """
    log = folder / LOG_FILE
    with suppress(FileNotFoundError):
        log.replace(folder / f"{LOG_FILE}.1")
    fresh = not (folder / DATABASE_FILE).exists()
    if fresh:
        use_template(folder / DATABASE_FILE)
    # The listening socket is handed over ready: no other program can take the port while the server loads.
    with closing(_listen(host, port)) as listener, log.open("ab") as output:
        bound = listener.getsockname()[1]
        process = subprocess.Popen(
            server_command(listener.fileno()),
            env=server_environment(folder, host, bound, os.environ, auth=auth),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[listener.fileno()],
            start_new_session=True,
        )
    _children.append(process)
    server = ServerProcess(
        pid=process.pid,
        process_start=process_start(process.pid) or "",
        port=bound,
        version=version("prefect"),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        host=host,
        has_auth=auth is not None,
    )
    remember(folder, server)
    if not server.answers(patience_s):
        why = f"did not answer within {patience_s:g} s" if server.runs() else "ended while it started"
        server.end()
        forget(folder)
        raise ServiceUnavailable(f"The Prefect server {why}; its log is {log}.{_last_line(log)}")
    if fresh:
        keep_template(folder / DATABASE_FILE)
    return server


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in [port] if port else range(FIRST_PORT, LAST_PORT + 1):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted connections inherit it; uvicorn does not set it on a socket that it is given, and answers would lag.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            listener.bind((host, candidate))
            listener.listen(512)
        except OSError as error:
            listener.close()
            if error.errno == errno.EADDRNOTAVAIL:
                raise ServiceUnavailable(
                    f"This machine has no address {host}: set COMPONENT_FLOWS_SERVER__HOST to one that it has."
                ) from error
            continue
        return listener
    taken = f"Port {port} of {host} is" if port else f"All ports of {host} from {FIRST_PORT} to {LAST_PORT} are"
    raise ServiceUnavailable(
        f"{taken} in use by other programs: set COMPONENT_FLOWS_SERVER__PORT to a free one for the Prefect server."
    )


def _last_line(log: Path) -> str:
    with suppress(OSError):
        last = next((line for line in reversed(log.read_text(errors="replace").splitlines()) if line.strip()), "")
        return f" Its last line: {last.strip()}" if last else ""
    return ""
