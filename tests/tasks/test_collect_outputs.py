"""Outputs, taken out of what a container wrote."""

from __future__ import annotations

import pytest
from records import an_interface

from interfaces.database.interface_records import save_interface
from interfaces.kinds import InterfaceKindChoices
from interfaces.settings import get_settings
from interfaces.site import get_site
from interfaces.storage.hostile_tree import HostileTree
from tasks.collect_outputs import collect_output


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.setenv("COMPONENT_FLOWS_HOME", str(tmp_path / "home"))
    get_settings.cache_clear()
    yield get_site()
    get_site().database.close()
    get_settings.cache_clear()


@pytest.fixture
def table(site):
    with site.database.session() as session:
        interface = an_interface(title="Table", kind=InterfaceKindChoices.CSV, relative_path="table.csv")
        return save_interface(session, interface)[0]


@pytest.mark.parametrize("writers_gone", [True, False])
def test_a_file_on_the_same_mount_is_moved_into_the_store_once_nobody_can_write_to_it(
    site, table, tmp_path, writers_gone
):
    written = tmp_path / "written"
    written.mkdir()
    (written / "table.csv").write_text("a,b\n1,2\n")
    inode = (written / "table.csv").stat().st_ino
    value = collect_output(site, HostileTree(written, writers_gone=writers_gone), table, tmp_path / "taken")
    assert value.path.read_text() == "a,b\n1,2\n"
    assert (value.path.stat().st_ino == inode) is writers_gone
    assert list((tmp_path / "taken").iterdir()) == []
