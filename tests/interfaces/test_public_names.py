"""The classes, methods and fields that users of grand-challenge.org know are here under their names."""

from __future__ import annotations

import inspect
from dataclasses import fields

import pytest
from records import an_interface

import interfaces
from interfaces.example_value import ComponentInterfaceExampleValue
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.overlays import LookUpTable, OverlaySegment

MEMBERS = {
    "ComponentInterface": (
        *("pk", "overlay_segments", "look_up_table", "title", "slug", "description", "default_value", "schema", "kind"),
        *("relative_path", "store_in_database", "example_value", "Kind", "SuperKind", "allowed_file_types", "clean"),
        *("file_extension", "validate_against_schema", "super_kind", "create_instance"),
    ),
    "ComponentInterfaceExampleValue": ("pk", "created", "modified", "interface", "value", "extra_info", "clean"),
    "ComponentInterfaceValue": (
        *("pk", "interface", "value", "file", "image", "image_file", "clean", "decompress", "relative_path", "title"),
        *("path", "sha256", "size_in_storage"),
    ),
    "InterfaceKind": (
        *("InterfaceKindChoices", "interface_type_file", "interface_type_image", "interface_type_json"),
        *("interface_type_mandatory_isolation", "interface_type_undisplayable"),
    ),
    "InterfacesAndValues": ("interfaces", "values"),
    "LookUpTable": (
        *("title", "color", "alpha", "color_invert", "alpha_invert", "range_min", "range_max", "relative"),
        *("color_interpolation", "color_interpolation_invert"),
    ),
    "OverlaySegmentsMixin": ("overlay_segments", "look_up_table"),
}


@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_a_class_has_its_members(name):
    public = getattr(interfaces, name)
    own = {*dir(public), *getattr(public, "__dataclass_fields__", ()), *getattr(public, "model_fields", ())}
    assert set(MEMBERS[name]) - own == set()


@pytest.mark.parametrize("name", ["InterfaceKindChoices", "InterfaceSuperKindChoices", "ImportStatusChoices"])
def test_the_choices_are_public(name):
    assert len(getattr(interfaces, name)) >= 3


def test_a_value_is_validated_by_keyword():
    assert [*inspect.signature(interfaces.ComponentInterface.validate_against_schema).parameters] == ["self", "value"]


def test_interfaces_are_kept_in_sets_whatever_their_fields():
    one = an_interface(
        schema={"minimum": 0}, default_value=1, example_value=ComponentInterfaceExampleValue(value=[1]), kind=Kind.ANY
    )
    table = LookUpTable(title="Red", color="[0 0 0 0]", alpha="[0 0]")
    mask = an_interface(
        title="Mask", overlay_segments=(OverlaySegment(name="a", visible=True, voxel_value=1),), look_up_table=table
    )
    assert {one, mask, an_interface(title="Mask")} >= {one, mask}


def test_an_example_knows_its_interface_and_is_checked_against_it():
    example = ComponentInterfaceExampleValue(value="many", extra_info="a remark")
    with pytest.raises(interfaces.ValidationError, match="belongs to no interface"):
        example.clean()
    interface = an_interface(example_value=example, pk=7)
    assert (interface.example_value, interface.example_value.interface, interface.example_value.pk) == (
        example,
        interface,
        7,
    )
    with pytest.raises(interfaces.ValidationError, match="example_value is not valid: "):
        interface.example_value.clean()
    an_interface(kind=Kind.STRING, example_value=interface.example_value).example_value.clean()
    assert "interface" not in [one.name for one in fields(example)]
    assert an_interface().example.interface == an_interface()
