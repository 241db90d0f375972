"""Reaching into a running container that has no network: its port, its folders, its counters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from interfaces.containers.cannot_start import ContainerCannotStart, StartProblem
from interfaces.containers.cgroup import Reading


class CannotReach(ContainerCannotStart):
    """The engine works, but this process can't reach into its containers; the text says what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message, problem=StartProblem.SERVER)


class Connection(Protocol):
    """A stream of bytes to a port in a container."""

    def send(self, data: bytes) -> None:
        """Send all of it.

        Raises:
            OSError: The other side is gone.
        """

    def receive(self, wait_s: float) -> bytes | None:
        """The next bytes; None if nothing came in time, empty at the end.

        Raises:
            OSError: The connection broke.
        """

    def close(self) -> None:
        """Cut it off; doing it again is fine."""


class ContainerAccess(Protocol):
    """A way into one running container, for one thread at a time; ``SharedAccess`` sees to that."""

    def connect(self, port: int, *, timeout_s: float) -> Connection:
        """Connect to a port that a program in the container listens on, on 127.0.0.1 or ::1.

        Raises:
            OSError: Nobody listens, or nobody answers.
        """

    def empty_folders(self) -> bool:
        """Remove all that is in /output and /tmp, whoever owns it; False if they could not be emptied.

        Raises:
            EngineError: The engine broke off.
        """

    def take_output(self, paths: Sequence[str], *, volume: str, into: Path, max_bytes: int) -> None:
        """Take what is at some paths of /output: into another volume, or into a folder of ours.

        Args:
            paths: Relative to /output. What is not there is passed over; more may be taken.
            volume: An empty volume. As root beside the engine, files are moved to it, and `into` is not made.
            into: A folder that is made elsewhere, to which they are copied.
            max_bytes: Refuse to copy more than this.

        Raises:
            TooLarge: More would be copied.
            EngineError: The engine broke off.
        """

    def read(self) -> Reading | None:
        """The container's counters now, or None where they can't be read from here."""

    def restart_peak(self) -> bool:
        """Let the high-water mark of memory begin anew; False where the kernel or our rights do not allow it."""

    def close(self) -> None:
        """Give back what was needed; doing it again is fine."""
