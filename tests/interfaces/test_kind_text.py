"""Kinds as people write them: in any letter case, by label or code; and misspelt."""

from __future__ import annotations

import pytest

from interfaces.errors import DefinitionError
from interfaces.kind_text import kind_from_text
from interfaces.kinds import InterfaceKindChoices


@pytest.mark.parametrize("kind", InterfaceKindChoices)
def test_a_kind_is_found_by_label_and_code_in_any_letter_case(kind: InterfaceKindChoices) -> None:
    for text in (kind.label, kind.label.upper(), f"  {kind.label.lower()} ", kind.value, kind.value.lower()):
        assert kind_from_text(text) is kind


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("2D bounding bx", "'2D bounding box' (2DBB)"),
        ("Multiple point", "'Multiple points' (MPOI)"),
        ("segmentaton", "'Segmentation' (SEG)"),
        ("Heatmap", "'Heat map' (HMAP)"),
    ],
)
def test_a_misspelt_kind_is_refused_with_the_nearest_one(text: str, nearest: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        kind_from_text(text)
    assert f"did you mean {nearest}?" in str(caught.value)


@pytest.mark.parametrize("text", ["", "xyzzy", "0", None, 5, ["STR"]])
def test_what_resembles_no_kind_is_refused_with_all_of_them(text: object) -> None:
    with pytest.raises(DefinitionError) as caught:
        kind_from_text(text)  # type: ignore[arg-type]  # YAML can hold anything
    assert all(kind.label in str(caught.value) for kind in InterfaceKindChoices)
