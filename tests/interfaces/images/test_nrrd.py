"""NRRD headers are held against their files before ITK reads them."""

from __future__ import annotations

import pytest
import SimpleITK as sitk

from interfaces.errors import ValidationError
from interfaces.images.header import read_header
from interfaces.images.reading import read_voxels


@pytest.fixture
def with_line(write_image):
    """An NRRD file of which one header line is replaced."""

    def change(old: str, new: str, *, compress: bool = False):
        path = write_image("a.nrrd", compress=compress)
        data = path.read_bytes()
        assert old.encode() in data
        path.write_bytes(data.replace(old.encode(), new.encode(), 1))
        return path

    return change


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("NRRD0004", "NRRD0009", "does not begin like one"),
        ("NRRD0004", "NRRD", "does not begin like one"),
        ("dimension: 3", "dimension: 4", "claims dimension 4 and sizes"),
        ("dimension: 3", "dimension: 99999999", "claims dimension 99999999"),
        ("sizes: 6 5 4", "sizes: 6 5 0", r"sizes \[6, 5, 0\]"),
        ("sizes: 6 5 4", "sizes: 6 5 -4", r"sizes \[6, 5, 0\]"),
        ("sizes: 6 5 4", "sizes: 6 5 5", "claims 300 bytes of voxels, but the file has only 240"),
        ("sizes: 6 5 4", "sizes: 99999 99999 99999", "at most 64.0 GiB"),
        ("sizes: 6 5 4", "sizes: 6 5", "claims dimension 3"),
        ("type: short", "type: block", "voxels of type 'block'"),
        ("type: short", "kind: short", "voxels of type ''"),
        ("(0.69", "(nan,0,0) (0", "space directions holds 'nan'; a finite number is needed"),
        ("(0.69", "(1e400,0,0) (0", "space directions holds '1e400'; a finite number is needed"),
        ("space origin: (", "space origin: (-inf,", "space origin holds '-inf'; a finite number is needed"),
        ("space origin: (", "space origin: (x,", "space origin holds 'x'; a finite number is needed"),
        ("encoding: raw", "encoding: raw\nspacings: 0 1 1", "spacings holds '0'; a spacing is above 0"),
        ("encoding: raw", "encoding: raw\nspacings: 1 -2 1", "spacings holds '-2'; a spacing is above 0"),
        ("encoding: raw", "encoding: bzip2", "The NRRD encoding 'bzip2' can't be read; use raw or gzip"),
        ("encoding: raw", "encoding: ascii", "use raw or gzip"),
        ("encoding: raw", "encoding: raw\ndata file: /etc/passwd", "names another file"),
        ("encoding: raw", "encoding: raw\ndatafile: LIST", "names another file"),
        ("encoding: raw", "encoding: raw\nDATA FILE: a%03d.raw 1 9 1", "names another file"),
        ("encoding: raw", "encoding: raw\nbyte skip: -1", "skips data"),
        ("encoding: raw", "encoding: raw\nlineskip: 5", "skips data"),
        ("encoding: raw", "encoding: raw\nencoding: gzip", "has encoding twice"),
        ("encoding: raw", "# " + "x" * 2_000_000, "its header does not end"),
    ],
)
def test_a_lying_header_is_refused(with_line, old, new, why):
    with pytest.raises(ValidationError, match=why):
        read_header(with_line(old, new))


def test_gzipped_data_can_not_claim_more_than_they_can_expand_to(with_line):
    with pytest.raises(ValidationError, match="more than they can expand to"):
        read_header(with_line("sizes: 6 5 4", "sizes: 600 500 400", compress=True))


def test_gzipped_data_that_are_fewer_than_claimed_are_refused(with_line):
    with pytest.raises(ValidationError, match="60 bytes of voxels are missing"):
        read_voxels(with_line("sizes: 6 5 4", "sizes: 6 5 5", compress=True))


def test_key_value_pairs_and_comments_do_not_matter(with_line):
    path = with_line("encoding: raw", "encoding: raw\n# data file: no\nDWMRI_b-value:=1000\ndata file:=also no")
    assert sitk.GetArrayFromImage(read_voxels(path)).ravel().tolist() == list(range(120))


def test_a_space_that_looks_the_other_way_is_turned_into_that_of_the_patient(with_line):
    before = read_header(with_line("encoding: raw", "encoding: raw"))
    after = read_header(with_line("space: left-posterior-superior", "space: right-anterior-superior"))
    assert after.spacing_mm == before.spacing_mm
    assert after.origin_mm == (-before.origin_mm[0], -before.origin_mm[1], before.origin_mm[2])
    assert after.direction == (-1, 0, 0, 0, -1, 0, 0, 0, 1)
