"""Which way leads into a running container from here."""

from __future__ import annotations

from typing import Any

import requests

from interfaces.containers.cgroup import open_cgroup
from interfaces.containers.container_access import ContainerAccess
from interfaces.containers.direct_access import open_directly
from interfaces.containers.engine_errors import engine_errors, status_of
from interfaces.containers.shared_access import SharedAccess
from interfaces.containers.sidecar_access import SidecarAccess
from interfaces.errors import EngineError


def reach(api: Any, container: str, *, direct: bool, local: bool, helper_image: str) -> ContainerAccess | None:
    """See ``ContainerEngine.reach``.

    Args:
        api: The SDK's client.
        container: Id or name.
        direct: Whether to try its namespaces and the engine's folders.
        local: Whether the engine is reached through a socket of this machine.
        helper_image: For the second container.
    """
    facts = _running(api, container)
    if facts is None:
        return None
    if direct and (access := open_directly(api, facts)):
        return SharedAccess(access)
    cgroup = open_cgroup(facts["State"]["Pid"], facts["Id"]) if local else None
    try:
        return SharedAccess(SidecarAccess(api, facts, image=helper_image, cgroup=cgroup))
    except EngineError:
        if cgroup is not None:
            cgroup.close()
        if _running(api, container) is None:  # it ended meanwhile, which is why it could not be reached
            return None
        raise


def _running(api: Any, container: str) -> dict[str, Any] | None:
    """What the engine says of a container; None if it does not run."""
    with engine_errors("inspect a container"):
        try:
            facts: dict[str, Any] = api.inspect_container(container)
        except requests.HTTPError as error:
            if status_of(error) == 404:
                return None
            raise
    return facts if facts["State"]["Running"] else None
