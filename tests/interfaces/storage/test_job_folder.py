"""A job's folder: inputs are links to what is stored."""

from __future__ import annotations

from uuid import uuid4

import pytest
from records import an_interface

from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.storage.job_folder import JobFolder


@pytest.fixture
def study(stored, write_series):
    interface = stored(an_interface(title="Study", kind=Kind.DICOM_IMAGE_SET, relative_path="images/study"))
    return interface.create_instance(image=write_series())


@pytest.fixture
def folder(site):
    folder = JobFolder.of(site, uuid4())
    folder.create()
    return folder


@pytest.mark.parametrize("prefix", ["", "case-1/output/"])
def test_a_dicom_image_set_is_a_folder_of_links(study, folder, prefix):
    folder.place_inputs({"study": study}, {str(study.pk): prefix}, unpacked_bytes=0)
    place = folder.input / prefix / "images" / "study"
    assert sorted(path.name for path in place.iterdir()) == sorted(member.name for member in study.files)
    for path in place.iterdir():
        assert path.samefile(study.path / path.name)
        assert path.stat().st_mode & 0o777 == 0o444
    assert place.stat().st_mode & 0o777 == 0o755


def test_removing_a_job_leaves_the_stored_series(study, folder):
    folder.place_inputs({"study": study}, {}, unpacked_bytes=0)
    folder.remove()
    assert not folder.root.exists()
    assert len(list(study.path.iterdir())) == 4
    assert {path.stat().st_mode & 0o777 for path in study.path.iterdir()} == {0o444}
