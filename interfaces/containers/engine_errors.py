"""From what the HTTP layer raises to this project's errors."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import requests
import urllib3

from interfaces.errors import EngineError, EngineInterrupted, EngineUnavailable

BROKEN = (requests.RequestException, urllib3.exceptions.HTTPError, ConnectionError, TimeoutError)
"""The engine can't be reached or broke off. (An ``HTTPError`` of requests is one, too: catch it first.)"""


@contextlib.contextmanager
def engine_errors(doing: str) -> Iterator[None]:
    """Turn what a request raises into an ``EngineError``.

    Args:
        doing: What the engine was asked for, as in "it was asked to ...".
    """
    try:
        yield
    except requests.HTTPError as error:
        raise EngineError(f"the engine could not {doing}: {words_of(error)}") from error
    except BROKEN as error:
        raise EngineError(
            f"the connection to the engine broke when it was to {doing}; does it still run? ({error})"
        ) from error


def is_transient(error: BaseException) -> bool:
    """Whether an error says that the engine was away or broke off, and not that it refused: it may do it next time."""
    one: BaseException | None = error
    while one is not None:
        if isinstance(one, EngineUnavailable | EngineInterrupted):
            return True
        if isinstance(one, BROKEN):
            return not isinstance(one, requests.HTTPError)
        one = one.__cause__
    return False


def words_of(error: requests.HTTPError) -> str:
    """The engine's own explanation of a refusal."""
    return str(getattr(error, "explanation", None) or error)


def status_of(error: requests.HTTPError) -> int:
    """The HTTP status of a refusal; 0 without one."""
    return 0 if error.response is None else error.response.status_code
