"""What makes two jobs the same work."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ADDED: dict[str, list[sa.Column[Any]]] = {
    "component_job": [
        sa.Column("cache_key", sa.String(length=100), server_default="", nullable=False),
        sa.Column("inputs_key", sa.String(length=35), server_default="", nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("claimed_key", sa.String(length=100), nullable=True),
    ],
}


def upgrade() -> None:
    for table, columns in _ADDED.items():
        for column in columns:
            op.add_column(table, column)
    # Jobs of before have no key: what they did is run once more.
    op.create_index("jobs_by_work", "component_job", ["cache_key", "status"])
    op.create_index("jobs_by_inputs", "component_job", ["inputs_key", "component_slug", "status"])
    op.create_index("one_runner_a_key", "component_job", ["claimed_key"], unique=True)
    op.create_table(
        "job_admission",
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("machine", sa.String(length=255), nullable=False),
        sa.Column("memory_bytes", sa.BigInteger(), nullable=False),
        sa.Column("cpus", sa.Double(), nullable=False),
        sa.Column("gpu_type", sa.String(length=64), nullable=False),
        sa.Column("admitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["component_job.id"]),
        sa.PrimaryKeyConstraint("position"),
        sa.UniqueConstraint("job_id"),
    )
    op.create_index("ix_job_admission_machine", "job_admission", ["machine"])
    _create_archives()
    _create_evaluations()
    _create_graph_runs()


def _create_graph_runs() -> None:
    op.create_table(
        "graph_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("graph_slug", sa.String(length=255), nullable=False),
        *(
            sa.Column(name, sa.JSON(), nullable=False)
            for name in ("definitions", "inputs", "outputs", "jobs", "left_out", "reused", "software")
        ),
        sa.Column("run_by", sa.String(length=255), nullable=False),
        sa.Column("error_message", sa.String(length=1024), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_graph_run_completed_at", "graph_run", ["completed_at"])


def _create_archives() -> None:
    op.create_table(
        "archive",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=255), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("pk"),
        sa.UniqueConstraint("slug"),
        sa.UniqueConstraint("title"),
    )
    op.create_table(
        "archive_case",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("archive_pk", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(length=255), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["archive_pk"], ["archive.pk"]),
        sa.PrimaryKeyConstraint("pk"),
        sa.UniqueConstraint("archive_pk", "case_id", name="one_case_per_id"),
    )
    op.create_table(
        "archive_value",
        sa.Column("case_pk", sa.Integer(), nullable=False),
        sa.Column("interface_pk", sa.Integer(), nullable=False),
        sa.Column("value_pk", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_pk"], ["archive_case.pk"]),
        sa.ForeignKeyConstraint(["interface_pk"], ["component_interface.pk"]),
        sa.ForeignKeyConstraint(["value_pk"], ["component_interface_value.pk"]),
        sa.PrimaryKeyConstraint("case_pk", "interface_pk"),
    )
    op.create_index("ix_archive_value_value_pk", "archive_value", ["value_pk"])


def _create_evaluations() -> None:
    op.create_table(
        "phase",
        sa.Column("slug", sa.String(length=255), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("slug"),
        sa.UniqueConstraint("title"),
    )
    op.create_table(
        "evaluation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("phase_slug", sa.String(length=255), nullable=False),
        sa.Column("algorithm", sa.String(length=255), nullable=False),
        sa.Column("version", sa.String(length=71), nullable=False),
        sa.Column("failed_cases", sa.String(length=5), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("metrics_pk", sa.Integer(), nullable=True),
        sa.Column("error_message", sa.String(length=1024), nullable=False),
        sa.Column("runner", sa.String(length=255), nullable=False),
        sa.Column("flow_run_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["phase_slug"], ["phase.slug"]),
        sa.ForeignKeyConstraint(["job_id"], ["component_job.id"]),
        sa.ForeignKeyConstraint(["metrics_pk"], ["component_interface_value.pk"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("evaluations_by_phase", "evaluation", ["phase_slug", "status", "created"])
    op.create_table(
        "evaluated_case",
        sa.Column("evaluation_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("pk", sa.Uuid(), nullable=True),
        sa.Column("version", sa.String(length=71), nullable=False),
        sa.Column("jobs", sa.JSON(), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.Column("outputs", sa.JSON(), nullable=False),
        sa.Column("exec_duration_s", sa.Double(), nullable=True),
        sa.Column("invoke_duration_s", sa.Double(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["evaluation_id"], ["evaluation.id"]),
        sa.PrimaryKeyConstraint("evaluation_id", "position"),
    )


def downgrade() -> None:
    for table in ("evaluated_case", "evaluation", "phase"):
        op.drop_table(table)
    for table in ("graph_run", "archive_value", "archive_case", "archive"):
        op.drop_table(table)
    op.drop_table("job_admission")
    for name in ("one_runner_a_key", "jobs_by_inputs", "jobs_by_work"):
        op.drop_index(name, "component_job")
    for table, columns in _ADDED.items():
        for column in columns:
            op.drop_column(table, column.name)
