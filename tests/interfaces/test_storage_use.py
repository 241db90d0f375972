from __future__ import annotations

import json

import pydicom
import pytest
import SimpleITK as sitk
from records import a_component, a_job, a_stored_image, an_interface

from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.storage_use import site_size_in_storage, size_in_storage


@pytest.fixture
def of_site(site):
    def size() -> int:
        with site.database.session() as session:
            return site_size_in_storage(session)

    return size


@pytest.fixture
def tables(stored):
    return [stored(an_interface(title=name, kind=Kind.CSV, relative_path=f"{name}.csv")) for name in ("one", "two")]


def test_a_site_without_values_takes_nothing(of_site):
    assert size_in_storage([]) == of_site() == 0


def test_a_file_that_values_of_two_interfaces_share_counts_once(site, of_site, tables, tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    values = [table.create_instance(file=tmp_path / "a.csv") for table in tables]
    assert len({value.pk for value in values}) == 2
    assert size_in_storage([*values, values[0]]) == of_site() == 8
    assert sum(path.stat().st_size for path in site.store.folder.rglob("*.csv")) == 8


def test_values_in_the_database_count_with_each_record(of_site, stored):
    one, other = (stored(an_interface(title=name, relative_path=f"{name}.json")) for name in ("one", "two"))
    values = [one.create_instance(value=1000), other.create_instance(value=1000), one.create_instance(value=1000)]
    assert size_in_storage(values) == of_site() == 8


def test_the_slices_that_two_series_share_count_once(of_site, stored, write_series, tmp_path):
    study = stored(an_interface(title="Study", kind=Kind.DICOM_IMAGE_SET, relative_path="images/study"))
    source = write_series()
    whole = study.create_instance(image=source)
    max(source.iterdir(), key=lambda path: pydicom.dcmread(path).ImagePositionPatient[2]).unlink()
    part = study.create_instance(image=source)
    assert part.pk != whole.pk
    assert size_in_storage([whole, part]) == of_site() == whole.size_in_storage


def test_a_job_takes_what_its_inputs_and_outputs_do(site, of_site, stored, tmp_path):
    sitk.WriteImage(sitk.Image([4, 4, 4], sitk.sitkInt16), tmp_path / "a.mha")
    scan = stored(an_interface(title="Scan", kind=Kind.IMAGE, relative_path="images/scan"))
    copy = stored(an_interface(title="Copy", kind=Kind.IMAGE, relative_path="images/copy"))
    points = stored(an_interface(title="Anything", kind=Kind.ANY, relative_path="a.json", store_in_database=False))
    report = {"text": "a" * 100}
    inputs = {"scan": scan.create_instance(image=tmp_path / "a.mha")}
    outputs = {
        "copy": copy.create_instance(image=tmp_path / "a.mha"),
        "anything": points.create_instance(value=report),
    }
    job = a_job(a_stored_image(site, a_component()), inputs=inputs, outputs=outputs)
    expected = (tmp_path / "a.mha").stat().st_size + len(json.dumps(report, separators=(",", ":")))
    assert size_in_storage([*job.inputs.values(), *job.outputs.values()]) == of_site() == expected
