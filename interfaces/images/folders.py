"""A person's folder: which files count, and what is wrong with each that can't be used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from interfaces.errors import ValidationError

MAX_FILES = 100_000
_JUNK = {"thumbs.db", "desktop.ini", "dicomdir"}
_JUNK_FOLDERS = {"__macosx"}


def usable_files(folder: Path) -> list[Path]:
    """The files below a folder in order, without those that systems leave behind (hidden ones, Thumbs.db, DICOMDIR).

    Raises:
        ValidationError: There is none, or more than `MAX_FILES`.
    """
    files: list[Path] = []
    for path in folder.rglob("*"):
        names = [part.lower() for part in path.relative_to(folder).parts]
        if any(name.startswith(".") or name in _JUNK_FOLDERS for name in names) or names[-1] in _JUNK:
            continue
        if path.is_file():
            files.append(path)
        if len(files) > MAX_FILES:
            raise ValidationError(f"The folder '{folder.name}' has more than {MAX_FILES} files")
    if not files:
        raise ValidationError(f"The folder '{folder.name}' is empty")
    return sorted(files)


class Problems:
    """Collects what is wrong with single files, to say it all at once."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}

    @contextmanager
    def of(self, path: Path, *, below: Path) -> Iterator[None]:
        """Keep the `ValidationError` of a file for later.

        Args:
            path: The file.
            below: The folder that its name is told from.
        """
        try:
            yield
        except ValidationError as error:
            name = str(path.relative_to(below)) if path != below else path.name
            self._reasons[name] = str(error)

    def raise_any(self, *, total: int) -> None:
        """Refuse if a file had a problem.

        Args:
            total: The number of files that were looked at.

        Raises:
            ValidationError: Names every file and its reason.
        """
        if self._reasons:
            listed = "; ".join(f"'{name}': {reason}" for name, reason in self._reasons.items())
            raise ValidationError(f"{len(self._reasons)} of {total} files can't be used: {listed}")
