"""JSON Schemas and JSON values of few shapes, so that those that are drawn have something to do with each other."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from interfaces.errors import ValidationError
from interfaces.json_schema_checks import check_schema

SCALARS = [None, True, False, -1, 0, 1, 1.0, 1.5, 2, 3, 10**20, "", "a", "ab", "abc"]
LISTS = [list(items) for size in range(3) for items in itertools.product([None, 0, 1, "a", [1]], repeat=size)]
OBJECTS = [
    dict(zip(keys, values, strict=True))
    for keys in ((), ("a",), ("b",), ("c",), ("a", "b"))
    for values in itertools.product([None, 1, 2, "a", [1], {"a": 1}], repeat=len(keys))
]
VALUES = [*SCALARS, *LISTS, [1, 1, 1], [1, 2, 3], [{"a": 1}], *OBJECTS, {"a": 1, "b": 2, "c": 3}]

small = st.integers(0, 3)
names = st.sampled_from("abc")
values = st.sampled_from([*SCALARS, [], [1], {}, {"a": 1}])
types = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])


def _families(inner: st.SearchStrategy[Any]) -> dict[str, dict[str, st.SearchStrategy[Any]]]:
    """Keywords with their values, of those that have to do with each other."""
    several = st.lists(inner, min_size=1, max_size=2)
    by_name = st.dictionaries(names, inner, max_size=2)
    return {
        "any": {
            "type": types | st.lists(types, min_size=1, max_size=3, unique=True),
            "enum": st.lists(values, min_size=1, max_size=3),
            "const": values,
            "title": st.just("x"),
        },
        "number": {
            "type": st.sampled_from(["integer", "number"]),
            **dict.fromkeys(("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"), small),
            "multipleOf": st.integers(1, 2),
        },
        "string": {
            "type": st.just("string"),
            "minLength": small,
            "maxLength": small,
            "pattern": st.sampled_from(["a", "^a?$"]),
        },
        "array": {
            "type": st.just("array"),
            "minItems": small,
            "maxItems": small,
            "uniqueItems": st.booleans(),
            "items": inner | several,
            "additionalItems": inner,
            "contains": inner,
        },
        "object": {
            "type": st.just("object"),
            "required": st.lists(names, max_size=2, unique=True),
            "properties": by_name,
            "additionalProperties": inner,
            "patternProperties": st.dictionaries(st.sampled_from(["^a", "b"]), inner, max_size=1),
            "propertyNames": inner,
            "dependencies": st.dictionaries(names, st.lists(names, max_size=1) | inner, max_size=1),
            "minProperties": small,
            "maxProperties": small,
        },
        "logic": {
            **dict.fromkeys(("allOf", "anyOf", "oneOf"), several),
            **dict.fromkeys(("not", "if", "then", "else"), inner),
        },
    }


@st.composite
def _keywords(draw: st.DrawFn, inner: st.SearchStrategy[Any]) -> dict[str, Any]:
    families = _families(inner)
    known = families[draw(st.sampled_from(sorted(families)))]
    keys = draw(st.sets(st.sampled_from(sorted(known)), min_size=1, max_size=4))
    if draw(st.integers(0, 4)) == 0:
        known = {**known, **families["logic"], **families["any"]}
        keys |= draw(st.sets(st.sampled_from(sorted(known)), max_size=2))
    return {key: draw(known[key]) for key in sorted(keys)}


schemas = st.recursive(st.booleans() | types.map(lambda name: {"type": name}), _keywords, max_leaves=6)
_SCHEMA_LISTS = ("items", "allOf", "anyOf", "oneOf")
_SCHEMA_MAPS = ("properties", "patternProperties")
_SCHEMA_KEYS = ("items", "additionalItems", "contains", "additionalProperties", "propertyNames", "not", "if", "then")


@st.composite
def varied(draw: st.DrawFn, schema: Any) -> Any:
    """A schema in which little is other than in the given one: often it is wider, or narrower, by one."""
    if not isinstance(schema, dict) or draw(st.integers(0, 11)) == 0:
        return schema if draw(st.booleans()) else draw(schemas)
    made = {key: draw(_varied_value(key, value)) for key, value in schema.items() if draw(st.integers(0, 4))}
    return {**made, **draw(_keywords(schemas))} if draw(st.integers(0, 7)) == 0 else made


def _varied_value(key: str, value: Any) -> st.SearchStrategy[Any]:
    if key in _SCHEMA_LISTS and isinstance(value, list):
        return st.tuples(*map(varied, value)).map(list)
    if key in _SCHEMA_MAPS:
        return st.fixed_dictionaries({name: varied(one) for name, one in value.items()})
    if key in _SCHEMA_KEYS:
        return varied(value)
    if key in ("enum", "required"):
        more = values if key == "enum" else names
        return (
            st.just(value)
            | st.permutations(value).map(lambda all_: all_[: max(len(all_) - 1, 1)])
            | more.map(lambda one: [*value, one] if one not in value else value)
        )
    if type(value) is int and key not in ("const", "multipleOf"):
        return st.sampled_from([value, max(value - 1, 0), value + 1])
    return st.just(value)


DRAFTS = st.sampled_from([None] * 6 + [f"http://json-schema.org/draft-0{number}/schema#" for number in (4, 6, 6, 7)])


@st.composite
def related(draw: st.DrawFn) -> tuple[Any, Any]:
    """Two valid schemas, the second often a part or a variation of the first, so that it often follows."""
    known = draw(schemas)
    wanted = draw(varied(known) | varied(known) | varied(known) | schemas)
    pair = []
    for schema in (known, wanted):
        draft = draw(DRAFTS)
        pair.append({**schema, "$schema": draft} if draft and isinstance(schema, dict) else schema)
    assume(all(map(_is_valid_schema, pair)))
    return pair[0], pair[1]


def _is_valid_schema(schema: Any) -> bool:
    try:
        check_schema(schema)
    except ValidationError:
        return False
    return True


@st.composite
def values_for(draw: st.DrawFn, schema: Any) -> Any:
    """A value that most likely satisfies a schema: what its first keywords ask for, and else anything small."""
    if not isinstance(schema, dict) or draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(VALUES))
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return draw(st.sampled_from(schema["enum"]))
    for key in ("allOf", "anyOf", "oneOf"):
        if key in schema and draw(st.booleans()):
            return draw(values_for(draw(st.sampled_from(schema[key]))))
    names = schema.get("type", ["object", "array", "number", "string"])
    kind = draw(st.sampled_from([names] if isinstance(names, str) else names))
    return draw({"object": _object, "array": _array}.get(kind, _scalar)(schema, kind))


@st.composite
def _object(draw: st.DrawFn, schema: dict[str, Any], kind: str) -> dict[str, Any]:
    properties = schema.get("properties", {})
    others = [name for name in ("a", "b", "c") if name not in properties]
    keys = {*schema.get("required", []), *draw(st.sets(st.sampled_from([*properties, *others]), max_size=3))}
    rest = schema.get("additionalProperties", True)
    return {key: draw(values_for(properties.get(key, rest))) for key in sorted(keys)}


@st.composite
def _array(draw: st.DrawFn, schema: dict[str, Any], kind: str) -> list[Any]:
    items = schema.get("items", True)
    least, most = schema.get("minItems", 0), schema.get("maxItems", 3)
    count = draw(st.integers(least, max(least, min(most, least + 3))))
    if isinstance(items, list):
        more = schema.get("additionalItems", True)
        return [draw(values_for(items[index] if index < len(items) else more)) for index in range(count)]
    return [draw(values_for(items)) for _ in range(count)]


@st.composite
def _scalar(draw: st.DrawFn, schema: dict[str, Any], kind: str) -> Any:
    if kind in ("integer", "number"):
        low = schema.get("minimum", schema.get("exclusiveMinimum", -1))
        number = draw(st.integers(low, low + 4))
        return number if kind == "integer" else draw(st.sampled_from([number, float(number), number + 0.5]))
    if kind == "string":
        return "a" * draw(st.integers(schema.get("minLength", 0), schema.get("minLength", 0) + 3))
    return draw(st.sampled_from([True, False])) if kind == "boolean" else None
