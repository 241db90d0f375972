"""Values as files in a person's folder: copies, under their relative paths."""

from __future__ import annotations

import json
import zipfile

import pytest
import SimpleITK as sitk
from records import an_interface

from interfaces.errors import ValidationError
from interfaces.export import export_values, import_values
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


@pytest.fixture
def all_values(stored, write_series, tmp_path):
    """A value of every family, among them what changes easily on its way through text."""
    sitk.WriteImage(sitk.Image([4, 4, 4], sitk.sitkInt16), tmp_path / "a scan.mha")
    sitk.WriteImage(sitk.Image([4, 4], sitk.sitkUInt8), tmp_path / "slice.tiff")
    (tmp_path / "t.csv").write_bytes(b"a,b\r\n1,2\r\n")
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("a/b.txt", "c")
    jsons = {"numbers": [1, 1.0, 2**80, 1e300, -0.0, 0.1], "text": "é\u2028\n", "null": None, "deep": {"a": [[], {}]}}

    def one(title: str, kind: Kind, path: str, **given):
        fields = {"store_in_database": given.pop("store")} if "store" in given else {}
        return stored(an_interface(title=title, kind=kind, relative_path=path, **fields)).create_instance(**given)

    return [
        one("Any", Kind.ANY, "deep/er/any.json", value=jsons),
        one("Any in a file", Kind.ANY, "any-file.json", value=jsons, store=False),
        one("Null", Kind.ANY, "null.json", value=None),
        one("Scan", Kind.IMAGE, "images/scan", image=tmp_path / "a scan.mha"),
        one("Slice", Kind.HEAT_MAP, "images/slice", image=tmp_path / "slice.tiff"),
        one("Study", Kind.DICOM_IMAGE_SET, "images/study", image=write_series()),
        one("Table", Kind.CSV, "t/table.csv", file=tmp_path / "t.csv"),
        one("Archive", Kind.ZIP, "archive.zip", file=tmp_path / "z.zip"),
    ]


def test_what_was_exported_and_is_read_again_is_the_same_values(all_values, tmp_path):
    written = export_values(all_values, tmp_path / "out")
    assert [str(path.relative_to(tmp_path / "out")) for path in written] == [
        *("deep/er/any.json", "any-file.json", "null.json", "images/scan/a scan.mha", "images/slice/slice.tiff"),
        *("images/study", "t/table.csv", "archive.zip"),
    ]
    found = import_values({value.interface for value in all_values}, tmp_path / "out")
    assert found.values == {value.interface.slug: value for value in all_values}
    assert {slug: value.pk for slug, value in found.values.items()} == {
        one.interface.slug: one.pk for one in all_values
    }


def test_only_what_is_there_is_imported(all_values, tmp_path):
    interfaces = {value.interface for value in all_values}
    (tmp_path / "empty").mkdir()
    assert import_values(interfaces, tmp_path / "empty") == (interfaces, {})


def test_all_that_is_invalid_is_named(stored, tmp_path):
    count, table = stored(an_interface()), stored(an_interface(title="T", kind=Kind.PDF, relative_path="t.pdf"))
    (tmp_path / "lesions.json").write_text('"many"')
    (tmp_path / "t.pdf").write_text("no PDF")
    with pytest.raises(ValidationError, match=r"lesions\.json: .*integer.*; t\.pdf: "):
        import_values([table, count], tmp_path)


def test_different_values_for_one_place_are_kept_apart_by_their_names(stored, tmp_path):
    count = stored(an_interface())
    values = {"before": count.create_instance(value=1), "after": count.create_instance(value=2)}
    assert export_values(values, tmp_path / "out") == [
        tmp_path / "out/before/lesions.json",
        tmp_path / "out/after/lesions.json",
    ]
    same = {"before": values["before"], "again": values["before"]}
    assert set(export_values(same, tmp_path / "out")) == {tmp_path / "out/lesions.json"}
    with pytest.raises(ValidationError, match=r"2 different values are to be written to .*/none/lesions\.json"):
        export_values(values.values(), tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_an_image_is_not_put_beside_another_one(stored, tmp_path):
    for name in ("one.mha", "two.mha"):
        sitk.WriteImage(sitk.Image([len(name), 4, 4 + (name == "two.mha")], sitk.sitkInt16), tmp_path / name)
    scan = stored(an_interface(title="Scan", kind=Kind.IMAGE, relative_path="images/scan"))
    one, two = (scan.create_instance(image=tmp_path / name) for name in ("one.mha", "two.mha"))
    count = stored(an_interface()).create_instance(value=1)
    export_values([one], tmp_path / "out")
    with pytest.raises(ValidationError, match=r"images/scan has other files \('one\.mha'\); export into an empty one"):
        export_values([count, two], tmp_path / "out")
    assert not (tmp_path / "out/lesions.json").exists()
    export_values([count, one], tmp_path / "out")


def test_an_edit_of_what_was_exported_changes_nothing(all_values, tmp_path):
    for path in export_values(all_values, tmp_path / "out"):
        for file in path.iterdir() if path.is_dir() else [path]:
            file.write_bytes(b"edited")
    for value in all_values:
        value.clean()
