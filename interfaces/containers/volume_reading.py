"""Reading a volume through the engine, for a runner that may not read the engine's own folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from interfaces.containers.engine_errors import engine_errors
from interfaces.containers.records import OUTPUT_TARGET
from interfaces.containers.volume_archive import unpack
from interfaces.containers.writable_folders import path_facts

_GO_MODE_DIR = 1 << 31
"""The bit for folders in the modes that the engine reports (Go's ``os.FileMode``)."""


def copy_out(api: Any, container: str, *, into: Path, paths: Sequence[str] | None, max_bytes: int | None) -> None:
    """Copy what is at some paths of a container's /output.

    Args:
        api: The SDK's client.
        container: A container, never started, with the volume at /output.
        into: A folder of ours; a path stands in it as it does in the volume.
        paths: Relative POSIX paths; one that does not exist is passed over. None: everything.
        max_bytes: Refuse if the files are larger together.

    Raises:
        TooLarge: They are.
        EngineError: The engine broke off.
    """
    left = max_bytes
    for path in [PurePosixPath(".")] if paths is None else [PurePosixPath(path) for path in paths]:
        place = _first_obstacle(api, container, path)
        if place is None:
            continue
        source = f"{OUTPUT_TARGET}/{place}" if place.parts else f"{OUTPUT_TARGET}/."
        with engine_errors("send what is in a volume"):
            chunks, _ = api.get_archive(container, source)
            try:
                used = unpack(chunks, into, below=place.parent, max_bytes=left)
            finally:
                chunks.close()
        if left is not None:
            left -= used


def _first_obstacle(api: Any, container: str, path: PurePosixPath) -> PurePosixPath | None:
    """The path itself, or the first part of it that is no folder (so that it is seen and refused); None: not there."""
    for depth in range(1, len(path.parts) + 1):
        part = PurePosixPath(*path.parts[:depth])
        with engine_errors("look into a volume"):
            facts = path_facts(api, container, f"{OUTPUT_TARGET}/{part}")
        if facts is None:
            return None
        if not facts["mode"] & _GO_MODE_DIR:
            return part
    return path
