"""Runs of graphs from their start on, with the process that runs each."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("graph_run") as table:
        table.alter_column("completed_at", existing_type=sa.DateTime(timezone=True), nullable=True)
        table.add_column(sa.Column("runner", sa.String(length=255), server_default="", nullable=False))


def downgrade() -> None:
    op.execute("DELETE FROM graph_run WHERE completed_at IS NULL")
    with op.batch_alter_table("graph_run") as table:
        table.drop_column("runner")
        table.alter_column("completed_at", existing_type=sa.DateTime(timezone=True), nullable=False)
