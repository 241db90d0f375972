"""How long do summaries over a million job records take? SQLite, the records in a file of its own."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from time import perf_counter, process_time
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.schema import CreateIndex

from interfaces import ComponentJob, JobStatus
from interfaces.component import Component, ImageSource, InterfaceSet
from interfaces.database.component_records import save_component, save_image
from interfaces.database.job_records import save_job
from interfaces.database.tables import JobRow
from interfaces.job_figures import FIGURES, Figures
from interfaces.job_statistics import job_statistics
from interfaces.site import Site, get_site

GOAL_S = 1.0
FIRST = datetime(2025, 1, 1, tzinfo=UTC)
COMPONENTS, VERSIONS = 10, 2
ENDS = ((JobStatus.SUCCESS, "", 0.9), (JobStatus.FAILURE, "memory_limit", 0.04), (JobStatus.FAILURE, "exit_code", 0.03),
        (JobStatus.CANCELLED, "cancelled", 0.03))  # fmt: skip
CHUNK = 50_000


def templates(site: Site) -> list[tuple[str, float]]:
    """One stored job for each image and end; its row's key and its share of all."""
    found = []
    for number in range(COMPONENTS * VERSIONS):
        slug = f"component-{number % COMPONENTS}"
        component = Component(
            title=slug,
            slug=slug,
            image=ImageSource(reference="none:1"),
            interfaces=(InterfaceSet(inputs=("scan",), outputs=("report",)),),
        )
        sha256 = f"sha256:{number:064x}"
        with site.database.session() as session:
            save_component(session, component)
            image = save_image(
                session, component=slug, sha256=sha256, source="here", fingerprint=sha256, user="1000", size=1
            )
            for status, kind, share in ENDS:
                job = ComponentJob(
                    component=slug,
                    image=image,
                    time_limit=600,
                    requires_memory_gb=8,
                    stdout="a line of output\n" * 20,
                    runtime_metrics={"instance": {"name": "here", "cpu": 2, "memory": 8}, "metrics": []},
                ).moved_to(JobStatus.PROVISIONING)
                for step in (JobStatus.PROVISIONED, JobStatus.EXECUTING, JobStatus.EXECUTED, JobStatus.PARSING):
                    job = job.moved_to(step)
                save_job(session, job.moved_to(status, verdict={"kind": kind} if kind else None))
                found.append((job.id.hex, share / (COMPONENTS * VERSIONS)))
    return found


def fill(site: Site, count: int) -> None:
    """Make so many jobs of the templates, a year of them, with figures that are spread as jobs' are."""
    random = np.random.default_rng(20250101)
    keys = templates(site)
    kinds = random.choice(len(keys), count, p=[share for _, share in keys])
    figures = np.empty(count, FIGURES)
    figures["created_us"] = int(FIRST.timestamp()) * 1_000_000 + np.sort(
        random.integers(0, 365 * 86_400_000_000, count)
    )
    figures["waiting_s"] = random.gamma(1, 5, count)
    figures["exec_duration_s"] = random.gamma(2, 60, count)
    figures["duration_s"] = figures["exec_duration_s"] + random.gamma(2, 0.1, count)
    figures["cpu_seconds"] = 1.5 * figures["exec_duration_s"]
    figures["peak_memory_bytes"] = figures["needed_memory_bytes"] = random.integers(2**28, 2**33, count)
    figures["cost_euro_millicents"] = np.ceil(figures["duration_s"] * 3)
    columns = [column.name for column in JobRow.__table__.columns]
    taken = ", ".join(f":{name}" if name in OWN else name for name in columns)
    statement = (
        f"INSERT INTO component_job ({', '.join(columns)}) SELECT {taken} FROM component_job WHERE id = :template"
    )
    connection = site.database.engine.raw_connection()
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = OFF")
    cursor.execute("PRAGMA cache_size = -1000000")  # kB
    # Made at the end, since a row at a time would go to a random place of each.
    indexes = [(index, str(CreateIndex(index).compile(site.database.engine))) for index in JobRow.__table__.indexes]
    for index, _ in indexes:
        cursor.execute(f"DROP INDEX {index.name}")
    for start in range(0, count, CHUNK):
        part = slice(start, start + CHUNK)
        cursor.executemany(statement, _rows(figures[part], [keys[kind][0] for kind in kinds[part]]))
    cursor.execute(f"DELETE FROM component_job WHERE id IN ({', '.join('?' * len(keys))})", [key for key, _ in keys])
    for _, creation in indexes:
        cursor.execute(creation)
    connection.commit()
    connection.invalidate()  # with its settings


OWN = (
    "id",
    "template",
    "created",
    "started_at",
    "completed_at",
    "duration_s",
    "exec_duration_s",
    "cpu_seconds",
    "peak_memory_bytes",
    "compute_cost_euro_millicents",
    "figures",
)


def _rows(figures: Figures, templates: list[str]) -> Iterator[dict[str, Any]]:
    """What each job has of its own, in the form in which SQLAlchemy writes it to SQLite."""
    started = figures["created_us"] + (figures["waiting_s"] * 1e6).astype(int)
    ended = started + (figures["duration_s"] * 1e6).astype(int)
    joined, size = figures.tobytes(), FIGURES.itemsize
    own = zip(
        (uuid4().hex for _ in templates),
        templates,
        *(_times(moment) for moment in (figures["created_us"], started, ended)),
        *(figures[name].tolist() for name in ("duration_s", "exec_duration_s", "cpu_seconds")),
        *(figures[name].astype(int).tolist() for name in ("peak_memory_bytes", "cost_euro_millicents")),
        (joined[place : place + size] for place in range(0, len(joined), size)),
        strict=True,
    )
    return (dict(zip(OWN, row, strict=True)) for row in own)


def _times(microseconds: npt.NDArray[np.int64]) -> list[str]:
    texts: list[str] = np.datetime_as_string(microseconds.astype("datetime64[us]")).tolist()
    return [text.replace("T", " ") for text in texts]


def row_by_row() -> pd.DataFrame:
    """What one would write first: the columns as rows, and pandas for the rest."""
    with get_site().database.engine.connect() as connection:
        jobs = pd.read_sql(select(JobRow.component_slug, JobRow.status, JobRow.duration_s), connection)
    return jobs.groupby("component_slug")["duration_s"].describe(percentiles=[0.5, 0.95])


def measured(*, count: int, rounds: int) -> dict[str, Any]:
    """Medians of some rounds, and the first call of each; in the present site, which has no jobs."""
    site, jobs = get_site(), ComponentJob.objects
    fill(site, count)
    questions: dict[str, Callable[[], object]] = {
        "by component": lambda: jobs.summary(["component"]),
        "by component, image and status": lambda: jobs.summary(["component", "image", "status"]),
        "by component and day": lambda: jobs.summary(["component", "day"]),
        "by component, image, status and day": lambda: jobs.summary(["component", "image", "status", "day"]),
        "of one component, by day": lambda: jobs.summary(["day"], component="component-3"),
        "average duration": jobs.average_duration,
        "suggested limits": jobs.suggested_limits,
        "all of `component-flows stats`": job_statistics,
    }
    told: dict[str, dict[str, float]] = {}
    for name, question in questions.items():
        wall, processor = zip(*(_seconds(question) for _ in range(rounds + 1)), strict=True)
        told[name] = {
            "first_s": wall[0],
            "median_s": statistics.median(wall[1:]),
            "processor_s": statistics.median(processor[1:]),
        }
    with site.database.session() as session:
        succeeded = JobRow.status == JobStatus.SUCCESS.value
        mean = session.scalar(select(func.avg(JobRow.duration_s)).where(succeeded))
    assert mean is not None
    assert abs(float(jobs.summary([])["mean_duration_s"][0]) - mean) < 1e-6 * mean
    return {
        "records": count,
        "rounds": rounds,
        "goal_s": GOAL_S,
        "database_bytes": (site.home / "component-flows.db").stat().st_size,
        "summaries": told,
        "row_by_row_s": _seconds(row_by_row)[0],
    }


def _seconds(question: Callable[[], object]) -> tuple[float, float]:
    """Of the wall's clock, and of the processor's, which others on the machine change little."""
    start, worked = perf_counter(), process_time()
    question()
    return perf_counter() - start, process_time() - worked


def show(figures: dict[str, Any]) -> None:
    """Print the table."""
    print(
        f"\n# Summaries over {figures['records']:,} job records (medians of {figures['rounds']} rounds; "
        f"goal: {figures['goal_s']} s)"
    )
    for name, seconds in figures["summaries"].items():
        print(
            f"{name:<38}{seconds['median_s']:8.3f} s   the first time {seconds['first_s']:.3f} s, "
            f"processor {seconds['processor_s']:.3f} s"
        )
    print(f"{'durations by component, row by row':<38}{figures['row_by_row_s']:8.3f} s")
