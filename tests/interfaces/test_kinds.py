"""The 40 kinds and their facts, against a table of their own."""

from __future__ import annotations

import json

import pytest

from interfaces.kinds import (
    KIND_FACTS,
    InterfaceKind,
    InterfaceKindChoices,
    InterfaceSuperKindChoices,
    super_kind,
)
from scripts import docs_kinds

JSON_KINDS = {
    "STR": "String",
    "INT": "Integer",
    "FLT": "Float",
    "BOOL": "Bool",
    "JSON": "Anything",
    "CHART": "Chart",
    "2DBB": "2D bounding box",
    "M2DB": "Multiple 2D bounding boxes",
    "DIST": "Distance measurement",
    "MDIS": "Multiple distance measurements",
    "POIN": "Point",
    "MPOI": "Multiple points",
    "POLY": "Polygon",
    "MPOL": "Multiple polygons",
    "LINE": "Line",
    "MLIN": "Multiple lines",
    "ANGL": "Angle",
    "MANG": "Multiple angles",
    "ELLI": "Ellipse",
    "MELL": "Multiple ellipses",
    "3ANG": "Three-point angle",
    "M3AN": "Multiple three-point angles",
    "ATRG": "Affine transform registration",
    "CHOI": "Choice",
    "MCHO": "Multiple choice",
}
IMAGE_KINDS = {
    "IMG": "Image",
    "SEG": "Segmentation",
    "HMAP": "Heat map",
    "DSPF": "Displacement field",
    "DCMIS": "DICOM image set",
}
OCTETS = "application/octet-stream"
FILE_KINDS = {
    "CSV": (
        "CSV file",
        ".csv",
        {"application/csv", "application/vnd.ms-excel", "text/csv", "text/plain"},
    ),
    "ZIP": ("ZIP file", ".zip", {"application/zip", "application/x-zip-compressed"}),
    "PDF": ("PDF file", ".pdf", {"application/pdf"}),
    "SQREG": ("SQREG file", ".sqreg", {OCTETS, "application/x-sqlite3", "application/vnd.sqlite3"}),
    "JPEG": ("Thumbnail jpg", ".jpeg", {"image/jpeg"}),
    "PNG": ("Thumbnail png", ".png", {"image/png"}),
    "OBJ": ("OBJ file", ".obj", {"text/plain", OCTETS}),
    "MP4": ("MP4 file", ".mp4", {"video/mp4"}),
    "NEWCK": ("Newick tree-format file", ".newick", {"text/x-nh", OCTETS}),
    "BIOM": ("BIOM format", ".biom", {OCTETS}),
}
FILE_ONLY = {"M2DB", "MDIS", "MPOI", "MPOL", "MLIN", "MANG", "MELL", "M3AN"}


def test_there_are_exactly_these_40_kinds() -> None:
    assert {kind.value for kind in InterfaceKindChoices} == {*JSON_KINDS, *IMAGE_KINDS, *FILE_KINDS}
    assert len(InterfaceKindChoices) == 40 == len(KIND_FACTS)


@pytest.mark.parametrize(("code", "label"), (JSON_KINDS | IMAGE_KINDS).items())
def test_json_and_image_kinds_have_their_labels(code: str, label: str) -> None:
    assert InterfaceKindChoices(code).label == label


@pytest.mark.parametrize(("code", "facts"), FILE_KINDS.items())
def test_file_kinds_have_their_label_extension_and_media_types(code: str, facts: tuple[str, str, set[str]]) -> None:
    known = KIND_FACTS[InterfaceKindChoices(code)]
    assert (known.label, known.extension, set(known.media_types)) == facts


def test_a_newick_file_may_have_three_extensions() -> None:
    facts = KIND_FACTS[InterfaceKindChoices.NEWICK]
    assert {facts.extension, *facts.other_extensions} == {".newick", ".nwk", ".tree"}


def test_each_kind_is_of_one_family() -> None:
    assert InterfaceKind.interface_type_json() == {InterfaceKindChoices(code) for code in JSON_KINDS}
    assert InterfaceKind.interface_type_image() == {InterfaceKindChoices(code) for code in IMAGE_KINDS}
    assert InterfaceKind.interface_type_file() == {InterfaceKindChoices(code) for code in FILE_KINDS}


def test_json_kinds_are_json_files_and_images_have_no_extension() -> None:
    for kind in InterfaceKind.interface_type_json():
        assert KIND_FACTS[kind].extension == ".json"
        assert KIND_FACTS[kind].media_types == ("application/json", "text/plain")
    assert {KIND_FACTS[kind].extension for kind in InterfaceKind.interface_type_image()} == {""}


def test_lists_of_annotations_are_kept_in_files_only() -> None:
    stored = {kind.value for kind, facts in KIND_FACTS.items() if facts.may_be_stored_in_database}
    assert stored == set(JSON_KINDS) - FILE_ONLY


def test_what_is_shown_alone_and_what_is_not_shown() -> None:
    assert InterfaceKind.interface_type_mandatory_isolation() == {
        InterfaceKindChoices.CHART,
        InterfaceKindChoices.PDF,
        InterfaceKindChoices.THUMBNAIL_JPG,
        InterfaceKindChoices.THUMBNAIL_PNG,
        InterfaceKindChoices.MP4,
    }
    assert InterfaceKind.interface_type_undisplayable() == {
        InterfaceKindChoices.CSV,
        InterfaceKindChoices.ZIP,
        InterfaceKindChoices.OBJ,
        InterfaceKindChoices.NEWICK,
        InterfaceKindChoices.BIOM,
    }


def test_the_choices_are_reached_through_interface_kind_as_well() -> None:
    assert InterfaceKind.InterfaceKindChoices is InterfaceKindChoices


def test_a_kind_is_its_code_as_text_and_in_json() -> None:
    assert str(InterfaceKindChoices.POINT) == "POIN" == InterfaceKindChoices.POINT
    assert json.dumps(InterfaceKindChoices.POINT) == '"POIN"'


@pytest.mark.parametrize("stored", [True, False])
def test_the_super_kind_follows_from_the_family_and_the_place(stored: bool) -> None:
    for kind in InterfaceKindChoices:
        found = super_kind(kind, store_in_database=stored)
        if kind.value in IMAGE_KINDS:
            assert found is InterfaceSuperKindChoices.IMAGE
        elif kind.value in JSON_KINDS and stored:
            assert found is InterfaceSuperKindChoices.VALUE
        else:
            assert found is InterfaceSuperKindChoices.FILE


def test_super_kinds_have_codes_and_labels() -> None:
    assert {kind.value: kind.label for kind in InterfaceSuperKindChoices} == {"I": "Image", "F": "File", "V": "Value"}


def test_the_page_about_kinds_is_up_to_date() -> None:
    assert docs_kinds.PAGE.read_text(encoding="utf-8") == docs_kinds.page(), "run: python scripts/docs_kinds.py"


@pytest.mark.parametrize("kind", InterfaceKindChoices)
def test_every_kind_is_on_the_page(kind: InterfaceKindChoices) -> None:
    page = docs_kinds.page()
    assert f"| `{kind.value}` | {kind.label} | {KIND_FACTS[kind].rule} |" in page
    if kind.value in JSON_KINDS:
        assert f"### {kind.label}\n" in page
