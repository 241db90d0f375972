"""What a component left in an image output's folder: one image, or the contract's message."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from interfaces.errors import ValidationError
from interfaces.images.produced import produced_image

PLACE = "images/brain-tissues"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def test_an_empty_folder_is_said_to_be_empty(folder):
    with pytest.raises(ValidationError, match=f"^Output directory '{PLACE}' is empty$"):
        produced_image(folder, relative_path=PLACE)


def test_a_folder_with_only_empty_folders_is_empty(folder):
    (folder / "sub").mkdir()
    with pytest.raises(ValidationError, match="is empty"):
        produced_image(folder, relative_path=PLACE)


@pytest.mark.parametrize("name", ["a.mha", "a.mhd", "a.tif", "a.tiff"])
@pytest.mark.parametrize("compress", [False, True])
def test_one_image_is_found(folder, write_image, name, compress):
    path = write_image(name, np.zeros((5, 6), np.uint8), compress=compress)
    assert produced_image(folder, relative_path=PLACE) == path


def test_files_beside_the_image_do_not_matter(folder, write_image):
    path = write_image("a.mha")
    (folder / "log.txt").write_text("done")
    (folder / "broken.mha").write_text("no image")
    assert produced_image(folder, relative_path=PLACE) == path


@pytest.mark.parametrize("names", [("a.mha", "b.mha"), ("a.mha", "b.tif"), ("a.mhd", "b.mhd", "c.mha")])
def test_several_images_are_counted(folder, write_image, names):
    for name in names:
        write_image(name, np.zeros((5, 6), np.uint8))
    with pytest.raises(ValidationError, match=f"^Only 1 image should be produced in '{PLACE}', we found {len(names)}$"):
        produced_image(folder, relative_path=PLACE)


@pytest.mark.parametrize("name", ["a.nii.gz", "a.nrrd", "a.png", "a.txt", "a.raw", "a.mhd", "a.mha", "a.tif"])
def test_what_is_no_image_of_the_three_formats_is_none(folder, name):
    (folder / name).write_bytes(b"nothing of the kind")
    with pytest.raises(ValidationError, match=f"^No output images could be imported from '{PLACE}'$"):
        produced_image(folder, relative_path=PLACE)


def test_a_good_image_in_another_format_is_not_taken(folder, write_image):
    write_image("a.nii.gz")
    with pytest.raises(ValidationError, match="No output images could be imported"):
        produced_image(folder, relative_path=PLACE)


def test_dicom_files_are_no_image_from_a_component(folder, write_series):
    series = write_series()
    for path in series.iterdir():
        path.rename(series / f"{path.name}.dcm")
    with pytest.raises(ValidationError, match="No output images could be imported"):
        produced_image(series, relative_path=PLACE)


def test_a_name_that_is_no_text_is_no_image(folder, write_image):
    write_image("a.mha").rename(folder / os.fsdecode(b"\xff.mha"))
    with pytest.raises(ValidationError, match="No output images could be imported"):
        produced_image(folder, relative_path=PLACE)


def test_the_reason_why_an_image_was_not_taken_is_the_cause(folder, with_header_line):
    with_header_line("DimSize", "6 5 9")
    with pytest.raises(ValidationError, match="No output images") as caught:
        produced_image(folder, relative_path=PLACE)
    assert "claims 540 bytes of voxels" in str(caught.value.__cause__)


def test_a_raw_file_that_looks_like_an_image_is_part_of_its_header(folder, write_image):
    header = write_image("a.mhd")
    whole = write_image("b.mha")
    header.write_text(header.read_text().replace("a.raw", "b.mha"))
    (folder / "a.raw").unlink()
    whole.write_bytes(whole.read_bytes() + bytes(1000))
    assert produced_image(folder, relative_path=PLACE) == header
