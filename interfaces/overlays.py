"""How an overlay is shown: segments that name voxel values, and look-up tables that colour them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from interfaces.errors import ValidationError

MAX_SEGMENTS = 64
MAX_TITLE = 255

Interpolation = Literal["RGB", "HLS", "HLSpos", "HLSneg", "Constant"]

_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_POINTS = re.compile(rf"\[\s*{_NUMBER}(?:\s+{_NUMBER}){{3}}\s*(?:,\s*{_NUMBER}(?:\s+{_NUMBER}){{3}}\s*)*\]")
_ALPHA_POINTS = re.compile(rf"\[\s*{_NUMBER}(?:\s+{_NUMBER})+\s*(?:,\s*{_NUMBER}(?:\s+{_NUMBER})+\s*)*\]")


@dataclass(frozen=True, kw_only=True)
class OverlaySegment:
    """One category of voxels in a segmentation.

    Attributes:
        name: What the category is called.
        visible: Whether it is shown at first.
        voxel_value: The voxels' value; 0 is the background.
    """

    name: str
    visible: bool
    voxel_value: int


def overlay_segments_from(data: object) -> tuple[OverlaySegment, ...]:
    """Make segments of a list of ``{"name": str, "visible": bool, "voxel_value": int}``.

    Raises:
        ValidationError: An entry has another form, or there are more than 64.
    """
    if not isinstance(data, Sequence) or isinstance(data, str):
        raise ValidationError("overlay_segments must be a list of segments with name, visible and voxel_value")
    if len(data) > MAX_SEGMENTS:
        raise ValidationError(f"overlay_segments has {len(data)} segments; at most {MAX_SEGMENTS} are allowed")
    return tuple(_segment(entry, index) for index, entry in enumerate(data))


def _segment(entry: object, index: int) -> OverlaySegment:
    where = f"overlay_segments[{index}]"
    if isinstance(entry, OverlaySegment):
        return entry
    if not isinstance(entry, dict):
        raise ValidationError(f"{where} must be an object with name, visible and voxel_value")
    wanted: dict[str, type] = {"name": str, "visible": bool, "voxel_value": int}
    if extra := sorted(str(key) for key in set(entry) - set(wanted)):
        raise ValidationError(f"{where} has the unknown key '{extra[0]}'; a segment has name, visible and voxel_value")
    for key, kind in wanted.items():
        if key not in entry:
            raise ValidationError(f"{where} lacks '{key}'")
        value = entry[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise ValidationError(f"{where}.{key} must be of type {kind.__name__}, not {type(value).__name__}")
    return OverlaySegment(name=entry["name"], visible=entry["visible"], voxel_value=entry["voxel_value"])


def check_contiguous(segments: Sequence[OverlaySegment]) -> None:
    """Refuse voxel values that leave a gap, counting the implicit background 0, or come twice.

    Raises:
        ValidationError: Names the first missing or repeated value.
    """
    values = [segment.voxel_value for segment in segments]
    for value in values:
        if values.count(value) > 1:
            raise ValidationError(f"overlay_segments uses the voxel value {value} twice")
    known = sorted({0, *values})
    for value in range(known[0], known[-1] + 1):
        if value not in known:
            raise ValidationError(
                f"Voxel values for overlay segments must be contiguous: {value} is missing between "
                f"{known[0]} and {known[-1]}"
            )


def check_growth(old: Sequence[OverlaySegment], new: Sequence[OverlaySegment]) -> None:
    """Refuse a change of segments that stored values rely on; adding some is fine.

    Raises:
        ValidationError: A segment was changed or removed.
    """
    for segment in old:
        if segment not in new:
            raise ValidationError(
                f"the overlay segment {segment.voxel_value} '{segment.name}' can't be changed or removed, "
                "since values exist for this interface; segments may be added"
            )


@dataclass(frozen=True, kw_only=True)
class LookUpTable:
    """Colours and opacities over a range of voxel values. Several interfaces may share one.

    Attributes:
        title: Its name, unique.
        color: Points ``[position r g b, ...]`` as one string, colours from 0 to 1.
        alpha: Points ``[position alpha, ...]`` or four numbers a point (the first and last count), as many as `color`
            has.
        color_invert: The same for an inverted display, or "".
        alpha_invert: As many points as `color_invert`, or "".
        range_min: Lowest voxel value.
        range_max: Highest voxel value.
        relative: Whether the range is relative to the window.
        color_interpolation: How colours between two points are found.
        color_interpolation_invert: The same for the inverted display.
        pk: Primary key once registered, else None.
    """

    title: str
    color: str
    alpha: str
    color_invert: str = ""
    alpha_invert: str = ""
    range_min: int = 0
    range_max: int = 4095
    relative: bool = False
    color_interpolation: Interpolation = "RGB"
    color_interpolation_invert: Interpolation = "RGB"
    pk: int | None = field(default=None, compare=False)

    def clean(self) -> None:
        """Check every rule of a look-up table.

        Raises:
            ValidationError: Names the field at fault.
        """
        if not isinstance(self.title, str) or not self.title.strip():
            raise ValidationError("title of a look-up table must be text that is not empty")
        if not self.title.isprintable() or len(self.title) > MAX_TITLE:
            raise ValidationError(f"title must be one line of at most {MAX_TITLE} printable characters")
        self._check_points("color", _POINTS, required=True)
        self._check_points("alpha", _ALPHA_POINTS, required=True)
        self._check_points("color_invert", _POINTS, required=False)
        self._check_points("alpha_invert", _ALPHA_POINTS, required=False)
        self._check_same_length("color", "alpha")
        if bool(self.color_invert) != bool(self.alpha_invert):
            raise ValidationError("color_invert and alpha_invert must both be given, or neither")
        self._check_same_length("color_invert", "alpha_invert")
        for name in ("color_interpolation", "color_interpolation_invert"):
            if getattr(self, name) not in get_args(Interpolation):
                raise ValidationError(f"{name} must be one of {', '.join(get_args(Interpolation))}")
        for name in ("range_min", "range_max"):
            if type(getattr(self, name)) is not int:
                raise ValidationError(f"{name} must be a whole number, not {getattr(self, name)!r:.40}")
        if not isinstance(self.relative, bool):
            raise ValidationError(f"relative must be true or false, not {self.relative!r:.40}")

    def _check_points(self, name: str, pattern: re.Pattern[str], *, required: bool) -> None:
        text = getattr(self, name)
        if (required or text) and not (isinstance(text, str) and pattern.fullmatch(text)):
            raise ValidationError(f"{name} must be a list of points such as '[0 0 0 0, 1 1 1 1]', not {text!r}")

    def _check_same_length(self, one: str, other: str) -> None:
        counts = [getattr(self, name).count(",") for name in (one, other)]
        if counts[0] != counts[1]:
            raise ValidationError(f"{one} has {counts[0] + 1} points and {other} {counts[1] + 1}; they must be equal")

    def as_json(self) -> dict[str, Any]:
        """The fields as a JSON object, without the primary key."""
        return {name: value for name, value in asdict(self).items() if name != "pk"}


@dataclass(frozen=True, kw_only=True)
class OverlaySegmentsMixin:
    """The fields of anything that is shown as an overlay.

    Attributes:
        overlay_segments: The categories of voxel values; empty where there are none.
        look_up_table: Applied when an overlay image is first shown.
    """

    overlay_segments: tuple[OverlaySegment, ...] = field(default=())
    look_up_table: LookUpTable | None = None

    @property
    def overlay_segments_json(self) -> list[dict[str, Any]]:
        """The segments as a JSON list."""
        return [asdict(segment) for segment in self.overlay_segments]
