"""A Prefect server that nobody has to think about.

Where no Prefect API is configured, the first call starts one local server in the background; every later call, of any
process, finds it again. All that it needs and writes is in one folder, ``<home>/server``:

    server.json   the running server: process, port, version, start
    server.lock   held while it is started or stopped
    server.log    what it prints; server.log.1 is the log before
    prefect.db    the database; outlives the server

The server listens on loopback unless the settings say otherwise, survives the process that started it, and stays until
`stop()`.
"""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from threading import Thread

from filelock import FileLock, Timeout

from flows.server_process import LOG_FILE, ServerProcess, find, forget, launch
from flows.server_settings import LOOPBACK, access_updates, client_settings, reachable
from interfaces.errors import ServiceUnavailable
from interfaces.settings import get_settings

__all__ = ["ServerStatus", "client_settings", "configured_url", "ensure_server", "start", "status", "stop", "ui_url"]

LOCK_FILE = "server.lock"

PROBE_TIMEOUT_S = 5.0
"""Seconds that a running server may take for a health request before it is looked at more closely."""

FLUSH_TIMEOUT_S = 5.0
"""Seconds that this process's own logs may take to be sent before its server is stopped."""

_logger = logging.getLogger("prefect.component_flows")
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
        _check_admission(url)
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
        ServiceUnavailable: It does not come up within `server.start_timeout_s`, its port is taken, or the server that
            runs was started with another `server.auth`.
    """
    folder = _folder()
    server = find(folder)
    if server is None or not _usable(server, PROBE_TIMEOUT_S):
        server = _start_alone(folder)
    _keep_off_the_proxy(server.host)
    wanted = get_settings().server
    if server.has_auth != (wanted.auth is not None) or server.host != str(wanted.host):
        raise ServiceUnavailable(
            "The Prefect server that runs was started with other settings for server.host or server.auth: run "
            "'component-flows server stop', and the next run starts it anew."
        )
    if server.has_auth and server.url not in _reached:
        _check_admission(server.url)
        _reached.add(server.url)
    return server.url


def stop() -> bool:
    """Stop the local server and wait until it has ended; False where none was running."""
    folder = _folder()
    if not folder.is_dir():
        return False
    with FileLock(folder / LOCK_FILE):
        server = find(folder)
        if server is not None:
            send_the_rest()
            server.end()
        forget(folder)
    return server is not None


def status() -> ServerStatus:
    """How things stand; starts nothing."""
    url = configured_url()
    if url is not None:
        return ServerStatus(running=_problem(url) is None, url=url, ui_url=_ui_of(url), managed=False)
    folder = _folder()
    server = find(folder)
    if server is None:
        return ServerStatus(running=False, url=None, ui_url=None, managed=True, log=folder / LOG_FILE)
    return ServerStatus(
        running=server.answers(PROBE_TIMEOUT_S),
        url=server.url,
        ui_url=_ui_of(server.url),
        managed=True,
        pid=server.pid,
        version=server.version,
        started=datetime.fromisoformat(server.started),
        log=folder / LOG_FILE,
    )


def ui_url() -> str:
    """Where the runs can be looked at; starts nothing.

    Raises:
        ServiceUnavailable: No server is configured or running.
    """
    url = configured_url()
    if url is None:
        server = find(_folder())
        if server is None:
            raise ServiceUnavailable("No Prefect server is running: 'component-flows server start' starts one.")
        url = server.url
    return _ui_of(url)


def _folder() -> Path:
    return get_settings().home_folder / "server"


def _ui_of(api_url: str) -> str:
    from prefect.settings import get_current_settings

    return get_current_settings().ui_url or api_url.removesuffix("/api")


def _usable(server: ServerProcess, patience_s: float) -> bool:
    return server.version == version("prefect") and server.answers(patience_s)


def _start_alone(folder: Path) -> ServerProcess:
    """Start a server while no other process does; where one just did, find that one."""
    settings = get_settings().server
    auth = settings.auth.get_secret_value() if settings.auth else None
    patience_s = settings.start_timeout_s
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(folder / LOCK_FILE, timeout=2 * patience_s):
            server = find(folder)
            if server is not None:
                if _usable(server, patience_s):
                    return server
                server.end()
            forget(folder)
            _logger.info("Starting the local Prefect server, which takes some seconds; later runs find it")
            return launch(folder, port=settings.port, patience_s=patience_s, host=str(settings.host), auth=auth)
    except Timeout as error:
        raise ServiceUnavailable(
            f"Another process has been starting or stopping the Prefect server for {2 * patience_s:g} s; "
            f"its log is {folder / LOG_FILE}."
        ) from error
    except OSError as error:
        raise ServiceUnavailable(f"The Prefect server can't be started in {folder}: {error}.") from error


def _problem(url: str) -> Exception | None:
    from prefect.client.orchestration import get_client
    from prefect.settings import temporary_settings

    with temporary_settings(updates={**access_updates(url), "client.max_retries": 0}):
        return get_client(sync_client=True).api_healthcheck()


def _reach(url: str) -> None:
    problem = _problem(url)
    if problem is not None:
        raise ServiceUnavailable(
            f"The Prefect API at {url} does not answer ({problem}): start that server, or unset PREFECT_API_URL (or "
            "the profile's PREFECT_API_URL) so that a local one is started."
        ) from problem


def _check_admission(url: str) -> None:
    """See that the API lets this process in; whether it is well, it tells everybody."""
    from prefect.client.orchestration import get_client
    from prefect.exceptions import PrefectHTTPStatusError
    from prefect.settings import temporary_settings

    with temporary_settings(updates={**access_updates(url), "client.max_retries": 0}):
        try:
            get_client(sync_client=True).api_version()
        except PrefectHTTPStatusError as error:
            if error.response.status_code not in (401, 403):
                return
            raise ServiceUnavailable(
                f"The Prefect API at {url} does not accept our credentials: set PREFECT_API_AUTH_STRING to its name "
                "and password (or PREFECT_API_KEY), or COMPONENT_FLOWS_SERVER__AUTH for the local server."
            ) from None
        except Exception:
            return  # it may be an older or another server; a run will tell


def send_the_rest() -> None:
    """Send what this process still holds back: Prefect sends logs and task runs' states from the background."""
    if "prefect" not in sys.modules:
        return
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    for worker in (EventsWorker, APILogWorker):
        # In a thread, since they give a coroutine where an event loop runs.
        thread = Thread(target=worker.drain_all, kwargs={"timeout": FLUSH_TIMEOUT_S, "at_exit": False})
        thread.start()
        thread.join()


def _keep_off_the_proxy(host: str) -> None:
    """Keep requests to this machine from a site's web proxy, which Prefect's client would send them to."""
    for name in ("NO_PROXY", "no_proxy"):
        hosts = [host for host in os.environ.get(name, "").split(",") if host]
        own = [one for one in dict.fromkeys((LOOPBACK, reachable(host))) if one not in hosts]
        if own:
            os.environ[name] = ",".join([*hosts, *own])
