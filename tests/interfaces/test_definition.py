from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest
from records import an_interface

from interfaces.definition import ComponentInterface
from interfaces.errors import ValidationError
from interfaces.example_value import ComponentInterfaceExampleValue
from interfaces.kinds import KIND_FACTS, InterfaceKind, InterfaceSuperKindChoices
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.overlays import LookUpTable, OverlaySegment

LESION = OverlaySegment(name="Lesion", visible=True, voxel_value=1)
TABLE = LookUpTable(title="Grey", color="[0 0 0 0, 1 1 1 1]", alpha="[0 0, 1 1]")


def of_kind(kind: Kind, **changes) -> ComponentInterface:
    path = "images/x" if KIND_FACTS[kind].family == "image" else f"x{KIND_FACTS[kind].extension}"
    segments = (LESION,) if kind == Kind.SEGMENTATION else ()
    fields = {"title": "X", "kind": kind, "relative_path": path, "overlay_segments": segments, **changes}
    return ComponentInterface(**fields)


@pytest.mark.parametrize("kind", list(Kind))
def test_an_interface_of_every_kind_can_be_defined(kind):
    of_kind(kind).clean()


def test_the_slug_is_made_from_the_title_unless_given():
    assert an_interface(title="T1 brain MRI (übersicht)").slug == "t1-brain-mri-ubersicht"
    assert an_interface(title="T1 brain MRI", slug="t1").slug == "t1"


def test_a_record_does_not_change():
    with pytest.raises(FrozenInstanceError):
        an_interface().title = "Other"


def test_the_primary_key_is_no_part_of_what_an_interface_is():
    assert an_interface(pk=1) == an_interface(pk=2)


def test_a_kind_may_be_given_as_its_code():
    assert an_interface(kind="INT").kind is Kind.INTEGER
    with pytest.raises(ValueError, match="Integer"):
        an_interface(kind="Integer")


def test_overlay_segments_may_be_given_as_json():
    json = [{"name": "Lesion", "visible": True, "voxel_value": 1}]
    interface = of_kind(Kind.SEGMENTATION, overlay_segments=json)
    assert interface.overlay_segments == (LESION,)
    assert interface.overlay_segments_json == json


@pytest.mark.parametrize(
    ("kind", "in_database", "expected"),
    [
        (Kind.IMAGE, False, "Image"),
        (Kind.SEGMENTATION, None, "Image"),
        (Kind.DICOM_IMAGE_SET, None, "Image"),
        (Kind.INTEGER, None, "Value"),
        (Kind.ANY, True, "Value"),
        (Kind.ANY, False, "File"),
        (Kind.MULTIPLE_POINTS, None, "File"),
        (Kind.CSV, None, "File"),
    ],
)
def test_the_super_kind_says_where_values_are_kept(kind, in_database, expected):
    assert of_kind(kind, store_in_database=in_database).super_kind.label == expected


@pytest.mark.parametrize("kind", sorted(InterfaceKind.interface_type_json()))
def test_every_json_kind_has_an_example_that_is_valid(kind):
    interface = of_kind(kind)
    interface.validate_against_schema(value=interface.example.value)


def test_an_own_example_comes_before_that_of_the_kind():
    assert an_interface().example.value == 42
    assert an_interface(example_value=ComponentInterfaceExampleValue(value=7)).example.value == 7
    assert of_kind(Kind.CSV).example is None


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", "must not be empty"),
        ("/a.json", "must not begin or end with '/'"),
        ("a.json/", "must not begin or end with '/'"),
        ("../a.json", "must be normalised"),
        ("a/../b.json", "must be normalised"),
        ("a/./b.json", "must be normalised"),
        ("a//b.json", "must be normalised"),
        ("a\\b.json", "may hold only"),
        ("a\n.json", "may hold only"),
        ("a\0.json", "may hold only"),
        ("a\u200b.json", "may hold only"),
        ("e\u0301.json", "may hold only"),
        ("a/12345678-1234-1234-1234-1234567890AB/b.json", "must not hold a UUID"),
        ("inputs.json", "must not be inputs.json"),
        ("INPUTS.Json", "must not be inputs.json"),
        ("images/a.json", "must not start with images/"),
        ("a.txt", "must end with .json"),
        ("a.JSON", "must end with .json"),
        ("a.json\n", "may hold only"),
        (".json", "must end with .json"),
        ("a/.json", "must end with .json"),
        ("a" * 251 + ".json", "longer than 255"),
    ],
)
def test_a_relative_path_of_json_that_breaks_a_rule_is_refused(path, message):
    with pytest.raises(ValidationError, match="relative_path") as caught:
        an_interface(relative_path=path).clean()
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "path",
    [
        "a.json",
        "a/b c/d-e_f.json",
        "metrics.json",
        "a/inputs.json",
        "a.b.json",
        "a+(b)=1,~.json",
        "\u00e9.json",
        "図.json",
    ],
)
def test_a_sound_relative_path_of_json_is_taken(path):
    an_interface(relative_path=path).clean()


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("images", "must start with images/"),
        ("image/a", "must start with images/"),
        ("Images/a", "must start with images/"),
        ("a/images/b", "must start with images/"),
        ("images/a.mha", "without an extension"),
        ("images/a\n", "may hold only"),
        ("images/", "must not begin or end"),
        ("images/../a", "must be normalised"),
    ],
)
def test_a_relative_path_of_an_image_that_breaks_a_rule_is_refused(path, message):
    with pytest.raises(ValidationError) as caught:
        of_kind(Kind.IMAGE, relative_path=path).clean()
    assert message in str(caught.value)


@pytest.mark.parametrize("path", ["images/a", "images/a.b/c", "images/t1 brain"])
def test_a_sound_relative_path_of_an_image_is_taken(path):
    of_kind(Kind.IMAGE, relative_path=path).clean()


@pytest.mark.parametrize("kind", [kind for kind in Kind if KIND_FACTS[kind].extension])
def test_a_file_ends_with_the_extension_of_its_kind(kind):
    with pytest.raises(ValidationError, match=f"must end with {KIND_FACTS[kind].extension}"):
        of_kind(kind, relative_path="x.unknown").clean()


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"title": " ", "slug": "x"}, "title", "must not be empty"),
        ({"title": "a\nb"}, "title", "one line"),
        ({"title": "a" * 256, "slug": "x"}, "title", "longer than 255"),
        ({"title": "???"}, "slug", "may hold only"),
        ({"slug": "Upper"}, "slug", "may hold only"),
        ({"slug": "a_b"}, "slug", "may hold only"),
        ({"slug": "a--b"}, "slug", "may hold only"),
        ({"slug": "a/b"}, "slug", "may hold only"),
        ({"slug": "a" * 256}, "slug", "longer than 255"),
        ({"schema": {"type": "integr"}}, "schema", "integr"),
        ({"schema": {"$ref": "file:///etc/passwd"}}, "schema", "$ref"),
        ({"schema": {"$schema": "https://json-schema.org/draft/2020-12/schema"}}, "schema", "is not supported"),
        ({"overlay_segments": (LESION,)}, "overlay_segments", "only for the kind Segmentation"),
        ({"look_up_table": TABLE}, "look_up_table", "for image kinds"),
        ({"default_value": "many"}, "default_value", "is not valid"),
        ({"default_value": 1, "store_in_database": False}, "default_value", "stored in the database"),
        ({"default_value": 1, "schema": {"minimum": 2}}, "default_value", "is not valid"),
        ({"example_value": ComponentInterfaceExampleValue(value=None)}, "example_value", "is not valid"),
    ],
)
def test_a_broken_rule_names_its_field(changes, field, message):
    problems = an_interface(**changes).find_problems()
    assert set(problems) == {field}
    assert message in problems[field]
    with pytest.raises(ValidationError) as caught:
        an_interface(**changes).clean()
    assert str(caught.value) == problems[field]


@pytest.mark.parametrize("kind", sorted(set(Kind) - InterfaceKind.interface_type_json()))
@pytest.mark.parametrize(
    "changes",
    [
        {"schema": {}},
        {"default_value": "x"},
        {"example_value": ComponentInterfaceExampleValue(value=1)},
        {"store_in_database": True},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_is_for_json_is_refused_for_images_and_files(kind, changes):
    assert set(of_kind(kind, **changes).find_problems()) == set(changes)


@pytest.mark.parametrize("kind", [kind for kind in Kind if not KIND_FACTS[kind].may_be_stored_in_database])
def test_kinds_that_are_kept_in_files_are_not_stored_in_the_database(kind):
    with pytest.raises(ValidationError, match="store_in_database must be false"):
        of_kind(kind, store_in_database=True).clean()


def test_a_segmentation_needs_overlay_segments():
    with pytest.raises(ValidationError, match="overlay_segments must be set"):
        of_kind(Kind.SEGMENTATION, overlay_segments=()).clean()


def test_a_segmentation_needs_contiguous_voxel_values():
    with pytest.raises(ValidationError, match="contiguous"):
        of_kind(Kind.SEGMENTATION, overlay_segments=(replace(LESION, voxel_value=2),)).clean()


def test_an_image_may_have_a_look_up_table_that_is_sound():
    of_kind(Kind.HEAT_MAP, look_up_table=TABLE).clean()
    with pytest.raises(ValidationError, match="has 2 points and alpha 1"):
        of_kind(Kind.HEAT_MAP, look_up_table=replace(TABLE, alpha="[0 0]")).clean()


def test_all_broken_rules_are_named_at_once():
    interface = an_interface(title="", slug="A", relative_path="x", schema={"type": 7}, default_value="x")
    assert list(interface.find_problems()) == ["title", "slug", "relative_path", "schema"]
    with pytest.raises(ValidationError, match=r"title .*; slug .*; relative_path .*; .*schema"):
        interface.clean()


def test_false_and_zero_are_default_values():
    with pytest.raises(ValidationError, match="default_value"):
        of_kind(Kind.STRING, default_value=0).clean()
    of_kind(Kind.BOOL, default_value=False).clean()
    of_kind(Kind.INTEGER, default_value=0).clean()


def test_a_value_satisfies_the_kind_and_the_own_schema():
    interface = an_interface(schema={"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 2})
    interface.validate_against_schema(value=2)
    for value in (1, "2", 2.5, None, True):
        with pytest.raises(ValidationError):
            interface.validate_against_schema(value=value)


def test_files_have_no_schema_to_validate_against():
    with pytest.raises(ValidationError, match="CSV file values are files"):
        of_kind(Kind.CSV).validate_against_schema(value="a,b")


def test_the_choices_are_reached_from_the_class():
    assert ComponentInterface.Kind is Kind
    assert ComponentInterface.SuperKind is InterfaceSuperKindChoices
