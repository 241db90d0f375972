"""The files of a DICOM series: their order along the patient, and whether they are one volume.

Frames of reference: DICOM PS3.3, C.7.6.2 (Image Plane Module). Pixels are not read here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from interfaces.errors import ValidationError
from interfaces.images.dicom import DicomSlice

GAP_TOLERANCE = 0.05
"""By how much of the usual distance of two slices a single one may differ."""

TILT_TOLERANCE = 0.01
"""How far slices may drift sideways, per distance along their normal."""

_ANGLE_TOLERANCE = 1e-3
_SPACING_TOLERANCE = 1e-3
_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class DicomSeries:
    """One series in its order.

    Attributes:
        slices: Along their normal; where they have no position, by their instance number.
        spacing_mm: Distance of two slices, or None where there is one slice or none has a position.
    """

    slices: tuple[DicomSlice, ...]
    spacing_mm: float | None


def ordered_series(slices: Sequence[DicomSlice]) -> DicomSeries:
    """Put the files of one series in order.

    Raises:
        ValidationError: There are several series, a file comes twice, or the geometry is not that of one volume.
    """
    _check_one_series(slices)
    uids = [one.sop_instance_uid for one in slices]
    if len(set(uids)) < len(uids):
        twice = next(one for at, one in enumerate(slices) if one.sop_instance_uid in uids[:at])
        raise ValidationError(f"The DICOM series has the SOP instance of '{twice.path.name}' twice")
    _check_same_grid(slices)
    if len(slices) == 1:
        return DicomSeries(slices=tuple(slices), spacing_mm=None)
    if any(one.frames > 1 for one in slices):
        raise ValidationError(f"The DICOM series has {len(slices)} files with several frames each; give one file")
    if all(one.position_mm is None or one.orientation is None for one in slices):
        return DicomSeries(slices=_by_number(slices), spacing_mm=None)
    return _by_position(slices)


def _check_one_series(slices: Sequence[DicomSlice]) -> None:
    by_series: dict[str, list[DicomSlice]] = {}
    for one in slices:
        by_series.setdefault(one.series_uid, []).append(one)
    if not slices:
        raise ValidationError("There is no DICOM image")
    if len(by_series) > 1:
        listed = [f"{uid} ({group[0].series_name}, {len(group)} files)" for uid, group in by_series.items()]
        shown = "; ".join(listed[:_SHOWN]) + ("; ..." if len(listed) > _SHOWN else "")
        raise ValidationError(f"There are {len(by_series)} DICOM series, but one is needed: {shown}")


def _check_same_grid(slices: Sequence[DicomSlice]) -> None:
    first = slices[0]
    for one in slices:
        same = {
            "size": (one.rows, one.columns) == (first.rows, first.columns),
            "pixel spacing": _close(one.spacing_mm, first.spacing_mm, _SPACING_TOLERANCE),
            "orientation": _close(one.orientation, first.orientation, _ANGLE_TOLERANCE),
        }
        for name, holds in same.items():
            if not holds:
                raise ValidationError(
                    f"The DICOM series is not one volume: '{one.path.name}' has another {name} than '{first.path.name}'"
                )


def _close(one: tuple[float, ...] | None, other: tuple[float, ...] | None, tolerance: float) -> bool:
    if one is None or other is None:
        return one is other
    return bool(np.allclose(one, other, rtol=tolerance, atol=tolerance))


def _by_number(slices: Sequence[DicomSlice]) -> tuple[DicomSlice, ...]:
    numbers = [one.number for one in slices]
    if None in numbers or len(set(numbers)) < len(numbers):
        raise ValidationError(
            "The DICOM series can't be ordered: it has no positions and no different instance numbers"
        )
    return tuple(sorted(slices, key=lambda one: one.number or 0))


def _by_position(slices: Sequence[DicomSlice]) -> DicomSeries:
    if lacking := [one for one in slices if one.position_mm is None]:
        raise ValidationError(f"The DICOM series is not one volume: '{lacking[0].path.name}' has no position")
    normal = slices[0].normal
    ordered = sorted(slices, key=lambda one: float(np.dot(normal, one.position_mm or ())))
    positions = np.array([one.position_mm for one in ordered])
    depths = positions @ normal
    gaps = np.diff(depths)
    usual = float(np.median(gaps))
    for at, gap in enumerate(gaps):
        pair = f"'{ordered[at].path.name}' and '{ordered[at + 1].path.name}'"
        if gap < 1e-4:
            raise ValidationError(f"The DICOM series has two slices at the same place: {pair}")
        if abs(gap - usual) > GAP_TOLERANCE * usual:
            raise ValidationError(
                f"The DICOM series misses slices or is not evenly spaced: {pair} are {gap:.3f} mm apart, "
                f"most others {usual:.3f} mm"
            )
    along = positions[-1] - positions[0]
    depth = float(depths[-1] - depths[0])
    if np.linalg.norm(along - depth * normal) > TILT_TOLERANCE * depth:
        raise ValidationError("The DICOM series was taken with a tilted gantry: its slices drift sideways")
    return DicomSeries(slices=tuple(ordered), spacing_mm=depth / len(gaps))
