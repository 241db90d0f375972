"""Many jobs on one container: what they share, what they never see of each other, and when a container is retired."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from warm_bench import LABEL, MB, SERVE, SERVER, until

from interfaces.containers.docker_engine import DockerEngine
from interfaces.containers.protocol import BindMount, ContainerSpec
from interfaces.errors import EngineError
from interfaces.warm.pool import _same

pytestmark = pytest.mark.engine

WRITE = "open('/output/out', 'w').write(repr({}))"


def test_many_jobs_are_served_by_one_container(either):
    seen = set()
    for number in range(4):
        outcome = either(f"print('job', {number}); print('quiet', file=sys.stderr)\n" + WRITE.format(f"{number} ** 2"))
        assert (outcome.result.exit_code, outcome.text()) == (0, str(number**2))
        assert (outcome.stdout, outcome.stderr) == (f"job {number}\n", "quiet\n")
        seen.update(either.containers())
    assert len(seen) == 1


def test_a_job_sees_nothing_of_an_earlier_one(either):
    leave = (
        "for folder in ('/output', '/tmp'):\n"
        "    os.makedirs(folder + '/left/deep'); os.symlink('/etc', folder + '/link'); os.mkfifo(folder + '/pipe')\n"
        "    open(folder + '/left/deep/file', 'w').write('secret'); os.chmod(folder + '/left', 0)\n"
    )
    either(leave + WRITE.format("1"), more_inputs={"deep/er/secret": "of the first"})
    [container] = either.containers()
    look = WRITE.format("{top: sorted(f for _, d, f in os.walk(top) for f in d + f) for top in ('/input', '/tmp')}")
    second = either("names = sorted(os.listdir('/output'))\n" + look.replace("repr(", "repr(names) + repr("))
    assert second.text() == "[]{'/input': ['script'], '/tmp': []}"
    assert either.containers() == [container]


def test_inputs_and_outputs_are_removed_as_soon_as_a_job_has_ended(bench):
    bench(WRITE.format("1") + "\nopen('/output/more', 'w'); open('/tmp/scratch', 'w')")
    [container] = bench.containers()
    api = bench.engine._api
    [folder] = (bench.folder / "warm").iterdir()
    assert list((folder / "input").iterdir()) == []
    mounts = api.inspect_container(container)["Mounts"]
    volumes = {mount["Destination"]: mount["Source"] for mount in mounts if mount["Type"] == "volume"}
    assert {target: list(Path(place).iterdir()) for target, place in volumes.items()} == {"/output": [], "/tmp": []}


def test_the_input_can_not_be_written_to(bench):
    outcome = bench("open('/input/more', 'w')")
    assert outcome.result.exit_code == 1
    assert "Read-only file system" in outcome.stderr.splitlines()[-1]


def test_there_is_no_network_and_no_right(either):
    outcome = either(
        "import socket\nnames = sorted(name for _, name in socket.if_nameindex())\n"
        "caps = [line.split()[1] for line in open('/proc/self/status') if line.startswith('CapEff')]\n"
        + WRITE.format("(names, caps, os.getuid())")
    )
    # A kernel may show tunnels that lead nowhere in every namespace; the engine's own interfaces count.
    names, capabilities, uid = eval(outcome.text())
    assert "lo" in names
    assert not [name for name in names if name.startswith("eth")]
    assert (capabilities, uid) == (["0" * 16], 1234)


def test_outputs_in_folders_are_taken(either, tmp_path):
    outcome = either("os.makedirs('/output/deep/er'); open('/output/deep/er/out', 'w').write('x')")
    assert either.take(outcome, "deep/er/out", tmp_path).read_text() == "x"


def test_what_was_taken_can_not_be_changed_by_the_container(bench, tmp_path):
    first = bench("file = kept['file'] = open('/output/out', 'w'); file.write('true'); file.flush()")
    taken = bench.take(first, "out", tmp_path)
    bench("kept['file'].write('changed later'); kept['file'].flush()")
    assert taken.read_text() == "true"


def test_two_jobs_at_once_never_share_a_container(bench):
    both = threading.Barrier(2, timeout=20)
    script = "sys.stdout.write('here'); time.sleep(0.5)\n" + WRITE.format("os.urandom(8)")
    with ThreadPoolExecutor(2) as threads:
        outcomes = list(threads.map(lambda _: bench(script, on_output=lambda *_: both.wait()), range(2)))
    assert [outcome.result.exit_code for outcome in outcomes] == [0, 0]
    assert outcomes[0].text() != outcomes[1].text()
    assert len(bench.containers()) == 2


def test_jobs_with_other_limits_do_not_share(bench):
    bench(WRITE.format("1"))
    bench(WRITE.format("1"), memory_bytes=96 * MB)
    assert len(bench.containers()) == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("image", "sha256:other"),
        ("memory_bytes", 5),
        ("cpus", 0.5),
        ("gpus", ("GPU-1",)),
        ("environment", {"A": "B"}),
        ("labels", {"component-flows.component": "other"}),
        ("mounts", (BindMount(source=Path("/other"), target="/opt/ml/model"),)),
    ],
)
def test_only_what_is_the_same_is_shared(field, value):
    own = (BindMount(source=Path("/some/input"), target="/input"), BindMount(source=Path("/m"), target="/opt/ml/model"))
    spec = ContainerSpec(image="sha256:one", name="a", output_volume="b", memory_bytes=4, mounts=own)
    wanted = replace(spec, name="", output_volume="", labels={"component-flows.owner": "x"}, mounts=own[1:])
    assert _same(spec, wanted)
    assert not _same(spec, replace(wanted, **{field: value}))


def test_many_jobs_are_served_from_beside_as_well(beside):
    for number in range(3):
        outcome = beside("open('/tmp/x', 'x'); os.mkdir('/output/left', 0)\n" + WRITE.format(number))
        assert outcome.text() == str(number)
    assert len(beside.containers()) == 1


def test_a_container_is_retired_after_so_many_jobs(bench):
    bench.new_pool(max_jobs=2)
    seen = []
    for _ in range(4):
        bench(WRITE.format("1"))
        seen += bench.containers()
    assert len(set(seen)) == 2


def test_an_idle_container_is_retired(bench):
    bench.new_pool(bench.pool._engine, idle_s=0.3)
    bench(WRITE.format("1"))
    assert bench.containers()
    until(lambda: not bench.engine.leftovers(bench.labels).containers)


def test_no_more_than_so_many_wait(bench):
    bench.new_pool(max_idle=1)
    for processes in (100, 200):
        bench(WRITE.format("1"), processes=processes)
    until(lambda: len(bench.containers()) == 1)


def test_a_container_with_a_gpu_is_not_kept(bench):
    """The engine has none to give here, so that only the rule itself is looked at."""
    bench(WRITE.format("1"))
    [container] = bench.pool._idle
    bench.pool._idle.clear()
    object.__setattr__(container.spec, "gpus", ("GPU-1",))
    bench.pool._give_back(container)
    assert not bench.pool._idle
    until(lambda: not bench.containers())


def test_a_container_that_has_become_unhealthy_is_not_used_again(bench):
    program = SERVER.replace("HEALTH", "500 if kept.get('sick') else 200") + SERVE
    bench("kept['sick'] = True\n" + WRITE.format("1"), program=program)
    [first] = bench.containers()
    assert bench(WRITE.format("2"), program=program).text() == "2"
    until(lambda: len(bench.containers()) == 1)
    assert bench.containers() != [first]


def test_a_container_that_ended_between_jobs_is_replaced(bench):
    bench(WRITE.format("1"))
    [first] = bench.containers()
    bench.engine._api.kill(first, "SIGKILL")
    until(lambda: not bench.containers())
    assert bench(WRITE.format("2")).text() == "2"


def test_a_container_that_can_not_be_emptied_is_retired(bench):
    bench("os.makedirs('/tmp/' + 'd/' * 120)\n" + WRITE.format("1"))
    until(lambda: not bench.containers())


def test_too_many_files_are_thrown_away_with_the_container(bench, monkeypatch):
    monkeypatch.setattr("interfaces.containers.emptying.MOST_ENTRIES", 50)
    bench("for n in range(60): open(f'/tmp/{n}', 'w')\n" + WRITE.format("1"))
    until(lambda: not bench.containers())


def test_a_closed_pool_takes_no_job_and_has_nothing(either):
    either(WRITE.format("1"))
    either.pool.close()
    assert not either.engine.leftovers({**either.labels}).containers
    with pytest.raises(EngineError, match="ending"):
        either(WRITE.format("1"))


def test_closing_stops_a_job_that_runs(bench):
    results = []
    began = threading.Event()
    thread = threading.Thread(
        target=lambda: results.append(bench("print(1); time.sleep(60)", on_output=lambda *_: began.set()))
    )
    thread.start()
    assert began.wait(20)
    bench.pool.close()
    thread.join(20)
    assert results[0].result.exit_code != 0


def test_the_folder_of_a_killed_process_is_removed(bench):
    done = subprocess.run(
        [sys.executable, "-c", "from interfaces.owners import owned_name; print(owned_name())"],
        capture_output=True,
        text=True,
        check=True,
    )
    orphan = bench.folder / "warm" / f"{done.stdout.strip()}x"
    (orphan / "input").mkdir(parents=True)
    bench.new_pool()
    assert not orphan.exists()


def test_a_helper_that_is_not_there_is_refused_with_what_to_do(bench):
    bench.helper = "component-flows-test-no-such:latest"
    bench.new_pool(DockerEngine.connect(enter_namespaces=False))
    with pytest.raises(EngineError, match="COMPONENT_FLOWS_WARM__HELPER_IMAGE"):
        bench()


def test_a_helper_without_python_is_refused_with_what_to_do(bench, tmp_path):
    (tmp_path / "Dockerfile").write_text("ARG BASE\nFROM ${BASE}\nENV PATH=/nowhere\n")
    bench.helper = "component-flows-test-pathless:latest"
    bench.engine.build(tmp_path, tag=bench.helper, build_arguments={"BASE": "component-flows-base:latest"})
    try:
        bench.new_pool(DockerEngine.connect(enter_namespaces=False))
        with pytest.raises(EngineError, match="have python3 in it"):
            bench()
    finally:
        bench.pool.close()
        bench.engine.remove_image(bench.helper)


def test_the_labels_of_a_warm_container_tell_whose_it_is(bench):
    bench(WRITE.format("1"))
    left = bench.engine.leftovers(bench.labels)
    assert {one.labels[LABEL] for one in left.containers} == {bench.labels[LABEL]}
    assert len(left.volumes) >= 2
    assert all("component-flows.deadline" in one.labels for one in left.containers)
    assert min(one.created_at.timestamp() for one in left.containers) > time.time() - 120
