"""What lies in a crate beside its metadata: files, each with its place, and where their bytes come from."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from interfaces.crates.terms import VALUES
from interfaces.json_parsing import canonical_json
from interfaces.kinds import InterfaceSuperKindChoices
from interfaces.storage.stored_file import StoredFile, sha256_of
from interfaces.value import ComponentInterfaceValue

_SHOWN_DIGITS = 16


@dataclass(frozen=True, kw_only=True)
class CrateFile:
    """One file of a crate.

    Attributes:
        place: Its path in the crate.
        stored: Its SHA-256 and size.
        content: Its bytes, or the file that has them, which is read as the crate is written.
    """

    place: PurePosixPath
    stored: StoredFile
    content: bytes | Path

    @classmethod
    def of_bytes(cls, place: PurePosixPath, content: bytes) -> CrateFile:
        """A file made in memory."""
        stored = StoredFile(sha256=hashlib.sha256(content).hexdigest(), size=len(content))
        return cls(place=place, stored=stored, content=content)

    @classmethod
    def of_path(cls, place: PurePosixPath, path: Path, known: StoredFile | None = None) -> CrateFile:
        """A stored file."""
        return cls(place=place, stored=known or sha256_of(path), content=path)


def value_place(value: ComponentInterfaceValue) -> PurePosixPath:
    """Where a value lies in a crate: a file, or of a DICOM image set a folder."""
    name = value.name if value.interface.is_image_kind else PurePosixPath(value.interface.relative_path).name
    return PurePosixPath(VALUES, value.interface.slug, value.sha256[:_SHOWN_DIGITS], name or "files")


def value_files(value: ComponentInterfaceValue) -> Iterator[CrateFile]:
    """The files of a value. JSON from the database is written in its canonical form, which its SHA-256 is of.

    Raises:
        FileNotFoundError: The store lacks a file.
    """
    place = value_place(value)
    if value.interface.super_kind == InterfaceSuperKindChoices.VALUE:
        yield CrateFile.of_bytes(place, canonical_json(value.value))
        return
    path = value.path
    assert path is not None  # of every value that is not in the database
    if not value.is_folder:
        yield CrateFile.of_path(place, path, StoredFile(sha256=value.sha256, size=value.size_in_storage))
    for member in value.files:
        stored = StoredFile(sha256=member.sha256, size=member.size)
        yield CrateFile.of_path(place / member.name, path / member.name, stored)


def hash_uri(sha256: str) -> str:
    """The name of content that is elsewhere, by its hash: ``ni:///sha-256;...`` (RFC 6920)."""
    digest = base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip("=")
    return f"ni:///sha-256;{digest}"
