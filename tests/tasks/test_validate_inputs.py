"""What a person hands in for a DICOM image set: a folder, a URI, or a value that is stored already."""

from __future__ import annotations

import pytest
from dicom_series import write_dicom_series
from records import an_interface

from interfaces.database.interface_records import save_interface
from interfaces.errors import ValidationError
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.settings import get_settings
from interfaces.site import get_site
from tasks.validate_inputs import read_input


@pytest.fixture(autouse=True)
def site(tmp_path, monkeypatch):
    monkeypatch.setenv("COMPONENT_FLOWS_HOME", str(tmp_path / "home"))
    get_settings.cache_clear()
    yield get_site()
    get_site().database.close()
    get_settings.cache_clear()


def an_image_interface(slug: str, kind: Kind):
    with get_site().database.session() as session:
        return save_interface(session, an_interface(title=slug, kind=kind, relative_path=f"images/{slug}"))[0]


@pytest.fixture
def study():
    return an_image_interface("study", Kind.DICOM_IMAGE_SET)


@pytest.fixture
def series(tmp_path):
    return write_dicom_series(tmp_path / "ward 7")


@pytest.mark.parametrize("ending", ["", "/"])
def test_a_uri_may_name_a_folder_of_dicom_files(study, series, ending):
    value = read_input(study, f"local://{series}{ending}")
    assert value.pk == read_input(study, str(series)).pk
    assert value.name == "ward 7"


def test_a_uri_of_a_file_is_fetched_as_one(study, series):
    assert len(read_input(study, f"local://{next(series.iterdir())}").files) == 1


def test_a_stored_series_can_be_the_value_of_another_interface(study, series):
    value = read_input(study, series)
    other = read_input(an_image_interface("other", Kind.DICOM_IMAGE_SET), value)
    assert (other.sha256, other.name, other.files) == (value.sha256, "ward 7", value.files)
    assert other.interface.slug == "other"


def test_a_stored_series_becomes_one_image_where_one_is_taken(study, series):
    value = read_input(an_image_interface("scan", Kind.IMAGE), read_input(study, series))
    assert value.name == "ward 7.mha"


def test_a_stored_image_is_no_series(study, scan):
    image = read_input(an_image_interface("scan", Kind.IMAGE), scan)
    with pytest.raises(ValidationError, match=r"'scan\.mha': is no readable DICOM file"):
        read_input(study, image)
