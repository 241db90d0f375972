"""What files are known by: the SHA-256 of their content, and its size."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from interfaces.json_parsing import canonical_json


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """What the store knows of one file: its SHA-256 (64 hexadecimal digits) and its size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True)
class StoredMember:
    """A file of a stored folder: its name there, its SHA-256 and its size in bytes."""

    name: str
    sha256: str
    size: int


def folder_of(members: Iterable[StoredMember]) -> StoredFile:
    """What the store knows of a folder: the SHA-256 of its manifest, whatever the order of its files, and their size.

    The manifest is the canonical JSON of the members, by name.
    """
    ordered = sorted(members, key=lambda member: member.name)
    manifest = canonical_json([asdict(member) for member in ordered])
    return StoredFile(sha256=hashlib.sha256(manifest).hexdigest(), size=sum(member.size for member in ordered))


def sha256_of(path: Path) -> StoredFile:
    """The SHA-256 and size of a file, read once."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return StoredFile(sha256=digest, size=file.tell())
