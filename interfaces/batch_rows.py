"""One row a case: how a case ended as the cells of a CSV file, and such a file as a DataFrame."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID

import pandas as pd

from interfaces.batch_results import columns_of, output_column
from interfaces.definition import ComponentInterface
from interfaces.job_status import JobStatus
from interfaces.kinds import InterfaceSuperKindChoices
from interfaces.previews.texts import clean_text
from interfaces.site import get_site
from interfaces.value import ComponentInterfaceValue, find_values

Output: TypeAlias = ComponentInterfaceValue | Sequence["Output"] | None

MAX_CELL_CHARACTERS = 100_000
"""Of a JSON value in a cell; a longer one is named. Python's csv module reads 131,072 characters unless told more."""

_REFERENCE = "value:"
_FORMULA = ("=", "+", "-", "@")


@dataclass(frozen=True, kw_only=True)
class CaseOutcome:
    """How a case ended.

    Attributes:
        status: SUCCESS, FAILURE, or CANCELLED, which stands for invalid inputs too.
        message: What went wrong, for people; "" where nothing did.
        outputs: By name; a list for an output that is one, None for an optional one that is not there.
        job: The job of a component's case; of a graph's the one that failed, or None.
        flow_run_id: The Prefect run of the job, or of the graph's run, or None.
        duration_s: How long it took.
        peak_memory_bytes: The most that any of its containers had, where that is known.
    """

    status: JobStatus
    message: str = ""
    outputs: Mapping[str, Output] = field(default_factory=dict)
    job: UUID | None = None
    flow_run_id: UUID | None = None
    duration_s: float | None = None
    peak_memory_bytes: int | None = None


def row_of(case_id: str, outcome: CaseOutcome, fingerprint: str) -> dict[str, str]:
    """The cells of a case by column."""
    return {
        "case": case_id,
        "status": outcome.status.name,
        "message": message_cell(outcome.message),
        **{output_column(name): cell_of(output) for name, output in outcome.outputs.items()},
        "job": str(outcome.job or ""),
        "duration_s": "" if outcome.duration_s is None else f"{outcome.duration_s:.3f}",
        "peak_memory_bytes": "" if outcome.peak_memory_bytes is None else str(outcome.peak_memory_bytes),
        "fingerprint": fingerprint,
    }


def message_cell(message: str) -> str:
    """A message in one line that no spreadsheet takes for a formula: its words may be a container's.

    See https://owasp.org/www-community/attacks/CSV_Injection.
    """
    text = clean_text(message)
    return f"'{text}" if text.startswith(_FORMULA) else text


def cell_of(output: Output) -> str:
    """An output as text: JSON for what the database keeps, the path of what is a file, a JSON list for a list.

    JSON of more than `MAX_CELL_CHARACTERS` is named instead: ``value:PK``.
    """
    if output is None:
        return ""
    if isinstance(output, ComponentInterfaceValue):
        return _value_cell(output)
    return json.dumps([None if one is None else _list_item(one) for one in output], ensure_ascii=False)


def _list_item(one: Output) -> Any:
    is_json = isinstance(one, ComponentInterfaceValue) and one.interface.super_kind == InterfaceSuperKindChoices.VALUE
    cell = cell_of(one)
    return json.loads(cell) if is_json and not cell.startswith(_REFERENCE) else cell


def _value_cell(value: ComponentInterfaceValue) -> str:
    if value.interface.super_kind != InterfaceSuperKindChoices.VALUE:
        return str(value.path)
    text = json.dumps(value.value, ensure_ascii=False)
    return text if len(text) <= MAX_CELL_CHARACTERS else f"{_REFERENCE}{value.pk}"


def read_table(path: Path, outputs: Mapping[str, ComponentInterface]) -> pd.DataFrame:
    """The results of a batch as a DataFrame.

    Args:
        path: The CSV file.
        outputs: The interface of each output by its name.

    Returns:
        One row a case: case, status, message, a column for each output, job, duration_s (seconds) and
        peak_memory_bytes. Outputs of JSON kinds that the database keeps are values (missing where there is none), so
        that numbers can be calculated with; others are paths.
    """
    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")[columns_of(list(outputs))[:-1]]
    for name, interface in outputs.items():
        column = output_column(name)
        if interface.super_kind == InterfaceSuperKindChoices.VALUE:
            table[column] = pd.Series([_value(cell) for cell in table[column]], index=table.index).infer_objects()
    table["duration_s"] = pd.to_numeric(table["duration_s"])
    table["peak_memory_bytes"] = pd.to_numeric(table["peak_memory_bytes"]).astype("Int64")
    return table


def _value(cell: str) -> Any:
    if not cell:
        return None
    if not cell.startswith(_REFERENCE):
        return json.loads(cell)
    pk = int(cell.removeprefix(_REFERENCE))
    with get_site().database.session() as session:
        return find_values(session, [pk])[pk].value
