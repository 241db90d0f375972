"""A site of its own for every test, and commands called without a process of their own."""

from __future__ import annotations

from uuid import uuid4

import pytest
from click.testing import CliRunner
from records import a_component

from flows.cli import commands
from interfaces.settings import get_settings
from interfaces.site import get_site


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.setenv("COMPONENT_FLOWS_HOME", str(tmp_path / "home"))
    get_settings.cache_clear()
    yield get_site()
    get_site().database.close()
    get_settings.cache_clear()


@pytest.fixture
def component(site):
    return a_component(slug=f"test-{uuid4().hex}", title=uuid4().hex)


@pytest.fixture
def call():
    """Calls a command and gives what it prints; what it raises is raised."""

    def call(*arguments: str) -> str:
        done = CliRunner().invoke(commands, arguments, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    return call
