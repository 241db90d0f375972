"""The versions of the software that runs things here."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version

from interfaces.engine import get_engine
from interfaces.errors import ComponentFlowsError

OWN, SERVER, ENGINE = "component-flows", "Prefect", "Docker Engine"
_ASKED_EACH_S = 60


def software_versions() -> dict[str, str]:
    """By name, what is installed, and the container engine where one answers."""
    found: dict[str, str] = {}
    for name, package in ((OWN, "component-flows"), (SERVER, "prefect")):
        try:
            found[name] = version(package)
        except PackageNotFoundError:  # run from its source, without being installed
            found[name] = "unknown"
    with suppress(ComponentFlowsError):
        found[ENGINE] = _engine_version(int(time.monotonic() // _ASKED_EACH_S))
    return found


@lru_cache(maxsize=1)
def _engine_version(_period: int) -> str:
    """Asked once in a while: it takes 20 ms, and a list of graphs asks for each of them."""
    return get_engine().info().version
