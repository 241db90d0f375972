"""Where the engine is looked for."""

from __future__ import annotations

import hashlib
import json

import pytest

from interfaces.containers import endpoint
from interfaces.containers.endpoint import DEFAULT_ADDRESS, engine_address


@pytest.fixture
def home(tmp_path):
    """A home with a context named 'lab', as the docker command writes it."""
    meta = tmp_path / ".docker/contexts/meta" / hashlib.sha256(b"lab").hexdigest() / "meta.json"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"Name": "lab", "Endpoints": {"docker": {"Host": "ssh://gpu-server"}}}))
    return tmp_path


def use(home, context):
    (home / ".docker/config.json").write_text(json.dumps({"currentContext": context}))


def test_the_default_is_the_default_socket(tmp_path):
    assert engine_address({}, tmp_path) == DEFAULT_ADDRESS


def test_docker_host_wins_over_the_context(home):
    use(home, "lab")
    assert engine_address({"DOCKER_HOST": "tcp://other:2375"}, home) == "tcp://other:2375"


def test_the_context_in_use_counts(home):
    use(home, "lab")
    assert engine_address({}, home) == "ssh://gpu-server"
    assert engine_address({"DOCKER_CONTEXT": "default"}, home) == DEFAULT_ADDRESS


def test_a_context_can_be_named_in_the_environment(home):
    assert engine_address({"DOCKER_CONTEXT": "lab"}, home) == "ssh://gpu-server"
    assert engine_address({"DOCKER_CONTEXT": "lab", "DOCKER_CONFIG": str(home / "none")}, home) == DEFAULT_ADDRESS


@pytest.mark.parametrize("config", ["", "[]", "{", '{"currentContext": "gone"}', '{"currentContext": "default"}'])
def test_a_configuration_that_says_nothing_leaves_the_default(home, config):
    (home / ".docker/config.json").write_text(config)
    assert engine_address({}, home) == DEFAULT_ADDRESS


def test_a_rootless_engine_is_found_where_there_is_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr(endpoint, "DEFAULT_ADDRESS", f"unix://{tmp_path}/none.sock")
    environment = {"XDG_RUNTIME_DIR": str(tmp_path)}
    assert engine_address(environment, tmp_path).endswith("/none.sock")
    (tmp_path / "docker.sock").touch()
    assert engine_address(environment, tmp_path) == f"unix://{tmp_path}/docker.sock"
