"""What a text on the command line or in a CSV cell means for an interface."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from interfaces.definition import ComponentInterface
from interfaces.errors import ValidationError
from interfaces.json_parsing import parse_json
from interfaces.kinds import InterfaceKindChoices

_PLAIN_TEXT_KINDS = {InterfaceKindChoices.STRING, InterfaceKindChoices.CHOICE}


def from_text(interface: ComponentInterface, text: str) -> Any:
    """What is handed in for an interface when a person wrote `text`.

    Image and file kinds: the text is a path or URI. JSON kinds: ``@path`` names a file, anything else is JSON; for
    String and Choice, text that is no JSON is the string itself.

    Raises:
        ValidationError: It is no JSON where JSON is needed.
    """
    if not interface.is_json_kind:
        return text
    if text.startswith("@"):
        return Path(text[1:]).expanduser()
    try:
        return parse_json(text)
    except ValidationError as error:
        if interface.kind in _PLAIN_TEXT_KINDS:
            return text
        raise ValidationError(
            f"{error}; for the kind {interface.kind.label} write JSON, or @FILE to read it from a file"
        ) from error
