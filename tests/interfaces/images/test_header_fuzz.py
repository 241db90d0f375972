"""Headers that were changed at random: read as an image or refused in a sentence, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interfaces.errors import ValidationError
from interfaces.images.checks import check_image
from interfaces.images.header import read_header
from interfaces.images.importing import import_image
from interfaces.images.reading import read_voxels
from interfaces.kinds import InterfaceKindChoices as Kind

NAMES = ["a.mha", "z.mha", "a.nii", "a.nii.gz", "a.nrrd", "z.nrrd", "a.tif", "z.tif", "a.png", "a.jpg"]
HEADER_BYTES = 420
QUIET = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}

WORDS = st.sampled_from([b"0", b"-1", b"1", b"9", b"nan", b"inf", b"1e400", b"True", b"99999999999", b"\n", b" ", b"="])
NUMBERS = st.sampled_from([0, 1, -1, 2, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31]).flatmap(
    lambda number: st.sampled_from([(number % 2 ** (8 * size)).to_bytes(size, "little") for size in (1, 2, 4, 8)])
)
CHANGES = st.lists(
    st.tuples(
        st.integers(0, HEADER_BYTES),  # where
        st.integers(0, 8),  # how many bytes are taken out
        st.one_of(WORDS, NUMBERS, st.binary(max_size=8)),
        st.booleans(),  # from the end, where TIFF has its pages
    ),
    min_size=1,
    max_size=5,
)


@pytest.fixture
def tried(tmp_path: Path) -> Callable[..., None]:
    """Reads, checks and imports a small image of which some bytes were changed."""
    originals = {}
    for name in NAMES:
        flat = name.endswith((".png", ".jpg"))
        values = np.arange(120, dtype=np.uint8).reshape((10, 12) if flat else (4, 5, 6)) % 3
        image = sitk.GetImageFromArray(values)
        image.SetSpacing((0.7, 0.8, 2.5)[: image.GetDimension()])
        sitk.WriteImage(image, str(tmp_path / name), useCompression=name.startswith("z"))
        originals[name] = (tmp_path / name).read_bytes()
    into = tmp_path / "into"
    into.mkdir()

    def attempt(name: str, changes: list[tuple[int, int, bytes, bool]]) -> None:
        data = bytearray(originals[name])
        for place, removed, new, from_end in changes:
            at = max(0, len(data) - place) if from_end else min(place, len(data))
            data[at : at + removed] = new
        path = tmp_path / name
        path.write_bytes(data)
        try:
            header = read_header(path)
            image = read_voxels(path)
            assert (image.GetSize(), image.GetSpacing()) == (header.size, header.spacing_mm)
            imported = import_image(path, into)
            check_image(imported.path, kind=Kind.SEGMENTATION, voxel_values=[1, 2], voxels=imported.voxels)
        except ValidationError as error:
            assert "\n" not in str(error)
            assert str(tmp_path) not in str(error)

    return attempt


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, **QUIET)
@given(changes=CHANGES)
def test_a_changed_header_is_read_or_refused(tried, name, changes):
    tried(name, changes)


@pytest.mark.soak
@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=3_000, **QUIET)
@given(changes=CHANGES)
def test_thousands_of_changed_headers_are_read_or_refused(tried, name, changes):
    tried(name, changes)
