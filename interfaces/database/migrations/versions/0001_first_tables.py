"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "component",
        sa.Column("slug", sa.String(length=255), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("slug"),
        sa.UniqueConstraint("title"),
    )
    op.create_table(
        "component_interface",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=255), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("relative_path", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=5), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("store_in_database", sa.Boolean(), nullable=False),
        sa.Column("schema", sa.JSON(), nullable=False),
        sa.Column("default_value", sa.JSON(), nullable=False),
        sa.Column("example_value", sa.JSON(), nullable=False),
        sa.Column("overlay_segments", sa.JSON(), nullable=False),
        sa.Column("look_up_table", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("pk"),
        sa.UniqueConstraint("relative_path"),
        sa.UniqueConstraint("slug"),
        sa.UniqueConstraint("title"),
    )
    op.create_table(
        "graph",
        sa.Column("slug", sa.String(length=255), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("slug"),
        sa.UniqueConstraint("title"),
    )
    op.create_table(
        "tarball",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("import_status", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("is_desired_version", sa.Boolean(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("pk"),
        sa.UniqueConstraint("owner", "kind", "sha256", name="one_version_per_tarball"),
    )
    op.create_table(
        "component_image",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("component_slug", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=71), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=71), nullable=False),
        sa.Column("import_status", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("user", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("is_desired_version", sa.Boolean(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["component_slug"],
            ["component.slug"],
        ),
        sa.PrimaryKeyConstraint("pk"),
        sa.UniqueConstraint("component_slug", "sha256", name="one_version_per_image"),
    )
    op.create_table(
        "component_interface_value",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("interface_pk", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["interface_pk"],
            ["component_interface.pk"],
        ),
        sa.PrimaryKeyConstraint("pk"),
        sa.UniqueConstraint("interface_pk", "sha256", name="one_record_per_content"),
    )
    op.create_table(
        "component_job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("component_slug", sa.String(length=255), nullable=False),
        sa.Column("image_pk", sa.Integer(), nullable=False),
        sa.Column("tarball_pk", sa.Integer(), nullable=True),
        sa.Column("output_slugs", sa.JSON(), nullable=False),
        sa.Column("input_prefixes", sa.JSON(), nullable=False),
        sa.Column("time_limit", sa.Integer(), nullable=False),
        sa.Column("requires_memory_gb", sa.Double(), nullable=False),
        sa.Column("requires_gpu_type", sa.String(length=64), nullable=False),
        sa.Column("task_on_success", sa.JSON(), nullable=False),
        sa.Column("task_on_failure", sa.JSON(), nullable=False),
        sa.Column("stdout", sa.Text(), nullable=False),
        sa.Column("stderr", sa.Text(), nullable=False),
        sa.Column("error_message", sa.String(length=1024), nullable=False),
        sa.Column("detailed_error_message", sa.JSON(), nullable=False),
        sa.Column("runtime_metrics", sa.JSON(), nullable=False),
        sa.Column("compute_cost_euro_millicents", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("duration_s", sa.Double(), nullable=True),
        sa.Column("exec_duration_s", sa.Double(), nullable=True),
        sa.Column("peak_memory_bytes", sa.BigInteger(), nullable=True),
        sa.Column("flow_run_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["component_slug"],
            ["component.slug"],
        ),
        sa.ForeignKeyConstraint(
            ["image_pk"],
            ["component_image.pk"],
        ),
        sa.ForeignKeyConstraint(
            ["tarball_pk"],
            ["tarball.pk"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("component_job", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_component_job_status"), ["status"], unique=False)
        batch_op.create_index("jobs_by_component", ["component_slug", "status", "completed_at"], unique=False)
        batch_op.create_index("jobs_by_time", ["created"], unique=False)

    op.create_table(
        "component_job_value",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("direction", sa.String(length=6), nullable=False),
        sa.Column("value_pk", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["component_job.id"],
        ),
        sa.ForeignKeyConstraint(
            ["value_pk"],
            ["component_interface_value.pk"],
        ),
        sa.PrimaryKeyConstraint("job_id", "direction", "value_pk"),
    )


def downgrade() -> None:
    op.drop_table("component_job_value")
    with op.batch_alter_table("component_job", schema=None) as batch_op:
        batch_op.drop_index("jobs_by_time")
        batch_op.drop_index("jobs_by_component")
        batch_op.drop_index(batch_op.f("ix_component_job_status"))

    op.drop_table("component_job")
    op.drop_table("component_interface_value")
    op.drop_table("component_image")
    op.drop_table("tarball")
    op.drop_table("graph")
    op.drop_table("component_interface")
    op.drop_table("component")
