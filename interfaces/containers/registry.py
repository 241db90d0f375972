"""Registries: which of their faults pass, and what is asked of one past the engine, to delete a manifest.

The protocol is the OCI Distribution Specification v1.1, "Content Management"; the engine's own API has nothing for it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import requests

from interfaces.containers.engine_errors import is_transient
from interfaces.errors import EngineError

_PASSING_WORDS = (
    "connection refused",
    "connection reset",
    "broken pipe",
    "i/o timeout",
    "handshake timeout",
    "context deadline exceeded",
    "client.timeout exceeded",
    "unexpected eof",
    ": eof",
    "server misbehaving",
    "temporary failure in name resolution",
    "toomanyrequests",
    "too many requests",
    "internal server error",
    "bad gateway",
    "service unavailable",
    "gateway timeout",
)
"""Words of the Go programs that engines and registries are, in lower case.

"no such host" is not among them: mostly it is a typing error.
"""

_LOGIN_WORDS = ("unauthorized", "authentication required", "no basic auth credentials")

_TIMEOUT_S = 30
_GONE = frozenset({202, 404})
_NOT_ALLOWED = frozenset({400, 401, 403, 405})


@dataclass(frozen=True, kw_only=True)
class Login:
    """Credentials, as ``docker login`` keeps them; they appear in no text.

    Attributes:
        name: The user's.
        password: The user's.
    """

    name: str = field(repr=False)
    password: str = field(repr=False)

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Self | None:
        """From an entry of the docker command's configuration; None where that has no password."""
        name, password = entry.get("username"), entry.get("password")
        return cls(name=str(name), password=str(password)) if name and password else None


def may_pass(error: BaseException) -> bool:
    """Whether the same request may succeed in a while: the engine or a registry restarts, is busy, or out of reach.

    Args:
        error: What a method of the engine raised. A registry's fault comes through the engine as its refusal, in words.
    """
    return is_transient(error) or (
        isinstance(error, EngineError) and any(words in str(error).lower() for words in _PASSING_WORDS)
    )


def wants_login(error: BaseException) -> bool:
    """Whether a registry refused for want of a login, or a wrong one; it says so through the engine, in words."""
    return any(words in str(error).lower() for words in _LOGIN_WORDS)


def registry_of(name: str) -> str:
    """The registry of an image's name, as the docker command reads it: without a host it is Docker's own."""
    first, slash, _ = name.partition("/")
    return first if slash and (first == "localhost" or {".", ":"} & set(first)) else "docker.io"


def host_of(reference: str) -> str:
    """The registry's host and port in ``host/name@digest``."""
    return reference.partition("/")[0]


def delete_manifest(reference: str, *, login: Login | None) -> bool:
    """Delete an image from its registry.

    Args:
        reference: ``host/name@sha256:...``.
        login: For a registry that wants one.

    Returns:
        Whether it is gone; False where the registry does not allow it.

    Raises:
        EngineError: The registry can't be reached, or fails.
    """
    host, _, rest = reference.partition("/")
    name, _, digest = rest.partition("@")
    url = f"{'http' if _is_loopback(host) else 'https'}://{host}/v2/{name}/manifests/{digest}"
    auth = (login.name, login.password) if login else None
    try:
        with requests.Session() as session:
            session.trust_env = False  # no credentials from elsewhere
            answer = session.delete(url, auth=auth, timeout=_TIMEOUT_S, allow_redirects=False)
    except requests.RequestException as error:
        raise EngineError(f"the registry at {host} can't be reached to remove '{reference}': {error}") from error
    if answer.status_code in _GONE:
        return True
    if answer.status_code in _NOT_ALLOWED:
        return False
    raise EngineError(f"the registry at {host} could not remove '{reference}': it answered {answer.status_code}")


def _is_loopback(host: str) -> bool:
    """Whether the engine would speak to it without TLS, as it does on 127.0.0.0/8."""
    name = host.rpartition(":")[0] or host
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
