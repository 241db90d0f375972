"""Running a container and reading its output without being root, as most researchers do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from interfaces.errors import ValidationError
from interfaces.storage.hostile_tree import HostileTree

pytestmark = pytest.mark.engine

# Imports come before the change of user: the interpreter may lie where only root can read.
AS_A_USER = """
import json, os, sys, threading
import docker, encodings.idna, tarfile
from pathlib import Path
from interfaces.containers.docker_engine import DockerEngine
from interfaces.containers.protocol import ContainerSpec

given = json.loads(sys.argv[1])
if os.geteuid() == 0:
    group = os.stat(given["socket"]).st_gid
    os.setgroups([])
    os.setresgid(group, group, group)
    os.setresuid(12345, 12345, 12345)
engine = DockerEngine.connect(read_cgroups=given["read_cgroups"])
output = {"stdout": "", "stderr": ""}
def keep(stream, data): output[stream] += data.decode()
result = engine.run(
    ContainerSpec(image=given["image"], name=given["name"], output_volume=given["name"], labels=given["labels"],
        memory_bytes=2**28, command=(given["program"],)),
    time_limit_s=60, on_output=keep, stop=threading.Event())
answer = {"exit_code": result.exit_code, "peak": result.peak_memory_bytes, "uid": os.geteuid(), **output}
try:
    answer["root"] = str(engine.read_volume(given["name"], image=given["image"], into=Path(given["into"]),
        paths=given["paths"], max_bytes=given["max_bytes"]))
except Exception as error:
    answer["error"] = f"{type(error).__name__}: {error}"
print(json.dumps(answer))
"""

socket_only = pytest.mark.skipif(
    not os.environ.get("DOCKER_HOST", "unix://").startswith("unix://"), reason="the engine is reached over a network"
)


@pytest.fixture
def run_as_user(engine, probe, labels, open_folder):
    volumes = []

    def run(program, *, paths=None, max_bytes=10**9, image=None, read_cgroups=True):
        volumes.append(f"component-flows-test-{uuid4().hex}")
        engine.create_output_volume(volumes[-1], labels)
        into = open_folder / volumes[-1]
        into.mkdir()
        into.chmod(0o777)
        given = {
            "image": (image or probe).id,
            "name": volumes[-1],
            "labels": labels,
            "program": program,
            "into": str(into),
            "paths": paths,
            "max_bytes": max_bytes,
            "read_cgroups": read_cgroups,
            "socket": os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://"),
        }
        done = subprocess.run(
            [sys.executable, "-c", AS_A_USER, json.dumps(given)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    yield run
    for volume in volumes:
        engine.remove_volume(volume)


WRITE = """
import json, os, sys
for folder in ("/output/images/mri", "/output/unwanted"): os.makedirs(folder)
for name in ("result.json", "images/mri/a.mha", "unwanted/b"): open("/output/" + name, "w").write(name)
open("/tmp/x", "w")
os.chmod("/output/result.json", 0)
os.symlink("/etc", "/output/etc")
os.symlink("/etc/passwd", "/output/images/mri/link.mha")
os.mkfifo("/output/pipe")
print("out"); print("err", file=sys.stderr)
"""


@socket_only
def test_a_user_runs_a_container_and_reads_what_it_wrote(run_as_user, tmp_path):
    answer = run_as_user(WRITE, paths=["result.json", "images/mri", "etc/passwd", "pipe", "missing/x.json"])
    assert answer["uid"] != 0
    assert (answer["exit_code"], answer["stdout"], answer["stderr"]) == (0, "out\n", "err\n")
    tree, taken = HostileTree(Path(answer["root"])), tmp_path / "taken"
    taken.mkdir()
    assert tree.take_file("result.json", taken, max_bytes=100).read_text() == "result.json"
    with pytest.raises(ValidationError, match=r"'images/mri/link\.mha' is a symbolic link"):
        tree.take_folder("images/mri", taken, max_bytes=100, max_entries=10)
    with pytest.raises(ValidationError, match="'etc' is a symbolic link where a folder must be"):
        tree.take_file("etc/passwd", taken, max_bytes=10**6)
    with pytest.raises(ValidationError, match="'pipe' is a named pipe"):
        tree.take_file("pipe", taken, max_bytes=100)
    assert not tree.exists("missing/x.json")
    assert not tree.exists("unwanted/b")


@socket_only
def test_a_user_can_have_everything(run_as_user):
    root = Path(run_as_user(WRITE)["root"])
    assert {path.name for path in root.iterdir()} == {"etc", "images", "pipe", "result.json", "unwanted"}
    assert (root / "images/mri/link.mha").is_symlink()


@socket_only
def test_a_sparse_terabyte_is_refused_without_being_sent(run_as_user):
    program = "for n in ('big', 'small'): open('/output/' + n, 'w').truncate(2**40 if n == 'big' else 5)"
    assert run_as_user(program, paths=["small", "big"])["error"].startswith("TooLarge: 'big' is too large")
    assert "error" not in run_as_user(program, paths=["small"])


@socket_only
def test_a_user_sees_the_counters_of_the_kernel(run_as_user):
    assert run_as_user("import time; x = b'x' * (30 * 2**20); time.sleep(0.5)")["peak"] > 30 * 2**20


@socket_only
def test_an_image_whose_tmp_and_output_are_links_has_them_writable_too(run_as_user, build_image):
    image = build_image(
        "ARG BASE\nFROM ${BASE}\n"
        "RUN rm -rf /tmp /output && mkdir -p /data/out && ln -s /var/tmp /tmp && ln -s /data/out /output\n"
        'USER 1234\nENTRYPOINT ["python3", "-c"]\n'
    )
    program = (
        "import os; open('/tmp/x', 'w'); open('/output/y', 'w').write('y');"
        "print(*(oct(os.stat(p).st_mode) for p in ('/tmp', '/output')))"
    )
    answer = run_as_user(program, image=image)
    assert (answer["exit_code"], answer["stderr"]) == (0, "")
    assert answer["stdout"].split() == ["0o41777", "0o40777"]
    assert [path.name for path in Path(answer["root"]).iterdir()] == ["y"]


def test_root_beside_the_engine_reads_the_volume_in_place(run, engine):
    outcome = run("open('/output/y', 'w').write('y')")
    place = engine._api.inspect_volume(run.volumes[-1])["Mountpoint"]
    if not os.access(place, os.R_OK | os.X_OK):
        pytest.skip("this user may not read the engine's folders")
    assert str(outcome.output) == place
