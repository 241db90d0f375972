"""Where the engine is, and what to do if nothing answers there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from interfaces.errors import EngineUnavailable

DEFAULT_ADDRESS = "unix:///var/run/docker.sock"


def engine_address(environment: Mapping[str, str], home: Path) -> str:
    """The engine that the ``docker`` command would use, too.

    In this order: ``DOCKER_HOST``; the context of ``DOCKER_CONTEXT`` or ``docker context use``; the default socket; the
    socket of a rootless engine.

    Args:
        environment: Of the process.
        home: Of the user.
    """
    if host := environment.get("DOCKER_HOST"):
        return host
    if host := _context_host(environment, home):
        return host
    rootless = environment.get("XDG_RUNTIME_DIR")
    if rootless and not Path(DEFAULT_ADDRESS.removeprefix("unix://")).exists():
        socket = Path(rootless) / "docker.sock"
        if socket.exists():
            return f"unix://{socket}"
    return DEFAULT_ADDRESS


def _context_host(environment: Mapping[str, str], home: Path) -> str | None:
    folder = Path(environment.get("DOCKER_CONFIG") or home / ".docker")
    name = environment.get("DOCKER_CONTEXT") or _json(folder / "config.json").get("currentContext")
    if not name or name == "default":
        return None
    # The layout of the docker command's context store: one folder per context, named by the hash of its name.
    meta = _json(folder / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest() / "meta.json")
    host = meta.get("Endpoints", {}).get("docker", {}).get("Host")
    return host if isinstance(host, str) else None


def _json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def unavailable(address: str, cause: BaseException) -> EngineUnavailable:
    """The error for an engine that does not answer, with what to do.

    Args:
        address: Where it was looked for.
        cause: What happened.
    """
    inner: BaseException | None = cause
    kinds: list[type] = []
    while inner is not None:
        kinds.extend(type(argument) for argument in (inner, *inner.args))
        inner = inner.__cause__ or inner.__context__
    if any(issubclass(kind, PermissionError) for kind in kinds):
        why = "this user may not use it; run 'sudo usermod -aG docker $USER' and log in again"
    elif any(issubclass(kind, FileNotFoundError) for kind in kinds):
        why = (
            "there is no such socket; install Docker ('sudo apt-get install docker.io'), or set DOCKER_HOST to "
            "an engine that runs elsewhere"
        )
    elif any(issubclass(kind, ConnectionRefusedError) for kind in kinds):
        why = "it does not run; start it with 'sudo systemctl start docker' (or 'sudo service docker start')"
    else:
        why = f"{cause}; check DOCKER_HOST and that the engine runs ('docker version' must answer)"
    return EngineUnavailable(f"no container engine answers at {address}: {why}")
