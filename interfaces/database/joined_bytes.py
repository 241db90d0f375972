"""`joined_bytes(column)`: an aggregate that puts the bytes of a group's rows one after another, in no order."""

from __future__ import annotations

from typing import Any

from sqlalchemy import LargeBinary
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


class joined_bytes(GenericFunction[bytes]):
    """The bytes of a group's rows; NULL where no row has any."""

    type = LargeBinary()
    inherit_cache = True


@compiles(joined_bytes, "sqlite")
def _in_sqlite(element: joined_bytes, compiler: SQLCompiler, **options: Any) -> str:
    # group_concat takes bytes as they are, zeros too, and only calls the result text.
    return f"CAST(group_concat({compiler.process(element.clauses, **options)}, '') AS BLOB)"


@compiles(joined_bytes, "postgresql")
def _in_postgresql(element: joined_bytes, compiler: SQLCompiler, **options: Any) -> str:
    return f"string_agg({compiler.process(element.clauses, **options)}, ''::bytea)"
