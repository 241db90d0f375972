"""The statistics of many jobs as CSV files: all rows, with the units in the columns' names."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pandas as pd

from interfaces.errors import ServiceUnavailable
from interfaces.job_statistics import JobStatistics

JOBS, DAYS, FAILURES, LIMITS = "jobs.csv", "days.csv", "failures.csv", "suggested-limits.csv"


def write_csv(statistics: JobStatistics, folder: Path) -> list[Path]:
    """Write one file for each table; files of the same name are replaced, each at once and whole.

    Args:
        statistics: The tables.
        folder: Where the files go; it is made where it is missing.

    Returns:
        The files: jobs.csv, days.csv, failures.csv and suggested-limits.csv. Times are ISO 8601 in UTC.

    Raises:
        ServiceUnavailable: They can't be written there.
    """
    folder = folder.expanduser()
    tables = {
        JOBS: statistics.by_image,
        DAYS: statistics.by_day.assign(day=statistics.by_day["day"].dt.strftime("%Y-%m-%d")),
        FAILURES: statistics.failures.assign(newest=[one.isoformat() for one in statistics.failures["newest"]]),
        LIMITS: statistics.limits,
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [_written(table, folder / name) for name, table in tables.items()]
    except OSError as error:
        raise ServiceUnavailable(
            f"the statistics can't be written to the folder {folder}: {error.strerror or error}; name one that can be "
            "written to"
        ) from error


def _written(table: pd.DataFrame, path: Path) -> Path:
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=path.parent, prefix=f".{path.name}-", delete=False
    ) as file:
        partial = Path(file.name)
        try:
            table.to_csv(file, index=False)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    return path
