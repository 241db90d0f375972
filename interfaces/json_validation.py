"""Does a JSON value fit its kind, and the custom schema of its interface? Fast where it does, explained where not.

jsonschema-rs says yes or no: on one million points in about a tenth of the time that parsing them takes. Only a value
that it refuses is looked at by jsonschema, for a line that a person can act on.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from referencing.exceptions import Unresolvable

from interfaces.errors import ValidationError
from interfaces.json_explaining import TooMuch
from interfaces.json_refusals import refusal
from interfaces.json_schema_checks import CompiledSchema, JsonSchema, check_schema, compile_trusted, compiled
from interfaces.json_schemas import kind_schema
from interfaces.json_values import check_json_value
from interfaces.kinds import InterfaceKindChoices

__all__ = ["JsonSchema", "check_schema", "validate_json"]


def validate_json(value: Any, *, kind: InterfaceKindChoices, schema: JsonSchema | None = None) -> None:
    """Check a JSON value against its kind's schema and, if there is one, the interface's own: both must hold.

    Args:
        value: The value; tuples count as lists.
        kind: One of the JSON kinds.
        schema: A custom schema that `check_schema` takes, or None.

    Raises:
        ValidationError: One line with the path into the value, such as
            ``boxes[3].probability: 1.2 is greater than the maximum of 1``; or the value is not JSON at all; or the
            schema is not valid.
        DefinitionError: The kind is not a JSON kind.
    """
    check_json_value(value)
    _check(value, _compiled_kind(kind))
    if schema is not None:
        _check(value, compiled(schema))


def _check(value: Any, schema: CompiledSchema) -> None:
    try:
        is_valid = (schema.fast or schema.explaining).is_valid(value)
    # These two in draft 3 only, which has no fast one.
    except TooMuch as error:
        message = "the value is nested too deeply for its schema, or the schema refers to itself without end"
        raise ValidationError(message) from error
    except Unresolvable as error:
        raise ValidationError(f"the JSON Schema is not valid: $ref '{error.ref}' leads nowhere") from error
    if not is_valid:
        raise ValidationError(refusal(value, schema))


@cache
def _compiled_kind(kind: InterfaceKindChoices) -> CompiledSchema:
    return compile_trusted(kind_schema(kind))
