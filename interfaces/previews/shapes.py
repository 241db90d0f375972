"""Annotations as shapes: what each kind draws, in mm of the patient (LPS), whatever its JSON looks like."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Any

import numpy as np

from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.previews.geometry import Floats
from interfaces.previews.texts import clean_text

MAX_SHAPES = 2_000
"""Most shapes that are drawn of one value."""

MAX_POINTS = 20_000
"""Most points of one shape; of a longer path every n-th is drawn."""

_MAX_LABEL = 40
_MAX_MM = 1e7
_ELLIPSE_STEPS = 72


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One annotation.

    Attributes:
        paths: Connected points (n, 3) each; a path of one point is a mark.
        is_closed: Whether each path returns to its start.
        label: Its name, probability and measure, or "".
        probability: From 0 to 1, or None.
    """

    paths: tuple[Floats, ...]
    is_closed: bool = False
    label: str = ""
    probability: float | None = None

    @property
    def points(self) -> Floats:
        """All points (n, 3)."""
        return np.concatenate(self.paths)


def _box(item: Mapping[str, Any]) -> Shape:
    return Shape(paths=_paths([item["corners"]]), is_closed=True)


def _distance(item: Mapping[str, Any]) -> Shape:
    paths = _paths([[item["start"], item["end"]]])
    length = float(np.linalg.norm(paths[0][1] - paths[0][0])) if paths else 0.0
    return Shape(paths=paths, label=f"{length:.1f} mm")


def _point(item: Mapping[str, Any]) -> Shape:
    return Shape(paths=_paths([[item["point"]]]))


def _polygon(item: Mapping[str, Any]) -> Shape:
    return Shape(paths=_paths([item["path_points"]]) or _paths([[item["seed_point"]]]), is_closed=True)


def _line(item: Mapping[str, Any]) -> Shape:
    return Shape(paths=_paths(item["path_point_lists"]) or _paths([[point] for point in item["seed_points"]]))


def _angle(item: Mapping[str, Any]) -> Shape:
    paths = _paths(item["lines"])
    if len(paths) < 2:
        return Shape(paths=paths)
    return Shape(paths=paths, label=_degrees(paths[0][1] - paths[0][0], paths[1][1] - paths[1][0]))


def _three_point_angle(item: Mapping[str, Any]) -> Shape:
    paths = _paths([item["angle"]])
    if not paths:
        return Shape(paths=paths)
    start, vertex, end = paths[0]
    return Shape(paths=paths, label=_degrees(start - vertex, end - vertex))


def _ellipse(item: Mapping[str, Any]) -> Shape:
    axes = _paths([item["major_axis"], item["minor_axis"]])
    if len(axes) < 2:
        return Shape(paths=())
    turn = np.linspace(0, 2 * np.pi, _ELLIPSE_STEPS, endpoint=False)[:, None]
    middle = axes[0].mean(axis=0)
    major, minor = (axes[0][1] - axes[0][0]) / 2, (axes[1][1] - axes[1][0]) / 2
    return Shape(paths=(middle + np.cos(turn) * major + np.sin(turn) * minor,), is_closed=True)


_SHAPES: Mapping[Kind, tuple[str | None, Callable[[Mapping[str, Any]], Shape]]] = MappingProxyType(
    {
        Kind.TWO_D_BOUNDING_BOX: (None, _box),
        Kind.MULTIPLE_TWO_D_BOUNDING_BOXES: ("boxes", _box),
        Kind.DISTANCE_MEASUREMENT: (None, _distance),
        Kind.MULTIPLE_DISTANCE_MEASUREMENTS: ("lines", _distance),
        Kind.POINT: (None, _point),
        Kind.MULTIPLE_POINTS: ("points", _point),
        Kind.POLYGON: (None, _polygon),
        Kind.MULTIPLE_POLYGONS: ("polygons", _polygon),
        Kind.LINE: (None, _line),
        Kind.MULTIPLE_LINES: ("lines", _line),
        Kind.ANGLE: (None, _angle),
        Kind.MULTIPLE_ANGLES: ("angles", _angle),
        Kind.ELLIPSE: (None, _ellipse),
        Kind.MULTIPLE_ELLIPSES: ("ellipses", _ellipse),
        Kind.THREE_POINT_ANGLE: (None, _three_point_angle),
        Kind.MULTIPLE_THREE_POINT_ANGLES: ("angles", _three_point_angle),
    }
)
"""By kind: the key of its list, or None where the value is one shape itself; and what one of them draws."""

ANNOTATION_KINDS = frozenset(_SHAPES)
"""The kinds that are drawn as shapes."""


def count_shapes(kind: Kind, value: Mapping[str, Any]) -> int:
    """How many annotations a value of an annotation kind has."""
    key, _ = _SHAPES[kind]
    return 1 if key is None else len(value[key])


def shapes_of(kind: Kind, value: Mapping[str, Any]) -> list[Shape]:
    """The shapes of a valid value, at most `MAX_SHAPES`; those without a point that can be drawn are left out."""
    key, draw = _SHAPES[kind]
    items: Iterator[Mapping[str, Any]] = iter([value] if key is None else value[key])
    shapes = []
    for item in islice(items, MAX_SHAPES):
        shape = draw(item)
        if shape.paths:
            probability = item.get("probability")
            label = _label(item.get("name", ""), probability, shape.label)
            shapes.append(Shape(paths=shape.paths, is_closed=shape.is_closed, label=label, probability=probability))
    return shapes


def _label(name: str, probability: float | None, measure: str) -> str:
    shown = [clean_text(name, most=_MAX_LABEL)] if name else []
    if probability is not None:
        shown.append(f"{probability:.2f}")
    if measure:
        shown.append(measure)
    return "  ".join(shown)


def _paths(lists: list[list[list[float]]]) -> tuple[Floats, ...]:
    """Points as arrays, without paths that are empty or lie where no patient is."""
    paths = []
    for points in islice(lists, MAX_SHAPES):
        step = -(-len(points) // MAX_POINTS) or 1
        try:
            path = np.array(points[::step], dtype=np.float64).reshape(-1, 3)
        except OverflowError:  # JSON has whole numbers of any length
            continue
        if len(path) and (np.abs(path) <= _MAX_MM).all():
            paths.append(path)
    return tuple(paths)


def _degrees(one: Floats, other: Floats) -> str:
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    if not lengths:
        return ""
    return f"{np.degrees(np.arccos(np.clip(one @ other / lengths, -1, 1))):.1f}\N{DEGREE SIGN}"
