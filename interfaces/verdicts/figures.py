"""How a verdict's numbers are told to people, and which limit is suggested in place of one that was too low."""

from __future__ import annotations

import math

GB = 2**30
MB = 2**20

MORE_MEMORY = 1.5
"""A component that was ended at its limit needs more than that; how much more, nobody knows before it is tried."""

MORE_TIME = 2
_STEPS_PER_GB = 8


def memory_text(size_bytes: int) -> str:
    """Bytes as ``3.9 GB`` (2**30 bytes), or ``250 MB`` (2**20 bytes) below one."""
    if size_bytes >= GB:
        return f"{size_bytes / GB:.3g} GB"
    return f"{size_bytes / MB:.0f} MB"


def peak_text(peak_bytes: int, limit_bytes: int) -> str:
    """``3.9 of 4 GB``, both in the unit that suits the limit."""
    unit, name = (GB, "GB") if limit_bytes >= GB else (MB, "MB")
    return f"{peak_bytes / unit:.3g} of {limit_bytes / unit:.3g} {name}"


def seconds_text(seconds: float) -> str:
    """``0.4 s``, ``41 s``."""
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def more_memory_gb(limit_bytes: int, *, at_least_bytes: int = 0) -> float:
    """A larger memory limit, in GB, in steps that a person would write.

    Args:
        limit_bytes: The limit that was too low.
        at_least_bytes: What is known to be needed.
    """
    wanted = max(limit_bytes * MORE_MEMORY, at_least_bytes) / GB
    return float(math.ceil(wanted)) if wanted > 2 else math.ceil(wanted * _STEPS_PER_GB) / _STEPS_PER_GB
