"""Bytes of many rows, put together by each database."""

from __future__ import annotations

from sqlalchemy import LargeBinary, literal, select, union_all

from interfaces.database.joined_bytes import joined_bytes

PARTS = [bytes(range(256)), b"\x00\x00\x00\x00", b"\xff\xfe\xc3\x28", b"'; DROP", b""]


def asked(database, parts):
    rows = union_all(*(select(literal(part, LargeBinary).label("part")) for part in parts)).subquery()
    with database.engine.connect() as connection:
        return connection.execute(select(joined_bytes(rows.c.part))).scalar()


def test_every_byte_comes_back_and_nothing_between(database):
    joined = asked(database, PARTS)
    assert isinstance(joined, bytes)
    assert sorted(joined) == sorted(b"".join(PARTS))
    assert all(part in joined for part in PARTS)


def test_no_bytes_at_all_are_none_or_empty(database):
    assert not asked(database, [b""])
