"""What the project asks of a container engine.

No type or exception of the engine's own SDK leaves ``docker_engine``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from interfaces.containers.cannot_start import ContainerCannotStart, StartProblem
from interfaces.containers.container_access import ContainerAccess
from interfaces.containers.records import (
    DEADLINE_LABEL,
    OUTPUT_TARGET,
    TMP_TARGET,
    BindMount,
    ContainerResult,
    ContainerSpec,
    DiskExcess,
    EngineInfo,
    ImageInfo,
    LeftContainer,
    Leftovers,
    OnEnd,
    OnOutput,
    OnSample,
    Sample,
    StopSignal,
    StreamName,
)

__all__ = [
    "DEADLINE_LABEL",
    "OUTPUT_TARGET",
    "TMP_TARGET",
    "BindMount",
    "ContainerCannotStart",
    "ContainerEngine",
    "ContainerResult",
    "ContainerSpec",
    "DiskExcess",
    "EngineInfo",
    "ImageInfo",
    "LeftContainer",
    "Leftovers",
    "OnEnd",
    "OnOutput",
    "OnSample",
    "Sample",
    "StartProblem",
    "StopSignal",
    "StreamName",
]


class ContainerEngine(Protocol):
    """Runs containers, isolated and limited. Any method may raise ``EngineError``; all are safe in any thread."""

    def info(self) -> EngineInfo:
        """The engine and its machine, as of now."""

    def image(self, reference: str) -> ImageInfo | None:
        """An image by id, ``name:tag`` or ``name@digest``, or None where the engine lacks it."""

    def build(
        self,
        folder: Path,
        *,
        tag: str,
        build_arguments: Mapping[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> ImageInfo:
        """Build an image from a folder with a Dockerfile, and tag it. ``.dockerignore`` is honoured.

        Args:
            folder: The build's context.
            tag: ``name:tag``.
            build_arguments: For ``ARG``.
            labels: For the image.
            on_line: Called with each line that the build prints.

        Raises:
            EngineError: The build failed; the text ends with its last lines.
        """

    def load(self, archive: Iterable[bytes], *, name: str) -> ImageInfo:
        """Load an archive of ``docker save`` with one image, sent as it is read.

        The engine believes an archive's own tags: hand on what `plain_archive` makes of one.

        Args:
            archive: Its bytes, a block at a time.
            name: What it is called in messages.

        Raises:
            EngineError: It is none, or has not exactly one image in it.
        """

    def save(self, reference: str) -> Iterator[bytes]:
        """An image as an archive of ``docker save``, a block at a time.

        Args:
            reference: Its ``name:tag``.

        Raises:
            EngineError: The engine lacks it, or breaks off.
        """

    def tag(self, image: str, reference: str) -> None:
        """Give an image one more ``name:tag``, which it takes from any other image."""

    def remove_image(self, reference: str) -> None:
        """Remove a tag, and the image with its last one; one that is not there is fine."""

    def pull(self, reference: str, *, stop: StopSignal | None = None) -> ImageInfo:
        """Fetch an image from its registry, with the credentials of ``docker login``.

        Args:
            reference: ``host/name:tag`` or ``host/name@sha256:...``.
            stop: Breaks it off once it is set.

        Raises:
            EngineError: The registry lacks it, refuses it, or can't be reached; `registry.may_pass` tells which may
                succeed later.
        """

    def push(self, image: str, *, repository: str, tag: str) -> str:
        """Send an image to a registry, with the credentials of ``docker login``.

        Args:
            image: Its id.
            repository: ``host/name``.
            tag: What it is called there.

        Returns:
            ``repository@sha256:...``, which stands for this content for ever.

        Raises:
            EngineError: The registry refuses it or can't be reached.
        """

    def remove_from_registry(self, reference: str) -> bool:
        """Remove an image from a registry.

        Args:
            reference: ``host/name@sha256:...``.

        Returns:
            Whether it is gone; False where the registry does not allow it.

        Raises:
            EngineError: The registry can't be reached.
        """

    def create_output_volume(self, name: str, labels: Mapping[str, str]) -> None:
        """Make an empty volume."""

    def read_volume(
        self,
        name: str,
        *,
        image: str,
        into: Path,
        paths: Sequence[str] | None = None,
        max_bytes: int | None = None,
    ) -> Path:
        """A folder of this machine that shows what is in a volume: hostile, so to be read with ``HostileTree``.

        Where this process may read the engine's own folder (as root), it is that one, and nothing is copied. Elsewhere
        the engine sends the files, about 0.3 GB/s.

        Args:
            name: The volume.
            image: Any image that the engine has; a container of it is created (never started) to read through.
            into: An empty folder of ours, for the case that files are sent.
            paths: What is wanted, relative to the volume's root; None: everything. More may be visible.
            max_bytes: Refuse to be sent more than this.

        Raises:
            TooLarge: More would be sent.
        """

    def remove_volume(self, name: str) -> None:
        """Remove a volume; one that is not there is fine."""

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
        """Run a container to its end and remove it.

        Args:
            spec: What to run.
            time_limit_s: From its start; then SIGTERM, the spec's grace, SIGKILL.
            on_output: Called with stdout and stderr as they come, from another thread. What it raises stops the
                container and is raised here.
            stop: Stops it as the time limit does; looked at ten times a second.
            on_sample: Called with CPU and memory, ten times a second at first, then once a second.
            on_end: Called with the result before the container is removed; what it raises is raised here.
            keep: Whether to leave it, ended, to a call of `remove_container`; where this raises it is removed anyway.

        Raises:
            ContainerCannotStart: The engine works, but the image can't run (entry point, user, architecture, GPU).
        """

    def settle(self, container: str, *, grace_s: float, on_output: OnOutput) -> ContainerResult | None:
        """Bring a container that nobody watches any more to its end, and say what became of it; it is not removed.

        Args:
            container: Its id or name.
            grace_s: Between SIGTERM and SIGKILL, if it still runs.
            on_output: Called with what the engine kept of its output (8 MB), stdout first.

        Returns:
            Its result, `stopped` where it had to be stopped; None where there is none, or it never started.
        """

    def reach(self, container: str, *, helper_image: str) -> ContainerAccess | None:
        """A way into a running container, which has no network.

        Args:
            container: Its id or name.
            helper_image: Reference of an image with python3, for a process that may not enter the container's network
                namespace itself: a second container of it stands beside the first then.

        Returns:
            The way, to be closed before the container is removed or soon after; None if it does not run.

        Raises:
            CannotReach: There is none; the text says what to do.
        """

    def leftovers(self, labels: Mapping[str, str | None]) -> Leftovers:
        """What still exists under these labels (None: whatever the label's value)."""

    def remove_container(self, container: str) -> None:
        """Kill and remove a container and its anonymous volumes, by id or name; one that is not there is fine."""
