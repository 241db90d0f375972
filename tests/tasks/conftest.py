"""A site of its own for every test, and the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from interfaces.containers.docker_engine import DockerEngine
from interfaces.settings import get_settings
from interfaces.site import Site, get_site


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("COMPONENT_FLOWS_HOME", str(tmp_path / "home"))
    get_settings.cache_clear()
    site = get_site()
    yield site
    site.database.close()
    get_settings.cache_clear()


@pytest.fixture(scope="session")
def engine() -> Iterator[DockerEngine]:
    with DockerEngine.connect() as engine:
        yield engine
