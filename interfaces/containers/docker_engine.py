"""A container engine that speaks the Docker Engine API (20.10 to 29); the only module that imports docker.

The API version is negotiated, never pinned: 20.10 knows 1.41 at most, 29 wants 1.44 at least.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import requests
from docker import APIClient
from docker.errors import DockerException
from docker.utils import kwargs_from_env

from interfaces.containers import cannot_start
from interfaces.containers.container_access import ContainerAccess
from interfaces.containers.create_request import PLATFORM, create_request, reader_request
from interfaces.containers.docker_images import DockerImages, missing_is_fine
from interfaces.containers.docker_run import DockerRun
from interfaces.containers.endpoint import engine_address, unavailable
from interfaces.containers.engine_errors import BROKEN, engine_errors, status_of, words_of
from interfaces.containers.engine_facts import container_from, info_from
from interfaces.containers.gpus import local_gpus
from interfaces.containers.image_build import BuildFailed, follow_build, once_more_if_a_step_was_lost
from interfaces.containers.left_containers import settle
from interfaces.containers.protocol import (
    DEADLINE_LABEL,
    ContainerEngine,
    ContainerResult,
    ContainerSpec,
    EngineInfo,
    ImageInfo,
    Leftovers,
    OnEnd,
    OnOutput,
    OnSample,
    StopSignal,
)
from interfaces.containers.reaching import reach
from interfaces.containers.volume_reading import copy_out
from interfaces.containers.writable_folders import WritableFolders
from interfaces.errors import EngineError

logger = logging.getLogger(__name__)

_CONNECT_TIMEOUT_S = 10
_REQUEST_TIMEOUT_S = 120
_CONNECTIONS = 128
"""Kept open at most; each running container holds two."""

_DEADLINE_MARGIN = timedelta(seconds=60)
_REMOVE_ATTEMPTS = 4
_REMOVE_PATIENCE = 10
"""How often a removal is asked for again that takes longer than a request may: a million files take minutes."""


class DockerEngine(DockerImages, ContainerEngine):
    """A Docker engine; one object per process is enough. What the methods promise stands in ``ContainerEngine``."""

    def __init__(self, api: Any, *, address: str, read_cgroups: bool = True, enter_namespaces: bool = True) -> None:
        """Use `connect` instead, unless you have a client."""
        self._api = api
        self._address = address
        self._on_socket = address.startswith("unix://")
        self._read_cgroups = read_cgroups and self._on_socket
        self._enters = enter_namespaces and self._on_socket
        self._folders = WritableFolders(api, local=self._on_socket)

    @classmethod
    def connect(cls, *, read_cgroups: bool = True, enter_namespaces: bool = True) -> Self:
        """The engine that the ``docker`` command would use.

        Args:
            read_cgroups: Whether to measure containers with the kernel's own counters where they can be reached.
            enter_namespaces: Whether to reach warm containers through their namespaces where this process may.

        Raises:
            EngineUnavailable: None answers; the text says what to do.
        """
        address = engine_address(os.environ, Path.home())
        try:
            tls = kwargs_from_env().get("tls", False)
            api = APIClient(address, timeout=_CONNECT_TIMEOUT_S, max_pool_size=_CONNECTIONS, tls=tls)
        except (DockerException, *BROKEN) as error:
            raise unavailable(address, error) from error
        api.timeout = _REQUEST_TIMEOUT_S
        if address.startswith("unix://"):
            # Otherwise every request reads ~/.netrc and the proxy variables, which mean nothing on a socket.
            api.trust_env = False
        return cls(api, address=address, read_cgroups=read_cgroups, enter_namespaces=enter_namespaces)

    def close(self) -> None:
        """Close the idle connections."""
        self._api.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def info(self) -> EngineInfo:
        """The engine and its machine, as of now."""
        with engine_errors("describe itself"):
            facts = self._api.info()
        local = self._on_socket and facts["Name"] == socket.gethostname()
        gives_gpus = local and "nvidia" in facts.get("Runtimes", {})
        return info_from(facts, api_version=self._api.api_version, gpus=local_gpus() if gives_gpus else (), local=local)

    def build(
        self,
        folder: Path,
        *,
        tag: str,
        build_arguments: Mapping[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> ImageInfo:
        """Build an image from a folder with a Dockerfile, with the classic builder."""
        if not (folder / "Dockerfile").is_file():
            raise EngineError(f"the image '{tag}' can't be built: there is no Dockerfile in {folder}")
        try:
            with engine_errors(f"build the image '{tag}' from {folder}"):
                options = {"buildargs": dict(build_arguments or {}), "labels": dict(labels or {}), "platform": PLATFORM}

                def build() -> None:
                    events = self._api.build(path=str(folder), tag=tag, rm=True, forcerm=True, decode=True, **options)
                    follow_build(events, on_line)

                once_more_if_a_step_was_lost(build)
        except BuildFailed as failure:
            raise EngineError(f"the image '{tag}' can't be built from {folder}: {failure}") from failure
        except (DockerException, OSError) as error:  # OSError: a file of the folder can't be read
            raise EngineError(f"the image '{tag}' can't be built from {folder}: {error}") from error
        image = self.image(tag)
        if image is None:
            raise EngineError(f"the image '{tag}' was built, and is gone again")
        return image

    def create_output_volume(self, name: str, labels: Mapping[str, str]) -> None:
        """Make an empty volume."""
        with engine_errors(f"make the volume '{name}'"):
            self._api.create_volume(name, driver="local", labels=dict(labels))

    def read_volume(
        self,
        name: str,
        *,
        image: str,
        into: Path,
        paths: Sequence[str] | None = None,
        max_bytes: int | None = None,
    ) -> Path:
        """A folder of this machine that shows what is in a volume: the engine's own, or one that it is copied to."""
        with engine_errors(f"look up the volume '{name}'"):
            mountpoint = Path(self._api.inspect_volume(name)["Mountpoint"])
        if self._on_socket and os.access(mountpoint, os.R_OK | os.X_OK):
            return mountpoint
        reader = self._create(reader_request(image=image, volume=name), name=f"read-{uuid4().hex}", image=image)
        try:
            copy_out(self._api, reader, into=into, paths=paths, max_bytes=max_bytes)
        finally:
            self._discard(reader)
        return into

    def remove_volume(self, name: str) -> None:
        """Remove a volume; one that is not there is fine."""
        with engine_errors(f"remove the volume '{name}'"), missing_is_fine():
            _patiently(lambda: self._api.remove_volume(name, force=True))

    def run(
        self,
        spec: ContainerSpec,
        *,
        time_limit_s: float,
        on_output: OnOutput,
        stop: StopSignal,
        on_sample: OnSample | None = None,
        on_end: OnEnd | None = None,
        keep: bool = False,
    ) -> ContainerResult:
        """Run a container to its end and remove it."""
        deadline = datetime.now(UTC) + timedelta(seconds=time_limit_s + spec.stop_grace_s) + _DEADLINE_MARGIN
        labels = {**spec.labels, DEADLINE_LABEL: deadline.isoformat()}
        container = self._create(create_request(spec, labels=labels), name=spec.name, image=spec.image)
        try:
            with engine_errors("prepare a container's folders"):
                self._folders.open(container, spec.image)
            run = DockerRun(
                self._api,
                container,
                spec,
                local=self._on_socket,
                read_cgroups=self._read_cgroups,
                on_sample=on_sample,
            )
            result = run.run(time_limit_s=time_limit_s, on_output=on_output, stop=stop)
            if on_end is not None:
                on_end(result)
        except BaseException:
            self._discard(container)
            raise
        if not keep:
            self._discard(container)
        return result

    def settle(self, container: str, *, grace_s: float, on_output: OnOutput) -> ContainerResult | None:
        """Bring a container that nobody watches any more to its end, and say what became of it."""
        return settle(self._api, container, grace_s=grace_s, on_output=on_output)

    def reach(self, container: str, *, helper_image: str) -> ContainerAccess | None:
        """A way into a running container: through its namespaces, or through a second one beside it."""
        return reach(self._api, container, direct=self._enters, local=self._on_socket, helper_image=helper_image)

    def leftovers(self, labels: Mapping[str, str | None]) -> Leftovers:
        """What still exists under these labels (None: whatever the label's value)."""
        wanted = {"label": [name if value is None else f"{name}={value}" for name, value in labels.items()]}
        with engine_errors("list containers and volumes"):
            containers = self._api.containers(all=True, filters=wanted)
            volumes = self._api.volumes(filters=wanted)["Volumes"] or []
        return Leftovers(
            containers=tuple(container_from(container) for container in containers),
            volumes={volume["Name"]: volume.get("Labels") or {} for volume in volumes},
        )

    def remove_container(self, container: str) -> None:
        """Kill and remove a container and its anonymous volumes, by id or name; one that is not there is fine."""
        for attempt in range(1, _REMOVE_ATTEMPTS + 1):
            try:
                with engine_errors("remove a container"), missing_is_fine():
                    _patiently(lambda: self._api.remove_container(container, v=True, force=True))
            except EngineError as error:
                if attempt == _REMOVE_ATTEMPTS:
                    raise
                logger.warning("container %s is not removed (attempt %d): %s", container[:12], attempt, error)
                time.sleep(0.2 * attempt)
            else:
                return

    def _create(self, request: Mapping[str, Any], *, name: str, image: str) -> str:
        try:
            created = self._api.create_container_from_config(request, name, PLATFORM)
        except requests.HTTPError as error:
            words = words_of(error)
            if refused := cannot_start.from_engine_words(image, words):
                raise refused from error
            if status_of(error) == 404:
                raise EngineError(f"the engine does not have the image '{image}' ({words})") from error
            raise EngineError(f"the engine could not create a container from '{image}': {words}") from error
        except (DockerException, *BROKEN) as error:
            raise EngineError(f"the engine could not create a container from '{image}': {error}") from error
        return str(created["Id"])

    def _discard(self, container: str) -> None:
        """Remove at the end of a run. Its result counts more than a removal that fails, so that is only logged."""
        try:
            self.remove_container(container)
        except EngineError as error:
            logger.warning("container %s is not removed: %s", container[:12], error)


def _patiently(remove: Callable[[], object]) -> None:
    """Ask again for a removal that is not answered in time; the engine goes on with it meanwhile."""
    for _ in range(_REMOVE_PATIENCE):
        try:
            remove()
        except requests.Timeout:
            continue
        else:
            return
