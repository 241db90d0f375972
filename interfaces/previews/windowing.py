"""Which values of an image are black and which are white."""

from __future__ import annotations

import numpy as np

from interfaces.previews.geometry import Floats, Voxels

SOFT_TISSUE_HU = (-160.0, 240.0)
"""The usual window for soft tissue in CT: width 400, level 40 Hounsfield units."""

_AIR_HU = (-1100.0, -850.0)
_LEAST_AIR = 0.03
_PERCENTILES = (1.0, 99.5)
_SAMPLE = 2**20


def sample_of(voxels: Voxels) -> Floats:
    """Some values of an image, evenly chosen, without those that are no number."""
    step = max(1, voxels.size // _SAMPLE) | 1  # odd, so that no column of a usual image is met alone
    values: Floats = voxels.reshape(-1)[::step] if voxels.flags.c_contiguous else voxels.flat[::step]
    values = values.astype(np.float64)
    return values[np.isfinite(values)]


def window_of(voxels: Voxels) -> tuple[float, float]:
    """The values that become black and white.

    Bytes that use much of their range are shown as they are, CT in a window for soft tissue, all else between two
    percentiles, so that a few extreme voxels don't make the rest dark.

    Args:
        voxels: Of any shape.
    """
    values = sample_of(voxels)
    if not values.size:
        return 0.0, 1.0
    lowest, highest = float(values.min()), float(values.max())
    if voxels.dtype == np.uint8 and highest > 127:
        return 0.0, 255.0
    if is_hounsfield(values):
        return SOFT_TISSUE_HU
    low, high = (float(value) for value in np.percentile(values, _PERCENTILES))
    if high <= low:  # few voxels differ from the rest, or none
        low, high = lowest, highest
    return low, high


def is_hounsfield(values: Floats) -> bool:
    """Whether values look like CT numbers: air around -1000, tissue around 0, nothing far beyond metal."""
    if not values.size or values.min() > -850 or values.min() < -5000 or values.max() > 40_000:
        return False
    air = np.mean((values > _AIR_HU[0]) & (values < _AIR_HU[1]))
    tissue = np.mean((values > -200) & (values < 300))
    return bool(air > _LEAST_AIR and tissue > _LEAST_AIR)


def to_grey(values: Floats, window: tuple[float, float]) -> Floats:
    """Values as shares of white, 0 to 1; an image of one value is grey, what is no number black."""
    low, high = window
    if high <= low:
        return np.where(np.isnan(values), 0.0, np.where(values > low, 1.0, np.where(values < low, 0.0, 0.5)))
    with np.errstate(invalid="ignore", over="ignore"):
        shares = (np.nan_to_num(values, nan=low, posinf=high, neginf=low) - low) / (high - low)
    return np.clip(shares, 0.0, 1.0)
