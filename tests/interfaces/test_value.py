from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np
import pytest
import SimpleITK as sitk
from programs import Program
from pydantic import ValidationError as PydanticError
from records import an_interface
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from interfaces import ComponentInterfaceValue, InterfacesAndValues
from interfaces.database.tables import ValueRow
from interfaces.errors import UnknownName, ValidationError
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.overlays import OverlaySegment
from interfaces.value import find_values


@pytest.fixture
def count(stored):
    return stored(an_interface())


@pytest.fixture
def points(stored):
    return stored(an_interface(title="Points", kind=Kind.MULTIPLE_POINTS, relative_path="points.json"))


@pytest.fixture
def scan(stored):
    return stored(an_interface(title="Scan", kind=Kind.IMAGE, relative_path="images/scan"))


POINTS = {"type": "Multiple points", "points": [{"point": [1, 2, 3.5]}], "version": {"major": 1, "minor": 0}}


def test_a_json_value_is_in_the_database(count):
    value = count.create_instance(value=42)
    assert value.value == 42
    assert value.path is None
    assert value.relative_path == PurePosixPath("lesions.json")
    assert value.title == "Number of lesions"


def test_a_json_value_of_a_list_kind_is_in_a_file(points):
    value = points.create_instance(value=POINTS)
    assert json.loads(value.path.read_text()) == POINTS
    assert value.value == POINTS
    assert value.size_in_storage == value.path.stat().st_size


def test_a_json_value_can_come_from_a_file(points, tmp_path):
    (tmp_path / "p.json").write_text(json.dumps(POINTS, indent=4))
    assert points.create_instance(file=tmp_path / "p.json").pk == points.create_instance(value=POINTS).pk


def test_null_is_a_value(stored):
    value = stored(an_interface(kind=Kind.ANY)).create_instance(value=None)
    assert value.value is None
    assert value.sha256


def test_the_same_value_is_one_record_and_another_is_another(count):
    assert count.create_instance(value=1).pk == count.create_instance(value=1).pk
    assert count.create_instance(value=1).pk != count.create_instance(value=2).pk


def test_whole_and_broken_numbers_are_told_apart(stored):
    number = stored(an_interface(kind=Kind.FLOAT))
    assert number.create_instance(value=1).sha256 != number.create_instance(value=1.0).sha256


def test_the_order_of_keys_makes_no_difference(stored):
    anything = stored(an_interface(kind=Kind.ANY))
    assert anything.create_instance(value={"a": 1, "b": 2}).pk == anything.create_instance(value={"b": 2, "a": 1}).pk


def test_many_that_make_one_value_at_once_get_one_record(count):
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: count.create_instance(value=5).pk, range(40)))) == 1


RACER = """
import sys
from pathlib import Path
from interfaces.database.interface_records import find_interfaces
from interfaces.site import get_site

with get_site().database.session() as session:
    interfaces = find_interfaces(session)
folder = Path(sys.argv[1])
print("ready", flush=True)
for number, line in enumerate(sys.stdin):
    given = {
        "number-of-lesions": {"value": number},
        "anything": {"value": {"round": number, "list": list(range(200))}},
        "table": {"file": folder / f"{number}.csv"},
        "scan": {"image": folder / f"{number}.mha"},
    }
    print(*[interfaces[slug].create_instance(**one).pk for slug, one in given.items()], flush=True)
"""


def test_processes_that_make_one_value_at_once_get_one_record(site, stored, count, scan, tmp_path):
    stored(an_interface(title="Anything", kind=Kind.ANY, relative_path="any.json", store_in_database=False))
    stored(an_interface(title="Table", kind=Kind.CSV, relative_path="table.csv"))
    rounds = 12
    for number in range(rounds):
        (tmp_path / f"{number}.csv").write_text(f"a,b\n{number},{'x' * 1000}\n")
        sitk.WriteImage(sitk.Image([8, 8, number + 1], sitk.sitkInt16), tmp_path / f"{number}.mha")
    racers = [Program("code", RACER, tmp_path) for _ in range(2)]
    assert [racer.stdout.readline() for racer in racers] == ["ready\n"] * 2
    seen: set[str] = set()
    for _ in range(rounds):
        for racer in racers:  # both wait at a barrier: the line that lets them go
            racer.stdin.write("go\n")
            racer.stdin.flush()
        one, other = (racer.stdout.readline().split() for racer in racers)
        assert one == other
        seen |= set(one)
    for racer in racers:
        assert racer.communicate()[1] == ""
    assert len(seen) == 4 * rounds
    with site.database.session() as session:
        assert session.scalar(select(func.count()).select_from(ValueRow)) == 4 * rounds
        for value in find_values(session, [int(pk) for pk in seen]).values():
            value.clean()
    assert not list((site.store.folder / "incoming").iterdir())


def test_a_value_never_changes(stored):
    anything = stored(an_interface(kind=Kind.ANY))
    handed_in = {"list": [1]}
    value = anything.create_instance(value=handed_in)
    handed_in["list"].append(2)
    value.value["list"].append(3)
    assert value.value == {"list": [1]}
    with pytest.raises(PydanticError):
        value.sha256 = "0"


@pytest.mark.parametrize(
    "column", ["interface_pk = 2", "sha256 = 'x'", "size = 0", "name = 'x'", "value = '[2]'", "created = created"]
)
def test_the_database_itself_refuses_to_change_a_value(site, count, column):
    value = count.create_instance(value=1)
    with pytest.raises(DBAPIError, match="a value never changes"), site.database.session() as session:
        session.execute(text(f"UPDATE component_interface_value SET {column}"))
    with pytest.raises(DBAPIError, match="a value never changes"), site.database.session() as session:
        session.get_one(ValueRow, value.pk).value = [2]
    with site.database.session() as session:
        assert find_values(session, [value.pk])[value.pk].value == 1


def test_a_stored_file_can_not_be_written_to(points):
    path = points.create_instance(value=POINTS).path
    assert path.stat().st_mode & 0o222 == 0


def test_exactly_one_of_json_file_and_image_is_there(count, points, scan, tmp_path):
    sitk.WriteImage(sitk.Image([4, 4, 4], sitk.sitkInt16), tmp_path / "a.mha")
    in_database, in_file = count.create_instance(value=1), points.create_instance(value=POINTS)
    image = scan.create_instance(image=tmp_path / "a.mha")
    assert [(one.file, one.image, one.image_file) for one in (in_database, in_file, image)] == [
        (None, None, None),
        (in_file.path, None, None),
        (None, image.path, image.path),
    ]


def test_a_stored_value_can_be_checked_again(site, count, points, scan, tmp_path):
    sitk.WriteImage(sitk.Image([4, 4, 4], sitk.sitkInt16), tmp_path / "a.mha")
    in_file, image = points.create_instance(value=POINTS), scan.create_instance(image=tmp_path / "a.mha")
    for value in (count.create_instance(value=1), in_file, image):
        value.clean()
    in_file.value  # noqa: B018 - what was read before is not what is looked at
    for value in (in_file, image):
        path, data = value.path, value.path.read_bytes()
        path.chmod(0o644)
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        with pytest.raises(ValidationError, match=f"the value {value.pk} of '{value.interface.slug}' was changed"):
            value.clean()
        path.unlink()
        with pytest.raises(ValidationError, match=f"the value {value.pk} of '{value.interface.slug}' is gone"):
            value.clean()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": Kind.FLOAT}, "kind"),
        ({"relative_path": "x.json"}, "relative_path"),
        ({"store_in_database": False}, "store_in_database"),
        ({"schema": {"minimum": 5}}, "schema"),
    ],
)
def test_no_value_is_stored_of_an_interface_that_was_changed_since_it_was_read(site, stored, count, change, message):
    stored(replace(count, **change))
    with pytest.raises(ValidationError, match=f"^{message} of the interface 'number-of-lesions' was changed"):
        count.create_instance(value=1)
    with site.database.session() as session:
        assert session.scalars(select(ValueRow)).all() == []


def test_a_change_that_takes_every_value_still_does_not_hold_up_what_was_read_before(stored, count):
    stored(replace(count, title="Lesions", description="new", default_value=3, schema={"type": "number"}))
    value = count.create_instance(value=1)
    assert value.value == 1


def test_interfaces_and_values_go_together(count, scan):
    with_schema = replace(count, slug="other", schema={"type": "integer"})
    pair = InterfacesAndValues({count, scan, with_schema}, {count.slug: count.create_instance(value=1)})
    assert pair.interfaces == {scan, count, with_schema}
    assert pair.values[count.slug].value == 1
    interfaces, values = pair
    assert (interfaces, values) == (pair.interfaces, pair.values)


@pytest.mark.parametrize(
    "value",
    [[2**80, {"a": [1.0, 1]}], {"a": None}, [], "text", None, 0, False, [float(2**70)], [[[]]], {"\u2028": "é"}],
)
def test_what_is_read_is_what_was_stored(stored, value):
    made = stored(an_interface(kind=Kind.ANY)).create_instance(value=value)
    assert repr(made.value) == repr(value)
    assert made.value is not made.value or not isinstance(value, list | dict)


def test_a_value_is_found_again(site, count):
    value = count.create_instance(value=3)
    with site.database.session() as session:
        found = find_values(session, [value.pk])[value.pk]
    assert found == value
    assert found.value == 3


def test_an_unknown_value_is_named(site, count):
    with site.database.session() as session, pytest.raises(UnknownName, match="no value 99"):
        find_values(session, [99])


def test_a_value_that_went_through_json_still_reads_its_content(count):
    value = count.create_instance(value=3)
    again = ComponentInterfaceValue.model_validate_json(value.model_dump_json())
    assert again.value == 3
    assert "3" not in value.model_dump(exclude={"pk", "sha256", "interface", "size_in_storage"}).values()


def test_an_image_has_a_folder_and_its_own_name(scan, tmp_path):
    image = sitk.GetImageFromArray(np.arange(24, dtype=np.int16).reshape(2, 3, 4))
    image.SetSpacing((0.5, 0.6, 2.0))
    sitk.WriteImage(image, tmp_path / "patient.mha")
    value = scan.create_instance(image=tmp_path / "patient.mha")
    assert value.relative_path == PurePosixPath("images/scan/patient.mha")
    assert value.name == "patient.mha"
    assert value.value is None
    read = sitk.ReadImage(value.path)
    assert read.GetSpacing() == (0.5, 0.6, 2.0)
    assert (sitk.GetArrayFromImage(read) == sitk.GetArrayFromImage(image)).all()


def test_changing_the_file_that_was_handed_in_changes_nothing(scan, tmp_path):
    path = tmp_path / "patient.mha"
    sitk.WriteImage(sitk.Image([4, 4, 4], sitk.sitkInt16), path)
    value = scan.create_instance(image=path)
    before = value.path.read_bytes()
    path.write_bytes(b"overwritten in place")
    assert value.path.read_bytes() == before


def test_a_nifti_file_becomes_an_mha_with_the_same_geometry(scan, tmp_path):
    image = sitk.GetImageFromArray(np.random.default_rng(1).integers(0, 99, (4, 5, 6)).astype(np.int16))
    image.SetSpacing((1.5, 1.5, 3))
    image.SetOrigin((-10, 20, 5))
    image.SetDirection((0, 1, 0, -1, 0, 0, 0, 0, 1))
    sitk.WriteImage(image, tmp_path / "patient.nii.gz")
    read = sitk.ReadImage(scan.create_instance(image=tmp_path / "patient.nii.gz").path)
    for facts in ("GetSpacing", "GetOrigin", "GetDirection"):
        assert getattr(read, facts)() == pytest.approx(getattr(image, facts)())
    assert (sitk.GetArrayFromImage(read) == sitk.GetArrayFromImage(image)).all()


def test_a_segmentation_is_checked_against_its_segments(stored, tmp_path):
    mask = stored(
        an_interface(
            title="Mask",
            kind=Kind.SEGMENTATION,
            relative_path="images/mask",
            overlay_segments=(OverlaySegment(name="Lesion", visible=True, voxel_value=1),),
        )
    )
    sitk.WriteImage(sitk.GetImageFromArray(np.full((2, 2, 2), 3, np.uint8)), tmp_path / "m.mha")
    with pytest.raises(ValidationError, match="3"):
        mask.create_instance(image=tmp_path / "m.mha")


def test_a_csv_file_keeps_its_bytes(stored, tmp_path):
    table = stored(an_interface(title="Table", kind=Kind.CSV, relative_path="table.csv"))
    (tmp_path / "t.csv").write_bytes(b"a,b\r\n1,2\r\n")
    assert table.create_instance(file=tmp_path / "t.csv").path.read_bytes() == b"a,b\r\n1,2\r\n"


@pytest.mark.parametrize("given", [{}, {"value": 1, "file": "x"}, {"image": "x"}])
def test_a_json_value_is_made_of_exactly_one_thing(count, given):
    with pytest.raises(ValidationError, match="exactly one of value or file"):
        count.create_instance(**given)


def test_an_image_is_not_made_of_json(scan):
    with pytest.raises(ValidationError, match="exactly one of image"):
        scan.create_instance(value={})


def test_a_missing_file_is_named(points, scan, tmp_path):
    with pytest.raises(ValidationError, match=r"missing\.json does not exist"):
        points.create_instance(file=tmp_path / "missing.json")
    with pytest.raises(ValidationError, match=r"missing\.mha does not exist"):
        scan.create_instance(image=tmp_path / "missing.mha")


def test_a_folder_is_no_file(points, tmp_path):
    with pytest.raises(ValidationError, match="is a folder"):
        points.create_instance(file=tmp_path)


def test_a_json_file_above_the_bound_is_not_read(points, tmp_path, monkeypatch):
    from interfaces.settings import get_settings
    from interfaces.site import get_site

    monkeypatch.setenv("COMPONENT_FLOWS_LIMITS__JSON_BYTES", "2000")
    get_settings.cache_clear()
    get_site()
    (tmp_path / "p.json").write_text(" " * 2001)
    with pytest.raises(ValidationError, match="at most 2000"):
        points.create_instance(file=tmp_path / "p.json")


def test_an_invalid_value_leaves_no_record(site, count):
    with pytest.raises(ValidationError):
        count.create_instance(value="many")
    with site.database.session() as session, pytest.raises(UnknownName):
        find_values(session, [1])
