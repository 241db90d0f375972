"""A site of several machines: jobs run wherever a worker is, and a machine that dies loses nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest
from machines import MachineSite, a_site
from own_engine import import_shell_image
from postgresql import programs

from interfaces.job_status import JobStatus

SHARED_ENGINE = "unix:///var/run/docker.sock"
LEASE_S = "10"

SCRIPT = """
n=$(cat /input/number.json)
t=$(cat /proc/sys/kernel/random/uuid)
echo "$n $t"
sleep 1
printf '"%s %s"' "$n" "$t" >/output/token.json
"""

INTERFACES = """
interfaces:
  - {title: Number, kind: Integer, relative_path: number.json}
  - {title: Token, kind: String, relative_path: token.json}
component:
  title: Tick
  image: {reference: "cf-test-tick:1"}
  interfaces:
    - {inputs: [number], outputs: [token]}
  time_limit: 60
  memory_gb: 0.0625
"""

REGISTER = "import flows; flows.register({folder!r})"

BATCH = """
import flows
cases = [{{"case": f"case-{{n}}", "number": n}} for n in range({jobs})]
frame = flows.run_batch("tick", cases)
frame.to_csv({table!r})
"""

ASK = """
import json
from sqlalchemy import select
from interfaces.site import get_site
from interfaces.database.tables import JobRow
from interfaces.database.worker_run_tables import WorkerRunRow
from tasks.job_logs import fetched_log
site = get_site()
with site.database.session() as session:
    jobs = [
        dict(id=str(row.id), name=row.name, status=row.status, verdict=row.verdict_kind,
             retry_of=str(row.retry_of) if row.retry_of else None, owner=row.lease_owner)
        for row in session.scalars(select(JobRow))
    ]
    runs = [(row.status, row.attempt) for row in session.scalars(select(WorkerRunRow))]
for job in jobs:
    path = fetched_log(site, __import__("uuid").UUID(job["id"]), "stdout")
    job["log"] = path.read_text() if path.exists() else None
print("\\nANSWER" + json.dumps({"jobs": jobs, "runs": runs}))
"""

FAILURE, SUCCESS = JobStatus.FAILURE.value, JobStatus.SUCCESS.value

pytestmark = [
    pytest.mark.engine,
    # A site takes a minute of both cores before its first job; what it does is tested in parts by `make test`.
    pytest.mark.soak,
    pytest.mark.xdist_group("machines"),
    pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("ip"), reason="needs root, and iproute2"),
    pytest.mark.skipif(programs() is None, reason="needs a PostgreSQL server (apt-get install postgresql)"),
]


def said(program: subprocess.Popen[str], seconds: float) -> str:
    output = program.communicate(timeout=seconds)[0]
    assert program.returncode == 0, output[-4000:]
    return output


def running(machine) -> int:
    listed = subprocess.run(["docker", "--host", machine.engine, "ps", "-q"], capture_output=True, text=True)
    return len(listed.stdout.split())


def ended(site: MachineSite) -> Counter[str]:
    """How often a container of a job's name ended well, over all machines."""
    return Counter(name for machine in site.machines for name, code in machine.ended() if code == 0)


def run_site(tmp_path: Path, *, machines: int, jobs: int, seconds: float) -> dict[str, object]:
    """Run so many jobs on so many machines, of which one dies; gives what was measured."""
    import_shell_image(SHARED_ENGINE, "cf-test-tick", ["/bin/dash", "-c", SCRIPT])
    (tmp_path / "component.yaml").write_text(INTERFACES)
    table = tmp_path / "table.csv"
    with a_site(COMPONENT_FLOWS_LEASE_S=LEASE_S, COMPONENT_FLOWS_GUARDIAN="true") as site:
        said(site.run(REGISTER.format(folder=str(tmp_path))), 120)
        for _ in range(machines):
            site.add_machine()
        site.wait_for_machines()
        started = time.monotonic()
        batch = site.run(BATCH.format(jobs=jobs, table=str(table)))
        victim = site.machines[0]
        while not (sum(ended(site).values()) >= jobs // 4 and running(victim)):
            assert batch.poll() is None, batch.stdout and batch.stdout.read()[-4000:]
            time.sleep(0.05)
        victim.die()
        died = time.monotonic()
        said(batch, seconds)
        measured = {"seconds": time.monotonic() - started, "killed_after_s": died - started}
        answer = json.loads(said(site.run(ASK, home="another-desk"), 120).rpartition("ANSWER")[2])
        return measured | check(answer, table, ended(site), jobs) | {
            "per_machine": {one.name: sum(code == 0 for _, code in one.ended()) for one in site.machines}
        }  # fmt: skip


def check(answer: dict[str, list], table: Path, containers: Counter[str], jobs: int) -> dict[str, object]:
    import pandas as pd

    frame = pd.read_csv(table)
    assert (len(frame), set(frame["status"])) == (jobs, {"SUCCESS"}), frame
    tokens = [text.strip('"').split() for text in frame["token"]]
    assert [f"case-{number}" for number, _ in tokens] == list(frame["case"])
    assert len({token for _, token in tokens}) == jobs

    good = [job for job in answer["jobs"] if job["status"] == SUCCESS]
    lost = [job for job in answer["jobs"] if job["status"] != SUCCESS]
    assert Counter(job["name"] for job in good) == Counter(f"case-{n}" for n in range(jobs))
    # Whoever reads the logs has none of the machines, and the one that died is gone.
    assert {job["log"].split()[1] for job in good} == {token for _, token in tokens}
    assert not [job for job in answer["jobs"] if job["owner"]], "nobody holds a job any more"

    assert lost, "the machine died in the middle of a job"
    assert {(job["status"], job["verdict"]) for job in lost} == {(FAILURE, "runner_lost")}
    again = Counter(job["retry_of"] for job in answer["jobs"] if job["retry_of"])
    assert set(again) <= {job["id"] for job in lost} and set(again.values()) <= {1}, "each was taken up once"

    ends = {job["id"]: sum(count for name, count in containers.items() if job["id"] in name) for job in good + lost}
    assert all(ends[job["id"]] == 1 for job in good), "the container of a job that succeeded ran to its end once"
    assert {status for status, _ in answer["runs"]} == {"ended"}
    return {
        "jobs": len(good),
        "lost": len(lost),
        "lost_after_their_container_had_ended": sum(ends[job["id"]] for job in lost),
        "taken_up": sum(attempt > 1 for _, attempt in answer["runs"]),
    }


@pytest.mark.timeout(0)
def test_a_machine_dies_and_another_one_takes_its_jobs_up(tmp_path):
    run_site(tmp_path, machines=2, jobs=8, seconds=1800)


@pytest.mark.timeout(0)
def test_of_200_jobs_on_three_machines_none_is_lost_and_none_ends_twice(tmp_path):
    print(run_site(tmp_path, machines=3, jobs=200, seconds=3 * 3600))
