"""Texts that are shown or kept, without the passwords, keys and signatures in them.

Two nets, since each has holes. What looks like a secret is taken out of any text: what stands before the ``@`` of a
URI, everything after its ``?`` or ``#`` (signatures of links that were signed for somebody have many names), and what
follows words such as ``password=``. And secrets that are known to this process, from settings and credentials, are
taken out wherever they stand, whole or percent-encoded.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias
from urllib.parse import quote, quote_plus, unquote

HIDDEN = "***"

SHORTEST = 4
"""Characters of a secret that is looked for everywhere; a shorter one would be found in half of all words."""

SECRET_VARIABLES = (
    "PREFECT_API_KEY",
    "PREFECT_API_AUTH_STRING",
    "PREFECT_SERVER_API_AUTH_STRING",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
)
"""Variables of other programs whose values are secrets; looked at anew each time, since anybody may set them."""

_URI = re.compile(r"""\b([A-Za-z][A-Za-z0-9+.-]*)://([^\s"'<>`|]+)""")
_NAMED = re.compile(
    r"""(?ix) ( \b (?: password | passwd | pwd | access_?key | secret[\w-]* | \w*token | api_?key | credential
    | x-(?:amz|goog)-[\w-]+ | signature | sig ) = ) [^\s&,;"'<>|)]+"""
)
_HEADER = re.compile(r"""(?i)\b(authorization["']?\s*[:=]\s*b?["']?(?:basic|bearer)\s+)[^\s"'<>]+""")

ReadBlock: TypeAlias = Callable[[str], Mapping[str, Any]]
"""Takes the name of a block of Prefect, and gives what it holds."""

_known: set[str] = set()
_pattern: re.Pattern[str] | None = None
_read_block: ReadBlock | None = None


def remember_secrets(*secrets: str | None) -> None:
    """Take these out of all texts from now on, also where they stand percent-encoded."""
    global _pattern
    new = set(_forms(secrets)) - _known
    if new:
        _known.update(new)
        _pattern = _any_of(_known)


def read_blocks_with(read: ReadBlock) -> None:
    """Say who reads blocks."""
    global _read_block
    _read_block = read


def block_reader() -> ReadBlock | None:
    """Who reads blocks, if anybody does."""
    return _read_block


def without_secrets(text: str) -> str:
    """The text with every secret in it replaced by ``***``; see the module for what counts as one."""
    if _pattern is not None:
        text = _pattern.sub(HIDDEN, text)
    if theirs := [value for name in SECRET_VARIABLES if (value := os.environ.get(name))]:
        passwords = [value.partition(":")[2] for value in theirs]
        text = _any_of(_forms([*theirs, *passwords])).sub(HIDDEN, text)
    if "://" in text:
        text = _URI.sub(lambda found: f"{found[1]}://{_plain_address(found[2])}", text)
    if "=" in text:
        text = _NAMED.sub(rf"\g<1>{HIDDEN}", text)
    return _HEADER.sub(rf"\g<1>{HIDDEN}", text) if "uthorization" in text else text


def has_secrets(text: str) -> bool:
    """Whether anything would be taken out of the text."""
    return without_secrets(text) != text


def all_without_secrets(value: Any) -> Any:
    """A JSON value in which every text, names included, is one without secrets."""
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, Mapping):
        return {all_without_secrets(name): all_without_secrets(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [all_without_secrets(one) for one in value]
    return value


def secrets_of_url(url: str) -> list[str]:
    """The password in a URL, and what its query holds, to be remembered."""
    rest = url.partition("://")[2]
    address, _, query = rest.partition("?")
    user, at, _ = address.rpartition("@")
    found = [user.partition(":")[2]] if at else []
    named = (part.partition("=") for part in query.split("&"))
    return found + [value for name, _, value in named if re.search(r"(?i)passw|secret|token|key|sig", name)]


def has_stray_at(url: str) -> bool:
    """Whether a password in a URL has an ``@`` that is not encoded: what follows it would be taken for a host."""
    return url.partition("://")[2].partition("?")[0].count("@") > 1


def _plain_address(rest: str) -> str:
    """A URI behind its ``://``, without user, password, query and fragment."""
    end = min((at for at in (rest.find("?"), rest.find("#")) if at >= 0), default=len(rest))
    # A password that is not encoded may have a slash, or a question mark: then what comes before it is no port.
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    odd_port = ":" in authority and not re.search(r":\d*$", authority)
    if "@" in authority:
        end = max(end, rest.find("@"))
        before = rest.rfind("@", 0, end + 1)
    else:
        before = rest.rfind("@") if odd_port and not authority.startswith("[") else -1
    if before >= 0:
        address = rest[before + 1 :]
        cut = min((at for at in (address.find("?"), address.find("#")) if at >= 0), default=len(address))
        return f"{HIDDEN}@{address[:cut]}{f'{address[cut]}{HIDDEN}' if cut < len(address) else ''}"
    return f"{rest[:end]}{rest[end]}{HIDDEN}" if end < len(rest) - 1 else rest


def _forms(secrets: Iterable[str | None]) -> Iterable[str]:
    for secret in secrets:
        for one in (secret, unquote(secret)) if secret else ():
            if len(one) >= SHORTEST and one != HIDDEN:
                yield from (one, quote(one, safe=""), quote(one), quote_plus(one))


def _any_of(secrets: Iterable[str]) -> re.Pattern[str]:
    # The longest first, so that no part of one stays behind a shorter one.
    return re.compile("|".join(map(re.escape, sorted(set(secrets), key=len, reverse=True))) or r"(?!)")
