"""Warm containers for a user who is not root, as most researchers are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from warm_bench import LABEL

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(
        not os.environ.get("DOCKER_HOST", "unix://").startswith("unix://"),
        reason="the engine is reached over a network",
    ),
]

# Imports come before the change of user: the interpreter may lie where only root can read.
AS_A_USER = """
import json, os, sys
import docker, encodings.idna, tarfile
from pathlib import Path
from interfaces.containers.docker_engine import DockerEngine
from warm_bench import LABEL, Bench

given = json.loads(sys.argv[1])
if os.geteuid() == 0:
    group = os.stat(given["socket"]).st_gid
    os.setgroups([])
    os.setresgid(group, group, group)
    os.setresuid(12345, 12345, 12345)
engine = DockerEngine.connect()
bench = Bench(engine, engine.image(given["image"]), Path(given["folder"]), labels={LABEL: given["label"]})
leave = "os.mkdir('/output/left', 0); open('/tmp/left', 'x'); print('hello')\\n"
results, containers = [], set()
for number in range(2):
    outcome = bench(leave + f"open('/output/out', 'w').write('{number}')")
    containers.update(bench.containers())
    facts = {"text": outcome.text(), "stdout": outcome.stdout, "peak": outcome.result.peak_memory_bytes}
    results.append(facts)
large = bench("x = b'x' * (400 * 2**20)").result
bench.close()
print(json.dumps({"uid": os.geteuid(), "results": results, "containers": len(containers), "oom": large.oom_killed}))
"""


def test_a_user_runs_many_jobs_on_one_container_and_leaves_nothing(engine, image, bench):
    folder = bench.folder / "user"
    folder.mkdir()
    folder.chmod(0o777)
    given = {
        "image": image.id,
        "folder": str(folder),
        "label": bench.labels[LABEL],
        "socket": os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://"),
    }
    support = Path(__file__).parents[2] / "support"
    done = subprocess.run(
        [sys.executable, "-c", AS_A_USER, json.dumps(given)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (support, support.parents[1])))},
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["uid"] != 0
    assert answer["containers"] == 1
    assert [(one["text"], one["stdout"]) for one in answer["results"]] == [("0", "hello\n"), ("1", "hello\n")]
    assert all(one["peak"] > 2**20 for one in answer["results"])
    assert answer["oom"]
