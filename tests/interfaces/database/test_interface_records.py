from __future__ import annotations

from dataclasses import replace

import pytest
from records import an_interface

from interfaces.database.interface_records import find_interfaces, save_interface
from interfaces.definition import ComponentInterfaceExampleValue
from interfaces.errors import UnknownName, ValidationError
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


@pytest.mark.parametrize(
    "change",
    [{"kind": Kind.FLOAT}, {"relative_path": "x.json"}, {"store_in_database": False}, {"schema": {"minimum": 0}}],
)
def test_what_values_rely_on_may_change_only_while_there_are_none(stored, change):
    stored(an_interface())
    interface = stored(replace(an_interface(), **change))
    stored(an_interface())
    interface.create_instance(value=1)
    with pytest.raises(ValidationError, match=f"{next(iter(change))} of the interface"):
        stored(replace(an_interface(), **change))


def test_segments_may_grow_but_not_change_once_values_exist(stored, tmp_path):
    import SimpleITK as sitk

    sitk.WriteImage(sitk.Image([2, 2, 2], sitk.sitkUInt8), tmp_path / "m.mha")
    stored(a_segmentation()).create_instance(image=tmp_path / "m.mha")
    second = OverlaySegment(name="Vessel", visible=True, voxel_value=2)
    assert stored(a_segmentation(overlay_segments=(SEGMENT, second))).overlay_segments == (SEGMENT, second)
    with pytest.raises(ValidationError, match="can't be changed or removed"):
        stored(a_segmentation(overlay_segments=(replace(SEGMENT, name="Tumour"), second)))


def test_an_unknown_interface_is_refused_with_the_nearest_one(stored, site):
    stored(an_interface())
    with site.database.session() as session, pytest.raises(UnknownName, match="did you mean 'number-of-lesions'"):
        find_interfaces(session, ["number-of-lesion"])


def test_an_invalid_interface_is_not_saved(stored, site):
    with pytest.raises(ValidationError, match="relative_path"):
        stored(an_interface(relative_path="/etc/passwd"))
    with site.database.session() as session:
        assert find_interfaces(session) == {}
