"""Whether every value of one JSON Schema satisfies another: a small proof, never a guess.

The question has no complete answer that is also quick, so a part of the language is understood (see `_RULES`), and what
is not understood counts as not proven. Drafts 6 and 7 are understood; schemas of drafts 3 and 4, and those of which a
part refers to itself by ``$ref``, only satisfy their equal.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from interfaces.errors import ValidationError
from interfaces.json_schema_checks import JsonSchema, check_schema, compiled
from interfaces.json_values import canonical_json
from interfaces.schema_knowledge import ANY_TYPE, TYPES, Known, item_schema
from interfaces.schema_references import without_references

_NUMBER = TYPES["number"]

_Rule: TypeAlias = Callable[[Known, Any, dict[str, Any], str], str | None]


def why_unproven(known: Sequence[JsonSchema], wanted: JsonSchema) -> str | None:
    """Why a value that satisfies all known schemas need not satisfy the wanted one.

    Args:
        known: Schemas that each value satisfies.
        wanted: The schema in question.

    Returns:
        None where every such value provably satisfies it; else the first gap, as "volumes.CSF may be less than 0".
    """
    try:
        for schema in (*known, wanted):
            check_schema(schema)
    except ValidationError as error:
        return str(error)
    known, wanted = [_plain(one) for one in known], _plain(wanted)
    if any(_same(one, wanted) for one in known):
        return None
    if not _is_understood(wanted):
        return "it is of draft 3 or 4, and such a schema is only satisfied by its equal"
    wanted = without_references(wanted)
    if _has("$ref", wanted):
        return "it refers to itself by $ref, and such a schema is only satisfied by its equal"
    return _gap(Known([without_references(one) for one in known if _is_understood(one)]), wanted, "")


def _is_understood(schema: JsonSchema) -> bool:
    if not isinstance(schema, dict):
        return True
    draft = schema.get("$schema", "draft-07")
    if any(_has("$schema", one) for one in schema.values()):
        return False
    # To draft 6 "if" is a remark, to draft 7 a condition.
    return "draft-07" in draft or ("draft-06" in draft and not _has("if", schema))


def _has(key: str, node: Any) -> bool:
    """Whether an object at any depth has a key."""
    if isinstance(node, dict):
        return key in node or any(_has(key, one) for one in node.values())
    return isinstance(node, list) and any(_has(key, one) for one in node)


def _plain(schema: JsonSchema) -> JsonSchema:
    """The schema with lists in place of tuples."""
    return json.loads(canonical_json(schema))  # type: ignore[no-any-return]


def _same(one: Any, other: Any) -> bool:
    return canonical_json(one) == canonical_json(other)


def _gap(known: Known, wanted: JsonSchema, where: str) -> str | None:
    """The first thing that is not proven, or None."""
    if known.is_impossible or wanted is True:
        return None
    if isinstance(wanted, bool):
        return f"{where or 'it'} is not allowed"
    if known.values is not None:
        odd = [value for value in known.values if not _is_valid(value, wanted)]
        return f"{where or 'it'} may be {_shown(odd[0])}" if odd else None
    for key, (rule, types) in _RULES.items():
        if key not in wanted or not known.types & types:
            continue
        value = wanted[key]
        if key not in _DEPENDENT and any(_same(one, value) for one in known.all(key)):
            continue
        if gap := rule(known, value, wanted, where):
            return gap
    return None


def _is_valid(value: Any, schema: JsonSchema) -> bool:
    validator = compiled(schema)
    return bool((validator.fast or validator.explaining).is_valid(value))


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _type(known: Known, value: Any, wanted: dict[str, Any], where: str) -> str | None:
    names = [value] if isinstance(value, str) else value
    odd = known.types - frozenset().union(*(TYPES[name] for name in names))
    if not odd:
        return None
    name = "any type" if known.types == ANY_TYPE else "type number" if "fraction" in odd else f"type {min(odd)}"
    return f"{where or 'it'} may be of {name}"


def _unsure(key: str) -> _Rule:
    return lambda known, value, wanted, where: f"{where or 'it'} is not sure to satisfy '{key}'"


def _values(known: Known, value: Any, wanted: dict[str, Any], where: str) -> str | None:
    return f"{where or 'it'} may be something other than {_shown(value)}"


def _lower(known: Known, value: Any, wanted: dict[str, Any], where: str) -> str | None:
    is_proven = known.at_least("minimum") >= value or known.at_least("exclusiveMinimum") >= value
    return None if is_proven else f"{where or 'it'} may be less than {value}"


def _above(known: Known, value: Any, wanted: dict[str, Any], where: str) -> str | None:
    is_proven = known.at_least("minimum") > value or known.at_least("exclusiveMinimum") >= value
    return None if is_proven else f"{where or 'it'} may be as little as {value}"


def _upper(known: Known, value: Any, wanted: dict[str, Any], where: str) -> str | None:
    is_proven = known.at_most("maximum") <= value or known.at_most("exclusiveMaximum") <= value
    return None if is_proven else f"{where or 'it'} may be more than {value}"


def _below(known: Known, value: Any, wanted: dict[str, Any], where: str) -> str | None:
    is_proven = known.at_most("maximum") < value or known.at_most("exclusiveMaximum") <= value
    return None if is_proven else f"{where or 'it'} may be as much as {value}"


def _fewest(key: str, what: str) -> _Rule:
    def rule(known: Known, value: Any, wanted: dict[str, Any], where: str) -> str | None:
        sure = len(known.required) if key == "minProperties" else 0
        return (
            None if max(sure, known.at_least(key)) >= value else f"{where or 'it'} may have fewer than {value} {what}"
        )

    return rule


def _most(key: str, what: str) -> _Rule:
    def rule(known: Known, value: Any, wanted: dict[str, Any], where: str) -> str | None:
        return None if known.at_most(key) <= value else f"{where or 'it'} may have more than {value} {what}"

    return rule


def _unique(known: Known, value: Any, wanted: dict[str, Any], where: str) -> str | None:
    is_proven = not value or known.at_most("maxItems") <= 1
    return None if is_proven else f"{where or 'it'} may have equal items"


def _required(known: Known, value: Any, wanted: dict[str, Any], where: str) -> str | None:
    missing = [name for name in value if name not in known.required]
    return f"{where or 'it'} may lack the key '{missing[0]}'" if missing else None


def _properties(known: Known, value: Any, wanted: dict[str, Any], where: str) -> str | None:
    gaps = (_gap(known.property(name), one, _below_key(where, name)) for name, one in value.items())
    return next(filter(None, gaps), None)


def _other_properties(known: Known, value: Any, wanted: dict[str, Any], where: str) -> str | None:
    # Keys that match a wanted pattern are exempt; to prove more than needed is safe.
    names = [*sorted(known.named - set(wanted.get("properties", {}))), None]
    for name in names:
        if gap := _gap(known.property(name), value, _below_key(where, name or "(another key)")):
            return gap
    return None


def _below_key(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _items(known: Known, value: Any, wanted: dict[str, Any], where: str) -> str | None:
    tuples = [len(one) for one in (*known.all("items"), value) if isinstance(one, list)]
    count = max(tuples, default=0)
    # The item after all tuples stands for every later one.
    for index in range(count + 1):
        if index >= known.at_most("maxItems"):
            return None
        place = f"{where}[{index if index < count else '*'}]"
        if gap := _gap(known.item(index), item_schema(wanted, index), place):
            return gap
    return None


def _all_of(known: Known, value: Any, wanted: dict[str, Any], where: str) -> str | None:
    return next(filter(None, (_gap(known, one, where) for one in value)), None)


def _any_of(known: Known, value: Any, wanted: dict[str, Any], where: str) -> str | None:
    gaps = [_gap(known, one, where) for one in value]
    return None if None in gaps else gaps[0]


def _if(known: Known, value: Any, wanted: dict[str, Any], where: str) -> str | None:
    keys = ("if", "then", "else")
    condition = [wanted.get(key, True) for key in keys]
    if any("if" in part and _same([part.get(key, True) for key in keys], condition) for part in known.parts):
        return None
    return f"{where or 'it'} is not sure to satisfy 'if'"


_OBJECT, _ARRAY, _STRING = TYPES["object"], TYPES["array"], TYPES["string"]

_RULES: Mapping[str, tuple[_Rule, frozenset[str]]] = {
    "type": (_type, ANY_TYPE),
    "enum": (_values, ANY_TYPE),
    "const": (_values, ANY_TYPE),
    "minimum": (_lower, _NUMBER),
    "exclusiveMinimum": (_above, _NUMBER),
    "maximum": (_upper, _NUMBER),
    "exclusiveMaximum": (_below, _NUMBER),
    "multipleOf": (_unsure("multipleOf"), _NUMBER),
    "minLength": (_fewest("minLength", "characters"), _STRING),
    "maxLength": (_most("maxLength", "characters"), _STRING),
    "pattern": (_unsure("pattern"), _STRING),
    "minItems": (_fewest("minItems", "items"), _ARRAY),
    "maxItems": (_most("maxItems", "items"), _ARRAY),
    "uniqueItems": (_unique, _ARRAY),
    "items": (_items, _ARRAY),
    "contains": (_unsure("contains"), _ARRAY),
    "required": (_required, _OBJECT),
    "properties": (_properties, _OBJECT),
    "additionalProperties": (_other_properties, _OBJECT),
    "patternProperties": (_unsure("patternProperties"), _OBJECT),
    "propertyNames": (_unsure("propertyNames"), _OBJECT),
    "dependencies": (_unsure("dependencies"), _OBJECT),
    "minProperties": (_fewest("minProperties", "keys"), _OBJECT),
    "maxProperties": (_most("maxProperties", "keys"), _OBJECT),
    "allOf": (_all_of, ANY_TYPE),
    "anyOf": (_any_of, ANY_TYPE),
    "oneOf": (_unsure("oneOf"), ANY_TYPE),
    "not": (_unsure("not"), ANY_TYPE),
    "if": (_if, ANY_TYPE),
}
"""How each keyword is proven, and the types of values that it says something about.

The first gap is reported, so that what is plain comes first. "then" and "else" are proven with "if", "additionalItems"
with "items"; all other keywords are remarks.
"""

_DEPENDENT = frozenset({"items", "additionalProperties", "if"})
"""Keywords that mean something else beside other ones, so that having the same one proves nothing."""
