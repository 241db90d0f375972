"""Runs as crates, of real jobs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from dataclasses import replace
from getpass import getuser
from pathlib import Path
from uuid import uuid4

import pytest
from crate_rules import Rules
from puppet_scripts import MASK, REPORT

from flows import run_component, run_graph
from interfaces.crates.records import GraphRecord
from interfaces.crates.terms import PROCESS_RUN, PROVENANCE_RUN, WORKFLOW_CRATE, WORKFLOW_RUN
from interfaces.database.graph_run_records import find_graph_run, save_graph_run
from interfaces.database.job_records import save_job
from interfaces.errors import ComponentException, DefinitionError, UnknownName, ValidationError
from interfaces.graph import Graph, Node, Source
from interfaces.graph_run import GraphRun
from interfaces.jobs import ComponentJob
from interfaces.site import get_site
from interfaces.storage.stored_file import sha256_of
from tasks.export_crate import export_crate, find_run

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]

GRAPH_PROFILES = {PROCESS_RUN, WORKFLOW_RUN, PROVENANCE_RUN, WORKFLOW_CRATE}
VALIDATOR = Path(__file__).parents[2] / ".venv-validator" / "bin" / "python"


@pytest.fixture
def run(scan) -> GraphRun:
    return run_graph(
        "puppet-diamond",
        {"first": MASK.format(voxels="[0, 1] * 4"), "others": REPORT.format(report="{'done': 1}"), "image": scan},
    )


def judged(crate: Path, profile: str) -> str:
    """What the profile's own validator has to say."""
    if not VALIDATOR.exists():
        pytest.skip("the validator is not here; 'make validator' sets it up")
    script = Path(__file__).parents[1] / "support" / "crate_validator.py"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([VALIDATOR, script, crate, profile], capture_output=True, text=True, env=environment)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def test_a_graphs_run_is_a_provenance_run_crate(run, tmp_path):
    crate = export_crate(run, tmp_path / "crate", author="Ada Lovelace <0000-0002-1825-0097>")
    rules = Rules(crate)
    rules.check(GRAPH_PROFILES)
    # Every file is what is said of it.
    for file in rules.of_type("File"):
        assert sha256_of(crate / file["@id"]).sha256 == file["sha256"]
    for node, job in run.jobs.items():
        control = rules.entities[f"#control-{node}"]
        (action,) = rules.linked(control, "object")
        assert action["@id"] == f"#job-{job.id}"
        (image,) = rules.linked(action, "containerImage")
        assert f"sha256:{image['sha256']}" == job.image.sha256
        assert [one["sha256"] for one in rules.linked(action, "result")] == [one.sha256 for one in job.outputs.values()]
        assert {one["sha256"] for one in rules.linked(action, "object")} == {one.sha256 for one in job.inputs.values()}
        used = {one["propertyID"].rpartition(":")[2]: one["value"] for one in rules.linked(action, "resourceUsage")}
        assert used.get("peak-memory") == job.peak_memory_bytes  # missed where the machine was too busy to read it
        assert used["duration"] == pytest.approx(job.duration.total_seconds())
        limits = {
            one["propertyID"].rpartition(":")[2]: one["value"] for one in rules.linked(action, "additionalProperty")
        }
        assert limits == {"time-limit": 60, "memory-limit": 0.25}
        (metrics,) = rules.linked(action, "subjectOf")
        assert json.loads((crate / metrics["@id"]).read_text())["metrics"] == job.runtime_metrics["metrics"]
    (whole,) = [one for one in rules.of_type("CreateAction") if one["instrument"] == {"@id": "graph.yaml"}]
    assert rules.linked(whole, "agent")[0] == {
        "@id": "https://orcid.org/0000-0002-1825-0097",
        "@type": "Person",
        "name": "Ada Lovelace",
    }
    versions = {one["name"]: one["softwareVersion"] for one in rules.of_type("SoftwareApplication")}
    assert versions["Prefect"].startswith("3.")
    assert set(versions) == {"component-flows", "Prefect", "Docker Engine"}


def test_the_profiles_own_validator_finds_nothing_missing(run, tmp_path):
    assert judged(export_crate(run, tmp_path / "graph.zip"), "provenance-run-crate-0.5") == ""


@pytest.mark.soak
def test_the_validator_finds_nothing_missing_in_other_crates_and_would_see_it(run, tmp_path):
    job = export_crate(run.jobs["left"], tmp_path / "job", with_data=False)
    assert judged(job, "process-run-crate-0.5") == ""
    nested = export_crate(str(keep_nested(run).id), tmp_path / "nested")
    assert judged(nested, "provenance-run-crate-0.5") == ""
    metadata = job / "ro-crate-metadata.json"
    metadata.write_text(metadata.read_text().replace('"instrument"', '"tool"'))
    assert "MUST have an instrument" in judged(job, "process-run-crate-0.5")


def keep_nested(run: GraphRun) -> GraphRecord:
    """A run, as if of a graph that runs another one for each scan of a list, with the jobs of a real one."""
    inner = Graph(
        title="Inner",
        slug="inner",
        inputs={"script": "script", "scan": "scan"},
        nodes={
            "report": Node(
                component="puppet-report",
                inputs={"script": Source(node=None, name="script"), "scan": Source(node=None, name="scan")},
            )
        },
        outputs={"report": Source(node="report", name="report")},
    )
    outer = Graph(
        title="Outer",
        slug="outer",
        inputs={"script": "script", "scans": "scan"},
        lists=frozenset({"scans"}),
        nodes={
            "each": Node(
                graph="inner",
                inputs={"script": Source(node=None, name="script"), "scan": Source(node=None, name="scans")},
                scatter=("scan",),
            )
        },
        outputs={"reports": Source(node="each", name="report")},
    )
    with get_site().database.session() as session:
        kept = find_graph_run(session, str(run.flow_run_id))
        left, apart = run.jobs["left"], run.jobs["apart"]
        record = replace(
            kept,
            id=uuid4(),
            graph=outer,
            graphs={"inner": inner},
            inputs={"script": left.inputs["script"], "scans": (left.inputs["scan"], apart.inputs["scan"])},
            outputs={"reports": (left.outputs["report"], apart.outputs["report"])},
            jobs={"each[0]/report": left, "each[1]/report": apart},
            reused=frozenset({"each[1]/report"}),
        )
        save_graph_run(session, record)
        assert find_graph_run(session, str(record.id)) == record
    return record


def test_a_zip_file_has_the_same_files_as_a_folder(run, tmp_path):
    folder, packed = (
        export_crate(run, tmp_path / "crate"),
        export_crate(str(run.flow_run_id)[:13], tmp_path / "crate.zip"),
    )
    with zipfile.ZipFile(packed) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        assert names == {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
        for name in names - {"ro-crate-metadata.json"}:
            assert archive.read(name) == (folder / name).read_bytes()


def test_a_crate_says_nothing_of_the_machine(run, home, tmp_path, monkeypatch):
    monkeypatch.setenv("A_SECRET_OF_MINE", "hunter2-hunter2")
    crate = export_crate(run, tmp_path / "crate", author="Ada Lovelace")
    values = crate / "values"
    for path in crate.rglob("*"):
        if path.is_file() and not path.is_relative_to(values):
            text = path.read_text()
            for secret in (str(home), str(Path.home()) + "/", str(tmp_path), "hunter2", os.uname().nodename):
                assert secret not in text, path


def test_values_are_hard_links_in_a_folder_and_only_named_where_no_data_is_wanted(run, tmp_path):
    stored = run.outputs["mask"].path
    crate = export_crate(run, tmp_path / "crate")
    assert [path for path in (crate / "values" / "mask").rglob("*.mha") if path.samefile(stored)]
    bare = export_crate(run, tmp_path / "bare", with_data=False)
    assert not (bare / "values").exists()
    rules = Rules(bare)
    rules.check(GRAPH_PROFILES)
    (mask,) = [one for one in rules.of_type("File") if one.get("alternateName", "").startswith("images/mask/")]
    assert mask["@id"].startswith("ni:///sha-256;")
    assert mask["sha256"] == run.outputs["mask"].sha256


def test_a_failed_run_tells_what_failed_and_what_did_not_run(scan, tmp_path):
    with pytest.raises(ComponentException) as caught:
        run_graph(
            "puppet-diamond",
            {"first": "import sys; sys.exit('too dark')", "others": REPORT.format(report="{'done': 1}"), "image": scan},
        )
    crate = export_crate(caught.value.run, tmp_path / "crate")
    rules = Rules(crate)
    rules.check(GRAPH_PROFILES)
    assert rules.entities["#control-top"]["error"] == "too dark"
    assert "#control-left" not in rules.entities
    (whole,) = [one for one in rules.of_type("CreateAction") if one["instrument"] == {"@id": "graph.yaml"}]
    assert "too dark" in whole["error"]
    assert "'left' did not run" in whole["description"]


def test_graphs_within_graphs_and_lists_are_told_step_by_step(run, tmp_path):
    record = keep_nested(run)
    left, apart = run.jobs["left"], run.jobs["apart"]
    crate = export_crate(str(record.id), tmp_path / "crate")
    rules = Rules(crate)
    rules.check(GRAPH_PROFILES)
    workflows = {one["@id"] for one in rules.of_type("ComputationalWorkflow")}
    assert workflows == {"graph.yaml", "definitions/inner.graph.yaml"}
    assert {one["@id"] for one in rules.of_type("ControlAction")} == {
        *("#control-each%5B0%5D", "#control-each%5B1%5D"),
        *("#control-each%5B0%5D/report", "#control-each%5B1%5D/report"),
    }
    (scans,) = [one for one in rules.of_type("Collection") if "scans" in one["@id"]]
    assert [one["sha256"] for one in rules.linked(scans, "hasPart")] == [
        left.inputs["scan"].sha256,
        apart.inputs["scan"].sha256,
    ]
    # An earlier job keeps its own times; the step that took its outputs has none.
    assert "startTime" not in rules.entities["#control-each%5B1%5D/report"]


def test_who_ran_it_and_with_what_is_kept_with_the_run(run):
    with get_site().database.session() as session:
        kept = find_graph_run(session, str(run.flow_run_id))
    assert isinstance(kept, GraphRecord)
    assert kept.run_by == getuser()
    assert kept.inputs == run.inputs
    assert kept.outputs == run.outputs
    assert kept.jobs == run.jobs
    assert kept.started_at < kept.completed_at
    assert kept.software["component-flows"]


def test_what_can_not_be_exported_is_said_in_one_sentence(run, tmp_path):
    with pytest.raises(UnknownName, match="no run of a graph that has ended and no job has the id 'ffff0000'"):
        export_crate("ffff0000", tmp_path / "crate")
    with pytest.raises(DefinitionError, match="0000-0002-1825-0098 is no ORCID"):
        export_crate(run, tmp_path / "crate", author="Ada <0000-0002-1825-0098>")
    (tmp_path / "there").mkdir()
    with pytest.raises(ValidationError, match="there exists"):
        export_crate(run, tmp_path / "there")
    with pytest.raises(ValidationError, match="nowhere does not exist"):
        export_crate(run, tmp_path / "nowhere" / "crate.zip")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith((".", "crate"))] == []


def test_a_stored_file_that_was_changed_by_hand_is_not_exported_as_if_it_were_the_same(tmp_path):
    job = run_component("puppet-mask", {"script": MASK.format(voxels="[1] * 8")})
    stored = job.outputs["mask"].path
    spare = shutil.copyfile(stored, tmp_path / "spare")
    stored.chmod(0o644)
    stored.write_bytes(spare.read_bytes()[:-1] + b"\0")
    try:
        with pytest.raises(ValidationError, match=r"mask\.mha has other content"):
            export_crate(job, tmp_path / "crate.zip")
        assert not (tmp_path / "crate.zip").exists()
    finally:
        shutil.copyfile(spare, stored)
        stored.chmod(0o444)


def test_a_job_that_has_not_ended_is_not_exported(run):
    waiting = ComponentJob(component="puppet-report", image=run.jobs["left"].image, time_limit=60, requires_memory_gb=1)
    with get_site().database.session() as session:
        save_job(session, waiting)
        with pytest.raises(ValidationError, match="has not ended"):
            find_run(session, waiting)
        session.rollback()
