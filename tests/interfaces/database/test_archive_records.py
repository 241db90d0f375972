"""Archives in both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from interfaces.database.archive_records import (
    add_case,
    count_cases,
    list_archive_rows,
    read_page,
    remove_case,
    save_archive,
    values_of_case,
)


def test_two_that_make_one_archive_and_one_case_at_once_make_one(database):
    def make(_: int) -> tuple[int, bool]:
        with database.session() as session:
            archive_pk = save_archive(session, slug="a", title="A").pk
        with database.session() as session:
            return archive_pk, add_case(session, archive_pk=archive_pk, case_id="one", values={})

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(make, range(8)))
    assert len({pk for pk, _ in made}) == 1
    assert [new for _, new in made].count(True) == 1
    with database.session() as session:
        ((row, count),) = list_archive_rows(session)
        assert (row.slug, count) == ("a", 1)


def test_cases_come_in_pages_in_the_order_in_which_they_were_added(database):
    with database.session() as session:
        first, second = (save_archive(session, slug=slug, title=slug).pk for slug in "ab")
        for number in range(5):
            add_case(session, archive_pk=first, case_id=f"c{9 - number}", values={})
            add_case(session, archive_pk=second, case_id=f"c{number}", values={})
    with database.session() as session:
        assert remove_case(session, archive_pk=first, case_id="c8")
        assert not remove_case(session, archive_pk=first, case_id="c8")
        assert values_of_case(session, archive_pk=first, case_id="c8") == {}
        page = read_page(session, archive_pk=first, after=0, limit=3)
        assert list(page.ids.values()) == ["c9", "c7", "c6"]
        rest = read_page(session, archive_pk=first, after=max(page.ids), limit=3)
        assert list(rest.ids.values()) == ["c5"]
        assert (count_cases(session, first), count_cases(session, second)) == (4, 5)
