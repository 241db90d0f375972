"""What was left empty in a form is not given; what was written is."""

from __future__ import annotations

import pytest
from records import a_component, an_interface

from interfaces.component import InterfaceSet
from interfaces.forms.parameters import component_inputs
from interfaces.forms.values import filled_in
from interfaces.kinds import InterfaceKindChoices as Kind

INTERFACES = {
    one.slug: one
    for one in (
        an_interface(title="Word", kind=Kind.STRING, relative_path="word.json"),
        an_interface(title="Count", relative_path="count.json"),
        an_interface(title="Yes", kind=Kind.BOOL, relative_path="yes.json"),
        an_interface(title="Box", kind=Kind.TWO_D_BOUNDING_BOX, relative_path="box.json"),
        an_interface(title="Boxes", kind=Kind.MULTIPLE_TWO_D_BOUNDING_BOXES, relative_path="boxes.json"),
        an_interface(title="Any", kind=Kind.ANY, relative_path="any.json"),
        an_interface(title="Scan", kind=Kind.IMAGE, relative_path="images/scan"),
        an_interface(title="Choices", kind=Kind.MULTIPLE_CHOICE, relative_path="choices.json"),
    )
}
CORNERS = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]
WHOLE_BOX = {"type": "2D bounding box", "version": {"major": 1, "minor": 0}, "corners": CORNERS}


def given(value, slug: str, *, required: bool):
    """What is handed in for one input of a form in which it is required, or optional."""
    sets = [InterfaceSet(inputs=(slug,), outputs=())] + ([] if required else [InterfaceSet(inputs=(), outputs=())])
    box = component_inputs(a_component(interfaces=tuple(sets)), INTERFACES)
    return filled_in({slug: value}, box, INTERFACES)


@pytest.mark.parametrize(
    ("slug", "value"),
    [
        ("word", ""),
        ("word", None),
        ("count", None),
        ("count", ""),
        ("yes", None),
        ("scan", ""),
        ("scan", None),
        ("box", None),
        ("box", {}),
        ("box", {"name": ""}),
        ("box", {"name": None, "probability": None}),
        ("boxes", {}),
    ],
)
def test_an_optional_field_that_is_empty_is_not_given(slug, value):
    assert given(value, slug, required=False) == {}


@pytest.mark.parametrize(
    ("slug", "value"),
    [
        ("word", "0"),
        ("word", " "),
        ("count", 0),
        ("yes", False),
        ("choices", []),
        ("any", None),  # written in an editor for JSON
        ("any", ""),
        ("any", {}),
        ("any", []),
    ],
)
def test_what_is_little_but_not_nothing_is_given(slug, value):
    assert given(value, slug, required=False) == {slug: value}


def test_a_required_text_may_be_empty_but_null_is_nothing():
    assert given("", "word", required=True) == {"word": ""}
    assert given(None, "word", required=True) == {}


def test_an_annotation_is_completed_and_its_empty_parts_are_left_out():
    submitted = {"corners": CORNERS, "name": "", "probability": None}
    assert given(submitted, "box", required=False) == {"box": WHOLE_BOX}
    INTERFACES["box"].validate_against_schema(value=given(submitted, "box", required=True)["box"])


def test_what_somebody_gave_as_type_and_version_stays_and_is_checked():
    submitted = {"type": "Point", "version": {"major": 2, "minor": 1}, "corners": CORNERS}
    assert given(submitted, "box", required=True) == {"box": submitted}


def test_annotations_in_a_list_lose_their_empty_parts():
    found = given({"boxes": [{"corners": CORNERS, "name": None}]}, "boxes", required=True)["boxes"]
    assert found["boxes"] == [{"corners": CORNERS}]
    INTERFACES["boxes"].validate_against_schema(value=found)


def test_what_is_unknown_or_of_another_form_goes_on_to_be_refused():
    box = component_inputs(a_component(interfaces=(InterfaceSet(inputs=("box",), outputs=()),)), INTERFACES)
    assert filled_in({"box": 3, "other": None}, box, INTERFACES) == {"box": 3, "other": None}
