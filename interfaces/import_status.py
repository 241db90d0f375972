"""The states of what is imported, container images and tarballs, and their moves as a table."""

from __future__ import annotations

from enum import IntEnum

from interfaces.errors import InvalidMove


class ImportStatusChoices(IntEnum):
    """How far an import has come; the numbers are those of grand-challenge.org."""

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

    @property
    def is_final(self) -> bool:
        """Whether the import has ended; only importing the same again leads on from here."""
        return self in FINAL


_S = ImportStatusChoices

FINAL = frozenset({_S.CANCELLED, _S.FAILED, _S.COMPLETED})

_ENDS_BADLY = frozenset({_S.CANCELLED, _S.FAILED})

IMPORT_MOVES: dict[ImportStatusChoices, frozenset[ImportStatusChoices]] = {
    _S.INITIALIZED: _ENDS_BADLY | {_S.QUEUED},
    _S.QUEUED: _ENDS_BADLY | {_S.STARTED},
    _S.STARTED: _ENDS_BADLY | {_S.RETRY, _S.COMPLETED, _S.QUEUED},
    _S.RETRY: _ENDS_BADLY | {_S.STARTED, _S.QUEUED},
    _S.CANCELLED: frozenset({_S.QUEUED}),
    _S.FAILED: frozenset({_S.QUEUED}),
    _S.COMPLETED: frozenset({_S.QUEUED}),
}
"""Where an import can go from each state.

Back to QUEUED it goes when the same is imported again, be it that an import has ended, or that its process died.
"""


def check_import_move(old: ImportStatusChoices, new: ImportStatusChoices) -> None:
    """Refuse a move that the table lacks.

    Raises:
        InvalidMove: Names both states.
    """
    if new not in IMPORT_MOVES[old]:
        raise InvalidMove(f"an import can't go from {old.name} to {new.name}")
