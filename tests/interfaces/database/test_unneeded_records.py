"""Which records are needed, in what they name one another by."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from sqlalchemy import JSON

import interfaces.database
from interfaces.database.base import Base
from interfaces.database.unneeded_records import REFERENCES

NO_REFERENCES = {
    "batch.cases",  # the ids of jobs, for a page that does without them
    "batch.summary",
    "component.definition",
    "component_interface.default_value",
    "component_interface.example_value",
    "component_interface.overlay_segments",
    "component_interface.schema",
    "component_interface_value.files",
    "component_interface_value.value",
    "component_job.detailed_error_message",
    "component_job.input_prefixes",  # of values that are the job's in any case
    "component_job.output_slugs",
    "component_job.runtime_metrics",
    "component_job.task_on_failure",
    "component_job.task_on_success",
    "component_job.verdict",
    "graph.definition",
    "graph_run.definitions",
    "graph_run.left_out",
    "graph_run.reused",
    "graph_run.software",
    "job_follow_up.reference",
    "look_up_table.definition",
    "phase.definition",
    "worker_run.error",
}


def test_of_every_column_of_json_it_is_known_whether_it_names_values_or_jobs():
    for module in pkgutil.iter_modules(interfaces.database.__path__):
        if "tables" in module.name:
            import_module(f"interfaces.database.{module.name}")
    columns = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, JSON)
    }
    # Else `clean` would remove what a new table needs: name the column in one of the two.
    assert columns == REFERENCES | NO_REFERENCES
