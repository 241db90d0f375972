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


def downgrade() -> None:
    for name in ("one_runner_a_key", "jobs_by_inputs", "jobs_by_work"):
        op.drop_index(name, "component_job")
    for table, columns in _ADDED.items():
        for column in columns:
            op.drop_column(table, column.name)
