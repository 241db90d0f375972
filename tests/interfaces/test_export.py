"""Values as files in a person's folder: copies, under their relative paths."""

from __future__ import annotations

import json

import pytest
import SimpleITK as sitk
from records import an_interface

from interfaces.errors import ValidationError
from interfaces.export import export_values
from interfaces.kinds import InterfaceKindChoices as Kind


@pytest.fixture
def study(stored):
    return stored(an_interface(title="Study", kind=Kind.DICOM_IMAGE_SET, relative_path="images/study"))


def test_values_are_written_as_a_component_would(stored, tmp_path):
    sitk.WriteImage(sitk.Image([4, 4, 4], sitk.sitkInt16), tmp_path / "a.mha")
    scan = stored(an_interface(title="Scan", kind=Kind.IMAGE, relative_path="images/scan"))
    count = stored(an_interface())
    values = [scan.create_instance(image=tmp_path / "a.mha"), count.create_instance(value=3)]
    written = export_values(values, tmp_path / "out")
    assert written == [tmp_path / "out/images/scan/a.mha", tmp_path / "out/lesions.json"]
    assert written[0].read_bytes() == (tmp_path / "a.mha").read_bytes()
    assert json.loads(written[1].read_text()) == 3


def test_a_dicom_image_set_is_a_folder_of_copies(study, write_series, tmp_path):
    value = study.create_instance(image=write_series())
    for _ in range(2):  # what is there already is replaced
        (folder,) = export_values([value], tmp_path / "out")
        assert folder == tmp_path / "out/images/study"
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
            path.name: path.read_bytes() for path in value.path.iterdir()
        }
        for path in folder.iterdir():
            path.write_bytes(b"edited")
    assert all(path.read_bytes() != b"edited" for path in value.path.iterdir())


def test_two_series_are_never_mixed(study, write_series, tmp_path):
    export_values([study.create_instance(image=write_series("one"))], tmp_path / "out")
    with pytest.raises(ValidationError, match=r"out/images/study has other files \('.*\.dcm'\); export into an empty"):
        export_values([study.create_instance(image=write_series("two"))], tmp_path / "out")
    assert len(list((tmp_path / "out/images/study").iterdir())) == 4
