"""Write docs/interface-kinds.md from the code: `python scripts/docs_kinds.py`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, get_args

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from interfaces.defaults import default_interfaces  # noqa: E402
from interfaces.edits import INTERFACE_EDITS  # noqa: E402
from interfaces.json_examples import INTERFACE_TYPE_JSON_EXAMPLES  # noqa: E402
from interfaces.json_parsing import MAX_INTEGER_DIGITS  # noqa: E402
from interfaces.json_values import MAX_DEPTH  # noqa: E402
from interfaces.kinds import KIND_FACTS, InterfaceKindChoices, KindFacts, KindFamily, super_kind  # noqa: E402
from interfaces.overlays import MAX_SEGMENTS, Interpolation, LookUpTable  # noqa: E402

PAGE = ROOT / "docs" / "interface-kinds.md"

INTRODUCTION = """\
# Interface kinds

<!-- Made by scripts/docs_kinds.py from interfaces/kinds.py; change it there. -->

The kind of an interface says what its values are. In `interfaces.yaml`, `kind` takes the label (`2D bounding box`, in
any letter case) or the code (`2DBB`). Codes and labels are those of grand-challenge.org, and a value that is valid
there is valid here.

The super kind says where values are kept: **Image** for image kinds, **Value** for JSON kinds whose interface has
`store_in_database: true`, **File** for everything else. "File only" below means that `store_in_database: true` is
refused.
"""

JSON_NOTES = """\
Values are files that end in `.json`, imported as `application/json` or `text/plain`. A custom `schema` on an interface
is added to the kind's own: a value must satisfy both. It is of JSON Schema draft 7, or of the draft 3, 4 or 6 that its
`$schema` names, and may refer only to itself.

A point is exactly 3 numbers: x, y and z in mm in the patient (LPS) frame. Every annotation (2D bounding box to Multiple
three-point angles) is an object with `type`, which is the label, and `version`, which is exactly
`{"major": n, "minor": n}` in whole numbers from 0; it may have a `name` (a string), and a single one a `probability`
from 0 to 1. The objects in a list may each have `name`, `probability` and `type`, the label of the single kind. No
annotation has other keys.

JSON is read strictly: UTF-8, no key twice in one object, at most MAX_DEPTH levels, integers of at most MAX_DIGITS
digits. NaN and infinity are refused from people; in the output of a component they become null.
"""
JSON_NOTES = JSON_NOTES.replace("MAX_DEPTH", str(MAX_DEPTH)).replace("MAX_DIGITS", f"{MAX_INTEGER_DIGITS:,}")

IMAGE_NOTES = """\
A value is a folder below `images/` with one image in it. Images are told by their content, not by a media type.
"""

FILE_NOTES = """\
A value is one file, checked by its content.
"""


INTERFACE_NOTES = """\
## An interface's own rules

- `title` is unique; `slug` is made from it unless given, and names the interface everywhere.
- `relative_path` is unique, relative and normalised; it does not begin or end with `/`, holds no UUID and no backslash,
  is not `inputs.json` in any letter case, and lies within the path of no other interface. JSON and file kinds: it ends
  with the kind's extension and does not start with `images/`. Image kinds: it starts with `images/` and its last part
  has no extension.
- `overlay_segments` is for Segmentation, and required there: at most MAX_SEGMENTS of `{name, visible, voxel_value}`.
  Their voxel values, together with the background 0, leave no gap.
- `default_value` is for inputs that are not given; it is valid, and for JSON kinds that are stored in the database.
- `example_value` is for JSON kinds and valid. Without one, the kind's own example is the interface's.
- `look_up_table` is for image kinds: the title of one that stands under `look_up_tables:` in any file or is registered
  already, so that several interfaces share it, or a table of its own. A table has a unique `title`; `color` and
  `alpha`, lists of points such as `[0 0 0 0, 1 1 1 1]`, of equal length; if need be `color_invert` and `alpha_invert`,
  of equal length, too; `range_min` (RANGE_MIN) and `range_max` (RANGE_MAX); `relative` (false); and
  `color_interpolation` and `color_interpolation_invert`, each one of INTERPOLATIONS.

### Registering a changed definition

Registering a definition again applies what changed in it. What stored values rely on can't be changed any more once
there are some: such a change is refused with its file, line and key, and then nothing of the registration is applied.
"""
INTERFACE_NOTES = (
    INTERFACE_NOTES.replace("MAX_SEGMENTS", str(MAX_SEGMENTS))
    .replace("RANGE_MIN", str(LookUpTable.range_min))
    .replace("RANGE_MAX", str(LookUpTable.range_max))
    .replace("INTERPOLATIONS", ", ".join(get_args(Interpolation)))
)

VALUE_NOTES = """\
A look-up table that stands by itself may be changed at any time, for all interfaces that have it; one that an interface
shares with others is not changed by that interface's own definition.

## A value's own rules

- It is exactly one of a JSON value in the database (null is one), a file, and an image, as the super kind says.
- It never changes: a new value is a new record. The same content for the same interface is one record, under the name
  that it came with first; for JSON the order of keys makes no difference, but 1 and 1.0 do.
"""

EDGE_NOTES = """\
## Edges

A value may go from an output to an input if both are the same interface, or if every value of the output's kind and
schema provably satisfies the input's. So Integer fits into Float, Choice into String, every JSON kind into Anything,
every image kind but DICOM image set into Image and Heat map, and a Segmentation into another one that has all of its
voxel values. Bounds, sizes, `enum`, `const`, `required`, `properties`, `items`, `allOf`, `anyOf` and references of
draft 6 and 7 are reasoned with; what can't be proven is refused with the first gap, such as "volumes.CSF may be less
than 0".
"""


def page() -> str:
    """The whole page."""
    parts = [
        INTRODUCTION,
        "## JSON kinds\n\n" + JSON_NOTES,
        _table(("Code", "Label", "A value is", "Super kind", "Shown"), "json", _json_row),
        "## Image kinds\n\n" + IMAGE_NOTES,
        _table(("Code", "Label", "A value is", "Shown"), "image", _image_row),
        "## File kinds\n\n" + FILE_NOTES,
        _table(("Code", "Label", "A value is", "Extension", "Media types", "Shown"), "file", _file_row),
        INTERFACE_NOTES,
        _rows(("Field", "While no value is stored", "Once values are stored"), _edits()),
        VALUE_NOTES,
        EDGE_NOTES,
        "## Default interfaces\n\nEvery site has these.\n",
        _rows(("Title", "Slug", "Kind", "Relative path", "Super kind"), _defaults()),
        "## Examples of the JSON kinds\n",
        *(_example(kind) for kind in _of("json")),
    ]
    return "\n".join(parts)


def _of(family: KindFamily) -> Iterable[InterfaceKindChoices]:
    return (kind for kind, facts in KIND_FACTS.items() if facts.family == family)


def _table(titles: Sequence[str], family: KindFamily, row: Any) -> str:
    return _rows(titles, (row(kind, KIND_FACTS[kind]) for kind in _of(family)))


def _rows(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [titles, ["---"] * len(titles), *rows]) + "\n"


def _edits() -> Iterable[Sequence[str]]:
    return ((f"`{field}`", edit.before, edit.after) for field, edit in INTERFACE_EDITS.items())


def _defaults() -> Iterable[Sequence[str]]:
    return (
        (one.title, f"`{one.slug}`", one.kind.label, f"`{one.relative_path}`", one.super_kind.label)
        for one in default_interfaces()
    )


def _json_row(kind: InterfaceKindChoices, facts: KindFacts) -> Sequence[str]:
    kept = super_kind(kind, store_in_database=facts.may_be_stored_in_database).label
    kept = "Value or File" if facts.may_be_stored_in_database else f"{kept} only"
    return f"`{kind.value}`", facts.label, facts.rule, kept, _shown(facts)


def _image_row(kind: InterfaceKindChoices, facts: KindFacts) -> Sequence[str]:
    return f"`{kind.value}`", facts.label, facts.rule, _shown(facts)


def _file_row(kind: InterfaceKindChoices, facts: KindFacts) -> Sequence[str]:
    also = f" (also {', '.join(f'`{other}`' for other in facts.other_extensions)})" if facts.other_extensions else ""
    media_types = ", ".join(f"`{name}`" for name in facts.media_types)
    return f"`{kind.value}`", facts.label, facts.rule, f"`{facts.extension}`{also}", media_types, _shown(facts)


def _shown(facts: KindFacts) -> str:
    if not facts.displayable:
        return "no"
    return "on its own" if facts.isolated else "yes"


def _example(kind: InterfaceKindChoices) -> str:
    example = INTERFACE_TYPE_JSON_EXAMPLES[kind]
    schema = f"interfaces/schemas/{kind.name.lower()}.json"
    link = f"[schema](../{schema})" if (ROOT / schema).is_file() else "schema: Vega-Lite v5"
    remark = f" {example.extra_info}." if example.extra_info else ""
    return f"### {kind.label}\n\n`{kind.value}`, {link}.{remark}\n\n```json\n{_compact(example.value)}\n```\n"


def _compact(value: Any) -> str:
    """JSON with lists of plain numbers on one line."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return re.sub(
        r"\[[\s\d.,e+-]*\]", lambda found: re.sub(r"\s+", " ", found[0]).replace("[ ", "[").replace(" ]", "]"), text
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
