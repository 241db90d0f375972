"""SQREG files: SQLite 3 databases.

Format: https://www.sqlite.org/fileformat.html
"""

from __future__ import annotations

from pathlib import Path

from interfaces.errors import ValidationError
from interfaces.files import sqreg_script
from interfaces.files.guarded import check_guarded

_MAGIC = b"SQLite format 3\0"


def check_sqreg(path: Path) -> None:
    """An SQLite database that opens read-only, has a table, and passes SQLite's own quick check.

    Nothing of the database is run: no view, trigger, constraint or extension.

    Raises:
        ValidationError: It is not; the text holds what SQLite found.
    """
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise ValidationError("It is no SQLite file, as an SQREG file is")
    check_guarded(Path(sqreg_script.__file__), path, what="SQLite file")
