"""A home folder and a Prefect server of their own for the tests, and the components that they run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import SimpleITK as sitk

PUPPET = Path(__file__).parent / "puppet"

WATCH = """
import sys
from pathlib import Path
sys.stdin.read()
from flows.server_process import find
for state in Path(sys.argv[1]).glob("**/server/server.json"):
    if (server := find(state.parent)) is not None:
        server.end()
"""


@pytest.fixture(scope="session")
def _watch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A process that sees this one die, however that happens, and ends the servers that it leaves."""
    watch = subprocess.Popen(
        [sys.executable, "-c", WATCH, str(tmp_path_factory.getbasetemp())],
        stdin=subprocess.PIPE,
        cwd=PUPPET.parents[1],
        start_new_session=True,
    )
    yield
    watch.kill()
    watch.communicate()


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, _watch: None) -> Iterator[Path]:
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


@pytest.fixture
def limited_inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that runs from the Prefect UI may read, and the test is one; beside its home, `secret.json`."""
    from interfaces.access import limited_access
    from interfaces.settings import get_settings
    from interfaces.site import get_site

    monkeypatch.setenv("COMPONENT_FLOWS_HOME", str(tmp_path / "home"))
    get_settings.cache_clear()
    folder = tmp_path / "home" / "inputs"
    folder.mkdir(parents=True)
    (tmp_path / "secret.json").write_text('"nobody\'s business"')
    with limited_access():
        yield folder
    get_site().database.close()
    get_settings.cache_clear()
