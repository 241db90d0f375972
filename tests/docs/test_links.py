"""Every link of the pages leads somewhere, and every page is linked from the index."""

from __future__ import annotations

from pathlib import Path

import pytest
from documents import PAGES, ROOT, anchors, links, name_of


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_each_relative_link_of_a_page_leads_to_a_file_and_a_heading(page: Path):
    broken = []
    for link in links(page):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or not target.is_relative_to(ROOT):
            broken.append(link)
        elif anchor and anchor not in anchors(target):
            broken.append(f"{link} (no such heading)")
    assert broken == []


def test_the_index_names_every_page():
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
    records = (ROOT / "docs" / "adr").resolve()
    pages = [page for page in (ROOT / "docs").rglob("*.md") if page.parent.resolve() != records and page != index]
    assert [name_of(page) for page in pages if page.resolve() not in linked] == []


def test_a_link_to_a_heading_is_told_from_one_to_none():
    page = ROOT / "docs" / "architecture.md"
    assert "life-of-a-job" in anchors(page)
    assert "life-of-a-cat" not in anchors(page)
    assert "how-to/graphs.md" in set(links(page))
