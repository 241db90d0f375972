"""The built-in example of every JSON kind."""

from __future__ import annotations

import pytest

from interfaces.json_examples import INTERFACE_TYPE_JSON_EXAMPLES
from interfaces.json_parsing import canonical_json, parse_json
from interfaces.json_validation import validate_json
from interfaces.kinds import InterfaceKind, InterfaceKindChoices


def test_every_json_kind_has_an_example_and_no_other_kind_has() -> None:
    assert set(INTERFACE_TYPE_JSON_EXAMPLES) == InterfaceKind.interface_type_json()


@pytest.mark.parametrize("kind", INTERFACE_TYPE_JSON_EXAMPLES)
def test_the_example_is_valid(kind: InterfaceKindChoices) -> None:
    validate_json(INTERFACE_TYPE_JSON_EXAMPLES[kind].value, kind=kind)


@pytest.mark.parametrize("kind", INTERFACE_TYPE_JSON_EXAMPLES)
def test_the_example_survives_being_written_and_read(kind: InterfaceKindChoices) -> None:
    value = INTERFACE_TYPE_JSON_EXAMPLES[kind].value
    assert parse_json(canonical_json(value)) == value


def test_simple_examples_are_the_known_ones() -> None:
    values = {kind.value: example.value for kind, example in INTERFACE_TYPE_JSON_EXAMPLES.items()}
    assert values["STR"] == "Example String"
    assert values["INT"] == 42
    assert values["FLT"] == 42.0 and isinstance(values["FLT"], float)
    assert values["BOOL"] is True
    assert values["JSON"] == {"key": "value", "None": None}
    assert values["CHOI"] == "Choice 1"
    assert values["MCHO"] == ["Choice 1", "Choice 2"]
    assert values["ATRG"]["3d_affine_transform"] == [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]


def test_annotations_tell_which_keys_are_optional() -> None:
    annotations = [kind for kind, example in INTERFACE_TYPE_JSON_EXAMPLES.items() if "version" in str(example.value)]
    assert len(annotations) == 16
    for kind in annotations:
        assert INTERFACE_TYPE_JSON_EXAMPLES[kind].extra_info == 'Optional fields: "name" and "probability"'


def test_the_examples_can_not_be_replaced() -> None:
    with pytest.raises(TypeError):
        INTERFACE_TYPE_JSON_EXAMPLES[InterfaceKindChoices.STRING] = None  # type: ignore[index]
