"""The kind that a person's text names, in a definition."""

from __future__ import annotations

from difflib import get_close_matches

from interfaces.errors import DefinitionError
from interfaces.kinds import KIND_FACTS, InterfaceKindChoices

_BY_TEXT = {kind.value.casefold(): kind for kind in InterfaceKindChoices} | {
    facts.label.casefold(): kind for kind, facts in KIND_FACTS.items()
}


def kind_from_text(text: str) -> InterfaceKindChoices:
    """The kind that a person means by a label (in any letter case) or a code.

    Raises:
        DefinitionError: No kind has that label or code; the text names the nearest one.
    """
    wanted = " ".join(text.split()).casefold() if isinstance(text, str) else ""
    if kind := _BY_TEXT.get(wanted):
        return kind
    if near := get_close_matches(wanted, _BY_TEXT, n=1, cutoff=0.5):
        nearest = _BY_TEXT[near[0]]
        hint = f"did you mean '{nearest.label}' ({nearest.value})?"
    else:
        hint = f"the kinds are {', '.join(kind.label for kind in InterfaceKindChoices)}"
    raise DefinitionError(f"{text!r} is not a kind of interface; {hint}")
