"""The states of what is imported: container images and tarballs."""

from __future__ import annotations

from enum import IntEnum


class ImportStatusChoices(IntEnum):
    """How far an import has come; COMPLETED, FAILED and CANCELLED are final."""

    INITIALIZED = 0
    QUEUED = 1
    RETRY = 2
    STARTED = 3
    CANCELLED = 4
    FAILED = 5
    COMPLETED = 6

    @property
    def label(self) -> str:
        """The text for people."""
        return "Re-Queued" if self is ImportStatusChoices.RETRY else self.name.capitalize()
