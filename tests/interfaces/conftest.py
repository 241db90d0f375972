"""A site of its own for every test that stores something."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dicom_series import write_dicom_series

from interfaces.database.interface_records import save_interface
from interfaces.definition import ComponentInterface
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


@pytest.fixture
def stored(site: Site):
    """Registers an interface and gives the stored record."""

    def store(interface: ComponentInterface) -> ComponentInterface:
        with site.database.session() as session:
            return save_interface(session, interface)[0]

    return store


@pytest.fixture
def write_series(tmp_path: Path) -> Callable[..., Path]:
    """Writes a folder with a DICOM series; see `write_dicom_series`."""
    return lambda folder="series", **options: write_dicom_series(tmp_path / folder, **options)
