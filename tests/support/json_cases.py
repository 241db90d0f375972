"""Broken values of JSON kinds, and the line with which they are refused."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from interfaces.errors import ValidationError
from interfaces.json_examples import INTERFACE_TYPE_JSON_EXAMPLES
from interfaces.json_validation import validate_json
from interfaces.kinds import InterfaceKindChoices


def example(kind: InterfaceKindChoices) -> Any:
    """A copy of the kind's example, to be changed."""
    return copy.deepcopy(INTERFACE_TYPE_JSON_EXAMPLES[kind].value)


def refusal(value: Any, kind: InterfaceKindChoices, schema: Any = None) -> str:
    """The line with which a value is refused; it must be, in one line that is not too long."""
    with pytest.raises(ValidationError) as caught:
        validate_json(value, kind=kind, schema=schema)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 1000
    return message


def refused_after(change: Callable[[Any], object], kind: InterfaceKindChoices) -> str:
    """The line with which the kind's example, which is valid, is refused once it is changed."""
    value = example(kind)
    validate_json(value, kind=kind)
    change(value)
    return refusal(value, kind)
