"""What is stored of an image or a series: whole, once, and nothing else."""

from __future__ import annotations

import json
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path, PurePosixPath

import pydicom
import pytest
import SimpleITK as sitk
from programs import Program
from records import an_interface

from interfaces import ComponentInterfaceValue
from interfaces.database.interface_records import save_interface
from interfaces.database.tables import ValueRow
from interfaces.errors import ValidationError
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.owners import is_orphan
from interfaces.settings import get_settings
from interfaces.site import get_site
from interfaces.value import find_values


@pytest.fixture
def study(stored):
    return stored(an_interface(title="Study", kind=Kind.DICOM_IMAGE_SET, relative_path="images/study"))


@pytest.fixture
def scan(stored):
    return stored(an_interface(title="Scan", kind=Kind.IMAGE, relative_path="images/scan"))


def stored_files(site) -> list[Path]:
    return [path for path in site.store.folder.rglob("*") if path.is_file()]


def test_a_dicom_series_is_kept_as_its_own_files(study, write_series):
    source = write_series("Mr. Smith")
    value = study.create_instance(image=source)
    assert (value.name, value.title) == ("Mr. Smith", "Study: Mr. Smith")
    assert value.relative_path == PurePosixPath("images/study")
    assert value.value is None
    originals = {f"{pydicom.dcmread(path).SOPInstanceUID}.dcm": path.read_bytes() for path in source.iterdir()}
    assert {path.name: path.read_bytes() for path in value.path.iterdir()} == originals
    assert value.size_in_storage == sum(map(len, originals.values()))


def test_the_files_are_listed_in_the_order_of_the_series(study, write_series):
    value = study.create_instance(image=write_series())
    depths = [pydicom.dcmread(value.path / member.name).ImagePositionPatient[2] for member in value.files]
    assert depths == sorted(depths)
    assert len(depths) == 4
    for member in value.files:
        data = (value.path / member.name).read_bytes()
        assert (member.sha256, member.size) == (sha256(data).hexdigest(), len(data))


def test_the_identity_of_a_series_is_that_of_its_manifest(study, write_series):
    value = study.create_instance(image=write_series())
    manifest = sorted((asdict(member) for member in value.files), key=lambda member: member["name"])
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":"))
    assert value.sha256 == sha256(text.encode()).hexdigest()


def test_a_series_is_read_only_and_apart_from_what_was_handed_in(study, write_series):
    source = write_series()
    value = study.create_instance(image=source)
    before = {path.name: path.read_bytes() for path in value.path.iterdir()}
    for path in source.iterdir():
        path.write_bytes(b"overwritten in place")
    assert {path.name: path.read_bytes() for path in value.path.iterdir()} == before
    assert value.path.stat().st_mode & 0o777 == 0o555
    assert {path.stat().st_mode & 0o777 for path in value.path.iterdir()} == {0o444}


def test_the_same_series_from_another_place_is_one_record_and_another_is_another(site, study, write_series, tmp_path):
    value = study.create_instance(image=write_series())
    again = tmp_path / "sorted otherwise"
    again.mkdir()
    for number, path in enumerate(sorted((tmp_path / "series").iterdir(), reverse=True)):
        (again / f"{number}.ima").write_bytes(path.read_bytes())
    count = len(stored_files(site))
    assert study.create_instance(image=again).pk == value.pk
    assert len(stored_files(site)) == count
    assert study.create_instance(image=write_series("another")).pk != value.pk


def test_a_single_dicom_file_is_a_set_of_one(study, write_series):
    path = next(write_series().iterdir()).rename(write_series("other") / "slice 7.dcm")
    value = study.create_instance(image=path)
    assert value.name == "slice 7"
    assert [member.name for member in value.files] == [path.name for path in value.path.iterdir()]


def test_a_series_is_found_again_with_its_files(site, study, write_series):
    value = study.create_instance(image=write_series())
    with site.database.session() as session:
        found = find_values(session, [value.pk])[value.pk]
    assert found == value
    assert (found.files, found.path) == (value.files, value.path)
    copied = ComponentInterfaceValue.model_validate_json(value.model_dump_json())
    assert (copied.files, copied.path) == (value.files, value.path)
    assert value.files[0].name not in value.model_dump_json()


def test_other_values_have_no_list_of_files(scan, tmp_path):
    sitk.WriteImage(sitk.Image([4, 4, 4], sitk.sitkInt16), tmp_path / "a.mha")
    value = scan.create_instance(image=tmp_path / "a.mha")
    assert (value.files, value.is_folder) == ((), False)


@pytest.mark.parametrize("kind", [Kind.IMAGE, Kind.HEAT_MAP])
def test_no_other_image_kind_is_stored_as_dicom(stored, write_series, kind):
    interface = stored(an_interface(title="Other", kind=kind, relative_path="images/other"))
    value = interface.create_instance(image=write_series())
    assert (value.path.suffix, value.files) == (".mha", ())


def test_an_image_is_no_dicom_image_set(study, tmp_path):
    sitk.WriteImage(sitk.Image([4, 4, 4], sitk.sitkInt16), tmp_path / "a.mha")
    with pytest.raises(ValidationError, match=r"^1 of 1 files can't be used: 'a\.mha': is no readable DICOM file"):
        study.create_instance(image=tmp_path / "a.mha")


def test_a_refused_series_leaves_nothing(site, study, write_series):
    source = write_series()
    (source / "report.txt").write_text("text")
    with pytest.raises(ValidationError, match=r"'report\.txt': is no readable DICOM file"):
        study.create_instance(image=source)
    assert stored_files(site) == []
    assert list(site.scratch_folder.iterdir()) == []


def test_the_folder_that_a_person_stands_in_gives_its_name(study, scan, write_series, monkeypatch):
    monkeypatch.chdir(write_series("here"))
    assert study.create_instance(image=".").name == "here"
    assert scan.create_instance(image=Path()).name == "here.mha"


def test_a_second_machine_makes_the_folder_of_what_the_first_one_stored(tmp_path, monkeypatch, study, write_series):
    (tmp_path / "shared").mkdir()
    monkeypatch.setenv("COMPONENT_FLOWS_DATABASE_URL", f"sqlite:///{tmp_path}/shared/db")
    monkeypatch.setenv("COMPONENT_FLOWS_STORAGE_URL", f"local://{tmp_path}/shared/store")
    values = []
    for home in ("one", "two"):
        monkeypatch.setenv("COMPONENT_FLOWS_HOME", str(tmp_path / home))
        get_settings.cache_clear()
        with get_site().database.session() as session:
            if not values:
                interface = save_interface(session, study)[0]
        if not values:
            values.append(interface.create_instance(image=write_series()))
        with get_site().database.session() as session:
            values.append(find_values(session, [values[0].pk])[values[0].pk])
        assert values[-1].path.is_relative_to(tmp_path / home)
        assert len(list(values[-1].path.iterdir())) == 4
        get_site().database.close()


MAKE = """
import sys, time
from pathlib import Path
from interfaces.database.interface_records import find_interfaces
from interfaces.site import get_site

source, start = sys.argv[1:]
with get_site().database.session() as session:
    interfaces = find_interfaces(session, ["study", "scan"])
while not Path(start).exists():
    time.sleep(0.001)
for slug in ("study", "scan"):
    value = interfaces[slug].create_instance(image=source)
    print(value.pk, value.sha256, sorted(path.name for path in [value.path, *value.path.glob("*")]))
"""


def test_two_processes_that_make_one_value_at_once_get_one_record(site, study, scan, write_series, tmp_path):
    source = write_series()
    makers = [Program("code", MAKE, source, tmp_path / "start") for _ in range(2)]
    (tmp_path / "start").touch()
    answers = {maker.communicate(timeout=120)[0] for maker in makers}
    assert len(answers) == 1
    assert [maker.returncode for maker in makers] == [0, 0]
    with site.database.session() as session:
        assert session.query(ValueRow).count() == 2
    assert list(site.store.incoming.iterdir()) == []
    assert list(site.scratch_folder.iterdir()) == []


def test_many_threads_that_ask_for_a_folder_get_one(study, write_series):
    value = study.create_instance(image=write_series())
    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(lambda _: value.path, range(40)))
    assert len(set(paths)) == 1
    assert len(list(paths[0].parent.iterdir())) == 1
    assert len(list(paths[0].iterdir())) == 4


KILLED_IN_BETWEEN = """
import os, signal, sys
from interfaces.database.interface_records import find_interfaces
from interfaces.site import get_site
from interfaces.storage.file_store import FileStore

slug, source, last = sys.argv[1:]
put, count = FileStore.put, 0

def put_until_the_end(*arguments, **options):
    global count
    count += 1
    if count == int(last):
        os.kill(os.getpid(), signal.SIGKILL)
    return put(*arguments, **options)

FileStore.put = put_until_the_end
with get_site().database.session() as session:
    interface = find_interfaces(session, [slug])[slug]
interface.create_instance(image=source)
"""


@pytest.mark.parametrize(("slug", "last"), [("study", 3), ("scan", 1)])
def test_a_process_that_is_killed_in_between_leaves_nothing_half_stored(site, study, scan, write_series, slug, last):
    source = write_series()
    killed = Program("code", KILLED_IN_BETWEEN, slug, source, last)
    assert killed.wait(timeout=120) == -signal.SIGKILL
    with site.database.session() as session:
        assert session.query(ValueRow).count() == 0
    for path in stored_files(site):
        assert path.stem == sha256(path.read_bytes()).hexdigest()
    # What is left is named after its process, so that it can be told from the folder of one that lives.
    assert all(is_orphan(path.name) for path in site.scratch_folder.iterdir())
    value = {"study": study, "scan": scan}[slug].create_instance(image=source)
    assert value.path.exists()
