from __future__ import annotations

import pytest

from interfaces.example_value import ComponentInterfaceExampleValue
from interfaces.kinds import KIND_FACTS, InterfaceKind, InterfaceSuperKindChoices
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.overlays import LookUpTable, OverlaySegment

WHOLE = """\
interfaces:
  - title: Lesion masks
    slug: masks
    description: |
      What the reader drew.
      In two lines.
    kind: Segmentation
    relative_path: images/masks
    overlay_segments:
      - {name: Lesion, voxel_value: 1, visible: true}
      - name: Cyst
        voxel_value: 2
        visible: false
    look_up_table:
      title: Red
      color: "[0 0 0 0, 255 0 0 1]"
      alpha: "[0 0, 1 1]"
      color_invert: ""
      range_max: 2
      relative: true
      color_interpolation: Constant
  - title: Age
    kind: INT
    relative_path: age.json
    schema: {minimum: 0}
    default_value: 50
    example_value: 61
    store_in_database: true
"""


def an_interface(**changes: str) -> str:
    """A definition whose line 3 is the kind, and then one line a change."""
    fields = {"title": "Age", "kind": "Integer", "relative_path": "age.json", **changes}
    lines = [f"{key}: {value}" for key, value in fields.items() if value != "-"]
    return "interfaces:\n  - " + "\n    ".join(lines) + "\n"


def test_every_key_is_read(read):
    masks, age = read(WHOLE).interfaces
    assert (masks.title, masks.slug, masks.kind) == ("Lesion masks", "masks", Kind.SEGMENTATION)
    assert masks.description == "What the reader drew.\nIn two lines."
    assert masks.overlay_segments == (
        OverlaySegment(name="Lesion", visible=True, voxel_value=1),
        OverlaySegment(name="Cyst", visible=False, voxel_value=2),
    )
    assert masks.look_up_table == LookUpTable(
        title="Red",
        color="[0 0 0 0, 255 0 0 1]",
        alpha="[0 0, 1 1]",
        range_max=2,
        relative=True,
        color_interpolation="Constant",
    )
    assert (age.slug, age.kind, age.relative_path) == ("age", Kind.INTEGER, "age.json")
    assert (age.schema, age.default_value) == ({"minimum": 0}, 50)
    assert age.example_value == ComponentInterfaceExampleValue(value=61)
    assert age.super_kind == InterfaceSuperKindChoices.VALUE


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("named_by", ["label", "value"])
def test_a_kind_is_named_by_label_or_code(read, kind, named_by):
    name = "images/x" if kind in InterfaceKind.interface_type_image() else f"x{KIND_FACTS[kind].extension}"
    segments = {"overlay_segments": "[{name: a, voxel_value: 1, visible: true}]"} if kind == Kind.SEGMENTATION else {}
    text = an_interface(kind=getattr(kind, named_by), relative_path=name, **segments)
    assert read(text).interfaces[0].kind == kind


def test_only_what_the_kind_allows_is_stored_in_the_database_unless_told(read):
    points = an_interface(kind="Multiple points", relative_path="points.json")
    assert read(points).interfaces[0].store_in_database is False
    assert read(an_interface()).interfaces[0].store_in_database is True
    assert read(an_interface(store_in_database="false")).interfaces[0].super_kind == InterfaceSuperKindChoices.FILE


def test_an_example_may_be_null(read):
    interface = read(an_interface(kind="Anything", example_value="null")).interfaces[0]
    assert interface.example_value == ComponentInterfaceExampleValue(value=None)


def test_a_schema_may_be_a_flag(read):
    assert read(an_interface(schema="true")).interfaces[0].schema is True


def test_keys_without_a_value_count_as_not_given(read):
    text = an_interface(description="", schema="", slug="", overlay_segments="", look_up_table="", store_in_database="")
    assert read(text).interfaces == read(an_interface()).interfaces


@pytest.mark.parametrize(
    ("changes", "line", "key", "message"),
    [
        ({"titel": "x"}, 5, "titel", "is not a known key; did you mean 'title'?"),
        ({"quite_other": "x"}, 5, "quite_other", "is not a known key; known are title, kind, relative_path"),
        ({"title": "-"}, 2, "", "lacks the key 'title'"),
        ({"kind": "-"}, 2, "", "lacks the key 'kind'"),
        ({"relative_path": "-"}, 2, "", "lacks the key 'relative_path'"),
        ({"title": "-", "tilte": "x"}, 4, "tilte", "is not a known key; did you mean 'title'?"),
        ({"title": "12"}, 2, "title", "must be text, not '12'; quote it"),
        ({"title": ""}, 2, "title", "must be text, not nothing"),
        ({"title": "'  '"}, 2, "title", "must not be empty"),
        ({"title": '"two\\nlines"'}, 2, "title", "must be one line of printable text"),
        ({"title": '"\\x1b[31m"'}, 2, "title", "must be one line of printable text"),
        ({"title": "'???'"}, 2, "title", "'???' has no letters or digits that a slug could be made of; give a slug"),
        ({"title": "x" * 256}, 2, "title", "is longer than 255 characters"),
        ({"slug": "An age"}, 5, "slug", "'An age' may hold only a-z, 0-9 and single hyphens, such as 'an-age'"),
        ({"slug": "x" * 256}, 5, "slug", "is longer than 255 characters"),
        ({"description": "[a]"}, 5, "description", "must be text, not a list"),
        ({"kind": "Integr"}, 3, "kind", "'Integr' is not a kind of interface; did you mean 'Integer' (INT)?"),
        ({"kind": "[INT]"}, 3, "kind", "must be text, not a list"),
        ({"relative_path": "../age.json"}, 4, "relative_path", "'../age.json' must be normalised"),
        ({"relative_path": "/age.json"}, 4, "relative_path", "must not begin or end with '/'"),
        ({"relative_path": "age.txt"}, 4, "relative_path", "must end with .json"),
        ({"relative_path": "images/age.json"}, 4, "relative_path", "must not start with images/"),
        ({"relative_path": "Inputs.JSON"}, 4, "relative_path", "must not be inputs.json"),
        ({"schema": "{type: integr}"}, 5, "schema", "integr"),
        ({"schema": "[1]"}, 5, "schema", "must be a JSON Schema, which is a mapping"),
        ({"schema": "{$ref: 'https://example.com/x.json'}"}, 5, "schema", "$ref"),
        ({"default_value": "old"}, 5, "default_value", "is not valid"),
        ({"default_value": "null"}, 5, "default_value", "can't be null; leave the key out"),
        ({"default_value": "1", "store_in_database": "false"}, 5, "default_value", "stored in the database"),
        ({"schema": "{minimum: 5}", "default_value": "1"}, 6, "default_value", "is not valid"),
        ({"example_value": "null"}, 5, "example_value", "is not valid"),
        ({"store_in_database": "'yes'"}, 5, "store_in_database", "must be true or false, not 'yes'"),
        ({"store_in_database": "1"}, 5, "store_in_database", "must be true or false, not '1'"),
        (
            {"overlay_segments": "[{name: a, voxel_value: 1, visible: true}]"},
            5,
            "overlay_segments",
            "only for the kind",
        ),
        ({"look_up_table": "{title: a, color: '[0 0 0 0]', alpha: '[0 0]'}"}, 5, "look_up_table", "for image kinds"),
    ],
)
def test_one_mistake_is_one_error_at_its_line_and_key(problems, changes, line, key, message):
    ((found_line, found_key, found),) = problems(an_interface(**changes))
    assert message in found
    assert (found_line, found_key) == (line, f"interfaces[0].{key}".rstrip("."))


def a_segmentation(**changes: str) -> str:
    fields = {
        "kind": "Segmentation",
        "relative_path": "images/x",
        "overlay_segments": "[{name: a, voxel_value: 1, visible: true}]",
    }
    return an_interface(**{**fields, **changes})


def segments(count: int) -> str:
    return "[" + ", ".join(f"{{name: s{n}, voxel_value: {n}, visible: true}}" for n in range(1, count + 1)) + "]"


@pytest.mark.parametrize(
    ("changes", "key", "message"),
    [
        ({"overlay_segments": "-"}, "", "overlay_segments must be set for the kind Segmentation"),
        ({"overlay_segments": "[]"}, "overlay_segments", "must be set for the kind Segmentation"),
        ({"overlay_segments": "{a: 1}"}, "overlay_segments", "must be a list"),
        ({"overlay_segments": "[a]"}, "overlay_segments[0]", "must be a mapping"),
        ({"overlay_segments": segments(65)}, "overlay_segments", "has 65 segments; at most 64 are allowed"),
        (
            {"overlay_segments": "[{name: a, voxel_value: 2, visible: true}]"},
            "overlay_segments",
            "must be contiguous: 1 is missing",
        ),
        (
            {"overlay_segments": "[{name: a, voxel_value: 1.0, visible: true}]"},
            "overlay_segments[0].voxel_value",
            "must be a whole number, not '1.0'",
        ),
        (
            {"overlay_segments": "[{name: a, voxel_value: true, visible: true}]"},
            "overlay_segments[0].voxel_value",
            "must be a whole number",
        ),
        (
            {"overlay_segments": "[{name: a, voxel_value: 1, visible: 1}]"},
            "overlay_segments[0].visible",
            "must be true or false",
        ),
        ({"overlay_segments": "[{name: a, voxel_value: 1}]"}, "overlay_segments[0]", "lacks the key 'visible'"),
        (
            {"overlay_segments": "[{name: a, voxel_value: 1, visible: true, colour: red}]"},
            "overlay_segments[0].colour",
            "is not a known key",
        ),
        ({"look_up_table": "7"}, "look_up_table", "must be a mapping"),
        ({"look_up_table": "[red]"}, "look_up_table", "must be a mapping"),
        ({"look_up_table": "Red"}, "look_up_table", "'Red' is the title of no look-up table; define it under"),
        ({"look_up_table": "{title: a, color: '[0 0 0 0]'}"}, "look_up_table", "lacks the key 'alpha'"),
        (
            {"look_up_table": "{title: a, color: red, alpha: '[0 0]'}"},
            "look_up_table.color",
            "must be a list of points",
        ),
        (
            {"look_up_table": "{title: a, color: '[0 0 0 0, 1 1 1 1]', alpha: '[0 0]'}"},
            "look_up_table.color",
            "has 2 points and alpha 1",
        ),
        (
            {"look_up_table": "{title: a, color: '[0 0 0 0]', alpha: '[0 0]', color_interpolation: Constnt}"},
            "look_up_table.color_interpolation",
            "'Constnt' is not known; did you mean 'Constant'?",
        ),
        (
            {"look_up_table": "{title: a, color: '[0 0 0 0]', alpha: '[0 0]', range_max: high}"},
            "look_up_table.range_max",
            "must be a whole number, not 'high'",
        ),
        ({"relative_path": "images/x.mha"}, "relative_path", "without an extension"),
        ({"relative_path": "x"}, "relative_path", "must start with images/"),
        ({"schema": "{}"}, "schema", "is for JSON kinds"),
        ({"example_value": "1"}, "example_value", "only for JSON kinds"),
    ],
)
def test_one_mistake_in_an_overlay_is_one_error_at_its_key(problems, changes, key, message):
    ((_, found_key, found),) = problems(a_segmentation(**changes))
    assert message in found
    assert found_key == f"interfaces[0].{key}".rstrip(".")


def test_the_most_segments_are_read(read):
    assert len(read(a_segmentation(overlay_segments=segments(64))).interfaces[0].overlay_segments) == 64


def test_all_mistakes_of_all_interfaces_are_found_at_once(problems):
    text = an_interface(titel="x", relative_path="../x", store_in_database="maybe", slug="A B") + (
        "  - {title: Fine, kind: String, relative_path: fine.json}\n"
        "  - {title: Other, kind: Strng, relative_path: 7, description: 7}\n"
        "  - not a mapping\n"
    )
    assert [key for _, key, _ in problems(text)] == [
        "interfaces[0].titel",
        "interfaces[0].slug",
        "interfaces[0].store_in_database",
        "interfaces[0].relative_path",
        "interfaces[2].kind",
        "interfaces[2].relative_path",
        "interfaces[2].description",
        "interfaces[3]",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("interfaces:", "must be a list, not nothing"),
        ("interfaces: []", "needs at least one interface"),
        ("interfaces: {title: x}", "must be a list, not a mapping of keys to values"),
        ("interfaces: text", "must be a list, not 'text'"),
    ],
)
def test_what_is_no_list_of_interfaces_is_refused(problems, text, message):
    assert problems(text) == [(1, "interfaces", message)]
