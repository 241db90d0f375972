"""A site whose records and files are as if they had been made long ago."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from interfaces.database.run_tables import GraphRunRow
from interfaces.database.tables import ImageRow, JobRow, ValueRow
from interfaces.site import Site


def aged(site: Site, *, days: float = 60) -> None:
    """Set every time in the database, and of every stored file and log, back by some days."""
    then, old = datetime.now(UTC) - timedelta(days=days), time.time() - days * 86_400
    with site.database.session() as session:
        for column in (JobRow.created, JobRow.modified, JobRow.started_at, JobRow.completed_at):
            session.execute(update(JobRow).where(column.is_not(None)).values({column.key: then}))
        session.execute(update(ValueRow).values(used_at=then))
        session.execute(update(ImageRow).values(created=then))
        session.execute(update(GraphRunRow).values(started_at=then))
        session.execute(update(GraphRunRow).where(GraphRunRow.completed_at.is_not(None)).values(completed_at=then))
    for folder in ("files", "logs", "tarballs"):
        # From below, since making an entry older does not change its folder.
        for path in sorted((site.home / folder).rglob("*"), reverse=True):
            os.utime(path, (old, old))
