"""An example of a valid value for every JSON kind, those that grand-challenge.org shows to people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from interfaces.kinds import InterfaceKindChoices


@dataclass(frozen=True, kw_only=True)
class JSONExample:
    """A valid value of a JSON kind.

    Attributes:
        value: The JSON value; shared, so copy it before you change it.
        extra_info: A remark for people, such as which keys are optional, or "".
    """

    value: Any
    extra_info: str = ""


def _read_examples() -> Mapping[InterfaceKindChoices, JSONExample]:
    text = files("interfaces").joinpath("schemas", "examples.json").read_text(encoding="utf-8")
    return MappingProxyType(
        {
            InterfaceKindChoices(code): JSONExample(value=entry["value"], extra_info=entry["extra_info"])
            for code, entry in json.loads(text).items()
        }
    )


INTERFACE_TYPE_JSON_EXAMPLES: Mapping[InterfaceKindChoices, JSONExample] = _read_examples()
