"""Ages and moments as people write them: ``30d``, ``12h``, ``2025-03-02``, ``2025-03-02 10:00``."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from interfaces.errors import DefinitionError

_UNITS = {"s": "seconds", "min": "minutes", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGE = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*(s|min|m|h|d|w)", re.ASCII)
_HOW = "an age is a number with one of s, min, h, d and w, such as 30d"


def age(text: str) -> timedelta:
    """How long a text says, such as ``30d``.

    Args:
        text: A number and its unit: s (seconds), min or m (minutes), h (hours), d (days), w (weeks).

    Raises:
        DefinitionError: It is none.
    """
    found = _AGE.fullmatch(text.strip())
    if found is None:
        raise DefinitionError(f"'{text}' is no age; {_HOW}")
    try:
        return timedelta(**{_UNITS[found[2]]: float(found[1])})
    except OverflowError:
        raise DefinitionError(f"'{text}' is longer than anything can be old; {_HOW}") from None


def moment(text: str | datetime, *, now: datetime | None = None) -> datetime:
    """The moment that a text says: so long ago, or a date with or without a time of day.

    Args:
        text: An age as `age` takes it, or a date and time in ISO 8601; without a zone it is local time. A moment is
            given back.
        now: From which an age counts back; this moment unless given.

    Returns:
        With its zone.

    Raises:
        DefinitionError: It is neither.
    """
    if isinstance(text, datetime):
        return text.astimezone()
    if _AGE.fullmatch(text.strip()):
        try:
            return (now or datetime.now(UTC)) - age(text)
        except OverflowError:
            raise DefinitionError(f"'{text}' ago is before the calendar begins; {_HOW}") from None
    try:
        return datetime.fromisoformat(text.strip()).astimezone()
    except (ValueError, OverflowError):
        raise DefinitionError(f"'{text}' is neither an age such as 30d nor a date such as 2025-03-02") from None
