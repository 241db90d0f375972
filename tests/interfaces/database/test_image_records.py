"""Versions of images: one desired at every moment, chosen and removed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from records import a_component, a_finished_job, a_job, a_stored_image
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from interfaces.database.component_records import desired_image, save_component, save_image, save_tarball
from interfaces.database.image_records import (
    choose_image,
    find_image,
    forget_registry,
    list_images,
    mark_not_removed,
    mark_removed,
    unfinished_jobs,
)
from interfaces.database.job_records import save_job
from interfaces.database.sessions import Database
from interfaces.database.tables import ImageRow, TarballRow
from interfaces.database.tarball_records import choose_tarball, find_tarball, list_tarballs
from interfaces.errors import UnknownName
from interfaces.tarballs import TarballKind

SLUG = "lesion-counter"


def digest(letter: str) -> str:
    return f"sha256:{letter * 64}"


@pytest.fixture
def versions(site):
    return [a_stored_image(site, a_component(), digest(letter)) for letter in "abc"]


def test_versions_are_listed_the_newest_first(site, versions):
    with site.database.session() as session:
        assert [image.pk for image in list_images(session, SLUG)] == [one.pk for one in reversed(versions)]
        assert len(list_images(session)) == 3
        assert list_images(session, "other") == []


def test_a_version_is_found_by_the_start_of_its_digest(site, versions):
    with site.database.session() as session:
        for digits in ("aa", "AAAA", digest("a"), "sha256:a"):
            assert find_image(session, SLUG, digits).pk == versions[0].pk


@pytest.mark.parametrize(
    ("slug", "digits", "message"),
    [
        (SLUG, "d", "no version of the image of 'lesion-counter' .* they are c{12}, b{12}, a{12}"),
        (SLUG, "", "no version"),
        ("other", "a", "'other' is no registered component"),
    ],
)
def test_a_version_that_is_not_there_is_refused_with_those_that_are(site, versions, slug, digits, message):
    with site.database.session() as session, pytest.raises(UnknownName, match=message):
        find_image(session, slug, digits)


def test_digits_that_fit_several_are_refused(site):
    a_stored_image(site, a_component(), "sha256:1" + "0" * 63)
    a_stored_image(site, a_component(), "sha256:1" + "1" * 63)
    with site.database.session() as session, pytest.raises(UnknownName, match="several versions"):
        find_image(session, SLUG, "1")


def test_an_older_version_can_be_chosen_again(site, versions):
    with site.database.session() as session:
        choose_image(session, versions[0])
    with site.database.session() as session:
        assert desired_image(session, SLUG).pk == versions[0].pk
        assert sum(image.is_desired_version for image in list_images(session)) == 1


def test_the_database_itself_refuses_a_second_desired_version(site, versions):
    with pytest.raises(IntegrityError), site.database.session() as session:
        session.execute(update(ImageRow).values(is_desired_version=True))
    save_tarballs(site)
    with pytest.raises(IntegrityError), site.database.session() as session:
        session.execute(update(TarballRow).values(is_desired_version=True))


def save_tarballs(site) -> None:
    with site.database.session() as session:
        for letter in "ab":
            save_tarball(session, owner=SLUG, kind=TarballKind.MODEL, sha256=letter * 64, size=1)


def test_several_that_choose_at_once_end_with_exactly_one(database, tmp_path):
    with database.session() as session:
        save_component(session, a_component())
    url = database.engine.url.render_as_string(hide_password=False)

    def choose(letter: str) -> None:
        own = Database(url, tmp_path)  # connections of its own, as a process has
        image = {"component": SLUG, "sha256": digest(letter), "source": "", "fingerprint": "", "user": "1", "size": 1}
        for _ in range(10):
            with own.session() as session:
                save_image(session, **image)
            with own.session() as session:
                desired = select(func.count()).select_from(ImageRow).where(ImageRow.is_desired_version)
                assert session.scalar(desired) == 1
        own.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(choose, "abcd"))
    with database.session() as session:
        assert sum(image.is_desired_version for image in list_images(session, SLUG)) == 1
        assert len(list_images(session, SLUG)) == 4


def test_only_a_version_that_nobody_needs_is_marked_as_removed(site, versions):
    old, needed, desired = versions
    with site.database.session() as session:
        save_job(session, a_job(needed))
        assert unfinished_jobs(session, needed) == 1
    with site.database.session() as session:
        assert not mark_removed(session, desired)
        assert not mark_removed(session, needed)
        assert mark_removed(session, old)
    with site.database.session() as session:
        assert [image.is_removed for image in list_images(session)] == [False, False, True]
        assert not find_image(session, SLUG, "a").can_execute
        mark_not_removed(session, old)
    with site.database.session() as session:
        assert find_image(session, SLUG, "a").can_execute


def test_a_job_that_has_ended_needs_its_image_no_more(site, versions):
    a_finished_job(site, versions[0], seconds=1)
    with site.database.session() as session:
        assert unfinished_jobs(session, versions[0]) == 0
        assert mark_removed(session, versions[0])


def test_a_version_that_is_registered_again_is_there_again_and_keeps_its_registry(site, versions):
    with site.database.session() as session:
        save_image(
            session,
            component=SLUG,
            sha256=digest("a"),
            source="x",
            fingerprint="x",
            user="1",
            size=1,
            registry_reference="localhost:5000/a@sha256:1",
        )
        choose_image(session, versions[1])
    with site.database.session() as session:
        assert mark_removed(session, versions[0])
    again = a_stored_image(site, a_component(), digest("a"))
    assert (again.pk, again.is_removed, again.is_desired_version) == (versions[0].pk, False, True)
    assert again.registry_reference == "localhost:5000/a@sha256:1"
    with site.database.session() as session:
        forget_registry(session, again)
        assert find_image(session, SLUG, "a").registry_reference == ""


def test_tarballs_are_listed_found_and_chosen(site, versions):
    save_tarballs(site)
    with site.database.session() as session:
        assert [one.sha256[0] for one in list_tarballs(session, SLUG)] == ["b", "a"]
        assert list_tarballs(session, SLUG, TarballKind.GROUND_TRUTH) == []
        choose_tarball(session, find_tarball(session, SLUG, "aa"))
    with site.database.session() as session:
        assert [one.is_desired_version for one in list_tarballs(session)] == [False, True]
        with pytest.raises(UnknownName, match=r"they are b{12} \(model\), a{12} \(model\)"):
            find_tarball(session, SLUG, "c")
        with pytest.raises(UnknownName, match="'other' has no model or ground truth"):
            find_tarball(session, "other", "c")
