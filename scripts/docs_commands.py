"""Write docs/command-line.md from the commands: `python scripts/docs_commands.py`."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from flows.cli import commands  # noqa: E402

PAGE = ROOT / "docs" / "command-line.md"

INTRODUCTION = """\
# Command line

<!-- Made by scripts/docs_commands.py from flows/commands; change it there. -->

`component-flows COMMAND --help` prints the same. Ids of jobs and runs may be cut short, as long as only one begins so.
`--json` prints one JSON document on stdout and nothing else; all else, such as a container's log or progress, goes to
stderr.

| exit code | what it means |
| --- | --- |
| 0 | done |
| 1 | the job, or a case, failed |
| 2 | bad usage or bad definitions |
| 3 | invalid inputs |
| 4 | the engine or a service can't be reached |
| 130 | interrupted |

"""


def page() -> str:
    """The page's text."""
    found = list(_commands(commands, "component-flows"))
    index = "".join(f"- [`{name}`](#{name.replace(' ', '-')}): {_first(one)}\n" for name, one in found)
    return INTRODUCTION + index + "".join(_section(name, one) for name, one in found)


def _commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    for name, one in sorted(group.commands.items()):
        if isinstance(one, click.Group):
            yield from _commands(one, f"{path} {name}")
        elif not one.hidden:
            yield f"{path} {name}", one


def _first(command: click.Command) -> str:
    return _told(command).split("\n\n")[0].rstrip(".").replace("\n", " ")


def _told(command: click.Command) -> str:
    return re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.cleandoc(command.help or ""))


def _section(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=name)
    usage = " ".join(command.collect_usage_pieces(context))
    rows = [row for one in command.params if isinstance(one, click.Option) and (row := _row(one, context))]
    table = "\n| option | what it does |\n| --- | --- |\n" + "".join(rows) if rows else ""
    return f"\n## {name}\n\n```text\n{name} {usage}\n```\n\n{_told(command)}\n{table}"


def _row(option: click.Option, context: click.Context) -> str:
    record = option.get_help_record(context)
    if record is None:
        return ""
    names, told = record
    return f"| `{_cell(names)}` | {_cell(told)} |\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
