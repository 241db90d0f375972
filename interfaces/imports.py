"""`Import`: how a container image or a tarball was brought here, or why it could not be."""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from interfaces.import_status import ImportStatusChoices
from interfaces.owners import Owner

STATUS_LENGTH = 2000


class ImportKind(StrEnum):
    """What is imported."""

    IMAGE = "image"
    MODEL = "model"
    GROUND_TRUTH = "ground-truth"


class Import(BaseModel):
    """One source of a container image or tarball on its way here; importing the same again is the same record.

    Attributes:
        pk: Primary key.
        owner: Slug of the component or phase.
        kind: What is imported.
        source: Where it comes from, for people.
        sha256: What it turned out to be, as far as the import has come to know it; else "".
        import_status: How far it has come.
        status: The reason where it failed or waits for another attempt; else "".
        attempts: How often it was started.
        runner: The process that works on it, or did last.
        created: When this was first imported.
        modified: When the record last changed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pk: int
    owner: str
    kind: ImportKind
    source: str
    sha256: str = ""
    import_status: ImportStatusChoices
    status: str = ""
    attempts: int = 0
    runner: str = ""
    created: datetime
    modified: datetime

    @property
    def was_interrupted(self) -> bool:
        """Whether it is unfinished although the process that worked on it is gone; the next import takes it over."""
        owner = Owner.from_text(self.runner)
        return not self.import_status.is_final and owner is not None and owner.is_alive() is False


def import_key(source: str, fingerprint: str) -> str:
    """What tells the imports of one owner apart: where it comes from and, where that is known, its content."""
    return hashlib.sha256(f"{source}\0{fingerprint}".encode(errors="surrogateescape")).hexdigest()
