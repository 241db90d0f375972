"""Reading a mapping of a definition file key by key, so that all problems are found and not just the first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from slugify import slugify

from interfaces.catalogue.yaml_source import KeyPath, YamlSource
from interfaces.errors import DefinitionError

MAX_TITLE = 255
"""Longest title or slug, in characters; what the database keeps."""

MAX_TEXT = 4096
"""Longest text in one line, in characters; that of a path on Linux."""

_NAMES: dict[type, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a mapping of keys to values",
}


class Section:
    """A mapping in a definition file.

    Every method reads one key and never raises: what is wrong is added to `problems`, and the default is given back. A
    key that is not required and has no value counts as not given.

    Args:
        source: The file.
        path: Where the mapping is.
        problems: Takes what is wrong.
        known: The keys that it may have; None for a mapping whose keys are names.
        required: The keys that it must have.

    Attributes:
        data: The mapping; empty where there is none.
        faulty: The keys with a problem.
    """

    def __init__(
        self,
        source: YamlSource,
        path: KeyPath,
        problems: list[DefinitionError],
        *,
        known: Sequence[str] | None = None,
        required: Sequence[str] = (),
    ) -> None:
        self.source, self.path, self.problems = source, path, problems
        self.required = tuple(required)
        self.faulty: set[str | int] = set()
        self.data: dict[str, Any] = {}
        value = _at(source.data, path)
        if not isinstance(value, dict):
            problems.append(source.error(f"must be {_NAMES[dict]}, not {_what(value)}", path))
            self.faulty |= set(required)
            return
        self.data = value
        for key in value if known is not None else ():
            if key not in (known or ()):
                self.problem(f"is not a known key; {nearest(key, known or ())}", key)
        for key in required:
            if key not in value:
                near = get_close_matches(key, [one for one in value if one not in (known or ())], n=1)
                # A misspelt key is reported as unknown, with this one as the nearest.
                if not near:
                    problems.append(source.error(f"lacks the key '{key}'", path))
                self.faulty.add(key)

    def problem(self, message: str, *below: str | int) -> None:
        """Add a problem with a key of this mapping, or with one further below."""
        self.problems.append(self.source.error(message, (*self.path, *below)))
        self.faulty |= set(below[:1])

    def has(self, key: str) -> bool:
        """Whether the key is there with a value other than null."""
        return self.data.get(key) is not None

    def text(self, key: str, default: str = "", *, may_be_blank: bool = False) -> str:
        """A text in one line."""
        text: str = self._typed(key, (str,), default)
        if not may_be_blank and isinstance(self.data.get(key), str) and not text.strip():
            self.problem("must not be empty", key)
        elif not text.isprintable():
            self.problem("must be one line of printable text", key)
        elif len(text) > MAX_TEXT:
            self.problem(f"is longer than {MAX_TEXT:,} characters", key)
        return default if key in self.faulty else text

    def lines(self, key: str, default: str = "") -> str:
        """A text in any number of lines, which may be blank; ends in no blank."""
        text: str = self._typed(key, (str,), default)
        if not all(line.isprintable() for line in text.replace("\t", " ").splitlines()):
            self.problem("must be printable text", key)
        return text.rstrip()

    def title_and_slug(self) -> tuple[str, str]:
        """The title, and the slug that is given or made from it; "" where there is a problem with either."""
        title = self.text("title")
        given = self.has("slug")
        slug = self.text("slug") if given else slugify(title)
        if given and slug and slug != slugify(slug):
            self.problem(f"'{slug}' may hold only a-z, 0-9 and single hyphens, such as '{slugify(slug)}'", "slug")
        if title and not slug and not given:
            self.problem(f"'{title}' has no letters or digits that a slug could be made of; give a slug", "title")
        for key, text in (("title", title), ("slug", slug)):
            if len(text) > MAX_TITLE and key in self.data:
                self.problem(f"is longer than {MAX_TITLE} characters", key)
        return title, slug if given or "title" not in self.faulty else ""

    def flag(self, key: str, default: bool | None) -> bool | None:
        """True or false."""
        value: bool | None = self._typed(key, (bool,), default)
        return value

    def whole_number(self, key: str, default: int, *, bounds: tuple[int, int] | None = None, unit: str = "") -> int:
        """A whole number, if need be within bounds (both included)."""
        value: int = self._typed(key, (int,), default)
        self._check_bounds(key, value, bounds, unit)
        return value

    def number(
        self, key: str, default: float, *, bounds: tuple[float, float | None] | None = None, unit: str = ""
    ) -> float:
        """A number, if need be within bounds (both included)."""
        value: float = self._typed(key, (float, int), default)
        self._check_bounds(key, value, bounds, unit)
        return value

    def one_of(self, key: str, known: Sequence[str], default: str) -> str:
        """One of some texts."""
        value: str = self._typed(key, (str,), default)
        if key not in self.faulty and key in self.data and value not in known:
            self.problem(f"'{value}' is not known; {nearest(value, known)}", key)
            return default
        return value

    def entries(self, key: str, *, wanted: str = "") -> Iterator[int]:
        """The indices of a list; of an empty one a problem, where `wanted` says what it lacks."""
        entries: list[Any] = self._typed(key, (list,), [])
        if wanted and not entries and key not in self.faulty:
            self.problem(f"needs {wanted}", key)
        yield from range(len(entries))

    def texts(self, key: str, *, wanted: str = "") -> tuple[str, ...]:
        """A list of texts, none of them twice."""
        found: dict[str, None] = {}
        for index in self.entries(key, wanted=wanted):
            text = self.data[key][index]
            if not isinstance(text, str) or not text:
                self.problem(f"must be text, not {_what(text)}", key, index)
            elif text in found:
                self.problem(f"'{text}' is there twice", key, index)
            else:
                found[text] = None
        return tuple(found)

    def section(self, *below: str | int, known: Sequence[str] | None = None, required: Sequence[str] = ()) -> Section:
        """A mapping below a key that is there."""
        return Section(self.source, (*self.path, *below), self.problems, known=known, required=required)

    def mapping(self, key: str) -> Section | None:
        """The mapping of a key whose own keys are names, each with a value; None where there is none."""
        if not self.has(key):
            self._typed(key, (dict,), None)
            return None
        names = self.section(key)
        names.required = tuple(names.data)
        return names

    def _typed(self, key: str, types: tuple[type, ...], default: Any) -> Any:
        if key not in self.data:
            return default
        value = self.data[key]
        if isinstance(value, types) and (not isinstance(value, bool) or bool in types):
            return value
        if value is not None or key in self.required:
            quote = "; quote it" if types == (str,) and isinstance(value, bool | int | float) else ""
            self.problem(f"must be {_NAMES[types[0]]}, not {_what(value)}{quote}", key)
        return default

    def _check_bounds(self, key: str, value: float, bounds: tuple[float, float | None] | None, unit: str) -> None:
        if bounds is None or key in self.faulty or key not in self.data:
            return
        low, high = bounds
        if value < low or (high is not None and value > high):
            allowed = f"at least {low}" if high is None else f"{low} to {high}"
            self.problem(f"{value}{unit} is not allowed here; this site takes {allowed}{unit}", key)


def nearest(name: str, known: Collection[str]) -> str:
    """A hint for whoever wrote an unknown name: the nearest known one, else all that are known."""
    by_fold = {one.casefold(): one for one in known}
    if near := get_close_matches(name.casefold(), by_fold, n=1):
        return f"did you mean '{by_fold[near[0]]}'?"
    return f"known are {', '.join(one or repr(one) for one in known)}" if known else "none are known"


def _at(data: Any, path: KeyPath) -> Any:
    for part in path:
        data = data[part]
    return data


def _what(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, list | dict):
        return _NAMES[type(value)]
    text = " ".join(str(value).split())
    return f"'{text if len(text) <= 40 else text[:37] + '...'}'"
