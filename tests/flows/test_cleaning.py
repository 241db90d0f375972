"""Cleaning as a person does it, and while jobs run."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from old_site import aged
from puppet_scripts import REPORT
from records import a_component, a_finished_job, a_stored_image, an_interface

from flows.cli import commands
from interfaces.component import InterfaceSet
from interfaces.database.interface_records import save_interface
from interfaces.errors import DefinitionError
from interfaces.jobs import ComponentJob
from interfaces.kinds import InterfaceKindChoices as InterfaceKind
from interfaces.settings import get_settings
from interfaces.site import get_site


def told(*arguments: str) -> str:
    done = CliRunner().invoke(commands, ["clean", *arguments], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


@pytest.mark.engine
def test_a_dry_run_tells_what_goes_and_removes_nothing_and_then_it_goes(site, tmp_path):
    with site.database.session() as session:
        csv, _ = save_interface(
            session, an_interface(title="Rows", slug="rows", kind=InterfaceKind.CSV, relative_path="r.csv")
        )
    (tmp_path / "r.csv").write_text("a,b\n1,2\n")
    path = csv.create_instance(file=tmp_path / "r.csv").path
    image = a_stored_image(site, a_component(interfaces=(InterfaceSet(inputs=(), outputs=("rows",)),)))
    job = a_finished_job(site, image, seconds=3)
    aged(site)
    asked = ("--older-than", "7d", "--records", "--json")
    would = json.loads(told("--dry-run", *asked))
    assert would == {
        "dry_run": True,
        "removed": [
            {"what": "job", "count": 1, "bytes": 0},
            {"what": "value", "count": 1, "bytes": 0},
            {"what": "file", "count": 1, "bytes": 8},
        ],
        "problems": [],
    }
    assert path.exists()
    assert ComponentJob.objects.get(str(job.id)).status is job.status
    lines = told("--older-than", "7d", "--records").splitlines()
    assert lines[0].split()[:4] == ["what", "how", "many", "bytes"]
    assert lines[-1] == "8 bytes on disk are freed"
    assert not path.exists()
    assert told(*asked[:2]) == "nothing to remove\n"


def test_an_age_that_is_none_is_refused_before_anything_is_started(tmp_path, monkeypatch):
    monkeypatch.setenv("COMPONENT_FLOWS_HOME", str(tmp_path / "home"))
    get_settings.cache_clear()
    with pytest.raises(DefinitionError, match="'a month' is no age; an age is a number with one of s, min, h, d and w"):
        told("--older-than", "a month")
    assert not (tmp_path / "home").exists()
    get_settings.cache_clear()


RUNS = """
import sys
from pathlib import Path
from flows import run_component
for number in range(3):
    job = run_component("puppet-report", {"script": sys.argv[1] % number, "scan": Path(sys.argv[2])})
    print(job.id, flush=True)
"""
CLEANS = """
import time
from interfaces.cleaning import Wanted
from interfaces.engine import get_engine
from interfaces.site import get_site
from tasks.clean import cleaned
from tasks.reap import reaped
from datetime import timedelta
while True:
    reaped()
    cleaned(get_site(), Wanted(older_than=timedelta(0), records=True, graph_runs=True), get_engine())
    print("cleaned", flush=True)
    time.sleep(0.2)
"""


@pytest.mark.engine
@pytest.mark.usefixtures("puppets")
def test_jobs_that_run_while_everything_is_cleaned_again_and_again_lose_nothing(scan, script, tmp_path):
    cleaner = script(CLEANS)
    assert cleaner.stdout.readline() == "cleaned\n"
    aged(get_site())  # also the scan's value and file, if an earlier test has stored them
    runner = script(RUNS, REPORT.replace("{report}", "{'n': %d}").replace("{{", "{"), scan)
    ids = runner.communicate()[0].split()
    assert runner.returncode == 0
    assert len(ids) == 3
    assert cleaner.poll() is None
    jobs = [ComponentJob.objects.get(one) for one in ids]
    assert [job.outputs["report"].value for job in jobs] == [{"n": number} for number in range(3)]
    assert all(one.is_stored for job in jobs for one in job.inputs.values())
