"""Writes docs/settings.md from the settings classes."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from interfaces.settings import TOML_FILE, Settings

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"
INTRODUCTION = f"""# Settings

Environment variables win over `{TOML_FILE}` in the current directory, which wins over the defaults. In the file, a
group is a table: `COMPONENT_FLOWS_LIMITS__PROCESSES=1024` is `processes = 1024` under `[limits]`. In a variable, lists
and tables are JSON. What is not valid is refused by the next command, in one sentence.

```sh
export COMPONENT_FLOWS_LIMITS__CPUS=2
export COMPONENT_FLOWS_ACCESS__INPUT_FOLDERS='["/data/mri", "/data/ct"]'
component-flows doctor
```

The same in the file:

```toml
[limits]
cpus = 2

[access]
input_folders = ["/data/mri", "/data/ct"]
```

This page is made from the code by `scripts/docs_settings.py`.

| variable | default | meaning |
|---|---|---|
"""


def page() -> str:
    """The page's text."""
    return INTRODUCTION + "".join(_rows(Settings, "COMPONENT_FLOWS_"))


def _rows(group: type[BaseModel], prefix: str) -> list[str]:
    rows: list[str] = []
    for name, field in group.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            rows += _rows(field.annotation, f"{prefix}{name.upper()}__")
        else:
            rows.append(f"| `{prefix}{name.upper()}` | {_default(field)} | {field.description} |\n")
    return rows


def _default(field: FieldInfo) -> str:
    if field.default is None:
        return ""
    as_json = isinstance(field.default, bool | tuple)
    return f"`{json.dumps(field.default) if as_json else field.default}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
