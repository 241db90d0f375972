"""Many cases, with real containers."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from puppet_scripts import MASK, REPORT

from flows import run_batch, run_batch_to_file
from interfaces import ComponentJob, JobStatus
from interfaces.engine import get_engine
from interfaces.errors import CasesInvalid, DefinitionError, UnknownName

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]


def reporting(number: int, tag: str = "") -> str:
    """A program whose work no other test did."""
    return f"# {tag}\n" + REPORT.format(report=f"{{'number': {number}}}")


def write_cases(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)))
        writer.writeheader()
        writer.writerows(rows)
    return path


def jobs_named(*names: str) -> int:
    from sqlalchemy import func, select

    from interfaces.database.tables import JobRow
    from interfaces.site import get_site

    with get_site().database.session() as session:
        return session.scalar(select(func.count()).where(JobRow.name.in_(names))) or 0


def test_a_bad_case_is_set_aside_and_only_what_failed_is_run_again(tmp_path, scan):
    cases = write_cases(
        tmp_path / "cases.csv",
        [
            {"case": "set-good", "script": reporting(1, "set"), "scan": scan.name},
            {"case": "set-dark", "script": "import sys; sys.exit('=too dark')"},
            {"case": "set-lost", "script": reporting(2, "set"), "scan": "no-such.mha"},
            {"case": "set-full", "script": reporting(3, "set") + MASK.format(voxels="[1] * 8"), "scan": scan.name, "second": "5"},
            {"case": "set-text", "script": reporting(4, "set"), "scan": scan.name, "second": "many"},
        ],
    )  # fmt: skip
    results = tmp_path / "results.csv"
    table = run_batch("puppet-report", cases, results=results, parallel=2).set_index("case")
    assert list(table.index) == ["set-good", "set-dark", "set-lost", "set-full", "set-text"]
    assert list(table["status"]) == ["SUCCESS", "FAILURE", "CANCELLED", "SUCCESS", "CANCELLED"]
    assert table["report"]["set-good"] == {"number": 1}
    assert Path(table["mask"]["set-full"]).suffix == ".mha"
    assert table["message"]["set-dark"] == "'=too dark"
    assert "no-such.mha does not exist" in table["message"]["set-lost"]
    assert "second" in table["message"]["set-text"]
    assert table["duration_s"]["set-good"] > 0
    job = ComponentJob.objects.get(table["job"]["set-dark"])
    assert (job.name, job.status) == ("set-dark", JobStatus.FAILURE)
    assert not Path(f"{results}.part").exists()

    before = jobs_named("set-good", "set-full")
    (tmp_path / "no-such.mha").write_bytes(scan.read_bytes())
    summary = run_batch_to_file("puppet-report", cases, results)
    assert (summary.cases, summary.succeeded, summary.kept, summary.failed) == (5, 3, 2, 2)
    assert {reason.message: reason.cases for reason in summary.reasons}["=too dark"] == ("set-dark",)
    assert jobs_named("set-good", "set-full") == before
    assert [row["case"] for row in csv.DictReader(results.open())] == list(table.index)
