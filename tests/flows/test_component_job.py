"""One job, with real containers."""

from __future__ import annotations

import json
import os

import pytest
import SimpleITK as sitk
from puppet_scripts import MASK, REPORT

from flows import run_component
from interfaces import ComponentException, ComponentJob, JobStatus
from interfaces.engine import get_engine
from interfaces.errors import DefinitionError, InvalidInputs, UnknownName
from interfaces.site import get_site
from tasks.job_logs import log_path

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]


def report(script: str = "", **options) -> ComponentJob:
    return run_component("puppet-report", {"script": script + "\n" + REPORT.format(report="{'fine': True}")}, **options)


def failure(script: str, component: str = "puppet-report", **options) -> ComponentException:
    with pytest.raises(ComponentException) as caught:
        run_component(component, {"script": script}, **options)
    job = caught.value.job
    assert nothing_is_left_of(job)
    assert ComponentJob.objects.get(str(job.id)).error_message == job.error_message
    return caught.value


def nothing_is_left_of(job: ComponentJob) -> bool:
    left = get_engine().leftovers({"component-flows.job": str(job.id)})
    return not left and not (get_site().jobs_folder / str(job.id)).exists()


def test_a_component_runs_from_inputs_to_outputs():
    job = report("print('hello')")
    assert job.status is JobStatus.SUCCESS
    assert job.outputs["report"].value == {"fine": True}
    assert job.stdout == "hello"
    assert job.duration.total_seconds() >= job.exec_duration_s > 0
    assert nothing_is_left_of(job)


def test_the_record_is_the_same_when_it_is_read_again():
    job = report()
    assert ComponentJob.objects.get(str(job.id)) == job


def test_use_of_the_machine_is_in_the_record():
    job = report("blob = bytearray(100 * 2**20)\nimport time; time.sleep(0.5)")
    assert job.peak_memory_bytes > 100 * 2**20
    labels = {metric["label"] for metric in job.runtime_metrics["metrics"]}
    assert {"CPUUtilization", "MemoryUtilization"} <= labels
    memory = next(metric for metric in job.runtime_metrics["metrics"] if metric["label"] == "MemoryUtilization")
    assert len(memory["values"]) == len(memory["timestamps"]) > 0
    assert max(memory["values"]) > 100 * (100 / 256) * 0.9
    assert job.runtime_metrics["instance"]["cpu"] == get_engine().info().cpus


def test_output_is_kept_whole_and_its_end_is_in_the_record():
    job = report("for n in range(2000): print('line', n)\nimport sys; print('problem', file=sys.stderr)")
    assert job.stdout.splitlines()[-1] == "line 1999"
    assert len(job.stdout.splitlines()) == 500
    assert job.stderr == "problem"
    assert log_path(get_site(), job.id, "stdout").read_text().splitlines()[0] == "line 0"


def test_a_failed_container_says_the_last_line_of_its_stderr():
    error = failure(
        "import sys; print('first', file=sys.stderr); print('the scan is too dark\\n\\n', file=sys.stderr); sys.exit(3)"
    )
    assert str(error) == "the scan is too dark"
    assert error.job.status is JobStatus.FAILURE
    assert error.exit_code == 1


def test_a_failed_container_without_stderr_says_so():
    assert str(failure("import os; os._exit(1)")) == "No errors were reported in the logs."


def test_the_time_limit_holds():
    error = failure("import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)", time_limit=1)
    assert str(error) == "Time limit exceeded"
    assert error.job.exec_duration_s < 20


def test_the_memory_limit_holds():
    error = failure("blob = bytearray(2**30)\nfor n in range(0, 2**30, 4096): blob[n] = 1")
    assert str(error) == "The container was killed as it exceeded its memory limit"


def test_a_missing_output_is_named():
    assert str(failure("pass")) == "Output file 'report.json' was not produced"


def test_an_output_that_is_no_json_is_named():
    assert str(failure("open('/output/report.json', 'w').write('{')")) == (
        "The output file 'report.json' is not valid json"
    )


def test_an_output_that_does_not_fit_its_schema_is_named():
    error = failure("open('/output/report.json', 'w').write('[1]')")
    assert str(error).startswith("The output file 'report.json' is not valid. ")


def test_nan_in_an_output_becomes_null():
    job = run_component("puppet-report", {"script": "open('/output/report.json', 'w').write('{\"score\": NaN}')"})
    assert job.outputs["report"].value == {"score": None}


def test_a_link_in_the_output_shows_nothing_of_this_machine(tmp_path):
    secret = tmp_path / "secret.json"
    secret.write_text('{"password": 1}')
    error = failure(f"import os; os.symlink({str(secret)!r}, '/output/report.json')")
    assert "symbolic link" in str(error)
    assert "password" not in str(error)


def test_a_linked_folder_in_the_output_is_refused(tmp_path):
    image = sitk.Image([2, 2, 2], sitk.sitkUInt8)
    sitk.WriteImage(image, tmp_path / "mask.mha")
    error = failure(
        f"import os; os.mkdir('/output/images'); os.symlink({str(tmp_path)!r}, '/output/images/mask')", "puppet-mask"
    )
    assert "symbolic link" in str(error)


def test_a_fifo_in_the_output_does_not_hang():
    assert "report.json" in str(failure("import os; os.mkfifo('/output/report.json')"))


def test_there_is_no_network():
    script = """
import socket, sys
try:
    socket.create_connection(('192.0.2.1', 80), timeout=2)
except OSError as error:
    sys.exit(f'no network: {error.errno}')
"""
    assert str(failure(script)).startswith("no network")


def test_the_input_folder_cannot_be_written_to():
    error = failure("open('/input/more.json', 'w')")
    assert "Read-only file system" in str(error)


def test_home_and_tmp_can_be_written_to():
    assert report("open('/home/puppet/cache', 'w').write('x'); open('/tmp/scratch', 'w').write('x')").outputs


def test_the_container_has_no_rights_beyond_its_user():
    script = """
import os
status = dict(line.split(':', 1) for line in open('/proc/self/status').read().splitlines())
facts = {'uid': os.getuid(), 'capabilities': int(status['CapEff'], 16), 'no_new_privileges': int(status['NoNewPrivs'])}
"""
    job = run_component("puppet-report", {"script": script + REPORT.format(report="facts")})
    assert job.outputs["report"].value == {"uid": 4321, "capabilities": 0, "no_new_privileges": 1}


def test_the_container_sees_nothing_of_our_environment(monkeypatch):
    monkeypatch.setenv("A_SECRET_OF_THE_RUNNER", "hunter2")
    job = run_component("puppet-report", {"script": "import os\n" + REPORT.format(report="dict(os.environ)")})
    assert "A_SECRET_OF_THE_RUNNER" not in job.outputs["report"].value
    assert not [name for name in job.outputs["report"].value if "FLOWS" in name or "PREFECT" in name]


def test_inputs_json_describes_the_inputs(scan):
    script = "import json\ntold = json.load(open('/input/inputs.json'))\n" + REPORT.format(report="{'told': told}")
    job = run_component("puppet-report", {"script": script, "scan": scan})
    told = job.outputs["report"].value["told"]
    assert [entry["interface"]["slug"] for entry in told] == ["script", "scan"]
    assert [entry["interface"]["super_kind"] for entry in told] == ["Value", "Image"]
    assert told[0]["value"] == script
    assert told[0]["socket"] == told[0]["interface"]
    assert told[1]["image"]["name"] == "scan.mha"
    assert told[1]["value"] is None
    assert told[1]["file"] is None


def test_an_image_lies_in_its_folder_and_is_not_copied(scan):
    script = "import os\n" + REPORT.format(
        report="{'files': os.listdir('/input/images/scan'), 'links': os.stat('/input/images/scan/scan.mha').st_nlink}"
    )
    job = run_component("puppet-report", {"script": script, "scan": scan})
    assert job.outputs["report"].value == {"files": ["scan.mha"], "links": 2}


def test_the_given_inputs_pick_the_set_and_defaults_complete_it(scan):
    script = MASK.format(voxels="[0, 1] * 4") + REPORT.format(report="{'second': open('/input/second.json').read()}")
    job = run_component("puppet-report", {"script": script, "scan": scan, "second": 9})
    assert job.outputs["report"].value == {"second": "9"}
    assert set(job.outputs) == {"report", "mask"}


def test_an_image_output_is_stored_with_its_voxels():
    job = run_component("puppet-mask", {"script": MASK.format(voxels="[0, 1] * 4")})
    voxels = sitk.GetArrayFromImage(sitk.ReadImage(job.outputs["mask"].path))
    assert sorted(voxels.ravel().tolist()) == [0, 0, 0, 0, 1, 1, 1, 1]
    assert not os.access(job.outputs["mask"].path, os.W_OK) or os.getuid() == 0


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("pass", "Output directory 'images/mask' is empty"),
        ("import os; os.makedirs('/output/images/mask')", "Output directory 'images/mask' is empty"),
        (
            "import os; os.makedirs('/output/images/mask'); open('/output/images/mask/a.mha', 'w').write('no image')",
            "No output images could be imported from 'images/mask'",
        ),
        (
            MASK.format(voxels="[0] * 8")
            + "\nimport shutil; shutil.copy('/output/images/mask/mask.mha', '/output/images/mask/b.mha')",
            "Only 1 image should be produced in 'images/mask', we found 2",
        ),
    ],
)
def test_an_image_output_that_is_not_one_image_is_explained(script, message):
    assert str(failure(script, "puppet-mask")) == message


def test_a_segmentation_with_an_unknown_label_is_explained():
    error = failure(MASK.format(voxels="[0, 5] * 4"), "puppet-mask")
    assert str(error).startswith("The image produced in 'images/mask' is not valid. ")
    assert "5" in str(error)


def test_all_invalid_inputs_are_named_at_once(tmp_path):
    with pytest.raises(InvalidInputs) as caught:
        run_component("puppet-report", {"script": 3, "scan": tmp_path / "missing.mha"})
    assert set(caught.value.problems) == {"script", "scan"}
    assert str(tmp_path / "missing.mha") in caught.value.problems["scan"]
    assert caught.value.exit_code == 3
    job = ComponentJob.objects.get(str(caught.value.job.id))
    assert job.status is JobStatus.CANCELLED
    assert job.error_message == "One or more of the inputs failed validation."
    assert set(job.detailed_error_message) == {"script", "scan"}


def test_an_unknown_input_is_refused_with_the_nearest_name():
    with pytest.raises(InvalidInputs, match="did you mean 'script'"):
        run_component("puppet-report", {"scrip": "pass"})


def test_a_missing_input_is_named():
    with pytest.raises(InvalidInputs, match="script: is missing"):
        run_component("puppet-report", {})


def test_an_unknown_component_is_refused_with_the_nearest_name():
    with pytest.raises(UnknownName, match="did you mean 'puppet-report'"):
        run_component("pupet-report", {})


@pytest.mark.parametrize("limits", [{"time_limit": 0}, {"time_limit": 10**6}, {"memory_gb": 0.001}])
def test_a_limit_out_of_bounds_is_refused_before_anything_runs(limits):
    before = len(ComponentJob.objects.with_duration())
    with pytest.raises(DefinitionError, match="outside this site's"):
        report(**limits)
    assert len(ComponentJob.objects.with_duration()) == before


def test_the_same_output_is_one_record():
    assert report().outputs["report"].pk == report().outputs["report"].pk


def test_an_output_is_an_input_without_more_ado():
    first = run_component("puppet-mask", {"script": MASK.format(voxels="[1] * 8")})
    second = run_component("puppet-report", {"script": REPORT.format(report="{}"), "scan": first.outputs["mask"]})
    assert second.inputs["scan"].sha256 == first.outputs["mask"].sha256


def test_a_prefix_moves_an_input(scan):
    from interfaces.database.interface_records import find_interfaces

    with get_site().database.session() as session:
        value = find_interfaces(session, ["scan"])["scan"].create_instance(image=scan)
    script = "import os\n" + REPORT.format(report="{'there': os.path.exists('/input/a/b/images/scan/scan.mha')}")
    job = run_component("puppet-report", {"script": script, "scan": value}, input_prefixes={str(value.pk): "a/b/"})
    assert job.outputs["report"].value == {"there": True}


def test_a_prefix_that_leaves_the_input_folder_is_refused(scan):
    from interfaces.database.interface_records import find_interfaces

    with get_site().database.session() as session:
        value = find_interfaces(session, ["scan"])["scan"].create_instance(image=scan)
    with pytest.raises(ComponentException, match="leaves its folder"):
        run_component("puppet-report", {"script": "", "scan": value}, input_prefixes={str(value.pk): "../../etc/"})


@pytest.fixture
def followed(tmp_path, monkeypatch):
    path = tmp_path / "followed"
    monkeypatch.setenv("FOLLOWED", str(path))
    return lambda: [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def reference(words: str) -> dict:
    return {"flow": "followers:note_the_job", "parameters": {"words": words}}


def test_the_task_on_success_runs_once_after_success(followed):
    job = report(task_on_success=reference("success"), task_on_failure=reference("failure"))
    assert followed() == [[str(job.id), "success"]]


def test_the_task_on_failure_runs_once_after_failure(followed):
    error = failure(
        "import sys; sys.exit('no')", task_on_success=reference("success"), task_on_failure=reference("failure")
    )
    assert followed() == [[str(error.job.id), "failure"]]


def test_the_task_on_failure_follows_invalid_inputs(followed):
    with pytest.raises(InvalidInputs) as caught:
        run_component("puppet-report", {"script": 3}, task_on_failure=reference("failure"))
    assert followed() == [[str(caught.value.job.id), "failure"]]


def test_a_follower_that_fails_does_not_change_the_job():
    job = report(task_on_success={"flow": "followers:break_down"})
    assert job.status is JobStatus.SUCCESS


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"flow": "no_such_module:f"}, "can't be imported"),
        ({"task": "followers:note_the_job"}, "is no Prefect task"),
        ({"flow": "followers:note_the_job", "parameters": {"wrods": "x"}}, "don't fit"),
        ({"deployment": "no/such"}, "does not exist"),
        ({"flow": "a:b", "task": "a:b"}, "one of flow, task and deployment"),
    ],
)
def test_a_follower_that_cannot_run_is_refused_when_the_job_is_made(wrong, why):
    with pytest.raises(DefinitionError, match=why):
        report(task_on_success=wrong)


def test_durations_are_averaged_over_succeeded_jobs():
    report()
    table = ComponentJob.objects.with_duration(component="puppet-report", status=JobStatus.SUCCESS)
    average = ComponentJob.objects.average_duration(component="puppet-report")
    assert average.total_seconds() == pytest.approx(table["duration"].dt.total_seconds().mean(), abs=1e-5)
    assert ComponentJob.objects.average_duration(component="no-such") is None


def test_the_prefect_run_is_found_by_its_component_and_its_job(ask):
    job = report(name="found again")
    run = ask(lambda client: client.read_flow_run(job.flow_run_id))
    assert run.name == "found again"
    assert {"puppet-report", f"job:{job.id}"} <= set(run.tags)
    assert run.state.is_completed()


def test_the_state_of_a_failed_run_has_the_words_for_the_user_and_the_name_of_the_verdict(ask):
    job = failure("blob = bytearray(2**30)\nfor n in range(0, 2**30, 4096): blob[n] = 1").job
    state = ask(lambda client: client.read_flow_run(job.flow_run_id)).state
    assert state.is_failed()
    assert (state.name, state.message) == ("MemoryLimit", job.error_message)
