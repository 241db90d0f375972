"""The versions of the software that runs things here."""

from __future__ import annotations

from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

from interfaces.engine import get_engine
from interfaces.errors import ComponentFlowsError

OWN, SERVER, ENGINE = "component-flows", "Prefect", "Docker Engine"


def software_versions() -> dict[str, str]:
    """By name, what is installed, and the container engine where one answers."""
    found: dict[str, str] = {}
    for name, package in ((OWN, "component-flows"), (SERVER, "prefect")):
        try:
            found[name] = version(package)
        except PackageNotFoundError:  # run from its source, without being installed
            found[name] = "unknown"
    with suppress(ComponentFlowsError):
        found[ENGINE] = get_engine().info().version
    return found
