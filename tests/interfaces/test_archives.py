"""Named sets of cases."""

from __future__ import annotations

import pytest
from records import an_interface

from interfaces.archives import (
    PAGE,
    Archive,
    cases_of_archive,
    create_archive,
    find_archive,
    list_archives,
)
from interfaces.cases import CaseInputs
from interfaces.errors import CasesInvalid, DefinitionError, UnknownName
from interfaces.value import find_values


@pytest.fixture
def lesions(stored):
    return stored(an_interface())


@pytest.fixture
def remark(stored):
    return stored(an_interface(title="Remark", relative_path="remark.json"))


@pytest.fixture
def archive(site) -> Archive:
    return create_archive("Brain MRI")


def ids(archive: Archive) -> list[str]:
    return [case.id for case in archive.cases()]


def test_an_archive_is_made_once_and_found_by_its_name(archive):
    assert (archive.slug, archive.title, len(archive), bool(archive)) == ("brain-mri", "Brain MRI", 0, True)
    assert create_archive("Brain MRI") == find_archive("brain-mri") == archive
    other = create_archive("Brain MRI, second centre", slug="second")
    assert list_archives() == [(archive, 0), (other, 0)]
    with pytest.raises(UnknownName, match="did you mean 'brain-mri'"):
        find_archive("brain-mir")


@pytest.mark.parametrize(
    ("title", "slug", "words"),
    [
        ("?!", None, "can't name an archive"),
        ("Fine", "Not Fine", "'Not Fine' can't name an archive"),
        ("x" * 256, None, "can't name an archive"),
        ("Brain MRI", "other", "the archive 'brain-mri' has the title 'Brain MRI'"),
        ("Brain  MRI", None, "there is an archive 'brain-mri' with the title 'Brain MRI'"),
    ],
)
def test_a_name_that_can_not_be_one_is_refused(archive, title, slug, words):
    with pytest.raises(DefinitionError, match=words):
        create_archive(title, slug=slug)
    assert list_archives() == [(archive, 0)]


def test_a_case_is_added_once_and_never_changes(archive, lesions, remark):
    one, two = lesions.create_instance(value=1), lesions.create_instance(value=2)
    said = remark.create_instance(value=3)
    assert archive.add("b", [one, said])
    assert not archive.add("b", {"x": said, "y": one})
    assert archive.add("a", [one])
    assert ids(archive) == ["b", "a"]
    (first, second) = archive.cases()
    assert first.values == {"number-of-lesions": one, "remark": said}
    assert second.values == {"number-of-lesions": one}
    for values in ([two, said], [one]):
        with pytest.raises(DefinitionError, match="has a case 'b' with other values; remove that one first"):
            archive.add("b", values)
    assert len(archive) == 2


def test_what_is_no_case_is_refused(archive, lesions):
    one, two = lesions.create_instance(value=1), lesions.create_instance(value=2)
    for case_id in ("", " ", "\n", "x" * 256):
        with pytest.raises(DefinitionError, match="is no id for a case"):
            archive.add(case_id, [one])
    with pytest.raises(DefinitionError, match="has no value"):
        archive.add("a", [])
    with pytest.raises(DefinitionError, match="two values of one interface"):
        archive.add("a", [one, two])
    assert len(archive) == 0


def test_a_case_is_removed_and_its_values_stay(site, archive, lesions):
    value = lesions.create_instance(value=1)
    other = create_archive("Other")
    archive.add("a", [value])
    other.add("a", [value])
    archive.remove("a")
    assert (ids(archive), ids(other)) == ([], ["a"])
    with site.database.session() as session:
        assert find_values(session, [value.pk]) == {value.pk: value}
    with pytest.raises(UnknownName, match="the archive 'brain-mri' has no case 'a'"):
        archive.remove("a")
    assert archive.add("a", [value])


def test_many_cases_are_read_page_by_page(archive, lesions):
    values = [lesions.create_instance(value=number) for number in range(3)]
    names = [f"c{number}" for number in range(PAGE + 5)]
    for number, name in enumerate(names):
        archive.add(name, [values[number % 3]])
    cases = archive.cases()
    assert next(cases).id == "c0"
    archive.remove("c1")  # while they are read: what was read stays read
    assert [case.id for case in cases] == names[1:PAGE] + names[PAGE:]
    assert [case.values["number-of-lesions"].value for case in archive.cases()][:3] == [0, 2, 0]


def test_values_become_the_inputs_that_have_their_interface(archive, lesions, remark):
    one, said = lesions.create_instance(value=1), remark.create_instance(value=3)
    archive.add("a", [one, said])
    archive.add("b", [said])
    inputs = CaseInputs(of="x", interfaces={"count": lesions})
    source = cases_of_archive(archive, inputs)
    assert [(case.id, case.inputs) for case in source.read()] == [("a", {"count": one}), ("b", {})]
    assert source.count == 2
    first, second = source.read()
    assert first.fingerprint("x") != second.fingerprint("x")
    with pytest.raises(CasesInvalid, match="several inputs of y have the same interface"):
        cases_of_archive(archive, CaseInputs(of="y", interfaces={"before": lesions, "after": lesions}))
    with pytest.raises(CasesInvalid, match="archive 'empty' can't be used: there is none"):
        cases_of_archive(create_archive("Empty"), inputs)
