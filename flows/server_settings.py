"""How the local Prefect server is started, and how a flow that is called in this process talks to a server.

By default the server's own writers lock each other out of SQLite, clients back off for seconds, and a sub-flow costs
ten times as much as it needs to.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from prefect.context import SettingsContext, get_settings_context
from prefect.settings import Settings
from pydantic import SecretStr

from flows.console import keep_console_brief
from interfaces.settings import get_settings

LOOPBACK = "127.0.0.1"
STATE_FILE, DATABASE_FILE = "server.json", "prefect.db"

CLIENT_MAX_RETRIES = 8
"""Retries of one API request; with Prefect's back-off they ride out about 8 minutes without a server."""

RETENTION = ("PREFECT_SERVER_SERVICES_DB_VACUUM_", "PREFECT_SERVER_EVENTS_")
"""How variables of the caller's begin that the server gets: for how long it keeps its runs and events."""

GRACEFUL_SHUTDOWN_S = 3
"""Seconds that the server waits for open connections (a browser's) when it is stopped."""


DATABASE_URL = f"sqlite+aiosqlite:///file:{DATABASE_FILE}?uri=true&cf=:memory:"
"""SQLAlchemy URL of the server's SQLite file, made so that Prefect opens one connection and no more.

Prefect gives a URL that contains `:memory:` a pool of one connection, and SQLite ignores query parameters that it does
not know (https://www.sqlite.org/uri.html): the file is an ordinary, durable one. With one connection the server's
writers can't lock each other out. The path is relative to the server's working directory, since a home folder's name
can hold what a URL can't.
"""


def server_environment(
    folder: Path, host: str, port: int, inherited: Mapping[str, str], *, auth: str | None = None
) -> dict[str, str]:
    """Environment of the server process.

    The caller's own `PREFECT_...` variables are left out, but for `RETENTION`: they are for clients, or for a server of
    the caller's own.

    Args:
        folder: Absolute path of the server's folder; becomes its `PREFECT_HOME`.
        host: The address that the server listens on.
        port: Its port; pages from elsewhere may not call it.
        inherited: The environment to start from.
        auth: ``name:password`` that the server asks for, or None.
    """
    origins = [f"http://{name}:{port}" for name in dict.fromkeys((in_url(reachable(host)), LOOPBACK, "localhost"))]
    kept = {
        name: value
        for name, value in inherited.items()
        if name.startswith(RETENTION) or not name.startswith("PREFECT_")
    }
    return kept | {
        "DO_NOT_TRACK": "1",
        "PREFECT_HOME": str(folder),
        "PREFECT_API_DATABASE_CONNECTION_URL": DATABASE_URL,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        # The page must call the server that it came from, whatever its port.
        "PREFECT_SERVER_UI_API_URL": "/api",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        # Prefect would write the pages into site-packages, which may be read-only.
        "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(folder / "ui"),
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": ",".join(origins),
        **({"PREFECT_SERVER_API_AUTH_STRING": auth} if auth else {}),
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "500",
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "100",
        "PREFECT_SERVER_SERVICES_TRIGGERS_READ_BATCH_SIZE": "100",
        "PREFECT__SERVER_FINAL": "1",
    }


def reachable(host: str) -> str:
    """The address under which this machine reaches a server that listens on `host`."""
    address = ip_address(host)
    if not address.is_unspecified:
        return host
    return LOOPBACK if address.version == 4 else "::1"


def in_url(host: str) -> str:
    """An address as a URL has it."""
    return f"[{host}]" if ":" in host else host


def server_command(descriptor: int) -> list[str]:
    """Command line of the server process.

    Args:
        descriptor: Number of an inherited, listening socket.
    """
    return [
        *(sys.executable, "-m", "uvicorn", "--factory", "prefect.server.api.server:create_app"),
        *("--fd", str(descriptor)),
        *("--log-level", "warning"),
        *("--timeout-graceful-shutdown", str(GRACEFUL_SHUTDOWN_S)),
    ]


@contextmanager
def client_settings(api_url: str | None) -> Iterator[None]:
    """Prefect's settings while a flow is called in this process.

    They hold for this thread or task and what it starts, not for the whole process. The heartbeat is off: it costs a
    synchronous flow up to a second at its end, and is of use only where something else than this process watches it.

    Args:
        api_url: URL of the API; None keeps the one in force.
    """
    keep_console_brief()
    context = get_settings_context()
    with SettingsContext(profile=context.profile, settings=_client_settings(context.settings, api_url)):
        yield


def access_updates(api_url: str) -> dict[str, Any]:
    """What to update in Prefect's settings to use an API: its URL, and what the setting `server.auth` says for it.

    That one is for this site's own server; credentials that the environment or Prefect's profile has come first.

    Args:
        api_url: URL of the API.
    """
    auth, api = get_settings().server.auth, get_settings_context().settings.api
    own = get_settings().home_folder / "server" / STATE_FILE
    if auth is None or api.auth_string is not None or api.key is not None or not is_server_of(own, api_url):
        return {"api.url": api_url}
    return {"api.url": api_url, "api.auth_string": auth}


def is_server_of(state_file: Path, api_url: str) -> bool:
    """Whether an API is that of the server whose state a file holds."""
    try:
        state = json.loads(state_file.read_text())
        return api_url.rstrip("/") == url_of(str(state["host"]), int(state["port"]))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def url_of(host: str, port: int) -> str:
    """URL of the API of a server of this machine."""
    return f"http://{in_url(reachable(host))}:{port}/api"


_latest: tuple[Settings, str | None, SecretStr | None, Settings] | None = None


def _client_settings(base: Settings, api_url: str | None) -> Settings:
    """Prefect's settings with the changes; the latest are kept, since a change costs 20 ms."""
    global _latest
    auth = get_settings().server.auth
    if _latest is not None and _latest[0] is base and _latest[1:3] == (api_url, auth):
        return _latest[3]
    updates: dict[Any, Any] = {"flows.heartbeat_frequency": None}
    if api_url is not None:
        updates |= access_updates(api_url)
    changed = base.copy_with_update(updates=updates, set_defaults={"client.max_retries": CLIENT_MAX_RETRIES})
    _latest = (base, api_url, auth, changed)
    return changed
