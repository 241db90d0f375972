"""Every public name has a docstring, and so has what a person may call on it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import pytest

import interfaces

NAMES = sorted(interfaces.__all__)


def own_members(public: type) -> Iterator[tuple[str, object]]:
    """What a class of this project, or one of its own bases, defines for others."""
    for owner in public.__mro__:
        if owner.__module__.startswith("interfaces."):
            for name, member in vars(owner).items():
                is_code = inspect.isroutine(member) or isinstance(member, property | staticmethod | classmethod)
                if is_code and not name.startswith("_"):
                    yield f"{owner.__name__}.{name}", member


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_and_its_members_have_docstrings(name):
    public = getattr(interfaces, name)
    doc = inspect.getdoc(public) or ""
    assert doc[:1].isupper() or doc[:1] == "`", f"{name}: {doc[:40]!r}"
    assert not doc.startswith(f"{name}("), f"{name} has only what the dataclass made"
    if inspect.isclass(public):
        undocumented = [member for member, code in own_members(public) if not inspect.getdoc(code)]
        assert undocumented == []


@pytest.mark.parametrize("name", [name for name in NAMES if is_dataclass(getattr(interfaces, name))])
def test_every_field_of_a_public_record_is_described(name):
    public = getattr(interfaces, name)
    texts = "\n".join(inspect.getdoc(owner) or "" for owner in public.__mro__ if owner is not object)
    assert [one.name for one in fields(public) if f"{one.name}: " not in texts] == []
