"""A migrated, empty database of the Prefect server, kept for the next new home folder.

Prefect makes a new database through all its migrations, which is half of a server's first start. The copy is kept in
the user's cache folder by version of Prefect; the server checks it for missing migrations like any other database.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from importlib.metadata import version
from pathlib import Path


def use_template(database: Path) -> None:
    """Put a copy of the template in the place of a database that does not exist yet, if there is one."""
    template = _template()
    if template is not None and template.exists() and not _copy(template, database):
        template.unlink(missing_ok=True)


def keep_template(database: Path) -> None:
    """Keep a copy of a database that a server has just made, unless there is one."""
    template = _template()
    if template is not None and not template.exists():
        _copy(database, template)


def _template() -> Path | None:
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "component-flows"
        cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    except (OSError, RuntimeError):  # read-only, or a user without a home
        return None
    return cache / f"prefect-{version('prefect')}.db"


def _copy(source: Path, target: Path) -> bool:
    """Copy an SQLite database whole, also from under a running server; a copy that fails is not worth an error."""
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    try:
        with closing(sqlite3.connect(source)) as origin, closing(sqlite3.connect(draft)) as copy:
            origin.backup(copy)
            if copy.execute("PRAGMA quick_check").fetchone() != ("ok",):
                return False
        draft.replace(target)
    except (OSError, sqlite3.Error):
        return False
    finally:
        draft.unlink(missing_ok=True)
    return True
