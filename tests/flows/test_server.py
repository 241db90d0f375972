"""The local Prefect server: started once, found again, and never in anybody's way."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.settings import get_current_settings
from programs import Program

from flows import server
from flows.server_process import ServerProcess, find, process_start, remember
from flows.server_settings import client_settings
from flows.server_template import use_template
from interfaces.errors import ServiceUnavailable
from interfaces.settings import get_settings

START = "from flows import server; print(server.start(), server.status().pid)"


@pytest.fixture
def settle(monkeypatch):
    """Move to a home folder, with settings; its server is stopped at the end."""
    homes = []

    def enter(folder: Path) -> None:
        monkeypatch.setenv("COMPONENT_FLOWS_HOME", str(folder))
        monkeypatch.delenv("PREFECT_API_URL", raising=False)
        get_settings.cache_clear()

    def move(folder: Path, **settings: object) -> Path:
        for name, value in settings.items():
            monkeypatch.setenv(f"COMPONENT_FLOWS_SERVER__{name}", str(value))
        enter(folder)
        homes.append(folder)
        return folder / "server"

    yield move
    for folder in homes:
        enter(folder)
        server.stop()
    monkeypatch.undo()
    get_settings.cache_clear()


@pytest.fixture
def folder(settle, tmp_path):
    """The server's folder in a new home, whose name no URL could hold."""
    return settle(tmp_path / "home #1 at 50% ?uri=true")


def get(url: str) -> object:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=20) as answer:
        return json.loads(answer.read())


def api(question):
    async def ask():
        async with get_client() as client:
            return await question(client)

    with client_settings(server.start()):
        return asyncio.run(ask())


def variables() -> set:
    async def question(client):
        return {variable.name for variable in await client.read_variables()}

    return api(question)


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True, timeout=120
    )


def test_a_server_is_started_described_found_again_and_stopped(folder, settle, monkeypatch):
    # As docs/how-to/clean.md says; other variables of the caller's are not for it.
    monkeypatch.setenv("PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED", "events,flow_runs")
    monkeypatch.setenv("PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD", "86400")
    monkeypatch.setenv("PREFECT_SERVER_EVENTS_RETENTION_PERIOD", "P2D")
    monkeypatch.setenv("PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE", "7")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settle(folder.parent, PORT=port)
    assert not server.status().running
    assert not folder.exists()
    url = server.ensure_server()
    found = server.status()
    assert (found.running, found.url, found.managed) == (True, url, True)
    assert found.log == folder / "server.log"
    assert get(f"{url}/health") is True
    assert server.ui_url() == found.ui_url == url.removesuffix("/api")
    assert server.ensure_server() == url
    assert server.status().pid == found.pid

    told = get(f"{url}/admin/settings")
    assert told["home"] == str(folder)
    assert told["server"]["analytics_enabled"] is False
    assert told["server"]["services"]["task_run_recorder"]["batch_size"] == 100
    vacuum = told["server"]["services"]["db_vacuum"]
    assert (set(vacuum["enabled"]), vacuum["retention_period"]) == ({"events", "flow_runs"}, "P1D")
    assert told["server"]["events"]["retention_period"] == "P2D"
    assert get(f"{server.ui_url()}/ui-settings")["api_url"] == "/api"
    assert url == f"http://127.0.0.1:{port}/api"
    socket.create_connection(("127.0.0.1", port), timeout=5).close()
    with pytest.raises(ConnectionRefusedError):  # another address of the loopback network stands for any other
        socket.create_connection(("127.0.0.2", port), timeout=5)

    assert server.stop()
    assert not server.stop()
    assert not server.status().running
    with pytest.raises(ServiceUnavailable, match="server start"):
        server.ui_url()
    with pytest.raises(OSError):
        get(f"{url}/health")


def test_processes_that_start_at_once_share_one_server_which_outlives_them(folder):
    starts = [Program("code", START) for _ in range(3)]
    answers = {start.communicate(timeout=120)[0] for start in starts}
    assert answers == {f"{server.status().url} {server.status().pid}\n"}
    assert server.status().running


@pytest.mark.soak
def test_a_server_of_another_version_or_a_killed_one_is_replaced_and_what_was_stored_outlives_it(folder):
    name = f"kept_{uuid4().hex}"
    api(lambda client: client._client.post("/variables/", json={"name": name, "value": 1}))
    old = find(folder)
    remember(folder, ServerProcess(**{**vars(old), "version": "3.0.0"}))
    server.start()
    assert process_start(old.pid) is None
    killed = server.status()
    assert killed.pid != old.pid
    os.killpg(killed.pid, signal.SIGKILL)
    assert name in variables()
    assert server.status().pid != killed.pid
    # Prefect makes a pool of one connection for a URL that names memory; the file must be a real one all the same.
    with closing(sqlite3.connect(folder / "prefect.db")) as database:
        assert database.execute("SELECT name FROM variable").fetchall() == [(name,)]


def test_a_process_that_only_has_the_number_of_a_server_is_left_alone(folder):
    folder.mkdir(parents=True)
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        remember(folder, ServerProcess(pid=bystander.pid, process_start="1", port=4300, version="3.8.8", started="-"))
        assert not server.status().running
        assert not server.stop()
        assert bystander.poll() is None
        assert not (folder / "server.json").exists()
    finally:
        bystander.kill()
        bystander.wait()


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"pid": 1}', "\0"])
def test_a_spoiled_state_file_is_no_server(folder, content):
    folder.mkdir(parents=True)
    (folder / "server.json").write_text(content)
    assert find(folder) is None


def test_a_taken_port_is_named(settle, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        folder = settle(tmp_path, PORT=port)
        with pytest.raises(ServiceUnavailable, match=f"Port {port} .*COMPONENT_FLOWS_SERVER__PORT"):
            server.start()
    assert not (folder / "server.json").exists()


def test_a_server_that_does_not_come_up_in_time_is_ended_and_its_log_named(settle, tmp_path):
    folder = settle(tmp_path, START_TIMEOUT_S=0.3)
    with pytest.raises(ServiceUnavailable, match=r"did not answer within 0\.3 s; its log is .*server\.log"):
        server.start()
    assert find(folder) is None
    assert not (folder / "server.json").exists()


def test_a_server_that_breaks_down_is_told_with_its_last_words(folder):
    folder.mkdir(parents=True)
    (folder / "prefect.db").write_text("no database " * 1000)
    with pytest.raises(ServiceUnavailable, match=r"ended while it started; its log is .*Its last line: "):
        server.start()


def test_a_home_that_cannot_be_written_is_named(settle, tmp_path):
    (tmp_path / "file").write_text("")
    settle(tmp_path / "file")
    with pytest.raises(ServiceUnavailable, match=r"can't be started in .*file/server"):
        server.start()


def test_an_api_of_the_environment_is_respected(home, settle, tmp_path, monkeypatch):
    other = server.start()
    folder = settle(tmp_path)
    monkeypatch.setenv("PREFECT_API_URL", other)
    assert server.ensure_server() == other
    found = server.status()
    assert (found.running, found.url, found.managed, found.pid) == (True, other, False, None)
    assert not folder.exists()


def test_an_api_that_does_not_answer_is_named(settle, tmp_path, monkeypatch):
    settle(tmp_path)
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    with pytest.raises(ServiceUnavailable, match=r"http://127\.0\.0\.1:9/api does not answer.*PREFECT_API_URL"):
        server.ensure_server()
    assert not server.status().running


def test_an_api_of_the_active_prefect_profile_is_respected(home, tmp_path):
    profiles = tmp_path / "profiles.toml"
    url = server.start()
    profiles.write_text(f'active = "site"\n[profiles.site]\nPREFECT_API_URL = "{url}"\n')
    done = run_python(
        "from flows.server import ensure_server, status; print(ensure_server(), status().managed)",
        PREFECT_PROFILES_PATH=str(profiles),
        COMPONENT_FLOWS_HOME=str(tmp_path / "unused"),
    )
    assert done.stdout == f"{url} False\n", done.stderr
    assert not (tmp_path / "unused").exists()


def test_inside_a_run_its_api_is_respected(home, settle, tmp_path):
    url = server.start()

    @flow
    def someones_own():
        settle(tmp_path)
        return server.ensure_server()

    with client_settings(url):
        assert someones_own() == url
    assert not (tmp_path / "server").exists()


def test_a_web_proxy_of_the_site_is_not_asked_for_this_machine(home):
    code = "from flows.calling import component_flow\n@component_flow()\nasync def one(): return 1\nprint(one())"
    done = run_python(
        code, HTTP_PROXY="http://127.0.0.1:9", http_proxy="http://127.0.0.1:9", ALL_PROXY="http://127.0.0.1:9"
    )
    assert done.stdout == "1\n", done.stderr


def test_client_settings_hold_within_their_block_and_leave_a_choice_alone():
    before = get_current_settings()
    with client_settings("http://somewhere/api"):
        inside = get_current_settings()
        assert (inside.api.url, inside.flows.heartbeat_frequency, inside.client.max_retries) == (
            "http://somewhere/api",
            None,
            8,
        )
        with client_settings(None):
            assert get_current_settings().api.url == "http://somewhere/api"
    assert get_current_settings() is before
    code = (
        "from flows.server_settings import client_settings\nfrom prefect.settings import get_current_settings\n"
        "with client_settings(None): print(get_current_settings().client.max_retries)"
    )
    assert run_python(code, PREFECT_CLIENT_MAX_RETRIES="3").stdout == "3\n"


def test_a_spoiled_template_is_not_used_and_removed(monkeypatch, tmp_path):
    from importlib.metadata import version

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    template = tmp_path / "component-flows" / f"prefect-{version('prefect')}.db"
    template.parent.mkdir()
    template.write_text("no database " * 1000)
    use_template(tmp_path / "prefect.db")
    assert not template.exists()
    assert not (tmp_path / "prefect.db").exists()


@pytest.mark.parametrize("cache", ["/proc/none", "/dev/null"])
def test_without_a_cache_folder_there_is_just_no_template(monkeypatch, tmp_path, cache):
    monkeypatch.setenv("XDG_CACHE_HOME", cache)
    use_template(tmp_path / "prefect.db")
    assert not (tmp_path / "prefect.db").exists()
