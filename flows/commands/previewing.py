"""``preview``: what a value looks like, as a picture, a table or text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from interfaces.errors import UnknownName

if TYPE_CHECKING:
    from interfaces.previews.record import Preview
    from interfaces.value import ComponentInterfaceValue


@click.command()
@click.argument("value")
@click.option("--over", metavar="VALUE", help="An image below a segmentation, heat map or annotation.")
@click.option(
    "-o",
    "--output",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write it there; .md and .html hold the picture within, .txt is text.",
)
def preview(value: str, over: str | None, file: Path | None) -> None:
    """Show what a value looks like.

    VALUE is the number of a value, as in `show --json`, or JOB/INTERFACE: an output of a job, else its input. A picture
    is written to INTERFACE.png in the current folder unless -o names a file; tables and text are printed.
    """
    from interfaces.previews.making import preview as preview_of

    found = find_value(value)
    made = preview_of(found, over=find_value(over) if over else None)
    if file is None and not made.is_picture:
        click.echo(made.text)
        return
    target = file or Path(f"{found.interface.slug}{made.suffix}")
    write(made, target)
    click.echo(f"{target}: {made.text}" if made.is_picture else str(target))


def find_value(text: str) -> ComponentInterfaceValue:
    """The value that a number, or a job and an interface name.

    Raises:
        UnknownName: There is none; the text says what there is.
    """
    from interfaces.jobs import ComponentJob
    from interfaces.site import get_site
    from interfaces.value import find_values

    if text.isascii() and text.isdigit() and len(text) < 19:
        with get_site().database.session() as session:
            return find_values(session, [int(text)])[int(text)]
    name, slash, slug = text.partition("/")
    if not slash:
        raise UnknownName(f"'{text}' is no value; give its number, or JOB/INTERFACE")
    job = ComponentJob.objects.get(name)
    values = {**job.inputs, **job.outputs}
    if slug not in values:
        known = ", ".join(values) or "none"
        raise UnknownName(f"the job {job.id} has no value '{slug}'; it has {known}")
    return values[slug]


def write(made: Preview, file: Path) -> None:
    """Write a preview in the form that the file's ending names.

    Raises:
        UnknownName: The preview has no such form.
    """
    suffix = file.suffix.lower()
    forms = {
        ".md": lambda: made.as_markdown().encode(),
        ".html": lambda: made.as_html().encode(),
        ".txt": lambda: made.text.encode(),
        made.suffix: lambda: made.data,
    }
    if suffix not in forms:
        raise UnknownName(f"this preview can't be written as '{file.name}'; its forms are {', '.join(sorted(forms))}")
    file.write_bytes(forms[suffix]())
