"""The local server with name and password: who has them gets in, and everybody else reads one sentence."""

from __future__ import annotations

import asyncio
import base64
import json
import urllib.error
import urllib.request
from pathlib import Path
from uuid import UUID

import pytest
from programs import Program, call
from puppet_jobs import is_told
from puppet_scripts import REPORT, UNTIL_TOLD
from workers import a_worker, guardians, kill, processes_of

from flows import deploy, register, server
from flows.calling import component_flow
from flows.server_settings import client_settings
from interfaces import ComponentJob, JobStatus
from interfaces.database.job_records import list_jobs
from interfaces.errors import DefinitionError, ServiceUnavailable
from interfaces.settings import get_settings
from interfaces.site import get_site

AUTH = "hospital:s3cr&t of:the ward"

# One worker has all that need the one server.
pytestmark = pytest.mark.xdist_group("server-auth")


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """URL of the API of a server that asks for name and password."""
    patch = pytest.MonkeyPatch()
    patch.setenv("COMPONENT_FLOWS_HOME", str(tmp_path_factory.mktemp("guarded")))
    patch.setenv("COMPONENT_FLOWS_SERVER__AUTH", AUTH)
    patch.delenv("PREFECT_API_URL", raising=False)
    get_settings.cache_clear()
    yield server.start()
    patch.setenv("COMPONENT_FLOWS_SERVER__AUTH", AUTH)
    get_settings.cache_clear()
    server.stop()
    patch.undo()
    get_settings.cache_clear()


@pytest.fixture
def choose(monkeypatch):
    """Set or remove (None) variables for one test."""

    def choose(**variables: str | None) -> None:
        for name, value in variables.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)
        get_settings.cache_clear()
        server._reached.clear()

    yield choose
    monkeypatch.undo()
    get_settings.cache_clear()
    server._reached.clear()


def answer_to(url: str, auth: str | None = None) -> int:
    header = {"Authorization": f"Basic {base64.b64encode(auth.encode()).decode()}"} if auth else {}
    request = urllib.request.Request(url, headers=header)
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@component_flow(name="greet")
async def greet(name: str) -> str:
    return f"Hello {name}"


def test_only_who_has_name_and_password_gets_in(url):
    assert answer_to(f"{url}/admin/version") == 401
    assert answer_to(f"{url}/admin/version", "hospital:guess") == 401
    assert answer_to(f"{url}/admin/version", AUTH) == 200
    assert answer_to(f"{url}/health") == 200  # for probes; it tells nothing
    with urllib.request.urlopen(f"{url.removesuffix('/api')}/ui-settings") as answer:
        assert json.loads(answer.read())["auth"] == "BASIC"  # by which the page knows that it must ask


def test_runs_of_this_site_just_work_and_are_on_record(url):
    from prefect.client.orchestration import get_client

    async def names() -> list[str]:
        async with get_client() as client:
            return [run.name for run in await client.read_flow_runs()]

    assert greet("ward 7") == "Hello ward 7"
    with client_settings(server.ensure_server()):
        assert asyncio.run(names())


def test_the_password_is_in_no_file_but_the_settings(url):
    folder = get_settings().home_folder / "server"
    for file in folder.rglob("*"):
        if file.is_file():
            assert b"of:the ward" not in file.read_bytes(), file
    assert "ward" not in repr(get_settings())


@pytest.mark.parametrize("wrong", [None, "hospital:guess"])
def test_a_client_without_them_reads_one_sentence(url, choose, wrong):
    choose(COMPONENT_FLOWS_SERVER__AUTH=None, PREFECT_API_URL=url, PREFECT_API_AUTH_STRING=wrong)
    with pytest.raises(
        ServiceUnavailable, match="does not accept our credentials: set PREFECT_API_AUTH_STRING"
    ) as caught:
        greet("nobody")
    assert "guess" not in str(caught.value)
    told = call("server", "start")
    assert (told.returncode, told.stdout) == (4, "")
    assert told.stderr.startswith("Error: The Prefect API at ")
    assert told.stderr.count("\n") == 1


def test_a_client_elsewhere_uses_prefects_own_variable(url, choose, tmp_path):
    choose(COMPONENT_FLOWS_SERVER__AUTH=None, COMPONENT_FLOWS_HOME=str(tmp_path), PREFECT_API_URL=url)
    told = call("server", "start", PREFECT_API_AUTH_STRING=AUTH)
    assert (told.returncode, told.stdout.strip()) == (0, url), told.stderr


def test_the_setting_serves_an_exported_url_of_the_own_server_and_no_other(url, choose, monkeypatch):
    from flows.server_settings import access_updates

    choose(PREFECT_API_URL=url)
    assert greet("again") == "Hello again"
    assert access_updates(url)["api.auth_string"].get_secret_value() == AUTH
    assert access_updates(url.replace("127.0.0.1", "prefect.example")) == {
        "api.url": url.replace("127.0.0.1", "prefect.example")
    }


def test_a_server_with_other_settings_is_not_used_by_mistake(url, choose):
    choose(COMPONENT_FLOWS_SERVER__AUTH="hospital:Quince-Lantern-7")
    with pytest.raises(ServiceUnavailable, match="does not accept our credentials"):
        server.start()
    choose(COMPONENT_FLOWS_SERVER__AUTH=None)
    with pytest.raises(ServiceUnavailable, match=r"started with other settings .* 'component-flows server stop'"):
        server.start()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7"])
def test_other_machines_are_let_in_with_name_and_password_only(choose, host):
    choose(COMPONENT_FLOWS_SERVER__HOST=host, COMPONENT_FLOWS_SERVER__AUTH=None)
    with pytest.raises(DefinitionError, match="which other machines can reach"):
        get_settings()
    choose(COMPONENT_FLOWS_SERVER__AUTH="no-colon-0815")
    with pytest.raises(DefinitionError, match="not of the form name:password") as caught:
        get_settings()
    assert "0815" not in str(caught.value) + str(caught.value.__cause__)


def test_an_address_that_this_machine_lacks_is_named(choose, tmp_path):
    choose(
        COMPONENT_FLOWS_HOME=str(tmp_path),
        COMPONENT_FLOWS_SERVER__HOST="203.0.113.9",
        COMPONENT_FLOWS_SERVER__AUTH=AUTH,
        PREFECT_API_URL=None,
    )
    with pytest.raises(ServiceUnavailable, match=r"has no address 203\.0\.113\.9: set COMPONENT_FLOWS_SERVER__HOST"):
        server.start()
    assert not server.status().running


@pytest.fixture
def guarded(url, choose):
    """The site with its components, a deployment of one of them, and a guardian."""
    choose(COMPONENT_FLOWS_GUARDIAN="true", COMPONENT_FLOWS_LIMITS__STOP_GRACE_S="1")
    register(Path(__file__).parents[1] / "puppet")
    deploy(["puppet-report"], pool="guarded")
    yield
    kill(guardians(get_site().home))
    get_site().database.close()


def asked(url: str, question):
    from prefect.client.orchestration import get_client

    async def asking():
        async with get_client() as client:
            return await question(client)

    with client_settings(url):
        return asyncio.run(asking())


def scheduled(url: str, script: str) -> UUID:
    """A run of the deployed component that waits for a worker."""

    async def schedule(client):
        found = await client.read_deployment_by_name("run-component/puppet-report")
        parameters = {"inputs": {"script": script}}
        return (await client.create_flow_run_from_deployment(found.id, parameters=parameters)).id

    return asked(url, schedule)


def state_of(url: str, run: UUID):
    return asked(url, lambda client: client.read_flow_run(run)).state


def executing(run: UUID | None = None) -> ComponentJob | None:
    with get_site().database.session() as session:
        jobs = list_jobs(session, status=JobStatus.EXECUTING)
    return next((job for job in jobs if run is None or job.flow_run_id == run), None)


@pytest.mark.soak
@pytest.mark.engine
def test_a_worker_runs_what_is_deployed_and_the_guardian_sees_to_a_run_that_is_killed(url, guarded, until, tmp_path):
    log = tmp_path / "worker.log"
    given, killed = scheduled(url, REPORT.format(report="{}")), scheduled(url, UNTIL_TOLD)
    # As on another machine: it knows nothing of the setting, and has Prefect's own variables.
    access = {"PREFECT_API_URL": url, "PREFECT_API_AUTH_STRING": AUTH, "COMPONENT_FLOWS_SERVER__AUTH": None}
    with a_worker("guarded", log, **access):
        until(lambda: state_of(url, given).is_completed())
        lost = until(lambda: executing(killed))
        until(lambda: guardians(get_site().home))
        kill(processes_of(killed))
        # It is settled, scheduled anew, and taken up by the worker once more.
        again = until(lambda: (job := executing(killed)) and job.id != lost.id and is_told(job) and job, 150)
        until(lambda: state_of(url, killed).is_completed())
    settled = ComponentJob.objects.get(str(lost.id))
    assert (settled.status, settled.verdict["kind"]) == (JobStatus.FAILURE, "runner_lost"), log.read_text()
    assert ComponentJob.objects.get(str(again.id)).retry_of == lost.id
    left = [log, *(path for path in get_site().home.rglob("*") if path.is_file())]
    assert not [path for path in left if b"of:the ward" in path.read_bytes()]


@pytest.mark.soak
@pytest.mark.engine
def test_the_guardian_tells_the_server_how_the_run_of_a_killed_script_ended(url, guarded, until):
    code = "import sys; from flows import run_component; run_component('puppet-report', {'script': sys.argv[1]})"
    runner = Program("code", code, UNTIL_TOLD)
    job = until(executing)
    until(lambda: guardians(get_site().home))
    runner.kill()
    state = until(lambda: (found := state_of(url, job.flow_run_id)).is_final() and found)
    assert (state.name, ComponentJob.objects.get(str(job.id)).verdict["kind"]) == ("RunnerLost", "runner_lost")
