"""Every example of the pages does what the page says, with the real engine and a real Prefect server."""

from __future__ import annotations

from pathlib import Path

import pytest
from documents import PAGES, ROOT, Block, blocks
from example_folders import prepare
from page_runs import PageRun, fits

MOST_NOT_RUN = 5
RUN = ("console", "sh", "python")
QUICK = {"docs/tutorial.md"}
ALL = [block for page in PAGES for block in blocks(page)]
RUNNABLE = sorted({block.page for block in ALL if block.language in RUN and not block.not_run})

pytestmark = pytest.mark.engine


@pytest.fixture
def page_run(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PageRun:
    """An empty folder, a home of its own, and the Prefect server of the tests."""
    from flows.server import ensure_server

    folder = tmp_path / "folder"
    folder.mkdir()
    environment = {"COMPONENT_FLOWS_HOME": str(tmp_path / "home"), "PREFECT_API_URL": ensure_server()}
    return PageRun(folder, environment)


@pytest.mark.parametrize(
    "page", [page if page in QUICK else pytest.param(page, marks=pytest.mark.soak) for page in RUNNABLE]
)
def test_a_page_does_what_it_says(page: str, page_run: PageRun):
    prepare(page, page_run.folder, page_run.environment)
    page_run.run(ROOT / page)


def test_what_is_shown_is_compared_with_what_came_out():
    assert fits("Succeeded in ... s, ... MB", "Succeeded in 0.82 s, 46 MB\n")
    assert fits("...\nlast line", "first\nsecond\nlast line  \n")
    assert not fits("3 of 4 cases succeeded", "3 of 4 cases succeeded, in 5 s")
    assert not fits("volume = 456.96", "volume = 456.97")
    assert not fits("a (b)", "a b")


def test_every_block_says_what_it_is():
    assert [str(block) for block in ALL if not block.language] == []


def test_few_examples_can_not_be_run_and_each_says_why():
    left_out = [block for block in ALL if block.not_run]
    print(*(f"{block}: {block.not_run}" for block in left_out), sep="\n")
    assert len(left_out) <= MOST_NOT_RUN, "run some of them"
    assert [str(block) for block in left_out if len(block.not_run.split()) < 5] == []


def test_a_page_that_is_not_true_fails(page_run: PageRun):
    console = "$ echo one\ntwo\n"
    with pytest.raises(AssertionError, match="but shown is\ntwo"):
        page_run.run_block(Block("page.md", 1, "console", console))
    with pytest.raises(AssertionError, match="ended with 3"):
        page_run.run_block(Block("page.md", 1, "sh", "bash -c 'exit 3'\n"))
    page_run.run_block(Block("page.md", 1, "console", "$ bash -c 'exit 3'\n$ echo $?\n3\n"))
    with pytest.raises(AssertionError, match="NameError"):
        page_run.run_block(Block("page.md", 1, "python", "unknown\n"))
