"""From the engine's JSON to this project's records. Keys: Docker Engine API, v1.41 and later."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from interfaces.containers.gpus import Gpu
from interfaces.containers.records import EngineInfo, ImageInfo, LeftContainer


def info_from(info: Mapping[str, Any], *, api_version: str, gpus: tuple[Gpu, ...], local: bool) -> EngineInfo:
    """The engine, from ``GET /info``."""
    return EngineInfo(
        version=info["ServerVersion"],
        api_version=api_version,
        name=info["Name"],
        cpus=info["NCPU"],
        memory_bytes=info["MemTotal"],
        cgroup_version=int(info.get("CgroupVersion") or 1),
        gpus=gpus,
        local=local,
    )


def image_from(image: Mapping[str, Any]) -> ImageInfo:
    """An image, from ``GET /images/{name}/json``."""
    config = image.get("Config") or {}
    return ImageInfo(
        id=image["Id"],
        user=config.get("User") or "",
        architecture=image.get("Architecture") or "",
        os=image.get("Os") or "",
        entrypoint=tuple(config.get("Entrypoint") or ()),
        command=tuple(config.get("Cmd") or ()),
        size_bytes=image.get("Size") or 0,
        repo_tags=tuple(image.get("RepoTags") or ()),
        labels=config.get("Labels") or {},
        repo_digests=tuple(image.get("RepoDigests") or ()),
        environment=dict(_variable(line) for line in config.get("Env") or ()),
        volumes=tuple(config.get("Volumes") or ()),
        ports=tuple(config.get("ExposedPorts") or ()),
        has_health_check=((config.get("Healthcheck") or {}).get("Test") or ["NONE"])[0] != "NONE",
        layers=len((image.get("RootFS") or {}).get("Layers") or ()),
    )


def _variable(line: str) -> tuple[str, str]:
    name, _, value = line.partition("=")
    return name, value


def container_from(container: Mapping[str, Any]) -> LeftContainer:
    """A container, from ``GET /containers/json``."""
    return LeftContainer(
        id=container["Id"],
        name=(container.get("Names") or [""])[0].removeprefix("/"),
        state=container["State"],
        created_at=datetime.fromtimestamp(container["Created"], UTC),
        labels=container.get("Labels") or {},
    )


def engine_time(text: str) -> datetime:
    """A time stamp of the engine (RFC 3339 with up to nine digits of a second), UTC, cut to microseconds.

    Raises:
        ValueError: It is none.
    """
    date_time, dot, rest = text.partition(".")
    digits = len(rest) - len(rest.lstrip("0123456789"))
    zone = rest[digits:] if dot else ""
    return datetime.fromisoformat(f"{date_time}{dot}{rest[:digits][:6].ljust(6, '0') if dot else ''}{zone}").astimezone(
        UTC
    )
