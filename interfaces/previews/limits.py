"""How much time, memory and room a preview may take."""

from __future__ import annotations

import time

from interfaces.errors import ValidationError

PREVIEW_S = 20.0
"""Seconds after which reading for a preview stops."""

WIDTH_PX = 1200
"""Usual width of a picture, in pixels."""

MAX_PNG_BYTES = 2 * 2**20
"""Largest picture; a page holds many."""

MAX_JSON_BYTES = 128 * 2**20
"""Largest JSON file that is parsed for a preview; a million points have about 80 MB."""


class Deadline:
    """A moment after which a preview is given up.

    Args:
        seconds: From now.
    """

    def __init__(self, seconds: float = PREVIEW_S) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        """Whether the moment has passed."""
        return time.monotonic() > self._end

    def check(self) -> None:
        """Give up if the moment has passed.

        Raises:
            ValidationError: It has.
        """
        if self.is_over:
            raise ValidationError(f"it takes more than {self._seconds:g} s to read")
