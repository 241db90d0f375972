"""The settings page is what the code says."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from pydantic import BaseModel

from interfaces.settings import Settings

ROOT = Path(__file__).parents[2]


def _script():
    spec = importlib.util.spec_from_file_location("docs_settings", ROOT / "scripts" / "docs_settings.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date():
    assert _script().PAGE.read_text() == _script().page()


def test_every_setting_is_described():
    def undescribed(group):
        for name, field in group.model_fields.items():
            if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
                yield from undescribed(field.annotation)
            elif not field.description:
                yield name

    assert list(undescribed(Settings)) == []
