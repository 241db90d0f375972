"""Verdicts, leases, what follows a job, values of several files, and images in registries."""

import math
import struct
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ADDED: dict[str, list[sa.Column[Any]]] = {
    "component_interface_value": [sa.Column("files", sa.JSON(), server_default="[]", nullable=False)],
    "component_image": [
        sa.Column("registry_reference", sa.String(length=512), server_default="", nullable=False),
        sa.Column("is_removed", sa.Boolean(), server_default=sa.false(), nullable=False),
    ],
    "component_job": [
        sa.Column("verdict", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("verdict_kind", sa.String(length=64), server_default="", nullable=False),
        sa.Column("figures", sa.LargeBinary(length=64), server_default="", nullable=False),
        sa.Column("cpu_seconds", sa.Double(), nullable=True),
        sa.Column("invoke_duration_s", sa.Double(), nullable=True),
        sa.Column("retry_of", sa.Uuid(), nullable=True),
        sa.Column("lease_owner", sa.String(length=255), server_default="", nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True),
    ],
}


_VALUES = "component_interface_value"
_REFUSAL = "a value never changes; a new value is a new record"


def upgrade() -> None:
    _share_look_up_tables()
    _freeze_values()
    for table, columns in _ADDED.items():
        for column in columns:
            op.add_column(table, column)
    op.create_index("ix_component_job_lease_owner", "component_job", ["lease_owner"])
    _pack_figures()
    op.create_index("jobs_by_figures", "component_job", ["image_pk", "status", "verdict_kind", "figures"])
    op.create_table(
        "job_follow_up",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=255), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_message", sa.String(length=1024), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["component_job.id"]),
        sa.PrimaryKeyConstraint("job_id"),
    )
    op.create_index("ix_job_follow_up_status", "job_follow_up", ["status"])
    _choose_one_version("component_image", ["component_slug"], name="one_desired_image")
    _choose_one_version("tarball", ["owner", "kind"], name="one_desired_tarball")
    op.create_table(
        "component_import",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=71), nullable=False),
        sa.Column("import_status", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("runner", sa.String(length=255), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("pk"),
        sa.UniqueConstraint("owner", "kind", "key", name="one_record_per_source"),
    )


def _pack_figures() -> None:
    """Give the jobs so far their figures, in the form that `interfaces.job_figures` had when this was written."""
    jobs = sa.table(
        "component_job",
        *(sa.column("id", sa.Uuid), sa.column("figures", sa.LargeBinary), sa.column("runtime_metrics", sa.JSON)),
        *(sa.column("created", sa.DateTime(timezone=True)), sa.column("started_at", sa.DateTime(timezone=True))),
        *map(sa.column, ("duration_s", "exec_duration_s", "peak_memory_bytes", "requires_memory_gb")),
    )
    for job in op.get_bind().execute(sa.select(jobs)).all():
        created = job.created if job.created.tzinfo else job.created.replace(tzinfo=UTC)  # SQLite keeps no zone
        waiting_s = (job.started_at - job.created).total_seconds() if job.started_at else None
        peak = needed = job.peak_memory_bytes
        if peak is not None and peak >= 0.98 * job.requires_memory_gb * 2**30:
            needed = job.runtime_metrics.get("totals", {}).get("peak_working_set_bytes") or peak
        numbers = (waiting_s, job.duration_s, job.exec_duration_s, None, peak, needed, None)
        figures = struct.pack(
            "<q7d",
            (created - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1),
            *(math.nan if number is None else number for number in numbers),
        )
        op.execute(sa.update(jobs).where(jobs.c.id == job.id).values(figures=figures))


def _choose_one_version(table: str, peers: list[str], *, name: str) -> None:
    """Let the database hold that at most one version among peers is the desired one."""
    rows = sa.table(table, sa.column("pk"), sa.column("is_desired_version", sa.Boolean), *map(sa.column, peers))
    desired = sa.select(sa.func.max(rows.c.pk)).where(rows.c.is_desired_version)
    newest = desired.group_by(*(rows.c[one] for one in peers))
    op.execute(sa.update(rows).where(rows.c.pk.not_in(newest)).values(is_desired_version=False))
    where = sa.text("is_desired_version")
    op.create_index(name, table, peers, unique=True, sqlite_where=where, postgresql_where=where)


def _share_look_up_tables() -> None:
    """Give look-up tables a table of their own, in place of a copy in each interface."""
    tables = op.create_table(
        "look_up_table",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("pk"),
        sa.UniqueConstraint("title"),
    )
    # In plain SQL, since Alembic adds no foreign key to a table of SQLite without copying it.
    op.execute("ALTER TABLE component_interface ADD COLUMN look_up_table_pk INTEGER REFERENCES look_up_table (pk)")
    interfaces = sa.table(
        "component_interface",
        *(sa.column("pk", sa.Integer), sa.column("slug", sa.String)),
        *(sa.column("look_up_table", sa.JSON), sa.column("look_up_table_pk", sa.Integer)),
    )
    known: dict[str, tuple[int, Any]] = {}
    for row in op.get_bind().execute(sa.select(interfaces).order_by(interfaces.c.pk)).all():
        for table in row.look_up_table:
            title = table["title"]
            if title in known and known[title][1] != table:
                title = f"{title[:200]} ({row.slug[:50]})"
            if title not in known:
                definition = {**table, "title": title}
                made = op.get_bind().execute(sa.insert(tables).values(title=title, definition=definition))
                assert made.inserted_primary_key is not None  # the table has a serial number
                known[title] = made.inserted_primary_key[0], table
            change = sa.update(interfaces).where(interfaces.c.pk == row.pk).values(look_up_table_pk=known[title][0])
            op.get_bind().execute(change)
    op.drop_column("component_interface", "look_up_table")


def _freeze_values() -> None:
    """Let the database itself refuse what no code should do: changing a stored value."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER value_never_changes BEFORE UPDATE ON {_VALUES} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    else:
        op.execute(
            f"CREATE TRIGGER value_never_changes BEFORE UPDATE ON {_VALUES} "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )


def downgrade() -> None:
    op.drop_table("component_import")
    op.drop_index("one_desired_tarball", "tarball")
    op.drop_index("one_desired_image", "component_image")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP TRIGGER value_never_changes ON {_VALUES}")
        op.execute("DROP FUNCTION refuse_change()")
    else:
        op.execute("DROP TRIGGER value_never_changes")
    op.add_column("component_interface", sa.Column("look_up_table", sa.JSON(), server_default="[]", nullable=False))
    op.drop_column("component_interface", "look_up_table_pk")
    op.drop_table("look_up_table")
    op.drop_index("ix_job_follow_up_status", "job_follow_up")
    op.drop_table("job_follow_up")
    op.drop_index("jobs_by_figures", "component_job")
    op.drop_index("ix_component_job_lease_owner", "component_job")
    for table, columns in _ADDED.items():
        for column in columns:
            op.drop_column(table, column.name)
