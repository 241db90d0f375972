from __future__ import annotations

import pytest

from interfaces.definition import ComponentInterface
from interfaces.graph_edges import why_unfit
from interfaces.kinds import InterfaceKindChoices as Kind

POSITIVE = {"type": "integer", "minimum": 1}


def one(slug: str, kind: Kind, schema=None) -> ComponentInterface:
    path = f"images/{slug}" if kind == Kind.IMAGE else f"{slug}.json"
    return ComponentInterface(title=slug, kind=kind, relative_path=path, schema=schema)


SCAN, OTHER = one("scan", Kind.IMAGE), one("other", Kind.IMAGE)
COUNT, SIZE = one("count", Kind.INTEGER), one("size", Kind.INTEGER, POSITIVE)
NAME, NAMES = one("name", Kind.STRING), one("names", Kind.MULTIPLE_CHOICE)
ANY = one("any", Kind.ANY)
COUNTS = one("counts", Kind.ANY, {"type": "array", "items": {"type": "integer"}})
SIZES = one("sizes", Kind.ANY, {"type": "array", "items": POSITIVE})
POINT, POINTS = one("point", Kind.POINT), one("points", Kind.MULTIPLE_POINTS)
CHART = one("chart", Kind.CHART)
TREE = one(
    "tree",
    Kind.ANY,
    {
        "$ref": "#/definitions/tree",
        "definitions": {"tree": {"type": "object", "additionalProperties": {"$ref": "#/definitions/tree"}}},
    },
)
OLD = one(
    "old", Kind.ANY, {"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 0, "exclusiveMinimum": True}
)

GATHERED = {"is_list": True, "wants_list": False, "scattered": False}
SCATTERED = {"is_list": False, "wants_list": False, "scattered": True}
EACH = {"is_list": True, "wants_list": False, "scattered": True}


@pytest.mark.parametrize(
    ("given", "wanted", "how"),
    [
        (SCAN, OTHER, EACH),
        (SCAN, OTHER, {"is_list": True, "wants_list": True, "scattered": False}),
        (SCAN, OTHER, {"is_list": False, "wants_list": False, "scattered": False}),
        (COUNT, ANY, GATHERED),
        (COUNT, COUNTS, GATHERED),
        (SIZE, COUNTS, GATHERED),
        (NAME, NAMES, GATHERED),
        (CHART, ANY, GATHERED),
        (TREE, ANY, GATHERED),
        (OLD, ANY, GATHERED),
        (COUNTS, COUNT, SCATTERED),
        (SIZES, SIZE, SCATTERED),
        (NAMES, NAME, SCATTERED),
        (COUNTS, ANY, SCATTERED),
    ],
)
def test_what_provably_fits_may_be_handed_on(given, wanted, how):
    assert why_unfit(given, wanted, **how) is None


@pytest.mark.parametrize(
    ("given", "wanted", "how", "reason"),
    [
        (SCAN, COUNT, EACH, "'scan' is of the kind Image, but 'count' takes Integer"),
        (
            SCAN,
            OTHER,
            GATHERED,
            "it is a list, but 'other' takes one value; to run once for each, let the node scatter over it",
        ),
        (SCAN, OTHER, SCATTERED, "the node scatters over it, but 'scan' is one value and no list"),
        (
            SCAN,
            OTHER,
            {"is_list": False, "wants_list": True, "scattered": False},
            "it takes a list of 'other', but this is one value",
        ),
        (
            SCAN,
            OTHER,
            {"is_list": True, "wants_list": True, "scattered": True},
            "each run would need a list of 'other', and there are no lists of lists",
        ),
        (
            COUNT,
            SIZES,
            GATHERED,
            "a list of 'count' need not be a value of 'sizes': [*] may be less than 1",
        ),
        (COUNT, SIZE, GATHERED, "a list of 'count' need not be a value of 'size': it may be of type array"),
        (POINT, POINTS, GATHERED, "a list of 'point' need not be a value of 'points': it may be of type array"),
        (COUNT, CHART, GATHERED, "a list of 'count' need not be a value of 'chart': it is a list"),
        (
            COUNTS,
            SIZE,
            SCATTERED,
            "the node scatters over it, but 'counts' need not be a list of 'size': [*] may be less than 1",
        ),
        (
            ANY,
            COUNT,
            SCATTERED,
            "the node scatters over it, but 'any' need not be a list of 'count': it may be of any type",
        ),
    ],
)
def test_what_need_not_fit_is_refused_with_the_reason(given, wanted, how, reason):
    assert why_unfit(given, wanted, **how) == reason


@pytest.mark.parametrize("wanted", [CHART, TREE, OLD], ids=lambda one: one.slug)
def test_a_schema_that_can_t_be_a_part_of_another_is_never_taken_for_proven(wanted):
    assert "can't be proven of items" in (why_unfit(COUNTS, wanted, **SCATTERED) or "")
