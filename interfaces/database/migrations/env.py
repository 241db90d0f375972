"""Runs the migrations on the connection that `Database` hands over."""

from alembic import context

from interfaces.database import archive_tables, evaluation_tables, run_tables, tables, worker_run_tables  # noqa: F401 - their tables are known then
from interfaces.database.base import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
