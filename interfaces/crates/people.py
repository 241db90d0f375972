"""Who ran something, as a text that people write: a name, or a name with an ORCID."""

from __future__ import annotations

import getpass
import re
from dataclasses import dataclass

from interfaces.errors import DefinitionError
from interfaces.settings import get_settings

_ORCID = re.compile(r"(?:https?://orcid\.org/)?(\d{4}-\d{4}-\d{4}-\d{3}[\dX])")
_FORM = re.compile(rf"(?P<name>[^<>()]*?)\s*[<(]?\s*(?P<orcid>{_ORCID.pattern})\s*[>)]?")
_MAX_LENGTH = 255


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who ran something.

    Attributes:
        name: For people.
        orcid: ``https://orcid.org/...``, or "".
    """

    name: str
    orcid: str = ""

    @classmethod
    def from_text(cls, text: str) -> Person:
        """Read ``Ada Lovelace``, ``Ada Lovelace <0000-0002-1825-0097>`` or the same with the ORCID's address.

        Raises:
            DefinitionError: It is empty, too long or no line of text, or its ORCID is mistyped.
        """
        text = text.strip()
        if not text or len(text) > _MAX_LENGTH or not text.isprintable():
            raise DefinitionError(f"an author is one line of at most {_MAX_LENGTH} characters, such as 'Ada Lovelace'")
        found = _FORM.fullmatch(text)
        if found is None:
            return cls(name=text)
        digits = found[3]
        if not _is_orcid(digits):
            raise DefinitionError(f"{digits} is no ORCID: its last digit does not fit the others; correct it")
        return cls(name=found["name"] or digits, orcid=f"https://orcid.org/{digits}")


def current_person() -> str:
    """Who runs things here: the setting `author`, else the user of this machine by name."""
    if author := get_settings().author:
        return author
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no name is known for the user, as in some containers
        return "unknown"


def _is_orcid(digits: str) -> bool:
    """By the check digit of ISO 7064 mod 11-2 (https://support.orcid.org/hc/en-us/articles/360006897674)."""
    total = 0
    for digit in digits.replace("-", "")[:-1]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    return digits[-1] == ("X" if check == 10 else str(check))
