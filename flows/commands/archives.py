"""``archive``: named sets of cases."""

from __future__ import annotations

from itertools import islice

import click

FAILED = 1
SHOWN = 50


@click.group()
def archive() -> None:
    """Named sets of cases, each a set of stored values; 'batch' runs them by the archive's name."""


@archive.command()
@click.argument("name")
@click.option("--title", help="Its title for people; NAME unless given.")
def create(name: str, title: str | None) -> None:
    """Make an archive; to make the same one again changes nothing."""
    from interfaces.archives import create_archive

    made = create_archive(name if title is None else title, slug=None if title is None else name)
    click.echo(f"{made.slug}: {len(made)} cases")


@archive.command()
@click.argument("name")
@click.argument("cases", required=False)
@click.option("--case", "case_id", help="The id of one case, in place of CASES.")
@click.option("-i", "--input", "texts", multiple=True, metavar="SLUG=VALUE_OR_PATH", help="A value of that case.")
def add(name: str, cases: str | None, case_id: str | None, texts: tuple[str, ...]) -> None:
    """Add cases: all of CASES (a CSV file, a folder with one folder a case, or an archive), or one with its values.

    Exit code 1 where a case can't be added; the others are.
    """
    from interfaces.archives import find_archive
    from tasks.fill_archive import fill_archive

    if (cases is None) == (case_id is None):
        raise click.UsageError("give either CASES, or one case by --case and -i")
    found = find_archive(name)
    if case_id is not None:
        click.echo(f"{found.slug}: {'1 case added' if _add_one(name, case_id, texts) else 'it had that case already'}")
        return
    filled = fill_archive(found, cases)
    known = f", {filled.known} were there already" if filled.known else ""
    click.echo(f"{found.slug}: {filled.added} cases added{known}")
    for failed, why in filled.problems.items():
        click.echo(f"not added: {failed}: {why}", err=True)
    if filled.problems:
        raise click.exceptions.Exit(FAILED)


def _add_one(name: str, case_id: str, texts: tuple[str, ...]) -> bool:
    from flows.commands.running import read_texts
    from interfaces.archives import find_archive
    from interfaces.cases import Case
    from tasks.fill_archive import add_case
    from tasks.read_cases import any_inputs

    inputs = any_inputs()
    given = read_texts(texts, inputs.interfaces)
    if problems := inputs.find_problems(list(given)):
        raise click.BadParameter("; ".join(problems), param_hint="-i")
    return add_case(find_archive(name), Case(id=case_id, inputs=given), inputs)


@archive.command()
@click.argument("name")
@click.argument("cases", nargs=-1, required=True)
def remove(name: str, cases: tuple[str, ...]) -> None:
    """Take cases out of an archive; their values stay."""
    from interfaces.archives import find_archive

    found = find_archive(name)
    for case_id in cases:
        found.remove(case_id)
    click.echo(f"{found.slug}: {len(found)} cases")


@archive.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_(as_json: bool) -> None:
    """List the archives."""
    from flows.commands.describing import print_json
    from flows.commands.looking import print_table
    from interfaces.archives import list_archives

    found = list_archives()
    if as_json:
        print_json([{"name": one.slug, "title": one.title, "cases": count} for one, count in found])
        return
    print_table(
        ["archive", "cases", "created", "title"],
        [[one.slug, str(count), f"{one.created.astimezone():%Y-%m-%d %H:%M}", one.title] for one, count in found],
    )


@archive.command()
@click.argument("name")
@click.option("-n", "--number", default=SHOWN, show_default=True, help="How many cases, the first ones.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def show(name: str, number: int, as_json: bool) -> None:
    """List the cases of an archive."""
    from flows.commands.describing import print_json, value_text, values_document
    from interfaces.archives import find_archive

    found = find_archive(name)
    cases = list(islice(found.cases(), number))
    if as_json:
        shown = {case.id: values_document(case.values) for case in cases}
        print_json({"name": found.slug, "title": found.title, "count": len(found), "cases": shown})
        return
    click.echo(f"{found.title}: {len(found)} cases")
    for case in cases:
        click.echo(case.id)
        for slug, value in case.values.items():
            click.echo(f"  {slug} = {value_text(value)}")
