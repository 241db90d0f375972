"""Slides: where the whole is too large, the smaller copy is shown at its place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from interfaces.errors import ValidationError
from interfaces.previews import volumes
from interfaces.previews.limits import Deadline
from interfaces.previews.volumes import read_volume


@pytest.fixture
def slide(tmp_path: Path) -> Path:
    """A TIFF of 800 x 400 pixels, red on its left half, and copies of a half, a quarter and a fortieth."""
    whole = np.zeros((400, 800, 3), np.uint8)
    whole[:, :400, 0] = 200
    path = tmp_path / "slide.tif"
    with TiffImagePlugin.AppendingTiffWriter(str(path), True) as file:
        for factor in (1, 2, 4, 40):
            page = Image.fromarray(whole[::factor, ::factor])
            page.save(file, format="TIFF", tiffinfo={254: 0 if factor == 1 else 1}, compression="raw")
            file.newFrame()
    return path


def test_the_copy_stands_for_the_whole(slide, monkeypatch):
    monkeypatch.setattr(volumes, "MAX_WHOLE_BYTES", 1000)
    volume = read_volume(slide, deadline=Deadline())
    assert volume.size == (400, 200, 1)
    assert volume.header.size == (800, 400)
    # The border between red and black lies between the same pixels of the whole.
    left, right = volume.geometry.points_mm(np.array([[199.5, 0, 0], [399.5, 0, 0]]))
    spacing, origin = volume.header.spacing_mm[0], volume.header.origin_mm[0]
    assert left[0] == pytest.approx(origin + 399.5 * spacing)
    assert right[0] == pytest.approx(origin + 799.5 * spacing)
    assert volume.voxels[0, 100, 199].tolist() == [200, 0, 0]
    assert volume.voxels[0, 100, 200].tolist() == [0, 0, 0]


def test_a_slide_that_is_small_enough_is_read_whole(slide):
    assert read_volume(slide, deadline=Deadline()).size == (800, 400, 1)


def test_a_large_tiff_without_copies_has_a_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(volumes, "MAX_WHOLE_BYTES", 1000)
    path = tmp_path / "a.tif"
    Image.fromarray(np.zeros((400, 800), np.uint8)).save(path)
    with pytest.raises(ValidationError, match="of this format at most 1000 bytes are read for a preview"):
        read_volume(path, deadline=Deadline())
