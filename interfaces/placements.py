"""Where values lie below /input: at their own relative paths, or under prefixes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from interfaces.value import ComponentInterfaceValue

Prefixes: TypeAlias = Mapping[str, str | tuple[str, ...]]
"""By a value's pk (as text), its path prefix below /input; several where it lies at several places."""


def prefixes_of(value: ComponentInterfaceValue, prefixes: Prefixes) -> tuple[str, ...]:
    """The prefixes of a value; one that is empty where none is given."""
    found = prefixes.get(str(value.pk), "")
    return (found,) if isinstance(found, str) else tuple(found)


def placed(
    values: Iterable[ComponentInterfaceValue], prefixes: Prefixes
) -> Iterator[tuple[ComponentInterfaceValue, str]]:
    """Each value with each of its prefixes."""
    for value in values:
        for prefix in prefixes_of(value, prefixes):
            yield value, prefix
