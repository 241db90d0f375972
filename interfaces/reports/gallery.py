"""The previews of a page: of each value once, and within bounds for all of them together."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from interfaces.graph_values import Carried, one_by_one
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.previews.record import Preview
from interfaces.previews.shapes import ANNOTATION_KINDS
from interfaces.previews.texts import clean_text
from interfaces.reports.words import bytes_text
from interfaces.value import ComponentInterfaceValue

INLINE_BYTES = 120
"""JSON that is no longer than this is shown in a line of a table; it needs no preview."""

_OVER_AN_IMAGE = ANNOTATION_KINDS | {Kind.SEGMENTATION, Kind.HEAT_MAP, Kind.DISPLACEMENT_FIELD}
_PAGE_WIDTH_PX = 800
_SMALLER = 2


@dataclass(kw_only=True)
class Gallery:
    """Makes the previews of a page.

    Attributes:
        most_bytes: Of all previews together, as they stand in the page.
        seconds: After which no further preview is made.
        width_px: Of a picture.
        shown: The pks of the values whose previews are on the page.
        left_out: What each preview is of that was not made, or had no room.
        stop: Once it is set, no further preview is made.
    """

    most_bytes: int
    seconds: float
    width_px: int = _PAGE_WIDTH_PX
    shown: set[int] = field(default_factory=set)
    left_out: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    _used: int = 0
    _spent_s: float = 0.0
    _kept: dict[tuple[ComponentInterfaceValue, int], Preview] = field(default_factory=dict)

    def show(
        self, name: str, value: ComponentInterfaceValue, *, over: ComponentInterfaceValue | None = None
    ) -> Preview | None:
        """The preview of a value; None where there is no time or room left for it, which `left_out` says then.

        Args:
            name: What the page calls it.
            value: The value.
            over: An image that it is drawn over, if it is of a kind that is.
        """
        made = self._fitting(value, over, self.most_bytes - self._used)
        if made is None:
            self.left_out.append(name)
            return None
        self._used += _size(made)
        self.shown.add(value.pk)
        return made

    def show_alone(
        self, value: ComponentInterfaceValue, *, over: ComponentInterfaceValue | None = None
    ) -> Preview | None:
        """The same for a page of the value's own, which has all the room, but no more time; `show` need not make it."""
        return self._fitting(value, over, self.most_bytes, is_kept=True)

    def _fitting(
        self, value: ComponentInterfaceValue, over: ComponentInterfaceValue | None, room: int, *, is_kept: bool = False
    ) -> Preview | None:
        width = self.width_px
        over = over if drawn_over(value) else None
        while (made := self._kept.get((value, width)) or self._made(value, over, width)) is not None:
            if is_kept:
                self._kept[value, width] = made
            if _size(made) <= room:
                return made
            if not made.is_picture or width // _SMALLER < 200:
                return None
            width //= _SMALLER
        return None

    def _made(self, value: ComponentInterfaceValue, over: ComponentInterfaceValue | None, width: int) -> Preview | None:
        from interfaces.previews.making import preview  # needs SimpleITK, which takes long to import

        begun = time.monotonic()
        if self.stop.is_set() or (left_s := self.seconds - self._spent_s) <= 0:
            return None
        try:
            return preview(value, over=over, width_px=width, max_seconds=left_s)
        finally:
            self._spent_s += time.monotonic() - begun


def _size(made: Preview) -> int:
    """Bytes, as it stands in a page."""
    return 4 * len(made.data) // 3 if made.is_picture else len(made.markdown or made.text)


def drawn_over(value: ComponentInterfaceValue) -> bool:
    """Whether a preview of it is drawn over an image."""
    return value.interface.kind in _OVER_AN_IMAGE


def backdrop_of(values: Mapping[str, Carried]) -> ComponentInterfaceValue | None:
    """The image that previews are drawn over: the first one."""
    return next((value for value in one_by_one(values).values() if value.interface.kind is Kind.IMAGE), None)


def is_inline(value: ComponentInterfaceValue) -> bool:
    """Whether it is told in a line: JSON of a few characters that is neither a drawing nor a chart."""
    interface = value.interface
    is_drawn = interface.kind in ANNOTATION_KINDS or interface.kind in {Kind.CHART, Kind.AFFINE_TRANSFORM_REGISTRATION}
    return interface.is_json_kind and not is_drawn and value.size_in_storage <= INLINE_BYTES


def value_line(value: ComponentInterfaceValue) -> str:
    """A value in one line, without control characters: its JSON if that is short, else its name and size."""
    if is_inline(value):
        return clean_text(json.dumps(value.value, ensure_ascii=False), most=2 * INLINE_BYTES)
    size = bytes_text(value.size_in_storage)
    return clean_text(f"{value.name}, {size}" if value.name else size, most=200)
