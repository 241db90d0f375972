"""A flow's parameters, as Prefect may see them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.utilities.annotations import quote

from interfaces.secrets import all_without_secrets, without_secrets

REFERENCE = "$ref"

SHOWN_BYTES = 64 * 1024
"""Longest value that is shown in the Prefect UI; Prefect refuses more than 512 KiB for all of a run's parameters."""


def parts(value: Any) -> Iterator[Any]:
    """The value itself, or what a mapping, list, tuple or set holds, at any depth; never what is inside a record."""
    if isinstance(value, Mapping):
        for one in value.values():
            yield from parts(one)
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from parts(one)
    else:
        yield value


def hidden(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters, wrapped so that Prefect does not look through them; it does where one holds a future or state."""
    return {
        name: value if any(isinstance(one, PrefectFuture | State) for one in parts(value)) else quote(value)
        for name, value in parameters.items()
    }


def shown(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters without what `hidden` put around them."""
    return {name: value.unwrap() if isinstance(value, quote) else value for name, value in parameters.items()}


def shortened(value: Any) -> Any:
    """A parameter as JSON without secrets, where long values are only named: the value is never read from it again."""
    if isinstance(value, dict):
        return {without_secrets(key) if isinstance(key, str) else key: shortened(one) for key, one in value.items()}
    size = len(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS))
    return all_without_secrets(value) if size <= SHOWN_BYTES else f"<{type(value).__name__} of {size} bytes>"


class _Sealed(dict[Any, Any]):
    """A dict that does not admit to the key `$ref`."""

    def __contains__(self, key: object) -> bool:
        return key != REFERENCE and super().__contains__(key)


def sealed(value: Any) -> Any:
    """A copy in which no dict admits to the key `$ref`: Prefect would load a block in its place."""
    if type(value) is dict:
        kind = _Sealed if REFERENCE in value else dict
        return kind({key: sealed(one) for key, one in value.items()})
    if type(value) in (list, tuple):
        return type(value)(sealed(one) for one in value)
    return value


def unsealed(value: Any) -> Any:
    """The same without what `sealed` put into it."""
    if type(value) in (dict, _Sealed):
        return {key: unsealed(one) for key, one in value.items()}
    if type(value) in (list, tuple):
        return type(value)(unsealed(one) for one in value)
    return value


def holds_reference(value: Any) -> bool:
    """Whether a dict in it has the key `$ref`."""
    if type(value) is dict:
        return REFERENCE in value or any(map(holds_reference, value.values()))
    return type(value) in (list, tuple) and any(map(holds_reference, value))
