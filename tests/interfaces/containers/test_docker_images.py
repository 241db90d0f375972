"""Images that go to a registry and come from one, on a real engine and a real registry."""

from __future__ import annotations

import base64
import json
import threading
from uuid import uuid4

import pytest
from registries import free_port, running_registry

from interfaces.containers.docker_engine import DockerEngine
from interfaces.containers.docker_images import _split
from interfaces.containers.registry import Login, delete_manifest, host_of, may_pass
from interfaces.errors import EngineError, EngineUnavailable

engine_test = pytest.mark.engine


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    with running_registry(tmp_path_factory.mktemp("registry") / "images") as host:
        yield host


@pytest.fixture
def tiny(engine, tmp_path):
    """An image of a few bytes that nobody else has."""
    (tmp_path / "content").write_text(uuid4().hex)
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY content /content\nUSER 1234\n")
    tag = f"component-flows-test-{uuid4().hex}:tiny"
    yield engine.build(tmp_path, tag=tag)
    engine.remove_image(tag)


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("name", ("name", "latest")),
        ("name:1", ("name", "1")),
        ("host:5000/a/b", ("host:5000/a/b", "latest")),
        ("host:5000/a/b:1", ("host:5000/a/b", "1")),
        ("host:5000/a/b@sha256:12", ("host:5000/a/b", "sha256:12")),
        ("host:5000/a/b:1@sha256:12", ("host:5000/a/b", "sha256:12")),
    ],
)
def test_a_reference_is_taken_apart(reference, parts):
    assert _split(reference) == parts


@engine_test
def test_an_image_comes_back_from_a_registry_by_tag_and_by_digest(engine, registry, tiny):
    repository = f"{registry}/some/{uuid4().hex}"
    pinned = engine.push(tiny.id, repository=repository, tag="v1")
    assert pinned.startswith(f"{repository}@sha256:")
    assert f"{repository}:v1" not in engine.image(tiny.id).repo_tags
    for reference in (pinned, f"{repository}:v1"):
        engine.remove_image(tiny.repo_tags[0])
        assert engine.image(tiny.id) is None
        pulled = engine.pull(reference)
        assert (pulled.id, pulled.repo_digests) == (tiny.id, (pinned,))
        engine.tag(tiny.id, tiny.repo_tags[0])
        engine.remove_image(reference)


@engine_test
def test_an_image_that_was_removed_from_its_registry_can_be_pulled_no_more(engine, registry, tiny):
    pinned = engine.push(tiny.id, repository=f"{registry}/{uuid4().hex}", tag="v1")
    assert engine.remove_from_registry(pinned)
    assert engine.remove_from_registry(pinned), "a second time is fine"
    with pytest.raises(EngineError, match=r"not found|manifest unknown") as caught:
        engine.pull(pinned)
    assert not may_pass(caught.value)


@engine_test
@pytest.mark.parametrize("reference", ["nothing/here:1", f"nothing@sha256:{'0' * 64}"])
def test_an_image_that_the_registry_lacks_is_an_error_that_does_not_pass(engine, registry, reference):
    with pytest.raises(EngineError, match=f"could not pull the image '{registry}/{reference}'") as caught:
        engine.pull(f"{registry}/{reference}")
    assert not may_pass(caught.value)


@engine_test
def test_a_registry_that_is_away_is_a_fault_that_may_pass(engine, tiny):
    away = f"127.0.0.1:{free_port()}"
    for exchange in (
        lambda: engine.pull(f"{away}/name:1"),
        lambda: engine.push(tiny.id, repository=f"{away}/name", tag="1"),
    ):
        with pytest.raises(EngineError, match="connection refused") as caught:
            exchange()
        assert may_pass(caught.value)
    with pytest.raises(EngineError, match="can't be reached"):
        engine.remove_from_registry(f"{away}/name@sha256:{'0' * 64}")
    assert engine.image(f"{away}/name:1") is None


@engine_test
def test_a_pull_stops_when_it_is_asked_to(engine, registry, tiny):
    pinned = engine.push(tiny.id, repository=f"{registry}/{uuid4().hex}", tag="v1")
    stop = threading.Event()
    stop.set()
    with pytest.raises(EngineError, match="asked to stop"):
        engine.pull(pinned, stop=stop)
    engine.remove_image(pinned)


PASSWORD = "hunter2-registry"
BCRYPTED = "$2b$05$TwEVPeT.odZFmek45j526OGO/DUPxRFoURllW6Kb5f4ER.iqKitfm"


@pytest.fixture
def locked(tmp_path):
    """A registry that wants a login."""
    (tmp_path / "users").write_text(f"tester:{BCRYPTED}\n")
    with running_registry(tmp_path / "locked", users=tmp_path / "users") as host:
        yield host


@engine_test
def test_the_login_of_the_docker_command_opens_a_registry(engine, tiny, locked, tmp_path, monkeypatch):
    with pytest.raises(EngineError, match="no basic auth credentials") as caught:
        engine.push(tiny.id, repository=f"{locked}/name", tag="1")
    assert not may_pass(caught.value)
    login = base64.b64encode(f"tester:{PASSWORD}".encode()).decode()
    (tmp_path / "config.json").write_text(json.dumps({"auths": {locked: {"auth": login}}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with DockerEngine.connect() as known:
        pinned = known.push(tiny.id, repository=f"{locked}/name", tag="1")
        known.remove_image(tiny.repo_tags[0])
        assert known.pull(pinned).id == tiny.id
        assert not delete_manifest(pinned, login=None)
        assert not delete_manifest(pinned, login=Login(name="tester", password="wrong"))
        assert known.remove_from_registry(pinned)
        known.remove_image(pinned)


@engine_test
def test_a_wrong_login_is_refused_without_telling_it(tiny, locked, tmp_path, monkeypatch):
    login = base64.b64encode(b"tester:not-the-password").decode()
    (tmp_path / "config.json").write_text(json.dumps({"auths": {locked: {"auth": login}}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with DockerEngine.connect() as known, pytest.raises(EngineError, match="push the image") as caught:
        known.push(tiny.id, repository=f"{locked}/name", tag="1")
    assert "not-the-password" not in str(caught.value)
    assert login not in str(caught.value)


def test_faults_that_pass_are_told_from_others():
    assert may_pass(EngineUnavailable("none answers"))
    assert may_pass(EngineError('Get "http://127.0.0.1:5000/v2/": dial tcp: connect: connection refused'))
    assert may_pass(EngineError("received unexpected HTTP status: 503 Service Unavailable"))
    assert not may_pass(EngineError("dial tcp: lookup registry.invalid: no such host"))
    assert not may_pass(EngineError("manifest unknown"))
    assert not may_pass(ValueError("connection refused"))


def test_a_login_shows_in_no_text():
    login = Login.of({"username": "tester", "password": "hunter2"})
    assert "hunter2" not in repr(login)
    assert (login.name, login.password) == ("tester", "hunter2")
    assert Login.of({"username": "tester"}) is None


def test_the_host_of_a_reference_is_its_start():
    assert host_of("127.0.0.1:5000/a/b@sha256:12") == "127.0.0.1:5000"
