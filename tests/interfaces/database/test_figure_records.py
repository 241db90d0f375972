"""The figures of many jobs, as both databases keep and give them."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.config import Config
from records import SHA256, a_component, a_job
from sqlalchemy import create_engine, event, text

from interfaces.component_images import ComponentImage
from interfaces.database import migrations_folder
from interfaces.database.component_records import save_component, save_image
from interfaces.database.figure_records import read_figures
from interfaces.database.job_records import save_job
from interfaces.database.sessions import Database
from interfaces.job_figures import FIGURES, packed
from interfaces.job_filter import JobFilter
from interfaces.job_status import JobStatus

OTHER = "sha256:" + "b" * 64


def an_image(session, sha256=SHA256, **changes) -> ComponentImage:
    component = a_component(**changes)
    save_component(session, component)
    return save_image(
        session, component=component.slug, sha256=sha256, source="here", fingerprint=sha256, user="1000", size=1
    )


def stored(session, image, **verdict):
    job = a_job(image).moved_to(JobStatus.FAILURE, peak_memory_bytes=2**40, verdict=verdict or None)
    save_job(session, job)
    return job


def test_jobs_are_grouped_by_component_image_status_and_verdict(database):
    with database.session() as session:
        image, other = an_image(session), an_image(session, OTHER, slug="other", title="Other")
        jobs = [stored(session, image) for _ in range(3)]
        starved = stored(session, image, kind="memory_limit")
        foreign = stored(session, other)
        queued = a_job(other)
        save_job(session, queued)
    with database.session() as session:
        found = read_figures(session, JobFilter())
    told = {(group.component, group.image, group.status.name, group.verdict): group.figures for group in found}
    assert {key: sorted(one.tobytes() for one in figures) for key, figures in told.items()} == {
        ("lesion-counter", SHA256, "FAILURE", ""): sorted(map(packed, jobs)),
        ("lesion-counter", SHA256, "FAILURE", "memory_limit"): [packed(starved)],
        ("other", OTHER, "FAILURE", ""): [packed(foreign)],
        ("other", OTHER, "PENDING", ""): [packed(queued)],
    }


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({}, 3),
        ({"component": "other"}, 1),
        ({"image": SHA256}, 2),
        ({"component": "other", "image": SHA256}, 0),
        ({"status": "failure"}, 3),
        ({"status": JobStatus.SUCCESS}, 0),
    ],
)
def test_a_filter_leaves_some(database, wanted, count):
    with database.session() as session:
        image, other = an_image(session), an_image(session, OTHER, slug="other", title="Other")
        for one in (image, image, other):
            stored(session, one)
        assert sum(len(group.figures) for group in read_figures(session, JobFilter(**wanted))) == count


def test_the_rows_themselves_are_not_read(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/a.db", tmp_path)
    plans = []

    def note(connection, cursor, statement, parameters, context, many):
        if "group_concat" in statement and not statement.startswith("EXPLAIN"):
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            plans.append(" ".join(str(row[-1]) for row in plan))

    event.listen(database.engine, "before_cursor_execute", note)
    with database.session() as session:
        for wanted in ({}, {"component": "a"}, {"status": "success"}, {"component": "a", "status": "success"}):
            read_figures(session, JobFilter(**wanted))
    database.close()
    assert len(plans) == 4
    assert all("COVERING INDEX jobs_by_figures" in plan for plan in plans), plans


def test_jobs_from_before_their_figures_were_kept_get_them(tmp_path):
    url = f"sqlite:///{tmp_path}/a.db"
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    engine = create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in OLD_JOBS:
            connection.execute(text(statement))
    engine.dispose()
    database = Database(url, tmp_path)
    with database.session() as session:
        (group,) = read_figures(session, JobFilter())
    database.close()
    figures = {name: group.figures[name].tolist() for name in FIGURES.names}
    assert sorted(figures["needed_memory_bytes"]) == [2**20, 3 * 2**20]  # the one that touched its limit needed less
    assert sorted(figures["peak_memory_bytes"]) == [2**20, 2**30]
    assert figures["duration_s"] == [8, 8]
    assert figures["waiting_s"] == [1.5, 1.5]
    assert figures["created_us"] == [1_740_830_400_250_000] * 2  # 2025-03-01 12:00:00.25 UTC


_METRICS = '{"totals": {"peak_working_set_bytes": 3145728}}'
OLD_JOBS = [
    "INSERT INTO component VALUES ('old', 'Old', '{}')",
    "INSERT INTO component_image (pk, component_slug, sha256, source, fingerprint, import_status, status, user, size, "
    f"is_desired_version, created) VALUES (1, 'old', '{SHA256}', '', '', 6, '', '1000', 1, 1, '2025-03-01 00:00:00')",
    *(
        "INSERT INTO component_job (id, created, modified, status, attempt, component_slug, image_pk, output_slugs, "
        "input_prefixes, time_limit, requires_memory_gb, requires_gpu_type, task_on_success, task_on_failure, stdout, "
        "stderr, error_message, detailed_error_message, runtime_metrics, started_at, completed_at, duration_s, "
        "exec_duration_s, peak_memory_bytes, name) VALUES "
        f"('{number:032x}', '2025-03-01 12:00:00.250000', '2025-03-01 12:00:00', 4, 0, 'old', 1, '[]', '{{}}', 60, 1, "
        f"'', '[]', '[]', '', '', '', '{{}}', '{_METRICS}', '2025-03-01 12:00:01.750000', "
        f"'2025-03-01 12:00:09.750000', 8, 7.5, {peak}, '')"
        for number, peak in ((1, 2**30), (2, 2**20))
    ),
]
