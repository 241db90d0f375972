"""What follows a job of a run from the Prefect UI is as limited as that run, whoever runs it."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from flows.server import ensure_server
from flows.server_settings import client_settings
from interfaces.access import is_limited, limited_access
from interfaces.errors import DefinitionError
from interfaces.settings import get_settings
from tasks.chain import check_reference, kept_reference, read_reference, run_reference

seen: list[bool] = []


def look() -> None:
    """What is to follow: it notes whether it is limited."""
    seen.append(is_limited())


REFERENCE = {"flow": f"{__name__}:look"}


def test_a_module_is_not_even_imported_unless_the_site_allows_it(home, tmp_path, monkeypatch):
    (tmp_path / "does_harm.py").write_text("open('done', 'w'); after = print")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    reference = {"flow": "does_harm:after"}
    with limited_access(), pytest.raises(DefinitionError, match="COMPONENT_FLOWS_ACCESS__FUNCTIONS"):
        asyncio.run(check_reference(reference))
    assert not (tmp_path / "done").exists()
    monkeypatch.setenv("COMPONENT_FLOWS_ACCESS__FUNCTIONS", '["does_harm:after"]')
    get_settings.cache_clear()
    with limited_access():
        asyncio.run(check_reference(reference))
    assert (tmp_path / "done").exists()
    monkeypatch.undo()
    get_settings.cache_clear()


def test_a_reference_keeps_that_it_is_limited_and_nobody_can_take_that_away():
    assert kept_reference(None) is None
    assert kept_reference(REFERENCE) == REFERENCE
    with limited_access():
        assert kept_reference({**REFERENCE, "limited": False}) == {**REFERENCE, "limited": True}
        assert kept_reference(None) is None


@pytest.mark.parametrize("limited", [False, True])
@pytest.mark.parametrize("process_is_limited", [False, True])
def test_what_follows_is_limited_if_its_run_was(home, limited, process_is_limited):
    seen.clear()
    with client_settings(ensure_server()), limited_access(process_is_limited):
        asyncio.run(run_reference(read_reference({**REFERENCE, "limited": limited}), uuid4()))
    assert seen == [limited]
