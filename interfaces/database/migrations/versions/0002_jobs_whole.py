"""Verdicts, leases, what follows a job, values of several files, and images in registries."""

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
        sa.Column("cpu_seconds", sa.Double(), nullable=True),
        sa.Column("invoke_duration_s", sa.Double(), nullable=True),
        sa.Column("retry_of", sa.Uuid(), nullable=True),
        sa.Column("lease_owner", sa.String(length=255), server_default="", nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True),
    ],
}


def upgrade() -> None:
    for table, columns in _ADDED.items():
        for column in columns:
            op.add_column(table, column)
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


def downgrade() -> None:
    op.drop_index("ix_job_follow_up_status", "job_follow_up")
    op.drop_table("job_follow_up")
    for table, columns in _ADDED.items():
        for column in columns:
            op.drop_column(table, column.name)
