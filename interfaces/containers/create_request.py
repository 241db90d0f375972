"""How a container is isolated and limited: a ``ContainerSpec`` as the engine's create request.

The keys are those of the Docker Engine API, "Create a container" (v1.41, and the same in every later one). Built by
hand, since the SDK's helpers add proxy settings of the calling user to the container's environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from interfaces.containers.records import OUTPUT_TARGET, TMP_TARGET, BindMount, ContainerSpec

PLATFORM = "linux/amd64"
"""What every component is built for."""

ENGINE_LOG_BYTES = 8 * 2**20
"""What the engine itself keeps of a container's output, for a person who looks with ``docker logs``. Our copy comes
from the attached stream, so a component that writes gigabytes fills no disk here."""


def create_request(spec: ContainerSpec, *, labels: Mapping[str, str]) -> dict[str, Any]:
    """The body of the request that creates the container.

    Args:
        spec: What to run.
        labels: For the container and its volume for /tmp, in place of the spec's own.
    """
    request: dict[str, Any] = {
        "Image": spec.image,
        "Labels": dict(labels),
        "Env": [f"{name}={value}" for name, value in spec.environment.items()],
        "AttachStdout": True,
        "AttachStderr": True,
        "NetworkDisabled": True,
        # A health check of the image's own would run programs beside the job and count against its limits.
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": _host_config(spec, labels),
    }
    if spec.command is not None:
        request["Cmd"] = list(spec.command)
    return request


def reader_request(*, image: str, volume: str) -> dict[str, Any]:
    """The body for a container that is never started and only shows a volume to the archive requests."""
    return {
        "Image": image,
        "Cmd": ["never-started"],
        "NetworkDisabled": True,
        "HostConfig": {
            "NetworkMode": "none",
            "Mounts": [{**_volume(OUTPUT_TARGET, source=volume), "ReadOnly": True}],
        },
    }


def _host_config(spec: ContainerSpec, labels: Mapping[str, str]) -> dict[str, Any]:
    host: dict[str, Any] = {
        "NetworkMode": "none",
        "IpcMode": "private",
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "PidsLimit": spec.processes,
        "Memory": spec.memory_bytes,
        "MemorySwap": spec.memory_bytes,
        # The default of 64 MB breaks PyTorch's data loaders; its pages count towards the memory limit in any case.
        "ShmSize": spec.memory_bytes,
        "Ulimits": [{"Name": "core", "Soft": 0, "Hard": 0}],
        "Init": True,
        # Never AutoRemove: exit code and last lines are lost when the engine is quicker than we are.
        "AutoRemove": False,
        "RestartPolicy": {"Name": "no"},
        "LogConfig": {
            "Type": "local",
            "Config": {"max-size": str(ENGINE_LOG_BYTES), "max-file": "1", "compress": "false"},
        },
        "Mounts": [
            *(_bind(mount) for mount in spec.mounts),
            _volume(OUTPUT_TARGET, source=spec.output_volume, labels=labels),
            _volume(TMP_TARGET, labels=labels),
        ],
    }
    if spec.cpus is not None:
        host["NanoCpus"] = round(spec.cpus * 1e9)
    if spec.gpus:
        host["DeviceRequests"] = [{"Driver": "", "DeviceIDs": list(spec.gpus), "Capabilities": [["gpu"]]}]
    return host


def _bind(mount: BindMount) -> dict[str, Any]:
    # Not recursive: a file system mounted below the source would be writable in spite of ReadOnly before engine 25.
    return {
        "Type": "bind",
        "Source": str(mount.source),
        "Target": mount.target,
        "ReadOnly": mount.read_only,
        "BindOptions": {"Propagation": "rprivate", "NonRecursive": True},
    }


def _volume(target: str, *, source: str | None = None, labels: Mapping[str, str] | None = None) -> dict[str, Any]:
    # NoCopy: what the image has at that path must not turn up as the job's output.
    mount: dict[str, Any] = {"Type": "volume", "Target": target, "VolumeOptions": {"NoCopy": True}}
    if source is not None:
        mount["Source"] = source
    if labels:
        mount["VolumeOptions"]["Labels"] = dict(labels)
    return mount
