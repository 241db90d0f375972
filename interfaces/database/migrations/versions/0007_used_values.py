"""When a value was last found again; the rest of it never changes, as before."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_VALUES = "component_interface_value"
_REFUSAL = "a value never changes; a new value is a new record"
_FIXED = "OF pk, interface_pk, sha256, size, name, value, files, created "


def upgrade() -> None:
    op.add_column(_VALUES, sa.Column("used_at", sa.DateTime(timezone=True), nullable=True))
    _freeze(_FIXED)


def downgrade() -> None:
    op.drop_column(_VALUES, "used_at")
    _freeze("")


def _freeze(columns: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP TRIGGER value_never_changes ON {_VALUES}")
        op.execute(
            f"CREATE TRIGGER value_never_changes BEFORE UPDATE {columns}ON {_VALUES} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    else:
        op.execute("DROP TRIGGER value_never_changes")
        op.execute(
            f"CREATE TRIGGER value_never_changes BEFORE UPDATE {columns}ON {_VALUES} "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )
