"""What the listings of images and tarballs share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from interfaces.imports import Import

SHOWN_DIGITS = 12


def check_change(owner: str | None, *changes: str | None, what: str) -> None:
    """Refuse options that do not fit together.

    Args:
        owner: Whose versions are meant.
        changes: The options that name a version to change.
        what: What the owner is called in the help.
    """
    given = [one for one in changes if one is not None]
    if len(given) > 1:
        raise click.UsageError("give --use or --remove, not both")
    if given and owner is None:
        raise click.UsageError(f"{what} is needed: whose version is it?")
    if "" in given:
        raise click.UsageError("SHA is empty; without it, the versions are listed")


def import_document(one: Import) -> dict[str, Any]:
    """An import as a JSON object."""
    return {
        **one.model_dump(mode="json", exclude={"import_status", "runner", "pk"}),
        "import_status": one.import_status.name,
        "was_interrupted": one.was_interrupted,
    }


def unfinished(imports: Sequence[Import]) -> list[Import]:
    """Those that did not lead to a version, or not yet."""
    from interfaces.import_status import ImportStatusChoices

    return [one for one in imports if one.import_status is not ImportStatusChoices.COMPLETED]


def state_text(one: Import) -> str:
    """How far an import has come, for people."""
    return "Interrupted" if one.was_interrupted else one.import_status.label


def size_text(size: int) -> str:
    """Bytes for people, in MB (2**20 bytes)."""
    return f"{size / 2**20:.1f} MB"


def time_text(time: datetime) -> str:
    """A time for people, in their zone."""
    return f"{time.astimezone():%Y-%m-%d %H:%M}"
