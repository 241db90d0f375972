"""Every command that a page mentions exists, and takes the options that it is shown with; every definition is read."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml
from documents import PAGES, ROOT, blocks, codes, commands, name_of, words_of

from flows.cli import commands as command_line
from interfaces.settings import Settings

PROGRAM = "component-flows"
DEFINITIONS = {"interfaces", "component", "graph", "phase", "look_up_tables"}


def _shown(page: Path) -> Iterator[str]:
    """What the page shows of the program: within lines and in blocks, also behind other words of the shell."""
    for block in blocks(page):
        if block.language in ("console", "sh"):
            yield from (command.text for command in commands(block))
    yield from (code for code in codes(page) if code.startswith(f"{PROGRAM} "))


def _calls(text: str) -> Iterator[list[str]]:
    """The words behind the program, wherever it stands in a line of the shell."""
    lexer = shlex.shlex(text.replace("[", " ").replace("]", " "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    call: list[str] = []
    for word in [*lexer, ";"]:
        if word[0] not in "();<>|&":
            call.append(word)
            continue
        while call and "=" in call[0]:
            call = call[1:]
        if call and call[0].rpartition("/")[2] == PROGRAM:
            yield call[1:]
        call = []


def check(words: list[str]) -> None:
    """Refuse words that the program would: an unknown command or option, a choice that there is not.

    Raises:
        click.UsageError: What is wrong.
    """
    command: click.Command = command_line
    context = click.Context(command, info_name=PROGRAM)
    rest = list(words)
    while isinstance(command, click.Group):
        if not rest:
            return
        if rest[0] in ("-h", "--help", "--version"):
            return
        name, *rest = rest
        found = command.get_command(context, name)
        if found is None and name == name.upper():
            return  # a placeholder, such as COMMAND
        if found is None:
            raise click.NoSuchOption(name)
        command, context = found, click.Context(found, info_name=name, parent=context)
    values, more, _ = command.make_parser(context).parse_args(rest)
    if more:
        raise click.UsageError(f"{more} is too much")
    for option in command.params:
        given = values.get(option.name)
        if isinstance(option.type, click.Choice) and given:
            for one in given if isinstance(given, list | tuple) else [given]:
                if one != one.upper() or one in option.type.choices:
                    option.type.convert(one, option, context)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_each_command_of_a_page_exists_with_the_options_shown(page: Path):
    wrong = []
    for text in _shown(page):
        for words in _calls(text):
            try:
                check(words)
            except click.UsageError as error:
                wrong.append(f"{text}: {error.format_message()}")
    assert wrong == []


@pytest.mark.parametrize("text", ["rnu x", "run x --refersh", "archive ad", "stats --by weather", "run x y"])
def test_a_command_that_there_is_not_is_found(text: str):
    with pytest.raises(click.UsageError):
        check(words_of(text))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_definitions_of_a_page_are_read_without_a_problem(page: Path, tmp_path: Path):
    from interfaces.catalogue.reading import read_catalogue

    for number, block in enumerate(blocks(page)):
        if block.language in ("yaml", "yml") and not block.file:
            content = yaml.safe_load(block.text)
            if DEFINITIONS & set(content):
                folder = tmp_path / str(number)
                folder.mkdir()
                for named in re.findall(r"[\w-]+\.tar\.gz", block.text):
                    (folder / named).write_bytes(b"")
                (folder / "Dockerfile").write_text("FROM scratch\n")
                (folder / f"{min(DEFINITIONS & set(content))}.yaml").write_text(block.text)
                read_catalogue(folder)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_settings_files_of_a_page_are_taken(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for block in blocks(page):
        if block.language == "toml":
            Path("component-flows.toml").write_text(block.text)
            assert Settings().model_fields_set, f"{block}: none of it is a setting"


def test_few_pages_are_read_in_vain():
    assert sum(len(list(_shown(page))) for page in PAGES) > 60
    assert (ROOT / "docs" / "tutorial.md") in PAGES
