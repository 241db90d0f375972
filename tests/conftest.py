"""A home folder and a Prefect server of their own for the tests, and the components that they run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import SimpleITK as sitk

PUPPET = Path(__file__).parent / "puppet"


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """COMPONENT_FLOWS_HOME for this worker, and a Prefect server that the project's own launcher starts in it."""
    from flows import server
    from interfaces.settings import get_settings

    folder = tmp_path_factory.mktemp("home")
    patch = pytest.MonkeyPatch()
    patch.setenv("COMPONENT_FLOWS_HOME", str(folder))
    patch.delenv("PREFECT_API_URL", raising=False)
    # It would settle what tests leave unsettled on purpose; its own tests start it.
    patch.setenv("COMPONENT_FLOWS_GUARDIAN", "false")
    get_settings.cache_clear()
    server.start()
    yield folder
    server.stop()
    patch.undo()
    get_settings.cache_clear()


@pytest.fixture(scope="session")
def _registered_puppets(home: Path) -> None:
    from flows import register

    register(PUPPET)


@pytest.fixture
def puppets(_registered_puppets: None, home: Path) -> Iterator[None]:
    """The components, interfaces and graph of `tests/puppet`, registered."""
    from interfaces.settings import get_settings

    before = os.environ.get("COMPONENT_FLOWS_HOME")
    os.environ["COMPONENT_FLOWS_HOME"] = str(home)
    get_settings.cache_clear()
    yield
    if before is not None:
        os.environ["COMPONENT_FLOWS_HOME"] = before
    get_settings.cache_clear()


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """A small image file."""
    path = tmp_path / "scan.mha"
    sitk.WriteImage(sitk.Image([4, 3, 2], sitk.sitkInt16), path)
    return path
