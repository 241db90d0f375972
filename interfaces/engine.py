"""The container engine of this process."""

from __future__ import annotations

import os
from functools import lru_cache

from interfaces.containers.protocol import ContainerEngine


@lru_cache(maxsize=2)
def _engine(_process: int) -> ContainerEngine:
    from interfaces.containers.docker_engine import DockerEngine  # reading records needs no engine

    return DockerEngine.connect()


def get_engine() -> ContainerEngine:
    """The engine that DOCKER_HOST or the default socket reaches, connected once a process.

    Raises:
        EngineUnavailable: None answers.
    """
    return _engine(os.getpid())
