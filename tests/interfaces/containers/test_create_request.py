"""The isolation of a container, as a program inside it sees it."""

from __future__ import annotations

import json

import pytest

from interfaces.containers.create_request import create_request
from interfaces.containers.docker_engine import DockerEngine
from interfaces.containers.protocol import BindMount, ContainerSpec

MB = 2**20

LOOK_AROUND = r"""
import json, os, pathlib, resource, socket, subprocess

def attempt(what):
    try:
        what()
    except OSError as error:
        return error.strerror or str(error)
    return "worked"

lines = pathlib.Path("/proc/self/status").read_text().splitlines()
status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
print(json.dumps({
    "user": [os.getuid(), os.getgid(), os.getgroups()],
    "capabilities": [status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")],
    "no_new_privileges": status["NoNewPrivs"],
    "seccomp": status["Seccomp"],
    "interfaces": os.listdir("/sys/class/net"),
    "network": attempt(lambda: socket.create_connection(("192.0.2.1", 80), timeout=5)),
    "names": attempt(lambda: socket.getaddrinfo("example.org", 80)),
    "write input": attempt(lambda: open("/input/new", "w")),
    "overwrite input": attempt(lambda: open("/input/scan.txt", "w")),
    "remove input": attempt(lambda: os.unlink("/input/scan.txt")),
    "input": open("/input/scan.txt").read(),
    "write output": attempt(lambda: open("/output/new", "w")),
    "write tmp": attempt(lambda: open("/tmp/new", "w")),
    "write home": attempt(lambda: open("/home/user/new", "w")),
    "write usr": attempt(lambda: open("/usr/new", "w")),
    "become root": attempt(lambda: os.setuid(0)),
    "make device": attempt(lambda: os.mknod("/output/device", 0o020666, os.makedev(1, 3))),
    "devices": sorted(os.listdir("/dev")),
    "environment": dict(os.environ),
    "first process": open("/proc/1/comm").read().strip(),
    "core": resource.getrlimit(resource.RLIMIT_CORE),
    "shm": os.statvfs("/dev/shm").f_blocks * os.statvfs("/dev/shm").f_frsize,
    "tmp mode": oct(os.stat("/tmp").st_mode),
    "cpus": len(os.sched_getaffinity(0)),
}))
"""


@pytest.fixture
def look_around(run, tmp_path, monkeypatch):
    """What a program sees in a container of the given specification."""

    def look(**fields):
        folder = tmp_path / "input"
        folder.mkdir()
        (folder / "scan.txt").write_text("voxels")
        (folder / "scan.txt").chmod(0o666)
        folder.chmod(0o777)
        outcome = run(LOOK_AROUND, mounts=(BindMount(source=folder, target="/input"),), **fields)
        assert outcome.result.exit_code == 0, outcome.stderr.decode()
        return json.loads(outcome.stdout)

    return look


@pytest.mark.engine
def test_a_component_sees_its_inputs_and_can_change_nothing_but_its_own(look_around, tmp_path):
    seen = look_around()
    assert seen["input"] == "voxels"
    assert seen["write input"] == seen["overwrite input"] == seen["remove input"] == "Read-only file system"
    assert (tmp_path / "input/scan.txt").read_text() == "voxels"
    assert [seen[f"write {where}"] for where in ("output", "tmp", "home")] == ["worked"] * 3
    assert seen["write usr"] == "Permission denied"
    assert seen["tmp mode"] == "0o41777"


@pytest.mark.engine
def test_a_component_has_no_network(look_around):
    seen = look_around()
    assert seen["interfaces"] == ["lo"]
    assert seen["network"] == "Network is unreachable"
    assert seen["names"] != "worked"


@pytest.mark.engine
def test_a_component_has_no_privileges(look_around):
    seen = look_around()
    assert seen["user"] == [1234, 1234, [1234]] or seen["user"] == [1234, 1234, []]
    assert {int(value, 16) for value in seen["capabilities"]} == {0}
    assert seen["no_new_privileges"] == "1"
    assert seen["seccomp"] == "2"
    assert seen["become root"] == seen["make device"] == "Operation not permitted"
    assert not {"kmsg", "mem", "sda", "vda", "fuse"} & set(seen["devices"])


@pytest.mark.engine
def test_a_component_starts_under_a_small_init_without_core_files(look_around):
    seen = look_around(memory_bytes=300 * MB)
    assert seen["first process"] in ("docker-init", "tini")
    assert seen["core"] == [0, 0]
    assert seen["shm"] == 300 * MB


@pytest.mark.engine
def test_a_component_sees_nothing_of_our_environment(look_around, run, monkeypatch, tmp_path):
    (tmp_path / "config.json").write_text('{"proxies": {"default": {"httpProxy": "http://secret:word@proxy:1"}}}')
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with DockerEngine.connect() as run.engine:
        seen = look_around(environment={"MODEL": "small"})
    assert "secret" not in json.dumps(seen["environment"])
    assert seen["environment"]["MODEL"] == "small"
    assert set(seen["environment"]) <= {
        *("HOME", "HOSTNAME", "PATH", "MODEL", "LANG", "LC_CTYPE"),
        *("PYTHONUNBUFFERED", "PIP_DISABLE_PIP_VERSION_CHECK", "PIP_ROOT_USER_ACTION"),
    }


@pytest.mark.engine
def test_output_and_tmp_are_empty_whatever_the_image_has_there(run):
    outcome = run("import os; print(os.listdir('/output'), os.listdir('/tmp'))")
    assert outcome.stdout == b"[] []\n"


@pytest.mark.engine
def test_the_images_own_health_check_does_not_run(run):
    outcome = run("import os, time; time.sleep(1.5); print(os.path.exists('/home/user/checked'))")
    assert outcome.stdout == b"False\n"


@pytest.mark.engine
def test_a_fork_bomb_is_bounded(run):
    outcome = run(
        "import os, time\n"
        "count = 0\n"
        "try:\n"
        "    while True:\n"
        "        if os.fork() == 0: time.sleep(100)\n"
        "        count += 1\n"
        "except OSError as error: print(count, error.strerror)",
        processes=40,
        time_limit_s=50,
    )
    count, why = outcome.stdout.decode().split(" ", 1)
    assert int(count) < 40
    assert why == "Resource temporarily unavailable\n"
    assert not outcome.result.timed_out


@pytest.mark.engine
def test_a_share_of_a_core_is_a_limit(run):
    result = run("import time\nend = time.monotonic() + 1.5\nwhile time.monotonic() < end: pass", cpus=0.2).result
    assert result.cpu_seconds < 0.7 * result.exec_duration_s


@pytest.mark.engine
def test_a_file_can_be_mounted_into_a_mounted_folder(run, tmp_path):
    folder, value = tmp_path / "input", tmp_path / "value.mha"
    folder.mkdir()
    (folder / "scan.mha").touch()
    value.write_text("voxels")
    outcome = run(
        "print(open('/input/scan.mha').read())",
        mounts=(
            BindMount(source=folder, target="/input"),
            BindMount(source=value, target="/input/scan.mha"),
        ),
    )
    assert outcome.stdout == b"voxels\n"


def test_swap_is_never_more_than_memory_and_all_capabilities_go():
    spec = ContainerSpec(image="i", name="n", output_volume="v", memory_bytes=64 * MB)
    host = create_request(spec, labels={})["HostConfig"]
    assert host["MemorySwap"] == host["Memory"] == 64 * MB
    assert host["CapDrop"] == ["ALL"]
    assert host["NetworkMode"] == "none"
    assert not host["AutoRemove"]
    assert "DeviceRequests" not in host


def test_a_gpu_is_asked_for_by_its_id():
    spec = ContainerSpec(image="i", name="n", output_volume="v", memory_bytes=MB, gpus=("GPU-1", "GPU-2"))
    [request] = create_request(spec, labels={})["HostConfig"]["DeviceRequests"]
    assert request["DeviceIDs"] == ["GPU-1", "GPU-2"]
    assert request["Capabilities"] == [["gpu"]]
