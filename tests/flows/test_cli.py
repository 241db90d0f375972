"""The command line, as a person and a script use it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from programs import Program, call
from puppet_scripts import MASK, REPORT

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]

PUPPET = Path(__file__).parents[1] / "puppet"


def run(script: str, *more: str) -> subprocess.CompletedProcess[str]:
    return call("run", "puppet-report", "-i", f"script={script}", *more)


GOOD = REPORT.format(report="{'fine': True}")


def test_a_run_prints_its_outputs():
    # The program that is installed; the other tests save its imports.
    program = Path(sys.executable).with_name("component-flows")
    command = [program, "run", "puppet-report", "-i", f"script={GOOD}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == 'report = {"fine": true}'


def test_help_waits_for_nothing_that_takes_long_to_import():
    code = "import sys, flows.cli; print(*{'pandas', 'numpy', 'sqlalchemy', 'prefect', 'docker'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "\n"


def test_json_is_one_document_on_stdout_and_nothing_else():
    document = json.loads(run(GOOD, "--json").stdout)
    assert document["status"] == "SUCCESS"
    assert document["outputs"]["report"]["value"] == {"fine": True}
    assert document["duration_s"] > 0


def test_outputs_are_written_under_their_relative_paths(tmp_path):
    done = call("run", "puppet-mask", "-i", f"script={MASK.format(voxels='[1] * 8')}", "-o", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "images" / "mask" / "mask.mha").stat().st_mode & 0o200
    assert str(tmp_path / "out" / "images" / "mask" / "mask.mha") in done.stdout


def test_a_graph_runs_by_its_name(scan):
    done = call(
        "run", "puppet-diamond", "--json", "-i", f"first={MASK.format(voxels='[1] * 8')}",
        "-i", f"others={GOOD}", "-i", f"image={scan}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)["jobs"]) == {"top", "left", "right", "apart"}


def test_an_input_is_read_from_a_file(tmp_path):
    (tmp_path / "script.json").write_text(json.dumps(GOOD))
    assert run(f"@{tmp_path / 'script.json'}").returncode == 0


def test_a_failed_job_exits_with_1_and_says_why():
    done = run("import sys; sys.exit('too dark')")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "Error: too dark"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "puppet-reprot"], "did you mean 'puppet-report'"),
        (["run", "puppet-report", "-i", "script"], "NAME=VALUE_OR_PATH"),
        (["run", "puppet-report", "-i", "script=1", "-i", "script=2"], "given twice"),
        (["register", "/no/such/folder"], "does not exist"),
        (["show", "no-such-job"], "no job 'no-such-job' is known"),
        (["frobnicate"], "No such command"),
        (["jobs", "--status", "FINE"], "FINE"),
    ],
)
def test_bad_usage_exits_with_2_and_one_sentence(arguments, words):
    done = call(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_invalid_inputs_exit_with_3_and_are_all_named(tmp_path):
    done = run("pass", "-i", f"scan={tmp_path}/none.mha", "-i", "second=many")
    assert done.returncode == 3
    assert "second" in done.stderr.splitlines()[-1]
    done = run("pass", "-i", f"scan={tmp_path}/none.mha", "-i", "second=1.5")
    assert done.returncode == 3
    (error,) = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert all(name in error for name in ("scan", "second")), done.stderr
    assert "Traceback" not in done.stderr


def test_without_an_engine_it_exits_with_4_and_says_what_to_do():
    done = call("run", "puppet-report", "-i", f"script={GOOD}", DOCKER_HOST="unix:///no/such/socket")
    assert done.returncode == 4, done.stderr
    assert "Traceback" not in done.stderr
    doctor = call("doctor", DOCKER_HOST="unix:///no/such/socket")
    assert doctor.returncode == 4
    assert "MISSING  Container engine" in doctor.stdout


def test_the_doctor_finds_a_good_machine_good():
    done = call("doctor")
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["ok"] * 4


def test_jobs_show_logs_and_stats_tell_of_a_run():
    job = json.loads(run("print('hello')\n" + GOOD, "--json").stdout)["id"]
    assert job[:8] in call("jobs").stdout
    assert json.loads(call("jobs", "--status", "success", "-n", "1", "--json").stdout)[0]["status"] == "SUCCESS"
    shown = call("show", job[:13]).stdout
    assert "Succeeded" in shown
    assert "puppet-report" in shown
    assert json.loads(call("show", job, "--json").stdout)["id"] == job
    assert call("logs", job).stdout == "hello\n"
    assert call("logs", job, "--stderr").stdout == ""
    (row,) = json.loads(call("stats", "puppet-report", "--json").stdout)["jobs"]
    assert row["succeeded"] >= 1
    assert row["mean_duration_s"] > 0
    assert "puppet-report" in call("stats").stdout


def test_logs_follow_a_job_to_its_end():
    slow = "import time\nfor n in range(3): print(n, flush=True); time.sleep(0.5)\n" + GOOD
    before = {job["id"] for job in json.loads(call("jobs", "--json").stdout)}
    with Program("cli", "run", "puppet-report", "-i", f"script={slow}") as running:
        while not (new := [job for job in json.loads(call("jobs", "--json").stdout) if job["id"] not in before]):
            assert running.poll() is None
        followed = call("logs", new[0]["id"], "-f")
    assert followed.stdout.splitlines() == ["0", "1", "2"]


def test_registering_again_changes_nothing():
    assert "new or changed: nothing" in call("register", str(PUPPET)).stdout


def test_the_server_is_found_and_named():
    done = call("server", "status")
    assert done.returncode == 0
    assert "running at http://127.0.0.1:" in done.stdout
    assert call("ui").stdout.startswith("http://127.0.0.1:")
