"""Numbers and times for people."""

from __future__ import annotations

from datetime import datetime, timedelta

GB, MB, KB = 2**30, 2**20, 2**10
DASH = "\N{EN DASH}"


def seconds_text(seconds: float | None) -> str:
    """Seconds for people: ``0.42 s``, ``3 min 07 s``, ``2 h 05 min``, ``3 d 04 h``; a dash where there are none."""
    if seconds is None:
        return DASH
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours_of_day = divmod(hours, 24)
    if days:
        return f"{days} d {hours_of_day:02d} h"
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def duration_text(duration: timedelta | None) -> str:
    """The same for a duration."""
    return seconds_text(None if duration is None else duration.total_seconds())


def bytes_text(size: float | None) -> str:
    """Bytes for people: ``3.9 GB`` (2**30 bytes), ``250 MB``, ``12 kB``, ``17 bytes``; a dash where there are none."""
    if size is None:
        return DASH
    for unit, name in ((GB, "GB"), (MB, "MB"), (KB, "kB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}" if size < 1000 * unit else f"{size / unit:.0f} {name}"
    return f"{size:.0f} bytes"


def time_text(moment: datetime | None) -> str:
    """A moment in the zone of this machine, with the zone: ``2026-02-03 04:05:06 UTC``; a dash where there is none."""
    return DASH if moment is None else f"{moment.astimezone():%Y-%m-%d %H:%M:%S %Z}"


def digest_text(sha256: str) -> str:
    """The first digits of a SHA-256, which name it for people."""
    return sha256.removeprefix("sha256:")[:12]


def euro_text(millicents: float | None) -> str:
    """Thousandths of a euro cent as ``0.0123 EUR``; a dash where there are none."""
    if millicents is None:
        return DASH
    euro = millicents / 100_000
    return f"{euro:.2f} EUR" if euro >= 1 else f"{euro:.5f} EUR"


def code_text(code: str) -> str:
    """A code such as ``memory_limit`` as words: ``Memory limit``."""
    words = code.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]
