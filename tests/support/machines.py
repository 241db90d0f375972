"""Machines of a small site, on one real one: each with a network, processes, a host name and an engine of its own.

They are connected by a bridge that lies in a network namespace itself, so that nothing of it is seen from outside. The
services of the site (PostgreSQL, an S3 server, Prefect's server) are in that namespace, too. Needs root.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from postgresql import running_server
from s3_server import KEYS, running_s3

ROOT = Path(__file__).parents[2]
NETWORK = "10.213.0"
HUB = f"{NETWORK}.1"
PREFECT = f"http://{HUB}:4200/api"
BUCKET = "site"
STARTS_WITHIN_S = 120

_MACHINE = """
hostname {name}
dockerd --host {host} --iptables=false --bridge=none --data-root {folder}/data --exec-root {folder}/exec \
    --pidfile {folder}/engine.pid >>{folder}/engine.log 2>&1 &
until docker --host {host} version >/dev/null 2>&1; do sleep 0.1; done
{command} >>{folder}/worker.log 2>&1 &
wait
"""


class Machine:
    """A machine with an engine, and a worker that takes runs from Prefect."""

    def __init__(self, site: MachineSite, name: str, number: int, command: str) -> None:
        self.name, self._site = name, site
        self.folder = site.folder / name  # a socket's path may not be long
        self.folder.mkdir()
        self.engine = f"unix://{self.folder}/docker.sock"
        self._namespace = site.join(name, number)
        script = _MACHINE.format(name=name, host=self.engine, folder=self.folder, command=command)
        isolated = ("unshare", "--uts", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc")
        self._process = subprocess.Popen(
            [*_inside(self._namespace), *isolated, "bash", "-c", script],
            env=site.environment | {"COMPONENT_FLOWS_HOME": str(self.folder / "home"), "DOCKER_HOST": self.engine},
            cwd=ROOT,
            start_new_session=True,
        )

    def is_working(self) -> bool:
        """Whether its worker has begun to look for runs."""
        log = self.folder / "worker.log"
        return log.exists() and "started!" in log.read_text()

    def die(self) -> None:
        """End every process of it at the same time, containers and engine included, as a power failure does."""
        self._process.kill()  # its first process ends with it, and all others with that one
        self._process.wait()

    def watch_containers(self) -> subprocess.Popen[bytes]:
        """Write down how its containers end, seen from outside."""
        command = ["docker", "--host", self.engine, "events", "--filter", "event=die", "--format"]
        with (self.folder / "ended").open("ab") as file:
            what = "{{.Actor.Attributes.name}} {{.Actor.Attributes.exitCode}}"
            return subprocess.Popen([*command, what], stdout=file, stderr=subprocess.DEVNULL)

    def ended(self) -> list[tuple[str, int]]:
        """The containers that have ended there, by name, and their exit codes."""
        lines = (self.folder / "ended").read_text().splitlines()
        return [(line.split()[0], int(line.split()[1])) for line in lines]


class MachineSite:
    """The network and the services, and what programs need in their environment to use them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._prefix = f"cf{os.getpid()}"
        self.hub = f"{self._prefix}-hub"
        self.machines: list[Machine] = []
        self._watching: list[subprocess.Popen[bytes]] = []
        self.environment: dict[str, str] = {}
        self._namespaces = [self.hub]
        _run("ip", "netns", "add", self.hub)
        _in(self.hub, "ip", "link", "set", "lo", "up")
        _in(self.hub, "ip", "link", "add", "hub", "type", "bridge")
        _in(self.hub, "ip", "address", "add", f"{HUB}/24", "dev", "hub")
        _in(self.hub, "ip", "link", "set", "hub", "up")

    def join(self, name: str, number: int) -> str:
        """A namespace that is connected to the hub."""
        namespace, far = f"{self._prefix}-{name}", f"to-{name}"
        _run("ip", "netns", "add", namespace)
        self._namespaces.append(namespace)
        _in(self.hub, "ip", "link", "add", far, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        _in(self.hub, "ip", "link", "set", far, "master", "hub", "up")
        _in(namespace, "ip", "address", "add", f"{NETWORK}.{10 + number}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            _in(namespace, "ip", "link", "set", device, "up")
        return namespace

    def add_machine(self, *, limit: int = 2, queues: str = "") -> Machine:
        """Start a machine whose worker runs so many jobs at a time."""
        number = len(self.machines) + 1
        worker = f"exec {sys.executable} -m prefect worker start --pool component-flows --type process --limit {limit}"
        machine = Machine(self, f"machine-{number}", number, f"{worker} --name machine-{number} {queues}")
        self.machines.append(machine)
        return machine

    def wait_for_machines(self) -> None:
        """Wait until all work, and watch their containers from then on."""
        end = time.monotonic() + STARTS_WITHIN_S
        for machine in self.machines:
            while not machine.is_working():
                logs = machine.folder / "worker.log", machine.folder / "engine.log"
                assert time.monotonic() < end, "".join(map(_tail, logs))
                time.sleep(0.2)
            self._watching.append(machine.watch_containers())

    def run(self, code: str, *, home: str = "desk", **environment: str) -> subprocess.Popen[str]:
        """Start a program on somebody's desk: beside the services, with the engine of this machine."""
        return subprocess.Popen(
            [*_inside(self.hub), sys.executable, "-c", code],
            env=self.environment | {"COMPONENT_FLOWS_HOME": str(self.folder / home), **environment},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def stop(self) -> None:
        """Remove everything."""
        for machine in self.machines:
            machine.die()
        for process in self._watching:
            process.kill()
            process.wait()
        for namespace in self._namespaces:
            there = subprocess.run(["ip", "netns", "pids", namespace], capture_output=True, text=True)
            for pid in there.stdout.split():
                with suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            subprocess.run(["ip", "netns", "delete", namespace], check=False, capture_output=True)


@contextmanager
def a_site(**environment: str) -> Iterator[MachineSite]:
    """A network with PostgreSQL, an S3 server and a Prefect server, and no machine yet."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="cf-site-", dir="/tmp"))
        stack.callback(_remove, folder)
        site = MachineSite(folder)
        stack.callback(site.stop)
        inside = _inside(site.hub)
        database = stack.enter_context(running_server(address=HUB, inside=inside))
        s3 = stack.enter_context(running_s3(folder, host=HUB, inside=inside))
        site.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "COMPONENT_"))},
            **KEYS,
            "COMPONENT_FLOWS_DATABASE_URL": database,
            "COMPONENT_FLOWS_STORAGE_URL": f"s3://{BUCKET}/files",
            "COMPONENT_FLOWS_STORAGE__ENDPOINT_URL": s3.endpoint,
            "COMPONENT_FLOWS_PLACE_JOBS": "pool",
            "PREFECT_API_URL": PREFECT,
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "DO_NOT_TRACK": "1",
            "PYTHONPATH": str(ROOT),  # a worker starts its processes in folders of their own
            **environment,
        }
        made = site.run(f"import fsspec; fsspec.filesystem('s3', endpoint_url='{s3.endpoint}').mkdir('{BUCKET}')")
        assert made.wait() == 0, made.stdout and made.stdout.read()
        stack.enter_context(_prefect(site, database))
        yield site


@contextmanager
def _prefect(site: MachineSite, database: str) -> Iterator[None]:
    url = database.replace("postgresql://", "postgresql+asyncpg://").replace("/postgres", "/prefect")
    subprocess.run([*_inside(site.hub), "createdb", "--host", HUB, "--username", "tests", "prefect"], check=True)
    environment = {
        **site.environment,
        "PREFECT_API_DATABASE_CONNECTION_URL": url,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "500",
    }
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", HUB, "--port", "4200", "--no-ui"]
    with (site.folder / "prefect.log").open("ab") as log:
        process = subprocess.Popen(
            [*_inside(site.hub), *command], env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        ask = f"import urllib.request; urllib.request.urlopen('{PREFECT}/health', timeout=5)"
        end = time.monotonic() + STARTS_WITHIN_S
        while subprocess.run([*_inside(site.hub), sys.executable, "-c", ask], capture_output=True).returncode:
            assert process.poll() is None and time.monotonic() < end, _tail(site.folder / "prefect.log")
            time.sleep(0.3)
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _inside(namespace: str) -> tuple[str, ...]:
    # Not `ip netns exec`, which hides /sys/fs/cgroup.
    return ("nsenter", f"--net=/run/netns/{namespace}")


def _in(namespace: str, *command: str) -> None:
    _run("ip", "netns", "exec", namespace, *command)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"


def _tail(log: Path) -> str:
    return log.read_text()[-3000:] if log.exists() else f"no {log}"


def _remove(folder: Path) -> None:
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines() if str(folder) in line]
    for mount in sorted(mounts, reverse=True):
        subprocess.run(["umount", "--lazy", mount], check=False, capture_output=True)
    shutil.rmtree(folder, ignore_errors=True)
