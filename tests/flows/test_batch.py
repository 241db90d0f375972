"""Many cases, with real containers."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from programs import Program, call
from puppet_scripts import MASK, REPORT

from flows import run_batch, run_batch_to_file
from flows.cli import commands
from interfaces import ComponentJob, JobStatus
from interfaces.engine import get_engine
from interfaces.errors import CasesInvalid, DefinitionError, ServiceUnavailable, UnknownName

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


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_bad_case_is_set_aside_and_only_what_failed_is_run_again(tmp_path, scan):
    both = reporting(3, "set") + MASK.format(voxels="[1] * 8")
    cases = write_cases(
        tmp_path / "cases.csv",
        [
            {"case": "set-good", "script": reporting(1, "set"), "scan": scan.name},
            {"case": "set-dark", "script": "import sys; sys.exit('=too dark')"},
            {"case": "set-lost", "script": reporting(2, "set"), "scan": "no-such.mha"},
            {"case": "set-full", "script": both, "scan": scan.name, "second": "5"},
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


def test_what_is_wrong_with_all_cases_is_said_before_anything_runs(tmp_path):
    before = len(ComponentJob.objects.with_duration())
    cases = write_cases(tmp_path / "cases.csv", [{"case": "a", "scrpit": "x", "colour": "red"}])
    with pytest.raises(CasesInvalid) as caught:
        run_batch("puppet-report", cases)
    assert [problem.partition(";")[2] or problem for problem in caught.value.problems] == [
        " did you mean 'script'?",
        " its inputs are script, scan, second",
        "'script' is missing, which the component 'puppet-report' takes",
    ]
    with pytest.raises(UnknownName, match="did you mean 'puppet-report'"):
        run_batch("puppet-reprot", cases)
    with pytest.raises(UnknownName, match="no file, folder or archive 'casse'"):
        run_batch("puppet-report", "casse")
    with pytest.raises(DefinitionError, match="0 cases at a time are too few"):
        run_batch("puppet-report", cases, parallel=0)
    assert len(ComponentJob.objects.with_duration()) == before


def test_a_graph_takes_a_data_frame_and_a_failed_node_fails_its_case_alone(scan):
    good = {"first": "# graph\n" + MASK.format(voxels="[1] * 8"), "others": reporting(7, "graph"), "image": str(scan)}
    frame = pd.DataFrame([good, {**good, "first": "import sys; sys.exit('no mask')"}], index=[10, 11])
    table = run_batch("puppet-diamond", frame)
    assert list(table["case"]) == ["1", "2"]
    assert list(table["status"]) == ["SUCCESS", "FAILURE"]
    assert table["left"][0] == table["right"][0] == {"number": 7}
    assert Path(table["mask"][0]).is_file()
    assert "the node 'top' failed: no mask" in table["message"][1]
    assert ComponentJob.objects.get(table["job"][1]).component == "puppet-mask"
    assert table["duration_s"][0] > 0
    assert table["peak_memory_bytes"].dtype == "Int64"


def archive(*arguments: object) -> Result:
    return CliRunner().invoke(commands, ["archive", *map(str, arguments)])


def test_the_command_line_fills_an_archive_and_runs_it(tmp_path):
    for case_id in "abc":
        (tmp_path / "folder" / case_id).mkdir(parents=True)
        script = 12 if case_id == "c" else reporting(ord(case_id), "archive")
        (tmp_path / "folder" / case_id / "script.json").write_text(json.dumps(script))
    assert archive("create", "Shell cases").stdout == "shell-cases: 0 cases\n"
    added = archive("add", "shell-cases", tmp_path / "folder")
    assert (added.exit_code, added.stdout) == (1, "shell-cases: 2 cases added\n")
    assert added.stderr.startswith("not added: c: ")
    for arguments, words in ((("--case", "d", "-i", "scrpit=x"), "did you mean 'script'"), ((), "give either CASES")):
        bad = archive("add", "shell-cases", *arguments)
        assert (bad.exit_code, words in bad.stderr) == (2, True)
    script = "script=import sys; sys.exit(3)"
    assert archive("add", "shell-cases", "--case", "d", "-i", script).stdout == "shell-cases: 1 case added\n"
    again = archive("add", "shell-cases", "archive:shell-cases")
    assert (again.exit_code, again.stdout) == (0, "shell-cases: 0 cases added, 3 were there already\n")
    listed = {"name": "shell-cases", "title": "Shell cases", "cases": 3}
    assert listed in json.loads(archive("list", "--json").stdout)
    shown = json.loads(archive("show", "shell-cases", "-n", "1", "--json").stdout)
    assert (shown["count"], list(shown["cases"]), list(shown["cases"]["a"])) == (3, ["a"], ["script"])
    assert archive("show", "shell-cases").stdout.splitlines()[0] == "Shell cases: 3 cases"

    results = tmp_path / "results.csv"
    # The program that is installed: before it imports Prefect, it silences what Prefect says of each failed job.
    command = [
        Path(sys.executable).with_name("component-flows"),
        "batch",
        "puppet-report",
        "shell-cases",
        "-o",
        results,
    ]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["cases"], summary["succeeded"], summary["reasons"][0]["cases"]) == (3, 2, ["d"])
    assert [row["report"] for row in rows_of(results)] == ['{"number": 97}', '{"number": 98}', ""]
    assert "Traceback" not in done.stderr
    assert archive("remove", "shell-cases", "d").stdout == "shell-cases: 2 cases\n"
    done = call("batch", "puppet-report", "shell-cases", "-o", results)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("2 of 2 cases succeeded, 2 of them before, in ")


def test_where_case_after_case_breaks_off_the_rest_is_left_for_later(tmp_path, monkeypatch):
    def broken(*_: object) -> None:
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr("flows.case_run.read_inputs", broken)
    results = tmp_path / "results.csv"
    with pytest.raises(ServiceUnavailable, match="20 cases in a row broke off, which is not their fault"):
        run_batch("puppet-report", [{"script": "x"}] * 100, results=results, parallel=2)
    rows = rows_of(Path(f"{results}.part"))
    assert 20 <= len(rows) <= 22
    assert {row["message"] for row in rows} == {"An unexpected error occurred"}


def test_without_an_engine_no_case_is_blamed(tmp_path):
    cases = write_cases(tmp_path / "cases.csv", [{"script": "x"}])
    results = tmp_path / "results.csv"
    done = call("batch", "puppet-report", cases, "-o", results, DOCKER_HOST="unix:///no/such/socket")
    assert done.returncode == 4, done.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["cases.csv"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "kill -9"])
def test_a_batch_that_was_broken_off_goes_on_where_it_was(tmp_path, until, number):
    tag = number.name
    hanging = f"# {tag}\nimport time; time.sleep(100)"
    rows = [{"case": f"{tag} {n}", "script": reporting(n, tag) if n < 2 else hanging} for n in range(3)]
    cases, results = write_cases(tmp_path / "cases.csv", rows), tmp_path / "results.csv"
    part = Path(f"{results}.part")
    names = [row["case"] for row in rows]
    with Program("cli", "batch", "puppet-report", cases, "-o", results, "--parallel", 1) as process:
        until(lambda: part.exists() and len(rows_of(part)) == 2)
        job = until(lambda: running_job(names[2]))
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    assert not results.exists()
    assert [row["status"] for row in rows_of(part)] == ["SUCCESS", "SUCCESS"]
    if number is signal.SIGINT:
        assert process.returncode == 130, errors
        assert "2 of 3 cases are done and kept; run the same again to go on" in errors
        assert not get_engine().leftovers({"component-flows.job": job}).containers
    else:
        from flows import reap

        assert job in reap().jobs
    rows[2]["script"] = reporting(2, tag)
    write_cases(cases, rows)
    before = jobs_named(*names)
    done = call("batch", "puppet-report", cases, "-o", results, "--json")
    assert done.returncode == 0, done.stderr
    assert (json.loads(done.stdout)["kept"], jobs_named(*names)) == (2, before + 1)
    assert [row["report"] for row in rows_of(results)] == [f'{{"number": {n}}}' for n in range(3)]
    assert not part.exists()


def running_job(name: str) -> str | None:
    """The id of the job of that name once its container runs."""
    from sqlalchemy import select

    from interfaces.database.tables import JobRow
    from interfaces.site import get_site

    executing = JobRow.status == JobStatus.EXECUTING.value
    with get_site().database.session() as session:
        found = session.scalar(select(JobRow.id).where(JobRow.name == name, executing))
    return str(found) if found and get_engine().leftovers({"component-flows.job": str(found)}).containers else None
