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


def downgrade() -> None:
    op.drop_table("job_admission")
    for name in ("one_runner_a_key", "jobs_by_inputs", "jobs_by_work"):
        op.drop_index(name, "component_job")
    for table, columns in _ADDED.items():
        for column in columns:
            op.drop_column(table, column.name)
