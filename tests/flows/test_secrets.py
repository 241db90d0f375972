"""Secrets are planted in everything that a run comes near; afterwards they are in nothing that it left."""

from __future__ import annotations

import base64
import json
import sqlite3
import subprocess
import sys
import threading
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest
from postgresql import programs, running_server
from programs import call
from puppet_scripts import REPORT

from flows import deploy, register, report, run_component, server
from flows.calling import component_flow
from interfaces.containers.docker_engine import DockerEngine
from interfaces.errors import ComponentException, InvalidInputs, ServiceUnavailable
from interfaces.jobs import ComponentJob
from interfaces.settings import get_settings
from interfaces.site import get_site
from tasks.in_thread import in_thread

ROOT = Path(__file__).parents[2]
PUPPET = ROOT / "tests" / "puppet"

pytestmark = [pytest.mark.engine, pytest.mark.skipif(programs() is None, reason="needs a PostgreSQL server")]


def planted(name: str) -> str:
    """A secret that is nothing else's, with letters that have to be encoded in a URL."""
    return f"planted@{name}/0815&x"


PLACES = ("server", "aws", "registry", "runner", "proxy", "link", "uri", "raised", "database")
SECRETS = {name: planted(name) for name in PLACES}
AUTH = f"site:{SECRETS['server']}"

LOOKS_AROUND = """
import os, glob
print(dict(os.environ))
for path in ["/proc/1/environ", "/proc/self/environ", *glob.glob("/input/**", recursive=True)]:
    try:
        print(path, open(path, "rb").read()[:4096])
    except OSError as error:
        print(path, error)
import time; time.sleep(1)
"""


def forms(secret: str) -> set[bytes]:
    """How a secret may be written."""
    doubled = base64.b64encode(f"site:{secret}".encode()), base64.b64encode(secret.encode())
    texts = {secret, quote(secret), quote(secret, safe=""), json.dumps(secret)[1:-1], secret.partition("@")[2][:-2]}
    return {text.encode() for text in texts} | set(doubled)


def found_in(data: bytes) -> set[str]:
    """The names of the secrets that are in it, in whatever form."""
    return {name for name, secret in SECRETS.items() for form in forms(secret) if form in data}


class Files(BaseHTTPRequestHandler):
    """Serves one scan to whoever has name and password or a signature, and refuses everything else."""

    scan: bytes

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        has_login = self.headers.get("Authorization", "").startswith("Basic ")
        allowed = self.path.startswith("/scan.mha") and (has_login or "X-Amz-Signature=" in self.path)
        self.send_response(200 if allowed else 403)
        self.send_header("Content-Length", str(len(self.scan) if allowed else 0))
        self.end_headers()
        if allowed and self.command == "GET":
            self.wfile.write(self.scan)

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@contextmanager
def served(scan: Path) -> Iterator[str]:
    """The host and port of a server of files."""
    files = type("FilesOf", (Files,), {"scan": scan.read_bytes()})
    with ThreadingHTTPServer(("127.0.0.1", 0), files) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        try:
            yield f"127.0.0.1:{http.server_port}"
        finally:
            http.shutdown()


@contextmanager
def inspected(strange: set[str]) -> Iterator[list[str]]:
    """What `docker inspect` tells of containers while they run, and variables in them that their images lack."""
    told: dict[str, str] = {}
    stop = threading.Event()

    def look() -> None:
        with DockerEngine.connect() as engine:
            while not stop.wait(0.1):
                for one in engine._api.containers(all=True, filters={"label": "component-flows.job"}):
                    try:
                        facts = engine._api.inspect_container(one["Id"])
                    except Exception:  # it has just gone
                        continue
                    told[one["Id"]] = json.dumps(facts)
                    own = engine._api.inspect_image(one["ImageID"])["Config"]["Env"]
                    strange.update({*facts["Config"]["Env"]} - {*own})

    looking = threading.Thread(target=look)
    looking.start()
    documents: list[str] = []
    try:
        yield documents
    finally:
        stop.set()
        looking.join()
    documents.extend(told.values())


@component_flow(name="breaks-in-a-thread")
async def breaks_in_a_thread(text: str) -> None:
    def driver() -> None:
        try:
            raise OSError(f"can't reach {text}")
        except OSError as error:
            raise RuntimeError(f"GET {text} failed") from error

    await in_thread(driver)


@component_flow(name="breaks-by-itself")
async def breaks_by_itself(text: str) -> None:
    raise RuntimeError(f"GET {text} failed")


@pytest.fixture
def database():
    """The URL of a PostgreSQL server that asks for a password, and what stops it."""
    with ExitStack() as stack:
        yield stack.enter_context(running_server(password=SECRETS["database"])), stack.close


@pytest.fixture
def site(tmp_path, monkeypatch, database):
    """A site with a guarded server, and secrets wherever one may have them."""
    docker = tmp_path / "docker"
    docker.mkdir()
    proxy = f"http://proxy:{quote(SECRETS['proxy'], safe='')}@127.0.0.1:9"
    login = base64.b64encode(f"tester:{SECRETS['registry']}".encode()).decode()
    config = {"auths": {"127.0.0.1:1": {"auth": login}}, "proxies": {"default": {"httpProxy": proxy}}}
    (docker / "config.json").write_text(json.dumps(config))
    for name, value in {
        "COMPONENT_FLOWS_HOME": str(tmp_path / "home"),
        "COMPONENT_FLOWS_DATABASE_URL": database[0],
        "COMPONENT_FLOWS_SERVER__AUTH": AUTH,
        "COMPONENT_FLOWS_REGISTRY_LOGIN__NAME": "tester",
        "COMPONENT_FLOWS_REGISTRY_LOGIN__PASSWORD": SECRETS["registry"],
        "COMPONENT_FLOWS_GUARDIAN": "false",
        "AWS_SECRET_ACCESS_KEY": SECRETS["aws"],
        "MY_OWN_PASSWORD": SECRETS["runner"],
        "DOCKER_CONFIG": str(docker),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    get_settings.cache_clear()
    register(PUPPET)
    yield tmp_path / "home"
    server.stop()
    get_site().database.close()
    monkeypatch.undo()
    get_settings.cache_clear()


def files_that_are_left(home: Path, crate: Path) -> Iterator[tuple[str, bytes]]:
    """All that runs have left, by a name for it: Prefect's database row by row, and every file."""
    with closing(sqlite3.connect(home / "server" / "prefect.db")) as connection:
        for line in connection.iterdump():
            yield "prefect.db", line.encode()
    for path in home.rglob("*"):
        if path.is_file() and "prefect.db" not in path.name:
            yield str(path), path.read_bytes()
    with zipfile.ZipFile(crate) as archive:
        for name in archive.namelist():
            yield f"crate/{name}", archive.read(name)


def rows_of(url: str) -> Iterator[tuple[str, bytes]]:
    """Every row of the site's own database."""
    tool = programs()
    assert tool is not None
    plain = url.replace("+psycopg", "")
    dump = subprocess.run([tool / "pg_dump", "--inserts", plain], capture_output=True, check=True).stdout
    assert b"puppet-report" in dump
    for line in dump.splitlines():
        yield "the site's database", line


def flush_logs() -> None:
    server.send_the_rest()
    time.sleep(2)  # the server writes events in batches


def runs_with_secrets(host: str) -> tuple[list[ComponentJob], list[str]]:
    """Jobs over inputs with secrets, the last of which fails, and what was said of inputs that can't be fetched."""
    password, signature = (quote(SECRETS[name], safe="") for name in ("uri", "link"))
    script = LOOKS_AROUND + REPORT.format(report="{}")
    signed = f"http://{host}/scan.mha?X-Amz-Signature={signature}"
    with_login = f"http://reader:{password}@{host}/scan.mha"
    jobs = [run_component("puppet-report", {"script": script, "scan": uri}) for uri in (signed, with_login)]
    failing = LOOKS_AROUND + "raise SystemExit('too dark')"
    with pytest.raises(ComponentException, match="too dark") as failed:
        run_component("puppet-report", {"script": failing, "scan": signed})
    said = []
    for uri in (f"http://reader:{password}@{host}/none.mha", f"http://{host}/none.mha?sig={signature}"):
        with pytest.raises(InvalidInputs, match="can't be fetched") as caught:
            run_component("puppet-report", {"script": script, "scan": uri})
        said.append(str(caught.value))
    raised = quote(SECRETS["raised"], safe="")
    for broken in (breaks_in_a_thread, breaks_by_itself):
        with pytest.raises(Exception, match="failed"):
            broken(f"https://me:{raised}@host/x?token={raised}")
    return [*jobs, failed.value.job], said


def reports_of(jobs: list[ComponentJob]) -> list[Path]:
    """The HTML report of each job, and one over the period, which also shows in the UI."""
    return [*(report(str(job.id)) for job in jobs), report(since="1d")]


def said_by_commands(*commands: list[str], **environment: str) -> Iterator[str]:
    for command in commands:
        said = call(*command, **environment)
        yield f"{command}: {said.stdout}{said.stderr}"


def said_without_the_database(stop: Callable[[], None], url: str, job: ComponentJob) -> Iterator[str]:
    """What a wrong password and then a server that is away are told by: programs, and a run."""
    commands = ["jobs"], ["doctor"], ["show", str(job.id)], ["report", "--since", "1d"]
    wrong = url.replace("planted%40database", "guessed%40database")
    yield from (refused := [*said_by_commands(*commands, COMPONENT_FLOWS_DATABASE_URL=wrong)])
    assert all("password authentication failed" in said for said in refused), refused
    stop()
    yield from (away := [*said_by_commands(*commands)])
    assert all("can't be opened" in said for said in away), away
    with pytest.raises(ServiceUnavailable, match="went away") as caught:
        run_component("puppet-report", {"script": REPORT.format(report="{}")})
    yield "".join(traceback.format_exception(caught.value))
    guard = subprocess.run([sys.executable, "-m", "flows.guardian"], cwd=ROOT, capture_output=True, text=True)
    assert "can't be opened" in guard.stderr
    yield guard.stderr


@pytest.mark.soak
def test_no_secret_is_in_what_runs_leave(site, database, scan, tmp_path):
    url, stop = database
    doubled = base64.b64encode(AUTH.encode()) + quote(SECRETS["uri"], safe="").encode()
    assert found_in(doubled + url.encode()) == {"server", "uri", "database"}
    strange: set[str] = set()
    with served(scan) as host, inspected(strange) as containers:
        jobs, told = runs_with_secrets(host)
        deploy()
    assert containers
    assert "scan.mha" in jobs[0].inputs["scan"].name
    *of_jobs, of_period = [path.read_text() for path in reports_of(jobs)]
    assert "too dark" in of_jobs[-1]
    assert all("What went wrong" in page for page in (of_jobs[-1], of_period))
    assert call("export", str(jobs[0].id), "-o", tmp_path / "run.zip").returncode == 0
    told += said_by_commands(["doctor"], ["jobs", "--json"], ["show", str(jobs[0].id), "--json"], ["server", "status"])
    told += [repr(get_settings()), str(get_settings()), get_settings().model_dump_json()]
    left = {*rows_of(url)}
    told += said_without_the_database(stop, url, jobs[0])
    flush_logs()
    left |= {*files_that_are_left(site, tmp_path / "run.zip")}
    left |= {("docker inspect", one.encode()) for one in containers} | {("told", one.encode()) for one in told}
    # A line for each place, so that a failure says where.
    leaks = {(where, *found_in(data)) for where, data in left if found_in(data)}
    assert leaks == set()
    assert strange == set()  # containers have their images' variables, and none of ours or of this process
    shown = b"".join(data for where, data in left if where == "prefect.db")
    assert f"http://***@{host}/scan.mha".encode() in shown  # where it is from can still be seen
    assert b"?***" in shown
    pages = [where for where, _ in left if where.endswith(".html") and str(site / "reports") in where]
    assert len(pages) == len(jobs) + 1  # the reports are among what was looked through
