"""The statuses of a job, and their moves as a table."""

from __future__ import annotations

from enum import IntEnum

from interfaces.errors import InvalidMove

MAX_ATTEMPTS = 99

BY = ("component", "image", "status", "day")
"""What many jobs can be told apart by where they are summarised."""


class JobStatus(IntEnum):
    """How far a job has come; the numbers and labels are those of grand-challenge.org."""

    PENDING = 0
    STARTED = 1
    RETRY = 2
    FAILURE = 3
    SUCCESS = 4
    CANCELLED = 5
    PROVISIONING = 6
    PROVISIONED = 7
    EXECUTING = 8
    EXECUTED = 9
    PARSING = 10
    EXECUTING_PREREQUISITES = 11
    CLAIMED = 12
    VALIDATING_INPUTS = 13

    @property
    def label(self) -> str:
        """The text for people."""
        return _LABELS[self]

    @property
    def is_final(self) -> bool:
        """Whether the job has ended."""
        return self in FINAL


_S = JobStatus

_LABELS = {
    _S.PENDING: "Queued",
    _S.STARTED: "Started",
    _S.RETRY: "Re-Queued",
    _S.FAILURE: "Failed",
    _S.SUCCESS: "Succeeded",
    _S.CANCELLED: "Cancelled",
    _S.PROVISIONING: "Provisioning",
    _S.PROVISIONED: "Provisioned",
    _S.EXECUTING: "Executing",
    _S.EXECUTED: "Executed",
    _S.PARSING: "Parsing Outputs",
    _S.EXECUTING_PREREQUISITES: "Executing Algorithm",
    _S.CLAIMED: "External Execution In Progress",
    _S.VALIDATING_INPUTS: "Validating inputs",
}

FINAL = frozenset({_S.SUCCESS, _S.FAILURE, _S.CANCELLED})

_ENDS = frozenset({_S.FAILURE, _S.CANCELLED})
_AGAIN = frozenset({_S.RETRY, _S.PENDING})  # a new attempt, whose number is one higher

MOVES: dict[JobStatus, frozenset[JobStatus]] = {
    _S.PENDING: _ENDS | {_S.STARTED, _S.VALIDATING_INPUTS, _S.EXECUTING_PREREQUISITES, _S.PROVISIONING, _S.CLAIMED},
    _S.RETRY: _ENDS | {_S.PENDING, _S.VALIDATING_INPUTS, _S.PROVISIONING},
    _S.STARTED: _ENDS | _AGAIN | {_S.VALIDATING_INPUTS, _S.PROVISIONING},
    _S.VALIDATING_INPUTS: _ENDS | _AGAIN | {_S.EXECUTING_PREREQUISITES, _S.PROVISIONING},
    _S.EXECUTING_PREREQUISITES: _ENDS | _AGAIN | {_S.PENDING, _S.PROVISIONING},
    _S.PROVISIONING: _ENDS | _AGAIN | {_S.PROVISIONED},
    _S.PROVISIONED: _ENDS | _AGAIN | {_S.EXECUTING},
    _S.EXECUTING: _ENDS | _AGAIN | {_S.EXECUTED},
    _S.EXECUTED: _ENDS | _AGAIN | {_S.PARSING},
    _S.PARSING: _ENDS | _AGAIN | {_S.SUCCESS},
    _S.CLAIMED: _ENDS | _AGAIN | {_S.PARSING},
    _S.SUCCESS: frozenset(),
    _S.FAILURE: frozenset(),
    _S.CANCELLED: frozenset(),
}
"""Where a job can go from each status. An external execution (CLAIMED) comes back with outputs to parse."""


def check_move(old: JobStatus, new: JobStatus) -> None:
    """Refuse a move that the table lacks.

    Raises:
        InvalidMove: Names both statuses.
    """
    if new not in MOVES[old]:
        raise InvalidMove(f"a job can't go from {old.name} to {new.name}")
