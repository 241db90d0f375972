"""Which way leads into a running container from here."""

from __future__ import annotations

from typing import Any

import requests

from interfaces.containers.cgroup import open_cgroup
from interfaces.containers.container_access import ContainerAccess
from interfaces.containers.direct_access import open_directly
from interfaces.containers.engine_errors import engine_errors, status_of
from interfaces.containers.sidecar_access import SidecarAccess


def reach(api: Any, container: str, *, direct: bool, local: bool, helper_image: str) -> ContainerAccess | None:
    """See ``ContainerEngine.reach``.

    Args:
        api: The SDK's client.
        container: Id or name.
        direct: Whether to try its namespaces and the engine's folders.
        local: Whether the engine is reached through a socket of this machine.
        helper_image: For the second container.
    """
    with engine_errors("inspect a container"):
        try:
            facts = api.inspect_container(container)
        except requests.HTTPError as error:
            if status_of(error) == 404:
                return None
            raise
    if not facts["State"]["Running"]:
        return None
    if direct and (access := open_directly(api, facts)):
        return access
    cgroup = open_cgroup(facts["State"]["Pid"], facts["Id"]) if local else None
    return SidecarAccess(api, facts, image=helper_image, cgroup=cgroup)
