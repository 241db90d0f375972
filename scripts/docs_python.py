"""Write docs/python-api.md from the docstrings: `python scripts/docs_python.py`."""

from __future__ import annotations

import inspect
import re
import sys
from dataclasses import is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import flows  # noqa: E402
import interfaces  # noqa: E402

PAGE = ROOT / "docs" / "python-api.md"

INTRODUCTION = """\
# Python

<!-- Made by scripts/docs_python.py from the docstrings; change it there. -->

What is on this page is the product's surface, and kept; what is not may change. `help(run_component)` prints the same.

## Flows

```python
from flows import register, run_component, run_graph
```

These are Prefect flows that are called as functions: from a script, a notebook, and inside a flow of your own, sync or
async. Each has an async twin to be awaited (`arun_component` for `run_component`). `return_state=True`, `.serve()` and
`.deploy()` work as for any flow. A failed job raises `ComponentException`, whose `.job` is its record.
"""

RECORDS = """
## Records

```python
from interfaces import ComponentException, ComponentInterface, ComponentJob
```

Records never change; what a method gives is a new one. `ComponentJob.objects` finds and summarises jobs: see
`ComponentJobManager` below.
"""

_HEADINGS = {name: name for name in ("Returns", "Raises", "Attributes", "Yields")} | {"Args": "Arguments"}


def page() -> str:
    """The page's text."""
    names = [name for name in flows.__all__ if f"{name[1:]}" not in flows.__all__ or name[0] != "a"]
    called = "".join(_function(name, getattr(flows, name), twin=f"a{name}" in flows.__all__) for name in names)
    records = "".join(_record(name, getattr(interfaces, name)) for name in interfaces.__all__)
    return INTRODUCTION + called + RECORDS + records


def _function(name: str, code: Any, *, twin: bool = False) -> str:
    also = f"\nAsync: `a{name}`.\n" if twin else ""
    return f"\n### {name}\n\n```text\n{name}{_signature(code)}\n```\n{also}\n{_told(code)}"


def _record(name: str, public: Any) -> str:
    if not inspect.isclass(public):
        return _function(name, public)
    text = f"\n### {name}\n\n{_told(public)}"
    if issubclass(public, Enum):
        return f"{text}\nMembers: {', '.join(f'`{one.name}`' for one in public)}\n"
    members = "".join(_member(one, code) for one, code in _own_members(public))
    return text + (f"\nMethods and properties:\n\n{members}" if members else "")


def _own_members(public: type) -> list[tuple[str, Any]]:
    found: dict[str, Any] = {}
    for owner in public.__mro__:
        if owner.__module__.startswith("interfaces."):
            for name, member in vars(owner).items():
                is_code = inspect.isroutine(member) or isinstance(member, property | staticmethod | classmethod)
                if is_code and not name.startswith(("_", "model_")):
                    found.setdefault(name, member)
    return list(found.items())


def _member(name: str, member: Any) -> str:
    code = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
    called = "" if isinstance(member, property) else _signature(code, is_method=not isinstance(member, staticmethod))
    first = (inspect.getdoc(code) or "").split("\n\n")[0]
    return f"- `.{name}{called}`: {_line(first)}\n" if first else ""


def _signature(code: Any, *, is_method: bool = False) -> str:
    given = inspect.signature(getattr(code, "fn", code))
    shown = list(given.parameters.values())[1 if is_method else 0 :]
    parts = []
    for one in shown:
        if one.kind is one.KEYWORD_ONLY and "*" not in parts and not any(part.startswith("*") for part in parts):
            parts.append("*")
        star = {one.VAR_POSITIONAL: "*", one.VAR_KEYWORD: "**"}.get(one.kind, "")
        parts.append(f"{star}{one.name}" + ("" if one.default is one.empty else f"={_default(one.default)}"))
    return f"({', '.join(parts)})"


def _default(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 40 and " at 0x" not in text else "..."


def _told(code: Any) -> str:
    """A Google-style docstring as Markdown: its sections become lists."""
    doc = inspect.getdoc(code) or ""
    if is_dataclass(code):
        inherited = [_attributes(inspect.getdoc(one) or "") for one in code.__mro__[1:] if is_dataclass(one)]
        doc = "\n\n".join([doc, *(one for one in inherited if one and "Attributes:" not in doc)])
    lines: list[str] = []
    within = False
    for paragraph in doc.split("\n\n"):
        head, _, rest = paragraph.partition("\n")
        if head.endswith(":") and head[:-1] in _HEADINGS:
            lines += [f"{_HEADINGS[head[:-1]]}:\n\n{_items(rest)}"]
            within = True
        elif within and paragraph.startswith(" "):
            lines[-1] += _items(paragraph)
        else:
            lines += [
                _line(paragraph) + "\n" if not paragraph.lstrip().startswith(">>>") else f"```pycon\n{paragraph}\n```\n"
            ]
            within = False
    return "\n".join(lines)


def _attributes(doc: str) -> str:
    found = re.search(r"^Attributes:\n(?:    .*\n?)+", doc, flags=re.MULTILINE)
    return found.group().rstrip() if found else ""


def _items(text: str) -> str:
    """The lines of a section as a list."""
    found: list[str] = []
    for line in inspect.cleandoc(text).splitlines():
        if line.startswith(" ") and found:
            found[-1] += f" {line.strip()}"
        elif line.strip():
            found.append(line.strip())
    return "".join(f"- {_named(_code(one))}\n" for one in found)


def _named(item: str) -> str:
    return re.sub(r"^(\*{0,2}[A-Za-z_]\w*(?:, \w+)*): ", r"`\1`: ", item)


def _line(text: str) -> str:
    return _code(" ".join(text.split()))


def _code(text: str) -> str:
    return text.replace("``", "`")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
