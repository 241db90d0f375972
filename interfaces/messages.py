"""The sentences that the person who runs a job reads. Users of Grand Challenge know them; their wording is kept."""

from __future__ import annotations

MEMORY_LIMIT = "The container was killed as it exceeded its memory limit"
TIME_LIMIT = "Time limit exceeded"
NO_ERRORS_REPORTED = "No errors were reported in the logs."
UNEXPECTED = "An unexpected error occurred"
INVALID_INPUTS = "One or more of the inputs failed validation."
CANCELLED = "The job was cancelled"
DISK_LIMIT = "The container was stopped as it exceeded its disk limit"
DISK_FULL = "The container was stopped as the disk of this machine is full"


def not_produced(path: str) -> str:
    """A JSON or other file is missing."""
    return f"Output file '{path}' was not produced"


def not_json(path: str) -> str:
    """A JSON file can't be parsed."""
    return f"The output file '{path}' is not valid json"


def invalid_file(path: str, why: object) -> str:
    """A JSON or other file does not fit its interface."""
    return f"The output file '{path}' is not valid. {why}"


def too_large(path: str) -> str:
    """A file is larger than what is read."""
    return f"The output file '{path}' is too large"


def empty_directory(path: str) -> str:
    """An image output has no file."""
    return f"Output directory '{path}' is empty"


def invalid_image(path: str, why: object) -> str:
    """An image does not fit its interface."""
    return f"The image produced in '{path}' is not valid. {why}"


def failed_with(stderr: str) -> str:
    """What a container says that exits with another code than 0: the last line of its stderr that is not empty."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    return lines[-1] if lines else NO_ERRORS_REPORTED
