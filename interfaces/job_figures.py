"""What questions about many jobs need of each of them, packed into a few bytes.

A million rows, read one by one into Python, take seconds; a million of these records, joined by the database into a few
long strings of bytes, a fifth of one. So each job's row holds this record beside its columns, written from them in one
place and never on its own, and an index holds it, too, so that the rows themselves need not be read.
"""

from __future__ import annotations

import math
import struct
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from interfaces.jobs import ComponentJob

FIGURES = np.dtype(
    [
        ("created_us", "<i8"),
        ("waiting_s", "<f8"),
        ("duration_s", "<f8"),
        ("exec_duration_s", "<f8"),
        ("cpu_seconds", "<f8"),
        ("peak_memory_bytes", "<f8"),
        ("needed_memory_bytes", "<f8"),
        ("cost_euro_millicents", "<f8"),
    ]
)
"""One job: microseconds from 1970 (UTC) to its creation, then numbers that are not-a-number where they are unknown.

``waiting_s`` runs from the creation to the first use of the machine; for ``needed_memory_bytes`` see the function of
that name. Whole numbers are exact to 2**53.
"""

Figures = npt.NDArray[np.void]

_PACKED = struct.Struct("<q7d")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TOUCHED = 0.98
"""From this part of its limit on, a peak says more about the limit than about the need."""

GB = 2**30


def packed(job: ComponentJob) -> bytes:
    """A job's figures, 64 bytes."""
    waiting = (job.started_at - job.created).total_seconds() if job.started_at is not None else None
    numbers: tuple[float | None, ...] = (
        waiting,
        job.duration.total_seconds() if job.duration is not None else None,
        job.exec_duration_s,
        job.cpu_seconds,
        job.peak_memory_bytes,
        needed_memory_bytes(job),
        job.compute_cost_euro_millicents,
    )
    return _PACKED.pack(_microseconds(job.created), *(math.nan if number is None else number for number in numbers))


def unpacked(joined: bytes) -> Figures:
    """The figures of many jobs, from their records one after another."""
    return np.frombuffer(joined, dtype=FIGURES)


def created_between(figures: Figures, since: datetime | None, until: datetime | None) -> Figures:
    """The jobs that were created from `since` to `until`, both included; a naive time is local."""
    if since is not None:
        figures = figures[figures["created_us"] >= _microseconds(since)]
    if until is not None:
        figures = figures[figures["created_us"] <= _microseconds(until)]
    return figures


def needed_memory_bytes(job: ComponentJob) -> int | None:
    """What a job needed of its memory, as far as that can be told.

    The peak counts file pages too. Below its limit it is what the job needed at most. Where it touched the limit, the
    kernel dropped pages to stay within, so the highest sample without those is taken; otherwise a component that reads
    large files would seem to need whatever it is given.
    """
    peak = job.peak_memory_bytes
    if peak is None or peak < _TOUCHED * job.requires_memory_gb * GB:
        return peak
    totals: dict[str, Any] = job.runtime_metrics.get("totals") or {}
    working_set: int | None = totals.get("peak_working_set_bytes")
    return peak if working_set is None else working_set


def _microseconds(moment: datetime) -> int:
    return (moment.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)
