"""Secrets are planted in everything that a run comes near; afterwards they are in nothing that it left."""

from __future__ import annotations

import base64
import json
import sqlite3
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest
from programs import call
from puppet_scripts import REPORT

from flows import register, run_component, server
from flows.calling import component_flow
from interfaces.containers.docker_engine import DockerEngine
from interfaces.errors import ComponentException, InvalidInputs
from interfaces.settings import get_settings
from interfaces.site import get_site
from tasks.in_thread import in_thread

ROOT = Path(__file__).parents[2]
PUPPET = ROOT / "tests" / "puppet"

pytestmark = pytest.mark.engine


def planted(name: str) -> str:
    """A secret that is nothing else's, with letters that have to be encoded in a URL."""
    return f"planted@{name}/0815&x"


SECRETS = {name: planted(name) for name in ("server", "aws", "registry", "runner", "proxy", "link", "uri", "raised")}
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
def site(tmp_path, monkeypatch):
    """A site with a guarded server, and secrets wherever one may have them."""
    docker = tmp_path / "docker"
    docker.mkdir()
    proxy = f"http://proxy:{quote(SECRETS['proxy'], safe='')}@127.0.0.1:9"
    login = base64.b64encode(f"tester:{SECRETS['registry']}".encode()).decode()
    config = {"auths": {"127.0.0.1:1": {"auth": login}}, "proxies": {"default": {"httpProxy": proxy}}}
    (docker / "config.json").write_text(json.dumps(config))
    for name, value in {
        "COMPONENT_FLOWS_HOME": str(tmp_path / "home"),
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


def everything_that_is_left(home: Path, crate: Path) -> Iterator[tuple[str, bytes]]:
    """All that runs have left, by a name for it: both databases row by row, and every file."""
    for database in (home / "server" / "prefect.db", home / "component-flows.db"):
        with closing(sqlite3.connect(database)) as connection:
            for line in connection.iterdump():
                yield database.name, line.encode()
    for path in home.rglob("*"):
        if path.is_file() and path.suffix != ".db" and "prefect.db" not in path.name:
            yield str(path), path.read_bytes()
    with zipfile.ZipFile(crate) as archive:
        for name in archive.namelist():
            yield f"crate/{name}", archive.read(name)


def flush_logs() -> None:
    server.send_the_rest()
    time.sleep(2)  # the server writes events in batches


@pytest.mark.soak
def test_no_secret_is_in_what_runs_leave(site, scan, tmp_path):
    password, signature = (quote(SECRETS[name], safe="") for name in ("uri", "link"))
    assert found_in(base64.b64encode(AUTH.encode()) + quote(SECRETS["uri"], safe="").encode()) == {"server", "uri"}
    strange: set[str] = set()
    script = LOOKS_AROUND + REPORT.format(report="{}")
    with served(scan) as host, inspected(strange) as containers:
        signed = f"http://{host}/scan.mha?X-Amz-Signature={signature}"
        with_login = f"http://reader:{password}@{host}/scan.mha"
        done = [run_component("puppet-report", {"script": script, "scan": uri}) for uri in (signed, with_login)]
        failed = LOOKS_AROUND + "raise SystemExit('too dark')"
        with pytest.raises(ComponentException, match="too dark"):
            run_component("puppet-report", {"script": failed, "scan": signed})
        told = []
        for uri in (f"http://reader:{password}@{host}/none.mha", f"http://{host}/none.mha?sig={signature}"):
            with pytest.raises(InvalidInputs, match="can't be fetched") as caught:
                run_component("puppet-report", {"script": script, "scan": uri})
            told.append(str(caught.value))
        raised = quote(SECRETS["raised"], safe="")
        for broken in (breaks_in_a_thread, breaks_by_itself):
            with pytest.raises(Exception, match="failed"):
                broken(f"https://me:{raised}@host/x?token={raised}")
    assert containers
    assert "scan.mha" in done[0].inputs["scan"].name
    assert call("export", str(done[0].id), "-o", tmp_path / "run.zip").returncode == 0
    for command in (["doctor"], ["jobs", "--json"], ["show", str(done[0].id), "--json"], ["server", "status"]):
        shown = call(*command)
        told += [shown.stdout, shown.stderr]
    told += [repr(get_settings()), str(get_settings()), get_settings().model_dump_json()]
    flush_logs()
    left = {*everything_that_is_left(site, tmp_path / "run.zip")}
    left |= {("docker inspect", one.encode()) for one in containers} | {("told", one.encode()) for one in told}
    # A line for each place, so that a failure says where.
    leaks = {(where, *found_in(data)) for where, data in left if found_in(data)}
    assert leaks == set()
    assert strange == set()  # containers have their images' variables, and none of ours or of this process
    shown = b"".join(data for where, data in left if where == "prefect.db")
    assert f"http://***@{host}/scan.mha".encode() in shown  # where it is from can still be seen
    assert b"?***" in shown
