"""A Prefect server that nobody has to think about.

Where no Prefect API is configured, the first call starts one local server in the background and every later call, of any
process, finds it again. All that it needs and writes is in one folder, `<home>/server`:

    server.json   the running server: process, port, version, start      server.lock   held while it is started or stopped
    server.log    what it prints; server.log.1 is the log before         prefect.db    the database; outlives the server

The server listens on loopback only, survives the process that started it, and stays until `stop()`.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import time
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock, Timeout

from flows.server_settings import DATABASE_FILE, HOST, client_settings, server_command, server_environment
from interfaces.errors import ServiceUnavailable
from interfaces.settings import get_settings

__all__ = [
    "ServerStatus",
    "client_settings",
    "configured_url",
    "ensure_server",
    "start",
    "status",
    "stop",
    "ui_url",
]

FIRST_PORT, LAST_PORT = 4300, 4999
STOP_GRACE_S = 15.0
"""Seconds between SIGTERM and SIGKILL when the server is stopped; it needs one or two."""

PROBE_TIMEOUT_S = 5.0
"""Seconds that a running server may take for a health request before it is looked at more closely."""

_children: list[subprocess.Popen[bytes]] = []
_reached: set[str] = set()


@dataclass(frozen=True, kw_only=True)
class ServerStatus:
    """What is known of the Prefect server that calls would use.

    Attributes:
        running: Whether it answers.
        url: URL of its API; None where no server is configured or running.
        ui_url: URL of its pages; None as for `url`.
        managed: Whether it is this project's own local server; the fields below are None where it is not.
        pid: Process id.
        version: Version of Prefect that it runs.
        started: When it was started (UTC).
        log: The file that it writes to.
    """

    running: bool
    url: str | None
    ui_url: str | None
    managed: bool
    pid: int | None = None
    version: str | None = None
    started: datetime | None = None
    log: Path | None = None


@dataclass(frozen=True, kw_only=True)
class _Record:
    """The content of server.json. `process` tells the process from a later one with the same id."""

    pid: int
    process: str
    port: int
    version: str
    started: str

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}/api"


def ensure_server() -> str:
    """The URL of a Prefect API that answers; starts the local server where none is configured.

    An API that the environment, Prefect's active profile or a surrounding flow or task run has chosen is respected.

    Raises:
        ServiceUnavailable: The configured API does not answer, or the local server does not come up.
    """
    url = configured_url()
    if url is None:
        return start()
    if url not in _reached:
        _reach(url)
        _reached.add(url)
    return url


def configured_url() -> str | None:
    """The URL of the API that a run context, the environment or Prefect's profile has chosen, or None."""
    from prefect.context import FlowRunContext, TaskRunContext
    from prefect.settings import get_current_settings

    context = FlowRunContext.get() or TaskRunContext.get()
    if context is not None:
        return str(context.client.api_url).rstrip("/")
    return os.environ.get("PREFECT_API_URL") or get_current_settings().api.url


def start() -> str:
    """Start the local server, or find the one that runs, and return the URL of its API.

    Raises:
        ServiceUnavailable: It does not come up within `server.start_timeout_s`, or its port is taken.
    """
    folder = _folder()
    record = _read_record(folder)
    if record is None or record.version != version("prefect") or not _answers(record, PROBE_TIMEOUT_S):
        record = _start_locked(folder)
    _keep_off_the_proxy()
    return record.url


def stop() -> bool:
    """Stop the local server and wait until it has ended; False where none was running."""
    folder = _folder()
    if not folder.is_dir():
        return False
    with FileLock(folder / "server.lock"):
        return _stop_locked(folder)


def status() -> ServerStatus:
    """How things stand; starts nothing."""
    url = configured_url()
    if url is not None:
        try:
            _reach(url)
        except ServiceUnavailable:
            return ServerStatus(running=False, url=url, ui_url=_ui_of(url), managed=False)
        return ServerStatus(running=True, url=url, ui_url=_ui_of(url), managed=False)
    folder = _folder()
    record = _read_record(folder)
    if record is None:
        return ServerStatus(running=False, url=None, ui_url=None, managed=True, log=folder / "server.log")
    return ServerStatus(
        running=_answers(record, PROBE_TIMEOUT_S),
        url=record.url,
        ui_url=_ui_of(record.url),
        managed=True,
        pid=record.pid,
        version=record.version,
        started=datetime.fromisoformat(record.started),
        log=folder / "server.log",
    )


def ui_url() -> str | None:
    """Where the runs can be looked at, or None while there is no server; starts nothing."""
    return status().ui_url


def _folder() -> Path:
    return get_settings().home_folder / "server"


def _ui_of(api_url: str) -> str:
    from prefect.settings import get_current_settings

    return get_current_settings().ui_url or api_url.removesuffix("/api")


def _reach(url: str) -> None:
    from prefect.client.orchestration import get_client
    from prefect.settings import temporary_settings

    with temporary_settings(updates={"api.url": url, "client.max_retries": 0}):
        problem = get_client(sync_client=True).api_healthcheck()
    if problem is not None:
        raise ServiceUnavailable(
            f"The Prefect API at {url} does not answer ({problem}): start that server, or unset PREFECT_API_URL (or the "
            "profile's api.url) so that a local one is started."
        ) from problem


def _start_locked(folder: Path) -> _Record:
    patience_s = get_settings().server.start_timeout_s
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(folder / "server.lock", timeout=2 * patience_s):
            record = _read_record(folder)
            if record is not None:
                if record.version == version("prefect") and _answers(record, patience_s):
                    return record
                _stop_locked(folder)
            return _launch(folder, patience_s)
    except Timeout as error:
        raise ServiceUnavailable(
            f"Another process has been starting or stopping the Prefect server for {2 * patience_s:.0f} s; "
            f"its log is {folder / 'server.log'}."
        ) from error
    except OSError as error:
        raise ServiceUnavailable(f"The Prefect server can't be started in {folder}: {error}.") from error


def _launch(folder: Path, patience_s: float) -> _Record:
    log = folder / "server.log"
    with suppress(FileNotFoundError):
        log.replace(folder / "server.log.1")
    template = None if (folder / DATABASE_FILE).exists() else _template()
    if template is not None and template.exists():
        _copy_database(template, folder / DATABASE_FILE)
    # The listening socket is handed over ready: no other program can take the port while the server loads.
    with closing(_listen(get_settings().server.port)) as listener, log.open("ab") as output:
        port = listener.getsockname()[1]
        process = subprocess.Popen(
            server_command(listener.fileno()),
            env=server_environment(folder, port, os.environ),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[listener.fileno()],
            start_new_session=True,
        )
    _children.append(process)
    record = _Record(
        pid=process.pid,
        process=_process_start(process.pid) or "",
        port=port,
        version=version("prefect"),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    _write_record(folder, record)
    if not _answers(record, patience_s):
        ended = process.poll() is not None
        _stop_locked(folder)
        why = "ended while it started" if ended else f"did not answer within {patience_s:g} s"
        raise ServiceUnavailable(f"The Prefect server {why}; its log is {log}.{_last_line(log)}")
    if template is not None and not template.exists():
        _copy_database(folder / DATABASE_FILE, template)
    return record


def _stop_locked(folder: Path) -> bool:
    record = _read_record(folder)
    if record is not None:
        with suppress(ProcessLookupError):
            os.kill(record.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_GRACE_S
        while _runs(record) and time.monotonic() < deadline:
            time.sleep(0.05)
        if _runs(record):
            # It was started as the leader of a session of its own.
            with suppress(ProcessLookupError):
                os.killpg(record.pid, signal.SIGKILL)
    (folder / "server.json").unlink(missing_ok=True)
    return record is not None


def _read_record(folder: Path) -> _Record | None:
    """The server that runs, or None: also where the file is of a process that has ended, or whose id was given anew."""
    try:
        record = _Record(**json.loads((folder / "server.json").read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return record if _runs(record) else None


def _write_record(folder: Path, record: _Record) -> None:
    draft = folder / "server.json.new"
    draft.write_text(json.dumps(asdict(record), indent=2))
    draft.replace(folder / "server.json")


def _runs(record: _Record) -> bool:
    return record.process != "" and _process_start(record.pid) == record.process


def _process_start(pid: int) -> str | None:
    """When that process started, as the system words it; None where it has ended."""
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


def _answers(record: _Record, patience_s: float) -> bool:
    """Whether the server answers in time. One request waits in the socket's queue for as long as the server loads."""
    deadline = time.monotonic() + patience_s
    while (left_s := deadline - time.monotonic()) > 0 and _runs(record):
        connection = http.client.HTTPConnection(HOST, record.port, timeout=left_s)
        try:
            connection.request("GET", "/api/health")
            return connection.getresponse().status == http.HTTPStatus.OK
        except TimeoutError:
            return False
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
        finally:
            connection.close()
    return False


def _listen(port: int) -> socket.socket:
    for candidate in [port] if port else range(FIRST_PORT, LAST_PORT + 1):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted connections inherit it. uvicorn does not set it on a socket that it is given, and each small answer would wait.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            listener.bind((HOST, candidate))
            listener.listen(512)
        except OSError:
            listener.close()
            continue
        return listener
    taken = f"Port {port} of {HOST} is" if port else f"All ports of {HOST} from {FIRST_PORT} to {LAST_PORT} are"
    raise ServiceUnavailable(
        f"{taken} in use by other programs: set COMPONENT_FLOWS_SERVER__PORT to a free one for the Prefect server."
    )


def _template() -> Path | None:
    """Where a migrated, empty database is kept for the next home folder; it saves half of a server's first start."""
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "component-flows"
        cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    except (OSError, RuntimeError):
        return None
    return cache / f"prefect-{version('prefect')}.db"


def _copy_database(source: Path, target: Path) -> None:
    """Copy an SQLite database whole, also from under a running server; a copy that fails is not worth an error."""
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    try:
        with closing(sqlite3.connect(source)) as origin, closing(sqlite3.connect(draft)) as copy:
            origin.backup(copy)
            sound = copy.execute("PRAGMA quick_check").fetchone() == ("ok",)
        if sound:
            draft.replace(target)
        else:
            source.unlink()
    except (OSError, sqlite3.Error):
        pass  # the server migrates a database of its own
    finally:
        draft.unlink(missing_ok=True)


def _last_line(log: Path) -> str:
    with suppress(OSError):
        lines = log.read_text(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f" Its last line: {last}" if last else ""
    return ""


def _keep_off_the_proxy() -> None:
    """Keep requests to this machine from a site's web proxy, which Prefect's client would send them to."""
    for name in ("NO_PROXY", "no_proxy"):
        hosts = [host for host in os.environ.get(name, "").split(",") if host]
        if HOST not in hosts:
            os.environ[name] = ",".join([*hosts, HOST])
