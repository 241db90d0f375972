"""Hand a record to a task without having Prefect look through it."""

from __future__ import annotations

from typing import TypeVar, cast

from prefect.utilities.annotations import opaque

T = TypeVar("T")


def as_whole(record: T) -> T:
    """The record, wrapped so that Prefect takes note of it but of nothing inside; the task gets it unwrapped.

    Else each task would visit every field of a job, its outputs' JSON and its metrics included, several times.
    """
    return cast(T, opaque(record))
