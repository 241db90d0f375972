"""Which differences make another piece of work, and how they are said."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from records import a_component, a_job, a_stored_image, an_interface

from interfaces.cache_keys import Work, WorkInput, inputs_part
from interfaces.component import Method
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.overlays import OverlaySegment

digests = st.text("0123456789abcdef", min_size=64, max_size=64)
slugs = st.from_regex(r"[a-z]{1,3}(-[a-z]{1,3})?", fullmatch=True)
work_inputs = st.builds(WorkInput, sha256=digests, place=st.sampled_from(["a.json", "images/a/b.mha", "p/a.json"]))
works = st.builds(
    Work,
    image=digests.map(lambda digest: f"sha256:{digest}"),
    inputs=st.dictionaries(slugs, work_inputs, max_size=4),
    outputs=st.frozensets(slugs, min_size=1, max_size=3),
    tarballs=st.dictionaries(st.sampled_from(["model", "ground-truth"]), digests),
    gpu_type=st.sampled_from(["", "T4", "A100"]),
    method=st.sampled_from(Method),
)


def backwards(mapping):
    return dict(reversed(mapping.items()))


@given(works)
def test_the_same_work_has_the_same_key_in_whatever_order_it_is_written(work):
    same = replace(work, inputs=backwards(work.inputs), tarballs=backwards(work.tarballs))
    assert same.key == work.key
    assert same.changes_since(work) == []


@given(works, works)
def test_a_key_differs_exactly_where_a_part_does(one, other):
    assert (one.key == other.key) == (one == other)
    assert (one.changes_since(other) == []) == (one == other)


@given(works, works, st.sampled_from(["image", "inputs", "outputs", "tarballs", "gpu_type", "method"]))
def test_any_one_part_that_changes_makes_another_key_and_is_named(work, other, part):
    assume(getattr(work, part) != getattr(other, part))
    changed = replace(work, **{part: getattr(other, part)})
    assert changed.key != work.key
    assert changed.changes_since(work)
    assert (inputs_part(changed.key) == inputs_part(work.key)) == (part != "inputs")


@given(works, digests, digests)
def test_two_contents_that_change_places_make_another_key(work, one, other):
    assume(one != other)
    first, second = WorkInput(sha256=one, place="a"), WorkInput(sha256=other, place="b")
    straight = replace(work, inputs={"fixed": first, "moving": second})
    swapped = replace(work, inputs={"fixed": replace(first, sha256=other), "moving": replace(second, sha256=one)})
    assert straight.key != swapped.key
    assert len(straight.changes_since(swapped)) == 2


@given(works)
def test_a_key_names_its_version_and_fits_its_column(work):
    assert work.key.startswith("v1:")
    assert len(work.key) == 100
    assert len(inputs_part(work.key)) == 35


def test_a_key_never_changes_without_a_new_version():
    work = Work(
        image="sha256:" + "a" * 64,
        inputs={"scan": WorkInput(sha256="b" * 64, place="images/scan/a.mha")},
        outputs=frozenset({"mask"}),
        tarballs={"model": "c" * 64},
    )
    inputs, everything = (
        "134e0c21cf2761c04ff0a0d9350c6659",
        "647dcefbad63dc32f90697938735b3674ed8ca20c680b350074f78bcfb085a25",
    )
    assert work.key == f"v1:{inputs}:{everything}"


BASE = Work(
    image="sha256:ab12" + "0" * 60,
    inputs={"scan": WorkInput(sha256="1234" + "0" * 60, place="images/scan/a.mha")},
    outputs=frozenset({"mask"}),
)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"image": "sha256:cd34" + "0" * 60}, "the image changed (sha256:ab12 -> cd34)"),
        ({"image": "sha256:ab1200ff" + "0" * 56}, "the image changed (sha256:ab12000 -> ab1200f)"),
        ({"tarballs": {"model": "5" * 64}}, "the model is new"),
        ({"gpu_type": "T4"}, "the GPU type changed (none -> T4)"),
        ({"method": Method.INVOKE}, "the method changed (exec -> invoke)"),
        ({"outputs": frozenset({"mask", "report"})}, "the outputs changed (mask -> mask, report)"),
        ({"inputs": {}}, "the input 'scan' is no longer given"),
        (
            {"inputs": {"scan": WorkInput(sha256="9" * 64, place="images/scan/a.mha")}},
            "the input 'scan' changed (sha256:1234 -> 9999)",
        ),
        (
            {"inputs": {"scan": replace(BASE.inputs["scan"], place="images/scan/b.mha")}},
            "the input 'scan' lies elsewhere (images/scan/a.mha -> images/scan/b.mha)",
        ),
        (
            {"inputs": {"scan": replace(BASE.inputs["scan"], meaning="1")}},
            "the segments or the look-up table of the input 'scan' changed",
        ),
    ],
)
def test_a_change_is_said_in_one_text(change, text):
    assert replace(BASE, **change).changes_since(BASE) == [text]


def test_a_prefix_and_what_labels_mean_count_and_what_is_for_people_does_not(site, stored, scan):
    component = a_component()
    image = a_stored_image(site, component)
    mask = an_interface(
        title="Mask",
        slug="scan",
        kind=Kind.SEGMENTATION,
        relative_path="images/scan",
        overlay_segments=(OverlaySegment(name="Lesion", voxel_value=1, visible=True),),
    )
    value = stored(mask).create_instance(image=scan)

    def key(**changes) -> str:
        return Work.of(a_job(image, **{"inputs": {"scan": value}, "output_slugs": ("a",), **changes}), component).key

    assert key() == key(name="another", time_limit=7, requires_memory_gb=16)
    assert key() != key(input_prefixes={str(value.pk): "case-1"})
    assert key(input_prefixes={str(value.pk): "case-1"}) == key(input_prefixes={str(value.pk): "case-1/"})
    assert key() != key(requires_gpu_type="T4")

    def with_interface(**changes):
        return {"inputs": {"scan": value.model_copy(update={"interface": replace(value.interface, **changes)})}}

    more = (*mask.overlay_segments, OverlaySegment(name="Cyst", voxel_value=2, visible=True))
    assert key(**with_interface(overlay_segments=more)) != key()
    assert key(**with_interface(description="Another text", title="Another title")) == key()
