from __future__ import annotations

from pathlib import Path

import pytest

from interfaces.errors import DefinitionError
from interfaces.settings import get_settings


@pytest.fixture(autouse=True)
def fresh(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COMPONENT_FLOWS_HOME", raising=False)
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def test_the_home_folder_is_in_the_users_home_unless_said_otherwise(monkeypatch):
    assert get_settings().home_folder == Path.home() / ".component-flows"
    get_settings.cache_clear()
    monkeypatch.setenv("COMPONENT_FLOWS_HOME", "relative")
    assert get_settings().home_folder == Path.cwd() / "relative"


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(monkeypatch):
    Path("component-flows.toml").write_text("[limits]\nprocesses = 7\nlog_bytes = 2048\n")
    monkeypatch.setenv("COMPONENT_FLOWS_LIMITS__PROCESSES", "9")
    assert (get_settings().limits.processes, get_settings().limits.log_bytes) == (9, 2048)


def test_a_wrong_value_is_named(monkeypatch):
    monkeypatch.setenv("COMPONENT_FLOWS_LIMITS__PROCESSES", "many")
    with pytest.raises(DefinitionError, match="COMPONENT_FLOWS_LIMITS__PROCESSES"):
        get_settings()


def test_an_unknown_key_in_the_file_is_named():
    Path("component-flows.toml").write_text("[limits]\nprocesess = 7\n")
    with pytest.raises(DefinitionError, match="LIMITS__PROCESESS"):
        get_settings()
