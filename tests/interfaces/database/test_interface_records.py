from __future__ import annotations

from dataclasses import replace

import pytest
from programs import Program
from records import an_interface

from interfaces.database.interface_records import find_interfaces, save_default_interfaces, save_interface
from interfaces.database.look_up_table_records import find_look_up_tables, save_look_up_table
from interfaces.defaults import default_interfaces
from interfaces.errors import UnknownName, ValidationError
from interfaces.example_value import ComponentInterfaceExampleValue
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.overlays import LookUpTable, OverlaySegment

SEGMENT = OverlaySegment(name="Lesion", visible=True, voxel_value=1)


def a_segmentation(**changes):
    fields = {
        "title": "Mask",
        "kind": Kind.SEGMENTATION,
        "relative_path": "images/mask",
        "overlay_segments": (SEGMENT,),
    }
    return an_interface(**{**fields, **changes})


@pytest.mark.parametrize(
    "interface",
    [
        an_interface(default_value=3, schema={"minimum": 0}, description="How many"),
        an_interface(default_value=False, kind=Kind.BOOL),
        an_interface(kind=Kind.ANY, example_value=ComponentInterfaceExampleValue(value=None, extra_info="nothing")),
        a_segmentation(look_up_table=LookUpTable(title="Red", color="[0 0 0 0, 1 0 0 1]", alpha="[0 0 0 0, 1 1 1 1]")),
    ],
)
def test_an_interface_is_read_as_it_was_saved(site, interface):
    with site.database.session() as session:
        stored, new = save_interface(session, interface)
    with site.database.session() as session:
        assert find_interfaces(session, [interface.slug])[interface.slug] == stored == interface
    assert new
    assert stored.pk is not None


def test_saving_it_again_changes_nothing(stored, site):
    first = stored(an_interface())
    with site.database.session() as session:
        assert save_interface(session, an_interface()) == (first, False)


def test_a_description_may_change(stored, site):
    stored(an_interface())
    with site.database.session() as session:
        assert save_interface(session, an_interface(description="new"))[1]
    with site.database.session() as session:
        assert find_interfaces(session)["number-of-lesions"].description == "new"


@pytest.mark.parametrize("field", ["title", "relative_path"])
def test_a_title_or_path_of_another_is_refused(stored, field):
    stored(an_interface())
    other = an_interface(slug="other", title="Other", relative_path="other.json")
    with pytest.raises(ValidationError, match=f"{field} .* is taken by the registered interface 'number-of-lesions'"):
        stored(replace(other, **{field: getattr(an_interface(), field)}))


def find(site, slug="number-of-lesions"):
    with site.database.session() as session:
        return find_interfaces(session, [slug])[slug]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"schema": {"const": 1}}, {"schema": {"const": True}}),
        ({"kind": Kind.ANY, "default_value": 0}, {"kind": Kind.ANY, "default_value": False}),
        ({"kind": Kind.FLOAT, "default_value": 1}, {"kind": Kind.FLOAT, "default_value": 1.0}),
        (
            {"kind": Kind.ANY, "example_value": ComponentInterfaceExampleValue(value=1)},
            {"kind": Kind.ANY, "example_value": ComponentInterfaceExampleValue(value=True)},
        ),
    ],
)
def test_what_is_equal_to_python_but_not_in_json_is_a_change(stored, site, before, after):
    stored(an_interface(**before))
    with site.database.session() as session:
        assert save_interface(session, an_interface(**after))[1]
    assert repr(find(site)) == repr(stored(an_interface(**after)))


def test_an_example_keeps_the_time_of_its_creation(stored, site):
    stored(an_interface(example_value=ComponentInterfaceExampleValue(value=1)))
    first = find(site).example_value
    assert first.created == first.modified
    stored(an_interface(example_value=ComponentInterfaceExampleValue(value=1), description="new"))
    assert (find(site).example_value.created, find(site).example_value.modified) == (first.created, first.modified)
    stored(an_interface(example_value=ComponentInterfaceExampleValue(value=2)))
    assert find(site).example_value.created == first.created < find(site).example_value.modified


def test_a_path_within_that_of_another_is_refused(stored):
    stored(an_interface(relative_path="a.json/b.json"))
    for path in ("a.json", "a.json/b.json/c.json"):
        with pytest.raises(ValidationError, match="lie within each other"):
            stored(an_interface(title="Other", relative_path=path))
    stored(an_interface(title="Other", relative_path="a.json-b.json"))
    stored(an_interface(title="Third", relative_path="a_json/c.json"))


def test_nothing_is_applied_of_a_change_that_is_refused_in_part(stored, site):
    stored(an_interface()).create_instance(value=1)
    with pytest.raises(ValidationError, match=r"^kind can't be changed .*; relative_path can't"):
        stored(an_interface(kind=Kind.FLOAT, relative_path="x.json", description="new"))
    assert find(site) == an_interface()


TABLE = LookUpTable(title="Red", color="[0 0 0 0, 1 0 0 1]", alpha="[0 0 0 0, 1 1 1 1]")


def a_map(title, table=TABLE):
    return an_interface(title=title, kind=Kind.HEAT_MAP, relative_path=f"images/{title.lower()}", look_up_table=table)


def test_two_interfaces_share_a_look_up_table(stored, site):
    first, second = stored(a_map("First")), stored(a_map("Second"))
    assert first.look_up_table.pk == second.look_up_table.pk is not None
    with site.database.session() as session:
        assert save_look_up_table(session, replace(TABLE, range_max=1)) == (replace(TABLE, range_max=1), True)
        assert save_look_up_table(session, replace(TABLE, range_max=1))[1] is False
        assert {one.look_up_table.range_max for one in find_interfaces(session).values()} == {1}
        assert find_look_up_tables(session) == {"Red": replace(TABLE, range_max=1)}


def test_a_shared_look_up_table_is_not_changed_by_one_of_its_interfaces(stored):
    stored(a_map("First"))
    stored(a_map("First", replace(TABLE, range_max=2)))
    stored(a_map("Second", replace(TABLE, range_max=2)))
    with pytest.raises(ValidationError, match="'Red' is shared with the registered interface 'second'"):
        stored(a_map("First", replace(TABLE, range_max=3)))
    stored(a_map("First", None))
    stored(a_map("Second", replace(TABLE, range_max=3)))


def test_an_invalid_look_up_table_is_not_saved(site):
    with site.database.session() as session, pytest.raises(ValidationError, match="color"):
        save_look_up_table(session, replace(TABLE, color="red"))


def test_the_default_interfaces_are_added_once_and_stay_as_they_were_edited(site, stored):
    with site.database.session() as session:
        assert save_default_interfaces(session) == [one.slug for one in default_interfaces()]
    edited = replace(find(site, "results-json-file"), description="Ours", store_in_database=False)
    stored(edited)
    with site.database.session() as session:
        assert save_default_interfaces(session) == []
    assert find(site, "results-json-file") == edited


def test_a_default_interface_gives_way_to_one_that_has_its_path(site, stored):
    stored(an_interface(title="Ours", kind=Kind.ANY, relative_path="metrics.json"))
    with site.database.session() as session:
        assert "metrics-json-file" not in save_default_interfaces(session)


REGISTER = """
import sys
from interfaces.database.interface_records import save_default_interfaces, save_interface
from interfaces.defaults import default_interfaces
from interfaces.site import get_site
site = get_site()
print("ready", flush=True)
sys.stdin.readline()
with site.database.session() as session:
    print(len(save_default_interfaces(session)))
"""


def test_processes_that_register_the_same_at_once_get_one_record_each(site):
    processes = [Program("code", REGISTER) for _ in range(3)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], told
    counts = [int(count) for count, _ in told]
    assert max(counts) <= len(default_interfaces()) <= sum(counts)
    with site.database.session() as session:
        assert len(find_interfaces(session)) == len(default_interfaces())


def test_segments_may_grow_but_not_change_once_values_exist(stored, tmp_path):
    import SimpleITK as sitk

    sitk.WriteImage(sitk.Image([2, 2, 2], sitk.sitkUInt8), tmp_path / "m.mha")
    stored(a_segmentation()).create_instance(image=tmp_path / "m.mha")
    second = OverlaySegment(name="Vessel", visible=True, voxel_value=2)
    assert stored(a_segmentation(overlay_segments=(SEGMENT, second))).overlay_segments == (SEGMENT, second)
    with pytest.raises(ValidationError, match="can't be changed or removed"):
        stored(a_segmentation(overlay_segments=(replace(SEGMENT, name="Tumour"), second)))
    with pytest.raises(ValidationError, match="2 'Vessel' can't be changed or removed"):
        stored(a_segmentation())


def test_segments_change_freely_while_there_are_no_values(stored):
    stored(a_segmentation())
    for name in ("Tumour", "Vessel"):
        segments = (replace(SEGMENT, name=name, visible=False),)
        assert stored(a_segmentation(overlay_segments=segments)).overlay_segments == segments


def test_an_unknown_interface_is_refused_with_the_nearest_one(stored, site):
    stored(an_interface())
    with site.database.session() as session, pytest.raises(UnknownName, match="did you mean 'number-of-lesions'"):
        find_interfaces(session, ["number-of-lesion"])


def test_an_invalid_interface_is_not_saved(stored, site):
    with pytest.raises(ValidationError, match="relative_path"):
        stored(an_interface(relative_path="/etc/passwd"))
    with site.database.session() as session:
        assert find_interfaces(session) == {}
